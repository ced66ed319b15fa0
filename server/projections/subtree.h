// What is below a unit on one day.
#ifndef THON_PROJECTIONS_SUBTREE_H_
#define THON_PROJECTIONS_SUBTREE_H_

#include <vector>

#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"

namespace thon {

// The unit and everything below it by the map of `date`, each before its
// children. Empty if it does not exist on that day.
std::vector<UnitId> SubtreeOn(const RowReader& rows, UnitId root, Date date);

// The teams that exist on `date` and stand on a unit of the subtree, ascending.
std::vector<TeamId> TeamsBelow(const RowReader& rows, UnitId root, Date date);

}  // namespace thon

#endif  // THON_PROJECTIONS_SUBTREE_H_
