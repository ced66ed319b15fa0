// Reads the cells of a row and reports what is wrong with them. Everything that
// a spreadsheet does to a cell on the way (blanks, letters in NFD, zeros it
// dropped, dates it made numbers) is met here.
#ifndef THON_TOOLS_THON_ROW_READER_H_
#define THON_TOOLS_THON_ROW_READER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tools/thon/csv.h"
#include "tools/thon/report.h"

namespace thon::cli {

// How an importer treats text that is padded, doubly spaced or not in NFC.
struct CellRules {
  // False: it is set right, with a warning. True: it is an error.
  bool strict = false;
};

// Every reader returns a value that is safe to go on with ("" or nothing) after
// it has reported an error.
class RowReader {
 public:
  // All three must outlive the reader.
  RowReader(const CsvTable* table, CellRules rules, Report* report)
      : table_(table), rules_(rules), report_(report) {}

  // Turns to a row. False if there is nothing to read in it: it is the example
  // of a template (its column "note" begins with "VÍ DỤ" or "EXAMPLE"), or it
  // has cells beyond the last column; either is reported.
  bool Open(const CsvRow& row);
  int line() const { return row_->line; }
  Report& report() { return *report_; }
  bool has(absl::string_view column) const {
    return table_->Find(column).has_value();
  }

  // Text in NFC without blanks around it or doubled inside, at most 1,024
  // bytes. A cell is reported once, however often it is read.
  std::string Text(absl::string_view column);
  // The same; an empty cell is an error.
  std::string NeedText(absl::string_view column);
  // A surrogate id; 0 if the cell is empty or wrong.
  std::uint64_t Id(absl::string_view column);
  // A local day, 0 if empty or wrong. Day first, or ISO 8601.
  std::int32_t Day(absl::string_view column);
  // Whole đồng, at most 10^15; 0 if empty or wrong.
  std::int64_t Money(absl::string_view column);

  void Error(absl::string_view column, absl::string_view code, Words words);
  void Warning(absl::string_view column, absl::string_view code, Words words);

 private:
  void Tell(Severity severity, absl::string_view column, absl::string_view code,
            Words words);
  // What can be set right, as a warning, or as an error under strict rules.
  void Fault(absl::string_view column, absl::string_view code, Words words);
  std::string Clean(absl::string_view column, absl::string_view cell);

  const CsvTable* table_;
  CellRules rules_;
  Report* report_;
  const CsvRow* row_ = nullptr;
  // Columns of this row that were read: a second reading is silent.
  std::vector<std::string> read_;
};

// Reports columns that must be there and are not, and those that nothing reads.
// False if one is missing. "note" may always be there.
bool CheckColumns(const CsvTable& table, const std::vector<std::string>& needed,
                  const std::vector<std::string>& optional, Report* report);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_ROW_READER_H_
