#include "server/rpc/watch_stream.h"

#include <grpcpp/server_context.h>

#include <utility>

#include "server/core/check.h"
#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "server/engine/system_clock.h"
#include "server/rpc/services.h"
#include "server/rpc/status_mapping.h"
#include "thon/v1/watch_service.grpc.pb.h"

namespace thon {
namespace {

// The token is looked at again with the first response after this long, so a
// revoked one ends a stream that is read within this and one PROGRESS more.
constexpr std::int64_t kTokenCheckMs = 30'000;

// Holds the bytes for as long as gRPC needs them, and copies none.
grpc::ByteBuffer BufferOf(std::shared_ptr<const std::string> bytes) {
  using Held = std::shared_ptr<const std::string>;
  Held* const held = new Held(std::move(bytes));
  const grpc::Slice slice(
      // gRPC only reads it.
      const_cast<char*>((*held)->data()), (*held)->size(),
      [](void* ours) { delete static_cast<Held*>(ours); }, held);
  return grpc::ByteBuffer(&slice, 1);
}

// Ends a call that has not begun.
class Refusal final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit Refusal(const absl::Status& status) { Finish(ToGrpc(status)); }
  void OnDone() override { delete this; }
};

class WatchService final : public v1::WatchService::WithRawCallbackMethod_Watch<
                               v1::WatchService::Service> {
 public:
  explicit WatchService(const Calls* calls)
      : calls_(calls), past_turns_(&calls->pool()) {}

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Watch(
      grpc::CallbackServerContext* context,
      const grpc::ByteBuffer* bytes) override {
    v1::WatchRequest request;
    grpc::ByteBuffer readable = *bytes;  // Shares what it holds.
    if (!grpc::SerializationTraits<v1::WatchRequest>::Deserialize(&readable,
                                                                  &request)
             .ok()) {
      return new Refusal(
          absl::InternalError("the message is not a WatchRequest"));
    }
    return new WatchStream(calls_, &past_turns_,
                           std::string(BearerToken(*context)), request);
  }

 private:
  const Calls* const calls_;
  TurnQueue past_turns_;
};

}  // namespace

WatchStream::WatchStream(const Calls* calls, TurnQueue* past_turns,
                         std::string token, const v1::WatchRequest& request)
    : calls_(calls),
      past_turns_(past_turns),
      token_(std::move(token)),
      as_of_(request.has_as_of() ? std::optional(request.as_of())
                                 : std::nullopt),
      checked_ms_(SteadyMs()) {
  absl::StatusOr<WatchQueries> queries = NormaliseWatch(request);
  if (!queries.ok()) {
    FinishWhenIdle(queries.status());
    return;
  }
  Ref();
  const bool posted =
      calls_->pool().TryPost([this, queries = *std::move(queries)] {
        calls_->Identify(
            token_, [this, queries](const absl::StatusOr<OfficerId>& officer) {
              if (officer.ok()) {
                Subscribe(*officer, queries);
              } else {
                FinishWhenIdle(officer.status());
              }
              Unref();
            });
      });
  if (posted) return;
  FinishWhenIdle(TooManyCalls());
  Unref();
}

void WatchStream::Subscribe(OfficerId officer, WatchQueries queries) {
  {
    MutexLock lock(&mu_);
    if (done_ || end_.has_value()) return;
  }
  if (as_of_.has_value()) past_queries_ = queries;
  WatchHub& hub = calls_->engine().watches();
  const WatchId id =
      hub.Subscribe(Viewer::Officer(officer), std::move(queries), this);
  bool left = false;
  {
    MutexLock lock(&mu_);
    subscription_ = id;
    left = done_;
  }
  if (left) {
    hub.Unsubscribe(id);
  } else {
    hub.Request(id);
  }
}

absl::Status WatchStream::CheckToken() {
  const std::int64_t now = SteadyMs();
  if (now < checked_ms_ + kTokenCheckMs) return absl::OkStatus();
  checked_ms_ = now;
  return calls_->engine().Authenticate(token_).status();
}

void WatchStream::OnResponse(SharedPage page) { Write(page->bytes()); }

void WatchStream::Write(std::shared_ptr<const std::string> response) {
  const absl::Status token = CheckToken();
  if (!token.ok()) return FinishWhenIdle(token);
  {
    MutexLock lock(&mu_);
    if (finished_ || end_.has_value()) return;  // The caller left meanwhile.
    THON_CHECK(!writing_);                      // One response a request.
    writing_ = true;
  }
  response_ = BufferOf(std::move(response));
  StartWrite(&response_);
}

void WatchStream::OnEnd(const absl::Status& reason) { FinishWhenIdle(reason); }

void WatchStream::OnWriteDone(bool ok) {
  absl::Status status = absl::CancelledError("the caller left");
  bool finish = false;
  WatchId subscription = 0;
  // An idle watch holds no page.
  response_.Clear();
  {
    MutexLock lock(&mu_);
    writing_ = false;
    if (ok && past_ != nullptr && past_->done() && !end_.has_value()) {
      end_ = absl::OkStatus();
    }
    finish = end_.has_value() || !ok;
    if (end_.has_value()) status = *end_;
    finished_ = finish;
    subscription = subscription_;
  }
  if (finish) {
    Finish(ToGrpc(status));  // `this` may be gone from here on.
  } else if (past_ != nullptr) {
    Post([this] { StepPast(); });
  } else {
    calls_->engine().watches().Request(subscription);
  }
}

// ---- Of a past moment ----

void WatchStream::OnBegun() {
  Post([this] { FindMoment(); });
}

void WatchStream::Post(std::function<void()> task) {
  Ref();
  past_turns_->Post([this, task = std::move(task)](bool runs) {
    if (runs) {
      task();
    } else {
      FinishWhenIdle(absl::UnavailableError("the server is stopping"));
    }
    Unref();
  });
}

void WatchStream::FindMoment() {
  Engine& engine = calls_->engine();
  const absl::StatusOr<Position> position =
      engine.ResolveAsOf(MomentOf(*as_of_));
  if (!position.ok()) {
    return FinishWhenIdle(
        absl::IsOutOfRange(position.status())
            ? WithField(WithReason(position.status(), "BEYOND_END"), "as_of")
            : position.status());
  }
  if (*position <= engine.rows_position()) return BeginPast(*position);
  Ref();
  engine.WaitForRows(*position, limits::kQueryWaitMsMax,
                     [this, position = *position](const absl::Status& waited) {
                       if (waited.ok()) {
                         Post([this, position] { BeginPast(position); });
                       } else {
                         FinishWhenIdle(waited);
                       }
                       Unref();
                     });
}

void WatchStream::BeginPast(Position position) {
  past_ = calls_->engine().watches().PastAt(std::move(past_queries_), position);
  StepPast();
}

void WatchStream::StepPast() {
  {
    MutexLock lock(&mu_);
    if (end_.has_value() || finished_) return;
  }
  const std::optional<v1::WatchResponse> page = past_->Step();
  if (page.has_value()) {
    return Write(
        std::make_shared<const std::string>(page->SerializeAsString()));
  }
  Post([this] { StepPast(); });  // Whoever else waits goes first.
}

void WatchStream::OnCancel() {
  FinishWhenIdle(absl::CancelledError("the caller left"));
}

void WatchStream::OnDone() {
  WatchId subscription = 0;
  {
    MutexLock lock(&mu_);
    done_ = true;
    subscription = subscription_;
  }
  if (subscription != 0) calls_->engine().watches().Unsubscribe(subscription);
  Unref();
}

void WatchStream::FinishWhenIdle(const absl::Status& status) {
  {
    MutexLock lock(&mu_);
    if (end_.has_value() || finished_) return;
    end_ = status;
    if (writing_) return;  // OnWriteDone() will finish.
    finished_ = true;
  }
  Finish(ToGrpc(status));  // `this` may be gone from here on.
}

void WatchStream::Ref() {
  MutexLock lock(&mu_);
  ++references_;
}

void WatchStream::Unref() {
  bool last = false;
  {
    MutexLock lock(&mu_);
    last = --references_ == 0;
  }
  if (last) delete this;
}

std::unique_ptr<grpc::Service> MakeWatchService(const Calls* calls) {
  return std::make_unique<WatchService>(calls);
}

}  // namespace thon
