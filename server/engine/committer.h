// The one thread that writes the log: takes groups from a bounded queue,
// decides them (commit_group.h), makes them durable with one fsync, then
// answers.
//
// Everything that changes the log or its local facts runs on this thread, in
// the order in which it was handed over.
#ifndef THON_ENGINE_COMMITTER_H_
#define THON_ENGINE_COMMITTER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/mutex.h"
#include "server/engine/admission.h"
#include "server/engine/author_table.h"
#include "server/engine/commit_group.h"
#include "server/engine/commit_state.h"
#include "server/engine/engine.h"
#include "server/engine/engine_stats.h"
#include "server/engine/epochs.h"
#include "server/engine/keys.h"
#include "server/engine/receive_clock.h"
#include "server/storage/disk_guard.h"
#include "server/storage/entry_log.h"

namespace thon {

class Committer {
 public:
  struct Options {
    EntryLog* log = nullptr;  // These three are not owned and outlive it.
    AuthorTable* authors = nullptr;
    ReceiveClock* clock = nullptr;
    EngineStats* stats = nullptr;  // Likewise; counts what becomes of batches.
    std::string keys_directory;
    std::string origin;
    std::uint64_t disk_reserve_bytes = 0;
    // Runs on the committer's thread after each durable group.
    std::function<void()> on_durable;
    // Runs on the committer's thread when an epoch was opened, after it.
    std::function<void(const Epoch&)> on_epoch;
  };

  Committer(Options options, ServerKeys keys);
  ~Committer();  // Requires: not started, or drained.

  // Records the server's first batch. Requires: an empty log, not started.
  absl::Status RecordFirst(std::vector<v1::Event> events);
  // Takes up a stop that outlived a restart. Requires: not started.
  absl::Status LoadStop();

  void Start();
  // Answers what was taken, then ends the thread.
  void Drain();

  // As Engine::Offer.
  OfferStatus Offer(OfferedBatch* batch, std::function<void(Answered)> answered,
                    std::function<void()> when_room);
  // As Engine::RecordServerEvents.
  void Record(std::vector<v1::Event> events, Done<RecordedRange> done);
  // Runs `task` between groups. `task` gets OK, or why the committer takes no
  // more (then on the caller's thread).
  void Post(std::function<void(absl::Status)> task);

  // Stops committing at once: the log lacks what `note` says it gave.
  void StopRestored(const RestoredNote& note);

  CommitState state() const;
  std::string origin() const;
  Date open_date() const;
  // For signing hellos, receipts and checkpoints. Any thread; never changes.
  const SigningKey& log_key() const { return keys_.log; }

  // ---- For tasks, on the committer's thread ----
  absl::StatusOr<Position> AdvanceClock(Instant to);
  absl::StatusOr<OpenedEpoch> OpenEpoch(bool force);

  // Looks at the clock and the disk now. Any thread; for tests.
  void Wake();

 private:
  struct Item {
    enum class Kind { kOffer, kRecord, kTask } kind = Kind::kTask;
    OfferedBatch batch;
    std::function<void(Answered)> answered;
    std::vector<v1::Event> events;
    Done<RecordedRange> recorded;
    std::function<void(absl::Status)> task;
    std::size_t bytes = 0;  // Of batch or events.
  };
  // What an item waits for while its group is written.
  struct Pending {
    Item* item = nullptr;
    absl::StatusOr<Decision> decision;
    RecordedRange range;
    // Of an offer, whose batch the group takes.
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
  };

  void Run();
  std::vector<Item> Take();
  std::int64_t WaitMs() const;
  void CommitItems(std::vector<Item> items);
  void OpenIdleDays();
  // OK if a group may be written now; looks at the disk.
  absl::Status CheckOpen();
  void SetState(CommitState state);
  CommitGroup NewGroup();
  // Writes and publishes; an error is final.
  absl::Status Write(CommitGroup& group);
  void Refuse(Item& item, const absl::Status& status);
  void AnswerOffer(const CommitGroup& group, Pending& next);
  void PersistStop();

  const Options options_;
  ServerKeys keys_;
  DiskGuard disk_;

  // The committer's thread only.
  std::string epoch_origin_;
  std::optional<Date> open_day_;
  absl::Status write_error_;

  std::atomic<std::int32_t> open_date_days_{0};
  std::thread thread_;

  mutable Mutex mu_;
  CondVar wake_;
  std::deque<Item> queue_ ABSL_GUARDED_BY(mu_);
  std::size_t offers_ ABSL_GUARDED_BY(mu_) = 0;
  std::size_t offer_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  std::size_t record_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::function<void()>> room_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  bool started_ ABSL_GUARDED_BY(mu_) = false;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
  CommitState state_ ABSL_GUARDED_BY(mu_) = CommitState::kOpen;
  std::optional<RestoredNote> restored_ ABSL_GUARDED_BY(mu_);
  std::string origin_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon

#endif  // THON_ENGINE_COMMITTER_H_
