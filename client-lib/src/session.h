// The conversation with the server, as a pure state machine: what was heard
// goes in, what to do next comes out. It reads no clock, holds no socket and
// writes nothing; the client does what it says and tells it the outcome.
//
//   Session session(limits);
//   loop: switch (session.Next(now, facts).kind) { ...do it, report it... }
//
// A conversation: open a stream, say hello, hear hello; send batches, at most
// `in_flight_max` unanswered; take an answer for each; ask for the team's view
// if it is wanted; follow the team until what is told holds what was verified;
// where the server is not known to let it be followed, ask for standings
// before; ask for the proofs that are due, page by page; close. Nothing that is
// said of the team or of proofs, and no silence about them, is a reason to send
// no batches or to fail. Whatever breaks it, the next one starts from what is
// on disk, after a pause that grows with each failure and is random within its
// half.
//
// Thread-safety: none.
#ifndef THON_CLIENT_SESSION_H_
#define THON_CLIENT_SESSION_H_

#include <cstdint>
#include <deque>
#include <string>

#include "absl/status/status.h"
#include "server/core/ids.h"
#include "thon/client.h"
#include "thon/v1/log.pb.h"

namespace thon::client {

struct SessionLimits {
  std::size_t in_flight_max = 16;
  std::int64_t reply_timeout_ms = 20'000;
  std::int64_t backoff_first_ms = 1'000;
  std::int64_t backoff_max_ms = 300'000;
  bool standings = true;
  bool follow = true;
  std::int64_t follow_timeout_ms = 5'000;
};

// What is on disk, as the client sees it now.
struct SessionFacts {
  bool enrolled = false;     // The current key, as far as the phone knows.
  bool can_enrol = false;    // A code, a predecessor or a proof is at hand.
  bool work = false;         // Something is not verified, or a sync was asked.
  Sequence verified_end{1};  // Of the current key.
  Sequence sealed_end{1};
  bool view_wanted = false;    // The team's view is to be asked for.
  bool follow_known = false;   // The server has let this key follow before.
  bool proofs_wanted = false;  // Some are to be asked for.
  bool proofs_known = false;  // The server has answered such a question before.
  std::uint64_t random = 0;   // Drawn anew each time.
};

enum class Do {
  kRest,          // Nothing to do before `wait_ms`; `even`: not even then.
  kEnrol,         // Call Enrol; report with Enrolled().
  kOpen,          // Start a stream; report with Opened().
  kSayHello,      // Send the hello; report with Sent().
  kSendBatch,     // Send the batch at `sequence`, sealing one if there is none
                  // yet; report with BatchSent() or NothingToSend().
  kAskStandings,  // Send the request; report with Sent().
  kAskTeamView,   // The same.
  kFollow,        // The same.
  kAskProofs,     // The same.
  kCloseSend,     // Half-close; report with Sent().
  kReceive,       // Wait up to `wait_ms`; report with Hello(), Answered(),
                  // StandingsHeard(), TeamViewHeard(), FollowedHeard(),
                  // ProofsHeard(), Ended() or nothing.
  kDropStream,    // Delete the stream.
};

struct Action {
  Do kind = Do::kRest;
  Sequence sequence{};
  std::int64_t wait_ms = 0;
  bool even = false;
};

// What must happen on disk because of a message.
enum class Verdict {
  kNothing,
  kKeepReceipt,  // Store the receipt of the batch that is answered.
  kUnseal,       // Take the batch and those after it apart.
  kSucceed,      // Make a successor key.
};

// A hello whose signature and epochs were verified, and whose epochs are
// already taken over on disk.
struct HelloHeard {
  Sequence next_sequence;      // 0: the author is unknown.
  bool last_hash_fits = true;  // No held batch contradicts last_batch_hash.
  bool holds_next = false;     // A held batch begins at next_sequence.
  Sequence dropped_end{1};
  std::int64_t now = 0;
};

// What the client found out about an answer by itself.
struct AnswerCheck {
  bool receipt_verified = false;  // With RECORDED and DUPLICATE.
  bool own_batch_good = true;     // With REFUSED.
  bool holds_expected = false;    // With HOLE: a held batch begins there.
};

// What a message about what is followed came to.
enum class FollowOutcome {
  kMore,   // Go on listening.
  kEven,   // What was told holds everything that is verified.
  kAgain,  // It went wrong; from the beginning it may go better.
  kOver,   // It ended, or went wrong for good.
};

class Session {
 public:
  explicit Session(const SessionLimits& limits) : limits_(limits) {}

  // The next thing to do. `now` is the timer's.
  Action Next(std::int64_t now, const SessionFacts& facts);

  // A sync is wanted at once, whatever the back-off.
  void Hurry() { not_before_ = 0; }

  void Enrolled(const absl::Status& status, std::int64_t now,
                std::uint64_t random);
  void Opened(std::int64_t now);
  void Sent(std::int64_t now);
  void BatchSent(Sequence first, Sequence end, std::int64_t now);
  void NothingToSend();
  Verdict Hello(const HelloHeard& hello, const SessionFacts& facts);
  // The batch that `answer` is about; 0 if none in flight is. A server that
  // could not read a batch cannot name it: then it is the oldest unanswered.
  Sequence AnsweredBatch(const v1::Answer& answer) const;
  // `answer.first_sequence` must be what AnsweredBatch() says.
  Verdict Answered(const v1::Answer& answer, const AnswerCheck& check,
                   std::int64_t now, std::uint64_t random);
  void StandingsHeard(std::int64_t now);
  void TeamViewHeard(std::int64_t now);
  void FollowedHeard(FollowOutcome outcome, std::int64_t now);
  // `good`: another page may be asked for.
  void ProofsHeard(bool good, std::int64_t now);
  // The stream is over, by whoever's will.
  void Ended(const absl::Status& status, std::int64_t now,
             std::uint64_t random);
  // Something of the server's did not verify, or the phone's file failed.
  void Distrust(const absl::Status& why, std::int64_t now,
                std::uint64_t random);

  bool unknown_author() const { return unknown_; }
  bool no_views() const { return no_views_; }
  bool asks_proofs() const { return phase_ == Phase::kProofsAsked; }
  // In the last conversation proofs were asked for, and it ended without them.
  bool proofs_refused() const { return proofs_refused_; }
  // It was the server's word, no silence and no broken connection.
  bool proofs_refusal_said() const { return proofs_refusal_said_; }
  Condition condition() const { return condition_; }
  const std::string& detail() const { return detail_; }
  // How the last conversation ended.
  const absl::Status& last_end() const { return last_end_; }

 private:
  enum class Phase {
    kIdle,
    kDropping,  // The stream is to be deleted.
    kOpened,
    kHelloSaid,
    kTalking,
    kViewToAsk,
    kViewAsked,
    kAsking,  // Standings are to be asked for.
    kStandingsAsked,
    kToFollow,
    kFollowing,
    kProofsToAsk,
    kProofsAsked,
    kTalkedOut,
    kClosing,
  };
  struct InFlight {
    Sequence first;
    Sequence end;
    bool stale = false;  // Behind a hole: perhaps answered, perhaps not.
  };

  // What is left to ask when every batch is answered.
  Action Ask(const SessionFacts& facts);
  void StopFollowing(std::int64_t now);
  void RefusedProofs(bool said);
  void Fail(Condition condition, absl::Status why, std::int64_t now,
            std::uint64_t random);
  // The conversation is over, and everything that had to be said was.
  void Succeeded();
  Verdict Refused(const v1::Answer& answer, const AnswerCheck& check,
                  std::int64_t now, std::uint64_t random);
  Verdict Fork(absl::string_view why, std::int64_t now, std::uint64_t random);
  std::size_t Unanswered() const;
  // When following is left though not even.
  std::int64_t FollowDeadline() const;

  SessionLimits limits_;
  Phase phase_ = Phase::kIdle;
  std::deque<InFlight> in_flight_;
  Sequence next_to_send_;
  bool sent_all_ = false;
  Sequence last_hole_;
  // An older server, which does not know of views; until the program ends.
  bool no_views_ = false;
  // The same of following: it refuses, or a server that has never let this key
  // follow says nothing.
  bool no_follows_ = false;
  // The same of proofs, of a server that never gave any.
  bool no_proofs_ = false;
  // Of this conversation: what was asked for already.
  bool view_done_ = false;
  bool standings_done_ = false;
  bool follow_done_ = false;
  bool proofs_done_ = false;
  bool proofs_known_ = false;
  bool proofs_refused_ = false;
  bool proofs_refusal_said_ = false;
  bool follow_again_ = false;  // The second try.
  bool follow_heard_ = false;  // The server has said something of it.
  bool follow_owed_ = false;   // It did not say all: it would not close.
  std::int64_t follow_since_ = 0;
  std::int64_t heard_at_ = 0;  // Since when the server has been silent.

  std::int64_t not_before_ = 0;
  int failures_ = 0;
  bool unknown_ = false;  // The server says it does not know the key.
  int forks_in_a_row_ = 0;
  Condition condition_ = Condition::kGood;
  std::string detail_;
  absl::Status last_end_;
};

}  // namespace thon::client

#endif  // THON_CLIENT_SESSION_H_
