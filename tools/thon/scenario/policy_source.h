// A policy's text out of a file, with some of its parameters put otherwise.
#ifndef THON_TOOLS_THON_SCENARIO_POLICY_SOURCE_H_
#define THON_TOOLS_THON_SCENARIO_POLICY_SOURCE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/policy/sentence.h"
#include "server/policy/yaml_tree.h"

namespace thon::scenario {

// Puts `value` at `path` ("amount.vnd", "conditions.all[0].at_least"), making
// the blocks that are missing. False, with what is wrong, if the path passes
// through something else.
bool SetAt(YamlNode* root, absl::string_view path, const YamlNode& value,
           Sentence* problem);
// Takes out what stands there. False if nothing does.
bool RemoveAt(YamlNode* root, absl::string_view path, Sentence* problem);

// The tree as YAML text; ReadYaml gives the tree again, but for its places.
std::string WriteYaml(const YamlNode& root);

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_POLICY_SOURCE_H_
