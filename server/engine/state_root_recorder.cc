#include "server/engine/state_root_recorder.h"

#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "server/core/check.h"
#include "server/engine/system_clock.h"
#include "server/projections/row_keys.h"
#include "server/projections/state_root.h"
#include "server/projections/tables.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

constexpr std::int64_t kIdleMs = 60'000;
constexpr int kLowPriority = 10;

}  // namespace

StateRootRecorder::~StateRootRecorder() { THON_CHECK(!thread_.joinable()); }

void StateRootRecorder::Start() {
  {
    MutexLock lock(&mu_);
    rows_ = std::max(rows_, options_.rows->end().position);
  }
  thread_ = std::thread([this] { Run(); });
}

void StateRootRecorder::Stop() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

bool StateRootRecorder::stopping() {
  MutexLock lock(&mu_);
  return stopping_;
}

void StateRootRecorder::NoteRows(
    const std::vector<RowStore::EntryRows>& entries, Position end) {
  bool named = false;
  for (const RowStore::EntryRows& entry : entries) {
    for (const NewRowVersion& version : entry.versions) {
      named = named || version.table == Table::kStateRoot;
    }
  }
  MutexLock lock(&mu_);
  const bool arrived = rows_ < options_.begin && end >= options_.begin;
  rows_ = std::max(rows_, end);
  if (!named && !arrived) return;
  dirty_ = true;
  changed_.NotifyAll();
}

bool StateRootRecorder::WaitForWork(bool retry) {
  const std::int64_t until = SteadyMs() + options_.retry_ms;
  MutexLock lock(&mu_);
  while (!stopping_) {
    const std::int64_t left = retry ? until - SteadyMs() : kIdleMs;
    if (retry ? left <= 0 : dirty_ && rows_ >= options_.begin) break;
    changed_.WaitFor(&mu_, left);
  }
  dirty_ = false;
  return !stopping_;
}

void StateRootRecorder::Run() {
  // Of this thread alone, on Linux.
  static_cast<void>(setpriority(PRIO_PROCESS, 0, kLowPriority));
  std::optional<v1::Event> computed;  // Waits to be recorded.
  while (WaitForWork(computed.has_value())) {
    while (true) {
      if (!computed.has_value()) {
        const std::optional<Position> due = NextDue();
        if (!due.has_value()) break;
        absl::StatusOr<v1::Event> event = Compute(*due);
        if (!event.ok()) return;  // Stopping.
        computed = *std::move(event);
      }
      if (!Record(*computed).ok()) break;
      recorded_ = Position(computed->state_roots_recorded().position());
      computed.reset();
    }
  }
}

std::optional<Position> StateRootRecorder::NextDue() {
  Position as_of;
  {
    MutexLock lock(&mu_);
    as_of = rows_;
  }
  std::optional<Position> first;
  std::uint64_t due = 0;
  options_.rows->At(as_of)->Scan(
      Table::kStateRoot, "", keys::StateRoot(recorded_.Next()),
      [&](absl::string_view key, const RowVersion& version) {
        v1::StateRootRow row;
        THON_CHECK(row.ParseFromString(version.value));
        if (row.recorded_position() != 0) return true;
        if (!first.has_value()) first = Position(keys::KeyView(key).U64());
        ++due;
        return true;
      });
  options_.stats->state_roots_due = due;
  return first;
}

absl::StatusOr<v1::Event> StateRootRecorder::Compute(Position due) {
  v1::Event event;
  v1::StateRootsRecorded* recorded = event.mutable_state_roots_recorded();
  recorded->set_position(due.value);
  const std::unique_ptr<RowReader> rows = options_.rows->At(due);
  for (const ProjectionTables& projection : AllProjectionTables()) {
    absl::StatusOr<v1::StateRoot> root =
        ComputeStateRoot(*rows, projection, [this] {
          std::this_thread::yield();
          return !stopping();
        });
    if (!root.ok()) return root.status();
    *recorded->add_roots() = *std::move(root);
  }
  return event;
}

absl::Status StateRootRecorder::Record(const v1::Event& event) {
  if (stopping()) return absl::CancelledError("stopping");
  struct Arrival {
    Mutex mu;
    CondVar arrived;
    std::optional<absl::Status> status ABSL_GUARDED_BY(mu);
  };
  const auto arrival = std::make_shared<Arrival>();
  options_.record({event},
                  [arrival](const absl::StatusOr<RecordedRange>& range) {
                    MutexLock lock(&arrival->mu);
                    arrival->status = range.status();
                    arrival->arrived.NotifyAll();
                  });
  MutexLock lock(&arrival->mu);
  while (!arrival->status.has_value()) arrival->arrived.Wait(&arrival->mu);
  if (arrival->status->ok()) {
    options_.stats->state_roots_recorded.fetch_add(1,
                                                   std::memory_order_relaxed);
  }
  return *arrival->status;
}

}  // namespace thon
