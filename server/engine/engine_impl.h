// The one Engine there is. Private to engine.cc and engine_open.cc.
#ifndef THON_ENGINE_ENGINE_IMPL_H_
#define THON_ENGINE_ENGINE_IMPL_H_

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/mutex.h"
#include "server/engine/access_log.h"
#include "server/engine/author_table.h"
#include "server/engine/checkpoint_signer.h"
#include "server/engine/commands.h"
#include "server/engine/committer.h"
#include "server/engine/engine.h"
#include "server/engine/engine_stats.h"
#include "server/engine/enrolment.h"
#include "server/engine/epochs.h"
#include "server/engine/keys.h"
#include "server/engine/projector.h"
#include "server/engine/receipts.h"
#include "server/engine/receive_clock.h"
#include "server/engine/state_root_recorder.h"
#include "server/engine/tokens.h"
#include "server/storage/row_store.h"
#include "server/watch/watch_hub.h"

namespace thon {

// Days that a token works if nobody says otherwise.
inline constexpr int kTokenDays = 90;

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
  std::string rows_reset_reason() const override { return rows_reset_reason_; }
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
  WatchHub& watches() override { return *watches_; }

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

  Checkpoints& checkpoints() override { return *checkpoints_; }
  note::VerifierKey log_verifier_key() const override;
  void RecordAccess(v1::AccessRecorded access) override {
    accesses_->Record(std::move(access));
  }
  const EntryLog& log() const override { return *log_; }
  absl::StatusOr<v1::Receipt> ReceiptOf(EntryIndex index) const override {
    return RebuildReceipt(*log_, index);
  }

  void PutLocalFact(std::string key, std::string value,
                    std::function<void(absl::Status)> done) override;
  EngineStatus status() const override;
  void CreateToken(OfficerId officer, Date last_date,
                   Done<std::string> done) override;
  void RevokeTokens(OfficerId officer, Done<int> done) override;
  void RevokeToken(std::string token, Done<bool> done) override;
  absl::StatusOr<Date> TokenLastDate(absl::string_view token) const override {
    return tokens_->LastDate(token, Today());
  }
  const EngineStats& stats() const override { return stats_; }
  void AdvanceClock(Instant to, Done<Position> done) override;
  void OpenEpoch(bool force, Done<OpenedEpoch> done) override;
  absl::StatusOr<Backup> CreateBackup(const std::string& directory) override;

 private:
  absl::Status CheckLog(const ServerKeys& keys) const;
  absl::Status OpenClock();
  absl::Status OpenRows();
  void OpenWatches();
  absl::Status OpenTokens();
  absl::Status OpenProof();
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
  EngineStats stats_;  // The threads below count in it.
  const std::string keys_directory_;

  std::unique_ptr<EntryLog> log_;
  std::unique_ptr<RowStore> rows_;
  AuthorTable authors_;
  std::unique_ptr<ReceiveClock> clock_;
  std::unique_ptr<TokenTable> tokens_;
  std::unique_ptr<WatchHub> watches_;  // The projector publishes to it.
  std::unique_ptr<Projector> projector_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<CheckpointSigner> checkpoints_;
  std::unique_ptr<AccessLog> accesses_;
  std::unique_ptr<StateRootRecorder> state_roots_;
  Commands commands_{this};
  Enrolments enrolments_{this, [this] { return epochs(); }};
  std::string new_operator_token_;
  std::string rows_reset_reason_;

  mutable Mutex mu_;
  std::vector<Epoch> epochs_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon

#endif  // THON_ENGINE_ENGINE_IMPL_H_
