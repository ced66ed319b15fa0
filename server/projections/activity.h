// What teams and organisations did: which events count, for which month, and
// what each month's metrics are read from (catalogue M01 to M03, M06 to M11 and
// M19 to M23).
//
// Each event of a phone or an organisation's reporter is judged when it is
// recorded (judgement.h), and again when something it rests on changes: a later
// anchor, its team, its author, an officer's decision, a correction. What it
// added is then taken out of the rows and what it adds now is put in. So the
// rows depend on the facts and not on the order in which phones were heard, as
// far as times are TRUSTED.
#ifndef THON_PROJECTIONS_ACTIVITY_H_
#define THON_PROJECTIONS_ACTIVITY_H_

#include <memory>
#include <vector>

#include "server/core/ids.h"
#include "server/projections/projection.h"
#include "thon/v1/log.pb.h"

namespace thon {

std::unique_ptr<Projection> NewActivity();

// The author's exceptions with numbers [first, last], ascending: every event
// that does not count, whose time is not TRUSTED or whose wall clock was wrong.
// A recorded event without exception is COUNTED and TRUSTED.
std::vector<v1::EventStanding> StandingsOf(const RowReader& rows,
                                           const AuthorId& author,
                                           Sequence first, Sequence last);

}  // namespace thon

#endif  // THON_PROJECTIONS_ACTIVITY_H_
