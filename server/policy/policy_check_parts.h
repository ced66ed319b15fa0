// What the files of policy_check share. Private to them.
#ifndef THON_POLICY_POLICY_CHECK_PARTS_H_
#define THON_POLICY_POLICY_CHECK_PARTS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/policy/policy_check.h"
#include "server/policy/policy_words_terms.h"
#include "server/policy/yaml_tree.h"

namespace thon {

// Makes findings about one text, with the line and column of their parameter.
class FindingPlacer {
 public:
  explicit FindingPlacer(const PolicySource& source);

  // The place of the parameter `path`, or of the nearest block above it that
  // the text has.
  Finding Make(Severity severity, absl::string_view path,
               const Sentence& message) const;

 private:
  std::string file_;
  YamlNode root_;
};

// What is said of one condition.
struct ConditionProblem {
  Severity severity = Severity::kWarning;
  std::string path;
  Sentence message;
};

// Conditions that can never hold or always hold, each reported at the smallest
// part of the tree that shows it. An error if no month can ever pass.
std::vector<ConditionProblem> CheckConditions(const Policy& policy);

}  // namespace thon

#endif  // THON_POLICY_POLICY_CHECK_PARTS_H_
