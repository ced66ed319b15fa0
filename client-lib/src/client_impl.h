// The client behind thon/client.h: an outbox, a session and a transport. The
// session decides, the outbox remembers, and this class carries between them.
#ifndef THON_CLIENT_CLIENT_IMPL_H_
#define THON_CLIENT_CLIENT_IMPL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client-lib/src/outbox.h"
#include "client-lib/src/own_months.h"
#include "client-lib/src/preview_maker.h"
#include "client-lib/src/session.h"
#include "server/core/mutex.h"
#include "server/core/signature.h"
#include "server/core/trust_policy.h"
#include "thon/client.h"
#include "thon/transport.h"

namespace thon::client {

// A simulation's keys follow from its seed, everybody else's from the system.
SigningKey NewKey(std::uint64_t random_seed, std::uint32_t generation,
                  absl::string_view predecessor);

class ClientImpl final : public Client {
 public:
  ClientImpl(Options options, TrustPolicy trust_policy, Transport* transport,
             std::unique_ptr<Outbox> outbox, std::uint64_t random)
      : options_(std::move(options)),
        trust_policy_(std::move(trust_policy)),
        transport_(transport),
        outbox_(std::move(outbox)),
        session_({.in_flight_max = options_.batches_in_flight_max,
                  .reply_timeout_ms = options_.reply_timeout_ms,
                  .backoff_first_ms = options_.backoff_first_ms,
                  .backoff_max_ms = options_.backoff_max_ms,
                  .standings = options_.standings,
                  .follow = options_.follow,
                  .follow_timeout_ms = options_.follow_timeout_ms}),
        random_(random) {}

  absl::StatusOr<Recorded> Record(v1::Event event) override;
  absl::StatusOr<std::vector<Recorded>> RecordAll(
      std::vector<v1::Event> events) override;
  absl::Status Enrol(absl::string_view code) override;
  StepResult Step(std::int64_t max_ms) override;
  absl::Status SyncOnce(std::int64_t deadline_ms) override;
  absl::Status Prune() override;

  ClientState State() const override;
  Counters Totals() const override {
    const MutexLock lock(&mu_);
    return totals_;
  }
  absl::StatusOr<PendingCount> Pending() const override {
    const MutexLock lock(&mu_);
    return outbox_->Pending();
  }
  absl::StatusOr<EventAnswer> AnswerOf(const EventName& name) const override {
    const MutexLock lock(&mu_);
    return outbox_->AnswerOf(name);
  }
  absl::StatusOr<std::optional<v1::EventStanding>> StandingOf(
      const EventName& name) const override {
    const MutexLock lock(&mu_);
    return outbox_->StandingOf(name);
  }
  absl::StatusOr<Proof> ProofOf(const EventName& name) const override {
    const MutexLock lock(&mu_);
    return outbox_->ProofOf(name);
  }
  absl::StatusOr<TlogProofText> TlogProofOf(
      const EventName& name) const override {
    const MutexLock lock(&mu_);
    return outbox_->TlogProofOf(name);
  }
  absl::StatusOr<std::string> ReceiptCardOf(
      const EventName& name) const override;
  absl::StatusOr<ReceiptCount> CountReceipts() const override {
    const MutexLock lock(&mu_);
    return outbox_->CountReceipts();
  }
  void WantProofs() override {
    const MutexLock lock(&mu_);
    proofs_wish_ = true;
  }
  absl::StatusOr<std::vector<EvidenceItem>> Evidence() const override;
  absl::StatusOr<std::string> ExportEvidence(std::uint64_t id) const override;
  absl::StatusOr<std::vector<ReceiptRow>> Receipts(
      const AuthorId& author, Sequence from,
      std::size_t count_max) const override {
    const MutexLock lock(&mu_);
    return outbox_->Receipts(author, from, count_max);
  }
  absl::StatusOr<std::vector<WithdrawnEvent>> Withdrawals() const override {
    const MutexLock lock(&mu_);
    return outbox_->Withdrawals();
  }
  absl::StatusOr<std::string> ExportWithdrawn(
      const EventName& name) const override {
    const MutexLock lock(&mu_);
    return outbox_->ExportWithdrawn(name);
  }
  absl::StatusOr<MonthPreview> PreviewMonth(Month month) override;
  void WantTeamView() override {
    const MutexLock lock(&mu_);
    view_wish_ = true;
  }
  absl::StatusOr<std::optional<FollowedTeam>> Followed() const override {
    const MutexLock lock(&mu_);
    return outbox_->Followed();
  }
  absl::StatusOr<std::vector<Difference>> Differences() const override {
    const MutexLock lock(&mu_);
    return outbox_->Differences();
  }
  absl::Status Acknowledge(std::uint64_t id) override {
    const MutexLock lock(&mu_);
    return outbox_->Acknowledge(id);
  }

 private:
  SessionFacts Facts() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Action NextAction() ABSL_LOCKS_EXCLUDED(mu_);
  // Does what the session asked for; waits at most `wait_ms` for a message.
  void Perform(const Action& action, std::int64_t wait_ms)
      ABSL_LOCKS_EXCLUDED(mu_);

  absl::Status DoEnrol() ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<v1::EnrolRequest> EnrolmentRequest()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SayHello() ABSL_LOCKS_EXCLUDED(mu_);
  void SendBatch(Sequence first) ABSL_LOCKS_EXCLUDED(mu_);
  void AskStandings() ABSL_LOCKS_EXCLUDED(mu_);
  void AskTeamView() ABSL_LOCKS_EXCLUDED(mu_);
  void Follow() ABSL_LOCKS_EXCLUDED(mu_);
  void CloseSend() ABSL_LOCKS_EXCLUDED(mu_);
  void Receive(std::int64_t wait_ms) ABSL_LOCKS_EXCLUDED(mu_);
  void Take(v1::SyncResponse response, FollowedChange* change)
      ABSL_LOCKS_EXCLUDED(mu_);
  void DropStream() ABSL_LOCKS_EXCLUDED(mu_);
  bool SendOrEnd(const v1::SyncRequest& request) ABSL_LOCKS_EXCLUDED(mu_);

  absl::Status TakeHello(const v1::ServerHello& hello)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status TakeAnswer(v1::Answer answer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status TakeStandings(const v1::Standings& standings)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status TakeTeamView(v1::TeamView view)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // client_follow.cc
  bool FollowKnown() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<v1::SyncRequest> FollowRequest()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status TakeFollowed(v1::WatchResponse response, FollowedChange* change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<FollowOutcome> FollowedOutcome(v1::WatchResponse response,
                                                FollowedChange* change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // client_proofs.cc
  bool ProofsWanted() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::int64_t ProofsBeforeMs() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::size_t ProofsAllowed() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void AskProofs() ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<v1::SyncRequest> ProofsRequest()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status TakeProofs(const v1::Proofs& proofs)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Notes what was refused, when the conversation is over.
  absl::Status EndProofs() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Confirmed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Obey(Verdict verdict, const v1::Answer* answer)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status PruneLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Reads the view and its policies from the file, once.
  absl::Status LoadTeam() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool LacksTexts() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool ViewWanted() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<v1::SyncRequest> TeamViewRequest()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status CompareShown() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // `first`: the earliest month that is added to.
  absl::Status TakeOwnEvents(Month first, OwnMonths* own)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SayUncertain(const OwnMonths& own, MonthPreview* preview) const;
  absl::Status KeepShown(const MonthPreview& preview,
                         std::vector<MadePolicy> made)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  void OnStep(absl::string_view step) const {
    if (options_.on_step) options_.on_step(step);
  }
  std::int64_t Now() const { return options_.timer(); }
  const DeviceClock& clock() const { return *options_.clock; }

  const Options options_;
  const TrustPolicy trust_policy_;  // Without a quorum: none.
  Transport* const transport_;

  // Never held while the network is waited for.
  mutable Mutex mu_;
  const std::unique_ptr<Outbox> outbox_ ABSL_PT_GUARDED_BY(mu_);
  Session session_ ABSL_GUARDED_BY(mu_);
  Counters totals_ ABSL_GUARDED_BY(mu_);
  std::mt19937_64 random_ ABSL_GUARDED_BY(mu_);
  bool sync_wanted_ ABSL_GUARDED_BY(mu_) = false;
  // The proof of an old enrolment did not do; try the predecessor's word.
  bool proof_failed_ ABSL_GUARDED_BY(mu_) = false;

  // What the server said of the team, as on disk, once it was loaded.
  bool team_loaded_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<HeardView> heard_ ABSL_GUARDED_BY(mu_);
  Policies policies_ ABSL_GUARDED_BY(mu_);
  // Also those that this app cannot parse.
  std::set<std::pair<std::string, std::int32_t>> texts_held_
      ABSL_GUARDED_BY(mu_);
  bool view_wish_ ABSL_GUARDED_BY(mu_) = false;
  // The earliest month asked for since the last view; 0: none.
  Month asked_month_ ABSL_GUARDED_BY(mu_);
  std::map<Month, std::string> last_shown_ ABSL_GUARDED_BY(mu_);

  // What is being told of the team, and by which request.
  FollowStep step_ ABSL_GUARDED_BY(mu_);
  bool following_ ABSL_GUARDED_BY(mu_) = false;
  bool followed_from_start_ ABSL_GUARDED_BY(mu_) = false;
  Month followed_month_ ABSL_GUARDED_BY(mu_);

  // Of this conversation: what the server signed at its beginning, how much was
  // said, and what is asked for.
  std::optional<SignedHello> hello_ ABSL_GUARDED_BY(mu_);
  std::uint64_t exchange_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  std::size_t exchange_batches_ ABSL_GUARDED_BY(mu_) = 0;
  std::size_t proofs_asked_count_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<AskedProof> proofs_asked_ ABSL_GUARDED_BY(mu_);
  std::optional<KnownCheckpoint> known_checkpoint_ ABSL_GUARDED_BY(mu_);
  bool proofs_wish_ ABSL_GUARDED_BY(mu_) = false;

  // Of the thread that drives.
  std::unique_ptr<SyncStream> stream_;
  std::string nonce_;
};

}  // namespace thon::client

#endif  // THON_CLIENT_CLIENT_IMPL_H_
