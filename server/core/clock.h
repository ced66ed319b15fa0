// Where the server's rooms get the time from. Only main, the engine and tests
// hold a Clock; core, policy and projections never do.
#ifndef THON_CORE_CLOCK_H_
#define THON_CORE_CLOCK_H_

#include "server/core/civil.h"

namespace thon {

// Thread-safety: Now() may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant Now() const = 0;
};

}  // namespace thon

#endif  // THON_CORE_CLOCK_H_
