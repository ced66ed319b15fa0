// The phone's best guess of when something was: the server's time as heard in
// the same boot, else the wall clock. A guess for the screen; what counts is
// the log's judgement (server/core/evidence.h).
#ifndef THON_CLIENT_PHONE_TIME_H_
#define THON_CLIENT_PHONE_TIME_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "server/core/civil.h"
#include "thon/device_clock.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/log.pb.h"

namespace thon::client {

// Copyable; as of the moment it was made.
class PhoneTime {
 public:
  // `anchors`: one a boot.
  PhoneTime(std::vector<v1::Anchor> anchors, const DeviceClock& clock)
      : anchors_(std::move(anchors)) {
    now_ = Guess(clock.Boot(), clock.MonotonicMs(), clock.WallMs(), &anchored_);
  }

  Instant now() const { return now_; }
  // The server was heard in this boot.
  bool anchored() const { return anchored_; }
  Date today() const { return TimeZone::VietNam().DateOf(now_); }

  // When the event was recorded, at most now. `*known`: the server was heard in
  // its boot.
  Instant Of(const v1::Event& event, bool* known) const {
    const Instant guess =
        Guess(event.boot(), event.monotonic_ms(), event.wall_time_ms(), known);
    return guess < now_ ? guess : now_;
  }

 private:
  Instant Guess(std::uint32_t boot, std::int64_t monotonic_ms,
                std::int64_t wall_ms, bool* known) const {
    *known = false;
    for (const v1::Anchor& anchor : anchors_) {
      if (anchor.boot() != boot) continue;
      *known = true;
      // Wraps for readings that no clock gives.
      return Instant(static_cast<std::int64_t>(
          static_cast<std::uint64_t>(anchor.server_time_ms()) +
          static_cast<std::uint64_t>(monotonic_ms) -
          static_cast<std::uint64_t>(anchor.monotonic_ms())));
    }
    return Instant(wall_ms);
  }

  std::vector<v1::Anchor> anchors_;
  Instant now_;
  bool anchored_ = false;
};

}  // namespace thon::client

#endif  // THON_CLIENT_PHONE_TIME_H_
