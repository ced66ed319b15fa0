// The clocks of one simulated phone, as a function of the true time: the same
// seed, phone and true time give the same readings, also in another process
// after a crash.
//
// Of a hundred phones about three are a year ahead, and ten have a battery that
// fails: their wall clock begins at 1970 or 2020 with each boot, until the
// network sets it some days later. The others are off by up to three minutes.
#ifndef THON_TOOLS_FLEET_SIM_CLOCK_H_
#define THON_TOOLS_FLEET_SIM_CLOCK_H_

#include <atomic>
#include <cstdint>
#include <vector>

#include "server/core/civil.h"
#include "thon/device_clock.h"

namespace thon::fleet {

// A 64-bit mix (SplitMix64) of a seed and what a draw is for.
std::uint64_t Mix(std::uint64_t a, std::uint64_t b);

// Numbers drawn from one seed; the same everywhere.
//
// Thread-safety: none.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next();
  // 0 to end - 1. Requires end > 0.
  std::uint64_t Below(std::uint64_t end) { return Next() % end; }
  std::int64_t Between(std::int64_t first,
                       std::int64_t last);  // Both included.
  bool Percent(std::uint64_t percent) { return Below(100) < percent; }

 private:
  std::uint64_t state_;
};

// Thread-safety: readings from any thread; SetTrueTime() from one.
class SimClock final : public client::DeviceClock {
 public:
  // For the days from `first` to `last`.
  SimClock(std::uint64_t phone_seed, Date first, Date last);

  // Moves the phone to a moment; never back.
  void SetTrueTime(Instant now) { now_ms_ = now.ms; }

  std::int64_t WallMs() const override;
  std::int64_t MonotonicMs() const override;
  std::uint32_t Boot() const override;

 private:
  struct BootSpan {
    std::int64_t begin_ms = 0;
    std::uint32_t number = 0;
    // The wall clock at boot, until the network corrects it; 0: it runs on.
    bool lost = false;
    std::int64_t wall_ms = 0;
    std::int64_t corrected_ms = 0;
  };
  const BootSpan& SpanAt(std::int64_t ms) const;

  std::vector<BootSpan> boots_;  // Ascending; the first begins before `first`.
  std::int64_t offset_ms_ = 0;
  std::atomic<std::int64_t> now_ms_{0};
};

}  // namespace thon::fleet

#endif  // THON_TOOLS_FLEET_SIM_CLOCK_H_
