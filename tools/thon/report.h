// What an importer found in a file, row by row. One error is enough to record
// nothing at all.
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

struct Finding {
  int line = 0;  // 0 for the whole file.
  Severity severity = Severity::kError;
  std::string column;   // "" for the whole row.
  std::string code;     // UPPER_SNAKE, stable, for programs: "DUPLICATE_CODE".
  std::string message;  // What is wrong and what to do.
};

class Report {
 public:
  void Error(int line, absl::string_view column, absl::string_view code,
             absl::string_view message);
  void Warning(int line, absl::string_view column, absl::string_view code,
               absl::string_view message);

  int errors() const { return errors_; }
  int warnings() const { return static_cast<int>(findings_.size()) - errors_; }
  const std::vector<Finding>& findings() const { return findings_; }

  // By line, then in the order they were found.
  void Sort();
  void Print(std::ostream& out) const;
  Json ToJson() const;

 private:
  std::vector<Finding> findings_;
  int errors_ = 0;
};

// How an importer treats text that is padded or not in NFC.
struct CellRules {
  // False: such a cell is an error. True: it is set right, with a warning.
  bool repair = false;
};

// Reads the cells of one row and reports what is wrong with them.
//
// Every reader returns a value that is safe to go on with ("" or nothing) after
// it has reported an error.
class RowReader {
 public:
  // All three must outlive the reader.
  RowReader(const CsvTable* table, CellRules rules, Report* report)
      : table_(table), rules_(rules), report_(report) {}

  // Turns to a row. False if it has another number of cells than the header;
  // that is reported.
  bool Open(const CsvRow& row);
  int line() const { return row_->line; }
  Report& report() { return *report_; }

  // Text in NFC without blanks around it, at most 1,024 bytes.
  std::string Text(absl::string_view column);
  // The same; an empty cell is an error.
  std::string NeedText(absl::string_view column);
  // A surrogate id; 0 if the cell is empty or wrong.
  std::uint64_t Id(absl::string_view column);
  // A local day, 0 if empty or wrong.
  std::int32_t Day(absl::string_view column);

  void Error(absl::string_view column, absl::string_view code,
             absl::string_view message) {
    report_->Error(line(), column, code, message);
  }
  void Warning(absl::string_view column, absl::string_view code,
               absl::string_view message) {
    report_->Warning(line(), column, code, message);
  }

 private:
  const CsvTable* table_;
  CellRules rules_;
  Report* report_;
  const CsvRow* row_ = nullptr;
};

// Reports columns that must be there and are not, and those that nothing reads.
// False if one is missing.
bool CheckColumns(const CsvTable& table, const std::vector<std::string>& needed,
                  const std::vector<std::string>& optional, Report* report);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_REPORT_H_
