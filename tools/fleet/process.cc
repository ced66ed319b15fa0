#include "tools/fleet/process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

extern char** environ;

namespace thon::fleet {
namespace {

absl::Status Failed(const char* what, int error) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(error)));
}

// Starts with the given standard input and output; -1 leaves ours.
absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& arguments,
                            int input, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (input >= 0) posix_spawn_file_actions_adddup2(&actions, input, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return Failed(absl::StrCat("cannot start ", arguments[0]).c_str(), error);
  }
  return pid;
}

int Wait(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Process>> Process::Start(
    const std::vector<std::string>& arguments) {
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0) return Failed("no pipe", errno);
  if (pipe2(out, O_CLOEXEC) != 0) {
    const int error = errno;
    close(in[0]);
    close(in[1]);
    return Failed("no pipe", error);
  }
  const absl::StatusOr<pid_t> pid = Spawn(arguments, in[0], out[1]);
  close(in[0]);
  close(out[1]);
  if (!pid.ok()) {
    close(in[1]);
    close(out[0]);
    return pid.status();
  }
  fcntl(out[0], F_SETFL, O_NONBLOCK);
  return std::unique_ptr<Process>(new Process(*pid, in[1], out[0]));
}

Process::~Process() {
  Kill();
  close(input_);
  close(output_);
}

void Process::SendLine(const std::string& line) {
  const std::string text = line + "\n";
  // Short enough for a pipe to take as a whole; SIGPIPE is ignored.
  if (write(input_, text.data(), text.size()) < 0) return;
}

std::vector<std::string> Process::ReadLines(bool* ended) {
  char buffer[4096];
  ssize_t n = 0;
  while ((n = read(output_, buffer, sizeof(buffer))) > 0) {
    partial_.append(buffer, static_cast<std::size_t>(n));
  }
  *ended = n == 0;
  std::vector<std::string> lines;
  for (std::size_t end; (end = partial_.find('\n')) != std::string::npos;) {
    lines.push_back(partial_.substr(0, end));
    partial_.erase(0, end + 1);
  }
  return lines;
}

void Process::Signal(int signal) {
  if (pid_ == 0) return;
  kill(pid_, signal);
  Wait(pid_);
  pid_ = 0;
}

void Process::Kill() { Signal(SIGKILL); }

void Process::Stop() { Signal(SIGTERM); }

absl::Status RunCommand(const std::string& command) {
  const absl::StatusOr<pid_t> pid =
      Spawn({"/bin/sh", "-c", command}, -1, STDERR_FILENO);
  if (!pid.ok()) return pid.status();
  const int status = Wait(*pid);
  if (status == 0) return absl::OkStatus();
  return absl::AbortedError(
      WIFEXITED(status)
          ? absl::StrCat("ended with ", WEXITSTATUS(status), ": ", command)
          : absl::StrCat("was killed: ", command));
}

}  // namespace thon::fleet
