// What a device's clocks say. The app, a simulation or a test gives one to the
// client; the readings are evidence of when something happened, never truth.
#ifndef THON_DEVICE_CLOCK_H_
#define THON_DEVICE_CLOCK_H_

#include <cstdint>

namespace thon::client {

// Thread-safety: the methods may be called from any thread.
class DeviceClock {
 public:
  virtual ~DeviceClock() = default;
  // The wall clock, in milliseconds since 1970-01-01T00:00:00Z. May be wrong.
  virtual std::int64_t WallMs() const = 0;
  // Milliseconds since boot, sleep included. Never falls within one boot.
  virtual std::int64_t MonotonicMs() const = 0;
  // A number drawn at boot: equal readings are of one boot.
  virtual std::uint32_t Boot() const = 0;
};

// The clocks of the machine it runs on (Linux: CLOCK_REALTIME, CLOCK_BOOTTIME
// and the kernel's boot id). Lives as long as the program.
const DeviceClock& MachineClock();

// Runs on while the program does, whatever the device's clocks say: back-off
// and time-outs are measured with it. Milliseconds from any start.
using Timer = std::int64_t (*)();
std::int64_t MachineTimerMs();

}  // namespace thon::client

#endif  // THON_DEVICE_CLOCK_H_
