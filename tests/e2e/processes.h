// The programs as they are built, run as processes: a server that a test can
// kill, and commands whose output it reads.
#ifndef THON_TESTS_E2E_PROCESSES_H_
#define THON_TESTS_E2E_PROCESSES_H_

#include <sys/types.h>

#include <string>
#include <thread>
#include <vector>

#include "server/core/mutex.h"

namespace thon::testing {

// The exit status, or 1000 + the signal that ended it.
struct Finished {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// Runs a program of the build, by name, and waits for it.
Finished RunProgram(const std::string& name,
                    const std::vector<std::string>& arguments);

// A `thond` in a process of its own. It dies with the test.
//
// Thread-safety: the waits and log() from any thread; the rest from one.
class Thond {
 public:
  // Starts it; `--listen 127.0.0.1:0` is added unless it is there.
  explicit Thond(std::vector<std::string> arguments);
  ~Thond();  // Kills it, if it runs.
  Thond(const Thond&) = delete;
  Thond& operator=(const Thond&) = delete;

  // Blocks until it serves (true) or has ended (false).
  bool AwaitServing();
  // What it listens on, once it serves.
  std::string endpoint();
  int port();

  void Signal(int signal);
  // Blocks until it has ended; as Finished::exit_code.
  int Wait();
  int Kill();  // SIGKILL, and waits.
  int Stop();  // SIGTERM, and waits.

  // What it wrote on its standard error so far.
  std::string log();

 private:
  pid_t pid_ = -1;
  int exit_code_ = -1;
  bool waited_ = false;
  std::thread reader_;

  Mutex mu_;
  CondVar changed_;
  std::string log_ ABSL_GUARDED_BY(mu_);
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
};

// An empty folder that goes with the object.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  std::string operator/(const std::string& name) const {
    return path_ + "/" + name;
  }

 private:
  std::string path_;
};

std::string ReadText(const std::string& path);

}  // namespace thon::testing

#endif  // THON_TESTS_E2E_PROCESSES_H_
