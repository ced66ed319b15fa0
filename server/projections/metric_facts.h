// Values of a policy's selectors for one team and month, read from rows: what
// counts, the same with everything held, and how much came too late.
#ifndef THON_PROJECTIONS_METRIC_FACTS_H_
#define THON_PROJECTIONS_METRIC_FACTS_H_

#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "google/protobuf/arena.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/policy/metrics.h"
#include "server/policy/policy.h"
#include "server/projections/activity_month.h"
#include "server/projections/projection.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// A unit and what is above it on some day.
struct UnitPath {
  struct Step {
    UnitId unit;
    v1::UnitLevel level = v1::UNIT_LEVEL_UNSPECIFIED;
  };
  std::vector<Step> steps;  // From the unit up.

  // The step of that level, UNSPECIFIED: the first; 0: there is none.
  UnitId At(v1::UnitLevel level) const;
};

struct SelectorValues {
  // One a selector of the policy, in its order. Those of rosters and updates,
  // which the engine computes itself, are 0.
  std::vector<MetricNumber> counted;
  std::vector<MetricNumber> with_held;
  std::int64_t late_left_out = 0;
};

// Keeps the months of the team that was asked for last, and values of units.
//
// Thread-safety: none.
class MetricFacts {
 public:
  // Not owned. Rows of activity and units must not change while it lives.
  explicit MetricFacts(const RowReader& rows) : rows_(rows) {}

  // The month as it counts; empty if there is none. Valid until another team is
  // asked for.
  const v1::TeamMonth& MonthOf(std::uint64_t team, Month month);

  // `today`: the last day opened. `path`: the team's unit on the month's map.
  SelectorValues Read(std::uint64_t team, const Policy& policy, Month month,
                      Date today, const UnitPath& path);

 private:
  struct Derived {
    v1::TeamMonth month;
    std::int64_t left_out = 0;
  };
  MonthOptions OptionsFor(const Policy& policy, Month month, Date today,
                          bool with_held) const;
  // As MonthOf, under the options.
  const Derived& DerivedOf(Month month, const MonthOptions& options);
  MetricNumber ReadActivity(const MetricSelector& selector,
                            const std::vector<Month>& months,
                            const Policy& policy, Date today, bool with_held);
  MetricNumber ReadUnit(const MetricSelector& selector,
                        const std::vector<Month>& months, const Policy& policy,
                        Date today, const UnitPath& path);
  void ReadLate(const Policy& policy, const std::set<Month>& months, Date today,
                SelectorValues* values);
  void Begin(std::uint64_t team);

  const RowReader& rows_;
  std::uint64_t team_ = 0;
  google::protobuf::Arena arena_;
  std::map<Month, v1::TeamMonth*> months_;  // The arena's.
  // By month, whether held activities count, and deadline (days 0: none).
  std::map<std::tuple<Month, bool, Date>, Derived> derived_;
  // Of units, for many teams.
  std::map<std::tuple<UnitId, MetricSelector, Date, Date>, MetricNumber> units_;
};

// Whether a determination of `asked` can look at values of `happened`, an
// earlier month or the same, from a source that `is_source` says yes to.
bool LooksAtMonth(const Policy& policy, Month asked, Month happened,
                  bool (*is_source)(MetricSource));
// Whether any selector with such a source looks at more than one month.
bool LooksBack(const Policy& policy, bool (*is_source)(MetricSource));

}  // namespace thon

#endif  // THON_PROJECTIONS_METRIC_FACTS_H_
