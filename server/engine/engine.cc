#include "server/engine/engine.h"

#include <filesystem>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/merkle.h"
#include "server/core/mutex.h"
#include "server/core/receipt.h"
#include "server/engine/as_of.h"
#include "server/engine/author_table.h"
#include "server/engine/commands.h"
#include "server/engine/committer.h"
#include "server/engine/enrolment.h"
#include "server/engine/epochs.h"
#include "server/engine/keys.h"
#include "server/engine/log_events.h"
#include "server/engine/projector.h"
#include "server/engine/receipts.h"
#include "server/engine/receive_clock.h"
#include "server/engine/tokens.h"
#include "server/projections/fold.h"
#include "server/projections/grants.h"
#include "server/storage/backup.h"
#include "server/storage/disk_guard.h"
#include "server/storage/row_store.h"

namespace thon {
namespace {

constexpr int kFormatVersion = 1;
constexpr int kTokenDays = 90;
constexpr std::size_t kOriginBytesMax = 128;
// Positions below it are in a backup.
constexpr absl::string_view kDurablePositionKey = "backup/next_position";

absl::Status CheckOptions(const EngineOptions& options) {
  if (options.clock == nullptr || options.storage.directory.empty()) {
    return absl::InvalidArgumentError("a clock and a directory are needed");
  }
  return absl::OkStatus();
}

absl::Status CheckLogName(absl::string_view name) {
  if (name.empty() || name.size() > kOriginBytesMax ||
      name.find_first_of(" +\n\r\t") != absl::string_view::npos) {
    return absl::InvalidArgumentError(
        "a new log needs a name without blanks or '+', at most 128 bytes, e.g. "
        "\"thon.example/yen-bai\"");
  }
  return absl::OkStatus();
}

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

std::vector<v1::Event> FirstEvents(const EngineOptions& options,
                                   const ServerKeys& keys,
                                   const std::string& origin, Date today) {
  std::vector<v1::Event> events(3);
  v1::LogOpened* opened = events[0].mutable_log_opened();
  opened->set_origin(origin);
  opened->set_log_key(std::string(keys.log.public_key().view()));
  opened->set_server_author_key(
      std::string(keys.server_author.public_key().view()));
  opened->set_format_version(kFormatVersion);
  opened->set_hash_algorithm("sha256");
  opened->set_simulated_time(options.simulated);
  opened->set_time_zone("Asia/Ho_Chi_Minh");
  events[1].mutable_day_opened()->set_local_date(today.days);
  v1::GrantIssued* grant = events[2].mutable_grant_issued();
  grant->set_grant_id(1);
  grant->set_officer_id(options.first_operator.value);
  grant->set_role(v1::ROLE_OPERATOR);
  grant->set_from_date(today.days);
  return events;
}

class EngineImpl final : public Engine {
 public:
  explicit EngineImpl(EngineOptions options)
      : options_(std::move(options)),
        keys_directory_(
            (std::filesystem::path(options_.storage.directory) / "keys")
                .string()) {}

  ~EngineImpl() override { Drain(); }

  absl::Status Open();

  std::string new_operator_token() const override {
    return new_operator_token_;
  }
  void Drain() override;

  OfferedBatch Admit(const AuthorId& stream_author,
                     v1::SealedBatch sealed) const override {
    return AdmitBatch(authors_, stream_author, std::move(sealed));
  }
  OfferStatus Offer(OfferedBatch* batch, AnswerCallback answered,
                    std::function<void()> when_room) override {
    return committer_->Offer(batch, std::move(answered), std::move(when_room));
  }
  std::optional<AuthorState> FindAuthor(const AuthorId& author) const override {
    return authors_.Find(author);
  }
  absl::StatusOr<Hello> MakeHello(
      absl::string_view nonce, const AuthorId& author,
      absl::string_view known_origin) const override;
  absl::Status CheckReceipt(const v1::Receipt& receipt,
                            const Hash& leaf_hash) override;
  void Enrol(EnrolmentRequest request, Done<Enrolment> done) override {
    enrolments_.Enrol(std::move(request), std::move(done));
  }

  Position rows_position() const override {
    return projector_->rows_position();
  }
  void WaitForRows(Position position, std::int64_t timeout_ms,
                   std::function<void(absl::Status)> done) override {
    projector_->Wait(position, timeout_ms, std::move(done));
  }
  absl::Status AwaitRows(Position position, std::int64_t timeout_ms) override;
  std::unique_ptr<RowReader> RowsAt(Position position) const override {
    return rows_->At(position);
  }
  std::unique_ptr<EventSource> EventsAt(Position position) const override;
  absl::StatusOr<Position> ResolveAsOf(const AsOfMoment& moment) const override;

  absl::StatusOr<OfficerId> Authenticate(
      absl::string_view token) const override {
    return tokens_->Authenticate(token, Today());
  }
  absl::Status Authorise(OfficerId officer, v1::Role role,
                         UnitId unit) const override;
  void Submit(CommandRequest request, Done<CommandResult> done) override {
    commands_.Submit(std::move(request), std::move(done));
  }
  void PutDocument(DocumentRequest request, Done<Position> done) override {
    commands_.PutDocument(std::move(request), std::move(done));
  }
  void RecordServerEvents(std::vector<v1::Event> events,
                          Done<RecordedRange> done) override {
    committer_->Record(std::move(events), std::move(done));
  }

  absl::StatusOr<v1::Checkpoint> MakeCheckpoint() const override;
  const EntryLog& log() const override { return *log_; }
  absl::StatusOr<v1::Receipt> ReceiptOf(EntryIndex index) const override {
    return RebuildReceipt(*log_, index);
  }

  EngineStatus status() const override;
  void CreateToken(OfficerId officer, Date last_date,
                   Done<std::string> done) override;
  void RevokeTokens(OfficerId officer, Done<int> done) override;
  void AdvanceClock(Instant to, Done<Position> done) override;
  void OpenEpoch(bool force, Done<OpenedEpoch> done) override;
  absl::StatusOr<Backup> CreateBackup(const std::string& directory) override;

 private:
  absl::Status OpenLog(ServerKeys* keys);
  absl::Status CheckLog(const ServerKeys& keys) const;
  absl::Status OpenClock();
  absl::Status OpenRows();
  absl::Status OpenTokens();
  // The local day by real time, for tokens.
  Date Today() const {
    return TimeZone::VietNam().DateOf(options_.clock->Now());
  }
  std::vector<Epoch> epochs() const {
    MutexLock lock(&mu_);
    return epochs_;
  }
  absl::StatusOr<Position> DurablePosition() const;
  absl::StatusOr<EpochLink> LinkOf(const Epoch& epoch) const;

  const EngineOptions options_;
  const std::string keys_directory_;

  std::unique_ptr<EntryLog> log_;
  std::unique_ptr<RowStore> rows_;
  AuthorTable authors_;
  std::unique_ptr<ReceiveClock> clock_;
  std::unique_ptr<TokenTable> tokens_;
  std::unique_ptr<Projector> projector_;
  std::unique_ptr<Committer> committer_;
  Commands commands_{this};
  Enrolments enrolments_{this, [this] { return epochs(); }};
  std::string new_operator_token_;

  mutable Mutex mu_;
  std::vector<Epoch> epochs_ ABSL_GUARDED_BY(mu_);
};

// ---- Opening ----

absl::Status EngineImpl::Open() {
  absl::StatusOr<std::unique_ptr<EntryLog>> log =
      EntryLog::Open(options_.storage);
  if (!log.ok()) return log.status();
  log_ = *std::move(log);
  absl::StatusOr<ServerKeys> keys = absl::UnknownError("");
  const bool is_new = log_->end().tree_size == EntryIndex(0);
  std::string origin;
  if (is_new) {
    const absl::Status named = CheckLogName(options_.log_name);
    if (!named.ok()) return named;
    origin = absl::StrCat(options_.log_name, "/1");
    keys = CreateKeys(keys_directory_, options_.log_key_seed,
                      options_.server_key_seed);
  } else {
    absl::Status read = authors_.Load(*log_);
    if (!read.ok()) return read;
    absl::StatusOr<std::vector<Epoch>> declared = ReadEpochs(*log_, authors_);
    if (!declared.ok()) return declared.status();
    const std::optional<AuthorId> server = authors_.current_server();
    if (declared->empty() || !server.has_value()) {
      return absl::DataLossError(
          "the log has entries but no server's author; restore it");
    }
    origin = declared->back().origin;
    MutexLock lock(&mu_);
    epochs_ = *std::move(declared);
    keys = LoadKeys(keys_directory_, *server);
  }
  if (!keys.ok()) return keys.status();
  if (!is_new) {
    const absl::Status checked = CheckLog(*keys);
    if (!checked.ok()) return checked;
  }
  absl::Status opened = OpenClock();
  if (!opened.ok()) return opened;

  Committer::Options committing;
  committing.log = log_.get();
  committing.authors = &authors_;
  committing.clock = clock_.get();
  committing.keys_directory = keys_directory_;
  committing.origin = origin;
  committing.disk_reserve_bytes = options_.disk_reserve_bytes != 0
                                      ? options_.disk_reserve_bytes
                                      : DiskReserveBytes(options_.storage);
  committing.on_durable = [this] {
    if (projector_ != nullptr) projector_->NotifyDurable();
  };
  committing.on_epoch = [this](const Epoch& epoch) {
    MutexLock lock(&mu_);
    epochs_.push_back(epoch);
    epochs_.back().simulated = epochs_.front().simulated;
  };
  std::vector<v1::Event> first;
  if (is_new) {
    first = FirstEvents(options_, *keys, origin,
                        TimeZone::VietNam().DateOf(clock_->Now()));
  }
  committer_ =
      std::make_unique<Committer>(std::move(committing), *std::move(keys));
  if (is_new) {
    opened = committer_->RecordFirst(std::move(first));
    if (!opened.ok()) return opened;
    absl::StatusOr<std::vector<Epoch>> declared = ReadEpochs(*log_, authors_);
    if (!declared.ok()) return declared.status();
    MutexLock lock(&mu_);
    epochs_ = *std::move(declared);
  }
  opened = committer_->LoadStop();
  if (opened.ok()) opened = OpenTokens();
  if (opened.ok()) opened = OpenRows();
  if (!opened.ok()) return opened;
  projector_->Start();
  committer_->Start();
  return absl::OkStatus();
}

absl::Status EngineImpl::CheckLog(const ServerKeys& keys) const {
  MutexLock lock(&mu_);
  if (!(epochs_.back().log_key == keys.log.public_key())) {
    return absl::FailedPreconditionError(
        absl::StrCat(keys_directory_,
                     "/log.key is not this log's key: restore DATA/keys "
                     "from where the log came from"));
  }
  if (epochs_.front().simulated != options_.simulated) {
    return absl::FailedPreconditionError(
        options_.simulated
            ? "the data directory was made for real time; a simulated clock "
              "needs one of its own"
            : "the data directory was made for simulated time; open it with a "
              "simulated clock");
  }
  return absl::OkStatus();
}

absl::Status EngineImpl::OpenClock() {
  Instant not_before = log_->end().last_receive_time;
  if (options_.simulated) {
    if (log_->end().tree_size == EntryIndex(0)) {
      not_before = options_.simulated_start;
    }
    const absl::StatusOr<std::string> kept = log_->GetLocal(kSimulatedClockKey);
    std::int64_t ms = 0;
    if (kept.ok() && absl::SimpleAtoi(*kept, &ms)) {
      not_before = std::max(not_before, Instant(ms));
    } else if (!kept.ok() && !absl::IsNotFound(kept.status())) {
      return kept.status();
    }
  }
  clock_ = std::make_unique<ReceiveClock>(
      options_.simulated ? nullptr : options_.clock, not_before);
  return absl::OkStatus();
}

absl::Status EngineImpl::OpenRows() {
  absl::StatusOr<std::unique_ptr<RowStore>> rows =
      RowStore::Open(options_.storage, Fold().signature());
  if (!rows.ok()) return rows.status();
  rows_ = *std::move(rows);
  if (rows_->end().next_entry > log_->end().tree_size) {
    // The log was restored from a backup and the rows were not: they show what
    // is no longer there.
    const absl::Status emptied = rows_->Reset();
    if (!emptied.ok()) return emptied;
  }
  RowFolder::Options folding;
  folding.cache_bytes = options_.row_cache_bytes;
  projector_ = std::make_unique<Projector>(
      log_.get(), rows_.get(), folding,
      options_.disk_reserve_bytes != 0 ? options_.disk_reserve_bytes
                                       : DiskReserveBytes(options_.storage));
  return absl::OkStatus();
}

absl::Status EngineImpl::OpenTokens() {
  tokens_ = std::make_unique<TokenTable>(log_.get());
  const absl::Status loaded = tokens_->Load();
  if (!loaded.ok()) return loaded;
  if (!tokens_->empty()) return absl::OkStatus();
  absl::StatusOr<std::string> token =
      tokens_->Create(options_.first_operator, Date(Today().days + kTokenDays));
  if (!token.ok()) return token.status();
  new_operator_token_ = *std::move(token);
  return absl::OkStatus();
}

void EngineImpl::Drain() {
  // The committer first: what it answers last may wait for rows.
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
  if (other_number == number && index < log_->end().tree_size) {
    const absl::StatusOr<std::vector<Hash>> here =
        log_->LeafHashes(index, index.Next());
    if (!here.ok()) return here.status();
    if (here->front() == leaf_hash) return absl::OkStatus();
  }
  RestoredNote note;
  note.epoch_number = other_number;
  note.first_lost = Position(receipt.first_position());
  note.last_known_lost =
      Position(receipt.first_position() + receipt.event_count() - 1);
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

absl::StatusOr<v1::Checkpoint> EngineImpl::MakeCheckpoint() const {
  const LogEnd end = log_->end();
  // From the stored nodes, not from memory: what is signed is what is on disk.
  const absl::StatusOr<Hash> root =
      merkle::RootAt(end.tree_size.value,
                     [this](merkle::NodeId node) { return log_->Node(node); });
  if (!root.ok()) return root.status();
  v1::Checkpoint checkpoint;
  checkpoint.set_origin(committer_->origin());
  checkpoint.set_tree_size(end.tree_size.value);
  checkpoint.set_root_hash(std::string(root->view()));
  checkpoint.set_next_position(end.next_position.value);
  checkpoint.set_note(MakeCheckpointNote(
      committer_->log_key(), checkpoint.origin(), end.tree_size.value, *root));
  return checkpoint;
}

// ---- Operators ----

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
  backup.checkpoint.set_origin(committer_->origin());
  backup.checkpoint.set_tree_size(size);
  backup.checkpoint.set_root_hash(std::string(root->view()));
  backup.checkpoint.set_next_position(copy->end.next_position.value);
  backup.checkpoint.set_note(MakeCheckpointNote(
      committer_->log_key(), committer_->origin(), size, *root));
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

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(EngineOptions options) {
  const absl::Status checked = CheckOptions(options);
  if (!checked.ok()) return checked;
  auto engine = std::make_unique<EngineImpl>(std::move(options));
  const absl::Status opened = engine->Open();
  if (!opened.ok()) return opened;
  return engine;
}

}  // namespace thon
