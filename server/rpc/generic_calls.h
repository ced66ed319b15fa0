// Calls to the services of this process by name, with messages as bytes: what
// a bridge from another protocol needs. Without gRPC's headers, so that the
// bridge needs none.
//
// A call is subject to everything a call from outside is: tokens, limits,
// deadlines, cancellation. It is not copied through a socket: what the service
// writes waits in it until it is asked for (exact backpressure).
#ifndef THON_RPC_GENERIC_CALLS_H_
#define THON_RPC_GENERIC_CALLS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace thon {

// Keys in lower case; the values of "-bin" keys are bytes, all others text.
using CallMetadata = std::vector<std::pair<std::string, std::string>>;

// Whether gRPC can carry this; it aborts the process over what it cannot.
bool IsLegalMetadata(absl::string_view key, absl::string_view value);

struct GenericCallRequest {
  std::string method;     // "/thon.v1.QueryService/GetTeam".
  CallMetadata metadata;  // Every entry legal.
  std::string message;
  std::optional<std::int64_t> timeout_ms;
};

struct GenericCallStatus {
  int code = 0;  // gRPC's.
  std::string message;
  CallMetadata trailers;  // With grpc-status-details-bin, if there are details.
};

class GenericCall;

// Who hears from a call: OnStart() first, before Start() returns; OnHead() at
// most once; OnMessage() for each message that was asked for; OnEnd() once,
// always. One at a time, all but the first on gRPC's threads: must not block.
class GenericCallReader {
 public:
  virtual ~GenericCallReader() = default;
  virtual void OnStart(std::shared_ptr<GenericCall> call) = 0;
  virtual void OnHead(CallMetadata metadata) = 0;
  virtual void OnMessage(std::string message) = 0;
  virtual void OnEnd(GenericCallStatus status) = 0;
};

// To be let go of after OnEnd(): a server that stops waits for it.
// Thread-safety: any thread.
class GenericCall {
 public:
  virtual ~GenericCall() = default;
  // Asks for the next message. The first is asked for by Start(); each further
  // one once after OnMessage(), also within it.
  virtual void ReadNext() = 0;
  // Ends the call; OnEnd() follows unless it was there already.
  virtual void Cancel() = 0;
};

// Thread-safety: any thread.
class GenericCalls {
 public:
  virtual ~GenericCalls() = default;

  // `reader` is kept until OnEnd(). False when the calls are closed: then the
  // reader is never called.
  virtual bool Start(GenericCallRequest request,
                     std::shared_ptr<GenericCallReader> reader) = 0;

  // Calls that have not ended.
  virtual std::size_t open() const = 0;
};

}  // namespace thon

#endif  // THON_RPC_GENERIC_CALLS_H_
