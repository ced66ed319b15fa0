// Child processes of the fleet: workers with a line each way, and commands.
#ifndef THON_TOOLS_FLEET_PROCESS_H_
#define THON_TOOLS_FLEET_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace thon::fleet {

// A running child. Killed and waited for when destroyed.
//
// Thread-safety: none.
class Process {
 public:
  // Starts `arguments`; the first names the program.
  // kUnavailable: it cannot be started.
  static absl::StatusOr<std::unique_ptr<Process>> Start(
      const std::vector<std::string>& arguments);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t id() const { return pid_; }
  // To its standard input. A child that is gone shows when it is read.
  void SendLine(const std::string& line);
  // Its standard output, for poll().
  int output() const { return output_; }
  // Reads what is there and returns whole lines. Sets `*ended` at its end.
  std::vector<std::string> ReadLines(bool* ended);

  // SIGKILL; returns when it is dead.
  void Kill();
  // SIGTERM; returns when it has ended.
  void Stop();

 private:
  Process(pid_t pid, int input, int output)
      : pid_(pid), input_(input), output_(output) {}

  void Signal(int signal);

  pid_t pid_;  // 0: dead and waited for.
  const int input_;
  const int output_;
  std::string partial_;
};

// Runs a command of the shell, its output on our standard error, and waits.
// kAborted: it ended with another code than 0.
absl::Status RunCommand(const std::string& command);

}  // namespace thon::fleet

#endif  // THON_TOOLS_FLEET_PROCESS_H_
