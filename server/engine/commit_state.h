// Whether the committer commits, and if not, why.
#ifndef THON_ENGINE_COMMIT_STATE_H_
#define THON_ENGINE_COMMIT_STATE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace thon {

enum class CommitState {
  kOpen,
  kDiskLow,      // Resumes by itself when there is room again.
  kDiskFailed,   // A write failed; only a restart, after a look at the disk.
  kLogRestored,  // Until OpenEpoch().
  kDraining,
};

// "OPEN", "DISK_LOW", "DISK_FAILED", "LOG_RESTORED", "DRAINING": also the
// ErrorInfo reasons of the API.
absl::string_view CommitStateName(CommitState state);

// What is answered in that state; the message begins with the state's name.
// OK for kOpen, kDataLoss for kLogRestored, else kUnavailable.
absl::Status CommitStateStatus(CommitState state);

}  // namespace thon

#endif  // THON_ENGINE_COMMIT_STATE_H_
