// What the checkpoints' one thread does.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/checkpoint.h"
#include "server/core/entry.h"
#include "server/engine/checkpoint_signer.h"
#include "server/engine/found_damage.h"
#include "server/engine/leaf_check.h"
#include "server/engine/system_clock.h"

namespace thon {
namespace {

// Entries that are hashed again without looking whether to stop.
constexpr std::uint64_t kPieceEntries = 4096;
constexpr std::int64_t kIdleMs = 60'000;

absl::Status Stopping() { return CommitStateStatus(CommitState::kDraining); }

// Puts a witness's line into the note, in the place of an older one of its key.
// False: it is nobody's whom the policy names, does not verify, or is not
// newer.
bool AddCosignature(const TrustPolicy& policy, const note::SignatureLine& line,
                    note::SignedNote* note) {
  for (const TrustPolicy::Witness& witness : policy.witnesses) {
    if (line.name != witness.key.name ||
        line.key_id != note::KeyId(witness.key)) {
      continue;
    }
    const note::Verified verified =
        note::Verify({note->text, {line}}, witness.key);
    if (verified.verdict != note::Verdict::kGood) return false;
    for (note::SignatureLine& held : note->signatures) {
      if (held.name != line.name || held.key_id != line.key_id) continue;
      const note::Verified before =
          note::Verify({note->text, {held}}, witness.key);
      if (before.verdict == note::Verdict::kGood &&
          before.time_s >= verified.time_s) {
        return false;
      }
      held = line;
      return true;
    }
    if (note->signatures.size() >= limits::kNoteSignaturesMax) return false;
    note->signatures.push_back(line);
    if (note::Format(*note).size() <= limits::kNoteBytesMax) return true;
    note->signatures.pop_back();
    return false;
  }
  return false;
}

}  // namespace

CheckpointSigner::Work CheckpointSigner::WaitForWork() {
  MutexLock lock(&mu_);
  while (work_.signs.empty() && work_.exact.empty() && work_.cosigns.empty() &&
         !work_.stopping) {
    std::int64_t wait = kIdleMs;
    if (grown_ms_ >= 0) {
      wait = grown_ms_ + options_.every_ms - SteadyMs();
      if (wait <= 0) break;
    }
    wake_.WaitFor(&mu_, std::min(wait, kIdleMs));
  }
  Work work;
  std::swap(work, work_);
  work_.stopping = work.stopping;
  return work;
}

void CheckpointSigner::Refuse(Work& work) {
  for (SignDone& done : work.signs) done(Stopping());
  for (ExactRequest& request : work.exact) request.done(Stopping());
  for (CosignRequest& request : work.cosigns) request.done(Stopping());
}

void CheckpointSigner::Run() {
  while (true) {
    Work work = WaitForWork();
    if (work.stopping) {
      Refuse(work);
      return;
    }
    for (CosignRequest& request : work.cosigns) request.done(Cosign(request));
    std::sort(work.exact.begin(), work.exact.end(),
              [](const ExactRequest& a, const ExactRequest& b) {
                return a.tree_size < b.tree_size;
              });
    for (ExactRequest& request : work.exact) {
      request.done(SignExactly(request.tree_size));
    }
    bool due = false;
    {
      MutexLock lock(&mu_);
      due = grown_ms_ >= 0 && SteadyMs() >= grown_ms_ + options_.every_ms;
    }
    if (work.signs.empty() && !due) continue;
    const absl::StatusOr<v1::Checkpoint> made = SignDurable();
    {
      // What failed is tried again after the same time.
      MutexLock lock(&mu_);
      const bool covered =
          made.ok() && made->tree_size() == durable_.tree_size.value;
      grown_ms_ = covered ? -1 : SteadyMs();
    }
    for (SignDone& done : work.signs) done(made);
  }
}

absl::StatusOr<v1::Checkpoint> CheckpointSigner::SignDurable() {
  while (true) {
    // The origin before the tree: a tree that is read first could be an older
    // epoch's, and would be signed for the next.
    const std::string origin = options_.committing.origin();
    Durable durable;
    {
      MutexLock lock(&mu_);
      const absl::Status healthy = CheckHealth();
      if (!healthy.ok()) return healthy;
      durable = durable_;
      const v1::Checkpoint* newest = kept_.Newest(origin);
      if (newest != nullptr && newest->tree_size() == durable.tree_size.value) {
        return *newest;
      }
    }
    const absl::Status advanced = Advance(durable.tree_size.value);
    if (!advanced.ok()) return advanced;
    if (frontier_.Root() != durable.root) {
      return RootFound(durable.tree_size.value, "the committer");
    }
    absl::StatusOr<v1::Checkpoint> made =
        SignTree(origin, durable.tree_size.value, durable.root, frontier_next_);
    if (!absl::IsAborted(made.status())) return made;
  }
}

absl::StatusOr<v1::Checkpoint> CheckpointSigner::SignExactly(
    std::uint64_t tree_size) {
  const std::string origin = options_.committing.origin();
  Durable durable;
  std::optional<v1::Checkpoint> newest;
  {
    MutexLock lock(&mu_);
    const absl::Status healthy = CheckHealth();
    if (!healthy.ok()) return healthy;
    const v1::Checkpoint* kept = kept_.Of(tree_size);
    if (kept != nullptr && kept->origin() == origin) return *kept;
    durable = durable_;
    if (kept_.Largest() != nullptr) newest = *kept_.Largest();
  }
  if (tree_size == 0 || tree_size > durable.tree_size.value) {
    return absl::NotFoundError(
        absl::StrCat("a tree of ", tree_size, " entries is not durable"));
  }
  if (tree_size >= frontier_.size()) {
    const absl::Status advanced = Advance(tree_size);
    if (!advanced.ok()) return advanced;
    return SignTree(origin, tree_size, frontier_.Root(), frontier_next_);
  }
  // Below what was hashed again: it must be a tree that the hashed one extends.
  const merkle::NodeReader nodes = [this](merkle::NodeId node) {
    return options_.log->Node(node);
  };
  const absl::StatusOr<Hash> root = merkle::RootAt(tree_size, nodes);
  if (!root.ok()) return root.status();
  const absl::StatusOr<std::vector<Hash>> proof =
      merkle::ConsistencyProof(tree_size, frontier_.size(), nodes);
  if (!proof.ok()) return proof.status();
  const absl::Status extends = merkle::VerifyConsistency(
      tree_size, *root, frontier_.size(), frontier_.Root(), *proof);
  if (!extends.ok()) return RootFound(tree_size, "the stored tree");
  const absl::StatusOr<std::string> last =
      options_.log->ReadEntry(EntryIndex(tree_size - 1));
  if (!last.ok()) return last.status();
  const absl::StatusOr<EntryView> view = ParseEntry(*last);
  if (!view.ok()) return view.status();
  return SignTree(origin, tree_size, *root, view->trailer.end_position());
}

absl::Status CheckpointSigner::Advance(std::uint64_t tree_size) {
  while (frontier_.size() < tree_size) {
    {
      MutexLock lock(&mu_);
      if (work_.stopping) return Stopping();
    }
    merkle::Frontier advanced = frontier_;
    EntryRange damaged;
    const std::uint64_t end =
        std::min(frontier_.size() + kPieceEntries, tree_size);
    const absl::StatusOr<CheckedLeaves> checked =
        CheckLeaves(*options_.log, EntryIndex(end), &advanced, &damaged);
    if (absl::IsDataLoss(checked.status())) {
      return Found({damaged, checked.status()});
    }
    if (!checked.ok()) return checked.status();
    frontier_ = std::move(advanced);
    frontier_next_ = checked->next_position;
  }
  // The tree that proofs and tiles are read from must be the same one.
  const absl::StatusOr<Hash> stored = merkle::RootAt(
      tree_size,
      [this](merkle::NodeId node) { return options_.log->Node(node); });
  if (absl::IsDataLoss(stored.status())) {
    return Found({AddedBy(tree_size), stored.status()});
  }
  if (!stored.ok()) return stored.status();
  if (*stored != frontier_.Root()) {
    return RootFound(tree_size, "the stored tree");
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Checkpoint> CheckpointSigner::SignTree(
    const std::string& origin, std::uint64_t tree_size, const Hash& root,
    Position next_position) {
  v1::Checkpoint made;
  bool fresh = false;
  std::function<void(const v1::Checkpoint&)> signed_one;
  const absl::Status kept = Committed([&]() -> absl::Status {
    if (options_.committing.origin() != origin) {
      return absl::AbortedError(
          "an epoch was opened meanwhile; ask for a checkpoint again");
    }
    const EntryIndex opens = options_.committing.epoch_entry();
    if (tree_size <= opens.value) {
      return absl::AbortedError(absl::StrCat(
          "a tree of ", tree_size, " entries is of an older epoch than ",
          origin, ", which entry ", opens.value, " opened"));
    }
    bool differs = false;
    {
      MutexLock lock(&mu_);
      const absl::Status healthy = CheckHealth();
      if (!healthy.ok()) return healthy;
      signed_one = signed_one_;
      if (const v1::Checkpoint* same = kept_.Of(tree_size)) {
        made = *same;
        if (made.root_hash() == root.view()) return absl::OkStatus();
        differs = true;
      } else {
        absl::StatusOr<v1::Checkpoint> next = kept_.Make(
            MakeCheckpointNote(*options_.log_key, origin, tree_size, root),
            next_position, options_.clock->Now().ms);
        if (!next.ok()) return next.status();
        made = *std::move(next);
      }
    }
    // Never two roots for one size, whatever the disk says by now.
    if (differs) {
      return Damage(
          {AddedBy(tree_size), RootDamage(tree_size, "the signed checkpoint")});
    }
    fresh = true;
    return Keep(made);
  });
  if (!kept.ok()) return kept;
  if (fresh) {
    options_.stats->checkpoints_signed.fetch_add(1, std::memory_order_relaxed);
    options_.stats->NoteCheckpoint(made.tree_size(), made.signed_time_ms());
    if (signed_one) signed_one(made);
  }
  return made;
}

absl::Status CheckpointSigner::Keep(const v1::Checkpoint& checkpoint) {
  absl::Status stored = options_.log->PutLocal(
      KeptCheckpoints::KeyOf(checkpoint), KeptCheckpoints::ValueOf(checkpoint));
  // Nobody gets to see what might be forgotten.
  if (!stored.ok()) return CommitStateStatus(CommitState::kDiskFailed);
  std::vector<std::string> gone;
  {
    MutexLock lock(&mu_);
    gone = kept_.Put(checkpoint);
  }
  // One that stays in spite of this goes with the next.
  for (const std::string& key : gone) {
    static_cast<void>(options_.log->DeleteLocal(key));
  }
  return absl::OkStatus();
}

absl::Status CheckpointSigner::Cosign(const CosignRequest& request) {
  v1::Checkpoint checkpoint;
  TrustPolicy policy;
  {
    MutexLock lock(&mu_);
    const v1::Checkpoint* kept = kept_.Of(request.tree_size);
    if (kept == nullptr) {
      return absl::NotFoundError(absl::StrCat(
          "no checkpoint of ", request.tree_size, " entries is kept"));
    }
    checkpoint = *kept;
    policy = kept_.policy();
  }
  absl::StatusOr<note::SignedNote> note = note::Parse(checkpoint.note());
  if (!note.ok()) return note.status();
  bool changed = false;
  for (const note::SignatureLine& line : request.lines) {
    changed = AddCosignature(policy, line, &*note) || changed;
  }
  if (!changed) return absl::OkStatus();
  return Committed([&]() -> absl::Status {
    absl::StatusOr<v1::Checkpoint> next = absl::UnknownError("");
    {
      MutexLock lock(&mu_);
      // It may have been thinned out since.
      if (kept_.Of(request.tree_size) == nullptr) return absl::OkStatus();
      next =
          kept_.Make(note::Format(*note), Position(checkpoint.next_position()),
                     checkpoint.signed_time_ms());
    }
    if (!next.ok()) return next.status();
    return Keep(*next);
  });
}

absl::Status CheckpointSigner::Committed(
    const std::function<absl::Status()>& task) {
  struct Arrival {
    Mutex mu;
    CondVar arrived;
    std::optional<absl::Status> status ABSL_GUARDED_BY(mu);
  };
  const auto arrival = std::make_shared<Arrival>();
  options_.committing.post([arrival, &task](absl::Status status) {
    if (status.ok()) status = task();
    MutexLock lock(&arrival->mu);
    arrival->status = std::move(status);
    arrival->arrived.NotifyAll();
  });
  MutexLock lock(&arrival->mu);
  while (!arrival->status.has_value()) arrival->arrived.Wait(&arrival->mu);
  return *arrival->status;
}

absl::Status CheckpointSigner::StopSigning(absl::Status why) {
  MutexLock lock(&mu_);
  if (damage_.ok()) damage_ = std::move(why);
  options_.stats->log_damaged = true;
  return damage_;
}

absl::Status CheckpointSigner::Damage(const FoundDamage& found) {
  {
    MutexLock lock(&mu_);
    if (!damage_.ok()) return damage_;
  }
  // First of all, so that whoever is told may kill this process. A disk that
  // takes no more may not take this either: this process refuses all the same.
  static_cast<void>(options_.log->PutLocal(kFoundDamageKey,
                                           EncodeFoundDamage(found.entries)));
  return StopSigning(found.status);
}

absl::Status CheckpointSigner::Found(const FoundDamage& found) {
  absl::Status said = Committed([&] { return Damage(found); });
  // A committer that takes no more signs nothing either.
  return absl::IsDataLoss(said) ? said : StopSigning(found.status);
}

absl::Status CheckpointSigner::RootFound(std::uint64_t tree_size,
                                         absl::string_view whose) {
  return Found({AddedBy(tree_size), RootDamage(tree_size, whose)});
}

EntryRange CheckpointSigner::AddedBy(std::uint64_t tree_size) const {
  MutexLock lock(&mu_);
  const std::vector<v1::Checkpoint> below = kept_.List(tree_size, 1);
  return {EntryIndex(below.empty() ? 0 : below.front().tree_size()),
          EntryIndex(tree_size - 1)};
}

}  // namespace thon
