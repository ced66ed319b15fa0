// The supervisor: leads a fleet through its days, kills workers, and judges the
// run at its end.
//
// A day begins when the server's clock stands at its evening and its commands
// have run, and ends when every worker says that each batch is answered. Only
// then the clock moves on. A worker that was killed is started again and lives
// the rest of the same day.
#ifndef THON_TOOLS_FLEET_SUPERVISOR_H_
#define THON_TOOLS_FLEET_SUPERVISOR_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/civil.h"
#include "thon/grpc_transport.h"
#include "tools/fleet/log_check.h"
#include "tools/fleet/plan.h"

namespace thon::fleet {

struct FleetOptions {
  std::size_t workers = 4;
  std::string directory;
  client::GrpcOptions server;
  std::string token;       // An operator's.
  std::uint64_t seed = 1;  // Of the kills.
  int kill_percent = 8;    // Of the phones, in the middle of something.
  // What runs when a day begins, in the morning, in order.
  std::multimap<Date, std::string> commands;
  // How a worker is started; "--worker-index N" is added.
  std::vector<std::string> worker_command;
};

struct FleetReport {
  LogVerdict log;
  std::uint64_t phones = 0;
  std::uint64_t clones = 0;
  std::uint64_t phones_killed = 0;
  std::uint64_t kills = 0;
  std::uint64_t syncs = 0;
  std::uint64_t streams_broken = 0;
  std::uint64_t batches_sent = 0;
  std::uint64_t batches_sent_again = 0;
  std::uint64_t forks = 0;
  std::uint64_t successor_keys = 0;
  std::int32_t longest_offline_days = 0;
  // What phones hold of their receipts: promises of which no proof was due when
  // they last heard the server, proofs, and evidence against the log.
  std::uint64_t promises = 0;
  std::uint64_t promises_overdue = 0;
  std::uint64_t proofs = 0;
  std::uint64_t evidence = 0;
  std::uint64_t tree_size = 0;
  std::int64_t milliseconds = 0;

  std::string Json() const;  // One object, one line.
  std::string Text() const;  // For a person, one line.
};

// Runs the whole plan. The directory must exist and be empty.
// kAborted: a phone or a command failed, or a phone holds evidence against the
// log; the message says which and why.
// kDataLoss: the log's own root does not fit its entries.
absl::StatusOr<FleetReport> RunFleet(const FleetOptions& options,
                                     const Plan& plan);

}  // namespace thon::fleet

#endif  // THON_TOOLS_FLEET_SUPERVISOR_H_
