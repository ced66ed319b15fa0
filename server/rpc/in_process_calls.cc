#include "server/rpc/in_process_calls.h"

#include <grpc/support/time.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_callback.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace thon {
namespace {

constexpr absl::string_view kDetailsKey = "grpc-status-details-bin";

CallMetadata FromGrpc(
    const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
  CallMetadata result;
  for (const auto& [key, value] : metadata) {
    result.emplace_back(std::string(key.data(), key.size()),
                        std::string(value.data(), value.size()));
  }
  return result;
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

}  // namespace

// One call. Lifetime: InProcessCalls keeps it until OnDone(), which gRPC calls
// last, once.
//
// gRPC may end the call (OnDone) only when the one hold is removed, and reads
// may be started only while it is there. Whoever finds that no read will follow
// removes it: the reader of a failed read, or Cancel() between two reads.
//
// The first read has to be asked for before the call starts: in-process a
// server that sends its message and its status at once, as every unary one
// does, drops a message that nobody waits for (and then never ends the call on
// its side). So that read may end before the head has come, and then waits for
// it.
class InProcessCall final
    : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
      public GenericCall {
 public:
  InProcessCall(std::shared_ptr<InProcessCalls> calls,
                GenericCallRequest request,
                std::shared_ptr<GenericCallReader> reader)
      : presence_(std::move(calls)),
        method_(std::move(request.method)),
        reader_(std::move(reader)) {
    const grpc::Slice slice(request.message);
    request_ = grpc::ByteBuffer(&slice, 1);
    for (const auto& [key, value] : request.metadata) {
      context_.AddMetadata(key, value);
    }
    if (request.timeout_ms.has_value()) {
      context_.set_deadline(gpr_time_add(
          gpr_now(GPR_CLOCK_MONOTONIC),
          gpr_time_from_millis(*request.timeout_ms, GPR_TIMESPAN)));
    }
  }

  // Registers the call with gRPC; Begin() has to follow.
  void Prepare(grpc::GenericStub* stub) {
    stub->PrepareBidiStreamingCall(&context_, method_, grpc::StubOptions(),
                                   this);
  }

  void Begin(std::shared_ptr<GenericCall> self) {
    reader_->OnStart(std::move(self));
    AddHold();
    StartWriteLast(&request_, grpc::WriteOptions());
    StartRead(&response_);
    StartCall();
  }

  void ReadNext() override {
    {
      MutexLock lock(&mu_);
      if (cancelled_ || reading_ || !held_) return;
      reading_ = true;
    }
    StartRead(&response_);
  }

  void Cancel() override {
    bool release = false;
    {
      MutexLock lock(&mu_);
      if (cancelled_ || done_) return;
      cancelled_ = true;
      release = !reading_ && held_;
      if (release) held_ = false;
    }
    context_.TryCancel();
    if (release) RemoveHold();
  }

 private:
  void OnReadInitialMetadataDone(bool ok) override {
    if (ok) reader_->OnHead(FromGrpc(context_.GetServerInitialMetadata()));
    std::optional<bool> read;
    {
      MutexLock lock(&mu_);
      headed_ = true;
      read = first_read_;
    }
    if (read.has_value()) TakeRead(*read);
  }

  void OnReadDone(bool ok) override {
    {
      MutexLock lock(&mu_);
      if (!headed_) {
        first_read_ = ok;  // OnReadInitialMetadataDone() takes it.
        return;
      }
    }
    TakeRead(ok);
  }

  void TakeRead(bool ok) {
    if (ok) {
      std::string message = BytesOf(response_);
      response_.Clear();
      bool release = false;
      {
        MutexLock lock(&mu_);
        reading_ = false;
        release = cancelled_ && held_;  // Nobody asks for another.
        if (release) held_ = false;
      }
      if (release) {
        RemoveHold();
      } else {
        reader_->OnMessage(std::move(message));
      }
      return;
    }
    {
      MutexLock lock(&mu_);
      reading_ = false;
      if (!held_) return;
      held_ = false;
    }
    RemoveHold();
  }

  void OnDone(const grpc::Status& status) override {
    {
      MutexLock lock(&mu_);
      done_ = true;
    }
    GenericCallStatus end;
    end.code = static_cast<int>(status.error_code());
    end.message = status.error_message();
    bool details = false;
    for (auto& [key, value] : FromGrpc(context_.GetServerTrailingMetadata())) {
      details = details || absl::string_view(key) == kDetailsKey;
      end.trailers.emplace_back(std::move(key), std::move(value));
    }
    if (!details && !status.error_details().empty()) {
      end.trailers.emplace_back(std::string(kDetailsKey),
                                status.error_details());
    }
    reader_->OnEnd(std::move(end));
    reader_.reset();                 // It may own what owns this call.
    presence_.calls().Remove(this);  // `this` may be gone from here on.
  }

  const InProcessCalls::Presence presence_;  // First: it is destroyed last.
  const std::string method_;
  std::shared_ptr<GenericCallReader> reader_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;  // Whoever has set `reading_` owns it.

  Mutex mu_;
  bool reading_ ABSL_GUARDED_BY(mu_) = true;  // The first is under way at once.
  bool headed_ ABSL_GUARDED_BY(mu_) = false;  // The head has come, or failed.
  std::optional<bool> first_read_ ABSL_GUARDED_BY(mu_);  // Ended before that.
  bool held_ ABSL_GUARDED_BY(mu_) = true;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
};

InProcessCalls::InProcessCalls(grpc::Server* server)
    : stub_(std::make_unique<grpc::GenericStub>(
          server->InProcessChannel(grpc::ChannelArguments()))) {}

bool InProcessCalls::Start(GenericCallRequest request,
                           std::shared_ptr<GenericCallReader> reader) {
  {
    MutexLock lock(&mu_);
    if (closed_) return false;
    ++present_;
  }
  auto call = std::make_shared<InProcessCall>(
      shared_from_this(), std::move(request), std::move(reader));
  {
    MutexLock lock(&mu_);
    if (closed_) return false;  // `call` leaves with no lock held.
    calls_.emplace(call.get(), call);
    call->Prepare(stub_.get());  // Calls nobody back.
  }
  call->Begin(call);
  return true;
}

std::size_t InProcessCalls::open() const {
  MutexLock lock(&mu_);
  return calls_.size();
}

void InProcessCalls::Remove(InProcessCall* call) {
  std::shared_ptr<InProcessCall> last;  // Destroyed with no lock held.
  MutexLock lock(&mu_);
  const auto found = calls_.find(call);
  last = std::move(found->second);
  calls_.erase(found);
  changed_.NotifyAll();
}

void InProcessCalls::Leave() {
  MutexLock lock(&mu_);
  --present_;
  changed_.NotifyAll();
}

void InProcessCalls::Close(std::int64_t ms) {
  std::vector<std::shared_ptr<InProcessCall>> left;
  {
    MutexLock lock(&mu_);
    closed_ = true;
    const gpr_timespec deadline = gpr_time_add(
        gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
    while (!calls_.empty()) {
      const std::int64_t left_ms = gpr_time_to_millis(
          gpr_time_sub(deadline, gpr_now(GPR_CLOCK_MONOTONIC)));
      if (left_ms <= 0) break;
      changed_.WaitFor(&mu_, left_ms);
    }
    for (const auto& [key, call] : calls_) left.push_back(call);
  }
  for (const auto& call : left) call->Cancel();
  left.clear();
  std::unique_ptr<grpc::GenericStub> stub;  // Destroyed with no lock held.
  MutexLock lock(&mu_);
  while (present_ > 0) changed_.Wait(&mu_);
  stub = std::move(stub_);
}

}  // namespace thon
