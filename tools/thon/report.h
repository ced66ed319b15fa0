// What an importer found in a file, row by row, in Vietnamese and English. One
// error is enough to record nothing at all.
#ifndef THON_TOOLS_THON_REPORT_H_
#define THON_TOOLS_THON_REPORT_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tools/thon/csv.h"
#include "tools/thon/proto_json.h"

namespace thon::cli {

enum class Severity { kError, kWarning };

// What is wrong and what to do, once for an official and once for everybody.
struct Words {
  std::string vi;
  std::string en;
};

struct Finding {
  int line = 0;  // 0 for the whole file.
  Severity severity = Severity::kError;
  std::string column;  // "" for the whole row.
  std::string title;   // What the file calls that column; may be empty.
  std::string value;   // The cell as it stands in the file; may be empty.
  std::string code;    // UPPER_SNAKE, stable, for programs: "DUPLICATE_CODE".
  Words words;
};

class Report {
 public:
  // Nobody corrects more by hand, and a file of a million wrong rows is held in
  // bounded memory.
  static constexpr int kFindingsMax = 2000;

  void Add(Finding finding);
  void Error(int line, absl::string_view column, absl::string_view code,
             Words words);
  void Warning(int line, absl::string_view column, absl::string_view code,
               Words words);
  // An example row of a template was passed over.
  void AddExample() { ++examples_; }

  int errors() const { return errors_; }
  int warnings() const { return warnings_; }
  int examples() const { return examples_; }
  // The first kFindingsMax errors and as many warnings; errors() and warnings()
  // count all.
  const std::vector<Finding>& findings() const { return findings_; }

  // By line, then in the order they were found.
  void Sort();
  // Each finding as "FILE:LINE: COLUMN: ..." and its words in both languages,
  // and how many more there are.
  void Print(absl::string_view file, std::ostream& out) const;
  Json ToJson() const;

 private:
  int left_out() const {
    return errors_ + warnings_ - static_cast<int>(findings_.size());
  }

  std::vector<Finding> findings_;
  int errors_ = 0;
  int warnings_ = 0;
  int examples_ = 0;
};

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_REPORT_H_
