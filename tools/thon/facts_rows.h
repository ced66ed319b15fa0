// What the files of facts share: each row once, and rows the server has
// already.
#ifndef THON_TOOLS_THON_FACTS_ROWS_H_
#define THON_TOOLS_THON_FACTS_ROWS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tools/thon/facts_file.h"
#include "tools/thon/report.h"
#include "tools/thon/row_reader.h"

namespace thon::cli {

// An id that the file gives, else the derived one.
inline std::uint64_t IdOr(RowReader* reader, std::uint64_t derived) {
  const std::uint64_t given = reader->Id("id");
  return given == 0 ? derived : given;
}

// Each id and each place of the file once.
class Seen {
 public:
  // False, with a report, if `key` stood in an earlier row.
  bool Add(RowReader* reader, absl::string_view column,
           const std::string& key) {
    const auto [it, is_new] = lines_.emplace(key, reader->line());
    if (is_new) return true;
    reader->Error(column, "DUPLICATE",
                  {absl::StrCat("trùng với dòng ", it->second),
                   absl::StrCat("the same stands in line ", it->second)});
    return false;
  }
  bool AddId(RowReader* reader, std::uint64_t id) {
    return Add(reader, "id", absl::StrCat("id ", id));
  }

 private:
  std::map<std::string, int> lines_;
};

inline void ReportKnown(RowReader* reader, absl::string_view column, bool same,
                        FactsPlan* plan) {
  if (same) {
    ++plan->already_recorded;
    reader->Warning(column, "ALREADY_RECORDED",
                    {"máy chủ đã có, bỏ qua dòng này",
                     "the server has it; the row is left out"});
  } else {
    reader->Error(column, "CONFLICT",
                  {"máy chủ đã có với dữ liệu khác; nhập tệp chỉ thêm, không "
                   "sửa",
                   "the server has it with other data; an import adds, it does "
                   "not change"});
  }
}

// Calls `plan_row` for each row that has all its cells.
template <typename PlanRow>
void ForEachRow(const CsvTable& table, CellRules rules, Report* report,
                const PlanRow& plan_row) {
  RowReader reader(&table, rules, report);
  for (const CsvRow& row : table.rows) {
    if (reader.Open(row)) plan_row(&reader);
  }
  report->Sort();
}

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_FACTS_ROWS_H_
