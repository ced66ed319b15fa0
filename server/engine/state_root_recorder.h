// Computes the state roots that the log asks for (projections/state_root.h) and
// records them as the server's own events, in the order of positions, each
// once.
//
// What an earlier process recorded is known once the rows have passed what was
// durable when this one began; before that nothing is computed.
#ifndef THON_ENGINE_STATE_ROOT_RECORDER_H_
#define THON_ENGINE_STATE_ROOT_RECORDER_H_

#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/ids.h"
#include "server/core/mutex.h"
#include "server/engine/engine.h"
#include "server/engine/engine_stats.h"
#include "server/storage/row_store.h"
#include "thon/v1/event.pb.h"

namespace thon {

// Thread-safety: any thread.
class StateRootRecorder {
 public:
  struct Options {
    const RowStore* rows = nullptr;  // These two are not owned and outlive it.
    EngineStats* stats = nullptr;
    // As Engine::RecordServerEvents.
    std::function<void(std::vector<v1::Event>, Done<RecordedRange>)> record;
    // The last position that was durable when this process began.
    Position begin;
    // After a record that was refused.
    std::int64_t retry_ms = 5'000;
  };

  explicit StateRootRecorder(Options options) : options_(std::move(options)) {}
  ~StateRootRecorder();  // Requires: not started, or stopped.

  void Start();
  // Breaks off what is being computed. The committer must still run.
  void Stop();

  // Rows were written, and can be read up to `end`.
  void NoteRows(const std::vector<RowStore::EntryRows>& entries, Position end);

 private:
  void Run();
  // Waits until something may be due; false: stopping. `retry`: or for a while.
  bool WaitForWork(bool retry);
  // The first position behind the last one recorded whose roots are missing.
  std::optional<Position> NextDue();
  // kCancelled: stopping.
  absl::StatusOr<v1::Event> Compute(Position due);
  absl::Status Record(const v1::Event& event);
  bool stopping();

  const Options options_;
  std::thread thread_;
  Position recorded_;  // The thread's: nothing up to here is due.

  Mutex mu_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool dirty_ ABSL_GUARDED_BY(mu_) = true;
  Position rows_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon

#endif  // THON_ENGINE_STATE_ROOT_RECORDER_H_
