// GenericCalls over a gRPC server's in-process channel.
#ifndef THON_RPC_IN_PROCESS_CALLS_H_
#define THON_RPC_IN_PROCESS_CALLS_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/server.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "server/core/mutex.h"
#include "server/rpc/generic_calls.h"

namespace thon {

class InProcessCall;

// Thread-safety: any thread.
class InProcessCalls final
    : public GenericCalls,
      public std::enable_shared_from_this<InProcessCalls> {
 public:
  explicit InProcessCalls(grpc::Server* server);

  bool Start(GenericCallRequest request,
             std::shared_ptr<GenericCallReader> reader) override;
  std::size_t open() const override;

  // Starts no call any more, gives those under way `ms` to end, cancels the
  // rest, waits until all have ended and nobody holds one, and lets go of the
  // server. Has to come before the server's Shutdown(): a call after it is
  // undefined. Blocks; not on gRPC's threads.
  void Close(std::int64_t ms);

 private:
  friend class InProcessCall;

  // What a call holds while it is anything at all; it goes last.
  class Presence {
   public:
    explicit Presence(std::shared_ptr<InProcessCalls> calls)
        : calls_(std::move(calls)) {}
    ~Presence() { calls_->Leave(); }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

    InProcessCalls& calls() const { return *calls_; }

   private:
    const std::shared_ptr<InProcessCalls> calls_;
  };

  void Remove(InProcessCall* call);
  void Leave();

  mutable Mutex mu_;
  CondVar changed_;
  // Null once closed.
  std::unique_ptr<grpc::GenericStub> stub_ ABSL_GUARDED_BY(mu_);
  // Those that have not ended.
  std::map<InProcessCall*, std::shared_ptr<InProcessCall>> calls_
      ABSL_GUARDED_BY(mu_);
  // Those that exist, ended or not: each holds the channel, and a channel may
  // not go away on one of gRPC's own threads.
  std::size_t present_ ABSL_GUARDED_BY(mu_) = 0;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace thon

#endif  // THON_RPC_IN_PROCESS_CALLS_H_
