#include "server/engine/receive_clock.h"

#include "server/core/check.h"

namespace thon {

void ReceiveClock::AdvanceTo(Instant to) {
  THON_CHECK(simulated() && to >= Now());
  floor_ms_.store(to.ms, std::memory_order_release);
}

}  // namespace thon
