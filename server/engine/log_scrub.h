// The background check: hashes again, from the first entry on, everything that
// the newest checkpoint covers, and compares the roots on the way with those
// that were signed. One pass after every start, and then again after a pause.
//
// It reads past the block cache, on a thread of the lowest priority, at a rate
// that leaves the disk to others.
#ifndef THON_ENGINE_LOG_SCRUB_H_
#define THON_ENGINE_LOG_SCRUB_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "server/core/hash.h"
#include "server/core/mutex.h"
#include "server/engine/found_damage.h"
#include "server/storage/entry_log.h"

namespace thon {

struct ScrubOptions {
  // Read at once after a start, so that a small log is checked whole before it
  // is asked for much.
  std::uint64_t burst_bytes = 32u << 20;
  std::uint64_t bytes_per_second = 8u << 20;
  // From the end of a pass to the next: a hundred times as long as it took,
  // between these. So a small log is looked at often, and a large one costs no
  // more.
  std::int64_t pause_ms_min = 10'000;
  std::int64_t pause_ms_max = 3'600'000;
};

// Thread-safety: any thread.
class LogScrub {
 public:
  struct SignedTree {
    std::uint64_t size = 0;
    Hash root;
  };
  struct Environment {
    const EntryLog* log = nullptr;  // Not owned; outlives it.
    // The smallest signed tree of at least this size; nullopt: none.
    std::function<std::optional<SignedTree>(std::uint64_t)> signed_tree;
    // Called once, with what is damaged. The thread ends.
    std::function<void(FoundDamage)> damaged;
  };

  LogScrub(Environment environment, ScrubOptions options)
      : environment_(std::move(environment)), options_(options) {}
  ~LogScrub();  // Requires: not started, or stopped.

  void Start();
  void Stop();
  // A pass waits no longer: there is something to check, or it shall be now.
  void Wake();

  // Entries checked since the start, over all passes.
  std::uint64_t checked() const { return checked_; }
  // Passes that came to the end of what was signed.
  std::uint64_t passes() const { return passes_; }

 private:
  void Run();
  // kCancelled: stopping. kDataLoss: `damaged` says where.
  absl::Status Pass(EntryRange* damaged);
  // Waits; false: stopping.
  bool Sleep(std::int64_t ms, bool wakeable);

  const Environment environment_;
  const ScrubOptions options_;
  std::uint64_t burst_left_ = 0;
  std::atomic<std::uint64_t> checked_{0};
  std::atomic<std::uint64_t> passes_{0};
  std::thread thread_;

  Mutex mu_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace thon

#endif  // THON_ENGINE_LOG_SCRUB_H_
