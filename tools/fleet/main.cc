// thon-fleet: phones of a simulated province, against a real server.

#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "server/core/civil.h"
#include "server/core/version.h"
#include "tools/fleet/plan.h"
#include "tools/fleet/supervisor.h"
#include "tools/fleet/worker.h"

namespace {

using thon::Date;

struct Arguments {
  std::string server;
  std::string ca;
  bool insecure = false;
  std::string token;
  std::string codes;
  std::string from = "2023-06-01";
  std::string to = "2023-12-31";
  std::string directory;
  std::vector<std::pair<std::string, std::string>> commands;
  std::uint64_t seed = 1;
  std::size_t workers = 4;
  std::size_t threads = 4;
  std::int64_t events_per_phone = 165;
  int kill_percent = 8;
  bool json = false;
  int worker_index = -1;
};

int Fail(const std::string& message) {
  std::fprintf(stderr, "thon-fleet: %s\n", message.c_str());
  return 1;
}

bool ReadText(const std::string& path, std::string* text) {
  std::ifstream file(path, std::ios::binary);
  text->assign(std::istreambuf_iterator<char>(file), {});
  return !text->empty();
}

void Describe(CLI::App* app, Arguments* a) {
  app->set_version_flag("--version", std::string(thon::kVersion));
  app->add_option("--server", a->server, "HOST:PORT")->required();
  auto* ca = app->add_option("--ca", a->ca, "Certificate authority, PEM");
  app->add_flag("--insecure-loopback", a->insecure,
                "Plain text to a server on this machine")
      ->excludes(ca);
  app->add_option("--token", a->token, "File with an operator's token")
      ->required();
  app->add_option("--codes", a->codes,
                  "CSV of enrolment codes: code, team_id, member_id, "
                  "organisation_id, village_id")
      ->required();
  app->add_option("--from", a->from, "First day with facts")
      ->capture_default_str();
  app->add_option("--to", a->to, "Last day with facts")->capture_default_str();
  app->add_option("--dir", a->directory,
                  "Folder for the phones; made, or empty")
      ->required();
  app->add_option("--on", a->commands,
                  "DATE COMMAND: run it when that day begins; repeatable");
  app->add_option("--seed", a->seed, "All that is drawn follows from it")
      ->capture_default_str();
  app->add_option("--workers", a->workers, "Processes")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app->add_option("--threads", a->threads, "Threads of each process")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app->add_option("--events-per-phone", a->events_per_phone,
                  "Facts of a team's phone, on average")
      ->check(CLI::Range(1, 20'000))
      ->capture_default_str();
  app->add_option("--kill-percent", a->kill_percent,
                  "Phones to kill in the middle of something")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  app->add_flag("--json", a->json, "Print the result as one JSON object");
  app->add_option("--worker-index", a->worker_index)->group("");
}

// What a worker is started with: the same, without what only we do.
std::vector<std::string> WorkerCommand(const Arguments& a) {
  std::vector<std::string> command = {
      std::filesystem::read_symlink("/proc/self/exe").string(),
      "--server",
      a.server,
      "--token",
      a.token,
      "--codes",
      a.codes,
      "--from",
      a.from,
      "--to",
      a.to,
      "--dir",
      a.directory,
      "--seed",
      std::to_string(a.seed),
      "--workers",
      std::to_string(a.workers),
      "--threads",
      std::to_string(a.threads),
      "--events-per-phone",
      std::to_string(a.events_per_phone)};
  if (a.insecure) {
    command.push_back("--insecure-loopback");
  } else {
    command.insert(command.end(), {"--ca", a.ca});
  }
  return command;
}

int Supervise(const Arguments& a, const thon::client::GrpcOptions& server,
              const thon::fleet::Plan& plan) {
  thon::fleet::FleetOptions options;
  options.workers = a.workers;
  options.directory = a.directory;
  options.server = server;
  options.seed = a.seed;
  options.kill_percent = a.kill_percent;
  options.worker_command = WorkerCommand(a);
  if (!ReadText(a.token, &options.token)) {
    return Fail("cannot read the token in " + a.token);
  }
  options.token = std::string(absl::StripAsciiWhitespace(options.token));
  for (const auto& [date, command] : a.commands) {
    const absl::StatusOr<Date> day = thon::ParseIsoDate(date);
    if (!day.ok() || *day < plan.first_day() || *day > plan.last_day()) {
      return Fail("--on " + date + ": no day of this run");
    }
    options.commands.insert({*day, command});
  }
  std::error_code error;
  std::filesystem::create_directories(a.directory, error);
  if (error || !std::filesystem::is_empty(a.directory, error) || error) {
    return Fail(a.directory + " is no empty folder: name another with --dir");
  }
  const absl::StatusOr<thon::fleet::FleetReport> report =
      thon::fleet::RunFleet(options, plan);
  if (!report.ok()) return Fail(report.status().ToString());
  std::printf("%s\n", (a.json ? report->Json() : report->Text()).c_str());
  if (!report->log.good()) {
    return Fail("what the phones recorded and what the log holds differ");
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments a;
  CLI::App app("The phones of a simulated province.", "thon-fleet");
  Describe(&app, &a);
  CLI11_PARSE(app, argc, argv);

  thon::client::GrpcOptions server;
  server.target = a.server;
  server.insecure_loopback = a.insecure;
  if (!a.insecure && !ReadText(a.ca, &server.ca_pem)) {
    return Fail("cannot read the certificate authority: name it with --ca");
  }
  const absl::StatusOr<Date> from = thon::ParseIsoDate(a.from);
  const absl::StatusOr<Date> to = thon::ParseIsoDate(a.to);
  if (!from.ok() || !to.ok() || *to < *from) {
    return Fail("--from and --to must be days, in order, as 2023-06-01");
  }
  absl::StatusOr<std::vector<thon::fleet::Holder>> holders =
      thon::fleet::ReadCodes(a.codes);
  if (!holders.ok()) return Fail(std::string(holders.status().message()));
  thon::fleet::PlanOptions options;
  options.seed = a.seed;
  options.from = *from;
  options.to = *to;
  options.events_per_phone = a.events_per_phone;
  const thon::fleet::Plan plan(options, *std::move(holders));

  if (a.worker_index < 0) return Supervise(a, server, plan);
  thon::fleet::WorkerOptions worker;
  worker.index = static_cast<std::size_t>(a.worker_index);
  worker.workers = a.workers;
  worker.threads = a.threads;
  worker.directory = a.directory;
  worker.server = server;
  return thon::fleet::RunWorker(worker, plan);
}
