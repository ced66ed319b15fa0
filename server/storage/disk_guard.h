// When the disk is so full that writing must stop, and when it may go on.
//
//   OK        nothing stops.
//   LOW       below the reserve: the committer takes no batch; the projector
//             goes on.
//   CRITICAL  below half of the reserve: the projector stops too.
//
// A state is only left for a better one above 1.25 of the reserve, so that a
// disk on the edge does not make the server flutter.
#ifndef THON_STORAGE_DISK_GUARD_H_
#define THON_STORAGE_DISK_GUARD_H_

#include <cstdint>

#include "server/storage/database.h"

namespace thon {

enum class DiskState { kOk, kLow, kCritical };

// The larger of 2 GiB and three write buffers.
std::uint64_t DiskReserveBytes(const StorageOptions& options);

// Thread-safety: none; it belongs to the thread that reads the free space.
class DiskGuard {
 public:
  explicit DiskGuard(std::uint64_t reserve_bytes) : reserve_(reserve_bytes) {}

  // Takes a reading (EntryLog::FreeBytes) and returns the state after it.
  DiskState Update(std::uint64_t free_bytes);
  DiskState state() const { return state_; }
  std::uint64_t reserve_bytes() const { return reserve_; }

 private:
  const std::uint64_t reserve_;
  DiskState state_ = DiskState::kOk;
};

}  // namespace thon

#endif  // THON_STORAGE_DISK_GUARD_H_
