// What officers' acts about money do to rows: policies, lists, funding
// decisions, top-ups, mobilisations, support from outside, decisions of held
// months, rules of transition.
#ifndef THON_PROJECTIONS_MONEY_ACTS_H_
#define THON_PROJECTIONS_MONEY_ACTS_H_

#include <cstdint>
#include <optional>

#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// Does what an effective fact does; other facts do nothing. A fact whose
// document is not there or says something else does nothing either.
// `local_date` is the entry's.
void ApplyToMoneyBook(const Fact& fact, Date local_date,
                      const EventSource& events, RowWriter& rows);

// The newest support from outside that holds for the month; 0: none. A record
// that ends support takes back what was recorded before it with the same
// description, or all of it if it has none.
Position OutsideSupport(const v1::OtherSupportRow& row, Month month);

}  // namespace thon

#endif  // THON_PROJECTIONS_MONEY_ACTS_H_
