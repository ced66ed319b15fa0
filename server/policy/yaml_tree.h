// YAML text as a tree of plain nodes that know where they stand. Values stay
// text: nothing is read as a number, a date or a boolean here.
//
// A small part of YAML on purpose: mappings, sequences and scalars. Anchors,
// aliases, tags, directives, merge keys, several documents, keys that are no
// plain text, repeated keys, quotes that are not closed and letters that cannot
// be seen are errors, so a text means what a reader sees.
#ifndef THON_POLICY_YAML_TREE_H_
#define THON_POLICY_YAML_TREE_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/policy/sentence.h"

namespace thon {

inline constexpr std::size_t kPolicyTextBytesMax = 256 * 1024;
inline constexpr std::size_t kPolicyDepthMax = 24;
inline constexpr std::size_t kPolicyNodesMax = 20'000;

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  int line = 0;                 // From 1.
  int column = 0;               // From 1.
  std::string text;             // kScalar.
  bool quoted = false;          // kScalar: written in quotes, so no number.
  std::vector<YamlNode> items;  // kSequence.
  std::vector<std::pair<std::string, YamlNode>> fields;  // kMap, as written.
};

struct YamlProblem {
  int line = 0;
  int column = 0;
  Sentence message;
};

// "là một từ", "is a word": what the node is, for messages.
Sentence KindWords(const YamlNode& node);

// True if `text` is in that part of YAML and within the bounds. Otherwise
// `*problem` says what is wrong first, and where.
//
// The text must be NFC. With `notes`, a line that is UTF-8 but not NFC, or that
// holds NBSP, is read as if it were, and `*notes` gets its place.
bool ReadYaml(absl::string_view text, YamlNode* root, YamlProblem* problem,
              std::vector<YamlProblem>* notes = nullptr);

}  // namespace thon

#endif  // THON_POLICY_YAML_TREE_H_
