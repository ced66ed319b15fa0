#include "server/engine/checkpoint_signer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/checkpoint.h"
#include "server/core/entry.h"
#include "server/engine/found_damage.h"
#include "server/engine/leaf_check.h"
#include "server/engine/system_clock.h"

namespace thon {
namespace {

absl::Status Stopping() { return CommitStateStatus(CommitState::kDraining); }

}  // namespace

CheckpointSigner::CheckpointSigner(Options options)
    : options_(std::move(options)),
      scrub_({options_.log,
              [this](std::uint64_t at_least) { return SignedTree(at_least); },
              [this](const FoundDamage& found) {
                static_cast<void>(Found(found));
              }},
             options_.scrub),
      kept_(options_.log_key->public_key(), options_.kept) {}

CheckpointSigner::~CheckpointSigner() { THON_CHECK(!thread_.joinable()); }

absl::Status CheckpointSigner::Load() {
  const LogEnd end = options_.log->end();
  absl::Status loaded;
  std::optional<v1::Checkpoint> last;
  {
    MutexLock lock(&mu_);
    durable_ = {end.tree_size, options_.log->root()};
    loaded = kept_.Load(*options_.log);
    if (loaded.ok() && kept_.Largest() != nullptr) last = *kept_.Largest();
    if (!last.has_value() || last->tree_size() < end.tree_size.value) {
      grown_ms_ = SteadyMs();
    }
  }
  if (loaded.ok() && last.has_value()) {
    if (last->tree_size() > end.tree_size.value) {
      loaded = absl::DataLossError(absl::StrCat(
          "a checkpoint of ", last->tree_size(),
          " entries was signed, and the log holds ", end.tree_size.value,
          "; nothing is signed any more; restore the log from a backup"));
    } else {
      absl::StatusOr<merkle::Frontier> frontier = merkle::Frontier::Load(
          last->tree_size(),
          [this](merkle::NodeId node) { return options_.log->Node(node); });
      if (!frontier.ok()) {
        loaded = frontier.status();
      } else if (frontier->Root().view() != last->root_hash()) {
        loaded = RootDamage(last->tree_size(), "the signed checkpoint");
      } else {
        frontier_ = *std::move(frontier);
        frontier_next_ = Position(last->next_position());
        options_.stats->NoteCheckpoint(last->tree_size(),
                                       last->signed_time_ms());
      }
    }
  }
  if (loaded.ok()) return LoadFound();
  if (!absl::IsDataLoss(loaded)) return loaded;
  // Every start sees this again; it need not be kept.
  static_cast<void>(StopSigning(std::move(loaded)));
  return absl::OkStatus();
}

absl::Status CheckpointSigner::LoadFound() {
  const absl::StatusOr<std::string> fact =
      options_.log->GetLocal(kFoundDamageKey);
  if (absl::IsNotFound(fact.status())) return absl::OkStatus();
  // A fact that cannot be read says at least that there was one.
  if (!fact.ok() && !absl::IsDataLoss(fact.status())) return fact.status();
  const EntryRange range = DecodeFoundDamage(fact.ok() ? *fact : "");
  absl::Status checked;
  {
    MutexLock lock(&mu_);
    checked = CheckAgain(*options_.log, kept_, range);
  }
  const std::string where =
      range.first == range.last
          ? absl::StrCat("entry ", range.first.value)
          : absl::StrCat("the log from entry ", range.first.value, " on");
  if (absl::IsDataLoss(checked)) {
    static_cast<void>(StopSigning(std::move(checked)));
    return absl::OkStatus();
  }
  if (!checked.ok()) {
    static_cast<void>(StopSigning(absl::DataLossError(absl::StrCat(
        where, " was found damaged before this start and cannot be read: ",
        checked.message(),
        "; nothing is signed any more; stop the server, look at the disk, and "
        "restore the log from a backup"))));
    return absl::OkStatus();
  }
  spdlog::warn(
      "{} was found damaged before this start and is whole; "
      "checkpoints are signed again",
      where);
  // A fact that stays in spite of this is looked at by the next start too.
  static_cast<void>(options_.log->DeleteLocal(kFoundDamageKey));
  return absl::OkStatus();
}

void CheckpointSigner::Start() {
  thread_ = std::thread([this] { Run(); });
  if (health().ok()) scrub_.Start();
}

void CheckpointSigner::Drain() {
  scrub_.Stop();
  {
    MutexLock lock(&mu_);
    work_.stopping = true;
    wake_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  Work left;
  {
    MutexLock lock(&mu_);
    ended_ = true;
    std::swap(left, work_);
    work_.stopping = true;
  }
  Refuse(left);
}

void CheckpointSigner::NoteDurable(EntryIndex tree_size, const Hash& root) {
  MutexLock lock(&mu_);
  durable_ = {tree_size, root};
  if (grown_ms_ >= 0) return;
  grown_ms_ = SteadyMs();
  wake_.NotifyOne();
}

// ---- Asking ----

void CheckpointSigner::Sign(SignDone done) {
  {
    MutexLock lock(&mu_);
    if (!ended_ && !work_.stopping) {
      work_.signs.push_back(std::move(done));
      wake_.NotifyOne();
      return;
    }
  }
  done(Stopping());
}

void CheckpointSigner::SignAt(std::uint64_t tree_size, SignDone done) {
  {
    MutexLock lock(&mu_);
    if (!ended_ && !work_.stopping) {
      work_.exact.push_back({tree_size, std::move(done)});
      wake_.NotifyOne();
      return;
    }
  }
  done(Stopping());
}

void CheckpointSigner::AddCosignatures(std::uint64_t tree_size,
                                       std::vector<note::SignatureLine> lines,
                                       std::function<void(absl::Status)> done) {
  {
    MutexLock lock(&mu_);
    if (!ended_ && !work_.stopping) {
      work_.cosigns.push_back({tree_size, std::move(lines), std::move(done)});
      wake_.NotifyOne();
      return;
    }
  }
  done(Stopping());
}

void CheckpointSigner::SetWitnessPolicy(TrustPolicy policy) {
  MutexLock lock(&mu_);
  kept_.SetPolicy(std::move(policy));
}

void CheckpointSigner::OnSigned(
    std::function<void(const v1::Checkpoint&)> signed_one) {
  MutexLock lock(&mu_);
  signed_one_ = std::move(signed_one);
}

// ---- Reading ----

absl::Status CheckpointSigner::CheckHealth() const {
  if (!damage_.ok()) return damage_;
  if (options_.committing.state() == CommitState::kLogRestored) {
    return CommitStateStatus(CommitState::kLogRestored);
  }
  return absl::OkStatus();
}

absl::Status CheckpointSigner::health() const {
  MutexLock lock(&mu_);
  return CheckHealth();
}

absl::StatusOr<v1::Checkpoint> CheckpointSigner::Newest() const {
  const std::string origin = options_.committing.origin();
  MutexLock lock(&mu_);
  const absl::Status healthy = CheckHealth();
  if (!healthy.ok()) return healthy;
  const v1::Checkpoint* newest = kept_.Newest(origin);
  if (newest != nullptr) return *newest;
  return absl::NotFoundError(
      absl::StrCat("no checkpoint of ", origin, " was signed yet"));
}

absl::StatusOr<v1::Checkpoint> CheckpointSigner::Witnessed() const {
  const std::string origin = options_.committing.origin();
  MutexLock lock(&mu_);
  const v1::Checkpoint* witnessed = kept_.Witnessed(origin);
  if (witnessed != nullptr) return *witnessed;
  return absl::NotFoundError(absl::StrCat(
      "no checkpoint of ", origin, " has the cosignatures of its quorum yet"));
}

absl::StatusOr<v1::Checkpoint> CheckpointSigner::Covering(
    std::uint64_t tree_size) const {
  MutexLock lock(&mu_);
  const v1::Checkpoint* covering = kept_.Covering(tree_size);
  if (covering != nullptr) return *covering;
  return absl::NotFoundError(absl::StrCat(
      "no checkpoint of at least ", tree_size, " entries was signed yet"));
}

absl::StatusOr<std::vector<v1::Checkpoint>> CheckpointSigner::List(
    std::uint64_t below_tree_size, std::size_t count_max) const {
  MutexLock lock(&mu_);
  return kept_.List(below_tree_size, count_max);
}

std::optional<LogScrub::SignedTree> CheckpointSigner::SignedTree(
    std::uint64_t at_least) const {
  MutexLock lock(&mu_);
  const v1::Checkpoint* covering = kept_.Covering(at_least);
  LogScrub::SignedTree tree;
  if (covering == nullptr ||
      !Hash::FromBytes(covering->root_hash(), &tree.root)) {
    return std::nullopt;
  }
  tree.size = covering->tree_size();
  return tree;
}

}  // namespace thon
