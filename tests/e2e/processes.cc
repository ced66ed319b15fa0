#include "tests/e2e/processes.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "server/core/check.h"

namespace thon::testing {
namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    THON_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
    read = ends[0];
    write = ends[1];
  }
  int read;
  int write;
};

// Starts `name` with its outputs in the write ends; `out` may be -1.
pid_t Start(const std::string& name, const std::vector<std::string>& arguments,
            int out, int err) {
  const std::string path = std::string(THON_BIN_DIR) + "/" + name;
  std::vector<char*> argv = {const_cast<char*>(path.c_str())};
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  THON_CHECK(pid >= 0);
  if (pid != 0) return pid;
  // Between fork and exec only what is safe there.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, STDIN_FILENO);
  ::dup2(out >= 0 ? out : null, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execv(path.c_str(), argv.data());
  ::_exit(127);
}

// Reads to the end, handing over each piece.
template <typename Take>
void ReadAll(int fd, const Take& take) {
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    take(std::string(buffer, static_cast<std::size_t>(got)));
  }
  ::close(fd);
}

int AwaitExit(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

}  // namespace

Finished RunProgram(const std::string& name,
                    const std::vector<std::string>& arguments) {
  Pipe out;
  Pipe err;
  const pid_t pid = Start(name, arguments, out.write, err.write);
  ::close(out.write);
  ::close(err.write);
  Finished finished;
  std::thread reader([&] {
    ReadAll(err.read, [&](const std::string& text) { finished.err += text; });
  });
  ReadAll(out.read, [&](const std::string& text) { finished.out += text; });
  reader.join();
  finished.exit_code = AwaitExit(pid);
  return finished;
}

Thond::Thond(std::vector<std::string> arguments) {
  if (std::find(arguments.begin(), arguments.end(), "--listen") ==
          arguments.end() &&
      std::find(arguments.begin(), arguments.end(), "--config") ==
          arguments.end()) {
    arguments.insert(arguments.end(), {"--listen", "127.0.0.1:0"});
  }
  Pipe err;
  pid_ = Start("thond", arguments, -1, err.write);
  ::close(err.write);
  reader_ = std::thread([this, fd = err.read] {
    ReadAll(fd, [this](const std::string& text) {
      MutexLock lock(&mu_);
      log_ += text;
      changed_.NotifyAll();
    });
    MutexLock lock(&mu_);
    ended_ = true;
    changed_.NotifyAll();
  });
}

Thond::~Thond() {
  if (!waited_) Kill();
  reader_.join();
}

bool Thond::AwaitServing() {
  MutexLock lock(&mu_);
  // The line of Announce() ends with where the rows are.
  while (!ended_ && !absl::StrContains(log_, "rows at ")) {
    changed_.Wait(&mu_);
  }
  return absl::StrContains(log_, "rows at ");
}

std::string Thond::endpoint() {
  MutexLock lock(&mu_);
  const std::size_t serves = log_.find(" serves ");
  THON_CHECK(serves != std::string::npos);
  const std::size_t on = log_.find(" on ", serves) + 4;
  return log_.substr(on, log_.find(": ", on) - on);
}

int Thond::port() {
  const std::string text = endpoint();
  int port = 0;
  THON_CHECK(absl::SimpleAtoi(text.substr(text.rfind(':') + 1), &port));
  return port;
}

void Thond::Signal(int signal) { ::kill(pid_, signal); }

int Thond::Wait() {
  if (!waited_) {
    exit_code_ = AwaitExit(pid_);
    waited_ = true;
    MutexLock lock(&mu_);
    while (!ended_) changed_.Wait(&mu_);  // All it wrote has been read.
  }
  return exit_code_;
}

int Thond::Kill() {
  if (!waited_) Signal(SIGKILL);
  return Wait();
}

int Thond::Stop() {
  if (!waited_) Signal(SIGTERM);
  return Wait();
}

std::string Thond::log() {
  MutexLock lock(&mu_);
  return log_;
}

TestFolder::TestFolder() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "thon_e2e_XXXXXX");
  THON_CHECK(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace thon::testing
