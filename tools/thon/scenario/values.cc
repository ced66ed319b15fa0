#include "tools/thon/scenario/values.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/core/text.h"
#include "tools/thon/words.h"

namespace thon::scenario {
namespace {

bool ParsePart(absl::string_view text, std::size_t digits, int limit,
               int* value) {
  return text.size() >= 1 && text.size() <= digits &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= '0' && c <= '9'; }) &&
         absl::SimpleAtoi(text, value) && *value < limit;
}

// "18:00", "18:00:30", "18:00:30.250" in milliseconds.
bool ParseClock(absl::string_view text, std::int64_t* ms) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return false;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int thousandth = 0;
  if (!ParsePart(parts[0], 2, 24, &hour)) return false;
  if (parts[1].size() != 2 || !ParsePart(parts[1], 2, 60, &minute)) {
    return false;
  }
  if (parts.size() == 3) {
    const std::vector<absl::string_view> last = absl::StrSplit(parts[2], '.');
    if (last.size() > 2 || last[0].size() != 2 ||
        !ParsePart(last[0], 2, 60, &second)) {
      return false;
    }
    if (last.size() == 2 &&
        (last[1].size() != 3 || !ParsePart(last[1], 3, 1000, &thousandth))) {
      return false;
    }
  }
  *ms = ((hour * 60LL + minute) * 60 + second) * 1000 + thousandth;
  return true;
}

std::size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1,
                         diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<Instant> ParseMoment(absl::string_view text) {
  const absl::StatusOr<Instant> full = ParseInstant(text);
  if (full.ok()) return *full;
  const std::vector<absl::string_view> parts =
      absl::StrSplit(text, absl::ByAnyChar(" T"), absl::SkipEmpty());
  std::int64_t ms = 0;
  if (parts.size() != 2 || !ParseClock(parts[1], &ms)) {
    return std::nullopt;
  }
  const absl::StatusOr<Date> date = cli::ParseDate(parts[0]);
  if (!date.ok()) return std::nullopt;
  return Instant(TimeZone::VietNam().StartOf(*date).ms + ms);
}

std::optional<std::int64_t> ParseSpan(absl::string_view text) {
  absl::string_view rest = text;
  const bool negative = absl::ConsumePrefix(&rest, "-");
  if (!negative) absl::ConsumePrefix(&rest, "+");
  if (rest.size() < 2) return std::nullopt;
  std::int64_t unit = 0;
  switch (rest.back()) {
    case 's':
      unit = 1000;
      break;
    case 'm':
      unit = 60'000;
      break;
    case 'h':
      unit = 3'600'000;
      break;
    case 'd':
      unit = 86'400'000;
      break;
    default:
      return std::nullopt;
  }
  rest.remove_suffix(1);
  int count = 0;
  if (!ParsePart(rest, 6, 1'000'000, &count)) return std::nullopt;
  return (negative ? -1 : 1) * unit * count;
}

std::optional<std::pair<Month, Month>> ParseMonths(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, "..");
  if (parts.size() > 2) return std::nullopt;
  const absl::StatusOr<Month> first = cli::ParseMonth(Trim(parts.front()));
  const absl::StatusOr<Month> last = cli::ParseMonth(Trim(parts.back()));
  if (!first.ok() || !last.ok() || *last < *first) return std::nullopt;
  return std::make_pair(*first, *last);
}

std::optional<std::int32_t> ParseQuarter(absl::string_view text) {
  const std::vector<std::string> parts =
      absl::StrSplit(absl::AsciiStrToUpper(text), "-Q");
  int year = 0;
  int quarter = 0;
  if (parts.size() != 2 || parts[0].size() != 4 ||
      !ParsePart(parts[0], 4, 2200, &year) || parts[1].size() != 1 ||
      !ParsePart(parts[1], 1, 5, &quarter) || quarter == 0) {
    return std::nullopt;
  }
  return year * 10 + quarter;
}

std::optional<std::string> ParseMetricNumber(absl::string_view text) {
  if (absl::AsciiStrToLower(text) == "unknown") return std::string("unknown");
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
  std::int64_t numerator = 0;
  std::int64_t denominator = 0;
  if (parts.size() > 2 || !absl::SimpleAtoi(Trim(parts[0]), &numerator) ||
      (parts.size() == 2 &&
       (!absl::SimpleAtoi(Trim(parts[1]), &denominator) || denominator <= 0))) {
    return std::nullopt;
  }
  return ShowNumber(numerator, denominator, parts.size() == 2);
}

std::string ShowNumber(std::int64_t numerator, std::int64_t denominator,
                       bool ratio) {
  if (!ratio) return absl::StrCat(numerator);
  if (denominator == 0) return "unknown";
  return absl::StrCat(numerator, "/", denominator);
}

std::string ShowMoment(Instant instant) {
  std::string text = TimeZone::VietNam().Format(instant);
  const std::size_t t = text.find('T');
  if (t == std::string::npos) return text;
  text[t] = ' ';
  return text.substr(0, t + 9);
}

std::string Nearest(absl::string_view word,
                    const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  const std::string wanted = SearchKey(word);
  for (const std::string& one : known) {
    const std::size_t distance = Distance(wanted, SearchKey(one));
    if (distance < best_distance) {
      best_distance = distance;
      best = one;
    }
  }
  return best;
}

}  // namespace thon::scenario
