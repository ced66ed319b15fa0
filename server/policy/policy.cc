#include "server/policy/policy.h"

#include <algorithm>

namespace thon {

bool Policy::reads_metrics() const {
  // What is left out as late is said of every month, with conditions or not.
  if (late.effect == LateEffect::kLeftOut) return true;
  return std::any_of(
      selectors.begin(), selectors.end(), [](const MetricSelector& selector) {
        const MetricSource source = InfoOf(selector.metric).source;
        return source != MetricSource::kRoster &&
               source != MetricSource::kUpdate;
      });
}

bool Policy::reads_roster() const {
  return seats.has_value() || pays_by(AmountUnit::kMemberMonth) ||
         std::any_of(selectors.begin(), selectors.end(),
                     [](const MetricSelector& selector) {
                       return InfoOf(selector.metric).source ==
                              MetricSource::kRoster;
                     });
}

bool Policy::pays_by(AmountUnit unit) const {
  return std::any_of(amounts.begin(), amounts.end(),
                     [&](const AmountLine& line) { return line.unit == unit; });
}

}  // namespace thon
