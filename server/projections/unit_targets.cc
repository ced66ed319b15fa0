// Targets, coverage and shares of units.
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/types/span.h"
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

DaySpan WindowOf(const Policy* policy, DaySpan otherwise) {
  return policy != nullptr && policy->has_period
             ? DaySpan{policy->from, policy->to}
             : otherwise;
}

// Whether the policy's first or last day cuts the calendar's period.
bool IsCut(DaySpan whole, DaySpan window) {
  return whole.first < window.first || window.last < whole.last;
}

v1::UnitMetric Row(const MetricSelector& selector, std::string qualifier,
                   const MetricNumber& value) {
  v1::UnitMetric row;
  row.mutable_value()->set_metric(std::string(InfoOf(selector.metric).id));
  row.mutable_value()->set_qualifier(std::move(qualifier));
  row.mutable_value()->set_numerator(value.numerator);
  row.mutable_value()->set_denominator(value.denominator);
  return row;
}

v1::UnitMetric Row(const Policy& policy, const UnitTarget& result,
                   bool with_days) {
  const Target& target = policy.targets[result.target];
  std::string qualifier = Qualifier(target.selector);
  if (with_days) {
    absl::StrAppend(&qualifier, qualifier.empty() ? "" : " ",
                    "from=", result.days.first.Iso(),
                    " to=", result.days.last.Iso());
  }
  v1::UnitMetric row = Row(target.selector, std::move(qualifier), result.value);
  if (target.has_target) row.set_target(target.at_least);
  row.set_outcome(result.outcome);
  return row;
}

using TargetResults = absl::Span<const UnitTarget>;  // Of one target.

// The results of each target; `results` has them one target after another.
std::vector<TargetResults> ByTarget(absl::Span<const UnitTarget> results) {
  std::vector<TargetResults> targets;
  while (!results.empty()) {
    std::size_t n = 1;
    while (n < results.size() && results[n].target == results[0].target) ++n;
    targets.push_back(results.subspan(0, n));
    results.remove_prefix(n);
  }
  return targets;
}

// The target's row for the last period, and one for each with its days unless
// that would say nothing more.
void AppendTarget(const Policy& policy, TargetResults target,
                  std::vector<v1::UnitMetric>* answer) {
  const v1::UnitMetric last = Row(policy, target.back(), false);
  // Without a qualifier it would be taken for the metric's value.
  const bool named = !last.value().qualifier().empty();
  if (named) answer->push_back(last);
  if (named && target.size() == 1 && !target[0].partial) return;
  for (const UnitTarget& result : target) {
    answer->push_back(Row(policy, result, true));
  }
}

// The outcome of the metric's only target, if it is about the same days.
void Attach(const Policy* policy, absl::Span<const TargetResults> targets,
            DaySpan days, Metric metric, v1::UnitMetric* value) {
  const UnitTarget* only = nullptr;
  for (const TargetResults target : targets) {
    const MetricSelector& selector = policy->targets[target[0].target].selector;
    if (selector.metric != metric) continue;
    if (only != nullptr || target.size() != 1) return;
    MetricSelector whole;
    whole.metric = metric;
    whole.over = selector.over;
    whole.of = selector.of;
    if (selector != whole || target[0].days != days) return;
    only = &target[0];
  }
  if (only == nullptr) return;
  const v1::UnitMetric row = Row(*policy, *only, false);
  value->set_target(row.target());
  value->set_outcome(row.outcome());
}

}  // namespace

std::vector<UnitTarget> UnitTargets(const RowReader& rows, const Policy& policy,
                                    UnitId unit, Month first, Month last,
                                    Date today) {
  const std::optional<v1::UnitRow> row = GetUnit(rows, unit);
  const DaySpan asked = DaySpan::Of(first, last);
  const DaySpan window = WindowOf(&policy, asked);
  std::vector<UnitTarget> results;
  for (std::size_t i = 0; i < policy.targets.size(); ++i) {
    const Target& target = policy.targets[i];
    const v1::UnitLevel of = target.selector.of;
    if (of != v1::UNIT_LEVEL_UNSPECIFIED &&
        (!row.has_value() || row->level() != of)) {
      continue;
    }
    const bool over_window = target.selector.over == Grain::kWindow;
    for (const DaySpan& days : PeriodsOf(target.selector.over, asked, window)) {
      const DaySpan whole =
          over_window ? window : PeriodOf(target.selector.over, days.first);
      UnitTarget result;
      result.target = i;
      result.days = days;
      result.partial = days != whole;
      result.value =
          UnitMetric(rows, unit, target.selector, days, today, &policy);
      result.outcome = Compare(target, result.value);
      if (InfoOf(target.selector.metric).kind == MetricKind::kCount &&
          IsCut(whole, window)) {
        result.outcome = v1::TARGET_OUTCOME_NO_TARGET;
      }
      results.push_back(result);
    }
  }
  return results;
}

std::vector<v1::UnitMetric> DescribeUnit(const RowReader& rows,
                                         const Policy* policy, UnitId unit,
                                         Month first, Month last, Date today) {
  DaySpan days = DaySpan::Of(first, last);
  const DaySpan window = WindowOf(policy, days);
  days = {std::max(days.first, window.first), std::min(days.last, window.last)};
  const std::vector<UnitTarget> results =
      policy == nullptr ? std::vector<UnitTarget>()
                        : UnitTargets(rows, *policy, unit, first, last, today);
  const std::vector<TargetResults> targets = ByTarget(results);
  std::vector<v1::UnitMetric> answer;
  const std::vector<UnitMetricValue> values =
      UnitMetrics(rows, unit, days, today, policy);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const UnitMetricValue& value = values[i];
    const Metric metric = value.selector.metric;
    answer.push_back(Row(value.selector, value.qualifier, value.value));
    if (value.qualifier.empty()) {
      Attach(policy, targets, days, metric, &answer.back());
    }
    // Targets stand behind the metric's last part.
    if (i + 1 < values.size() && values[i + 1].selector.metric == metric) {
      continue;
    }
    for (const TargetResults target : targets) {
      if (policy->targets[target[0].target].selector.metric == metric) {
        AppendTarget(*policy, target, &answer);
      }
    }
  }
  return answer;
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
