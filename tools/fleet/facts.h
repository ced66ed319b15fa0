// The facts that phones record, in the mix of a village team's work.
#ifndef THON_TOOLS_FLEET_FACTS_H_
#define THON_TOOLS_FLEET_FACTS_H_

#include "server/core/civil.h"
#include "thon/v1/event.pb.h"
#include "tools/fleet/plan.h"
#include "tools/fleet/sim_clock.h"

namespace thon::fleet {

// One activity of a team's member, or a training of an organisation.
v1::Event MakeActivity(const Holder& holder, Date day, Dice* dice);

// The month as handed in.
v1::Event MakeMonthlyUpdate(const Holder& holder, Month month, Dice* dice);

}  // namespace thon::fleet

#endif  // THON_TOOLS_FLEET_FACTS_H_
