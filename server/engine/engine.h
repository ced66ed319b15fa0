// The engine: the way of an event, from an offered batch to rows, and what
// every service needs of the log and the rows. It knows no RPC.
//
//   Admit -> Offer -> committer thread -> entry log (fsync) -> answer, receipt
//                                      -> projector thread -> row store
//
// Words: an answer is the committer's word on a batch (design, "What the
// committer does with a batch"); the receive clock is what stamps entries, real
// or simulated; a local day is open once its DayOpened is in the log.
//
// Threads: every method may be called from any thread and none blocks on the
// disk's fsync, except where it says so. Callbacks run on the engine's
// committer or projector thread, or on the caller's before the call returns;
// they must not block and must not call Drain(). A callback runs exactly once,
// also when the engine is drained (kUnavailable), unless it says otherwise.
//
// Ownership: whoever opened the engine deletes it; that drains it first. What
// it hands out (readers, sources) must be gone before it is.
#ifndef THON_ENGINE_ENGINE_H_
#define THON_ENGINE_ENGINE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/batch.h"
#include "server/core/civil.h"
#include "server/core/clock.h"
#include "server/core/ids.h"
#include "server/core/limits.h"
#include "server/core/note.h"
#include "server/core/signature.h"
#include "server/engine/admission.h"
#include "server/engine/commit_state.h"
#include "server/projections/projection.h"
#include "server/storage/database.h"
#include "server/storage/entry_log.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/log.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

class Checkpoints;
class EngineStats;
class WatchHub;

// Called once with the result.
template <typename T>
using Done = std::function<void(absl::StatusOr<T>)>;

struct EngineOptions {
  StorageOptions storage;
  // For a new log: its name, e.g. "thon.example/yen-bai". The first epoch's
  // origin is NAME "/1". An existing log keeps its own.
  std::string log_name;
  // Whether receive times are simulated, and from when in a new log.
  bool simulated = false;
  Instant simulated_start;
  // Real time; not owned, outlives the engine. With real time it stamps
  // entries; tokens expire by it in any case.
  const Clock* clock = nullptr;
  // The officer who gets OPERATOR on the whole of a new log.
  OfficerId first_operator{1};
  // Seeds (32 bytes) for the keys of a new data directory; empty: random.
  std::string log_key_seed;
  std::string server_key_seed;
  // 0: the larger of limits::kDiskReserveBytesMin and 3 write buffers.
  std::uint64_t disk_reserve_bytes = 0;
  // A checkpoint is signed at the latest this long after the log grew.
  std::int64_t checkpoint_ms = limits::kCheckpointSecondsDefault * 1000;
  // Bytes of rows that the projector keeps in memory.
  std::size_t row_cache_bytes = 96u << 20;
};

enum class OfferStatus {
  kTaken,   // The answer callback will run.
  kFull,    // Nothing was taken; the room callback will run.
  kClosed,  // The engine is being drained; no callback will run.
};

// Either an answer, or why there is none. Then nothing was recorded (as far as
// the phone may know) and it keeps the batch: kUnavailable (DISK_LOW,
// DISK_FAILED, DRAINING; try again), kDataLoss (LOG_RESTORED; wait for
// the next epoch).
struct Answered {
  absl::Status status;
  v1::Answer answer;  // Valid if status is OK.
};

struct EpochLink {
  std::string old_origin;
  std::string new_origin;
  std::string leaf;     // The entry that holds EpochOpened.
  v1::Receipt receipt;  // Under the new origin.
};

// What a ServerHello says.
struct Hello {
  std::string origin;
  PublicKey log_key;
  Instant server_time;
  std::uint64_t next_sequence = 0;  // 0: unknown author.
  std::string last_batch_hash;      // 32 bytes, or empty.
  std::uint64_t durable_position = 0;
  std::vector<EpochLink> epochs;  // Since the caller's origin, oldest first.
  Signature signature;
};

struct EngineStatus {
  std::string origin;
  LogEnd end;
  Position rows_position;
  Instant server_time;
  bool simulated = false;
  CommitState commit_state = CommitState::kOpen;
  Date local_date;  // The last day opened.
};

// The moment a query is about. At most one is set; none: the newest rows.
struct AsOfMoment {
  std::optional<Position> position;
  std::optional<Instant> time;
  std::optional<Date> date;
};

// Positions [first, last] of events recorded together.
struct RecordedRange {
  Position first;
  Position last;
  EntryIndex first_entry;
};

struct CommandRequest {
  OfficerId officer;
  std::vector<v1::Event> events;  // 1 to 256; payload, team_id, unit_id count.
  std::string idempotency_key;    // 1 to 60 characters; event i gets KEY/i.
  Position seen_position;
  bool check_only = false;
};

struct CommandResult {
  Position position;  // Of the last event; rows hold it. 0 with check_only.
  std::vector<v1::CommandOutcome>
      outcomes;  // One an event; none if check_only.
};

struct DocumentRequest {
  std::string content;  // Whole parts of 40 KiB, but for the document's last.
  Hash document_hash;
  int first_part = 0;
  int part_count = 0;
};

struct EnrolmentRequest {
  std::string code;  // Empty for a successor and for a lost enrolment.
  std::string public_key;
  std::string possession_signature;
  std::string predecessor;
  std::string predecessor_signature;
  std::string enrolment_leaf;
  std::optional<v1::Receipt> enrolment_receipt;
};

struct Enrolment {
  v1::AuthorRow author;
  std::string origin;
  PublicKey log_key;
  std::string leaf;
  v1::Receipt receipt;
};

struct OpenedEpoch {
  std::string old_origin;
  std::string new_origin;
  Position first_lost;
  Position position;  // Of EpochOpened.
};

struct Backup {
  std::string path;
  v1::Checkpoint checkpoint;
};

class Engine {
 public:
  // Opens the data directory and starts the threads; a new one gets its keys
  // (DATA/keys, mode 0600), LogOpened, the first DayOpened and the first
  // operator's grant.
  //
  // kFailedPrecondition: in use; newer version; made for the other kind of
  // time; keys missing or not this log's. kInvalidArgument: an option is
  // missing. kDataLoss, kUnavailable: as EntryLog::Open.
  static absl::StatusOr<std::unique_ptr<Engine>> Open(EngineOptions options);
  virtual ~Engine() = default;

  // The plain token of the first operator, when Open() made one (the log held
  // no token at all): the caller writes it to DATA/operator.token. Else empty.
  virtual std::string new_operator_token() const = 0;

  // Why Open() emptied the rows, for the server's log; "" if it did not. They
  // are then folded again from the first entry.
  virtual std::string rows_reset_reason() const = 0;

  // Stops taking, answers what was taken, closes the threads. All callbacks
  // have run when it returns. Blocks; repeating it does nothing.
  virtual void Drain() = 0;

  // ---- Phones -----------------------------------------------------------

  // Sizes, form, author, signature; CPU only. Never fails: what is wrong is in
  // the result's `refusal`, and the committer answers it in turn.
  virtual OfferedBatch Admit(const AuthorId& stream_author,
                             v1::SealedBatch sealed) const = 0;

  using AnswerCallback = std::function<void(Answered)>;
  // Hands `*batch` to the committer; it is moved from only with kTaken. Answers
  // of one author come in the order of its offers. With kFull, `when_room` runs
  // once when it is worth trying again (or at Drain()).
  virtual OfferStatus Offer(OfferedBatch* batch, AnswerCallback answered,
                            std::function<void()> when_room) = 0;

  // The table's row of an author, as of the last durable group.
  virtual std::optional<AuthorState> FindAuthor(
      const AuthorId& author) const = 0;

  // A signed hello. `known_origin` is what the phone knows; empty: no links.
  virtual absl::StatusOr<Hello> MakeHello(
      absl::string_view nonce, const AuthorId& author,
      absl::string_view known_origin) const = 0;

  // Looks at the highest receipt a phone shows.
  // OK: the log has it, or declared it lost. kDataLoss: this log's own word on
  // something it does not have: it was restored from a backup; the committer
  // has stopped and stays stopped, also after a restart, until OpenEpoch().
  // kInvalidArgument, kPermissionDenied: not this log's word; ignore it.
  virtual absl::Status CheckReceipt(const v1::Receipt& receipt,
                                    const Hash& leaf_hash) = 0;

  // Enrols by code, as a successor, or by the receipt of a lost enrolment.
  // Answers when the rows hold it. kNotFound: no such code.
  // kFailedPrecondition: code used by another key, or expired; key enrolled
  // otherwise. kInvalidArgument: malformed, or the proof of possession is
  // wrong. kPermissionDenied: predecessor's signature, or the receipt, is not
  // good. kResourceExhausted: the predecessor has too many successors.
  virtual void Enrol(EnrolmentRequest request, Done<Enrolment> done) = 0;

  // ---- Rows ---------------------------------------------------------------

  virtual Position rows_position() const = 0;
  // Runs `done` when rows hold `position`. kDeadlineExceeded after
  // `timeout_ms`; kUnavailable: the projector stopped (DISK_LOW, damage).
  virtual void WaitForRows(Position position, std::int64_t timeout_ms,
                           std::function<void(absl::Status)> done) = 0;
  // The same, blocking; for tests and tools.
  virtual absl::Status AwaitRows(Position position,
                                 std::int64_t timeout_ms) = 0;
  // Requires: position <= rows_position().
  virtual std::unique_ptr<RowReader> RowsAt(Position position) const = 0;
  // Events recorded at or before `position`. The source belongs to one thread.
  virtual std::unique_ptr<EventSource> EventsAt(Position position) const = 0;

  // The position of a moment: a date is the last entry before the day after it
  // is opened, a time the last entry received at or before it; 0 if there is
  // none. It may be beyond the rows: then wait for it.
  // kOutOfRange: a position beyond the log's end, from another history.
  virtual absl::StatusOr<Position> ResolveAsOf(
      const AsOfMoment& moment) const = 0;

  // Follows rows as they change. Drained with the engine.
  virtual WatchHub& watches() = 0;

  // ---- Officers ---------------------------------------------------------

  // Whose token it is. kUnauthenticated: nobody's, or expired.
  virtual absl::StatusOr<OfficerId> Authenticate(
      absl::string_view token) const = 0;
  // Up to which day a token works. kUnauthenticated: as Authenticate().
  virtual absl::StatusOr<Date> TokenLastDate(absl::string_view token) const = 0;
  // OK if a grant of `role` or a higher one holds for the subtree of `unit` (0:
  // the whole log) on the last day opened, in the newest rows. Else
  // kPermissionDenied, with the same words whether or not the unit exists.
  virtual absl::Status Authorise(OfficerId officer, v1::Role role,
                                 UnitId unit) const = 0;

  // Records commands of one officer and reads what became of them once the rows
  // have passed them. The key a second time gives the first outcomes.
  // kInvalidArgument, kPermissionDenied, kFailedPrecondition, kAlreadyExists:
  // it would plainly fail; nothing is recorded. The message begins with
  // "events[I]" for event I. kUnavailable, kResourceExhausted: try again.
  virtual void Submit(CommandRequest request, Done<CommandResult> done) = 0;
  // Records the parts that the log lacks; the position of the last. The rows
  // hold it.
  virtual void PutDocument(DocumentRequest request, Done<Position> done) = 0;

  // Records the server's own events in one group, in as many batches as they
  // need; answers when durable. At most 256 events. kResourceExhausted: too
  // many waiting. Requires: events that only the server may write, or that
  // passed the checks of Submit().
  virtual void RecordServerEvents(std::vector<v1::Event> events,
                                  Done<RecordedRange> done) = 0;

  // ---- Auditors -----------------------------------------------------------

  // The log's signed heads. Drained with the engine.
  virtual Checkpoints& checkpoints() = 0;
  // The key under which they are signed.
  virtual note::VerifierKey log_verifier_key() const = 0;
  // Notes in the log that an officer read, unless that is recorded of this
  // local day (access_log.h). Does not wait. While nothing can be recorded
  // (disk low, log restored) auditors read all the same: then
  // `unrecorded_accesses` of EngineStats counts it.
  virtual void RecordAccess(v1::AccessRecorded access) = 0;
  // The log itself, for reading.
  virtual const EntryLog& log() const = 0;
  // The first receipt of an entry, rebuilt. kNotFound, kDataLoss.
  virtual absl::StatusOr<v1::Receipt> ReceiptOf(EntryIndex index) const = 0;

  // ---- Operators ----------------------------------------------------------

  // Keeps a small fact of this server beside the log, read by
  // log().GetLocal(). Durable when `done` runs. Facts of one key are kept in
  // the order of the calls.
  virtual void PutLocalFact(std::string key, std::string value,
                            std::function<void(absl::Status)> done) = 0;

  virtual EngineStatus status() const = 0;
  // What was counted since it was opened; lives as long as the engine.
  virtual const EngineStats& stats() const = 0;

  // `last_date` 0: 90 days from today. The plain token, shown once.
  virtual void CreateToken(OfficerId officer, Date last_date,
                           Done<std::string> done) = 0;
  // Ends all tokens of an officer; how many.
  virtual void RevokeTokens(OfficerId officer, Done<int> done) = 0;
  // Ends this token and no other, whether or not it has expired. True: it will
  // not work again, also after a restart. False: it was nobody's.
  virtual void RevokeToken(std::string token, Done<bool> done) = 0;

  // Moves the simulated receive clock to `to`; each day between is opened at
  // its midnight. The position up to which the calendar reaches; rows hold it.
  // kFailedPrecondition: real time. kInvalidArgument: backwards, or too far.
  virtual void AdvanceClock(Instant to, Done<Position> done) = 0;

  // Goes on under the next epoch with a new server author.
  // kFailedPrecondition: not stopped with LOG_RESTORED, and not `force`.
  virtual void OpenEpoch(bool force, Done<OpenedEpoch> done) = 0;

  // Copies log and keys to `directory`, which must not exist, compares the
  // copy's root, and remembers how far it reaches. Blocks for as long as that
  // takes: call it on a thread of its own.
  virtual absl::StatusOr<Backup> CreateBackup(const std::string& directory) = 0;
};

}  // namespace thon

#endif  // THON_ENGINE_ENGINE_H_
