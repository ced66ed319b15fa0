// The clock that stamps entries: it never goes back, real or simulated.
#ifndef THON_ENGINE_RECEIVE_CLOCK_H_
#define THON_ENGINE_RECEIVE_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/clock.h"

namespace thon {

// The log's local fact that keeps a simulated clock between two entries.
inline constexpr absl::string_view kSimulatedClockKey = "clock/simulated_ms";

// Thread-safety: Now() from any thread; the rest belongs to the committer's.
class ReceiveClock {
 public:
  // `clock` null: simulated, which stands still until it is moved. Not owned.
  // No reading is before `not_before`.
  ReceiveClock(const Clock* clock, Instant not_before)
      : clock_(clock), floor_ms_(not_before.ms) {}

  bool simulated() const { return clock_ == nullptr; }

  Instant Now() const {
    const std::int64_t floor = floor_ms_.load(std::memory_order_acquire);
    if (clock_ == nullptr) return Instant(floor);
    const std::int64_t now = clock_->Now().ms;
    return Instant(now > floor ? now : floor);
  }

  // The reading to write into an entry: never smaller than the one before.
  Instant Stamp() {
    const Instant now = Now();
    floor_ms_.store(now.ms, std::memory_order_release);
    return now;
  }

  // Moves a simulated clock. Requires: not backwards.
  void AdvanceTo(Instant to);

 private:
  const Clock* const clock_;
  std::atomic<std::int64_t> floor_ms_;
};

}  // namespace thon

#endif  // THON_ENGINE_RECEIVE_CLOCK_H_
