#include "client-lib/src/session.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"

namespace thon::client {
namespace {

// A server may ask for a longer pause than the phone's own, up to this.
constexpr std::int64_t kRetryAfterMaxMs = 3'600'000;
// Keys made one after the other without a single receipt between them.
constexpr int kForksInARowMax = 3;
// A following whose pages keep coming lasts so many times its timeout at most.
constexpr std::int64_t kFollowTimeoutsMax = 12;

// What a connection that breaks looks like, whatever the server meant to say.
bool IsOfTheWay(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsCancelled(status) ||
         absl::IsDeadlineExceeded(status) || absl::IsAborted(status) ||
         absl::IsUnknown(status) || absl::IsInternal(status);
}

}  // namespace

Action Session::Next(std::int64_t now, const SessionFacts& facts) {
  const auto receive = [&]() -> Action {
    const std::int64_t left = heard_at_ + limits_.reply_timeout_ms - now;
    return {.kind = Do::kReceive, .wait_ms = std::max<std::int64_t>(left, 0)};
  };
  if (phase_ == Phase::kViewAsked &&
      now - heard_at_ >= limits_.reply_timeout_ms) {
    // Everything else was said; the next conversation asks again.
    Succeeded();
  }
  if (phase_ == Phase::kProofsAsked &&
      now - heard_at_ >= limits_.reply_timeout_ms) {
    RefusedProofs(/*said=*/false);
  }
  if (phase_ == Phase::kFollowing && now >= FollowDeadline()) {
    follow_owed_ = true;
    if (!follow_heard_ && !facts.follow_known) no_follows_ = true;
    StopFollowing(now);
  }
  if (phase_ > Phase::kOpened && now - heard_at_ >= limits_.reply_timeout_ms) {
    Fail(Condition::kNoConnection,
         absl::DeadlineExceededError("the server fell silent"), now,
         facts.random);
  }
  switch (phase_) {
    case Phase::kDropping:
      phase_ = Phase::kIdle;
      return {.kind = Do::kDropStream};
    case Phase::kIdle: {
      if (!facts.work) return {.kind = Do::kRest, .even = true};
      const bool enrolled = facts.enrolled && !unknown_;
      if (!enrolled && !facts.can_enrol) {
        condition_ = Condition::kNeedsEnrolment;
        if (detail_.empty()) detail_ = "ask an officer for a code";
        return {.kind = Do::kRest, .wait_ms = limits_.backoff_max_ms};
      }
      if (now < not_before_) {
        return {.kind = Do::kRest, .wait_ms = not_before_ - now};
      }
      return {.kind = enrolled ? Do::kOpen : Do::kEnrol};
    }
    case Phase::kOpened:
      return {.kind = Do::kSayHello};
    case Phase::kHelloSaid:
    case Phase::kStandingsAsked:
    case Phase::kViewAsked:
    case Phase::kProofsAsked:
    case Phase::kClosing:
      return receive();
    case Phase::kFollowing:
      return {.kind = Do::kReceive,
              .wait_ms = std::max<std::int64_t>(FollowDeadline() - now, 0)};
    case Phase::kTalking:
      if (!sent_all_ && Unanswered() < limits_.in_flight_max) {
        return {.kind = Do::kSendBatch, .sequence = next_to_send_};
      }
      if (Unanswered() > 0) return receive();
      return Ask(facts);
    case Phase::kViewToAsk:
      return {.kind = Do::kAskTeamView};
    case Phase::kAsking:
      return {.kind = Do::kAskStandings};
    case Phase::kToFollow:
      return {.kind = Do::kFollow};
    case Phase::kProofsToAsk:
      return {.kind = Do::kAskProofs};
    case Phase::kTalkedOut:
      return {.kind = Do::kCloseSend};
  }
  return {};
}

Action Session::Ask(const SessionFacts& facts) {
  if (facts.view_wanted && !no_views_ && !view_done_) {
    phase_ = Phase::kViewToAsk;
    return {.kind = Do::kAskTeamView};
  }
  const bool follow = limits_.follow && !no_follows_ && !follow_done_;
  // Behind the view, which waits for the rows: so they are judged. What is
  // followed tells standings too, so they are asked for only in case it does
  // not.
  if (limits_.standings && facts.sealed_end.value > 1 && !standings_done_ &&
      !(follow && facts.follow_known)) {
    phase_ = Phase::kAsking;
    return {.kind = Do::kAskStandings};
  }
  if (follow) {
    phase_ = Phase::kToFollow;
    return {.kind = Do::kFollow};
  }
  // Last: an older server ends the stream at this question.
  if (facts.proofs_wanted && !no_proofs_ && !proofs_done_) {
    proofs_known_ = facts.proofs_known;
    phase_ = Phase::kProofsToAsk;
    return {.kind = Do::kAskProofs};
  }
  if (follow_owed_) {
    // A server that still owes tables would hold a half-closed stream open.
    Succeeded();
    phase_ = Phase::kIdle;
    return {.kind = Do::kDropStream};
  }
  phase_ = Phase::kTalkedOut;
  return {.kind = Do::kCloseSend};
}

std::int64_t Session::FollowDeadline() const {
  const std::int64_t silence_ms =
      std::min(limits_.follow_timeout_ms, limits_.reply_timeout_ms);
  return std::min(
      heard_at_ + silence_ms,
      follow_since_ + kFollowTimeoutsMax * limits_.follow_timeout_ms);
}

void Session::StopFollowing(std::int64_t now) {
  heard_at_ = now;
  follow_done_ = true;
  phase_ = Phase::kTalking;
}

std::size_t Session::Unanswered() const {
  return static_cast<std::size_t>(
      std::count_if(in_flight_.begin(), in_flight_.end(),
                    [](const InFlight& one) { return !one.stale; }));
}

void Session::Fail(Condition condition, absl::Status why, std::int64_t now,
                   std::uint64_t random) {
  condition_ = condition;
  detail_ = std::string(why.message());
  std::int64_t pause = limits_.backoff_first_ms;
  for (int i = 0; i < failures_ && pause < limits_.backoff_max_ms; ++i) {
    pause *= 2;
  }
  pause = std::min(pause, limits_.backoff_max_ms);
  ++failures_;
  // Random within its upper half, so that a market's phones do not come back
  // all at once.
  pause = pause / 2 + static_cast<std::int64_t>(
                          random % static_cast<std::uint64_t>(pause / 2 + 1));
  if (!why.ok()) {
    pause = std::max(pause,
                     std::min(RetryAfterOf(why).value_or(0), kRetryAfterMaxMs));
  }
  not_before_ = now + pause;
  last_end_ = std::move(why);
  phase_ = Phase::kDropping;
  in_flight_.clear();
}

void Session::Enrolled(const absl::Status& status, std::int64_t now,
                       std::uint64_t random) {
  if (status.ok()) {
    unknown_ = false;
    condition_ = Condition::kGood;
    detail_.clear();
    not_before_ = 0;
    return;
  }
  const bool asks_officer =
      absl::IsNotFound(status) || absl::IsFailedPrecondition(status) ||
      absl::IsInvalidArgument(status) || absl::IsUnauthenticated(status);
  Fail(asks_officer                       ? Condition::kNeedsEnrolment
       : absl::IsPermissionDenied(status) ? Condition::kNotTrusted
       : absl::IsDataLoss(status)         ? Condition::kLogRestored
                                          : Condition::kNoConnection,
       status, now, random);
  phase_ = Phase::kIdle;
}

void Session::Opened(std::int64_t now) {
  phase_ = Phase::kOpened;
  in_flight_.clear();
  sent_all_ = false;
  last_hole_ = Sequence(0);
  view_done_ = standings_done_ = follow_done_ = false;
  follow_again_ = follow_heard_ = follow_owed_ = false;
  proofs_done_ = proofs_refused_ = false;
  heard_at_ = now;
}

void Session::Sent(std::int64_t now) {
  heard_at_ = now;
  if (phase_ == Phase::kOpened) {
    phase_ = Phase::kHelloSaid;
  } else if (phase_ == Phase::kAsking) {
    phase_ = Phase::kStandingsAsked;
  } else if (phase_ == Phase::kViewToAsk) {
    phase_ = Phase::kViewAsked;
  } else if (phase_ == Phase::kToFollow) {
    // One bound for all tries.
    if (!follow_again_) follow_since_ = now;
    phase_ = Phase::kFollowing;
  } else if (phase_ == Phase::kProofsToAsk) {
    phase_ = Phase::kProofsAsked;
  } else if (phase_ == Phase::kTalkedOut) {
    phase_ = Phase::kClosing;
  }
}

void Session::BatchSent(Sequence first, Sequence end, std::int64_t now) {
  // Silence is counted from when there was something to answer.
  if (Unanswered() == 0) heard_at_ = now;
  in_flight_.push_back({.first = first, .end = end, .stale = false});
  next_to_send_ = end;
}

void Session::NothingToSend() { sent_all_ = true; }

Verdict Session::Fork(absl::string_view why, std::int64_t now,
                      std::uint64_t random) {
  Fail(Condition::kGood, absl::AbortedError(why), now, random);
  // The successor may go on at once, unless the server forks every key.
  if (++forks_in_a_row_ <= kForksInARowMax) not_before_ = 0;
  return Verdict::kSucceed;
}

Verdict Session::Hello(const HelloHeard& hello, const SessionFacts& facts) {
  const std::int64_t now = hello.now;
  const std::uint64_t random = facts.random;
  heard_at_ = now;
  if (phase_ != Phase::kHelloSaid) {
    Fail(Condition::kNotTrusted, absl::InternalError("a second hello"), now,
         random);
    return Verdict::kNothing;
  }
  if (hello.next_sequence.value == 0) {
    unknown_ = true;
    Fail(Condition::kNeedsEnrolment,
         absl::FailedPreconditionError("the server does not know this key"),
         now, random);
    // Known means are tried at once; they failed if this is not the first time.
    if (failures_ == 1) not_before_ = 0;
    return Verdict::kNothing;
  }
  if (hello.next_sequence > facts.sealed_end) {
    return Fork("the log holds numbers that this phone never sent", now,
                random);
  }
  if (!hello.last_hash_fits) {
    return Fork("the log holds another branch", now, random);
  }
  if (hello.next_sequence < facts.verified_end) {
    if (hello.next_sequence < hello.dropped_end || !hello.holds_next) {
      return Fork("the log lacks numbers that this phone has dropped", now,
                  random);
    }
    // Nothing declares a loss; it may be the server's mistake.
    Fail(Condition::kLogRestored,
         absl::DataLossError("the log lacks batches it gave receipts for"), now,
         random);
    return Verdict::kNothing;
  }
  condition_ = Condition::kGood;
  detail_.clear();
  next_to_send_ = facts.verified_end;
  phase_ = Phase::kTalking;
  return Verdict::kNothing;
}

Sequence Session::AnsweredBatch(const v1::Answer& answer) const {
  for (const InFlight& one : in_flight_) {
    if (one.first.value == answer.first_sequence()) return one.first;
  }
  if (answer.code() != v1::ANSWER_CODE_REFUSED) return Sequence(0);
  for (const InFlight& one : in_flight_) {
    if (!one.stale) return one.first;
  }
  return Sequence(0);
}

Verdict Session::Answered(const v1::Answer& answer, const AnswerCheck& check,
                          std::int64_t now, std::uint64_t random) {
  heard_at_ = now;
  const Sequence first(answer.first_sequence());
  // Before the one that is answered: those behind an earlier hole, which need
  // no answer, and before a hole whatever did not get through.
  const auto found = std::find_if(
      in_flight_.begin(), in_flight_.end(), [&](const InFlight& one) {
        return one.first == first ||
               (!one.stale && answer.code() != v1::ANSWER_CODE_HOLE);
      });
  in_flight_.erase(in_flight_.begin(), found);
  if (in_flight_.empty() || in_flight_.front().first != first) {
    Fail(Condition::kNotTrusted,
         absl::InternalError(absl::StrCat("an answer about ", first.value,
                                          ", which was not asked")),
         now, random);
    return Verdict::kNothing;
  }
  const InFlight answered = in_flight_.front();
  in_flight_.pop_front();
  switch (answer.code()) {
    case v1::ANSWER_CODE_RECORDED:
    case v1::ANSWER_CODE_DUPLICATE:
      if (!check.receipt_verified) {
        Fail(Condition::kNotTrusted,
             absl::PermissionDeniedError("a receipt does not verify"), now,
             random);
        return Verdict::kNothing;
      }
      failures_ = 0;
      forks_in_a_row_ = 0;
      last_hole_ = Sequence(0);
      return Verdict::kKeepReceipt;
    case v1::ANSWER_CODE_FORKED:
      return Fork("the log holds another branch", now, random);
    case v1::ANSWER_CODE_HOLE: {
      if (answered.stale) return Verdict::kNothing;  // The same hole.
      const Sequence expected(answer.expected_sequence());
      if (!check.holds_expected || expected >= first ||
          expected == last_hole_) {
        // The next hello says what is the matter.
        Fail(Condition::kNoConnection,
             absl::UnavailableError(
                 absl::StrCat("the log expects ", expected.value)),
             now, random);
        return Verdict::kNothing;
      }
      last_hole_ = expected;
      for (InFlight& one : in_flight_) one.stale = true;
      next_to_send_ = expected;
      sent_all_ = false;
      return Verdict::kNothing;
    }
    case v1::ANSWER_CODE_REFUSED:
      return Refused(answer, check, now, random);
    default:
      Fail(Condition::kRefusedForNow,
           absl::UnimplementedError("an answer this app does not know"), now,
           random);
      return Verdict::kNothing;
  }
}

Verdict Session::Refused(const v1::Answer& answer, const AnswerCheck& check,
                         std::int64_t now, std::uint64_t random) {
  const std::string what =
      absl::StrCat(v1::RefusalReason_Name(answer.refusal()),
                   answer.detail().empty() ? "" : ": ", answer.detail());
  if (answer.refusal() == v1::REFUSAL_REASON_UNKNOWN_AUTHOR) {
    unknown_ = true;
    Fail(Condition::kNeedsEnrolment, absl::FailedPreconditionError(what), now,
         random);
    if (failures_ == 1) not_before_ = 0;
    return Verdict::kNothing;
  }
  const Verdict verdict =
      check.own_batch_good ? Verdict::kNothing : Verdict::kUnseal;
  Fail(Condition::kRefusedForNow, absl::UnavailableError(what), now, random);
  // Sealed anew it is another batch, which need not wait.
  if (verdict == Verdict::kUnseal) not_before_ = 0;
  return verdict;
}

void Session::StandingsHeard(std::int64_t now) {
  heard_at_ = now;
  if (phase_ != Phase::kStandingsAsked) return;
  standings_done_ = true;
  phase_ = Phase::kTalking;
}

void Session::TeamViewHeard(std::int64_t now) {
  heard_at_ = now;
  if (phase_ != Phase::kViewAsked) return;
  view_done_ = true;
  phase_ = Phase::kTalking;
}

void Session::ProofsHeard(bool good, std::int64_t now) {
  if (phase_ != Phase::kProofsAsked) return;
  heard_at_ = now;
  proofs_done_ = !good;
  phase_ = Phase::kTalking;
}

// Everything else was said, and what is not proved today is asked for again.
void Session::RefusedProofs(bool said) {
  proofs_refused_ = true;
  proofs_refusal_said_ = said;
  Succeeded();
}

// Rows come without being asked for: they are no sign that a question is being
// answered.
void Session::FollowedHeard(FollowOutcome outcome, std::int64_t now) {
  if (phase_ != Phase::kFollowing) return;
  follow_heard_ = true;
  heard_at_ = now;
  switch (outcome) {
    case FollowOutcome::kMore:
      return;
    case FollowOutcome::kEven:
      standings_done_ = true;
      return StopFollowing(now);
    case FollowOutcome::kAgain:
      if (follow_again_) return StopFollowing(now);
      follow_again_ = true;
      phase_ = Phase::kToFollow;
      return;
    case FollowOutcome::kOver:
      return StopFollowing(now);
  }
}

void Session::Succeeded() {
  phase_ = Phase::kDropping;
  failures_ = 0;
  not_before_ = 0;
  condition_ = Condition::kGood;
  detail_.clear();
  last_end_ = absl::OkStatus();
}

void Session::Ended(const absl::Status& status, std::int64_t now,
                    std::uint64_t random) {
  if (phase_ == Phase::kIdle || phase_ == Phase::kDropping) return;
  if (phase_ == Phase::kClosing && status.ok()) return Succeeded();
  if (phase_ == Phase::kViewAsked &&
      (absl::IsInvalidArgument(status) || absl::IsUnimplemented(status))) {
    no_views_ = true;
    return Succeeded();
  }
  if (phase_ == Phase::kFollowing &&
      (absl::IsInvalidArgument(status) || absl::IsUnimplemented(status))) {
    // Everything else was said.
    no_follows_ = true;
    return Succeeded();
  }
  if (phase_ == Phase::kProofsAsked) {
    no_proofs_ =
        no_proofs_ || (!proofs_known_ && (absl::IsInvalidArgument(status) ||
                                          absl::IsUnimplemented(status)));
    return RefusedProofs(/*said=*/!IsOfTheWay(status));
  }
  const absl::Status why =
      status.ok() ? absl::UnavailableError("the server ended the stream")
                  : status;
  switch (why.code()) {
    case absl::StatusCode::kUnauthenticated:
      unknown_ = true;
      Fail(Condition::kNeedsEnrolment, why, now, random);
      return;
    case absl::StatusCode::kDataLoss:
      Fail(Condition::kLogRestored, why, now, random);
      return;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kUnimplemented:
      Fail(Condition::kRefusedForNow, why, now, random);
      return;
    default:
      Fail(Condition::kNoConnection, why, now, random);
      return;
  }
}

void Session::Distrust(const absl::Status& why, std::int64_t now,
                       std::uint64_t random) {
  Fail(absl::IsPermissionDenied(why) ? Condition::kNotTrusted
                                     : Condition::kStorageFailed,
       why, now, random);
}

}  // namespace thon::client
