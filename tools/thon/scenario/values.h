// Moments, spans and ranges as a scenario writes them; nullopt: the text is
// none. Pure.
#ifndef THON_TOOLS_THON_SCENARIO_VALUES_H_
#define THON_TOOLS_THON_SCENARIO_VALUES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"

namespace thon::scenario {

// "2023-06-30 18:00", "30/6/2023 18:00:30" in the time of Viet Nam, or RFC
// 3339. A date alone is no moment.
std::optional<Instant> ParseMoment(absl::string_view text);

// "90s", "10m", "-3h", "+366d" in milliseconds.
std::optional<std::int64_t> ParseSpan(absl::string_view text);

// "2023-06..2023-12", or one month alone; the first month is not the later.
std::optional<std::pair<Month, Month>> ParseMonths(absl::string_view text);

// "2023-Q3" as YYYYQ, 20233.
std::optional<std::int32_t> ParseQuarter(absl::string_view text);

// "412/824" unchanged, "3", "unknown" as "x/0": the text that ShowNumber gives.
std::optional<std::string> ParseMetricNumber(absl::string_view text);
// "3" for a count, "412/824" for a ratio, "unknown" for a denominator of 0.
std::string ShowNumber(std::int64_t numerator, std::int64_t denominator,
                       bool ratio);

// "2023-06-30 18:00:00", in the time of Viet Nam.
std::string ShowMoment(Instant instant);

// The word of `known` that differs least from `word`, if little; else "".
std::string Nearest(absl::string_view word,
                    const std::vector<std::string>& known);

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_VALUES_H_
