// Goal: the conversation by itself: pipelining, pauses and matching of answers.
// Method: the pure state machine, with inputs by hand and a counted clock.
#include "client-lib/src/session.h"

#include <gtest/gtest.h>

#include "server/core/error_info.h"

namespace thon::client {
namespace {

class SessionTest : public ::testing::Test {
 protected:
  SessionFacts Facts() {
    SessionFacts facts;
    facts.enrolled = true;
    facts.work = true;
    facts.verified_end = Sequence(verified_end_);
    facts.sealed_end = Sequence(1000);
    return facts;
  }
  Do Next() { return session_.Next(now_, Facts()).kind; }
  // Up to the moment at which batches may be sent.
  void Connect() {
    ASSERT_EQ(Next(), Do::kOpen);
    session_.Opened(now_);
    ASSERT_EQ(Next(), Do::kSayHello);
    session_.Sent(now_);
    ASSERT_EQ(Next(), Do::kReceive);
    HelloHeard hello;
    hello.next_sequence = Sequence(verified_end_);
    hello.now = now_;
    ASSERT_EQ(session_.Hello(hello, Facts()), Verdict::kNothing);
  }
  Verdict Answer(std::uint64_t first, v1::AnswerCode code,
                 std::uint64_t expected = 0) {
    v1::Answer answer;
    answer.set_first_sequence(first);
    answer.set_code(code);
    answer.set_expected_sequence(expected);
    AnswerCheck check;
    check.receipt_verified = true;
    check.holds_expected = true;
    return session_.Answered(answer, check, now_, 0);
  }
  // Sends batches of ten until the session will not; returns how many.
  int SendAll() {
    int sent = 0;
    for (;;) {
      const Action action = session_.Next(now_, Facts());
      if (action.kind != Do::kSendBatch) return sent;
      session_.BatchSent(action.sequence, Sequence(action.sequence.value + 10),
                         now_);
      ++sent;
    }
  }

  std::int64_t now_ = 5'000;
  std::uint64_t verified_end_ = 1;
  Session session_{SessionLimits{}};
};

TEST_F(SessionTest, AtMostSixteenBatchesAreUnanswered) {
  Connect();
  EXPECT_EQ(SendAll(), 16);
  EXPECT_EQ(Next(), Do::kReceive);
  EXPECT_EQ(Answer(1, v1::ANSWER_CODE_RECORDED), Verdict::kKeepReceipt);
  EXPECT_EQ(SendAll(), 1);
}

TEST_F(SessionTest, TheTeamsViewIsAskedForOnceAndBeforeTheStandings) {
  Connect();
  session_.NothingToSend();
  SessionFacts facts = Facts();
  facts.view_wanted = true;
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kAskTeamView);
  session_.Sent(now_);
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kReceive);
  session_.TeamViewHeard(now_);
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kAskStandings);
  session_.Sent(now_);
  session_.StandingsHeard(now_);
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kFollow);
  session_.Sent(now_);
  session_.FollowedHeard(FollowOutcome::kEven, now_);
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kCloseSend);
}

TEST_F(SessionTest, WhatAKnownServerTellsTakesThePlaceOfStandings) {
  Connect();
  session_.NothingToSend();
  SessionFacts facts = Facts();
  facts.follow_known = true;
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kFollow);
  session_.Sent(now_);
  session_.FollowedHeard(FollowOutcome::kMore, now_);
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kReceive);
  session_.FollowedHeard(FollowOutcome::kEven, now_);
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kCloseSend);
  session_.Sent(now_);
  session_.FollowedHeard(FollowOutcome::kAgain, now_);
  session_.Ended(absl::OkStatus(), now_, 0);
  EXPECT_TRUE(session_.last_end().ok()) << "what comes later changes nothing";
}

TEST_F(SessionTest, ProofsAreAskedForLastPageByPage) {
  Connect();
  session_.NothingToSend();
  SessionFacts facts = Facts();
  facts.proofs_wanted = true;
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kAskStandings);
  session_.Sent(now_);
  session_.StandingsHeard(now_);
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kFollow);
  session_.Sent(now_);
  session_.FollowedHeard(FollowOutcome::kEven, now_);
  for (int page = 0; page < 3; ++page) {
    EXPECT_EQ(session_.Next(now_, facts).kind, Do::kAskProofs);
    session_.Sent(now_);
    EXPECT_EQ(session_.Next(now_, facts).kind, Do::kReceive);
    session_.ProofsHeard(true, now_);
  }
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kAskProofs);
  session_.Sent(now_);
  session_.ProofsHeard(false, now_);
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kCloseSend);
}

TEST_F(SessionTest, NoAnswerAboutProofsMakesAnExchangeFail) {
  SessionFacts facts = Facts();
  facts.proofs_wanted = true;
  const auto ask = [&](bool known) {
    facts.proofs_known = known;
    Connect();
    session_.NothingToSend();
    session_.Next(now_, facts);
    session_.Sent(now_);
    session_.StandingsHeard(now_);
    session_.Next(now_, facts);
    session_.Sent(now_);
    session_.FollowedHeard(FollowOutcome::kEven, now_);
    if (session_.Next(now_, facts).kind != Do::kAskProofs) return false;
    session_.Sent(now_);
    return true;
  };
  const auto succeeded = [&] {
    EXPECT_EQ(session_.Next(now_, facts).kind, Do::kDropStream);
    EXPECT_TRUE(session_.proofs_refused());
    EXPECT_TRUE(session_.last_end().ok());
  };
  // Silence, a stream that breaks, one that was restored meanwhile.
  ASSERT_TRUE(ask(false));
  now_ += SessionLimits{}.reply_timeout_ms;
  succeeded();
  for (const absl::Status& end :
       {absl::UnavailableError("gone"), absl::DataLossError("damage"),
        absl::PermissionDeniedError("no"), absl::OkStatus()}) {
    ASSERT_TRUE(ask(false));
    session_.Ended(end, now_, 0);
    succeeded();
  }
  // One that gave proofs before is asked again; one that never did is old.
  ASSERT_TRUE(ask(true));
  session_.Ended(absl::InvalidArgumentError("unknown"), now_, 0);
  succeeded();
  ASSERT_TRUE(ask(false));
  session_.Ended(absl::InvalidArgumentError("unknown"), now_, 0);
  succeeded();
  EXPECT_FALSE(ask(false));
}

TEST_F(SessionTest, AFollowingThatGoesWrongIsTriedOnceMoreThenStandingsDo) {
  Connect();
  session_.NothingToSend();
  SessionFacts facts = Facts();
  facts.follow_known = true;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(session_.Next(now_, facts).kind, Do::kFollow);
    session_.Sent(now_);
    session_.FollowedHeard(FollowOutcome::kAgain, now_);
  }
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kAskStandings);
  session_.Sent(now_);
  session_.StandingsHeard(now_);
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kCloseSend);
}

TEST_F(SessionTest, ASlowFollowingIsLeftAndTheStreamDropped) {
  Connect();
  session_.NothingToSend();
  SessionFacts facts = Facts();
  facts.follow_known = true;
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kFollow);
  session_.Sent(now_);
  session_.FollowedHeard(FollowOutcome::kMore, now_);
  const Action wait = session_.Next(now_, facts);
  EXPECT_EQ(wait.kind, Do::kReceive);
  EXPECT_EQ(wait.wait_ms, SessionLimits{}.follow_timeout_ms);
  now_ += SessionLimits{}.follow_timeout_ms;
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kAskStandings);
  session_.Sent(now_);
  session_.StandingsHeard(now_);
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kDropStream);
  EXPECT_TRUE(session_.last_end().ok());
}

TEST_F(SessionTest, AFollowingThatGoesOnIsHeardOutWithinItsBound) {
  Connect();
  session_.NothingToSend();
  SessionFacts facts = Facts();
  facts.follow_known = true;
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kFollow);
  session_.Sent(now_);
  const std::int64_t silence_ms = SessionLimits{}.follow_timeout_ms;
  const std::int64_t begin = now_;
  int pages = 0;
  for (;; ++pages) {
    now_ += silence_ms - 1;
    if (session_.Next(now_, facts).kind != Do::kReceive) break;
    session_.FollowedHeard(FollowOutcome::kMore, now_);
    ASSERT_LT(pages, 100) << "it must end";
  }
  EXPECT_GT(pages, 5) << "pages that come are waited for";
  EXPECT_LE(now_ - begin, 13 * silence_ms);
}

TEST_F(SessionTest, AServerThatLetItFollowBeforeMayBeSilentOnce) {
  SessionFacts facts = Facts();
  facts.follow_known = true;
  for (int i = 0; i < 2; ++i) {
    Connect();
    session_.NothingToSend();
    EXPECT_EQ(session_.Next(now_, facts).kind, Do::kFollow) << i;
    session_.Sent(now_);
    now_ += SessionLimits{}.follow_timeout_ms;
    EXPECT_EQ(session_.Next(now_, facts).kind, Do::kAskStandings);
    session_.Sent(now_);
    session_.StandingsHeard(now_);
    EXPECT_EQ(session_.Next(now_, facts).kind, Do::kDropStream);
  }
}

TEST_F(SessionTest, RowsAreNoAnswerToAQuestion) {
  Connect();
  session_.NothingToSend();
  EXPECT_EQ(Next(), Do::kAskStandings);
  session_.Sent(now_);
  for (int i = 0; i < 3; ++i) {
    now_ += SessionLimits{}.reply_timeout_ms / 3 + 1;
    session_.FollowedHeard(FollowOutcome::kMore, now_);
  }
  EXPECT_EQ(Next(), Do::kDropStream);
  EXPECT_TRUE(absl::IsDeadlineExceeded(session_.last_end()));
}

TEST_F(SessionTest, AServerThatCannotBeFollowedEndsTheExchangeWell) {
  Connect();
  session_.NothingToSend();
  EXPECT_EQ(Next(), Do::kAskStandings);
  session_.Sent(now_);
  session_.StandingsHeard(now_);
  EXPECT_EQ(Next(), Do::kFollow);
  session_.Sent(now_);
  session_.Ended(absl::InvalidArgumentError("unknown"), now_, 0);
  EXPECT_TRUE(session_.last_end().ok());
  EXPECT_EQ(Next(), Do::kDropStream);
  Connect();
  session_.NothingToSend();
  EXPECT_EQ(Next(), Do::kAskStandings);
  session_.Sent(now_);
  session_.StandingsHeard(now_);
  EXPECT_EQ(Next(), Do::kCloseSend) << "it is not asked again";
}

TEST_F(SessionTest, AViewThatDoesNotComeIsNoFailure) {
  Connect();
  session_.NothingToSend();
  SessionFacts facts = Facts();
  facts.view_wanted = true;
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kAskTeamView);
  session_.Sent(now_);
  now_ += SessionLimits{}.reply_timeout_ms;
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kDropStream);
  EXPECT_TRUE(session_.last_end().ok());
  EXPECT_EQ(session_.condition(), Condition::kGood);
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kOpen) << "no pause";
}

TEST_F(SessionTest, AServerThatKnowsNoViewsIsNotAskedAgain) {
  Connect();
  session_.NothingToSend();
  SessionFacts facts = Facts();
  facts.view_wanted = true;
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kAskTeamView);
  session_.Sent(now_);
  session_.Ended(absl::InvalidArgumentError("unknown kind"), now_, 0);
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kDropStream);
  EXPECT_TRUE(session_.no_views());
  Connect();
  session_.NothingToSend();
  EXPECT_EQ(session_.Next(now_, facts).kind, Do::kAskStandings);
}

TEST_F(SessionTest, AConversationEndsWithStandingsAndACleanClose) {
  Connect();
  session_.NothingToSend();
  EXPECT_EQ(Next(), Do::kAskStandings);
  session_.Sent(now_);
  EXPECT_EQ(Next(), Do::kReceive);
  session_.StandingsHeard(now_);
  EXPECT_EQ(Next(), Do::kFollow);
  session_.Sent(now_);
  EXPECT_EQ(Next(), Do::kReceive);
  session_.FollowedHeard(FollowOutcome::kOver, now_);
  EXPECT_EQ(Next(), Do::kCloseSend);
  session_.Sent(now_);
  EXPECT_EQ(Next(), Do::kReceive);
  session_.Ended(absl::OkStatus(), now_, 0);
  EXPECT_EQ(Next(), Do::kDropStream);
  EXPECT_TRUE(session_.last_end().ok());
  EXPECT_EQ(session_.condition(), Condition::kGood);
}

TEST_F(SessionTest, BehindAHoleAnswersMayComeOrNot) {
  for (const bool answered : {false, true}) {
    session_ = Session{SessionLimits{}};
    verified_end_ = 1;
    Connect();
    SendAll();
    EXPECT_EQ(Answer(1, v1::ANSWER_CODE_RECORDED), Verdict::kKeepReceipt);
    EXPECT_EQ(Answer(21, v1::ANSWER_CODE_HOLE, 11), Verdict::kNothing);
    const Action again = session_.Next(now_, Facts());
    EXPECT_EQ(again.kind, Do::kSendBatch);
    EXPECT_EQ(again.sequence, Sequence(11));
    EXPECT_EQ(SendAll(), 16);
    if (answered) {
      EXPECT_EQ(Answer(31, v1::ANSWER_CODE_HOLE, 11), Verdict::kNothing);
      EXPECT_EQ(Answer(41, v1::ANSWER_CODE_HOLE, 11), Verdict::kNothing);
    }
    EXPECT_EQ(Answer(11, v1::ANSWER_CODE_RECORDED), Verdict::kKeepReceipt);
    EXPECT_EQ(Answer(21, v1::ANSWER_CODE_RECORDED), Verdict::kKeepReceipt);
  }
}

TEST_F(SessionTest, AnAnswerThatNobodyAskedForEndsTheStream) {
  Connect();
  SendAll();
  EXPECT_EQ(Answer(999, v1::ANSWER_CODE_RECORDED), Verdict::kNothing);
  EXPECT_EQ(Next(), Do::kDropStream);
  EXPECT_EQ(session_.condition(), Condition::kNotTrusted);
}

TEST_F(SessionTest, PausesGrowToALimitAndAreRandomInTheirHalf) {
  std::int64_t before = 0;
  for (int i = 0; i < 30; ++i) {
    Action action = session_.Next(now_, Facts());
    ASSERT_EQ(action.kind, Do::kOpen);
    session_.Opened(now_);
    session_.Ended(absl::UnavailableError("no signal"), now_,
                   static_cast<std::uint64_t>(i) * 7919);
    ASSERT_EQ(Next(), Do::kDropStream);
    action = session_.Next(now_, Facts());
    ASSERT_EQ(action.kind, Do::kRest);
    EXPECT_FALSE(action.even);
    EXPECT_GE(action.wait_ms, before / 4);
    EXPECT_LE(action.wait_ms, 300'000);
    before = action.wait_ms;
    now_ += action.wait_ms;
  }
  EXPECT_GE(before, 150'000);
}

TEST_F(SessionTest, TheServersRetryDelayIsKept) {
  session_.Next(now_, Facts());
  session_.Opened(now_);
  session_.Ended(WithRetryAfter(absl::UnavailableError("full"), 90'000), now_,
                 0);
  Next();
  EXPECT_EQ(session_.Next(now_, Facts()).wait_ms, 90'000);
}

TEST_F(SessionTest, SilenceEndsAStreamInEveryPhase) {
  Connect();
  SendAll();
  now_ += 20'000;
  EXPECT_EQ(Next(), Do::kDropStream);
  EXPECT_EQ(session_.last_end().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(SessionTest, AServerThatForksEveryKeyDoesNotMakeThePhoneSpin) {
  int at_once = 0;
  for (int i = 0; i < 10; ++i) {
    if (session_.Next(now_, Facts()).kind != Do::kOpen) break;
    session_.Opened(now_);
    Next();
    session_.Sent(now_);
    HelloHeard hello;
    hello.next_sequence = Sequence(verified_end_);
    hello.now = now_;
    session_.Hello(hello, Facts());
    SendAll();
    EXPECT_EQ(Answer(1, v1::ANSWER_CODE_FORKED, 5), Verdict::kSucceed);
    EXPECT_EQ(Next(), Do::kDropStream);
    ++at_once;
  }
  EXPECT_EQ(at_once, 4);
}

}  // namespace
}  // namespace thon::client
