#include "server/core/text.h"

#include <utf8proc.h>

#include <cstdlib>
#include <limits>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace thon {
namespace {

constexpr absl::string_view kNbsp = "\xC2\xA0";
constexpr std::int64_t kDongMax = 1'000'000'000'000'000;

// `text` through utf8proc; false when it is not UTF-8.
bool Map(absl::string_view text, int options, std::string* mapped) {
  utf8proc_uint8_t* raw = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &raw,
                   static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(
      raw, &std::free);
  if (size < 0) return false;
  mapped->assign(reinterpret_cast<const char*>(raw),
                 static_cast<std::size_t>(size));
  return true;
}

constexpr int kNfc = UTF8PROC_STABLE | UTF8PROC_COMPOSE;

// Bytes of the blank that `text` begins or ends with; 0 if there is none.
std::size_t BlankAtStart(absl::string_view text) {
  if (absl::StartsWith(text, kNbsp)) return kNbsp.size();
  if (text.empty()) return 0;
  const char c = text.front();
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' ? 1 : 0;
}

std::size_t BlankAtEnd(absl::string_view text) {
  // No other character of UTF-8 ends in these two bytes.
  if (absl::EndsWith(text, kNbsp)) return kNbsp.size();
  if (text.empty()) return 0;
  const char c = text.back();
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' ? 1 : 0;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes the number that `rest` begins with off it; one too large for money is
// given as kDongMax + 1. Returns why there is no number, or nothing.
absl::string_view TakeNumber(absl::string_view* rest, std::int64_t* number) {
  std::size_t length = 0;
  while (length < rest->size() &&
         (IsDigit((*rest)[length]) || (*rest)[length] == '.')) {
    ++length;
  }
  const absl::string_view text = rest->substr(0, length);
  rest->remove_prefix(length);
  if (text.empty()) return "it does not begin with a number";
  if (absl::StartsWith(*rest, ",")) return "đồng have no decimals";
  const std::size_t first_dot = text.find('.');
  if (first_dot != absl::string_view::npos) {
    // A dot stands before every third digit from the right, nowhere else.
    for (std::size_t i = 0; i < text.size(); ++i) {
      if ((text[i] == '.') != ((text.size() - i) % 4 == 0)) {
        return "its dots do not part thousands";
      }
    }
    if (first_dot == 0) return "its dots do not part thousands";
  }
  if (text.size() > 1 && text[0] == '0') return "it begins with a zero";
  *number = 0;
  for (const char c : text) {
    if (c == '.') continue;
    *number = *number * 10 + (c - '0');
    if (*number > kDongMax) *number = kDongMax + 1;
  }
  return "";
}

// " nghìn", " triệu" or " tỷ", when it is there.
std::int64_t TakeUnit(absl::string_view* rest) {
  if (absl::ConsumePrefix(rest, " nghìn")) return 1'000;
  if (absl::ConsumePrefix(rest, " triệu")) return 1'000'000;
  if (absl::ConsumePrefix(rest, " tỷ")) return 1'000'000'000;
  return 1;
}

// What money is paid for: letters in words, as in "tổ" and "đơn vị".
bool IsWords(absl::string_view text) {
  bool after_letter = false;
  while (!text.empty()) {
    utf8proc_int32_t code = 0;
    const utf8proc_ssize_t size =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                         static_cast<utf8proc_ssize_t>(text.size()), &code);
    if (size <= 0) return false;
    if (code == ' ') {
      if (!after_letter) return false;
      after_letter = false;
    } else {
      const utf8proc_category_t category = utf8proc_category(code);
      if (category < UTF8PROC_CATEGORY_LU || category > UTF8PROC_CATEGORY_LO) {
        return false;
      }
      after_letter = true;
    }
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return after_letter;
}

// True if `rest` is nothing, " đồng", or " đồng" with the things it is paid
// for: "/tổ/tháng", "/1 đơn vị". Only 1 of a thing: "/2 đơn vị" would change
// what the number means.
bool IsCurrency(absl::string_view rest) {
  if (rest.empty()) return true;
  if (!absl::ConsumePrefix(&rest, " đồng")) return false;
  while (absl::ConsumePrefix(&rest, "/")) {
    const absl::string_view thing = rest.substr(0, rest.find('/'));
    if (!IsWords(absl::StripPrefix(thing, "1 "))) return false;
    rest.remove_prefix(thing.size());
  }
  return rest.empty();
}

absl::Status NotMoney(absl::string_view text, absl::string_view reason) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not an amount of money: ", reason,
                   "; write it as \"600.000 đồng\" or \"500 nghìn đồng\""));
}

}  // namespace

absl::StatusOr<std::string> ToNfc(absl::string_view text) {
  std::string nfc;
  if (!Map(text, kNfc, &nfc)) {
    return absl::InvalidArgumentError(
        "the text is not UTF-8; send it in UTF-8");
  }
  return absl::StrReplaceAll(nfc, {{kNbsp, " "}});
}

bool IsNfc(absl::string_view text) {
  std::string nfc;
  return Map(text, kNfc, &nfc) && nfc == text;
}

bool IsTrimmed(absl::string_view text) {
  return BlankAtStart(text) == 0 && BlankAtEnd(text) == 0;
}

std::string Trim(absl::string_view text) {
  while (const std::size_t blank = BlankAtStart(text)) {
    text.remove_prefix(blank);
  }
  while (const std::size_t blank = BlankAtEnd(text)) {
    text.remove_suffix(blank);
  }
  return std::string(text);
}

std::string SearchKey(absl::string_view text) {
  std::string key;
  if (!Map(text, kNfc | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK, &key)) {
    return "";
  }
  return absl::StrReplaceAll(key, {{kNbsp, " "}, {"đ", "d"}});
}

absl::StatusOr<std::int64_t> ParseDong(absl::string_view text) {
  absl::StatusOr<std::string> nfc = ToNfc(text);
  if (!nfc.ok()) return nfc.status();
  absl::string_view rest = *nfc;
  std::int64_t number = 0;
  const absl::string_view reason = TakeNumber(&rest, &number);
  if (!reason.empty()) return NotMoney(*nfc, reason);
  const std::int64_t unit = TakeUnit(&rest);
  if (!IsCurrency(rest)) {
    return NotMoney(*nfc, absl::StrCat("\"", rest, "\" is not understood"));
  }
  if (number > kDongMax / unit) {
    return absl::OutOfRangeError(
        absl::StrCat("\"", *nfc, "\" is more than ", FormatDong(kDongMax),
                     ", the largest amount; correct it"));
  }
  return number * unit;
}

std::string FormatDong(std::int64_t dong) {
  return absl::StrCat(FormatGrouped(dong), " đồng");
}

std::string FormatGrouped(std::int64_t number) {
  // The least int64 has no positive counterpart in int64.
  const std::uint64_t size =
      number < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(number)
                 : static_cast<std::uint64_t>(number);
  const std::string digits = absl::StrCat(size);
  std::string grouped = number < 0 ? "-" : "";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) grouped.push_back('.');
    grouped.push_back(digits[i]);
  }
  return grouped;
}

}  // namespace thon
