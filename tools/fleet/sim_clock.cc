#include "tools/fleet/sim_clock.h"

#include <algorithm>

namespace thon::fleet {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayMs = 24 * 60 * kMinuteMs;
constexpr std::int64_t kYear2020Ms = 1'577'811'600'000;  // 2020-01-01 +07:00.

}  // namespace

std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  Dice dice(a ^ (b + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9);
  dice.Next();
  return dice.Next();
}

std::uint64_t Dice::Next() {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

std::int64_t Dice::Between(std::int64_t first, std::int64_t last) {
  return first + static_cast<std::int64_t>(
                     Below(static_cast<std::uint64_t>(last - first) + 1));
}

SimClock::SimClock(std::uint64_t phone_seed, Date first, Date last) {
  Dice dice(Mix(phone_seed, 1));
  const std::uint64_t kind = dice.Below(100);
  const bool year_ahead = kind < 3;
  const bool bad_battery = kind >= 3 && kind < 13;
  offset_ms_ =
      year_ahead ? 366 * kDayMs : dice.Between(-3 * kMinuteMs, 3 * kMinuteMs);
  const TimeZone zone = TimeZone::VietNam();
  const std::int64_t end = zone.StartOf(last).ms + kDayMs;
  std::int64_t at = zone.StartOf(first).ms - dice.Between(1, 20 * kDayMs);
  for (bool before_first = true; at < end; before_first = false) {
    BootSpan span;
    span.begin_ms = at;
    span.number = static_cast<std::uint32_t>(dice.Next());
    span.lost = bad_battery && !before_first;
    span.wall_ms = dice.Percent(50) ? 0 : kYear2020Ms;
    span.corrected_ms = at + dice.Between(kDayMs, 12 * kDayMs);
    boots_.push_back(span);
    at += dice.Between(6 * kDayMs, 45 * kDayMs);
  }
}

const SimClock::BootSpan& SimClock::SpanAt(std::int64_t ms) const {
  const auto after = std::upper_bound(
      boots_.begin(), boots_.end(), ms,
      [](std::int64_t t, const BootSpan& span) { return t < span.begin_ms; });
  return after == boots_.begin() ? *after : *(after - 1);
}

std::int64_t SimClock::WallMs() const {
  const std::int64_t now = now_ms_;
  const BootSpan& span = SpanAt(now);
  if (span.lost && now < span.corrected_ms) {
    return span.wall_ms + (now - span.begin_ms);
  }
  return now + offset_ms_;
}

std::int64_t SimClock::MonotonicMs() const {
  const std::int64_t now = now_ms_;
  return std::max<std::int64_t>(0, now - SpanAt(now).begin_ms);
}

std::uint32_t SimClock::Boot() const { return SpanAt(now_ms_).number; }

}  // namespace thon::fleet
