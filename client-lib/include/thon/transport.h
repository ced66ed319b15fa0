// The way to a server, as the client sees it. grpc_transport.h has the real
// one; tests and simulations bring their own.
#ifndef THON_TRANSPORT_H_
#define THON_TRANSPORT_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "thon/v1/sync_service.pb.h"

namespace thon::client {

// One Sync call.
//
// Thread-safety: none; one thread uses a stream. Deleting it cancels the call
// if it has not ended, and never waits for the network.
class SyncStream {
 public:
  enum class Got {
    kMessage,  // `*response` is filled.
    kNothing,  // `wait_ms` passed.
    kEnded,    // `Finish()` has the status; nothing more comes.
  };

  virtual ~SyncStream() = default;
  // Hands a message over. False: the stream has broken; ask Finish(). Waits at
  // most for the flow control of one message, and no longer than the stream's
  // own deadline.
  virtual bool Send(const v1::SyncRequest& request) = 0;
  // No more will be sent. What the server still says can be received.
  virtual void CloseSend() = 0;
  // Waits for the next message, at most `wait_ms`; 0 only looks.
  virtual Got Receive(std::int64_t wait_ms, v1::SyncResponse* response) = 0;
  // How the call ended, with reason and retry delay as core/error_info.h reads
  // them. Requires: Receive() said kEnded, or Send() false.
  virtual absl::Status Finish() = 0;
};

// Thread-safety: one thread uses a transport at a time.
class Transport {
 public:
  virtual ~Transport() = default;
  // Returns within `deadline_ms`, with kDeadlineExceeded if nothing came.
  virtual absl::StatusOr<v1::EnrolResponse> Enrol(
      const v1::EnrolRequest& request, std::int64_t deadline_ms) = 0;
  // Starts a Sync call that ends by itself after `deadline_ms` at the latest.
  // Never null: a server that cannot be reached shows when the stream is used.
  virtual std::unique_ptr<SyncStream> Sync(std::int64_t deadline_ms) = 0;
};

}  // namespace thon::client

#endif  // THON_TRANSPORT_H_
