// The machine's own clocks. The only place of the server that reads them.
#ifndef THON_ENGINE_SYSTEM_CLOCK_H_
#define THON_ENGINE_SYSTEM_CLOCK_H_

#include <cstdint>

#include "server/core/clock.h"

namespace thon {

// Real time, as the operating system has it.
class SystemClock final : public Clock {
 public:
  Instant Now() const override;
};

// Milliseconds of a clock that never goes back, for deadlines. Its zero means
// nothing.
std::int64_t SteadyMs();
// The same in microseconds, for measuring.
std::int64_t SteadyUs();

}  // namespace thon

#endif  // THON_ENGINE_SYSTEM_CLOCK_H_
