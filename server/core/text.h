// Text as people write it: Unicode NFC, trimmed, and amounts of money.
#ifndef THON_CORE_TEXT_H_
#define THON_CORE_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace thon {

// NFC with every NBSP (U+00A0) made a space. kInvalidArgument: not UTF-8.
absl::StatusOr<std::string> ToNfc(absl::string_view text);
bool IsNfc(absl::string_view text);
// True if `text` has no blank (space, tab, newline, NBSP) at either end.
bool IsTrimmed(absl::string_view text);
std::string Trim(absl::string_view text);

// What search compares: NFC, case folded, without tones and other marks, đ as
// d. "Tổ CĐS xã Vĩnh Kiên" -> "to cds xa vinh kien". Empty if not UTF-8.
std::string SearchKey(absl::string_view text);

// Đồng, whole. "500 nghìn", "600.000 đồng", "1.500.000 đồng",
// "500 nghìn đồng/tổ/tháng", "500 triệu đồng/1 đơn vị", "500000".
// nghìn = 10^3, triệu = 10^6, tỷ = 10^9. kInvalidArgument: decimals, an empty
// text, misplaced dots, anything else; the message says what. Above 10^15:
// kOutOfRange.
absl::StatusOr<std::int64_t> ParseDong(absl::string_view text);
// 2698500000 -> "2.698.500.000 đồng"; -500000 -> "-500.000 đồng".
std::string FormatDong(std::int64_t dong);
// 2698500000 -> "2.698.500.000".
std::string FormatGrouped(std::int64_t number);

}  // namespace thon

#endif  // THON_CORE_TEXT_H_
