// How each phone and each organisation's reporter is heard: when last, how
// much, with which clock, and whether its key was copied.
#ifndef THON_PROJECTIONS_SYNC_HEALTH_H_
#define THON_PROJECTIONS_SYNC_HEALTH_H_

#include <memory>

#include "server/projections/projection.h"

namespace thon {

// Reads what `activity` makes of the entry, so it comes after it.
std::unique_ptr<Projection> NewSyncHealth();

}  // namespace thon

#endif  // THON_PROJECTIONS_SYNC_HEALTH_H_
