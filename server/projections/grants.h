// Who may do what: role x unit subtree x validity.
#ifndef THON_PROJECTIONS_GRANTS_H_
#define THON_PROJECTIONS_GRANTS_H_

#include <vector>

#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// Whether the officer has, on `date`, a grant of `role` or one that includes it
// (OPERATOR includes OFFICER, OFFICER includes READER), not taken back, over
// `unit` or a unit above it by the map of `date`. With `unit` 0: over the whole
// log. A unit that does not exist on `date` is looked up on the day of its
// existence nearest to it.
bool IsGranted(const RowReader& rows, OfficerId officer, v1::Role role,
               UnitId unit, Date date);

// The officer's grants that hold on `date`, by id.
std::vector<v1::GrantRow> GrantsOn(const RowReader& rows, OfficerId officer,
                                   Date date);

// Whether anybody has OPERATOR over the whole log on `date`. Until somebody
// has, the log itself may make the first.
bool HasOperator(const RowReader& rows, Date date);

// Does what an effective GrantIssued or GrantRevoked does; other facts do
// nothing.
void ApplyToGrants(const Fact& fact, RowWriter& rows);

}  // namespace thon

#endif  // THON_PROJECTIONS_GRANTS_H_
