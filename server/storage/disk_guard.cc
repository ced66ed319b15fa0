#include "server/storage/disk_guard.h"

#include <algorithm>

#include "server/core/limits.h"

namespace thon {

std::uint64_t DiskReserveBytes(const StorageOptions& options) {
  return std::max<std::uint64_t>(
      limits::kDiskReserveBytesMin,
      3 * static_cast<std::uint64_t>(options.write_buffer_bytes));
}

DiskState DiskGuard::Update(std::uint64_t free_bytes) {
  if (free_bytes < reserve_ / 2) {
    state_ = DiskState::kCritical;
  } else if (free_bytes > reserve_ + reserve_ / 4) {
    state_ = DiskState::kOk;
  } else if (free_bytes < reserve_ && state_ == DiskState::kOk) {
    state_ = DiskState::kLow;
  }
  return state_;
}

}  // namespace thon
