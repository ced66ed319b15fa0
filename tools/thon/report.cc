#include "tools/thon/report.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/core/ids.h"
#include "server/core/limits.h"
#include "server/core/text.h"
#include "tools/thon/text_table.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

// What an official reads; the code is for programs.
absl::string_view VietnameseOf(absl::string_view code) {
  static constexpr std::pair<absl::string_view, absl::string_view> kWords[] = {
      {"MISSING_COLUMN", "thiếu cột"},
      {"UNREAD_COLUMN", "cột không dùng"},
      {"CELL_COUNT", "sai số ô"},
      {"EMPTY", "để trống"},
      {"PADDED", "thừa khoảng trắng"},
      {"NOT_NFC", "không phải NFC"},
      {"NBSP", "khoảng trắng lạ (NBSP)"},
      {"CONTROL_CHARACTER", "ký tự điều khiển"},
      {"TOO_LONG", "quá dài"},
      {"BAD_CODE", "mã sai dạng"},
      {"UNKNOWN_LEVEL", "cấp không rõ"},
      {"UNKNOWN_KIND", "loại không rõ"},
      {"UNKNOWN_VALUE", "giá trị không rõ"},
      {"DUPLICATE_CODE", "trùng mã"},
      {"DUPLICATE", "trùng dòng"},
      {"SAME_NAME", "trùng tên"},
      {"MISSING_PARENT", "thiếu cấp trên"},
      {"WRONG_PARENT", "sai cấp trên"},
      {"NO_COMMUNE", "không có xã nào"},
      {"RENAMED", "đổi tên"},
      {"IDENTITY_UNCLEAR", "chưa rõ cùng đơn vị"},
      {"BAD_ID", "mã định danh sai"},
      {"BAD_DATE", "ngày sai"},
      {"UNKNOWN_UNIT", "không có đơn vị này"},
      {"UNKNOWN_VILLAGE", "không có thôn này"},
      {"UNKNOWN_TEAM", "không có tổ này"},
      {"AMBIGUOUS_TEAM", "nhiều tổ trong một thôn"},
      {"ALREADY_RECORDED", "đã có"},
      {"CONFLICT", "mâu thuẫn"},
      {"NAME_MISMATCH", "tên không khớp mã"},
      {"PERSONAL_DATA", "dữ liệu cá nhân"},
  };
  for (const auto& [word, text] : kWords) {
    if (word == code) return text;
  }
  return "";
}

bool HasControl(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

}  // namespace

void Report::Error(int line, absl::string_view column, absl::string_view code,
                   absl::string_view message) {
  findings_.push_back({line, Severity::kError, std::string(column),
                       std::string(code), std::string(message)});
  ++errors_;
}

void Report::Warning(int line, absl::string_view column, absl::string_view code,
                     absl::string_view message) {
  findings_.push_back({line, Severity::kWarning, std::string(column),
                       std::string(code), std::string(message)});
}

void Report::Sort() {
  std::stable_sort(
      findings_.begin(), findings_.end(),
      [](const Finding& a, const Finding& b) { return a.line < b.line; });
}

void Report::Print(std::ostream& out) const {
  if (findings_.empty()) return;
  TextTable table({{"Dòng (line)", Align::kRight},
                   {"Mức (severity)"},
                   {"Cột (column)"},
                   {"Vấn đề (finding)"},
                   {"Chi tiết (detail)"}});
  for (const Finding& finding : findings_) {
    const absl::string_view words = VietnameseOf(finding.code);
    table.AddRow({finding.line == 0 ? "-" : absl::StrCat(finding.line),
                  finding.severity == Severity::kError ? "lỗi (error)"
                                                       : "lưu ý (warning)",
                  finding.column,
                  words.empty() ? finding.code
                                : absl::StrCat(words, " (", finding.code, ")"),
                  finding.message});
  }
  table.Print(out);
}

Json Report::ToJson() const {
  Json array = Json::array();
  for (const Finding& finding : findings_) {
    array.push_back(
        {{"line", finding.line},
         {"severity",
          finding.severity == Severity::kError ? "ERROR" : "WARNING"},
         {"column", finding.column},
         {"code", finding.code},
         {"message", finding.message}});
  }
  return array;
}

bool RowReader::Open(const CsvRow& row) {
  row_ = &row;
  if (row.cells.size() == table_->columns.size()) return true;
  Error("", "CELL_COUNT",
        absl::StrCat("the row has ", row.cells.size(), " cells, the header ",
                     table_->columns.size()));
  return false;
}

std::string RowReader::Text(absl::string_view column) {
  const absl::string_view cell = table_->Cell(*row_, column);
  std::string text(cell);
  // Reports a fault that can be set right, as an error unless it may be.
  const auto fault = [&](absl::string_view code, absl::string_view what) {
    if (rules_.repair) {
      Warning(column, code, absl::StrCat(what, "; set right"));
    } else {
      Error(column, code,
            absl::StrCat("\"", cell, "\" ", what,
                         "; correct the file or import it with --repair"));
    }
  };
  if (!IsNfc(text)) fault("NOT_NFC", "is not in Unicode NFC");
  if (!IsTrimmed(text)) fault("PADDED", "has blanks around it");
  text = Trim(text);
  if (absl::StrContains(text, "\xC2\xA0")) {
    fault("NBSP", "has a no-break space inside");
  }
  absl::StatusOr<std::string> nfc = ToNfc(text);
  text = nfc.ok() ? *std::move(nfc) : "";
  if (HasControl(text)) {
    Error(column, "CONTROL_CHARACTER",
          "the cell holds a line break or a control character");
    return "";
  }
  if (text.size() > limits::kTextBytesMax) {
    Error(column, "TOO_LONG",
          absl::StrCat("the cell has ", text.size(), " bytes, at most ",
                       limits::kTextBytesMax, " are allowed"));
    return "";
  }
  return text;
}

std::string RowReader::NeedText(absl::string_view column) {
  const int errors_before = report_->errors();
  std::string text = Text(column);
  if (text.empty() && report_->errors() == errors_before) {
    Error(column, "EMPTY", "the cell must not be empty");
  }
  return text;
}

std::uint64_t RowReader::Id(absl::string_view column) {
  const std::string text = Text(column);
  if (text.empty()) return 0;
  std::uint64_t id = 0;
  if (!absl::SimpleAtoi(text, &id) || !IsSurrogateId(id)) {
    Error(column, "BAD_ID",
          absl::StrCat("\"", text,
                       "\" is not a whole number above 0 and below "
                       "2^53"));
    return 0;
  }
  return id;
}

std::int32_t RowReader::Day(absl::string_view column) {
  const std::string text = Text(column);
  if (text.empty()) return 0;
  const absl::StatusOr<Date> date = ParseDate(text);
  if (!date.ok()) {
    Error(column, "BAD_DATE", date.status().message());
    return 0;
  }
  return date->days;
}

bool CheckColumns(const CsvTable& table, const std::vector<std::string>& needed,
                  const std::vector<std::string>& optional, Report* report) {
  bool complete = true;
  for (const std::string& column : needed) {
    if (table.Find(column).has_value()) continue;
    report->Error(table.header_line, column, "MISSING_COLUMN",
                  absl::StrCat("the header has no column \"", column, "\""));
    complete = false;
  }
  for (const std::string& column : table.columns) {
    const auto listed = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), column) != list.end();
    };
    if (listed(needed) || listed(optional)) continue;
    report->Warning(table.header_line, column, "UNREAD_COLUMN",
                    "nothing reads this column");
  }
  return complete;
}

}  // namespace thon::cli
