#include "server/projections/activity.h"
#include "server/projections/acts.h"
#include "server/projections/eligibility.h"
#include "server/projections/emulation.h"
#include "server/projections/projection.h"
#include "server/projections/registry.h"
#include "server/projections/sync_health.h"
#include "server/projections/units.h"

namespace thon {

std::vector<std::unique_ptr<Projection>> AllProjections() {
  std::vector<std::unique_ptr<Projection>> all;
  all.push_back(NewActs());
  all.push_back(NewUnits());
  all.push_back(NewRegistry());
  all.push_back(NewActivity());
  all.push_back(NewEmulation());
  all.push_back(NewEligibility());
  all.push_back(NewSyncHealth());
  return all;
}

}  // namespace thon
