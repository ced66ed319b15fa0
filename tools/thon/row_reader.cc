#include "tools/thon/row_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "server/core/ids.h"
#include "server/core/limits.h"
#include "server/core/text.h"
#include "tools/thon/cell_values.h"
#include "tools/thon/column_names.h"

namespace thon::cli {
namespace {

constexpr absl::string_view kNbsp = "\xC2\xA0";
// Zero-width space, joiners and byte order mark; a soft hyphen.
constexpr absl::string_view kInvisible[] = {
    "\xE2\x80\x8B", "\xE2\x80\x8C", "\xE2\x80\x8D", "\xEF\xBB\xBF", "\xC2\xAD"};

bool HasControl(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

bool IsExcelError(absl::string_view text) {
  for (const absl::string_view error :
       {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"}) {
    if (text == error) return true;
  }
  return text.size() >= 2 && text.find_first_not_of('#') == text.npos;
}

std::string TakeInvisible(std::string text, bool* found) {
  for (const absl::string_view letter : kInvisible) {
    *found = *found || absl::StrContains(text, letter);
    text = absl::StrReplaceAll(text, {{letter, ""}});
  }
  return text;
}

std::string OneBlank(absl::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c == ' ' && !plain.empty() && plain.back() == ' ') continue;
    plain.push_back(c);
  }
  return plain;
}

// Excel's ways of keeping a number a text: ="04771" and '04771.
absl::string_view WithoutTextMarks(absl::string_view text) {
  absl::string_view inside = text;
  if (absl::ConsumePrefix(&inside, "=\"") &&
      absl::ConsumeSuffix(&inside, "\"") && !absl::StrContains(inside, '"')) {
    return inside;
  }
  if (text.size() > 1 && text[0] == '\'' &&
      absl::ascii_isdigit(static_cast<unsigned char>(text[1]))) {
    return text.substr(1);
  }
  return text;
}

}  // namespace

void RowReader::Tell(Severity severity, absl::string_view column,
                     absl::string_view code, Words words) {
  Finding finding{line(), severity,          std::string(column), "",
                  "",     std::string(code), std::move(words)};
  if (const auto index = table_->Find(column); index.has_value()) {
    finding.title = table_->titles[*index];
    if (*index < row_->cells.size()) finding.value = row_->cells[*index];
  }
  report_->Add(std::move(finding));
}

void RowReader::Error(absl::string_view column, absl::string_view code,
                      Words words) {
  Tell(Severity::kError, column, code, std::move(words));
}

void RowReader::Warning(absl::string_view column, absl::string_view code,
                        Words words) {
  Tell(Severity::kWarning, column, code, std::move(words));
}

void RowReader::Fault(absl::string_view column, absl::string_view code,
                      Words words) {
  if (rules_.strict) {
    Error(
        column, code,
        {absl::StrCat(words.vi, "; sửa trong tệp, hoặc bỏ --strict"),
         absl::StrCat(words.en, "; correct the file, or leave out --strict")});
  } else {
    Warning(column, code,
            {absl::StrCat(words.vi, "; đã chuẩn hóa"),
             absl::StrCat(words.en, "; set right")});
  }
}

bool RowReader::Open(const CsvRow& row) {
  row_ = &row;
  read_.clear();
  const std::string note = SearchKey(Trim(table_->Cell(row, "note")));
  if (absl::StartsWith(note, "vi du") || absl::StartsWith(note, "example")) {
    Warning("note", "EXAMPLE",
            {"dòng ví dụ của biểu mẫu, được bỏ qua",
             "the example row of the template, passed over"});
    report_->AddExample();
    return false;
  }
  if (row.cells.size() <= table_->columns.size()) return true;
  Error("", "CELL_COUNT",
        {absl::StrCat("dòng có ", row.cells.size(), " ô, tiêu đề có ",
                      table_->columns.size(),
                      " cột; ô có dấu ngăn cột bên trong phải đặt trong dấu "
                      "nháy kép"),
         absl::StrCat("the row has ", row.cells.size(), " cells, the header ",
                      table_->columns.size(),
                      "; a cell that holds the separator must stand in "
                      "quotes")});
  return false;
}

std::string RowReader::Clean(absl::string_view column, absl::string_view cell) {
  if (!IsNfc(cell)) {
    Fault(column, "NOT_NFC",
          {"chữ viết bằng Unicode tổ hợp, không phải dựng sẵn (NFC)",
           "the text is not in Unicode NFC"});
  }
  if (!IsTrimmed(cell)) {
    Fault(column, "PADDED",
          {"thừa khoảng trắng ở đầu hoặc cuối ô", "blanks around the text"});
  }
  std::string text = Trim(cell);
  if (absl::StrContains(text, kNbsp)) {
    Fault(column, "NBSP",
          {"có khoảng trắng lạ (NBSP) bên trong", "a no-break space inside"});
  }
  absl::StatusOr<std::string> nfc = ToNfc(text);
  bool invisible = false;
  text = TakeInvisible(nfc.ok() ? *std::move(nfc) : "", &invisible);
  if (invisible) {
    Fault(column, "INVISIBLE",
          {"có ký tự không nhìn thấy được", "a letter that cannot be seen"});
  }
  if (text.find_first_of("\r\n\t") != std::string::npos) {
    Fault(column, "LINE_BREAK",
          {"có ngắt dòng hoặc tab bên trong ô, thay bằng khoảng trắng",
           "a line break or tab inside the cell, read as a blank"});
    text = absl::StrReplaceAll(
        text, {{"\r\n", " "}, {"\r", " "}, {"\n", " "}, {"\t", " "}});
  }
  if (absl::StrContains(text, "  ")) {
    Fault(column, "DOUBLE_BLANK",
          {"có nhiều khoảng trắng liền nhau", "several blanks in a row"});
    text = OneBlank(text);
  }
  if (const absl::string_view inside = WithoutTextMarks(text);
      inside.size() != text.size()) {
    Fault(column, "TEXT_MARK",
          {"có dấu =\"...\" hoặc ' mà Excel dùng để giữ số là chữ",
           "a mark by which Excel keeps a number a text"});
    text = Trim(inside);
  }
  return text;
}

std::string RowReader::Text(absl::string_view column) {
  const std::string cell(table_->Cell(*row_, column));
  if (cell.empty()) return "";
  const bool again =
      std::find(read_.begin(), read_.end(), column) != read_.end();
  Report aside;
  Report* const told = report_;
  if (again) report_ = &aside;
  read_.emplace_back(column);

  std::string text = Clean(column, cell);
  if (HasControl(text)) {
    Error(column, "CONTROL_CHARACTER",
          {"ô có ký tự điều khiển; xóa rồi gõ lại ô",
           "the cell holds a control character; clear and type it again"});
    text.clear();
  } else if (IsExcelError(text) || absl::StartsWith(text, "=")) {
    Error(column, "FORMULA",
          {"ô có công thức hoặc lỗi của Excel; ghi giá trị vào ô",
           "the cell holds a formula or an error of Excel's; put the value "
           "there"});
    text.clear();
  } else if (text.size() > limits::kTextBytesMax) {
    Error(column, "TOO_LONG",
          {absl::StrCat("ô dài ", text.size(), " byte, tối đa ",
                        limits::kTextBytesMax),
           absl::StrCat("the cell has ", text.size(), " bytes, at most ",
                        limits::kTextBytesMax, " are allowed")});
    text.clear();
  }
  report_ = told;
  return text;
}

std::string RowReader::NeedText(absl::string_view column) {
  std::string text = Text(column);
  if (text.empty() && Trim(table_->Cell(*row_, column)).empty()) {
    Error(column, "EMPTY",
          {"ô này không được để trống", "the cell must not be empty"});
  }
  return text;
}

std::uint64_t RowReader::Id(absl::string_view column) {
  const std::string text = Text(column);
  if (text.empty()) return 0;
  std::uint64_t id = 0;
  const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
  if (digits && absl::SimpleAtoi(text, &id) && IsSurrogateId(id)) return id;
  const bool shortened = absl::StrContains(absl::AsciiStrToUpper(text), "E+");
  Error(column, "BAD_ID",
        shortened
            ? Words{"Excel đã rút gọn số; định dạng cột là Văn bản (Text) rồi "
                    "nhập lại mã",
                    "Excel has shortened the number; format the column as text "
                    "and enter the id again"}
            : Words{"không phải số nguyên lớn hơn 0 và nhỏ hơn 2^53",
                    "not a whole number above 0 and below 2^53"});
  return 0;
}

std::int32_t RowReader::Day(absl::string_view column) {
  const std::string text = Text(column);
  if (text.empty()) return 0;
  Words why;
  const std::optional<Date> date = ParseDayCell(text, &why);
  if (date.has_value()) return date->days;
  Error(column, "BAD_DATE", std::move(why));
  return 0;
}

std::int64_t RowReader::Money(absl::string_view column) {
  const std::string text = Text(column);
  if (text.empty()) return 0;
  Words why;
  const std::optional<std::int64_t> dong = ParseMoneyCell(text, &why);
  if (dong.has_value()) return *dong;
  Error(column, "BAD_MONEY", std::move(why));
  return 0;
}

bool CheckColumns(const CsvTable& table, const std::vector<std::string>& needed,
                  const std::vector<std::string>& optional, Report* report) {
  bool complete = true;
  for (const std::string& column : needed) {
    if (table.Find(column).has_value()) continue;
    report->Error(
        table.header_line, column, "MISSING_COLUMN",
        {absl::StrCat(
             "tiêu đề không có cột \"", VietnameseTitle(column), "\" (", column,
             "); các cột đang có: ", absl::StrJoin(table.titles, ", ")),
         absl::StrCat("the header has no column \"", column,
                      "\"; it has: ", absl::StrJoin(table.titles, ", "))});
    complete = false;
  }
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const std::string& column = table.columns[i];
    const auto listed = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), column) != list.end();
    };
    if (column == "note" || listed(needed) || listed(optional)) continue;
    report->Warning(table.header_line, column, "UNREAD_COLUMN",
                    {absl::StrCat("cột \"", table.titles[i], "\" không dùng"),
                     "nothing reads this column"});
  }
  return complete;
}

}  // namespace thon::cli
