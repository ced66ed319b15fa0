// Reads typed values out of a YAML tree and notes every mistake with its place.
// Used by the policy parser; one reader reads one text.
//
// Every getter notes its own error and then returns false (or nullptr), so that
// one look finds all mistakes. `*value` is only written on success. Wherever a
// value can stand, {value: ..., source: ..., assumption: ...} can stand too.
#ifndef THON_POLICY_YAML_READER_H_
#define THON_POLICY_YAML_READER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/core/civil.h"
#include "server/policy/policy.h"
#include "server/policy/policy_yaml.h"
#include "server/policy/sentence.h"
#include "server/policy/yaml_tree.h"

namespace thon {

// A word of the format and what it stands for.
struct YamlWord {
  absl::string_view word;
  int value;
  bool synonym = false;  // Taken, but not proposed.
};

class YamlReader {
 public:
  using Names = absl::Span<const absl::string_view>;
  using Words = absl::Span<const YamlWord>;

  explicit YamlReader(absl::string_view file) : file_(file) {}

  void Error(const YamlNode& at, absl::string_view path,
             const Sentence& message) {
    Note(Severity::kError, at, path, message);
  }
  void Note(Severity severity, const YamlNode& at, absl::string_view path,
            const Sentence& message);
  std::vector<Finding> TakeFindings();

  // Where sources that stand with a single value are added to; nullptr: none.
  void GatherBasis(Basis* basis) { gathered_ = basis; }

  // True if `node` is a mapping whose fields are all in `known`, or are
  // `source` and `assumption`.
  bool CheckMap(const YamlNode& node, absl::string_view path, Names known);

  // nullptr, without an error, if there is none.
  static const YamlNode* Find(const YamlNode& map, absl::string_view key);
  // nullptr and an error if there is none.
  const YamlNode* Need(const YamlNode& map, absl::string_view path,
                       absl::string_view key);
  // nullptr and an error if it is not a list with at least one item; `like` is
  // an example.
  const YamlNode* List(const YamlNode& node, absl::string_view path,
                       absl::string_view like);

  // Reads `source` and `assumption` of a block; notes an assumption if neither
  // is there.
  Basis ReadBasis(const YamlNode& map, absl::string_view path);
  // A value with a basis of its own: `*basis` becomes the one given with it, or
  // stays. nullptr and an error if it is neither a value nor {value: ...}.
  const YamlNode* WithBasis(const YamlNode& node, absl::string_view path,
                            Basis* basis);

  // Trimmed, with a warning if it was not.
  bool Text(const YamlNode& node, absl::string_view path, std::string* value);
  // Decimal digits only, within [min, max].
  bool Whole(const YamlNode& node, absl::string_view path, std::int64_t min,
             std::int64_t max, std::int64_t* value);
  // Money as people write it, from 1 to 10^15.
  bool Money(const YamlNode& node, absl::string_view path, std::int64_t* value);
  bool Bool(const YamlNode& node, absl::string_view path, bool* value);
  // 2023-06-01, or day first 1/6/2023.
  bool Day(const YamlNode& node, absl::string_view path, Date* value);
  bool Word(const YamlNode& node, absl::string_view path, Words words,
            int* value);
  // A list of different words; only complete if true.
  bool WordList(const YamlNode& node, absl::string_view path, Words words,
                absl::string_view like, std::vector<int>* values);
  // Capitals A to Z, digits, _ and -, at most 64.
  bool Label(const YamlNode& node, absl::string_view path, std::string* value);
  bool LabelList(const YamlNode& node, absl::string_view path,
                 absl::string_view like, std::vector<std::string>* values);

 private:
  // The scalar, unwrapped; nullptr and an error if it is none.
  const YamlNode* Plain(const YamlNode& node, absl::string_view path,
                        const Sentence& what);
  // Its text without blanks around it.
  std::string Trimmed(const YamlNode& node, absl::string_view path);

  const std::string file_;
  std::vector<Finding> findings_;
  Basis* gathered_ = nullptr;
};

// "a.b", or "b" at the root.
std::string YamlPath(absl::string_view parent, absl::string_view key);

// In quotes, for messages: at most a line of it.
std::string Shown(absl::string_view text);

// "; did you mean \"title\"?", or nothing in both: the words most like `word`,
// however written.
Sentence DidYouMean(absl::string_view word,
                    const std::vector<absl::string_view>& known);

}  // namespace thon

#endif  // THON_POLICY_YAML_READER_H_
