// The activities behind a determination, for its explanation.
//
// For each threshold over activities the events are told on which its value
// rests, and those of the same team and time that do not count, with the
// reason. What is said of them is exact:
//   - Events that add to the value as one are a group: the reports of one
//     session (T06); for M01 all of a day, for M03 all of a member, for M08 all
//     visits of a household, for M20 all that say one task was done, for M22
//     all whose instant is known; for M06 the monthly updates in time, and
//     where a missing one is only noted, all updates. Of a group the first has
//     grouped_with 0, the others name it.
//   - Without all events of a named group the value would be another.
//   - Without any number of other activities it would be the same.
// M23 also rests on held activities whose time is SUSPECT, in `positions`. An
// activity of the time that the metric does not look at is not named.
#ifndef THON_PROJECTIONS_EXPLAINED_EVENTS_H_
#define THON_PROJECTIONS_EXPLAINED_EVENTS_H_

#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/policy/policy.h"
#include "server/projections/projection.h"
#include "thon/v1/policy.pb.h"

namespace thon {

// Adds `events`, `events_left_out` and `positions` to the derivation's steps:
// to thresholds over activities; to the step of held events those that are
// held; to that of late ones those that are left out. At most 1,000 events a
// step, the first by day and instant.
void AddExplainedEvents(const RowReader& rows, const EventSource& events,
                        const Policy& policy, TeamId team, Month month,
                        Date today, v1::Derivation* derivation);

}  // namespace thon

#endif  // THON_PROJECTIONS_EXPLAINED_EVENTS_H_
