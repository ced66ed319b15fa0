#include "server/projections/activity_month.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "server/projections/activity_day.h"
#include "server/projections/row_keys.h"

namespace thon {
namespace {

// Calls visit(date, day) for the holder's days of the range.
template <typename Visit>
void ScanDays(const RowReader& rows, Holder holder, Date first, Date last,
              const Visit& visit) {
  const std::string prefix = keys::Key().U64(holder.key()).Take();
  rows.Scan(Table::kActivityDay, prefix,
            keys::ActivityDay(TeamId(holder.key()), first),
            [&](absl::string_view key, const RowVersion& row) {
              const Date date = keys::KeyView(key).Skip(8).Day();
              if (date > last) return false;
              v1::ActivityDay day;
              THON_CHECK(day.ParseFromArray(
                  row.value.data(), static_cast<int>(row.value.size())));
              visit(date, std::move(day));
              return true;
            });
}

// What of a day counts under the options; in `left_out`, how much did not
// because it was late.
v1::ActivityDay DayUnder(const MonthOptions& options, Date date,
                         v1::ActivityDay day, std::int64_t* left_out) {
  if (options.with_held) {
    for (v1::ActivityFact& fact : *day.mutable_held()) {
      AddFact(std::move(fact), day.mutable_facts());
    }
    day.clear_held();
  }
  if (!options.late_deadline.has_value()) return day;
  const auto is_late = [&](const v1::ActivityFact& fact) {
    return std::int64_t{date.days} + fact.days_late() >=
           options.late_deadline->days;
  };
  const auto drop_late = [&](ActivityFacts* facts) {
    const int before = facts->size();
    facts->erase(std::remove_if(facts->begin(), facts->end(), is_late),
                 facts->end());
    return before - facts->size();
  };
  *left_out += drop_late(day.mutable_facts());
  // Neither will it count once it is decided.
  drop_late(day.mutable_held());
  return day;
}

void AddDay(const v1::ActivityDay& day, Date date, v1::TeamMonth* month,
            Pseudonyms* households) {
  ReplaceDay(date, DayTotals(), TotalsOf(day), month);
  for (const v1::ActivityFact& fact : day.facts()) {
    if (!fact.household().empty()) households->insert(fact.household());
  }
}

std::pair<Date, Date> DaysOf(Month month, const MonthOptions& options) {
  Date first = month.first_day();
  Date last = month.last_day();
  if (options.first_day.has_value())
    first = std::max(first, *options.first_day);
  if (options.last_day.has_value()) last = std::min(last, *options.last_day);
  return {first, last};
}

// Tasks of which a report that counts under the options says they were done.
std::set<std::uint64_t> TasksDone(const RowReader& rows, Holder holder,
                                  const MonthOptions& options) {
  std::set<std::uint64_t> done;
  ScanRows<v1::ActivityDay>(
      rows, Table::kActivityDay, keys::Key().U64(holder.key()).Take(),
      [&](absl::string_view key, v1::ActivityDay& day, Position) {
        const Date date = keys::KeyView(key).Skip(8).Day();
        std::int64_t left_out = 0;
        const v1::ActivityDay under =
            DayUnder(options, date, std::move(day), &left_out);
        for (const v1::ActivityFact& fact : under.facts()) {
          if (fact.task_id() != 0) done.insert(fact.task_id());
        }
        return true;
      });
  return done;
}

void SetTasks(const RowReader& rows, Holder holder, Month month,
              const MonthOptions& options, v1::TeamMonth* result) {
  const auto [first, last] = DaysOf(month, options);
  const std::set<std::uint64_t> done = TasksDone(rows, holder, options);
  result->clear_tasks_due();
  result->clear_tasks_done();
  ScanRows<v1::TaskRow>(
      rows, Table::kTask, keys::Key().U64(holder.key()).Take(),
      [&, first = first, last = last](absl::string_view key,
                                      const v1::TaskRow& task, Position) {
        const Date due(task.due_date());
        if (task.assigned_position() == 0 || due < first || due > last) {
          return true;
        }
        const std::uint64_t id = keys::KeyView(key).Skip(8).U64();
        result->set_tasks_due(result->tasks_due() + 1);
        if (done.contains(id)) result->set_tasks_done(result->tasks_done() + 1);
        return true;
      });
}

}  // namespace

v1::TeamMonth GetMonth(const RowReader& rows, Holder holder, Month month) {
  return (holder.organisation
              ? GetRow<v1::TeamMonth>(
                    rows, Table::kOrganisationMonth,
                    keys::OrganisationMonth(OrganisationId(holder.id), month))
              : GetRow<v1::TeamMonth>(
                    rows, Table::kTeamMonth,
                    keys::TeamMonth(TeamId(holder.id), month)))
      .value_or(v1::TeamMonth());
}

v1::TeamMonth ComputeMonth(const RowReader& rows, Holder holder, Month month,
                           const MonthOptions& options,
                           std::int64_t* left_out) {
  v1::TeamMonth row = GetMonth(rows, holder, month);
  v1::TeamMonth result;
  result.set_update_submitted_date(row.update_submitted_date());
  result.set_update_confirmed(row.update_confirmed());
  result.mutable_updates()->Swap(row.mutable_updates());
  result.mutable_inspections()->Swap(row.mutable_inspections());
  result.set_tasks_due(row.tasks_due());
  result.set_tasks_done(row.tasks_done());

  const auto [first, last] = DaysOf(month, options);
  std::int64_t late = 0;
  Pseudonyms households;
  ScanDays(rows, holder, first, last, [&](Date date, v1::ActivityDay day) {
    AddDay(DayUnder(options, date, std::move(day), &late), date, &result,
           &households);
  });
  result.set_households(static_cast<std::int64_t>(households.size()));
  if (!options.plain() && !holder.organisation && row.tasks_due() > 0) {
    SetTasks(rows, holder, month, options, &result);
  }
  if (left_out != nullptr) *left_out = late;
  return result;
}

void AddHouseholds(const RowReader& rows, Holder holder, Month month,
                   const MonthOptions& options, Pseudonyms* households) {
  if (options.plain()) {
    const std::string prefix = keys::Household(TeamId(holder.key()), month, "");
    rows.Scan(Table::kHousehold, prefix, "",
              [&](absl::string_view key, const RowVersion&) {
                households->emplace(key.substr(prefix.size()));
                return true;
              });
    return;
  }
  const auto [first, last] = DaysOf(month, options);
  std::int64_t late = 0;
  ScanDays(rows, holder, first, last, [&](Date date, v1::ActivityDay day) {
    const v1::ActivityDay under =
        DayUnder(options, date, std::move(day), &late);
    for (const v1::ActivityFact& fact : under.facts()) {
      if (!fact.household().empty()) households->insert(fact.household());
    }
  });
}

std::int64_t DistinctHouseholds(const RowReader& rows, Holder holder,
                                absl::Span<const Month> months,
                                const MonthOptions& options) {
  Pseudonyms households;
  for (const Month month : months) {
    AddHouseholds(rows, holder, month, options, &households);
  }
  return static_cast<std::int64_t>(households.size());
}

}  // namespace thon
