#include "tools/fleet/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "thon/device_clock.h"
#include "tools/fleet/process.h"
#include "tools/fleet/server_calls.h"
#include "tools/fleet/shared_state.h"
#include "tools/fleet/sim_clock.h"
#include "tools/fleet/worker.h"

namespace thon::fleet {
namespace {

constexpr std::int64_t kMorningMs = 8 * 3600 * 1000;
// A worker that says nothing for so long ends the run.
constexpr std::int64_t kSilenceMaxMs = 120'000;
// Between two kills of a day, at most.
constexpr std::int64_t kKillMsMax = 30'000;

std::string Thousands(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (int at = static_cast<int>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ".");
  }
  return text;
}

class Supervisor {
 public:
  Supervisor(const FleetOptions& options, const Plan& plan)
      : options_(options),
        plan_(plan),
        server_(options.server, options.token),
        dice_(Mix(options.seed, 8)),
        workers_(options.workers),
        done_(options.workers),
        terminal_(isatty(STDERR_FILENO) != 0) {}

  absl::StatusOr<FleetReport> Run();

 private:
  absl::Status Start(std::size_t worker);
  absl::Status BeginDay(Date day);
  absl::Status LiveDay(Date day);
  absl::Status ReadWorker(std::size_t worker, Date day);
  std::size_t TasksOn(Date day) const;
  int KillsDue(Date day) const;
  void ScheduleKill(std::int64_t now, std::int64_t day_ms);
  absl::Status KillOne(Date day);
  FleetReport Sums();
  absl::Status Judge(FleetReport* report);
  void ShowProgress(Date day);

  const FleetOptions& options_;
  const Plan& plan_;
  ServerCalls server_;
  Dice dice_;
  std::unique_ptr<SharedState> states_;
  std::vector<std::unique_ptr<Process>> workers_;
  std::vector<bool> done_;
  const bool terminal_;
  std::uint64_t kills_ = 0;
  std::uint64_t phones_killed_ = 0;
  std::int64_t next_kill_ms_ = 0;  // Of the machine's timer; 0: none.
  std::int64_t task_us_ = 3000;    // How long a task takes, about.
};

absl::Status Supervisor::Start(std::size_t worker) {
  std::vector<std::string> command = options_.worker_command;
  command.push_back("--worker-index");
  command.push_back(std::to_string(worker));
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(command);
  if (!process.ok()) return process.status();
  workers_[worker] = *std::move(process);
  return absl::OkStatus();
}

absl::Status Supervisor::BeginDay(Date day) {
  const auto [begin, end] = options_.commands.equal_range(day);
  if (begin != end) {
    const Instant morning(TimeZone::VietNam().StartOf(day).ms + kMorningMs);
    absl::Status moved = server_.AdvanceClock(morning);
    if (!moved.ok()) return moved;
  }
  for (auto command = begin; command != end; ++command) {
    absl::Status ran = RunCommand(command->second);
    if (!ran.ok()) return ran;
  }
  return server_.AdvanceClock(Plan::SyncTime(day));
}

std::size_t Supervisor::TasksOn(Date day) const {
  std::size_t tasks = 0;
  for (std::size_t phone = 0; phone < plan_.phone_count(); ++phone) {
    tasks += plan_.TasksOf(phone, day).size();
  }
  return tasks;
}

int Supervisor::KillsDue(Date day) const {
  const std::uint64_t wanted = std::max<std::uint64_t>(
      1, plan_.phone_count() *
             static_cast<std::uint64_t>(options_.kill_percent) / 100);
  const auto days = static_cast<std::uint64_t>(plan_.last_day().days -
                                               plan_.first_day().days + 1);
  const auto lived =
      static_cast<std::uint64_t>(day.days - plan_.first_day().days + 1);
  // A little ahead, so that the last days, which are quiet, owe nothing.
  const std::uint64_t due = std::min(wanted, wanted * lived * 10 / (days * 9));
  return options_.kill_percent > 0 && due > phones_killed_
             ? static_cast<int>(due - phones_killed_)
             : 0;
}

void Supervisor::ScheduleKill(std::int64_t now, std::int64_t day_ms) {
  next_kill_ms_ = now + dice_.Between(1, std::max<std::int64_t>(2, day_ms));
}

absl::Status Supervisor::KillOne(Date day) {
  std::vector<std::size_t> busy;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (!done_[i]) busy.push_back(i);
  }
  if (busy.empty()) return absl::OkStatus();
  const std::size_t worker = busy[dice_.Below(busy.size())];
  workers_[worker]->Kill();
  ++kills_;
  for (std::size_t phone = 0; phone < plan_.phone_count(); ++phone) {
    if (WorkerOf(plan_, phone, workers_.size()) != worker) continue;
    PhoneState& state = (*states_)[phone];
    if (state.operation == Operation::kNone) continue;
    state.operation = Operation::kNone;
    if (state.killed++ == 0) ++phones_killed_;
  }
  absl::Status started = Start(worker);
  if (started.ok()) workers_[worker]->SendLine(absl::StrCat("day ", day.days));
  return started;
}

absl::Status Supervisor::ReadWorker(std::size_t worker, Date day) {
  bool ended = false;
  for (const std::string& line : workers_[worker]->ReadLines(&ended)) {
    if (line == absl::StrCat("done ", day.days)) {
      done_[worker] = true;
    } else {
      return absl::AbortedError(absl::StrCat("worker ", worker, ": ", line));
    }
  }
  if (ended && !done_[worker]) {
    return absl::AbortedError(
        absl::StrCat("worker ", worker, " ended by itself on ", day.Iso()));
  }
  return absl::OkStatus();
}

absl::Status Supervisor::LiveDay(Date day) {
  const std::size_t tasks = TasksOn(day);
  if (tasks == 0) return absl::OkStatus();
  const std::int64_t begin = client::MachineTimerMs();
  const std::int64_t expected_ms =
      static_cast<std::int64_t>(tasks) * task_us_ / 1000;
  std::fill(done_.begin(), done_.end(), false);
  for (const std::unique_ptr<Process>& worker : workers_) {
    worker->SendLine(absl::StrCat("day ", day.days));
  }
  std::int64_t now = begin;
  next_kill_ms_ = 0;
  // Each kill of a day leaves twice as much time to the next: a worker that is
  // slow to start must come to do something.
  std::int64_t kill_ms = expected_ms / 4;
  if (KillsDue(day) > 0) ScheduleKill(now, expected_ms * 3 / 4);
  std::int64_t heard = begin;
  while (std::find(done_.begin(), done_.end(), false) != done_.end()) {
    std::vector<pollfd> outputs;
    for (const std::unique_ptr<Process>& worker : workers_) {
      outputs.push_back({worker->output(), POLLIN, 0});
    }
    const std::int64_t wait =
        next_kill_ms_ != 0
            ? std::clamp<std::int64_t>(next_kill_ms_ - now, 0, 200)
            : 200;
    const int ready =
        poll(outputs.data(), outputs.size(), static_cast<int>(wait));
    now = client::MachineTimerMs();
    if (ready > 0) heard = now;
    for (std::size_t i = 0; ready > 0 && i < outputs.size(); ++i) {
      if (outputs[i].revents == 0) continue;
      absl::Status read = ReadWorker(i, day);
      if (!read.ok()) return read;
    }
    if (next_kill_ms_ != 0 && now >= next_kill_ms_) {
      next_kill_ms_ = 0;
      absl::Status killed = KillOne(day);
      if (!killed.ok()) return killed;
      heard = now;
      if (KillsDue(day) > 0) ScheduleKill(now + kill_ms / 2, kill_ms);
      kill_ms = std::clamp<std::int64_t>(2 * kill_ms, 2, kKillMsMax);
    }
    if (terminal_) ShowProgress(day);
    if (now - heard > kSilenceMaxMs) {
      return absl::AbortedError(absl::StrCat("no worker said anything for ",
                                             (now - heard) / 1000, " s on ",
                                             day.Iso()));
    }
  }
  const std::int64_t took_us = (now - begin) * 1000;
  task_us_ = std::max<std::int64_t>(
      100, (3 * task_us_ + took_us / static_cast<std::int64_t>(tasks)) / 4);
  return absl::OkStatus();
}

FleetReport Supervisor::Sums() {
  FleetReport report;
  report.phones = plan_.phone_count();
  report.clones = plan_.clone_count();
  report.kills = kills_;
  report.phones_killed = phones_killed_;
  for (std::size_t phone = 0; phone < plan_.phone_count(); ++phone) {
    const PhoneState& state = (*states_)[phone];
    report.log.events_recorded += state.events_recorded;
    report.syncs += state.syncs;
    report.streams_broken += state.breaks;
    report.batches_sent += state.batches_sent;
    report.batches_sent_again += state.batches_sent_again;
    report.forks += state.forks;
    report.successor_keys += state.generation;
    report.promises += state.promises;
    report.promises_overdue += state.overdue;
    report.proofs += state.proofs;
    report.evidence += state.evidence;
    report.longest_offline_days =
        std::max(report.longest_offline_days, state.longest_offline_days);
  }
  return report;
}

void Supervisor::ShowProgress(Date day) {
  const bool month_ends = Month::Of(day) != Month::Of(day.Next());
  if (!terminal_ && !month_ends && day != plan_.last_day()) return;
  const FleetReport sums = Sums();
  std::fprintf(
      stderr, "%s%s  %s events  %s phones killed  %s batches sent again%s",
      terminal_ ? "\r" : "", day.Vietnamese().c_str(),
      Thousands(sums.log.events_recorded).c_str(),
      Thousands(sums.phones_killed).c_str(),
      Thousands(sums.batches_sent_again).c_str(), terminal_ ? "  " : "\n");
}

absl::Status Supervisor::Judge(FleetReport* report) {
  std::vector<std::string> journals;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    journals.push_back(JournalPath(options_.directory, i));
  }
  const absl::StatusOr<JournalFacts> facts = ReadJournals(journals);
  if (!facts.ok()) return facts.status();
  const absl::StatusOr<v1::Checkpoint> checkpoint = server_.GetCheckpoint();
  if (!checkpoint.ok()) return checkpoint.status();
  LogCheck check(*facts);
  absl::Status read = server_.ReadEntries(
      checkpoint->tree_size(),
      [&](const v1::Entry& entry) { return check.Add(entry); });
  if (!read.ok()) return read;
  report->log = check.Verdict();
  report->tree_size = checkpoint->tree_size();
  if (report->evidence > 0) {
    return absl::DataLossError("phones hold evidence against the log");
  }
  return check.CheckRoot(*checkpoint);
}

absl::StatusOr<FleetReport> Supervisor::Run() {
  const std::int64_t begin = client::MachineTimerMs();
  signal(SIGPIPE, SIG_IGN);
  absl::StatusOr<std::unique_ptr<SharedState>> states =
      SharedState::Create(StatePath(options_.directory), plan_.phone_count());
  if (!states.ok()) return states.status();
  states_ = *std::move(states);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    absl::Status started = Start(i);
    if (!started.ok()) return started;
  }
  for (Date day = plan_.first_day(); day <= plan_.last_day();
       day = day.Next()) {
    absl::Status lived = BeginDay(day);
    if (lived.ok()) lived = LiveDay(day);
    if (!lived.ok()) return lived;
    ShowProgress(day);
  }
  if (terminal_) std::fprintf(stderr, "\n");
  FleetReport report = Sums();
  for (std::unique_ptr<Process>& worker : workers_) worker.reset();
  absl::Status judged = Judge(&report);
  if (!judged.ok()) return judged;
  report.milliseconds = client::MachineTimerMs() - begin;
  return report;
}

}  // namespace

std::string FleetReport::Json() const {
  nlohmann::ordered_json teams = nlohmann::ordered_json::object();
  for (const auto& [id, events] : log.events_of_teams) {
    teams[std::to_string(id)] = events;
  }
  nlohmann::ordered_json organisations = nlohmann::ordered_json::object();
  for (const auto& [id, events] : log.events_of_organisations) {
    organisations[std::to_string(id)] = events;
  }
  const nlohmann::ordered_json json = {
      {"phones", phones},
      {"clones", clones},
      {"phones_killed", phones_killed},
      {"kills", kills},
      {"syncs", syncs},
      {"streams_broken", streams_broken},
      {"batches_sent", batches_sent},
      {"batches_sent_again", batches_sent_again},
      {"forks", forks},
      {"successor_keys", successor_keys},
      {"longest_offline_days", longest_offline_days},
      {"promises", promises},
      {"promises_overdue", promises_overdue},
      {"proofs", proofs},
      {"evidence", evidence},
      {"events_recorded", log.events_recorded},
      {"events_in_log", log.events_in_log},
      {"lost", log.lost},
      {"duplicates", log.duplicates},
      {"never_recorded", log.never_recorded},
      {"offered_again", log.offered_again},
      {"phone_batches", log.phone_entries},
      {"server_events", log.server_events},
      {"entries", tree_size},
      {"events_of_teams", teams},
      {"events_of_organisations", organisations},
      {"milliseconds", milliseconds}};
  return json.dump();
}

std::string FleetReport::Text() const {
  return absl::StrCat(
      Thousands(log.events_recorded), " events recorded on ", Thousands(phones),
      " phones, ", Thousands(log.events_in_log), " in the log, ", log.lost,
      " lost, ", log.duplicates, " twice, ", log.never_recorded,
      " never recorded; ", Thousands(phones_killed),
      " phones killed in the act, ", Thousands(batches_sent_again),
      " batches sent again, ", successor_keys, " successor keys, up to ",
      longest_offline_days, " days offline; ", Thousands(proofs),
      " receipts proven, ", Thousands(promises), " promised, ", evidence,
      " pieces of evidence, ", milliseconds / 1000, " s");
}

absl::StatusOr<FleetReport> RunFleet(const FleetOptions& options,
                                     const Plan& plan) {
  return Supervisor(options, plan).Run();
}

}  // namespace thon::fleet
