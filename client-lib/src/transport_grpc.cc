#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "google/rpc/error_details.pb.h"
#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "thon/grpc_transport.h"
#include "thon/v1/sync_service.grpc.pb.h"

namespace thon::client {
namespace {

// Messages that wait to be taken; more are left to the flow control.
constexpr std::size_t kReceivedMax = 64;
// How long one message may take to leave, the connection included.
constexpr std::int64_t kSendWaitMs = 20'000;
// How long a call that is over may take to say how it ended.
constexpr std::int64_t kFinishWaitMs = 5'000;

gpr_timespec After(std::int64_t ms) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_millis(ms, GPR_TIMESPAN));
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message());
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return result;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&info)) {
      result = WithReason(result, info.reason());
    } else if (detail.UnpackTo(&retry)) {
      result =
          WithRetryAfter(result, retry.retry_delay().seconds() * 1000 +
                                     retry.retry_delay().nanos() / 1'000'000);
    }
  }
  return result;
}

// A call whose events are taken from a queue of its own by the phone's thread:
// no thread of ours, no lock, and no wait without a deadline. At most one read,
// one write and one end are under way at a time.
class GrpcStream final : public SyncStream {
 public:
  GrpcStream(std::shared_ptr<v1::SyncService::Stub> stub,
             std::int64_t deadline_ms)
      : stub_(std::move(stub)) {
    context_.set_deadline(After(deadline_ms));
    stream_ = stub_->PrepareAsyncSync(&context_, &queue_);
    stream_->StartCall(Tag(kStart));
    ++under_way_;
  }

  ~GrpcStream() override {
    // After a cancel everything under way comes back at once, by itself.
    context_.TryCancel();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  bool Send(const v1::SyncRequest& request) override {
    if (!PumpUntil(kSendWaitMs, [this] { return started_ && !writing_; }) ||
        broken_ || closed_) {
      broken_ = true;
      return false;
    }
    stream_->Write(request, Tag(kWrite));
    writing_ = true;
    ++under_way_;
    return true;
  }

  void CloseSend() override {
    if (!PumpUntil(kSendWaitMs, [this] { return started_ && !writing_; }) ||
        broken_ || closed_) {
      return;
    }
    closed_ = true;
    writing_ = true;
    stream_->WritesDone(Tag(kWrite));
    ++under_way_;
  }

  Got Receive(std::int64_t wait_ms, v1::SyncResponse* response) override {
    PumpUntil(wait_ms, [this] { return !received_.empty() || read_over_; });
    if (!received_.empty()) {
      *response = std::move(received_.front());
      received_.pop_front();
      ReadOn();
      return Got::kMessage;
    }
    return read_over_ ? Got::kEnded : Got::kNothing;
  }

  absl::Status Finish() override {
    if (finished_) return FromGrpc(status_);
    stream_->Finish(&status_, Tag(kEnd));
    ++under_way_;
    if (!PumpUntil(kFinishWaitMs, [this] { return finished_; })) {
      context_.TryCancel();
      PumpUntil(kFinishWaitMs, [this] { return finished_; });
    }
    if (!finished_) return absl::UnavailableError("the call does not end");
    return FromGrpc(status_);
  }

 private:
  enum Event : std::uintptr_t { kStart = 1, kRead, kWrite, kEnd };
  static void* Tag(Event event) { return reinterpret_cast<void*>(event); }

  void ReadOn() {
    if (!started_ || reading_ || read_over_ ||
        received_.size() >= kReceivedMax) {
      return;
    }
    reading_ = true;
    ++under_way_;
    stream_->Read(&incoming_, Tag(kRead));
  }

  void Take(Event event, bool ok) {
    --under_way_;
    switch (event) {
      case kStart:
        started_ = true;
        // A call that did not start has a status, and nothing to read.
        broken_ = broken_ || !ok;
        read_over_ = read_over_ || !ok;
        break;
      case kRead:
        reading_ = false;
        if (ok) {
          received_.push_back(std::move(incoming_));
          incoming_.Clear();
        } else {
          read_over_ = true;
        }
        break;
      case kWrite:
        writing_ = false;
        broken_ = broken_ || !ok;
        break;
      case kEnd:
        finished_ = true;
        read_over_ = true;
        break;
    }
    ReadOn();
  }

  // Takes events until `enough`. False: the time is up first.
  template <typename Enough>
  bool PumpUntil(std::int64_t wait_ms, const Enough& enough) {
    const gpr_timespec deadline = After(wait_ms);
    while (!enough()) {
      if (under_way_ == 0) return false;
      void* tag = nullptr;
      bool ok = false;
      if (queue_.AsyncNext(&tag, &ok, deadline) !=
          grpc::CompletionQueue::GOT_EVENT) {
        return false;
      }
      Take(static_cast<Event>(reinterpret_cast<std::uintptr_t>(tag)), ok);
    }
    return true;
  }

  const std::shared_ptr<v1::SyncService::Stub> stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::Status status_;
  v1::SyncResponse incoming_;
  std::unique_ptr<
      grpc::ClientAsyncReaderWriter<v1::SyncRequest, v1::SyncResponse>>
      stream_;
  std::deque<v1::SyncResponse> received_;
  int under_way_ = 0;
  bool started_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool closed_ = false;  // No more will be sent.
  bool broken_ = false;  // Nothing can be sent.
  bool read_over_ = false;
  bool finished_ = false;
};

class GrpcTransport final : public Transport {
 public:
  explicit GrpcTransport(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::SyncService::NewStub(channel)) {}

  absl::StatusOr<v1::EnrolResponse> Enrol(const v1::EnrolRequest& request,
                                          std::int64_t deadline_ms) override {
    grpc::ClientContext context;
    context.set_deadline(After(deadline_ms));
    v1::EnrolResponse response;
    const grpc::Status status = stub_->Enrol(&context, request, &response);
    if (!status.ok()) return FromGrpc(status);
    return response;
  }

  std::unique_ptr<SyncStream> Sync(std::int64_t deadline_ms) override {
    return std::make_unique<GrpcStream>(stub_, deadline_ms);
  }

 private:
  const std::shared_ptr<v1::SyncService::Stub> stub_;
};

bool IsLoopback(absl::string_view target) {
  return absl::StartsWith(target, "127.") ||
         absl::StartsWith(target, "localhost:") ||
         absl::StartsWith(target, "[::1]:") ||
         absl::StartsWith(target, "unix:");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Transport>> NewGrpcTransport(
    const GrpcOptions& options) {
  if (options.target.empty()) {
    return absl::InvalidArgumentError("target: is empty");
  }
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  if (options.insecure_loopback) {
    if (!options.ca_pem.empty() || !IsLoopback(options.target)) {
      return absl::InvalidArgumentError(
          "plain text is only for a loopback address, and without ca_pem");
    }
    credentials = grpc::InsecureChannelCredentials();
  } else {
    // Without a certificate gRPC would trust whatever the machine trusts.
    if (options.ca_pem.empty()) {
      return absl::InvalidArgumentError(
          "ca_pem: give the certificate authority of the server");
    }
    grpc::SslCredentialsOptions ssl;
    ssl.pem_root_certs = options.ca_pem;
    credentials = grpc::SslCredentials(ssl);
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(
      static_cast<int>(limits::kRequestBytesMax));
  arguments.SetCompressionAlgorithm(GRPC_COMPRESS_NONE);
  // The session has its own back-off; gRPC's must not add minutes to it.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5'000);
  if (!options.share_connection) {
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  }
  if (!options.server_name.empty()) {
    arguments.SetSslTargetNameOverride(options.server_name);
  }
  return std::make_unique<GrpcTransport>(
      grpc::CreateCustomChannel(options.target, credentials, arguments));
}

}  // namespace thon::client
