// What an official should know of a policy before it is published, beyond what
// its parser refuses: conditions that can never hold or always do, a review
// that comes too late, gaps between versions, and two policies that would pay
// the same month although one forbids it.
//
// Pure: texts in, findings out.
#ifndef THON_POLICY_POLICY_CHECK_H_
#define THON_POLICY_POLICY_CHECK_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/policy/policy.h"
#include "server/policy/policy_yaml.h"

namespace thon {

// A policy as people wrote it, and as it was read.
struct PolicySource {
  std::string file;  // For findings.
  std::string text;  // To say where a parameter stands.
  PolicyText parsed;
};

PolicySource ReadPolicySource(absl::string_view text, absl::string_view file);

// What is wrong with the policy by itself: an error makes that no month is ever
// paid, a warning asks to look. Without the parser's findings; empty if those
// have an error.
std::vector<Finding> CheckPolicy(const PolicySource& source);

// What is wrong between policies: of one id, their versions; of two ids of one
// issuer, double support. Each finding is said once for each text that it is
// about. A source with errors is left out.
std::vector<Finding> CheckTogether(absl::Span<const PolicySource> sources);

// Everything: the parser's findings, CheckPolicy() and CheckTogether(), by
// source as given, then by line and column.
std::vector<Finding> CheckPolicies(absl::Span<const PolicySource> sources);

}  // namespace thon

#endif  // THON_POLICY_POLICY_CHECK_H_
