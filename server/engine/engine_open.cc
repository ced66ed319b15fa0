// How an engine begins: log, keys, clock, first entry, rows, threads.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/engine/engine_impl.h"
#include "server/engine/system_clock.h"
#include "server/projections/fold.h"
#include "server/storage/disk_guard.h"

namespace thon {
namespace {

constexpr int kFormatVersion = 1;
constexpr std::size_t kOriginBytesMax = 128;

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

}  // namespace

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
  committing.stats = &stats_;
  committing.keys_directory = keys_directory_;
  committing.origin = origin;
  committing.disk_reserve_bytes = options_.disk_reserve_bytes != 0
                                      ? options_.disk_reserve_bytes
                                      : DiskReserveBytes(options_.storage);
  stats_.disk_reserve_bytes = committing.disk_reserve_bytes;
  committing.on_durable = [this] {
    stats_.NoteDurable(log_->end().next_position, SteadyMs());
    if (projector_ != nullptr) projector_->NotifyDurable();
    if (checkpoints_ != nullptr) {
      checkpoints_->NoteDurable(log_->end().tree_size, log_->root());
    }
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
  if (opened.ok()) opened = OpenProof();
  if (!opened.ok()) return opened;
  projector_->Start();
  committer_->Start();
  checkpoints_->Start();
  state_roots_->Start();
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
  rows_reset_reason_ = rows_->was_reset();
  if (rows_->end().next_entry > log_->end().tree_size) {
    // The log was restored from a backup and the rows were not: they show what
    // is no longer there.
    const absl::Status emptied = rows_->Reset();
    if (!emptied.ok()) return emptied;
    rows_reset_reason_ = "the rows reached beyond the log's end";
  }
  OpenWatches();
  stats_.NoteFolded(rows_->end().position);
  stats_.NoteDurable(log_->end().next_position, SteadyMs());
  RowFolder::Options folding;
  folding.stats = &stats_;
  folding.cache_bytes = options_.row_cache_bytes;
  folding.on_written = [this](const std::vector<RowStore::EntryRows>& entries,
                              Position end) {
    watches_->Publish(entries, end);
    state_roots_->NoteRows(entries, end);
  };
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

absl::Status EngineImpl::OpenProof() {
  CheckpointSigner::Options signing;
  signing.log = log_.get();
  signing.log_key = &committer_->log_key();
  signing.clock = options_.clock;
  signing.stats = &stats_;
  signing.every_ms = options_.checkpoint_ms;
  signing.committing.post = [this](std::function<void(absl::Status)> task) {
    committer_->Post(std::move(task));
  };
  signing.committing.origin = [this] { return committer_->origin(); };
  signing.committing.epoch_entry = [this] {
    MutexLock lock(&mu_);
    return epochs_.back().entry;
  };
  signing.committing.state = [this] { return committer_->state(); };
  checkpoints_ = std::make_unique<CheckpointSigner>(std::move(signing));
  const absl::Status loaded = checkpoints_->Load();
  if (!loaded.ok()) return loaded;
  StateRootRecorder::Options roots;
  roots.rows = rows_.get();
  roots.stats = &stats_;
  roots.record = [this](std::vector<v1::Event> events,
                        Done<RecordedRange> done) {
    committer_->Record(std::move(events), std::move(done));
  };
  roots.begin = Position(log_->end().next_position.value - 1);
  state_roots_ = std::make_unique<StateRootRecorder>(std::move(roots));
  accesses_ =
      std::make_unique<AccessLog>(log_.get(), committer_.get(), &stats_);
  return accesses_->Load();
}

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(EngineOptions options) {
  const absl::Status checked = CheckOptions(options);
  if (!checked.ok()) return checked;
  auto engine = std::make_unique<EngineImpl>(std::move(options));
  const absl::Status opened = engine->Open();
  if (!opened.ok()) return opened;
  return engine;
}

}  // namespace thon
