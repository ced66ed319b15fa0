#include "server/engine/engine.h"

#include <filesystem>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/checkpoint.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "server/core/receipt.h"
#include "server/engine/admission.h"
#include "server/engine/as_of.h"
#include "server/engine/await.h"
#include "server/engine/engine_impl.h"
#include "server/engine/log_events.h"
#include "server/projections/grants.h"
#include "server/storage/backup.h"

namespace thon {
namespace {

// Positions below it are in a backup.
constexpr absl::string_view kDurablePositionKey = "backup/next_position";

// Where one thread waits for a status that another brings.
struct Arrival {
  Mutex mu;
  CondVar arrived;
  std::optional<absl::Status> status ABSL_GUARDED_BY(mu);

  void Bring(absl::Status brought) {
    MutexLock lock(&mu);
    status = std::move(brought);
    arrived.NotifyAll();
  }
  absl::Status Await() {
    MutexLock lock(&mu);
    while (!status.has_value()) arrived.Wait(&mu);
    return *status;
  }
};

}  // namespace

void EngineImpl::Drain() {
  // Watchers come back elsewhere, or later; nothing waits for them.
  if (watches_ != nullptr) watches_->Drain();
  // Before the committer, which keeps what they make.
  if (state_roots_ != nullptr) state_roots_->Stop();
  if (checkpoints_ != nullptr) checkpoints_->Drain();
  // Then the committer: what it answers last may wait for rows.
  if (committer_ != nullptr) committer_->Drain();
  if (projector_ != nullptr) projector_->Drain();
}

// ---- Phones ----

absl::StatusOr<EpochLink> EngineImpl::LinkOf(const Epoch& epoch) const {
  EpochLink link;
  link.old_origin = epoch.old_origin;
  link.new_origin = epoch.origin;
  absl::StatusOr<std::string> leaf = log_->ReadEntry(epoch.entry);
  if (!leaf.ok()) return leaf.status();
  link.leaf = *std::move(leaf);
  absl::StatusOr<v1::Receipt> receipt = RebuildReceipt(*log_, epoch.entry);
  if (!receipt.ok()) return receipt.status();
  link.receipt = *std::move(receipt);
  return link;
}

absl::StatusOr<Position> EngineImpl::DurablePosition() const {
  const absl::StatusOr<std::string> kept = log_->GetLocal(kDurablePositionKey);
  if (absl::IsNotFound(kept.status())) return Position(0);
  if (!kept.ok()) return kept.status();
  Position position;
  if (!absl::SimpleAtoi(*kept, &position.value)) return Position(0);
  return position;
}

absl::StatusOr<Hello> EngineImpl::MakeHello(
    absl::string_view nonce, const AuthorId& author,
    absl::string_view known_origin) const {
  Hello hello;
  const std::vector<Epoch> declared = epochs();
  hello.origin = declared.back().origin;
  hello.log_key = committer_->log_key().public_key();
  if (!known_origin.empty() && known_origin != hello.origin) {
    bool after = false;
    for (const Epoch& epoch : declared) {
      if (after) {
        absl::StatusOr<EpochLink> link = LinkOf(epoch);
        if (!link.ok()) return link.status();
        hello.epochs.push_back(*std::move(link));
      }
      after = after || epoch.origin == known_origin;
    }
  }
  const absl::StatusOr<Position> durable = DurablePosition();
  if (!durable.ok()) return durable.status();
  hello.durable_position = durable->value;
  const std::optional<AuthorState> state = authors_.Find(author);
  if (state.has_value()) {
    hello.next_sequence = state->next_sequence.value;
    if (state->next_sequence > Sequence(1)) {
      hello.last_batch_hash = std::string(state->last_batch_hash.view());
    }
  }
  hello.server_time = clock_->Now();
  hello.signature = committer_->log_key().Sign(
      kHelloContext,
      HelloStatement(nonce, author.view(), hello.origin, hello.log_key.view(),
                     hello.server_time.ms, hello.next_sequence,
                     hello.last_batch_hash, hello.durable_position));
  return hello;
}

absl::Status EngineImpl::CheckReceipt(const v1::Receipt& receipt,
                                      const Hash& leaf_hash) {
  const absl::Status ours =
      VerifyReceipt(receipt, committer_->log_key().public_key(), leaf_hash);
  if (!ours.ok()) return ours;
  const std::vector<Epoch> declared = epochs();
  std::string name;
  std::string other_name;
  std::uint64_t number = 0;
  std::uint64_t other_number = 0;
  THON_CHECK(SplitOrigin(declared.back().origin, &name, &number));
  if (!SplitOrigin(receipt.origin(), &other_name, &other_number) ||
      name != other_name) {
    return absl::PermissionDeniedError("the receipt is another log's");
  }
  for (std::size_t i = 0; i + 1 < declared.size(); ++i) {
    // An epoch that ended: what is lost of it is declared.
    if (declared[i].origin == receipt.origin()) return absl::OkStatus();
  }
  const EntryIndex index(receipt.entry_index());
  const LogEnd end = log_->end();
  RestoredNote note;
  note.epoch_number = other_number;
  // Of the receipt only index and leaf hash are proven here: positions follow
  // from the batch, which the phone does not show. So where the loss begins is
  // read from our own log.
  note.first_lost = end.next_position;
  if (other_number == number && index < end.tree_size) {
    const absl::StatusOr<std::vector<Hash>> here =
        log_->LeafHashes(index, index.Next());
    if (!here.ok()) return here.status();
    if (here->front() == leaf_hash) return absl::OkStatus();
    const absl::StatusOr<std::string> ours_there = log_->ReadEntry(index);
    if (!ours_there.ok()) return ours_there.status();
    const absl::StatusOr<EntryView> view = ParseEntry(*ours_there);
    if (!view.ok()) return view.status();
    note.first_lost = view->trailer.first_position;
  }
  // A hint for people, no more.
  const std::uint64_t shown = receipt.first_position();
  if (shown >= note.first_lost.value &&
      shown <= UINT64_MAX - receipt.event_count()) {
    note.last_known_lost = Position(shown + receipt.event_count() - 1);
  }
  committer_->StopRestored(note);
  return CommitStateStatus(CommitState::kLogRestored);
}

// ---- Rows ----

absl::Status EngineImpl::AwaitRows(Position position, std::int64_t timeout_ms) {
  auto arrival = std::make_shared<Arrival>();
  WaitForRows(position, timeout_ms, [arrival](absl::Status status) {
    arrival->Bring(std::move(status));
  });
  return arrival->Await();
}

std::unique_ptr<EventSource> EngineImpl::EventsAt(Position position) const {
  EntryIndex end(0);
  const absl::StatusOr<EntryIndex> last = log_->FindPosition(position);
  if (last.ok()) {
    end = last->Next();
  } else if (position != Position(0)) {
    end = log_->end().tree_size;
  }
  return std::make_unique<LogEvents>(log_.get(), end);
}

absl::StatusOr<Position> EngineImpl::ResolveAsOf(
    const AsOfMoment& moment) const {
  if (moment.position.has_value()) {
    if (*moment.position >= log_->end().next_position) {
      return absl::OutOfRangeError(
          absl::StrCat("position ", moment.position->value,
                       " is beyond the log's end; it is from another history"));
    }
    return *moment.position;
  }
  if (moment.time.has_value()) return PositionAtTime(*log_, *moment.time);
  if (moment.date.has_value()) {
    return PositionAtDate(*log_, *moment.date, committer_->open_date());
  }
  return rows_position();
}

// ---- Officers ----

absl::Status EngineImpl::Authorise(OfficerId officer, v1::Role role,
                                   UnitId unit) const {
  const std::unique_ptr<RowReader> rows = RowsAt(rows_position());
  if (IsGranted(*rows, officer, role, unit, committer_->open_date())) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      "no grant of yours allows this here; ask an operator for one");
}

// ---- Auditors ----

note::VerifierKey EngineImpl::log_verifier_key() const {
  return LogVerifierKey(committer_->origin(),
                        committer_->log_key().public_key());
}

// ---- Operators ----

void EngineImpl::PutLocalFact(std::string key, std::string value,
                              std::function<void(absl::Status)> done) {
  committer_->Post([this, key = std::move(key), value = std::move(value),
                    done = std::move(done)](const absl::Status& open) {
    done(open.ok() ? log_->PutLocal(key, value) : open);
  });
}

EngineStatus EngineImpl::status() const {
  EngineStatus status;
  status.origin = committer_->origin();
  status.end = log_->end();
  status.rows_position = rows_position();
  status.server_time = clock_->Now();
  status.simulated = options_.simulated;
  status.commit_state = committer_->state();
  status.local_date = committer_->open_date();
  return status;
}

void EngineImpl::CreateToken(OfficerId officer, Date last_date,
                             Done<std::string> done) {
  if (!IsSurrogateId(officer.value)) {
    done(absl::InvalidArgumentError("officer_id: must be above 0"));
    return;
  }
  if (last_date == Date(0)) last_date = Date(Today().days + kTokenDays);
  committer_->Post(
      [this, officer, last_date, done = std::move(done)](absl::Status status) {
        if (status.ok()) {
          done(tokens_->Create(officer, last_date));
          // What fails here is tried again with the next token.
          static_cast<void>(tokens_->ForgetExpired(Today()));
        } else {
          done(status);
        }
      });
}

void EngineImpl::RevokeTokens(OfficerId officer, Done<int> done) {
  committer_->Post(
      [this, officer, done = std::move(done)](absl::Status status) {
        if (status.ok()) {
          done(tokens_->Revoke(officer));
        } else {
          done(status);
        }
      });
}

void EngineImpl::RevokeToken(std::string token, Done<bool> done) {
  committer_->Post([this, token = std::move(token),
                    done = std::move(done)](absl::Status status) {
    if (status.ok()) {
      done(tokens_->RevokeOne(token));
    } else {
      done(status);
    }
  });
}

void EngineImpl::AdvanceClock(Instant to, Done<Position> done) {
  committer_->Post([this, to, done = std::move(done)](absl::Status status) {
    if (!status.ok()) {
      done(status);
      return;
    }
    const absl::StatusOr<Position> reached = committer_->AdvanceClock(to);
    if (!reached.ok()) {
      done(reached.status());
      return;
    }
    WaitForRows(*reached, limits::kQueryWaitMsMax,
                [done, position = *reached](absl::Status waited) {
                  if (waited.ok()) {
                    done(position);
                  } else {
                    done(waited);
                  }
                });
  });
}

void EngineImpl::OpenEpoch(bool force, Done<OpenedEpoch> done) {
  committer_->Post([this, force, done = std::move(done)](absl::Status status) {
    if (status.ok()) {
      done(committer_->OpenEpoch(force));
    } else {
      done(status);
    }
  });
}

absl::StatusOr<Backup> EngineImpl::CreateBackup(const std::string& directory) {
  const absl::Status copied = log_->Backup(directory);
  if (!copied.ok()) return copied;
  const absl::StatusOr<BackupInfo> copy = ReadBackupInfo(directory);
  if (!copy.ok()) return copy.status();
  const std::uint64_t size = copy->end.tree_size.value;
  const absl::StatusOr<Hash> root = merkle::RootAt(
      size, [this](merkle::NodeId node) { return log_->Node(node); });
  if (!root.ok()) return root.status();
  if (*root != copy->root) {
    return absl::DataLossError(absl::StrCat(
        "the copy in ", directory, " has another root; do not use it"));
  }
  Backup backup;
  backup.path = directory;
  const absl::StatusOr<v1::Checkpoint> head =
      Await<v1::Checkpoint>([&](Done<v1::Checkpoint> done) {
        checkpoints_->SignAt(size, std::move(done));
      });
  if (head.ok()) {
    backup.checkpoint = *head;
  } else if (committer_->state() == CommitState::kLogRestored) {
    // A copy of what there is, before the next epoch; nothing is signed.
    backup.checkpoint.set_origin(committer_->origin());
    backup.checkpoint.set_tree_size(size);
    backup.checkpoint.set_root_hash(std::string(root->view()));
    backup.checkpoint.set_next_position(copy->end.next_position.value);
  } else {
    return head.status();
  }
  const absl::Status keys = CopyKeys(
      keys_directory_, (std::filesystem::path(directory) / "keys").string());
  if (!keys.ok()) return keys;
  auto arrival = std::make_shared<Arrival>();
  const std::string position = absl::StrCat(backup.checkpoint.next_position());
  committer_->Post([this, arrival, position](absl::Status status) {
    if (status.ok()) status = log_->PutLocal(kDurablePositionKey, position);
    arrival->Bring(std::move(status));
  });
  const absl::Status noted = arrival->Await();
  if (!noted.ok()) return noted;
  return backup;
}

}  // namespace thon
