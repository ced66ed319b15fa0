// A simulated phone's clocks are evidence like a real one's: monotonic within a
// boot, wrong in the known ways, and the same again after a crash.
//
// Method: a hundred phones, read every six hours for half a year.

#include "tools/fleet/sim_clock.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace thon::fleet {
namespace {

constexpr std::int64_t kStepMs = 6 * 3600 * 1000;
constexpr std::int64_t kDayMs = 4 * kStepMs;
const Date kFirst = Date::Of(2023, 6, 1);
const Date kLast = Date::Of(2023, 12, 31);

template <typename Visit>
void ForEachMoment(const Visit& visit) {
  const TimeZone zone = TimeZone::VietNam();
  for (std::int64_t ms = zone.StartOf(kFirst).ms; ms < zone.StartOf(kLast).ms;
       ms += kStepMs) {
    visit(Instant(ms));
  }
}

TEST(SimClockTest, MonotonicReadingsMoveWithTimeWithinABoot) {
  int boots = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SimClock clock(seed, kFirst, kLast);
    std::int64_t last = -1;
    std::uint32_t boot = 0;
    ForEachMoment([&](Instant now) {
      clock.SetTrueTime(now);
      ASSERT_GE(clock.MonotonicMs(), 0);
      if (last >= 0 && clock.Boot() == boot) {
        ASSERT_EQ(clock.MonotonicMs(), last + kStepMs);
      } else if (last >= 0) {
        ++boots;
      }
      last = clock.MonotonicMs();
      boot = clock.Boot();
    });
  }
  EXPECT_GT(boots, 300);
}

TEST(SimClockTest, AfterACrashThePhoneReadsTheSame) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SimClock before(seed, kFirst, kLast);
    SimClock after(seed, kFirst, kLast);
    ForEachMoment([&](Instant now) {
      before.SetTrueTime(now);
      after.SetTrueTime(now);
      ASSERT_EQ(before.WallMs(), after.WallMs());
      ASSERT_EQ(before.MonotonicMs(), after.MonotonicMs());
      ASSERT_EQ(before.Boot(), after.Boot());
    });
  }
}

TEST(SimClockTest, SomeClocksAreAYearAheadAndSomeBeginAgain) {
  int ahead = 0;
  int begin_again = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SimClock clock(seed, kFirst, kLast);
    bool was_ahead = false;
    bool was_reset = false;
    ForEachMoment([&](Instant now) {
      clock.SetTrueTime(now);
      was_ahead |= clock.WallMs() > now.ms + 300 * kDayMs;
      was_reset |= clock.WallMs() < now.ms - 300 * kDayMs;
    });
    ahead += was_ahead ? 1 : 0;
    begin_again += was_reset ? 1 : 0;
    EXPECT_FALSE(was_ahead && was_reset);
  }
  EXPECT_GT(ahead, 0);
  EXPECT_GT(begin_again, 0);
  EXPECT_LT(ahead + begin_again, 100);
}

}  // namespace
}  // namespace thon::fleet
