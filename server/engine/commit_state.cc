#include "server/engine/commit_state.h"

#include "absl/strings/str_cat.h"
#include "server/core/check.h"

namespace thon {

absl::string_view CommitStateName(CommitState state) {
  switch (state) {
    case CommitState::kOpen:
      return "OPEN";
    case CommitState::kDiskLow:
      return "DISK_LOW";
    case CommitState::kDiskFailed:
      return "DISK_FAILED";
    case CommitState::kLogRestored:
      return "LOG_RESTORED";
    case CommitState::kDraining:
      return "DRAINING";
  }
  THON_CHECK(false && "a commit state without a name");
}

absl::Status CommitStateStatus(CommitState state) {
  const absl::string_view name = CommitStateName(state);
  switch (state) {
    case CommitState::kOpen:
      return absl::OkStatus();
    case CommitState::kDiskLow:
      return absl::UnavailableError(absl::StrCat(
          name, ": the server's disk is nearly full; try again later"));
    case CommitState::kDiskFailed:
      return absl::UnavailableError(absl::StrCat(
          name, ": a write failed; an operator must look at the server"));
    case CommitState::kLogRestored:
      return absl::DataLossError(absl::StrCat(
          name,
          ": the log was restored from a backup; keep everything until "
          "an operator opens the next epoch"));
    case CommitState::kDraining:
      return absl::UnavailableError(
          absl::StrCat(name, ": the server is stopping; try again"));
  }
  THON_CHECK(false && "a commit state without a status");
}

}  // namespace thon
