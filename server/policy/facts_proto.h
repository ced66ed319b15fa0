// BeneficiaryFacts on the wire: what a server hands a phone, so that both run
// the same engine on the same facts.
#ifndef THON_POLICY_FACTS_PROTO_H_
#define THON_POLICY_FACTS_PROTO_H_

#include "absl/status/statusor.h"
#include "server/policy/determine.h"
#include "server/policy/policy.h"
#include "thon/v1/policy.pb.h"

namespace thon {

v1::DeterminationFacts ToProto(const Policy& policy,
                               const BeneficiaryFacts& facts);

// kInvalidArgument: a number that no server says, or values that are not the
// policy's selectors.
absl::StatusOr<BeneficiaryFacts> FromProto(const Policy& policy,
                                           const v1::DeterminationFacts& proto);

}  // namespace thon

#endif  // THON_POLICY_FACTS_PROTO_H_
