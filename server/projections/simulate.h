// A policy tried over rows as they are: what it would pay, though nobody
// published it.
#ifndef THON_PROJECTIONS_SIMULATE_H_
#define THON_PROJECTIONS_SIMULATE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/policy/policy.h"
#include "server/projections/projection.h"
#include "thon/v1/query_service.pb.h"

namespace thon {

inline constexpr int kSimulatedMonthsMax = 24;

struct SimulationRequest {
  Policy policy;
  UnitId issuer;
  Month first;  // yyyymm 0: the period's first.
  Month last;   // yyyymm 0: the period's last.
  // No funding decision is asked for.
  bool assume_funded = false;
};

struct Simulation {
  Month first;
  Month last;
  // By month, kind, state, reason.
  std::vector<v1::DeterminationSum> sums;
  std::int64_t total_vnd = 0;
};

// The determinations of the months that the policy would give if it were the
// only version of its id: one that is not in force yet counts as in force. What
// was decided for a policy of that id (funding, top-ups, held months) holds for
// it, too. Other policies stay as they are. A month that has not begun is
// forecast from teams and units as they are known now.
//
// Without a period the months asked for are its period.
//
// kInvalidArgument: the months are in no order, too many, or not said though
// the policy has no period. kNotFound: no such unit.
absl::StatusOr<Simulation> Simulate(SimulationRequest request,
                                    const RowReader& rows);

}  // namespace thon

#endif  // THON_PROJECTIONS_SIMULATE_H_
