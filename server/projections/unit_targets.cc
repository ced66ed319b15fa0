// Targets, coverage and shares of units.
#include <algorithm>
#include <optional>
#include <set>

#include "absl/numeric/int128.h"
#include "absl/strings/str_format.h"
#include "server/projections/registry.h"
#include "server/projections/subtree.h"
#include "server/projections/unit_metrics.h"
#include "server/projections/units.h"

namespace thon {
namespace {

// The calendar's period of that grain that the day is in.
DaySpan PeriodOf(Grain over, Date day) {
  const Month month = Month::Of(day);
  switch (over) {
    case Grain::kQuarter: {
      const Month first = Month::Of(month.year(), month.quarter() * 3 - 2);
      return DaySpan::Of(first, first.Next().Next());
    }
    case Grain::kYear:
      return DaySpan::Of(Month::Of(month.year(), 1),
                         Month::Of(month.year(), 12));
    default:
      return DaySpan::Of(month, month);
  }
}

// The periods of a target that [first, last] touch; `window` is the policy's.
std::vector<DaySpan> PeriodsOf(Grain over, DaySpan asked, DaySpan window) {
  const Date last = std::min(asked.last, window.last);
  std::vector<DaySpan> periods;
  if (over == Grain::kWindow) {
    if (window.first <= last) periods.push_back({window.first, last});
    return periods;
  }
  for (Date day = std::max(asked.first, window.first); day <= last;) {
    const DaySpan whole = PeriodOf(over, day);
    periods.push_back(
        {std::max(whole.first, window.first), std::min(whole.last, last)});
    day = whole.last.Next();
  }
  return periods;
}

v1::TargetOutcome Compare(const Target& target, const MetricNumber& value) {
  if (!target.has_target) return v1::TARGET_OUTCOME_NO_TARGET;
  switch (AtLeast(target.selector, value, target.at_least)) {
    case Truth::kTrue:
      return v1::TARGET_OUTCOME_PASS;
    case Truth::kFalse:
      return v1::TARGET_OUTCOME_FAIL;
    case Truth::kUnknown:
      break;
  }
  return v1::TARGET_OUTCOME_UNKNOWN;
}

}  // namespace

std::vector<UnitTarget> UnitTargets(const RowReader& rows, const Policy& policy,
                                    UnitId unit, Month first, Month last,
                                    Date today) {
  const std::optional<v1::UnitRow> row = GetUnit(rows, unit);
  const DaySpan asked = DaySpan::Of(first, last);
  const DaySpan window =
      policy.has_period ? DaySpan{policy.from, policy.to} : asked;
  std::vector<UnitTarget> results;
  for (std::size_t i = 0; i < policy.targets.size(); ++i) {
    const Target& target = policy.targets[i];
    const v1::UnitLevel of = target.selector.of;
    if (of != v1::UNIT_LEVEL_UNSPECIFIED &&
        (!row.has_value() || row->level() != of)) {
      continue;
    }
    for (const DaySpan& days : PeriodsOf(target.selector.over, asked, window)) {
      UnitTarget result;
      result.target = i;
      result.days = days;
      result.partial = target.selector.over == Grain::kWindow
                           ? days != window
                           : days != PeriodOf(target.selector.over, days.first);
      result.value = UnitMetric(rows, unit, target.selector, days, today);
      result.outcome = Compare(target, result.value);
      results.push_back(result);
    }
  }
  return results;
}

UnitCoverage CoverageOf(const RowReader& rows, UnitId unit, Date date) {
  UnitCoverage coverage;
  for (MetricNumber& level : coverage.levels) level = kUnknownNumber;
  const std::vector<UnitId> units = SubtreeOn(rows, unit, date);
  std::set<UnitId> covered;
  // Children stand behind their parents, so backwards a unit's own children
  // are known before it.
  for (auto at = units.rbegin(); at != units.rend(); ++at) {
    for (const TeamId id : TeamsOn(rows, *at, date)) {
      const std::optional<v1::TeamRow> team = GetTeam(rows, id);
      ++coverage.teams;
      covered.insert(*at);
      for (const v1::TeamMember& member : team->members()) {
        if (member.joined_date() <= date.days &&
            (member.left_date() == 0 || date.days < member.left_date())) {
          ++coverage.members;
        }
      }
    }
    const std::optional<v1::UnitRow> row = GetUnit(rows, *at);
    MetricNumber& level = coverage.levels[row->level()];
    ++level.denominator;
    if (covered.contains(*at)) {
      ++level.numerator;
      covered.insert(ParentOn(*row, date));
    }
  }
  return coverage;
}

std::int64_t BasisPoints(const MetricNumber& value, RoundMode mode) {
  if (value.denominator <= 0) return -1;
  const absl::int128 scaled = absl::int128(value.numerator) * 10'000;
  absl::int128 points = scaled / value.denominator;
  const absl::int128 rest = scaled % value.denominator;
  if ((mode == RoundMode::kUp && rest > 0) ||
      (mode == RoundMode::kHalfUp && rest * 2 >= value.denominator)) {
    ++points;
  }
  return static_cast<std::int64_t>(points);
}

std::string FormatShare(const MetricNumber& value) {
  const std::int64_t points = BasisPoints(value, RoundMode::kDown);
  if (points < 0) return "không rõ";
  return absl::StrFormat("%d,%02d%%", points / 100, points % 100);
}

}  // namespace thon
