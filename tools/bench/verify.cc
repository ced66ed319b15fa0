// The bench of verification: thon-verify over the pack that `thon audit pack`
// makes of a log, as an auditor runs both.

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tools/bench/benches.h"
#include "tools/bench/child_server.h"
#include "tools/bench/stream_load.h"
#include "tools/bench/subject.h"
#include "tools/bench/web_load.h"

namespace thon::bench {
namespace {

struct Run {
  std::int64_t us = 0;      // By the clock.
  std::int64_t cpu_us = 0;  // Of all its threads.
  std::int64_t peak_bytes = 0;
};

std::string Beside(const char* program) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() /
          program)
      .string();
}

std::int64_t Us(const timeval& time) {
  return time.tv_sec * std::int64_t{1'000'000} + time.tv_usec;
}

// Runs a program to its end, without its output. kAborted: it failed.
absl::StatusOr<Run> RunProgram(std::vector<std::string> arguments) {
  std::vector<char*> raw;
  for (std::string& argument : arguments) raw.push_back(argument.data());
  raw.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
                                   O_WRONLY, 0);
  pid_t child = 0;
  const std::int64_t begin = NowUs();
  const int started =
      posix_spawn(&child, raw.front(), &actions, nullptr, raw.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (started != 0) {
    return absl::UnavailableError(
        absl::StrCat(arguments.front(), " cannot be started; build it first"));
  }
  int status = 0;
  rusage usage{};
  while (wait4(child, &status, 0, &usage) < 0) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return absl::AbortedError(
        absl::StrCat(arguments.front(), " ended with status ",
                     WIFEXITED(status) ? WEXITSTATUS(status) : -1));
  }
  return Run{.us = NowUs() - begin,
             .cpu_us = Us(usage.ru_utime) + Us(usage.ru_stime),
             .peak_bytes = usage.ru_maxrss * std::int64_t{1024}};
}

struct Pack {
  Run made;
  std::string log_key;  // The log's verifier key, from its server.
};

absl::StatusOr<Pack> MakePack(const Subject& subject, const std::string& file) {
  absl::StatusOr<std::unique_ptr<ChildServer>> server =
      ChildServer::Start(subject.directory(), /*tls=*/false);
  if (!server.ok()) return server.status();
  const absl::StatusOr<std::string> key =
      FetchWeb((*server)->http_port(), "/log.vkey");
  if (!key.ok()) return key.status();
  const std::string log_key(absl::StripAsciiWhitespace(*key));
  const absl::StatusOr<Run> run = RunProgram(
      {Beside("thon"), "--data", subject.directory(), "--insecure", "audit",
       "pack", "--key", log_key, "--trust", file + ".trust", "-o", file});
  if (!run.ok()) return run.status();
  (*server)->Stop();
  return Pack{*run, log_key};
}

// How long thon-verify's pass over the entries took, by its own report.
std::int64_t EntriesMs(const std::string& report) {
  std::ifstream text(report);
  const auto read = nlohmann::json::parse(text, nullptr, false);
  if (!read.is_object() || !read.contains("speed")) return 0;
  return read["speed"].value("entries_milliseconds", std::int64_t{0});
}

}  // namespace

absl::Status BenchVerify(const BenchOptions& options) {
  Subject subject;
  absl::Status status = subject.Prepare(options);
  if (!status.ok()) return status;
  const Folder folder;
  const std::string pack = folder.path() + "/pack.tar";
  const absl::StatusOr<Pack> packed = MakePack(subject, pack);
  if (!packed.ok()) return packed.status();
  nlohmann::ordered_json result;
  std::uint64_t events = 0;
  {
    const absl::StatusOr<std::unique_ptr<EntryLog>> log = subject.OpenLog();
    if (!log.ok()) return log.status();
    result = Figures("verify", **log);
    events = (*log)->end().next_position.value - 1;
  }
  const std::string report = folder.path() + "/report.json";
  const absl::StatusOr<Run> run =
      RunProgram({Beside("thon-verify"), pack, "--log-key", packed->log_key,
                  "--json", report, "--quiet"});
  if (!run.ok()) return run.status();
  result["pack_bytes"] = std::filesystem::file_size(pack);
  result["pack_ms"] = packed->made.us / 1000;
  result["folded_events_per_s"] = PerSecond(events, EntriesMs(report) * 1000);
  result["events_per_s"] = PerSecond(events, run->us);
  result["events_per_cpu_s"] = PerSecond(events, run->cpu_us);
  result["ms"] = run->us / 1000;
  result["peak_mb"] = run->peak_bytes / 1'000'000;
  Print(options, result);
  return absl::OkStatus();
}

}  // namespace thon::bench
