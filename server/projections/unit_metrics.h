// Metrics of a unit over a time, and how they compare with a campaign's
// targets.
//
// Words: the structure of a month is the map of its last day, or of the last
// day in it on which the unit existed. A unit's teams in a month are those that
// existed in it and stood below the unit by that map.
//
// How values of what is below a unit become the unit's own:
//   M01 M02 M09 M10 M11 M19 M20 M23   sums over its teams and the months
//   M03        distinct members          M08  distinct households, per team
//   M21        over all inspections      M22  over all activities
//   M04        members on the last day
//   M12 M12b   dossiers of the time: months are summed. In each month the
//              unit's own observation, else the sum of what is below it
//   M13 to M16, M18   a state: the newest own observation of the time, else the
//              sum of what is below it, each with its newest
//   M17        models of the unit and of what is below it, accepted into a
//              quarter that the time touches
//   M24        villages on which a team exists on the last day, of villages
//   M25        teams that a determination of the time pays, of the teams that
//              existed in it
// Numerators and denominators are always summed apart; nothing is a mean of
// ratios (HG-07, HG-14). A ratio that nobody observed, or whose denominator is
// 0, is unknown. Numbers stop at 9 * 10^16, so that a share can be compared.
#ifndef THON_PROJECTIONS_UNIT_METRICS_H_
#define THON_PROJECTIONS_UNIT_METRICS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/policy/metrics.h"
#include "server/policy/policy.h"
#include "server/projections/projection.h"
#include "thon/v1/query_service.pb.h"

namespace thon {

// Days, both included.
struct DaySpan {
  Date first;
  Date last;
  static DaySpan Of(Month first, Month last) {
    return {first.first_day(), last.last_day()};
  }
  bool operator==(const DaySpan&) const = default;
};

// The selector's metric of the unit over the days. `today`: the last day
// opened; a state "on the last day" is never one to come. `over` and `of` of
// the selector are not read: who calls chose the days and the unit. Unknown for
// metrics that are no unit's: M05 to M07 and M26 to M30.
//
// With `policy`, activities that its rule on late ones leaves out do not count.
// Observations, models and determinations are officers' acts and never late.
MetricNumber UnitMetric(const RowReader& rows, UnitId unit,
                        const MetricSelector& selector, DaySpan days,
                        Date today, const Policy* policy = nullptr);

struct UnitMetricValue {
  MetricSelector selector;
  // As Qualifier() has it; of M24 also "units=COMMUNE": of the units of that
  // level, how many have a team somewhere below them (DN-03).
  std::string qualifier;
  MetricNumber value;
};

// Every metric of a unit, in catalogue order: the whole, then each of its parts
// that is not 0.
std::vector<UnitMetricValue> UnitMetrics(const RowReader& rows, UnitId unit,
                                         DaySpan days, Date today,
                                         const Policy* policy = nullptr);

// A target of a policy, held against what was reached in one month, quarter,
// year or in the policy's window.
struct UnitTarget {
  std::size_t target = 0;  // Index in Policy::targets.
  DaySpan days;            // Never outside the policy's period.
  // Not the whole calendar month, quarter or year; not the whole window.
  bool partial = false;
  MetricNumber value;
  v1::TargetOutcome outcome = v1::TARGET_OUTCOME_UNSPECIFIED;
};

// Each target for each of its periods that the months touch (HG-05), in the
// targets' order, then by time. A period begins with its calendar, and ends
// with it or with the last month asked of, within the policy's period (HG-02).
// A count that is due in a whole calendar period is not due in one that the
// policy's first or last day cuts: there it is NO_TARGET; a ratio is compared
// all the same. Left out are targets of another unit level than this unit's.
std::vector<UnitTarget> UnitTargets(const RowReader& rows, const Policy& policy,
                                    UnitId unit, Month first, Month last,
                                    Date today);

// What GetUnitMetrics answers: the values over the months, within the policy's
// period if there is a policy, and, for each target, what it is held against
// under its own qualifier ("over=quarter"): in the last of its periods. If
// there are more periods, or that one is partial, each follows with its days,
// "over=quarter from=2022-06-23 to=2022-06-30". A value whose days are those of
// its metric's only target carries that target's outcome too.
std::vector<v1::UnitMetric> DescribeUnit(const RowReader& rows,
                                         const Policy* policy, UnitId unit,
                                         Month first, Month last, Date today);

// How a level of units is covered with teams on one day.
struct UnitCoverage {
  std::int64_t teams = 0;
  std::int64_t members = 0;
  // Of each level from the unit's own down, by v1::UnitLevel: units in all (the
  // denominator), and those with a team on them or below them.
  MetricNumber levels[v1::UnitLevel_ARRAYSIZE] = {};
};
UnitCoverage CoverageOf(const RowReader& rows, UnitId unit, Date date);

// The value's share in hundredths of a percent, rounded as `mode` says; -1 if
// it is unknown. 771 of 1,356: 5685 down, 5686 half up (YB-08).
std::int64_t BasisPoints(const MetricNumber& value, RoundMode mode);
// "56,85%", "không rõ" if it is unknown. Always rounded down, so that no share
// is shown as a target that it misses.
std::string FormatShare(const MetricNumber& value);

}  // namespace thon

#endif  // THON_PROJECTIONS_UNIT_METRICS_H_
