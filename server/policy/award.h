// What an award table gives to a pooled ranking (DN-05, DN-06, T29). Ranks come
// from elsewhere; this only turns them into money.
#ifndef THON_POLICY_AWARD_H_
#define THON_POLICY_AWARD_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "server/core/ids.h"
#include "server/policy/policy.h"

namespace thon {

struct RankedUnit {
  OrganisationId organisation;
  v1::OrganisationKind kind = v1::ORGANISATION_KIND_UNSPECIFIED;
  int rank = 0;  // Competition ranking over the pool, from 1.
};

struct Award {
  OrganisationId organisation;
  int rank = 0;
  std::int64_t amount_vnd = 0;
  // A tie touches a rank that is paid: a person decides; amount 0.
  bool held = false;
};

// One award for each unit of the pool, in the order given; units of kinds that
// the pool does not have are left out. The sum never passes the table's sum.
std::vector<Award> AwardsFor(const AwardRule& rule,
                             absl::Span<const RankedUnit> ranking);

}  // namespace thon

#endif  // THON_POLICY_AWARD_H_
