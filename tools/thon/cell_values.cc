#include "tools/thon/cell_values.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/core/text.h"

namespace thon::cli {
namespace {

bool AllDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

// Three numbers that one kind of mark parts, as they stand.
struct Parts {
  int number[3] = {0, 0, 0};
  std::size_t digits[3] = {0, 0, 0};
  bool ok = false;
};

Parts SplitDate(absl::string_view text) {
  Parts parts;
  for (const char mark : {'/', '-', '.'}) {
    const std::vector<absl::string_view> pieces = absl::StrSplit(text, mark);
    if (pieces.size() != 3) continue;
    parts.ok = true;
    for (std::size_t i = 0; i < 3; ++i) {
      parts.ok = parts.ok && AllDigits(pieces[i]) && pieces[i].size() <= 4 &&
                 absl::SimpleAtoi(pieces[i], &parts.number[i]);
      parts.digits[i] = pieces[i].size();
    }
    return parts;
  }
  return parts;
}

// Day, month and year that are no date, in words.
Words ExplainCivil(int day, int month, int year) {
  if (year < 1900 || year > 2199) {
    return {absl::StrCat("năm ", year, " ngoài khoảng 1900 đến 2199"),
            absl::StrCat("the year ", year, " is not one of 1900 to 2199")};
  }
  if (month > 12 && day >= 1 && day <= 12 && month <= 31) {
    const std::string swapped = absl::StrCat(month, "/", day, "/", year);
    return {absl::StrCat("không có tháng ", month,
                         "; ngày viết trước tháng, có phải là ", swapped, "?"),
            absl::StrCat("there is no month ", month,
                         "; the day comes first, did you mean ", swapped, "?")};
  }
  if (month < 1 || month > 12) {
    return {absl::StrCat("không có tháng ", month),
            absl::StrCat("there is no month ", month)};
  }
  return {absl::StrCat("tháng ", month, "/", year, " không có ngày ", day),
          absl::StrCat("month ", month, "/", year, " has no day ", day)};
}

Words ExplainDay(absl::string_view text, const Parts& parts) {
  if (parts.ok && parts.digits[2] == 4) {
    return ExplainCivil(parts.number[0], parts.number[1], parts.number[2]);
  }
  if (parts.ok && parts.digits[0] == 4 && parts.digits[1] == 2 &&
      parts.digits[2] == 2 && absl::StrContains(text, '-')) {
    return ExplainCivil(parts.number[2], parts.number[1], parts.number[0]);
  }
  if (parts.ok && parts.digits[0] <= 2 && parts.digits[2] == 2) {
    return {"năm phải viết đủ 4 chữ số, như 12/10/2023",
            "write the year with 4 digits, as in 12/10/2023"};
  }
  int serial = 0;
  // Days since 30/12/1899, as Excel counts: 1954 to 2119.
  if (text.size() == 5 && absl::SimpleAtoi(text, &serial) && serial >= 20'000 &&
      serial < 80'000) {
    const std::string day =
        Date(serial + Date::Of(1899 + 1, 1, 1).days - 2).Vietnamese();
    return {absl::StrCat("đây là số của Excel cho ngày ", day,
                         "; định dạng cột là Ngày (dd/mm/yyyy) rồi lưu lại"),
            absl::StrCat("this is Excel's number of the day ", day,
                         "; format the column as a date (dd/mm/yyyy) and save "
                         "again")};
  }
  if (absl::StrContains(text, ':')) {
    return {"chỉ ghi ngày, không ghi giờ, như 12/10/2023",
            "give the day without a time of day, as in 12/10/2023"};
  }
  return {"không phải ngày; viết ngày/tháng/năm như 12/10/2023",
          "not a date; write day/month/year as in 12/10/2023"};
}

bool HasDecimals(absl::string_view text) {
  const std::size_t mark = text.find_last_of(".,");
  if (mark == absl::string_view::npos) return false;
  std::size_t digits = 0;
  for (const char c : text.substr(mark + 1)) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) break;
    ++digits;
  }
  return digits != 3;
}

Words ExplainMoney(absl::string_view text, const absl::Status& status) {
  if (absl::StartsWith(text, "-") || absl::StartsWith(text, "(")) {
    return {"số tiền không được âm", "an amount must not be below zero"};
  }
  if (absl::IsOutOfRange(status)) {
    return {"số tiền lớn hơn 1.000.000.000.000.000 đồng, mức lớn nhất cho phép",
            "the amount is above 1.000.000.000.000.000 đồng, the largest that "
            "is allowed"};
  }
  if (absl::StrContains(absl::AsciiStrToUpper(text), "E+")) {
    return {
        "Excel đã rút gọn số; định dạng cột là Số (không có chữ số thập "
        "phân) rồi lưu lại",
        "Excel has shortened the number; format the column as a number "
        "without decimals and save again"};
  }
  if (!text.empty() &&
      absl::ascii_isdigit(static_cast<unsigned char>(text[0])) &&
      HasDecimals(text)) {
    return {"đồng không có số lẻ; dấu chấm chỉ ngăn hàng nghìn, như 500.000",
            "đồng have no decimals; a dot only parts thousands, as in 500.000"};
  }
  if (absl::StrContains(text, ',')) {
    return {
        "dấu phẩy có thể là số lẻ; ngăn hàng nghìn bằng dấu chấm (500.000) "
        "hoặc viết liền (500000)",
        "a comma may mean decimals; part thousands by dots (500.000) or by "
        "nothing (500000)"};
  }
  return {
      "không phải số tiền; viết như 500000, 500.000, \"500 nghìn đồng\" "
      "hoặc \"2.698.500.000 đồng\"",
      "not an amount of money; write 500000, 500.000, \"500 nghìn đồng\" or "
      "\"2.698.500.000 đồng\""};
}

// The forms that ParseDong() takes, out of those that spreadsheets add.
std::string PlainMoney(absl::string_view text) {
  std::string plain = absl::StrReplaceAll(text, {{"Nghìn", "nghìn"},
                                                 {"NGHÌN", "nghìn"},
                                                 {"ngàn", "nghìn"},
                                                 {"Ngàn", "nghìn"},
                                                 {"NGÀN", "nghìn"},
                                                 {"Triệu", "triệu"},
                                                 {"TRIỆU", "triệu"},
                                                 {"Tỷ", "tỷ"},
                                                 {"TỶ", "tỷ"},
                                                 {"tỉ", "tỷ"},
                                                 {"Tỉ", "tỷ"},
                                                 {"TỈ", "tỷ"},
                                                 {"Đồng", "đồng"},
                                                 {"ĐỒNG", "đồng"}});
  for (const absl::string_view sign :
       {"₫", "VNĐ", "VND", "vnđ", "vnd", "đ", "Đ"}) {
    if (!absl::EndsWith(plain, sign)) continue;
    const absl::string_view number = absl::StripTrailingAsciiWhitespace(
        absl::string_view(plain).substr(0, plain.size() - sign.size()));
    return std::string(number);
  }
  return plain;
}

}  // namespace

std::optional<Date> ParseDayCell(absl::string_view text, Words* why) {
  const absl::StatusOr<Date> iso = ParseIsoDate(text);
  if (iso.ok()) return *iso;
  const Parts parts = SplitDate(text);
  if (parts.ok && parts.digits[0] <= 2 && parts.digits[1] <= 2 &&
      parts.digits[2] == 4) {
    const absl::StatusOr<Date> day = ParseVietnameseDate(absl::StrCat(
        parts.number[0], "/", parts.number[1], "/", parts.number[2]));
    if (day.ok()) return *day;
  }
  *why = ExplainDay(text, parts);
  return std::nullopt;
}

std::optional<std::int64_t> ParseMoneyCell(absl::string_view text, Words* why) {
  const absl::StatusOr<std::int64_t> dong = ParseDong(PlainMoney(text));
  if (dong.ok()) return *dong;
  *why = ExplainMoney(text, dong.status());
  return std::nullopt;
}

}  // namespace thon::cli
