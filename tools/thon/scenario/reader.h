// Reads typed values out of a scenario's YAML tree and notes every mistake with
// its place, so that one look finds all of them.
//
// Every getter notes its own error and then returns false; `*value` is written
// on success only.
#ifndef THON_TOOLS_THON_SCENARIO_READER_H_
#define THON_TOOLS_THON_SCENARIO_READER_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "server/core/civil.h"
#include "server/policy/policy_yaml.h"
#include "server/policy/sentence.h"
#include "server/policy/yaml_tree.h"

namespace thon::scenario {

// Thread-safety: none.
class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  // Makes `text` NFC, with a warning for each line that was not, and parses
  // it. False: it is no YAML of ours; that is noted.
  bool Parse(absl::string_view text, YamlNode* root);

  const std::string& file() const { return file_; }
  void Error(const YamlNode& at, absl::string_view path,
             const Sentence& message) {
    Note(Severity::kError, at.line, at.column, path, message);
  }
  void Note(Severity severity, int line, int column, absl::string_view path,
            const Sentence& message);
  bool has_error() const { return errors_ > 0; }
  int errors() const { return errors_; }
  // By line, then column.
  std::vector<Finding> TakeFindings();

  bool Text(const YamlNode& node, absl::string_view path, std::string* value);
  // A word that names something: letters, digits, - _ . and no digits alone.
  bool Name(const YamlNode& node, absl::string_view path, std::string* value);
  bool Whole(const YamlNode& node, absl::string_view path, std::int64_t min,
             std::int64_t max, std::int64_t* value);
  bool Bool(const YamlNode& node, absl::string_view path, bool* value);
  bool Day(const YamlNode& node, absl::string_view path, Date* value);
  bool YearMonth(const YamlNode& node, absl::string_view path, Month* value);
  bool Months(const YamlNode& node, absl::string_view path, Month* first,
              Month* last);
  bool Moment(const YamlNode& node, absl::string_view path, Instant* value);
  bool Span(const YamlNode& node, absl::string_view path, std::int64_t* ms);
  bool Dong(const YamlNode& node, absl::string_view path, std::int64_t* value);
  // The value's short name, any case; of units' kinds, seats and so on also
  // the Vietnamese word. A number stands for itself: a word of a later version.
  bool EnumWord(const YamlNode& node, absl::string_view path,
                const google::protobuf::EnumDescriptor* type, int* value);
  // The items of a sequence, or the node itself if it is a word.
  std::vector<const YamlNode*> Items(const YamlNode& node,
                                     absl::string_view path);

 private:
  // The scalar's text; nullptr and an error if it is none.
  const std::string* Plain(const YamlNode& node, absl::string_view path,
                           const Sentence& what);

  const std::string file_;
  std::vector<Finding> findings_;
  int errors_ = 0;
};

// A block's fields, each taken by name. What nobody asked for is an error that
// names the nearest of what was asked for.
class Fields {
 public:
  // `reader` and `node` outlive it. Notes an error if `node` is no block.
  Fields(Reader* reader, const YamlNode& node, std::string path);

  bool ok() const { return ok_; }
  const YamlNode& node() const { return *node_; }
  const std::string& path() const { return path_; }
  std::string Path(absl::string_view key) const;

  // nullptr, without an error, if there is none.
  const YamlNode* Find(absl::string_view key);
  // nullptr and an error if there is none.
  const YamlNode* Need(absl::string_view key);
  // Says that this field is known, whether or not it is there.
  void Know(absl::string_view key) { known_.insert(std::string(key)); }
  // Notes what was not asked for.
  void Done();

  // Fields that may be missing: then `*value` stays.
  bool Text(absl::string_view key, std::string* value);
  bool Bool(absl::string_view key, bool* value);
  bool Day(absl::string_view key, Date* value);
  bool Moment(absl::string_view key, Instant* value);
  bool Whole(absl::string_view key, std::int64_t min, std::int64_t max,
             std::int64_t* value);

 private:
  Reader* const reader_;
  const YamlNode* const node_;
  const std::string path_;
  bool ok_ = true;
  std::set<std::string> known_;
};

// "a.b", "a[3]"; "b" at the root.
std::string At(absl::string_view path, absl::string_view key);
std::string At(absl::string_view path, std::size_t index);

// For messages: the text in quotes, cut to a line.
std::string Shown(absl::string_view text);

// "; did you mean \"sync\"?", or nothing in both if `nearest` is empty.
Sentence Perhaps(absl::string_view nearest);

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_READER_H_
