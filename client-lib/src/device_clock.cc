#include "thon/device_clock.h"

#include <time.h>

#include <chrono>
#include <fstream>
#include <string>

#include "server/core/hash.h"

namespace thon::client {
namespace {

std::int64_t ReadMs(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

class MachineClockImpl final : public DeviceClock {
 public:
  MachineClockImpl() {
    std::string id;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
    const Hash hash = Sha256Of(id);
    for (int i = 0; i < 4; ++i) boot_ = boot_ << 8 | hash.bytes[i];
  }
  std::int64_t WallMs() const override { return ReadMs(CLOCK_REALTIME); }
  std::int64_t MonotonicMs() const override { return ReadMs(CLOCK_BOOTTIME); }
  std::uint32_t Boot() const override { return boot_; }

 private:
  std::uint32_t boot_ = 0;
};

}  // namespace

const DeviceClock& MachineClock() {
  static const MachineClockImpl* const clock = new MachineClockImpl();
  return *clock;
}

std::int64_t MachineTimerMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace thon::client
