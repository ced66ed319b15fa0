// What the phone keeps, in one SQLite file: keys, events, sealed batches,
// receipts, proofs, evidence, anchors, standings, and what the server said of
// the team. One
// transaction belongs together: after a kill at any moment the file is as
// before it or as after it.
//
// Words:
//   generation  number of the phone's key: 0, then 1 for its successor, ...
//               Only the newest records, seals and sends.
//   row id      generation and sequence in one integer (RowId).
//   fork copy   a batch that the log refused as a fork. Its events were offered
//               again under the next key; it is kept as evidence.
//
// An event is in `events` until it is sealed, then inside its batch only.
//
// Thread-safety: none; the client serializes.
#ifndef THON_CLIENT_OUTBOX_H_
#define THON_CLIENT_OUTBOX_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "client-lib/src/follow_step.h"
#include "client-lib/src/preview_compare.h"
#include "client-lib/src/proof_check.h"
#include "client-lib/src/sqlite.h"
#include "client-lib/src/trust.h"
#include "server/core/entry.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/signature.h"
#include "thon/client.h"
#include "thon/v1/log.pb.h"
#include "thon/v1/sync_service.pb.h"

namespace thon::client {

inline constexpr int kSequenceBits = 40;
constexpr std::uint64_t RowId(std::uint32_t generation, Sequence sequence) {
  return std::uint64_t{generation} << kSequenceBits | sequence.value;
}
constexpr Sequence SequenceOf(std::uint64_t row_id) {
  return Sequence(row_id & ((std::uint64_t{1} << kSequenceBits) - 1));
}
constexpr std::uint32_t GenerationOf(std::uint64_t row_id) {
  return static_cast<std::uint32_t>(row_id >> kSequenceBits);
}

// What the file holds cannot be: kDataLoss.
absl::Status Damaged(absl::string_view what);
absl::StatusOr<v1::Receipt> ReadReceipt(absl::string_view bytes);
// The first number of the statement's only row.
absl::StatusOr<std::uint64_t> OnlyNumber(Statement* statement);

struct PhoneKey {
  std::uint32_t generation = 0;
  SigningKey key;
  AuthorId author;
  bool enrolled = false;
  // The enrolment as answered; not set before the first.
  std::optional<v1::EnrolResponse> enrolment;
};

// The current key's numbers; each is one past the last of its kind:
// dropped_end <= verified_end <= sealed_end <= next.
struct Chain {
  Sequence dropped_end{1};   // Below: verified, and not held any more.
  Sequence verified_end{1};  // Below: verified. Above, none may be dropped.
  Sequence sealed_end{1};
  Sequence next{1};
};

struct StoredBatch {
  Sequence first;
  Sequence end;
  std::string bytes;
  std::string signature;
  Hash hash;
};

// A moment at which the server's time was heard.
struct HeardTime {
  v1::Anchor anchor;
  std::int64_t wall_ms = 0;
};

// The team's view as it was heard; policies by name only.
struct HeardView {
  std::uint32_t generation = 0;  // Whose numbers end_sequence is about.
  std::int64_t heard_ms = 0;     // The server's time.
  v1::TeamView view;
};

// Where following the team stands.
struct FollowingState {
  std::uint32_t generation = 0;  // Whose standings it holds.
  Month first_month;
  v1::WatchProgress progress;  // Of the last step applied.
};

// What became of a step.
struct KeptStep {
  // False: the rows are not what the step's digests say, or cannot be read;
  // nothing was applied.
  bool applied = false;
  // Events of this key are judged, and none waits for its confirmation.
  bool confirmed = false;
};

// An event of this phone as a preview reads it.
struct HeldEvent {
  AuthorId author;  // Whose it is now.
  EventName name;   // As Record() gave it.
  std::uint32_t generation = 0;
  v1::Event event;
};

// What a server signed when an exchange began: ServerHello without epochs.
struct SignedHello {
  v1::ServerHello hello;
  std::string nonce;
  AuthorId author;
};

// What an answer to a question for proofs came to.
struct ProofsHeard {
  SignedHello hello;
  std::vector<AskedProof> asked;
  std::optional<KnownCheckpoint> known;
  std::string shown;  // The checkpoint as it came.
  ProofsVerdict verdict;
  bool witnessed = false;  // What is to be kept.
};

struct PruneRule {
  std::int64_t server_time_ms = 0;  // 0: nothing is old.
  Position durable_end;             // Positions below it are in a backup.
  int keep_days = 0;
  std::uint64_t bytes_max = 0;
};

class Outbox {
 public:
  // `first_key` becomes generation 0 if the file is made. Errors as
  // Client::Open().
  static absl::StatusOr<std::unique_ptr<Outbox>> Open(
      const std::string& path, SigningKey first_key,
      std::function<void(absl::string_view)> on_step);

  const PhoneKey& key() const { return *key_; }
  const Chain& chain() const { return chain_; }
  absl::Span<const Epoch> epochs() const { return epochs_; }
  bool failed() const { return failed_; }

  // Writing: each is one transaction; on an error nothing has happened. A
  // failure of the disk is final: all that follow are kFailedPrecondition.

  // Numbers the events and stores them.
  absl::Status Append(std::vector<v1::Event>* events);

  // Seals the next slice of events with the newest anchor. False: none are
  // left. An event that can never be sent becomes a Withdrawn event.
  absl::StatusOr<bool> SealNext(std::size_t events_max,
                                absl::string_view app_version,
                                std::uint64_t* withdrawn);
  // Takes apart the sealed batches from `first` on, none of which is in the
  // log, so that the next seals make smaller ones.
  absl::Status Unseal(Sequence first);

  // Requires: the receipt was verified for the batch that begins at `first`.
  absl::Status KeepReceipt(Sequence first, const v1::Receipt& receipt);

  // Goes on under `successor`: everything that is not verified is offered again
  // under new numbers, each event naming its original.
  absl::Status Succeed(SigningKey successor);

  // Takes over declared epochs. What they lost is not verified any more:
  // batches of this key from `expected` on, and whatever of earlier keys had a
  // lost position, which is offered again under this key.
  absl::Status OpenEpochs(absl::Span<const Epoch> added, Sequence expected);

  absl::Status SaveCode(absl::string_view code);
  // Marks the current key enrolled; pins origin and log key if none was.
  absl::Status SaveEnrolment(const v1::EnrolResponse& response);
  void ForgetEnrolled() { key_->enrolled = false; }  // Until the next answer.
  absl::Status SaveHello(const HeardTime& heard, Position durable_end);
  absl::Status SaveStandings(const v1::Standings& standings);

  // Drops what may be dropped.
  absl::Status Prune(const PruneRule& rule);

  // Takes the place of the view that was held, together with the texts that
  // came in `view`; texts that it does not name go.
  absl::Status SaveView(std::int64_t heard_ms, v1::TeamView view);
  absl::Status DropView();
  // Compares what was shown with `heard`, where it is newer and holds the same
  // events, by the standings held; what was compared is forgotten.
  absl::Status CompareShown(const HeardView& heard);
  // Keeps what was shown, of each (policy, month) the newest.
  absl::Status SaveShown(absl::Span<const ShownPreview> shown);
  // Applies a step, in one transaction: its rows, what they say of this phone's
  // events, and the token behind it; `change` is what it changed.
  absl::StatusOr<KeptStep> KeepFollowed(const FollowStep& step,
                                        Month first_month,
                                        FollowedChange* change);
  // The next following starts without a token. What was told is still held.
  absl::Status ForgetFollowing();
  absl::Status Acknowledge(std::uint64_t id);
  // Keeps the checkpoint, the proofs and the findings of an answer.
  absl::Status KeepProofs(const ProofsHeard& heard);
  // The server has answered such a question, with whatever.
  absl::Status SaveProofsHeard(const SignedHello& hello);
  // Proofs were asked for and did not come; `said`: by the server's word.
  // Evidence only against a server that gave some before, when it has refused
  // for a day, or was silent for so long that no network explains it.
  absl::Status NoteRefusal(const SignedHello& hello, bool said,
                           absl::Span<const AskedProof> asked);
  // Judges the checkpoints held by another policy, as the caller does.
  absl::Status JudgeWitnessed(
      absl::string_view policy,
      const std::function<bool(const Epoch&, absl::string_view note)>& judge);
  absl::Status SavePreviewed();  // PreviewMonth() was called on the file.

  // Reading.

  std::string code() const { return code_; }
  // The predecessor's key, to sign for its successor. Requires generation > 0.
  absl::StatusOr<SigningKey> PredecessorKey();
  std::uint64_t BytesInUse() { return db_->BytesInUse(); }
  std::uint64_t dropped_early() const { return dropped_early_; }
  Position durable_end() const { return durable_end_; }
  const std::optional<HeardTime>& last_heard() const { return last_heard_; }

  // The current key's batch that begins at `first`.
  absl::StatusOr<std::optional<StoredBatch>> BatchAt(Sequence first);
  // Whether a batch of the current key that is held begins at `first`.
  absl::StatusOr<bool> HoldsBatchAt(Sequence first);
  // Hash of the current key's batch that ends before `end`, if held.
  absl::StatusOr<std::optional<Hash>> HashBefore(Sequence end);
  // The verified receipt with the highest entry index, and its leaf hash.
  absl::StatusOr<std::optional<std::pair<v1::Receipt, Hash>>> HighestReceipt();

  absl::StatusOr<PendingCount> Pending();
  absl::StatusOr<EventAnswer> AnswerOf(const EventName& name);
  absl::StatusOr<std::optional<v1::EventStanding>> StandingOf(
      const EventName& name);
  absl::StatusOr<Proof> ProofOf(const EventName& name);
  absl::StatusOr<TlogProofText> TlogProofOf(const EventName& name);
  absl::StatusOr<v1::ReceiptCard> ReceiptCardOf(const EventName& name);
  absl::StatusOr<ReceiptCount> CountReceipts();
  // Without texts.
  absl::StatusOr<std::vector<EvidenceItem>> Evidence();
  absl::StatusOr<std::uint64_t> CountEvidence();  // Not resolved.
  // The newest of this lineage.
  absl::StatusOr<std::optional<KnownCheckpoint>> NewestCheckpoint();
  // Receipts without a proof that were received before `before_ms`, the oldest
  // of those that were asked for least often, ascending by entry.
  absl::StatusOr<std::vector<AskedProof>> Unproven(std::int64_t before_ms,
                                                   std::size_t count_max);
  absl::StatusOr<bool> HasUnproven(std::int64_t before_ms);
  // The server is one that answers when proofs are asked for.
  bool proofs_heard() const { return proofs_heard_ms_ != 0; }
  absl::StatusOr<std::vector<Client::ReceiptRow>> Receipts(
      const AuthorId& author, Sequence from, std::size_t count_max);
  absl::StatusOr<std::vector<WithdrawnEvent>> Withdrawals();
  absl::StatusOr<std::string> ExportWithdrawn(const EventName& name);

  // One that cannot be read is dropped: the server says it again.
  absl::StatusOr<std::optional<HeardView>> View();
  // By (id, version); likewise.
  using PolicyTexts =
      std::map<std::pair<std::string, std::int32_t>, std::string>;
  absl::StatusOr<PolicyTexts> PolicyTextsHeld();
  absl::StatusOr<std::vector<Difference>> Differences();
  // Not set before the first step; a row that cannot be read is left out.
  absl::StatusOr<std::optional<FollowedTeam>> Followed();
  // The same; not set either if it cannot be read.
  absl::StatusOr<std::optional<FollowingState>> Following();
  bool previewed() const { return previewed_; }
  // The earliest month of what was shown and not compared yet; 0: none.
  absl::StatusOr<Month> FirstShownMonth();

  using VisitEvent = std::function<void(HeldEvent event)>;
  // Every event that is no fork copy, from row id `from` on, ascending; memory
  // holds one batch.
  absl::Status VisitEvents(std::uint64_t from, const VisitEvent& visit);
  // Events of verified batches that end before row id `end` and were received
  // at `received_ms` or later; of at most `batches_max` batches, the newest.
  absl::Status VisitReceived(std::uint64_t end, std::int64_t received_ms,
                             std::uint64_t batches_max,
                             const VisitEvent& visit);
  // One a boot.
  absl::StatusOr<std::vector<v1::Anchor>> Anchors();
  // Past the highest position that a verified receipt of this key covers; 0 if
  // there is none.
  absl::StatusOr<Position> VerifiedPosition();

 private:
  enum class BatchState : std::uint64_t { kUnverified, kVerified, kForkCopy };

  explicit Outbox(std::unique_ptr<Database> db) : db_(std::move(db)) {}
  absl::Status Create(const SigningKey& first_key);
  absl::Status Upgrade(std::uint64_t version);
  absl::Status Load();
  absl::Status LoadKey();
  absl::Status LoadChain();
  absl::Status LoadAnchors();

  absl::Status Ready() const;
  // Commits, and remembers a disk that failed.
  absl::Status Commit(Transaction* transaction);
  absl::Status PutMeta(absl::string_view name, absl::string_view value);
  absl::StatusOr<std::string> Meta(absl::string_view name);

  struct Slice;
  absl::StatusOr<Slice> NextSlice(std::size_t events_max);
  absl::Status Withdraw(v1::Event* event, absl::string_view bytes,
                        absl::string_view reason);
  absl::Status InsertEvent(Sequence sequence, const v1::Event& event);
  // Inserts the event under the next free number, naming its original.
  absl::Status Reoffer(const AuthorId& author, v1::Event event,
                       Sequence* next_free);
  absl::Status ReofferBatch(const AuthorId& author, std::uint64_t row_id,
                            Sequence* next_free);
  // The batch's events; of a damaged one what can be read, and Withdrawn events
  // for the rest, so that the numbers stay dense.
  absl::StatusOr<std::vector<v1::Event>> EventsOf(std::uint64_t row_id);
  absl::Status PruneSome(const PruneRule& rule, bool for_room, bool* more);
  // The receipt that covers an event, and what proves it. kNotFound: none.
  struct HeldReceipt {
    std::uint64_t event = 0;  // Row ids.
    std::uint64_t batch = 0;
    std::string bytes;  // The batch's.
    v1::Receipt receipt;
    EntryTrailer trailer;
    std::uint64_t checkpoint = 0;  // 0: only promised.
    std::vector<Hash> path;
  };
  absl::StatusOr<HeldReceipt> FindReceipt(const EventName& name);
  // After a loss: checkpoints of at most `tree_size` entries are still extended
  // by what the log signs.
  absl::Status BeginLineage(std::uint64_t tree_size);
  absl::StatusOr<std::uint64_t> KeepCheckpoint(const ProofsHeard& heard);
  absl::Status KeepFinding(const ProofsHeard& heard, const Finding& finding);
  // False: it is held already, or its kind is full of what is not resolved.
  absl::StatusOr<bool> MakeEvidenceRoom(EvidenceKind kind,
                                        absl::string_view subject);
  absl::Status DropCheckpoints();
  absl::Status SaveTexts(v1::TeamView* view);
  absl::Status InsertDifference(const Difference& difference);
  absl::StatusOr<std::map<std::string, std::string>> FollowedRows(
      std::uint32_t query);
  absl::Status ApplyPart(std::uint32_t query, const FollowStep::Part& part,
                         std::map<std::string, std::string>* rows,
                         FollowedChange* change);
  absl::StatusOr<Sequence> RecordedBy(Position position);
  absl::StatusOr<EventName> RecordedName(std::uint64_t row_id);
  absl::StatusOr<KeptStep> TakeStandingRows(
      const std::map<std::string, std::string>& rows, Sequence judged_end,
      FollowedChange* change);
  absl::StatusOr<std::vector<ShownPreview>> Shown();
  // Row id past the last event that was offered again under this key; 0: none.
  absl::StatusOr<std::uint64_t> ReofferedEnd();
  absl::Status VisitBatch(std::uint64_t row_id, std::uint64_t from,
                          absl::string_view bytes, const VisitEvent& visit);
  // The row id of an event under its newest name; 0 if unknown.
  absl::StatusOr<std::uint64_t> Locate(const EventName& name);
  absl::StatusOr<std::optional<std::uint32_t>> GenerationOfAuthor(
      const AuthorId& author);
  absl::StatusOr<AuthorId> AuthorOf(std::uint32_t generation);

  const std::unique_ptr<Database> db_;
  std::optional<PhoneKey> key_;
  Chain chain_;
  std::vector<Epoch> epochs_;
  std::string code_;
  std::optional<HeardTime> last_heard_;
  Position durable_end_;
  std::uint64_t dropped_early_ = 0;
  std::uint64_t lineage_ = 0;
  std::uint64_t proofs_heard_ms_ = 0;  // The server's time; 0: never.
  bool previewed_ = false;
  bool failed_ = false;
};

}  // namespace thon::client

#endif  // THON_CLIENT_OUTBOX_H_
