#include "server/http/grpc_web.h"

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/core/mutex.h"
#include "server/http/grpc_web_wire.h"

namespace thon {
namespace {

constexpr int kUnknown = 2;  // gRPC's code.

struct Counters {
  std::atomic<std::uint64_t> open = 0;
  std::atomic<std::uint64_t> abandoned = 0;
  std::array<std::atomic<std::uint64_t>, 17> ended = {};

  void End(int code) {
    const bool known = code >= 0 && code < static_cast<int>(ended.size());
    ++ended[static_cast<std::size_t>(known ? code : kUnknown)];
  }
};

HttpHeaders HeadersFor(GrpcWebMode mode) {
  return {{"content-type", std::string(GrpcWebContentType(mode))},
          {"cache-control", "no-store"},
          {"grpc-accept-encoding", "identity"}};
}

GenericCallStatus StatusOf(const absl::Status& status) {
  GenericCallStatus result;
  result.code = static_cast<int>(status.code());
  result.message = std::string(status.message());
  return result;
}

// An answer that is nothing but a status.
HttpResponse TrailersOnly(const GenericCallStatus& status, GrpcWebMode mode) {
  HttpResponse response;
  response.headers = HeadersFor(mode);
  for (auto& header : GrpcWebTrailers(status)) {
    response.headers.push_back(std::move(header));
  }
  return response;
}

// One call. Lifetime: shared by the generic call until OnEnd(), and by pieces
// under way.
//
// Threads: the generic call says one thing at a time; the stream's `written`
// and the browser's leaving come beside it.
class GrpcWebCall final : public GenericCallReader,
                          public std::enable_shared_from_this<GrpcWebCall> {
 public:
  GrpcWebCall(std::shared_ptr<HttpStream> stream, GrpcWebMode mode,
              std::shared_ptr<Counters> counters)
      : stream_(std::move(stream)),
        mode_(mode),
        counters_(std::move(counters)) {}

  void OnStart(std::shared_ptr<GenericCall> call) override {
    MutexLock lock(&mu_);
    call_ = std::move(call);
  }

  void OnHead(CallMetadata metadata) override {
    HttpHeaders headers = HeadersFor(mode_);
    for (auto& header : HeadersOf(metadata)) {
      headers.push_back(std::move(header));
    }
    started_ = true;
    stream_->Start(200, std::move(headers));
  }

  void OnMessage(std::string message) override {
    {
      MutexLock lock(&mu_);
      writing_ = true;
    }
    stream_->Write(
        GrpcWebMessageFrame(message, mode_),
        [self = shared_from_this()](bool taken) { self->OnWritten(taken); });
  }

  void OnEnd(GenericCallStatus status) override {
    --counters_->open;
    counters_->End(status.code);
    {
      MutexLock lock(&mu_);
      call_ = nullptr;
      if (writing_) {
        end_ = std::move(status);  // OnWritten() sends it.
        return;
      }
    }
    SendEnd(status);
  }

  // The browser has left: says the connection, or a message that it did not
  // take, whichever comes first. Counted once, and only if the call goes on.
  void OnGone() {
    std::shared_ptr<GenericCall> call;
    {
      MutexLock lock(&mu_);
      if (call_ == nullptr || gone_) return;
      gone_ = true;
      call = call_;
    }
    ++counters_->abandoned;
    call->Cancel();
  }

 private:
  // The socket has taken the last message, or never will.
  void OnWritten(bool taken) {
    std::shared_ptr<GenericCall> call;
    std::optional<GenericCallStatus> end;
    {
      MutexLock lock(&mu_);
      writing_ = false;
      call = call_;
      end = std::exchange(end_, std::nullopt);
    }
    if (end.has_value()) {
      SendEnd(*end);
    } else if (call != nullptr && taken) {
      call->ReadNext();
    } else {
      OnGone();
    }
  }

  void SendEnd(const GenericCallStatus& status) {
    if (!started_ && status.code != 0) {
      stream_->Answer(TrailersOnly(status, mode_));
      return;
    }
    if (!started_) stream_->Start(200, HeadersFor(mode_));
    stream_->Write(GrpcWebTrailersFrame(status, mode_),
                   [stream = stream_](bool) { stream->End(); });
  }

  const std::shared_ptr<HttpStream> stream_;
  const GrpcWebMode mode_;
  const std::shared_ptr<Counters> counters_;
  bool started_ = false;  // The generic call's thread only.

  Mutex mu_;
  std::shared_ptr<GenericCall> call_ ABSL_GUARDED_BY(mu_);
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool gone_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<GenericCallStatus> end_ ABSL_GUARDED_BY(mu_);
};

// "/package.Service/Method": what a gRPC client would post to, whatever it
// calls its content.
bool IsMethodPath(absl::string_view path) {
  const std::size_t slash = path.find('/', 1);
  return slash != absl::string_view::npos && slash + 1 < path.size() &&
         path.find('/', slash + 1) == absl::string_view::npos &&
         absl::StrContains(path.substr(0, slash), '.');
}

class GrpcWebBridgeImpl final : public GrpcWebBridge {
 public:
  GrpcWebBridgeImpl(std::shared_ptr<GenericCalls> calls,
                    GrpcWebAuthorizer authorizer)
      : calls_(std::move(calls)), authorizer_(std::move(authorizer)) {}

  bool Takes(const HttpRequest& request) const override {
    return absl::StartsWithIgnoreCase(request.Header("content-type"),
                                      "application/grpc") ||
           (request.method == "POST" && IsMethodPath(request.path));
  }

  std::function<void()> Serve(HttpRequest request,
                              std::shared_ptr<HttpStream> stream) override {
    const GrpcWebMode asked = GrpcWebModeOf(request.Header("content-type"));
    if (request.method != "POST" || asked == GrpcWebMode::kNone) {
      stream->Answer(NotGrpcWeb(request.method == "POST"));
      return nullptr;
    }
    const GrpcWebMode mode = GrpcWebAnswerMode(request.Header("accept"), asked);
    absl::StatusOr<GenericCallRequest> generic = Translate(request, asked);
    if (generic.ok()) {
      auto call = std::make_shared<GrpcWebCall>(stream, mode, counters_);
      ++counters_->open;
      if (calls_->Start(*std::move(generic), call)) {
        return [call] { call->OnGone(); };
      }
      --counters_->open;
      generic = absl::UnavailableError("the server is stopping");
    }
    const GenericCallStatus status = StatusOf(generic.status());
    counters_->End(status.code);
    stream->Answer(TrailersOnly(status, mode));
    return nullptr;
  }

  GrpcWebStats stats() const override {
    GrpcWebStats stats;
    stats.open = counters_->open;
    stats.abandoned = counters_->abandoned;
    for (std::size_t i = 0; i < stats.ended.size(); ++i) {
      stats.ended[i] = counters_->ended[i];
    }
    return stats;
  }

 private:
  static HttpResponse NotGrpcWeb(bool post) {
    HttpResponse response;
    response.status = post ? 415 : 405;
    response.headers = {{"content-type", "text/plain; charset=utf-8"},
                        {"cache-control", "no-store"}};
    response.headers.emplace_back(
        post ? "accept-post" : "allow",
        post ? "application/grpc-web+proto, application/grpc-web-text+proto"
             : "POST");
    response.body = post ? "services take gRPC-Web\n" : "services take POST\n";
    return response;
  }

  absl::StatusOr<GenericCallRequest> Translate(const HttpRequest& request,
                                               GrpcWebMode mode) const {
    GenericCallRequest generic;
    if (!IsLegalMetadata("path", request.path)) {
      return absl::UnimplementedError("there is no such method");
    }
    generic.method = request.path;
    absl::StatusOr<CallMetadata> metadata = MetadataOf(request.headers);
    if (!metadata.ok()) return metadata.status();
    generic.metadata = *std::move(metadata);
    const auto timeout = ReadGrpcTimeout(request.Header("grpc-timeout"));
    if (!timeout.ok()) return timeout.status();
    generic.timeout_ms = *timeout;
    if (request.Header("authorization").empty()) {
      const absl::StatusOr<std::string> token = authorizer_(request);
      if (!token.ok()) return token.status();
      if (!token->empty()) {
        generic.metadata.emplace_back("authorization",
                                      absl::StrCat("Bearer ", *token));
      }
    }
    absl::StatusOr<std::string> message =
        ReadGrpcWebMessage(request.body, mode, request.Header("grpc-encoding"));
    if (!message.ok()) return message.status();
    generic.message = *std::move(message);
    return generic;
  }

  const std::shared_ptr<GenericCalls> calls_;
  const GrpcWebAuthorizer authorizer_;
  const std::shared_ptr<Counters> counters_ = std::make_shared<Counters>();
};

}  // namespace

std::shared_ptr<GrpcWebBridge> MakeGrpcWebBridge(
    std::shared_ptr<GenericCalls> calls, GrpcWebAuthorizer authorizer) {
  return std::make_shared<GrpcWebBridgeImpl>(std::move(calls),
                                             std::move(authorizer));
}

}  // namespace thon
