#include "tools/verify/progress.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "server/core/text.h"

namespace thon::verify {

std::int64_t SteadyMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void Progress::Begin(absl::string_view what, std::uint64_t all) {
  End();
  what_ = std::string(what);
  all_ = all;
  begin_ms_ = SteadyMs();
  written_ms_ = begin_ms_;
}

void Progress::At(std::uint64_t done) {
  if (!shown_) return;
  const std::int64_t now = SteadyMs();
  if (now - written_ms_ < 500) return;
  written_ms_ = now;
  const std::int64_t passed = std::max<std::int64_t>(now - begin_ms_, 1);
  const auto rate = static_cast<std::int64_t>(done) * 1000 / passed;
  const std::int64_t left =
      rate > 0 ? static_cast<std::int64_t>(all_ - std::min(done, all_)) / rate
               : 0;
  std::fprintf(
      stderr, "\r%s: %s / %s mục (entries), %s/s, còn (left) %s s        ",
      what_.c_str(), FormatGrouped(static_cast<std::int64_t>(done)).c_str(),
      FormatGrouped(static_cast<std::int64_t>(all_)).c_str(),
      FormatGrouped(rate).c_str(), FormatGrouped(left).c_str());
  std::fflush(stderr);
  line_open_ = true;
}

void Progress::Sum(std::uint64_t events, std::int64_t ms,
                   std::uint64_t per_second) {
  if (!shown_) return;
  End();
  std::fprintf(stderr, "%s sự kiện (events), %s ms, %s/s\n",
               FormatGrouped(static_cast<std::int64_t>(events)).c_str(),
               FormatGrouped(ms).c_str(),
               FormatGrouped(static_cast<std::int64_t>(per_second)).c_str());
}

void Progress::End() {
  if (!line_open_) return;
  std::fprintf(stderr, "\n");
  line_open_ = false;
}

}  // namespace thon::verify
