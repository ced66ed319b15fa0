// What two policies, or two versions of one, differ in.
#ifndef THON_POLICY_POLICY_DIFF_H_
#define THON_POLICY_POLICY_DIFF_H_

#include <optional>
#include <string>
#include <vector>

#include "server/policy/policy.h"
#include "server/policy/policy_words_terms.h"

namespace thon {

struct PolicyDifference {
  std::string path;                // "amount.vnd"
  std::optional<Sentence> before;  // nullopt: the first does not set it.
  std::optional<Sentence> after;   // nullopt: the second does not.
};

// Every parameter, source and assumption that differs, in the order of the
// format; empty if and only if the engine treats both alike and both name the
// same grounds.
std::vector<PolicyDifference> DiffPolicies(const Policy& before,
                                           const Policy& after);

// What the difference comes to in money and months, as far as the policies
// alone say it. Empty if that is the same.
std::vector<Sentence> MoneyDifference(const Policy& before,
                                      const Policy& after);

// What a team gets if it gets every month of the period, whole months and caps
// minded. nullopt: the amount depends on who is a member, on mobilisations or
// on days, or nothing is paid.
std::optional<std::int64_t> TeamTotal(const Policy& policy);

}  // namespace thon

#endif  // THON_POLICY_POLICY_DIFF_H_
