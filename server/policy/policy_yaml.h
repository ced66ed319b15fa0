// From a policy's YAML text to the model, with everything that is wrong with
// it, each with its place and what to do.
//
// Whatever the parser accepts, the engine does. An unknown parameter is an
// error that names the nearest known words, and so is one that would have no
// effect. Nothing is read and then ignored.
//
// The format: server/policy/FORMAT.md. A parameter is a block or, inside a
// block, a word; both can carry `source:` and `assumption:` (a word as {value:
// ..., source: ...}). A block without either is listed as an assumption.
//
// Pure: text in, model out; no file is opened.
#ifndef THON_POLICY_POLICY_YAML_H_
#define THON_POLICY_POLICY_YAML_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/policy/policy.h"
#include "server/policy/sentence.h"

namespace thon {

enum class Severity {
  kError,       // It cannot be published.
  kWarning,     // It can, but look.
  kAssumption,  // A parameter that no source supports.
};

// "lỗi", "error".
Sentence WordsOf(Severity severity);

struct Finding {
  Severity severity = Severity::kError;
  std::string file;
  int line = 0;      // From 1; 0 for the whole text.
  int column = 0;    // From 1; 0 for the whole line.
  std::string path;  // "amount.vnd"; empty for the text as YAML.
  // What is wrong and what to do. Of an assumption that the text itself says,
  // the same in both: its author's words.
  Sentence message;
};

// One line, its place first, for editors to jump to: "yb.yaml:12:8: lỗi
// (error): amount.vnd: "500000.5" không phải ... (... is no whole ...)".
std::string FormatFinding(const Finding& finding);

struct PolicyText {
  Policy policy;                  // Complete only if ok().
  std::vector<Finding> findings;  // By line, then column.
  bool ok() const;                // No finding is an error.
};

// `file_name` is for the findings only.
PolicyText ParsePolicy(absl::string_view text, absl::string_view file_name);

}  // namespace thon

#endif  // THON_POLICY_POLICY_YAML_H_
