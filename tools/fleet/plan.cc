#include "tools/fleet/plan.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/core/check.h"
#include "tools/fleet/facts.h"
#include "tools/fleet/sim_clock.h"

namespace thon::fleet {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
// A long absence, in days: over seven weeks.
constexpr int kLongAbsenceMin = 49;
constexpr int kLongAbsenceMax = 62;

Instant At(Date day, std::int64_t ms_of_day) {
  return Instant(TimeZone::VietNam().StartOf(day).ms + ms_of_day);
}

bool IsMonthsLastTwo(Date day) {
  return Month::Of(day) != Month::Of(day.Next().Next());
}

}  // namespace

absl::StatusOr<std::vector<Holder>> ReadCodes(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path));
  }
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> names =
      absl::StrSplit(absl::StripSuffix(line, "\r"), ',');
  std::vector<Holder> holders;
  for (int number = 2; std::getline(file, line); ++number) {
    if (line.empty()) continue;
    const std::vector<std::string> cells =
        absl::StrSplit(absl::StripSuffix(line, "\r"), ',');
    if (cells.size() != names.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": ", cells.size(), " cells, but ",
                       names.size(), " columns"));
    }
    Holder holder;
    const std::map<std::string, std::uint64_t*> ids = {
        {"team_id", &holder.team_id},
        {"member_id", &holder.member_id},
        {"organisation_id", &holder.organisation_id},
        {"village_id", &holder.village_id}};
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto id = ids.find(names[i]);
      if (names[i] == "code") holder.code = cells[i];
      if (id == ids.end() || cells[i].empty()) continue;
      if (!absl::SimpleAtoi(cells[i], id->second)) {
        return absl::InvalidArgumentError(absl::StrCat(
            path, ":", number, ": ", names[i], " is no number: ", cells[i]));
      }
    }
    if (holder.code.empty() ||
        (holder.team_id == 0) == (holder.organisation_id == 0)) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ":", number, ": needs a code, and a team or an organisation"));
    }
    holders.push_back(std::move(holder));
  }
  if (holders.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": no phones"));
  }
  return holders;
}

Plan::Plan(const PlanOptions& options, std::vector<Holder> holders)
    : options_(options), holders_(std::move(holders)) {
  THON_CHECK(options_.from <= options_.to && !holders_.empty());
  const int days = options_.to.days - options_.from.days + 1;
  for (std::size_t phone = 0; phone < holders_.size(); ++phone) {
    syncs_.emplace_back();
    PlanSyncs(phone, first_day());
  }
  // About one phone in 150 is copied, and at least one, if there is time left
  // for both to go on.
  Dice dice(Mix(options_.seed, 3));
  const std::size_t clones =
      days < 40 ? 0 : std::max<std::size_t>(1, holders_.size() / 150);
  std::vector<bool> taken(holders_.size());
  for (std::size_t tries = 0; clones_.size() < clones && tries < 1000 * clones;
       ++tries) {
    const std::size_t original = dice.Below(holders_.size());
    const Date day(options_.from.days +
                   static_cast<int>(dice.Between(days / 8, days * 5 / 8)));
    if (taken[original] || holders_[original].team_id == 0 ||
        !SyncsOn(original, day)) {
      continue;
    }
    taken[original] = true;
    clones_.push_back({original, day});
    syncs_.emplace_back();
    PlanSyncs(holders_.size() + clones_.size() - 1, day.Next());
  }
}

std::size_t Plan::OriginalOf(std::size_t phone) const {
  return phone < holders_.size() ? phone
                                 : clones_[phone - holders_.size()].original;
}

std::uint64_t Plan::SeedOf(std::size_t phone) const {
  return Mix(options_.seed, 1000 + phone);
}

Instant Plan::SyncTime(Date day) { return At(day, 20 * kHourMs); }

void Plan::PlanSyncs(std::size_t phone, Date begin) {
  Dice dice(Mix(SeedOf(phone), 2));
  std::vector<bool>& syncs = syncs_[phone];
  syncs.assign(static_cast<std::size_t>(last_day().days - first_day().days + 1),
               false);
  const auto at = [&](Date day) {
    return syncs.begin() + (day.days - first_day().days);
  };
  // Six in ten come mostly at the month's end; the rest every few days.
  const bool bursts = dice.Percent(60);
  const std::int64_t gap_max = bursts ? 40 : dice.Between(10, 34);
  Date next(begin.days + static_cast<int>(dice.Between(1, gap_max)));
  for (Date day = begin; day <= last_day(); day = day.Next()) {
    const bool monthly = bursts && IsMonthsLastTwo(day) && dice.Percent(45);
    if (day != next && !monthly) continue;
    *at(day) = true;
    next = Date(day.days + static_cast<int>(dice.Between(4, gap_max)));
  }
  // Two in a hundred, and the first of them, have no signal for seven weeks.
  const bool long_absence = phone == 0 || dice.Percent(2);
  const int room = options_.to.days - begin.days - kLongAbsenceMax;
  if (long_absence && room > 2) {
    const Date leave(begin.days + static_cast<int>(dice.Between(1, room - 1)));
    const Date back(leave.days + static_cast<int>(dice.Between(
                                     kLongAbsenceMin, kLongAbsenceMax)));
    std::fill(at(leave), at(back), false);
    *at(leave) = *at(back) = true;
  }
}

bool Plan::SyncsOn(std::size_t phone, Date day) const {
  return syncs_[phone][static_cast<std::size_t>(day.days - first_day().days)];
}

void Plan::AddRecords(std::size_t phone, Date day,
                      std::vector<Task>* tasks) const {
  const Holder& holder = HolderOf(phone);
  Dice dice(Mix(Mix(SeedOf(phone), 4), static_cast<std::uint64_t>(day.days)));
  const std::int64_t days = options_.to.days - options_.from.days + 1;
  // A day in eight is an active one; an organisation's a day in thirty.
  const std::int64_t one_in = holder.team_id != 0 ? 8 : 30;
  Task task;
  task.kind = Task::Kind::kRecord;
  // One in twelve writes things down late in the evening, after the signal.
  task.at =
      At(day, dice.Below(12) == 0
                  ? dice.Between(20 * kHourMs + kMinuteMs, 24 * kHourMs - 1)
                  : dice.Between(7 * kHourMs, 19 * kHourMs));
  const Month month = Month::Of(day);
  // The update is written on one of the month's last four days.
  Dice of_month(
      Mix(Mix(SeedOf(phone), 5), static_cast<std::uint64_t>(month.yyyymm)));
  const bool submits = holder.team_id == 0 || of_month.Percent(85);
  const std::int32_t update_day =
      month.last_day().days - static_cast<int>(of_month.Below(4));
  if (dice.Below(static_cast<std::uint64_t>(one_in)) == 0) {
    const std::int64_t mean =
        std::max<std::int64_t>(1, options_.events_per_phone * one_in / days);
    const std::int64_t count =
        holder.team_id != 0 ? dice.Between(1, 2 * mean - 1) : 1;
    for (std::int64_t i = 0; i < count; ++i) {
      task.events.push_back(MakeActivity(holder, day, &dice));
    }
  }
  if (submits && day.days == update_day) {
    task.events.push_back(MakeMonthlyUpdate(holder, month, &of_month));
  }
  if (!task.events.empty()) tasks->push_back(std::move(task));
}

std::vector<Task> Plan::TasksOf(std::size_t phone, Date day) const {
  std::vector<Task> tasks;
  const bool clone = phone >= holders_.size();
  if (day < first_day() || day > last_day() ||
      (clone && day <= clones_[phone - holders_.size()].day)) {
    return tasks;
  }
  if (day == first_day()) {
    Task enrol;
    enrol.kind = Task::Kind::kEnrol;
    enrol.at = SyncTime(day);
    tasks.push_back(enrol);
  } else if (day <= options_.to) {
    AddRecords(phone, day, &tasks);
  }
  Dice dice(Mix(Mix(SeedOf(phone), 6), static_cast<std::uint64_t>(day.days)));
  const bool last = day == last_day();
  if (SyncsOn(phone, day) || last || day == first_day()) {
    Task sync;
    sync.kind = Task::Kind::kSync;
    sync.at = SyncTime(day);
    sync.breaks = dice.Percent(10) ? static_cast<int>(dice.Between(1, 2)) : 0;
    sync.if_pending = last || day > options_.to;
    tasks.push_back(sync);
  }
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const Task& a, const Task& b) { return a.at < b.at; });
  if (clone) return tasks;
  for (std::size_t i = 0; i < clones_.size(); ++i) {
    if (clones_[i].original != phone || clones_[i].day != day) continue;
    Task copy;
    copy.kind = Task::Kind::kClone;
    copy.at = SyncTime(day);
    copy.clone = holders_.size() + i;
    const auto after =
        std::find_if(tasks.begin(), tasks.end(),
                     [&](const Task& task) { return task.at > copy.at; });
    tasks.insert(after, copy);
  }
  return tasks;
}

}  // namespace thon::fleet
