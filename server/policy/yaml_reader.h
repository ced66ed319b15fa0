// Reads typed values out of a YAML tree and notes every mistake with its place.
// Used by the policy parser; one reader reads one text.
//
// Every getter notes its own error and then returns false (or nullptr), so that
// one look finds all mistakes. `*value` is only written on success.
#ifndef THON_POLICY_YAML_READER_H_
#define THON_POLICY_YAML_READER_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/core/civil.h"
#include "server/policy/policy.h"
#include "server/policy/policy_yaml.h"
#include "server/policy/yaml_tree.h"

namespace thon {

// A word of the format and what it stands for.
struct YamlWord {
  absl::string_view word;
  int value;
};

class YamlReader {
 public:
  explicit YamlReader(absl::string_view file) : file_(file) {}

  void Error(const YamlNode& at, absl::string_view path,
             absl::string_view message) {
    Note(Severity::kError, at, path, message);
  }
  void Note(Severity severity, const YamlNode& at, absl::string_view path,
            absl::string_view message);
  std::vector<Finding> TakeFindings();
  bool has_error() const { return has_error_; }

  // True if `node` is a mapping whose fields are all in `known`. A field in
  // `later` is refused as not supported yet, any other as unknown.
  bool CheckMap(const YamlNode& node, absl::string_view path,
                absl::Span<const absl::string_view> known,
                absl::Span<const absl::string_view> later);

  // nullptr, without an error, if there is none.
  static const YamlNode* Find(const YamlNode& map, absl::string_view key);
  // nullptr and an error if there is none.
  const YamlNode* Need(const YamlNode& map, absl::string_view path,
                       absl::string_view key);

  // Reads `source` and `assumption` of a block; notes an assumption if neither
  // is there.
  Basis ReadBasis(const YamlNode& map, absl::string_view path);

  // A word, or {value: word, source:, assumption:}; with the block's own basis
  // in `*basis` if it gives one. nullptr and an error if it is neither.
  const YamlNode* Scalar(const YamlNode& node, absl::string_view path,
                         Basis* basis);

  bool Text(const YamlNode& node, absl::string_view path, std::string* value);
  // Decimal digits only, within [min, max].
  bool Whole(const YamlNode& node, absl::string_view path, std::int64_t min,
             std::int64_t max, std::int64_t* value);
  bool Bool(const YamlNode& node, absl::string_view path, bool* value);
  bool IsoDate(const YamlNode& node, absl::string_view path, Date* value);
  // One of `words`; `later` holds words refused as not supported yet.
  bool Word(const YamlNode& node, absl::string_view path,
            absl::Span<const YamlWord> words,
            absl::Span<const absl::string_view> later, int* value);

 private:
  // The scalar's text, unwrapped; nullptr and an error if it is none.
  const YamlNode* Plain(const YamlNode& node, absl::string_view path,
                        absl::string_view what);

  const std::string file_;
  std::vector<Finding> findings_;
  bool has_error_ = false;
};

// "a.b", or "b" at the root.
std::string YamlPath(absl::string_view parent, absl::string_view key);

}  // namespace thon

#endif  // THON_POLICY_YAML_READER_H_
