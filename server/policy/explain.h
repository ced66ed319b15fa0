// A determination in the shapes that leave the engine: the row, and the
// derivation with a sentence for each rule in Vietnamese and in English.
#ifndef THON_POLICY_EXPLAIN_H_
#define THON_POLICY_EXPLAIN_H_

#include <string>

#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/policy/determine.h"
#include "server/policy/policy.h"
#include "thon/v1/policy.pb.h"

namespace thon {

// The row. `policy_position`: where this version was published.
v1::Determination ToRow(const Policy& policy, const Result& result,
                        Position policy_position);

// The derivation of `result`, which the same run wrote into `trace`: a root
// that says the result and how the amount came about, below it the rules in the
// order they were asked. Each step names its parameter, the parameter's source
// or assumption, what was found beside what is asked for, the positions it
// rests on and the facts it looked at. `events` are left to the caller, who
// has them.
v1::Derivation ToDerivation(const Policy& policy, const BeneficiaryFacts& facts,
                            Month month, const Result& result,
                            const Trace& trace);

// "COMMUNE_NOT_REGISTERED"; empty for UNSPECIFIED.
std::string ReasonName(v1::ReasonCode reason);
// "PROVISIONAL"; empty for UNSPECIFIED.
std::string StateName(v1::DeterminationState state);

// One line a reason, for people.
std::string ReasonVietnamese(v1::ReasonCode reason);
std::string ReasonEnglish(v1::ReasonCode reason);
// "tạm tính"
std::string StateVietnamese(v1::DeterminationState state);

}  // namespace thon

#endif  // THON_POLICY_EXPLAIN_H_
