#include "server/projections/activity_rows.h"

#include <algorithm>

#include "server/core/check.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"

namespace thon {
namespace {

// A task can be done before it is assigned.
bool IsDue(const v1::TaskRow& task) { return task.assigned_position() != 0; }

std::string DayKey(Holder holder, Date date) {
  return keys::ActivityDay(TeamId(holder.key()), date);
}

std::string MonthKey(Holder holder, Month month) {
  return holder.organisation
             ? keys::OrganisationMonth(OrganisationId(holder.id), month)
             : keys::TeamMonth(TeamId(holder.id), month);
}

v1::EventStanding* FindStanding(v1::EntryStandings* standings,
                                Sequence sequence) {
  auto& exceptions = *standings->mutable_exceptions();
  const auto at = std::lower_bound(
      exceptions.begin(), exceptions.end(), sequence.value,
      [](const v1::EventStanding& standing, std::uint64_t number) {
        return standing.sequence() < number;
      });
  return at != exceptions.end() && at->sequence() == sequence.value ? &*at
                                                                    : nullptr;
}

// The row as a message on the arena; an empty one if it does not exist.
template <typename Message>
Message* LoadRow(const RowReader& rows, Table table, absl::string_view key,
                 google::protobuf::Arena* arena) {
  auto* const message = google::protobuf::Arena::CreateMessage<Message>(arena);
  const std::optional<RowVersion> row = rows.Get(table, key);
  if (row.has_value()) {
    THON_CHECK(message->ParseFromArray(row->value.data(),
                                       static_cast<int>(row->value.size())));
  }
  return message;
}

}  // namespace

Sequence StandingsRowOf(Sequence sequence) {
  return Sequence((sequence.value - 1) / kStandingsBlock * kStandingsBlock + 1);
}

bool IsPlain(const v1::EventStanding& standing) {
  return standing.standing() == v1::STANDING_COUNTED &&
         standing.time_quality() == v1::TIME_QUALITY_TRUSTED &&
         !standing.wall_clock_wrong();
}

ActivityRows::DayEntry& ActivityRows::LoadDay(const DayName& name) {
  const auto [it, added] = days_.try_emplace(name);
  DayEntry& entry = it->second;
  if (!added) return entry;
  entry.day = LoadRow<v1::ActivityDay>(rows_, Table::kActivityDay,
                                       DayKey(name.first, name.second), arena_);
  entry.before = TotalsOf(*entry.day);
  for (const int i : entry.before.followers) {
    const v1::ActivityFact& fact = entry.day->facts(i);
    entry.followers_before.emplace(fact.author_number(), fact.sequence());
  }
  return entry;
}

const v1::ActivityDay& ActivityRows::Day(Holder holder, Date date) {
  return *LoadDay({holder, date}).day;
}

void ActivityRows::AddFact(Holder holder, Date date, v1::ActivityFact fact) {
  DayEntry& entry = LoadDay({holder, date});
  entry.changed = true;
  if (!fact.household().empty()) {
    AddHousehold(holder, date, fact.household(), 1);
  }
  ChangeTask(holder, fact.task_id(), 1);
  thon::AddFact(std::move(fact), entry.day->mutable_facts());
}

bool ActivityRows::RemoveFact(Holder holder, Date date,
                              std::uint32_t author_number, Sequence sequence) {
  DayEntry& entry = LoadDay({holder, date});
  const int i = FindFact(entry.day->facts(), author_number, sequence);
  if (i < 0) return false;
  entry.changed = true;
  const v1::ActivityFact& fact = entry.day->facts(i);
  if (!fact.household().empty()) {
    AddHousehold(holder, date, fact.household(), -1);
  }
  ChangeTask(holder, fact.task_id(), -1);
  entry.day->mutable_facts()->DeleteSubrange(i, 1);
  return true;
}

void ActivityRows::AddHeld(Holder holder, Date date, v1::ActivityFact fact) {
  DayEntry& entry = LoadDay({holder, date});
  entry.changed = true;
  thon::AddFact(std::move(fact), entry.day->mutable_held());
}

void ActivityRows::RemoveHeld(Holder holder, Date date,
                              std::uint32_t author_number, Sequence sequence) {
  DayEntry& entry = LoadDay({holder, date});
  const int i = FindFact(entry.day->held(), author_number, sequence);
  if (i < 0) return;
  entry.changed = true;
  entry.day->mutable_held()->DeleteSubrange(i, 1);
}

std::optional<Date> ActivityRows::FindDate(Holder holder,
                                           std::uint32_t author_number,
                                           Sequence sequence) {
  for (const auto& [name, entry] : days_) {
    if (name.first == holder &&
        FindFact(entry.day->facts(), author_number, sequence) >= 0) {
      return name.second;
    }
  }
  std::optional<Date> found;
  ScanRows<v1::ActivityDay>(
      rows_, Table::kActivityDay, keys::Key().U64(holder.key()).Take(),
      [&](absl::string_view key, const v1::ActivityDay& day, Position) {
        const Date date = keys::KeyView(key).Skip(8).Day();
        // A day in memory is newer than its row.
        if (days_.count({holder, date}) == 0 &&
            FindFact(day.facts(), author_number, sequence) >= 0) {
          found = date;
        }
        return !found.has_value();
      });
  return found;
}

ActivityRows::TaskEntry& ActivityRows::LoadTask(TeamId team,
                                                std::uint64_t task) {
  const auto [it, added] = tasks_.try_emplace(std::make_pair(team, task));
  if (added) {
    it->second.before =
        GetRow<v1::TaskRow>(rows_, Table::kTask, keys::Task(team, task))
            .value_or(v1::TaskRow());
    it->second.now = it->second.before;
  }
  return it->second;
}

// Only teams are given tasks.
void ActivityRows::ChangeTask(Holder holder, std::uint64_t task,
                              int completions) {
  if (task == 0 || holder.organisation) return;
  v1::TaskRow& row = LoadTask(TeamId(holder.id), task).now;
  row.set_completions(row.completions() + completions);
}

void ActivityRows::AssignTask(TeamId team, const v1::PlanAssigned& plan,
                              Position position) {
  v1::TaskRow& row = LoadTask(team, plan.task_id()).now;
  row.set_due_date(plan.due_date());
  row.set_kind(plan.kind());
  row.set_assigned_position(position.value);
}

void ActivityRows::AddTaskTo(TeamId team, const v1::TaskRow& task, int sign) {
  if (!IsDue(task)) return;
  v1::TeamMonth& month =
      Month(Holder::Of(team), Month::Of(Date(task.due_date())));
  month.set_tasks_due(month.tasks_due() + sign);
  if (task.completions() > 0) month.set_tasks_done(month.tasks_done() + sign);
}

void ActivityRows::FlushTasks() {
  for (const auto& [name, entry] : tasks_) {
    const auto& [team, task] = name;
    AddTaskTo(team, entry.before, -1);
    AddTaskTo(team, entry.now, 1);
    const std::string key = keys::Task(team, task);
    if (!IsDue(entry.now) && entry.now.completions() == 0) {
      rows_.Delete(Table::kTask, key);
    } else {
      PutRow(rows_, Table::kTask, key, entry.now);
    }
  }
}

void ActivityRows::AddHousehold(Holder holder, Date date,
                                const std::string& pseudonym,
                                std::int64_t visits) {
  households_[{holder, Month::Of(date), pseudonym}] += visits;
}

v1::TeamMonth& ActivityRows::Month(Holder holder, thon::Month month) {
  const auto [it, added] = months_.try_emplace(std::make_pair(holder, month));
  if (added) {
    it->second = LoadRow<v1::TeamMonth>(
        rows_,
        holder.organisation ? Table::kOrganisationMonth : Table::kTeamMonth,
        MonthKey(holder, month), arena_);
  }
  return *it->second;
}

ActivityRows::BlockEntry& ActivityRows::LoadBlock(const AuthorId& author,
                                                  Sequence sequence) {
  const Sequence first = StandingsRowOf(sequence);
  const auto [it, added] = blocks_.try_emplace(std::make_pair(author, first));
  if (added) {
    it->second.standings = LoadRow<v1::EntryStandings>(
        rows_, Table::kStandings, keys::Standings(author, first), arena_);
  }
  return it->second;
}

std::optional<v1::EventStanding> ActivityRows::Exception(
    const EventName& name) {
  BlockEntry& block = LoadBlock(name.author, name.sequence);
  const v1::EventStanding* standing =
      FindStanding(block.standings, name.sequence);
  if (standing == nullptr) return std::nullopt;
  return *standing;
}

void ActivityRows::SetStanding(const AuthorId& author,
                               const v1::EventStanding& standing) {
  BlockEntry& block = LoadBlock(author, Sequence(standing.sequence()));
  block.changed = true;
  auto& exceptions = *block.standings->mutable_exceptions();
  v1::EventStanding* old =
      FindStanding(block.standings, Sequence(standing.sequence()));
  if (IsPlain(standing)) {
    const auto at = std::find_if(
        exceptions.begin(), exceptions.end(),
        [old](const v1::EventStanding& other) { return &other == old; });
    if (at != exceptions.end()) exceptions.erase(at);
    return;
  }
  if (old != nullptr) {
    *old = standing;
    return;
  }
  *exceptions.Add() = standing;
  for (int i = exceptions.size() - 1;
       i > 0 && exceptions[i].sequence() < exceptions[i - 1].sequence(); --i) {
    exceptions.SwapElements(i, i - 1);
  }
}

// A fact's standing follows from its group: on its own, or behind another
// author's.
void ActivityRows::SetFollower(const DayName& name,
                               const v1::ActivityFact& fact, bool follower) {
  const std::optional<AuthorId> author =
      AuthorOfNumber(rows_, fact.author_number());
  THON_CHECK(author.has_value());
  const EventName event{.author = *author,
                        .sequence = Sequence(fact.sequence())};

  std::optional<v1::EventStanding> standing = Exception(event);
  if (!standing.has_value()) {
    const std::optional<RecordedEvent> recorded =
        events_.Find(event.author, event.sequence);
    THON_CHECK(recorded.has_value());
    standing.emplace();
    standing->set_sequence(fact.sequence());
    standing->set_position(recorded->position.value);
    standing->set_time_quality(v1::TIME_QUALITY_TRUSTED);
    standing->set_local_date(name.second.days);
    standing->set_earliest_ms(fact.instant_ms());
    standing->set_latest_ms(fact.instant_ms());
  }
  standing->set_standing(follower ? v1::STANDING_NOT_COUNTED
                                  : v1::STANDING_COUNTED);
  standing->set_reason(follower ? v1::STANDING_REASON_SAME_SESSION
                                : v1::STANDING_REASON_UNSPECIFIED);
  standing->set_period_month(Month::Of(name.second).yyyymm);
  SetStanding(event.author, *standing);
}

void ActivityRows::SettleDay(const DayName& name, DayEntry* entry) {
  const DayTotals after = TotalsOf(*entry->day);
  ReplaceDay(name.second, entry->before, after,
             &Month(name.first, Month::Of(name.second)));
  std::set<std::pair<std::uint32_t, std::uint64_t>> followers;
  for (const int i : after.followers) {
    const v1::ActivityFact& fact = entry->day->facts(i);
    followers.emplace(fact.author_number(), fact.sequence());
    SetFollower(name, fact, true);
  }
  for (const auto& [number, sequence] : entry->followers_before) {
    if (followers.count({number, sequence}) != 0) continue;
    const int i = FindFact(entry->day->facts(), number, Sequence(sequence));
    if (i >= 0) SetFollower(name, entry->day->facts(i), false);
  }
  if (entry->day->facts().empty() && entry->day->held().empty()) {
    rows_.Delete(Table::kActivityDay, DayKey(name.first, name.second));
  } else {
    PutRow(rows_, Table::kActivityDay, DayKey(name.first, name.second),
           *entry->day);
  }
}

void ActivityRows::FlushHouseholds() {
  for (const auto& [name, change] : households_) {
    if (change == 0) continue;
    const auto& [holder, month, pseudonym] = name;
    const std::string key =
        keys::Household(TeamId(holder.key()), month, pseudonym);
    const std::uint64_t before =
        GetNumber(rows_, Table::kHousehold, key).value_or(0);
    const std::uint64_t after = before + static_cast<std::uint64_t>(change);
    if (after == 0) {
      rows_.Delete(Table::kHousehold, key);
    } else {
      PutNumber(rows_, Table::kHousehold, key, after);
    }
    v1::TeamMonth& row = Month(holder, month);
    row.set_households(row.households() + (after > 0 ? 1 : 0) -
                       (before > 0 ? 1 : 0));
  }
}

void ActivityRows::Flush() {
  for (auto& [name, entry] : days_) {
    if (entry.changed) SettleDay(name, &entry);
  }
  FlushHouseholds();
  FlushTasks();
  for (const auto& [name, month] : months_) {
    const auto& [holder, of] = name;
    const Table table =
        holder.organisation ? Table::kOrganisationMonth : Table::kTeamMonth;
    const std::string key = MonthKey(holder, of);
    if (month->ByteSizeLong() == 0) {
      rows_.Delete(table, key);
    } else {
      PutRow(rows_, table, key, *month);
    }
  }
  for (const auto& [name, block] : blocks_) {
    if (!block.changed) continue;
    const std::string key = keys::Standings(name.first, name.second);
    if (block.standings->exceptions().empty()) {
      rows_.Delete(Table::kStandings, key);
    } else {
      PutRow(rows_, Table::kStandings, key, *block.standings);
    }
  }
}

}  // namespace thon
