#include "server/engine/log_scrub.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/merkle.h"
#include "server/engine/leaf_check.h"
#include "server/engine/system_clock.h"

namespace thon {
namespace {

// Entries that are read without looking whether to stop.
constexpr std::uint64_t kPieceEntries = 4096;
// After input/output that failed without being damage.
constexpr std::int64_t kRetryMs = 60'000;
constexpr int kLowestPriority = 19;
constexpr std::int64_t kPauseFactor = 100;

}  // namespace

LogScrub::~LogScrub() { THON_CHECK(!thread_.joinable()); }

void LogScrub::Start() {
  burst_left_ = options_.burst_bytes;
  thread_ = std::thread([this] { Run(); });
}

void LogScrub::Stop() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void LogScrub::Wake() {
  MutexLock lock(&mu_);
  woken_ = true;
  changed_.NotifyAll();
}

bool LogScrub::Sleep(std::int64_t ms, bool wakeable) {
  const std::int64_t until = SteadyMs() + ms;
  MutexLock lock(&mu_);
  while (!stopping_) {
    if (wakeable && woken_) break;
    const std::int64_t left = until - SteadyMs();
    if (left <= 0) break;
    changed_.WaitFor(&mu_, left);
  }
  if (wakeable) woken_ = false;
  return !stopping_;
}

void LogScrub::Run() {
  // Of this thread alone, on Linux. Where it is refused, it reads no faster.
  static_cast<void>(setpriority(PRIO_PROCESS, 0, kLowestPriority));
  std::int64_t pause_ms = 0;
  while (Sleep(pause_ms, /*wakeable=*/true)) {
    const std::int64_t began_ms = SteadyMs();
    EntryRange damaged;
    const absl::Status status = Pass(&damaged);
    if (absl::IsDataLoss(status)) {
      environment_.damaged({damaged, status});
      return;
    }
    pause_ms = status.ok()
                   ? std::clamp((SteadyMs() - began_ms) * kPauseFactor,
                                options_.pause_ms_min, options_.pause_ms_max)
                   : kRetryMs;
  }
}

absl::Status LogScrub::Pass(EntryRange* damaged) {
  merkle::Frontier frontier;
  EntryIndex agreed(0);  // Below it, the root was the signed one.
  std::optional<SignedTree> next = environment_.signed_tree(1);
  while (next.has_value()) {
    const std::uint64_t begin = frontier.size();
    const std::uint64_t end = std::min(begin + kPieceEntries, next->size);
    const absl::StatusOr<CheckedLeaves> piece =
        CheckLeaves(*environment_.log, EntryIndex(end), &frontier, damaged);
    if (!piece.ok()) return piece.status();
    checked_ += end - begin;
    if (end == next->size) {
      if (frontier.Root() != next->root) {
        *damaged = {agreed, EntryIndex(end - 1)};
        return absl::DataLossError(absl::StrCat(
            "the entries below ", end,
            " on disk are not those that were signed: stored hashes agree with "
            "them, the signed root does not; nothing is signed any more; "
            "restore the log from a backup"));
      }
      agreed = EntryIndex(end);
      next = environment_.signed_tree(end + 1);
    }
    const std::uint64_t burst = std::min(burst_left_, piece->bytes);
    burst_left_ -= burst;
    const std::uint64_t slow = piece->bytes - burst;
    const auto wait_ms =
        static_cast<std::int64_t>(slow * 1000 / options_.bytes_per_second);
    if (!Sleep(wait_ms, /*wakeable=*/false)) {
      return absl::CancelledError("stopping");
    }
  }
  if (frontier.size() > 0) ++passes_;
  return absl::OkStatus();
}

}  // namespace thon
