// A policy that sets every parameter of the model, and one change of each.
#ifndef THON_TESTS_UNIT_POLICY_RICH_POLICY_H_
#define THON_TESTS_UNIT_POLICY_RICH_POLICY_H_

#include <functional>
#include <string>
#include <vector>

#include "server/policy/policy.h"

namespace thon::testing {

Policy RichPolicy();

struct PolicyChange {
  std::string name;
  std::function<void(Policy*)> apply;
  // The fields that it changes, as policy_words names them.
  std::vector<std::string> fields;
};

// At least one for every member of Policy and of what it holds.
std::vector<PolicyChange> PolicyChanges();

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_POLICY_RICH_POLICY_H_
