// The one thread that folds durable entries into rows, and who waits for it.
#ifndef THON_ENGINE_PROJECTOR_H_
#define THON_ENGINE_PROJECTOR_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "server/core/ids.h"
#include "server/core/mutex.h"
#include "server/engine/row_folder.h"
#include "server/storage/disk_guard.h"
#include "server/storage/entry_log.h"
#include "server/storage/row_store.h"

namespace thon {

// Thread-safety: any thread.
class Projector {
 public:
  // Neither is owned; both outlive it.
  Projector(const EntryLog* log, RowStore* store, RowFolder::Options options,
            std::uint64_t disk_reserve_bytes);
  ~Projector();  // Requires: not started, or drained.

  void Start();
  // Folds on for a moment if somebody waits for what is durable already; then
  // ends the thread. Who still waits gets kUnavailable.
  void Drain();

  // The log has grown.
  void NotifyDurable();

  Position rows_position() const;
  // As Engine::WaitForRows.
  void Wait(Position position, std::int64_t timeout_ms,
            std::function<void(absl::Status)> done);
  // OK while it folds; the final error once it has stopped.
  absl::Status status() const;

 private:
  struct Waiter {
    std::int64_t deadline_ms = 0;  // SteadyMs().
    std::function<void(absl::Status)> done;
  };
  using Waiters = std::multimap<Position, Waiter>;

  void Run();
  bool WaitForWork();
  bool DiskAllows();
  void Publish(const absl::Status& status);
  void AnswerExpired();

  const EntryLog* const log_;
  RowStore* const store_;
  const RowFolder::Options options_;
  DiskGuard disk_;  // The thread's.
  std::thread thread_;

  mutable Mutex mu_;
  CondVar wake_;
  bool grown_ ABSL_GUARDED_BY(mu_) = true;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  std::int64_t closed_ms_ ABSL_GUARDED_BY(mu_) = 0;
  Position position_ ABSL_GUARDED_BY(mu_);
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  Waiters waiters_ ABSL_GUARDED_BY(mu_);
  // No waiter's deadline is before it.
  std::int64_t next_deadline_ms_ ABSL_GUARDED_BY(mu_) = INT64_MAX;
};

}  // namespace thon

#endif  // THON_ENGINE_PROJECTOR_H_
