// What the supervisor asks of the server, as an operator.
#ifndef THON_TOOLS_FLEET_SERVER_CALLS_H_
#define THON_TOOLS_FLEET_SERVER_CALLS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/civil.h"
#include "thon/grpc_transport.h"
#include "thon/v1/log.pb.h"

namespace thon::fleet {

// Thread-safety: any thread.
class ServerCalls {
 public:
  // `token` is an operator's.
  ServerCalls(const client::GrpcOptions& server, const std::string& token);
  ~ServerCalls();

  // Moves the simulated clock; returns when rows hold the days it opened.
  absl::Status AdvanceClock(Instant to);
  absl::StatusOr<v1::Checkpoint> GetCheckpoint();
  // Reads entries [0, end) in order; an error of `visit` ends it.
  absl::Status ReadEntries(
      std::uint64_t end,
      const std::function<absl::Status(const v1::Entry&)>& visit);

 private:
  struct Stubs;
  const std::unique_ptr<Stubs> stubs_;
  const std::string authorization_;
};

}  // namespace thon::fleet

#endif  // THON_TOOLS_FLEET_SERVER_CALLS_H_
