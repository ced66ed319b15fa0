// Days and money as cells of spreadsheets say them, and words for what cannot
// be one. Pure; takes text in NFC without blanks around it.
#ifndef THON_TOOLS_THON_CELL_VALUES_H_
#define THON_TOOLS_THON_CELL_VALUES_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "tools/thon/report.h"

namespace thon::cli {

// "1/6/2023", "01-06-2023", "1.6.2023" (the day first, always) or "2023-06-01".
// Not set, with `why`: anything else; a number that Excel shows for a day and a
// date with the month first are named as such, with what was probably meant.
std::optional<Date> ParseDayCell(absl::string_view text, Words* why);

// What ParseDong() takes, also with "₫", "đ", "VND" or "VNĐ" behind, "ngàn" for
// "nghìn", and in capitals. Not set, with `why`: decimals, commas (which part
// thousands in one country and decimals in another), an amount below zero or
// above 10^15, anything else.
std::optional<std::int64_t> ParseMoneyCell(absl::string_view text, Words* why);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_CELL_VALUES_H_
