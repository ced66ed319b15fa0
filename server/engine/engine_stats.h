// What the engine counts for whoever watches the machine. It is not in the log
// and begins anew with each process; whoever exports it (server/http/metrics)
// gives it names and units.
//
// Thread-safety: every method may be called from any thread; none waits for
// anything but a short lock. What is read at one moment need not fit together
// to the last count.
#ifndef THON_ENGINE_ENGINE_STATS_H_
#define THON_ENGINE_ENGINE_STATS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/types/span.h"
#include "server/core/ids.h"
#include "server/core/mutex.h"
#include "server/engine/commit_state.h"
#include "thon/v1/log.pb.h"

namespace thon {

// Counts whole numbers by fixed upper bounds; what is above the last one is
// counted too.
class StatHistogram {
 public:
  static constexpr std::size_t kBoundsMax = 20;

  // `bounds` rise, are at most kBoundsMax, and live as long as the program.
  explicit StatHistogram(absl::Span<const std::uint64_t> bounds);

  void Observe(std::uint64_t value);

  struct Snapshot {
    absl::Span<const std::uint64_t> bounds;
    // One for each bound (at or below it, above the one before) and the rest.
    std::vector<std::uint64_t> counts;
    std::uint64_t sum = 0;

    std::uint64_t count() const;
  };
  Snapshot Read() const;

 private:
  const absl::Span<const std::uint64_t> bounds_;
  std::array<std::atomic<std::uint64_t>, kBoundsMax + 1> counts_{};
  std::atomic<std::uint64_t> sum_{0};
};

class EngineStats {
 public:
  using Counter = std::atomic<std::uint64_t>;
  static constexpr std::size_t kAnswerCodes = v1::AnswerCode_ARRAYSIZE;
  static constexpr std::size_t kRefusalReasons = v1::RefusalReason_ARRAYSIZE;
  static constexpr std::size_t kCommitStates = 5;
  static_assert(static_cast<std::size_t>(CommitState::kDraining) + 1 ==
                kCommitStates);

  // What a commit group came to, counted when its batches are answered.
  void CountAnswer(const v1::Answer& answer);
  // A batch or a server event that was not taken up in this state.
  void CountTurnedAway(CommitState state);
  // What phones had recorded.
  void CountRecorded(std::uint64_t events, std::uint64_t bytes);

  std::uint64_t answers(v1::AnswerCode code) const;
  std::uint64_t refusals(v1::RefusalReason reason) const;
  std::uint64_t turned_away(CommitState state) const;

  Counter phone_batches{0};
  Counter phone_events{0};
  Counter phone_bytes{0};
  Counter server_records{0};  // Groups of server events that were recorded.

  // Entries of a durable group.
  StatHistogram group_entries;
  // Of a group's write with its fsync, in microseconds.
  StatHistogram fsync_us;
  // Of one fold (a write of the projector's), in microseconds, and how many
  // positions it covered.
  StatHistogram fold_us;
  StatHistogram fold_positions;

  Counter disk_reserve_bytes{0};
  // The projector ended with an error; only a restart goes on.
  std::atomic<bool> projector_stopped{false};

  // ---- Proof ----
  Counter checkpoints_signed{0};
  // Of the newest checkpoint; 0 if there is none.
  Counter checkpoint_tree_size{0};
  std::atomic<std::int64_t> checkpoint_signed_ms{0};  // Unix, real time.
  void NoteCheckpoint(std::uint64_t tree_size, std::int64_t signed_ms) {
    checkpoint_tree_size = tree_size;
    checkpoint_signed_ms = signed_ms;
  }
  // The disk holds something else than was written; nothing is signed.
  std::atomic<bool> log_damaged{false};
  // Positions whose state roots are to be computed, and were recorded.
  Counter state_roots_due{0};
  Counter state_roots_recorded{0};
  // Reads of auditors that could not be recorded.
  Counter unrecorded_accesses{0};

  // Positions below `next` are durable; by the steady clock.
  void NoteDurable(Position next, std::int64_t steady_ms);
  // Rows hold `last`.
  void NoteFolded(Position last);
  // For how long the oldest position that rows lack has been durable; 0 if they
  // lack none. Of what has waited long, neighbouring groups count as one.
  std::int64_t LagMs(std::int64_t steady_ms) const;

  EngineStats();

 private:
  struct Mark {
    Position next;
    std::int64_t steady_ms = 0;
    std::uint64_t groups = 0;
  };

  std::array<Counter, kAnswerCodes> answers_{};
  std::array<Counter, kRefusalReasons> refusals_{};
  std::array<Counter, kCommitStates> turned_away_{};

  mutable Mutex mu_;
  Position folded_ ABSL_GUARDED_BY(mu_);
  std::deque<Mark> marks_ ABSL_GUARDED_BY(mu_);  // Not folded, oldest first.
  std::uint64_t groups_per_mark_ ABSL_GUARDED_BY(mu_) = 1;
};

}  // namespace thon

#endif  // THON_ENGINE_ENGINE_STATS_H_
