// libthon: records facts on a phone, and brings them into the log.
//
//   const auto client = thon::client::Client::Open(options, transport.get());
//   (*client)->Enrol("K7QD-9WXM");
//   (*client)->Record(event);     // Durable when it returns, signal or not.
//   (*client)->Step(100);         // Whenever there is time; see wait_ms.
//
// Words:
//   sequence    the author's own number of an event: dense, from 1.
//   EventName   (author, sequence) as Record() gave it. It stays valid when the
//               phone changes its key and offers the event again under another
//               number: every question below takes the first name.
//   sealed      packed into a signed batch whose bytes never change again.
//   verified    covered by a receipt that this phone has checked.
//   proven      a checkpoint covers the receipt's entry; checked too (proof.h).
//
// One SQLite file (mode 0600) holds the key, the events, the batches and the
// receipts. A process may be killed at any moment: what Record() has returned
// is there when the file is opened again, and nothing is sent under two names.
//
// Thread-safety: Record() and the questions may be called from any thread, also
// while another thread is inside Step() or SyncOnce(); they never wait for the
// network. Step(), SyncOnce() and Enrol() belong to one thread at a time. The
// client starts no thread.
#ifndef THON_CLIENT_H_
#define THON_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/limits.h"
#include "server/core/signature.h"
#include "thon/device_clock.h"
#include "thon/event_name.h"
#include "thon/followed.h"
#include "thon/preview.h"
#include "thon/proof.h"
#include "thon/transport.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/log.pb.h"

namespace thon::client {

struct Options {
  // The SQLite file; made if there is none. Its folder must exist.
  std::string path;
  // Not owned, outlives the client. Null: the machine's clocks.
  const DeviceClock* clock = nullptr;
  // Measures back-off and time-outs.
  Timer timer = &MachineTimerMs;
  // A key to start with, 32 bytes of seed; empty: a new one. Used only when the
  // file is made.
  std::string key_seed;
  // Not 0: everything drawn at random follows from it, keys too. For
  // simulations only; a clone's must differ from its model's.
  std::uint64_t random_seed = 0;
  std::string app_version;  // At most limits::kAppVersionBytesMax.

  std::size_t batch_events_max = limits::kBatchEventsMax;
  std::size_t batches_in_flight_max = limits::kSyncBatchesInFlightMax;
  std::uint64_t outbox_bytes_max = limits::kOutboxBytesMax;
  int receipt_keep_days = limits::kReceiptKeepDaysMin;  // Not fewer.
  std::int64_t reply_timeout_ms = 20'000;  // Silence that ends a stream.
  std::int64_t enrol_timeout_ms = 20'000;
  std::int64_t backoff_first_ms = 1'000;
  std::int64_t backoff_max_ms = 300'000;
  // Ask for the standings of the newest 4,096 events after each exchange.
  bool standings = true;
  // Once PreviewMonth() has been called on the file, ask for the team's view at
  // the end of an exchange in which events were verified, and when the last one
  // is a day old or lacks something. Without it only WantTeamView() asks.
  bool team_view = true;
  // Follow the team at the end of each exchange, until what is told holds what
  // was verified in it: the team's rows, the standings of all own events
  // (instead of asking for them), and what the team was asked to do. Only what
  // changed since the last time comes over the wire.
  bool follow = true;
  // How long the server may be silent meanwhile, at most `reply_timeout_ms`;
  // the whole of it takes at most twelve times as long.
  std::int64_t follow_timeout_ms = 5'000;
  // Ask, at the end of an exchange, for proofs of receipts for which a
  // checkpoint is due: the oldest first, and no more than leaves an exchange
  // that carries a day's events below 16 KiB, but always some. One round trip
  // more, and only when there is something to ask for. A server that does not
  // know of proofs costs one exchange its question. One that answers without a
  // checkpoint has none to give now: the next exchange asks again, and only
  // refusing for a day is evidence (proof.h).
  bool proofs = true;
  // Whose cosignatures make a checkpoint witnessed (c2sp.org/tlog-policy);
  // empty: none does. If it has `log` lines, only for these logs.
  std::string trust_policy;
  // Called for each step that changed something, on the thread inside Step() or
  // SyncOnce(), with no lock held: it may ask the client, but not drive it.
  std::function<void(const FollowedChange& change)> on_followed;

  // Called before each step that a crash could fall before: a commit on disk, a
  // message sent, a message taken. For tests that crash there.
  std::function<void(absl::string_view step)> on_step;
};

struct Recorded {
  EventName name;
  Hash event_hash;  // SHA-256 of the event's bytes as they will be sent.
};

// What the phone knows of the log's word on an event.
struct EventAnswer {
  enum class State {
    kUnknown,    // No such event here.
    kPending,    // On this phone only, as far as it knows.
    kSent,       // In a sealed batch; the answer is not known.
    kRecorded,   // In the log: `receipt` proves it.
    kWithdrawn,  // Could never be sent; see Withdrawals().
    kDropped,    // Recorded, proven once, and dropped for room or age.
  };
  State state = State::kUnknown;
  EventName name_in_log;  // Differs from the first after a change of keys.
  Position position;      // With kRecorded.
  v1::Receipt receipt;    // With kRecorded.
};

struct WithdrawnEvent {
  EventName name;
  Hash event_hash;
  std::string reason;
};

struct PendingCount {
  std::uint64_t unsealed_events = 0;
  std::uint64_t sealed_events = 0;  // In batches without a verified receipt.
  std::uint64_t sealed_batches = 0;

  std::uint64_t events() const { return unsealed_events + sealed_events; }
};

// What an app should show. The worst that holds.
enum class Condition {
  kGood,
  kEvidence,              // The log's word was broken; see Evidence().
  kUnconfirmedSuccessor,  // A new key; its events wait for an officer.
  kNoConnection,          // The server cannot be reached; waits and retries.
  kRefusedForNow,         // The server refused what this phone finds good.
  kLogRestored,           // The server was restored; everything is kept.
  kNotTrusted,            // The server's hello or receipts do not verify.
  kNeedsEnrolment,        // Ask an officer for a code, then Enrol().
  kStorageFailed,         // The file cannot be written: open it again.
};
absl::string_view ConditionName(Condition condition);

struct ClientState {
  Condition condition = Condition::kGood;
  std::string detail;  // For a log or a screen.
  AuthorId author;
  std::uint32_t generation = 0;  // 0 for the first key, 1 for its successor...
  bool enrolled = false;
  bool confirmed = false;
  std::uint64_t team_id = 0;
  std::uint64_t member_id = 0;
  std::uint64_t organisation_id = 0;
  std::string origin;
  // Server's time less the wall clock when last heard; not set if never, or
  // heard in another boot.
  std::optional<std::int64_t> clock_offset_ms;
  std::uint64_t bytes_held = 0;
  // Verified events that went before their time because of outbox_bytes_max.
  std::uint64_t events_dropped_early = 0;
  // Unsent events alone exceed outbox_bytes_max: nothing is dropped, sync soon.
  bool outbox_full = false;
};

// What one call did. Counts since the client was opened are in Totals().
struct Counters {
  std::uint64_t events_recorded = 0;  // Record() returned.
  std::uint64_t batches_sealed = 0;
  std::uint64_t batches_sent = 0;        // Each time one left.
  std::uint64_t batches_sent_again = 0;  // Of these, not for the first time.
  std::uint64_t events_verified = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t holes = 0;
  std::uint64_t forks = 0;
  std::uint64_t refusals = 0;
  std::uint64_t withdrawn = 0;
  std::uint64_t epochs = 0;
  std::uint64_t streams = 0;
  std::uint64_t proofs = 0;        // Kept.
  std::uint64_t proof_rounds = 0;  // Times that proofs were asked for.
  // What messages of exchanges had in bytes, both ways.
  std::uint64_t message_bytes = 0;
};

struct StepResult {
  // Nothing is left to do, or to wait for, until something is recorded.
  bool even = false;
  // Call again after this long; 0: at once.
  std::int64_t wait_ms = 0;
};

class Client {
 public:
  // Opens or makes the file. `transport` is not owned, outlives the client and
  // may be null: then nothing is sent.
  //
  // kInvalidArgument: an option that cannot be; the message says which.
  // kUnavailable: another process has the file open.
  // kFailedPrecondition: a newer version wrote the file.
  // kDataLoss: the file is damaged. It is left as it is.
  static absl::StatusOr<std::unique_ptr<Client>> Open(Options options,
                                                      Transport* transport);
  virtual ~Client() = default;

  // Records an event; durable when it returns. The client fills sequence, wall
  // time, monotonic time and boot.
  //
  // kInvalidArgument: it could never be sent; says why. Nothing is recorded.
  // kResourceExhausted: the disk is full. Nothing is recorded.
  // kFailedPrecondition: the file failed before; open it again.
  virtual absl::StatusOr<Recorded> Record(v1::Event event) = 0;
  // All or none, with one fsync.
  virtual absl::StatusOr<std::vector<Recorded>> RecordAll(
      std::vector<v1::Event> events) = 0;

  // Enrols this phone's key with a one-time code. The code is kept, so that
  // Step() tries again when the network fails. OK if the key is enrolled.
  // kNotFound, kFailedPrecondition: the code will not do; ask for another.
  // kUnavailable, kDeadlineExceeded: Step() will try again.
  virtual absl::Status Enrol(absl::string_view code) = 0;

  // Does what can be done for about `max_ms`: connects, enrols, seals, sends,
  // takes answers. Never throws work away when time is up: the next call goes
  // on. Waits for the network at most `max_ms`, for an enrolment at most
  // `enrol_timeout_ms`.
  virtual StepResult Step(std::int64_t max_ms) = 0;

  // One whole conversation, now, whatever the back-off: OK when the log and the
  // phone are even and the stream is closed.
  // kFailedPrecondition: enrol first, or the server will not go on (State()).
  // kDeadlineExceeded: `deadline_ms` passed; what was verified stays verified.
  // Others: how the conversation ended.
  virtual absl::Status SyncOnce(std::int64_t deadline_ms) = 0;

  // Drops what may be dropped. Called by itself after an exchange. By its age a
  // receipt goes with its proof; one that is only a promise stays, if the
  // server is one that gives proofs, until room is needed.
  virtual absl::Status Prune() = 0;

  virtual ClientState State() const = 0;
  virtual Counters Totals() const = 0;
  virtual absl::StatusOr<PendingCount> Pending() const = 0;
  virtual absl::StatusOr<EventAnswer> AnswerOf(const EventName& name) const = 0;
  // The server's last word on how it stands; not set if none was heard.
  virtual absl::StatusOr<std::optional<v1::EventStanding>> StandingOf(
      const EventName& name) const = 0;
  // The receipt of an event, and how far it is proven. kNotFound: none held.
  virtual absl::StatusOr<Proof> ProofOf(const EventName& name) const = 0;
  // The inclusion proof of an event's entry. kNotFound: no receipt, or nothing
  // but a promise so far.
  virtual absl::StatusOr<TlogProofText> TlogProofOf(
      const EventName& name) const = 0;
  // The receipt as text of a QR code (core/receipt_card.h), to be shown without
  // a network. kNotFound: none held.
  virtual absl::StatusOr<std::string> ReceiptCardOf(
      const EventName& name) const = 0;
  virtual absl::StatusOr<ReceiptCount> CountReceipts() const = 0;
  // Asks for proofs of all receipts with the next exchange, which is then due,
  // also of those for which no checkpoint is due yet. Not kept over a restart.
  virtual void WantProofs() = 0;
  // All that was found, oldest first.
  virtual absl::StatusOr<std::vector<EvidenceItem>> Evidence() const = 0;
  // A piece of it as a text file for third persons. Two checkpoints:
  // "thon-evidence/1" (tools/verify/FORMAT.md). A promise: "thon-promise/1",
  // whose lines are explained in it. kNotFound: no such id.
  virtual absl::StatusOr<std::string> ExportEvidence(
      std::uint64_t id) const = 0;
  // Receipts of one key, ascending by first sequence, from the batch that holds
  // `from` or the next one on; at most `count_max`.
  struct ReceiptRow {
    Sequence first_sequence;
    std::uint32_t event_count = 0;
    v1::Receipt receipt;
  };
  virtual absl::StatusOr<std::vector<ReceiptRow>> Receipts(
      const AuthorId& author, Sequence from, std::size_t count_max) const = 0;
  virtual absl::StatusOr<std::vector<WithdrawnEvent>> Withdrawals() const = 0;
  // The event's bytes as recorded. kNotFound: no such withdrawn event.
  virtual absl::StatusOr<std::string> ExportWithdrawn(
      const EventName& name) const = 0;

  // What the month looks like for the team; preview.h says how far that can be
  // relied on. Reads every event that the view does not hold; memory does not
  // grow with them. Without a view, `missing` says so and nothing is computed.
  // kInvalidArgument: no month.
  virtual absl::StatusOr<MonthPreview> PreviewMonth(Month month) = 0;
  // Asks for the team's view with the next exchange, which is then due. Kept
  // over a restart once PreviewMonth() was called.
  virtual void WantTeamView() = 0;
  // What was told of the team the last time; not set if nothing was yet.
  virtual absl::StatusOr<std::optional<FollowedTeam>> Followed() const = 0;
  // What the server's newer answers differ in from what was shown, oldest
  // first, until acknowledged.
  virtual absl::StatusOr<std::vector<Difference>> Differences() const = 0;
  // Forgets the differences up to and with `id`.
  virtual absl::Status Acknowledge(std::uint64_t id) = 0;
};

}  // namespace thon::client

#endif  // THON_CLIENT_H_
