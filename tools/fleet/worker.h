// A worker: a process that holds several phones and lives their days on a few
// threads. It may be killed at any moment and started again.
//
// It is told on its standard input, a line each, and answers on its standard
// output:
//   day DAYS       lives the day; answers "done DAYS" when every batch of its
//                  phones is answered, or "fail MESSAGE"
// It ends when its standard input does, or when the supervisor dies.
#ifndef THON_TOOLS_FLEET_WORKER_H_
#define THON_TOOLS_FLEET_WORKER_H_

#include <cstddef>
#include <string>

#include "thon/grpc_transport.h"
#include "tools/fleet/plan.h"

namespace thon::fleet {

struct WorkerOptions {
  std::size_t index = 0;    // Of the worker.
  std::size_t workers = 1;  // It has the phones whose original is `index`
                            // modulo `workers`.
  std::size_t threads = 4;
  std::string directory;
  client::GrpcOptions server;
};

// Paths below the fleet's directory.
std::string StatePath(const std::string& directory);
std::string JournalPath(const std::string& directory, std::size_t worker);

// The worker that has a phone.
std::size_t WorkerOf(const Plan& plan, std::size_t phone, std::size_t workers);

// Returns the process's exit code.
int RunWorker(const WorkerOptions& options, const Plan& plan);

}  // namespace thon::fleet

#endif  // THON_TOOLS_FLEET_WORKER_H_
