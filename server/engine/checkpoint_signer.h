// Checkpoints, as one log has them (checkpoints.h says what each method does).
#ifndef THON_ENGINE_CHECKPOINT_SIGNER_H_
#define THON_ENGINE_CHECKPOINT_SIGNER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/clock.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "server/core/mutex.h"
#include "server/core/signature.h"
#include "server/engine/checkpoints.h"
#include "server/engine/commit_state.h"
#include "server/engine/engine_stats.h"
#include "server/engine/found_damage.h"
#include "server/engine/kept_checkpoints.h"
#include "server/engine/log_scrub.h"
#include "server/storage/entry_log.h"

namespace thon {

class CheckpointSigner final : public Checkpoints {
 public:
  // What it needs of the committer. All but `post` may be called from any
  // thread.
  struct Committing {
    // Runs the task between groups, with OK, or at once with why not.
    std::function<void(std::function<void(absl::Status)>)> post;
    std::function<std::string()> origin;
    // The entry that opened the epoch of `origin`; asked by tasks.
    std::function<EntryIndex()> epoch_entry;
    std::function<CommitState()> state;
  };
  struct Options {
    EntryLog* log = nullptr;  // These are not owned and outlive it.
    const SigningKey* log_key = nullptr;
    const Clock* clock = nullptr;
    EngineStats* stats = nullptr;
    Committing committing;
    std::int64_t every_ms = limits::kCheckpointSecondsDefault * 1000;
    std::size_t kept = limits::kCheckpointsKept;
    ScrubOptions scrub;
  };

  explicit CheckpointSigner(Options options);
  ~CheckpointSigner() override;  // Requires: not started, or drained.

  // Takes up where the last process stopped: what it found damaged is looked at
  // first of all. Damage is no error here: it is what health() says.
  // Requires: not started.
  absl::Status Load();
  void Start();
  // Ends the threads; what waits gets kUnavailable. The committer must still
  // run.
  void Drain();

  // Behind a durable group, on the committer's thread: the log's end and the
  // root that the committer computed.
  void NoteDurable(EntryIndex tree_size, const Hash& root);

  // As Sign(), for the tree of exactly this size, which must be durable.
  // kAborted: an epoch was opened behind it, by now or long ago.
  void SignAt(std::uint64_t tree_size,
              std::function<void(absl::StatusOr<v1::Checkpoint>)> done);

  void Sign(std::function<void(absl::StatusOr<v1::Checkpoint>)> done) override;
  absl::StatusOr<v1::Checkpoint> Newest() const override;
  absl::StatusOr<v1::Checkpoint> Witnessed() const override;
  absl::StatusOr<v1::Checkpoint> Covering(
      std::uint64_t tree_size) const override;
  absl::StatusOr<std::vector<v1::Checkpoint>> List(
      std::uint64_t below_tree_size, std::size_t count_max) const override;
  void AddCosignatures(std::uint64_t tree_size,
                       std::vector<note::SignatureLine> lines,
                       std::function<void(absl::Status)> done) override;
  void SetWitnessPolicy(TrustPolicy policy) override;
  void OnSigned(std::function<void(const v1::Checkpoint&)> signed_one) override;
  absl::Status health() const override;
  std::uint64_t entries_checked() const override { return scrub_.checked(); }

  // For tests: a pass of the background check begins now.
  void ScrubNow() { scrub_.Wake(); }
  std::uint64_t scrub_passes() const { return scrub_.passes(); }

 private:
  using SignDone = std::function<void(absl::StatusOr<v1::Checkpoint>)>;
  struct ExactRequest {
    std::uint64_t tree_size = 0;
    SignDone done;
  };
  struct CosignRequest {
    std::uint64_t tree_size = 0;
    std::vector<note::SignatureLine> lines;
    std::function<void(absl::Status)> done;
  };
  struct Work {
    std::vector<SignDone> signs;
    std::vector<ExactRequest> exact;
    std::vector<CosignRequest> cosigns;
    bool stopping = false;
  };
  // A tree that is durable, and the committer's root of it.
  struct Durable {
    EntryIndex tree_size{0};
    Hash root;
  };

  // The thread.
  void Run();
  Work WaitForWork();
  void Refuse(Work& work);
  absl::StatusOr<v1::Checkpoint> SignDurable();
  absl::StatusOr<v1::Checkpoint> SignExactly(std::uint64_t tree_size);
  // Hashes again what `tree_size` adds.
  absl::Status Advance(std::uint64_t tree_size);
  // On the committer's thread: signs and keeps it, unless the log's origin is
  // another by now or the size is an older one's (kAborted), or the log is
  // stopped.
  absl::StatusOr<v1::Checkpoint> SignTree(const std::string& origin,
                                          std::uint64_t tree_size,
                                          const Hash& root,
                                          Position next_position);
  absl::Status Keep(const v1::Checkpoint& checkpoint);
  absl::Status Cosign(const CosignRequest& request);
  // Runs a task on the committer's thread and waits for it.
  absl::Status Committed(const std::function<absl::Status()>& task);

  // The first says why nothing is signed any more; returns it.
  absl::Status StopSigning(absl::Status why);
  // On the committer's thread: the same, so that the next process knows it too.
  absl::Status Damage(const FoundDamage& found);
  // As Damage(), on any other thread. Behind it both hold.
  absl::Status Found(const FoundDamage& found);
  // The entries below `tree_size` that no smaller signed tree covers.
  EntryRange AddedBy(std::uint64_t tree_size) const;
  absl::Status RootFound(std::uint64_t tree_size, absl::string_view whose);
  // Whether what an earlier process found is still there.
  absl::Status LoadFound();
  // kDataLoss: damage, or LOG_RESTORED.
  absl::Status CheckHealth() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::optional<LogScrub::SignedTree> SignedTree(std::uint64_t at_least) const;

  const Options options_;
  LogScrub scrub_;
  std::thread thread_;

  // The thread's: what was hashed again, or signed before this process began.
  merkle::Frontier frontier_;
  Position frontier_next_;

  mutable Mutex mu_;
  CondVar wake_;
  Work work_ ABSL_GUARDED_BY(mu_);
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  Durable durable_ ABSL_GUARDED_BY(mu_);
  std::int64_t grown_ms_ ABSL_GUARDED_BY(mu_) = -1;  // SteadyMs(); -1: covered.
  absl::Status damage_ ABSL_GUARDED_BY(mu_);
  KeptCheckpoints kept_ ABSL_GUARDED_BY(mu_);
  std::function<void(const v1::Checkpoint&)> signed_one_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon

#endif  // THON_ENGINE_CHECKPOINT_SIGNER_H_
