// A policy in plain sentences, Vietnamese and English, made from the model and
// from nothing else: what is not said here the engine does not do.
#ifndef THON_POLICY_POLICY_WORDS_H_
#define THON_POLICY_POLICY_WORDS_H_

#include <string>
#include <vector>

#include "server/policy/policy.h"
#include "server/policy/policy_words_terms.h"

namespace thon {

// One parameter and its value in words. Two policies have the same value in
// words if and only if they have the same value.
struct PolicyField {
  std::string path;  // In the policy's YAML: "amount[1].vnd".
  Sentence value;    // "60.000 đồng"
};

// One rule of a policy.
struct PolicyStatement {
  std::string path;  // "amount[1]"
  Sentence text;     // Says every field of it.
  std::vector<PolicyField> fields;
  // False for what needs no source: the head, and the form of conditions.
  bool needs_basis = false;
  Basis basis;
  int depth = 0;  // Of a condition below others.

  // It rests on no source: somebody assumed it, or nobody said.
  bool assumed() const {
    return needs_basis && (!basis.assumption.empty() || basis.source.empty());
  }
};

// In the order of the format. Every parameter that is set is in one statement.
std::vector<PolicyStatement> DescribePolicy(const Policy& policy);

}  // namespace thon

#endif  // THON_POLICY_POLICY_WORDS_H_
