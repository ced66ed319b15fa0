// What a team did: the month an event counts in, why one does not, and that a
// later fact changes it (domain cases T01, T04 to T06, T09, T10, T20 to T23,
// T35).
//
// Method: a log is made of phones' batches and officers' commands, folded by
// all projections as it grows, and the standings and months are read from its
// rows.

#include "server/projections/activity.h"

#include <gtest/gtest.h>

#include <limits>

#include "server/core/batch.h"
#include "server/projections/activity_day.h"
#include "tests/unit/projections/activity_maker.h"

namespace thon {
namespace {

class ActivityTest : public ::testing::Test, public ActivityLog {};

TEST_F(ActivityTest, CountsInTheMonthItHappenedHoweverLateItIsHeard) {  // T01
  log.SetTime(At("2023-07-04T09:00:00+07:00"));
  const Sequence event = Send(phone, {Outreach("2023-06-30T18:00:00+07:00")});
  EXPECT_TRUE(Counts(phone, event));
  EXPECT_EQ(MonthOf(202306).activities(), 1);
  EXPECT_EQ(MonthOf(202306).active_days(), 1);
  EXPECT_EQ(MonthOf(202306).people_reached(), 10);
  EXPECT_EQ(MonthOf(202307).activities(), 0);
}

TEST_F(ActivityTest, AClockOneYearAheadCountsByTheServersTime) {  // T04
  log.SetTime(At("2023-08-03T09:00:00+07:00"));
  v1::Event event = Outreach("2023-08-03T08:00:00+07:00");
  event.set_wall_time_ms(At("2024-08-03T08:00:00+07:00").ms);
  const v1::EventStanding standing = StandingOf(phone, Send(phone, {event}));
  EXPECT_EQ(standing.standing(), v1::STANDING_COUNTED);
  EXPECT_EQ(standing.time_quality(), v1::TIME_QUALITY_TRUSTED);
  EXPECT_EQ(standing.period_month(), 202308);
  EXPECT_TRUE(standing.wall_clock_wrong());
  EXPECT_EQ(MonthOf(202308).activities(), 1);
}

// T05: wall 2020-01-01 in a boot that heard nobody.
v1::Event AfterFlatBattery() {
  v1::Event event = Outreach("2020-01-01T00:00:00+07:00");
  event.set_boot(99);
  event.set_monotonic_ms(1000);
  return event;
}

TEST_F(ActivityTest, AResetClockCountsIfItsIntervalLiesInOneMonth) {  // T05
  log.SetTime(At("2023-06-20T09:00:00+07:00"));
  const Sequence first =
      Send(phone, {Outreach("2023-06-10T08:00:00+07:00"), AfterFlatBattery()});
  const v1::EventStanding standing = StandingOf(phone, first.Next());
  EXPECT_EQ(standing.standing(), v1::STANDING_COUNTED);
  EXPECT_EQ(standing.time_quality(), v1::TIME_QUALITY_SUSPECT);
  EXPECT_EQ(standing.period_month(), 202306);
  EXPECT_EQ(MonthOf(202306).activities(), 2);
  EXPECT_EQ(MonthOf(202306).suspect(), 1);
}

TEST_F(ActivityTest, AResetClockOverTwoMonthsIsHeldInBoth) {  // T05
  log.SetTime(At("2023-07-02T09:00:00+07:00"));
  const Sequence first =
      Send(phone, {Outreach("2023-06-25T08:00:00+07:00"), AfterFlatBattery()});
  EXPECT_EQ(StandingOf(phone, first.Next()).standing(), v1::STANDING_HELD);
  EXPECT_EQ(ReasonOf(phone, first.Next()), v1::STANDING_REASON_TWO_MONTHS);
  EXPECT_EQ(MonthOf(202306).held(), 1);
  EXPECT_EQ(MonthOf(202307).held(), 1);
  EXPECT_EQ(MonthOf(202306).activities(), 1);
}

TEST_F(ActivityTest, ALaterAnchorOfItsBootImprovesIt) {  // T05
  log.SetTime(At("2023-07-02T09:00:00+07:00"));
  const Sequence first =
      Send(phone, {Outreach("2023-06-25T08:00:00+07:00"), AfterFlatBattery()});
  v1::Anchor anchor;
  anchor.set_server_time_ms(At("2023-07-02T08:00:00+07:00").ms);
  anchor.set_boot(99);
  anchor.set_monotonic_ms(1000 + 3 * 24 * 3600 * 1000);
  v1::Event later = AfterFlatBattery();
  later.set_monotonic_ms(anchor.monotonic_ms());
  log.Append(phone, {later}, anchor);
  const v1::EventStanding standing = StandingOf(phone, first.Next());
  EXPECT_EQ(standing.standing(), v1::STANDING_COUNTED);
  EXPECT_EQ(standing.time_quality(), v1::TIME_QUALITY_TRUSTED);
  EXPECT_EQ(standing.period_month(), 202306);
  EXPECT_EQ(MonthOf(202306).held(), 0);
  EXPECT_EQ(MonthOf(202306).activities(), 2);
  EXPECT_EQ(MonthOf(202307).held(), 0);
  EXPECT_EQ(MonthOf(202307).activities(), 1);
}

TEST_F(ActivityTest, MonthsEndAtLocalMidnight) {  // T21 to T23
  log.SetTime(At("2024-03-02T09:00:00+07:00"));
  Send(phone,
       {Outreach("2023-12-31T16:59:30Z"), Outreach("2023-12-31T17:00:00Z"),
        Outreach("2024-02-29T16:59:59Z"), Outreach("2024-02-29T17:00:00Z")});
  EXPECT_EQ(MonthOf(202312).activities(), 1);
  EXPECT_EQ(MonthOf(202401).activities(), 1);
  EXPECT_EQ(MonthOf(202402).activities(), 1);
  EXPECT_EQ(MonthOf(202403).activities(), 1);
}

// T06
class TwoPhonesTest : public ActivityTest {
 protected:
  TwoPhonesTest() {
    other_ = log.EnrolPhone("other", kOperator, TeamId(kTeam),
                            MemberId(kOtherMember));
    log.SetTime(At("2023-06-11T09:00:00+07:00"));
  }
  AuthorId other_;
};

TEST_F(TwoPhonesTest, OneSessionCountsOnceWithTheLargestCount) {
  const Sequence a = Send(phone, {Outreach("2023-06-10T08:00:00+07:00", 20)});
  const Sequence b =
      Send(other_, {Outreach("2023-06-10T08:14:59+07:00", 25, kOtherMember)});
  EXPECT_TRUE(Counts(phone, a));
  EXPECT_EQ(StandingOf(other_, b).standing(), v1::STANDING_NOT_COUNTED);
  EXPECT_EQ(ReasonOf(other_, b), v1::STANDING_REASON_SAME_SESSION);
  const v1::TeamMonth month = MonthOf(202306);
  EXPECT_EQ(month.activities(), 1);
  EXPECT_EQ(month.people_reached(), 25);
  EXPECT_EQ(month.members_size(), 2);
}

TEST_F(TwoPhonesTest, TheGroupIsJudgedAgainWhenAnEarlierReportArrives) {
  const Sequence b =
      Send(other_, {Outreach("2023-06-10T08:10:00+07:00", 25, kOtherMember)});
  EXPECT_TRUE(Counts(other_, b));
  const Sequence a = Send(phone, {Outreach("2023-06-10T08:00:00+07:00", 20)});
  EXPECT_TRUE(Counts(phone, a));
  EXPECT_EQ(ReasonOf(other_, b), v1::STANDING_REASON_SAME_SESSION);
  EXPECT_EQ(MonthOf(202306).activities(), 1);
  ASSERT_TRUE(Void(phone, a).effective());
  EXPECT_TRUE(Counts(other_, b)) << "it counts on its own again";
  EXPECT_EQ(MonthOf(202306).people_reached(), 25);
}

TEST_F(TwoPhonesTest, FifteenMinutesLaterIsAnotherSession) {
  Send(phone, {Outreach("2023-06-10T08:00:00+07:00", 20)});
  Send(other_, {Outreach("2023-06-10T08:15:00+07:00", 25, kOtherMember)});
  EXPECT_EQ(MonthOf(202306).activities(), 2);
}

TEST_F(TwoPhonesTest, AnotherTopicOrPlaceIsAnotherSession) {
  Send(phone, {Outreach("2023-06-10T08:00:00+07:00", 20)});
  v1::Event topic = Outreach("2023-06-10T08:01:00+07:00", 20, kOtherMember);
  topic.mutable_outreach_session()->set_topic(v1::TOPIC_HEALTH);
  v1::Event place = Outreach("2023-06-10T08:02:00+07:00", 20, kOtherMember);
  place.mutable_outreach_session()->set_place("Trường");
  Send(other_, {topic, place});
  EXPECT_EQ(MonthOf(202306).activities(), 3);
}

TEST_F(TwoPhonesTest, APhonesOwnReportsAreNeverTakenForOneAnother) {
  Send(phone, {Outreach("2023-06-10T08:00:00+07:00", 20),
               Outreach("2023-06-10T08:05:00+07:00", 30)});
  EXPECT_EQ(MonthOf(202306).activities(), 2);
  EXPECT_EQ(MonthOf(202306).people_reached(), 50);
  Send(other_, {Outreach("2023-06-10T08:01:00+07:00", 20, kOtherMember),
                Outreach("2023-06-10T08:06:00+07:00", 30, kOtherMember)});
  EXPECT_EQ(MonthOf(202306).activities(), 2);
  EXPECT_EQ(MonthOf(202306).people_reached(), 50);
}

TEST_F(ActivityTest, OnePhoneSharedByTwoMembersCountsForBoth) {  // T09
  log.SetTime(At("2023-06-11T09:00:00+07:00"));
  Send(phone, {Outreach("2023-06-10T08:00:00+07:00", 10, kMember),
               Outreach("2023-06-10T10:00:00+07:00", 10, kOtherMember),
               Outreach("2023-06-10T14:00:00+07:00", 10, kOtherMember)});
  const v1::TeamMonth month = MonthOf(202306);
  ASSERT_EQ(month.members_size(), 2);
  EXPECT_EQ(month.members(0).member_id(), kMember);
  EXPECT_EQ(month.members(0).activities(), 1);
  EXPECT_EQ(month.members(1).activities(), 2);
}

TEST_F(ActivityTest, HouseholdsAreCountedOnceAMonth) {
  log.SetTime(At("2023-07-05T09:00:00+07:00"));
  const Sequence first =
      Send(phone, {Visit(At("2023-06-10T08:00:00+07:00"), "a"),
                   Visit(At("2023-06-11T08:00:00+07:00"), "a"),
                   Visit(At("2023-06-11T08:05:00+07:00"), "b"),
                   Visit(At("2023-07-01T08:00:00+07:00"), "a")});
  EXPECT_EQ(MonthOf(202306).households(), 2);
  EXPECT_EQ(MonthOf(202307).households(), 1);
  Void(phone, first);
  EXPECT_EQ(MonthOf(202306).households(), 2) << "the second visit is left";
  Void(phone, first.Next());
  EXPECT_EQ(MonthOf(202306).households(), 1);
  EXPECT_EQ(MonthOf(202306).activities(), 1);
}

TEST_F(ActivityTest, AnEventBeforeItsTeamWaitsForACorrectedFounding) {  // T35
  log.SetTime(At("2023-01-10T09:00:00+07:00"));
  const Sequence event = Send(phone, {Outreach("2023-01-03T08:00:00+07:00")});
  EXPECT_EQ(StandingOf(phone, event).standing(), v1::STANDING_QUARANTINED);
  EXPECT_EQ(ReasonOf(phone, event), v1::STANDING_REASON_BEFORE_TEAM);
  EXPECT_EQ(MonthOf(202301).activities(), 0);

  std::uint64_t founding = 0;
  for (std::uint64_t n = 1; n < log.next_sequence(log.server()).value; ++n) {
    const auto recorded = log.Find(log.server(), Sequence(n));
    if (recorded->event.has_team_founded()) founding = n;
  }
  v1::Event correction = New();
  v1::CorrectionIssued* issued = correction.mutable_correction_issued();
  issued->set_target_author(std::string(log.server().view()));
  issued->set_target_sequence(founding);
  issued->set_kind(v1::CORRECTION_KIND_AMEND);
  *issued->mutable_amended() = Team(kTeam, kVillage, "2023-01-02");
  ASSERT_TRUE(log.Submit(correction).effective());
  // The team is there, its member came later.
  EXPECT_EQ(ReasonOf(phone, event), v1::STANDING_REASON_NOT_A_MEMBER);
}

TEST_F(ActivityTest, AnUnknownMemberIsLiftedWhenTheyJoin) {
  log.SetTime(At("2023-06-11T09:00:00+07:00"));
  const Sequence first =
      Send(phone, {Outreach("2023-06-10T08:00:00+07:00", 10, 73),
                   Outreach("2023-06-10T10:00:00+07:00", 10, kMember)});
  EXPECT_EQ(ReasonOf(phone, first), v1::STANDING_REASON_UNKNOWN_MEMBER);
  EXPECT_TRUE(Counts(phone, first.Next())) << "the rest of the batch counts";
  ASSERT_TRUE(log.Submit(Member(73, kTeam, "2023-06-01")).effective());
  EXPECT_TRUE(Counts(phone, first));
  EXPECT_EQ(MonthOf(202306).activities(), 2);
}

TEST_F(ActivityTest, AnUnknownTeamIsLiftedWhenItIsFounded) {
  log.SetTime(At("2023-09-11T09:00:00+07:00"));
  // A village has split; the phone names the new team before the office does.
  const Sequence event =
      Send(phone, {Outreach("2023-09-10T08:00:00+07:00", 10, kMember, 8)});
  EXPECT_EQ(ReasonOf(phone, event), v1::STANDING_REASON_UNKNOWN_TEAM);
  ASSERT_TRUE(log.Submit(Team(8, kVillage, "2023-09-10")).effective());
  EXPECT_EQ(ReasonOf(phone, event), v1::STANDING_REASON_OTHER_TEAM);
  ASSERT_TRUE(log.Submit(Member(kMember, 8, "2023-09-10")).effective());
  v1::Event split = New();
  split.mutable_team_split()->set_source_team_id(kTeam);
  split.mutable_team_split()->add_target_team_ids(8);
  split.mutable_team_split()->set_lead_team_id(8);
  split.mutable_team_split()->set_effective_date(Day("2023-09-10"));
  ASSERT_TRUE(log.Submit(split).effective());
  EXPECT_TRUE(Counts(phone, event)) << ReasonOf(phone, event);
  EXPECT_EQ(MonthOf(202309, 8).activities(), 1);
}

TEST_F(ActivityTest, ASuspensionHoldsWhatWasCountedAndDecidedEventsCount) {
  log.SetTime(At("2023-08-20T09:00:00+07:00"));
  const Sequence first = Send(phone, {Outreach("2023-08-09T08:00:00+07:00"),
                                      Outreach("2023-08-10T08:00:00+07:00"),
                                      Outreach("2023-08-11T08:00:00+07:00")});
  v1::Event suspend = New();
  suspend.mutable_team_suspended()->set_team_id(kTeam);
  suspend.mutable_team_suspended()->set_from_date(Day("2023-08-10"));
  ASSERT_TRUE(log.Submit(suspend).effective());
  EXPECT_TRUE(Counts(phone, first));
  EXPECT_EQ(ReasonOf(phone, first.Next()), v1::STANDING_REASON_TEAM_SUSPENDED);
  EXPECT_EQ(MonthOf(202308).activities(), 1);
  EXPECT_EQ(MonthOf(202308).held(), 2);

  ASSERT_TRUE(Decide(phone, first.Next(), first.Next(), true).effective());
  EXPECT_EQ(MonthOf(202308).activities(), 2);
  EXPECT_EQ(MonthOf(202308).held(), 1);
  ASSERT_TRUE(
      Decide(phone, first, Sequence(first.value + 2), false).effective());
  EXPECT_TRUE(Counts(phone, first)) << "only what is held is decided";
  EXPECT_TRUE(Counts(phone, first.Next()));
  EXPECT_EQ(ReasonOf(phone, Sequence(first.value + 2)),
            v1::STANDING_REASON_HELD_REJECTED);
  EXPECT_EQ(MonthOf(202308).held(), 0);
}

TEST_F(ActivityTest, AnOfficerSaysWhichOfTwoMonths) {
  log.SetTime(At("2023-07-02T09:00:00+07:00"));
  const Sequence first =
      Send(phone, {Outreach("2023-06-25T08:00:00+07:00"), AfterFlatBattery()});
  ASSERT_TRUE(
      Decide(phone, first.Next(), first.Next(), true, 202306).effective());
  EXPECT_EQ(MonthOf(202306).activities(), 2);
  EXPECT_EQ(MonthOf(202306).held(), 0);
  EXPECT_EQ(MonthOf(202307).held(), 0);
  EXPECT_EQ(StandingOf(phone, first.Next()).period_month(), 202306);
}

TEST_F(ActivityTest, ATeamThatEndedDoesNotCountAnyMore) {
  log.SetTime(At("2023-08-20T09:00:00+07:00"));
  const Sequence first = Send(phone, {Outreach("2023-08-09T08:00:00+07:00"),
                                      Outreach("2023-08-10T08:00:00+07:00")});
  v1::Event dissolve = New();
  dissolve.mutable_team_dissolved()->set_team_id(kTeam);
  dissolve.mutable_team_dissolved()->set_dissolved_date(Day("2023-08-10"));
  ASSERT_TRUE(log.Submit(dissolve).effective());
  EXPECT_TRUE(Counts(phone, first));
  EXPECT_EQ(ReasonOf(phone, first.Next()), v1::STANDING_REASON_TEAM_ENDED);
  EXPECT_EQ(MonthOf(202308).activities(), 1);
}

TEST_F(ActivityTest, WhatARevokedPhoneRecordsIsHeld) {
  log.SetTime(At("2023-06-11T09:00:00+07:00"));
  const Sequence before = Send(phone, {Outreach("2023-06-10T08:00:00+07:00")});
  v1::Event revoke = New();
  revoke.mutable_author_revoked()->set_author(std::string(phone.view()));
  ASSERT_TRUE(log.Submit(revoke).effective());
  const Sequence after = Send(phone, {Outreach("2023-06-10T12:00:00+07:00")});
  EXPECT_TRUE(Counts(phone, before));
  EXPECT_EQ(ReasonOf(phone, after), v1::STANDING_REASON_REVOKED_AUTHOR);
  EXPECT_EQ(MonthOf(202306).held(), 1);
}

TEST_F(ActivityTest, ACorrectionAmendsOrVoidsAnOwnEarlierEvent) {
  log.SetTime(At("2023-06-11T09:00:00+07:00"));
  const Sequence first =
      Send(phone, {Outreach("2023-06-10T08:00:00+07:00", 100)});
  v1::Event amend = Reported(At("2023-06-10T09:00:00+07:00"));
  v1::CorrectionIssued* issued = amend.mutable_correction_issued();
  issued->set_target_sequence(first.value);
  issued->set_kind(v1::CORRECTION_KIND_AMEND);
  issued->mutable_amended()->mutable_outreach_session()->set_attendees(10);
  Send(phone, {amend});
  EXPECT_EQ(MonthOf(202306).activities(), 1);
  EXPECT_EQ(MonthOf(202306).people_reached(), 10);
  v1::Event away = Reported(At("2023-06-10T09:30:00+07:00"));
  away.mutable_correction_issued()->set_target_sequence(first.value);
  away.mutable_correction_issued()->set_kind(v1::CORRECTION_KIND_VOID);
  Send(phone, {away});
  EXPECT_EQ(ReasonOf(phone, first), v1::STANDING_REASON_VOIDED);
  EXPECT_EQ(MonthOf(202306).activities(), 0);
  EXPECT_EQ(MonthOf(202306).active_days(), 0);
}

TEST_F(ActivityTest, AnAmendmentLiftsAnAbsurdCountInTheSameBatch) {
  log.SetTime(At("2023-06-11T09:00:00+07:00"));
  v1::Event amend = Reported(At("2023-06-10T09:00:00+07:00"));
  v1::CorrectionIssued* issued = amend.mutable_correction_issued();
  issued->set_target_sequence(log.next_sequence(phone).value);
  issued->set_kind(v1::CORRECTION_KIND_AMEND);
  issued->mutable_amended()->mutable_outreach_session()->set_attendees(10);
  const Sequence first =
      Send(phone, {Outreach("2023-06-10T08:00:00+07:00", -1), amend});
  EXPECT_TRUE(Counts(phone, first));
  EXPECT_EQ(MonthOf(202306).people_reached(), 10);
}

TEST_F(ActivityTest, APhoneCorrectsNobodyElsesEvents) {
  log.SetTime(At("2023-06-11T09:00:00+07:00"));
  const AuthorId other =
      log.EnrolPhone("other", kOperator, TeamId(kTeam), MemberId(kOtherMember));
  const Sequence event = Send(phone, {Outreach("2023-06-10T08:00:00+07:00")});
  v1::Event away = Reported(At("2023-06-10T09:30:00+07:00"));
  v1::CorrectionIssued* issued = away.mutable_correction_issued();
  issued->set_target_author(std::string(phone.view()));
  issued->set_target_sequence(event.value);
  issued->set_kind(v1::CORRECTION_KIND_VOID);
  EXPECT_EQ(ReasonOf(other, Send(other, {away})),
            v1::STANDING_REASON_NOT_ALLOWED);
  EXPECT_TRUE(Counts(phone, event));
}

// T10: the phone's successor offers again what it recorded under the old key.
class SuccessorTest : public ActivityTest {
 protected:
  SuccessorTest() {
    log.SetTime(At("2023-06-11T09:00:00+07:00"));
    kept_ = Send(phone, {Outreach("2023-06-10T08:00:00+07:00", 10)});
    v1::Event enrol;
    v1::AuthorEnrolled* enrolled = enrol.mutable_author_enrolled();
    const SigningKey key = LogBuilder::KeyOf("successor");
    enrolled->set_public_key(std::string(key.public_key().view()));
    enrolled->set_kind(v1::AUTHOR_KIND_PHONE);
    enrolled->set_team_id(kTeam);
    enrolled->set_member_id(kMember);
    enrolled->set_predecessor(std::string(phone.view()));
    log.Append(log.server(), {enrol});
    successor_ = log.Author("successor");
  }

  static v1::Event Again(v1::Event event, const AuthorId& author,
                         Sequence sequence) {
    event.set_sequence(sequence.value);
    const Hash hash = EventHash(event);
    v1::Original* original = event.mutable_originally();
    original->set_author(std::string(author.view()));
    original->set_sequence(sequence.value);
    original->set_event_hash(std::string(hash.view()));
    return event;
  }

  void Confirm() {
    v1::Event confirm = New();
    confirm.mutable_successor_confirmed()->set_author(
        std::string(successor_.view()));
    ASSERT_TRUE(log.Submit(confirm).effective());
  }

  Sequence kept_;
  AuthorId successor_;
};

TEST_F(SuccessorTest, WhatTheLogHasIsNotCountedTwiceAndTheRestWaits) {
  const Sequence first = Send(
      successor_,
      {Again(Outreach("2023-06-10T08:00:00+07:00", 10), phone, kept_),
       Again(Outreach("2023-06-10T10:00:00+07:00", 20), phone, kept_.Next()),
       Outreach("2023-06-10T12:00:00+07:00", 30)});
  EXPECT_EQ(ReasonOf(successor_, first), v1::STANDING_REASON_ALREADY_RECORDED);
  EXPECT_EQ(ReasonOf(successor_, first.Next()),
            v1::STANDING_REASON_UNCONFIRMED_AUTHOR);
  EXPECT_EQ(MonthOf(202306).activities(), 1);
  EXPECT_EQ(MonthOf(202306).held(), 2);
  Confirm();
  EXPECT_EQ(MonthOf(202306).activities(), 3);
  EXPECT_EQ(MonthOf(202306).held(), 0);
  EXPECT_EQ(MonthOf(202306).people_reached(), 60);
}

TEST_F(SuccessorTest, OtherBytesUnderTheSameNumberAreAnotherFact) {
  const Sequence first =
      Send(successor_,
           {Again(Outreach("2023-06-10T17:00:00+07:00", 20), phone, kept_)});
  Confirm();
  EXPECT_TRUE(Counts(successor_, first));
  EXPECT_EQ(MonthOf(202306).activities(), 2);
}

TEST_F(SuccessorTest, AnOriginalThatArrivesAfterACountedCopyIsNotCounted) {
  Confirm();
  const v1::Event event = Outreach("2023-06-10T10:00:00+07:00", 20);
  const Sequence copy = Send(successor_, {Again(event, phone, kept_.Next()),
                                          Again(event, phone, kept_.Next())});
  EXPECT_TRUE(Counts(successor_, copy));
  EXPECT_EQ(ReasonOf(successor_, copy.Next()),
            v1::STANDING_REASON_ALREADY_RECORDED);
  const Sequence original = Send(phone, {event});
  EXPECT_EQ(ReasonOf(phone, original), v1::STANDING_REASON_ALREADY_RECORDED);
  EXPECT_EQ(MonthOf(202306).activities(), 2);
}

TEST_F(SuccessorTest, AnOriginalTakesOverFromACopyThatIsHeld) {
  const v1::Event event = Outreach("2023-06-10T10:00:00+07:00", 20);
  const Sequence copy = Send(successor_, {Again(event, phone, kept_.Next())});
  const Sequence original = Send(phone, {event});
  EXPECT_TRUE(Counts(phone, original));
  EXPECT_EQ(ReasonOf(successor_, copy), v1::STANDING_REASON_ALREADY_RECORDED);
  Confirm();
  EXPECT_EQ(MonthOf(202306).activities(), 2);
  EXPECT_EQ(MonthOf(202306).held(), 0);
}

TEST_F(ActivityTest, TheFirstMonthlyUpdateThatCountsIsTheMonths) {
  v1::Event update = Reported(At("2023-06-30T08:00:00+07:00"));
  update.mutable_monthly_update_submitted()->set_period_month(202306);
  log.SetTime(At("2023-07-03T09:00:00+07:00"));
  const Sequence first = Send(phone, {update});
  log.SetTime(At("2023-07-08T09:00:00+07:00"));
  Send(phone, {update});
  EXPECT_EQ(MonthOf(202306).update_submitted_date(), Day("2023-07-03"));
  EXPECT_FALSE(MonthOf(202306).update_confirmed());
  Void(phone, first);
  EXPECT_EQ(MonthOf(202306).update_submitted_date(), Day("2023-07-08"));
  v1::Event confirm = New();
  v1::MonthlyUpdateConfirmed* confirmed =
      confirm.mutable_monthly_update_confirmed();
  confirmed->set_team_id(kTeam);
  confirmed->set_period_month(202306);
  confirmed->set_by_level(v1::UNIT_LEVEL_COMMUNE);
  ASSERT_TRUE(log.Submit(confirm).effective());
  EXPECT_TRUE(MonthOf(202306).update_confirmed());
}

TEST_F(ActivityTest, AnOrganisationsReporterCountsForItsOwnMonths) {
  v1::Event registration = New();
  v1::OrganisationRegistered* registered =
      registration.mutable_organisation_registered();
  registered->set_organisation_id(kTeam);  // The same number as a team's.
  registered->set_name("Sở Thông tin và Truyền thông");
  registered->set_kind(v1::ORGANISATION_KIND_DEPARTMENT);
  registered->set_unit_id(kYenBai);
  registered->set_registered_date(Day("2023-01-01"));
  ASSERT_TRUE(log.Submit(registration).effective());
  const Hash code = Sha256Of("code");
  v1::Event issue = New();
  v1::EnrolmentCodeIssued* issued = issue.mutable_enrolment_code_issued();
  issued->set_code_hash(std::string(code.view()));
  issued->set_organisation_id(kTeam);
  issued->set_last_date(Day("2023-12-31"));
  ASSERT_TRUE(log.Submit(issue).effective());
  v1::Event enrol;
  v1::AuthorEnrolled* enrolled = enrol.mutable_author_enrolled();
  const SigningKey key = LogBuilder::KeyOf("reporter");
  enrolled->set_public_key(std::string(key.public_key().view()));
  enrolled->set_kind(v1::AUTHOR_KIND_ORGANISATION);
  enrolled->set_organisation_id(kTeam);
  enrolled->set_code_hash(std::string(code.view()));
  log.Append(log.server(), {enrol});
  const AuthorId reporter = log.Author("reporter");

  log.SetTime(At("2023-07-01T09:00:00+07:00"));
  v1::Event update = Reported(At("2023-06-30T08:00:00+07:00"), 0, 0);
  update.set_organisation_id(kTeam);
  update.mutable_monthly_update_submitted()->set_period_month(202306);
  v1::Event training = Reported(At("2023-06-30T09:00:00+07:00"), 0, 0);
  training.set_organisation_id(kTeam);
  training.mutable_training_held()->set_hours(4);
  training.mutable_training_held()->set_attendees(30);
  const Sequence first = Send(reporter, {update, training});
  EXPECT_TRUE(Counts(reporter, first));
  EXPECT_TRUE(Counts(reporter, first.Next()));
  const auto month = GetRow<v1::TeamMonth>(
      log.rows(), Table::kOrganisationMonth,
      keys::OrganisationMonth(OrganisationId(kTeam), Month(202306)));
  ASSERT_TRUE(month.has_value());
  EXPECT_EQ(month->update_submitted_date(), Day("2023-07-01"));
  EXPECT_EQ(month->activities(), 1);
  EXPECT_EQ(MonthOf(202306).activities(), 0);
}

TEST_F(ActivityTest, ACommandWithoutEffectIsNotCounted) {
  const Sequence before = log.next_sequence(log.server());
  ASSERT_FALSE(log.Submit(Team(kTeam)).effective());
  EXPECT_EQ(ReasonOf(log.server(), before), v1::STANDING_REASON_NO_EFFECT);
}

TEST_F(ActivityTest, ARestartedFoldGivesTheSameHistory) {
  log.SetTime(At("2023-06-11T09:00:00+07:00"));
  Send(phone, {Outreach("2023-06-10T08:00:00+07:00")});
  log.Restart();
  Send(phone, {Outreach("2023-06-10T10:00:00+07:00")});
  Fold fold;
  MemoryRows again;
  FoldAgain(log, fold, again);
  EXPECT_EQ(again.Dump(), log.rows().Dump());
}

TEST_F(ActivityTest, ACopyOfWhatCannotBeIsMalformedAndLeavesNoRow) {
  log.SetTime(At("2023-06-11T09:00:00+07:00"));
  const auto count = [&](Table table) {
    int rows = 0;
    log.rows().Scan(table, "", "", [&](absl::string_view, const RowVersion&) {
      return ++rows > 0;
    });
    return rows;
  };
  Send(phone, {Outreach("2023-06-10T08:00:00+07:00")});
  const int timelines = count(Table::kTimeline);
  const auto copy = [](std::size_t author, std::uint64_t sequence,
                       std::size_t hash) {
    v1::Event event = Outreach("2023-06-10T12:00:00+07:00");
    event.mutable_originally()->set_author(std::string(author, 'a'));
    event.mutable_originally()->set_sequence(sequence);
    event.mutable_originally()->set_event_hash(std::string(hash, 'h'));
    return event;
  };
  for (const v1::Event& event :
       {copy(16, 1, 31), copy(16, 1, 40'000), copy(16, 0, 32), copy(15, 1, 32),
        copy(0, 0, 0)}) {
    const v1::EventStanding standing = StandingOf(phone, Send(phone, {event}));
    EXPECT_EQ(standing.standing(), v1::STANDING_QUARANTINED);
    EXPECT_EQ(standing.reason(), v1::STANDING_REASON_MALFORMED);
  }
  EXPECT_EQ(count(Table::kOriginal), 0);
  EXPECT_EQ(count(Table::kTimeline), timelines);
}

TEST_F(ActivityTest, AnEventOfAnotherTeamWaitsForItsAuthorsTeamOnly) {
  log.SetTime(At("2023-06-11T09:00:00+07:00"));
  ASSERT_TRUE(log.Submit(Team(8)).effective());
  const Sequence event =
      Send(phone, {Outreach("2023-06-10T08:00:00+07:00", 10, kMember, 8)});
  EXPECT_EQ(ReasonOf(phone, event), v1::STANDING_REASON_OTHER_TEAM);
  int waiting = 0;
  log.rows().Scan(Table::kWaiting, "", "",
                  [&](absl::string_view key, const RowVersion&) {
                    ++waiting;
                    EXPECT_EQ(key.substr(1, 8), keys::Team(TeamId(kTeam)));
                    return true;
                  });
  EXPECT_EQ(waiting, 1);
}

TEST_F(ActivityTest, ADayHoldsABoundedNumberOfActivities) {
  log.SetTime(At("2023-06-11T09:00:00+07:00"));
  Sequence last;
  for (int sent = 0; sent <= kDayFactsMax;) {
    std::vector<v1::Event> events;
    for (int i = 0; i < 128 && sent <= kDayFactsMax; ++i, ++sent) {
      events.push_back(Outreach("2023-06-10T08:00:00+07:00"));
    }
    last = Sequence(log.next_sequence(phone).value + events.size() - 1);
    Send(phone, std::move(events));
  }
  EXPECT_TRUE(Counts(phone, Sequence(last.value - 1)));
  EXPECT_EQ(ReasonOf(phone, last), v1::STANDING_REASON_ABSURD_COUNT);
  EXPECT_EQ(MonthOf(202306).activities(), kDayFactsMax);
}

TEST(ActivityDayTest, InstantsAtTheEndsOfTheRangeAreTwoSessions) {
  v1::ActivityDay day;
  std::uint32_t author = 0;
  for (const std::int64_t ms : {std::numeric_limits<std::int64_t>::max(),
                                std::numeric_limits<std::int64_t>::min()}) {
    v1::ActivityFact fact;
    fact.set_author_number(++author);
    fact.set_payload_type(v1::Event::kOutreachSession);
    fact.set_instant_ms(ms);
    AddFact(fact, &day);
  }
  EXPECT_EQ(TotalsOf(day).activities, 2);
}

TEST_F(ActivityTest, ReadingsAndAnchorsAtTheEndsOfTheRangeAreJudged) {
  log.SetTime(At("2023-06-11T09:00:00+07:00"));
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t server_ms : {kMin, BootTime().ms, kMax}) {
    for (const std::int64_t anchor_ms : {kMin, kMax}) {
      v1::Anchor anchor;
      anchor.set_server_time_ms(server_ms);
      anchor.set_monotonic_ms(anchor_ms);
      anchor.set_boot(kBoot);
      std::vector<v1::Event> events;
      for (const std::int64_t reading_ms : {kMin, std::int64_t{0}, kMax}) {
        v1::Event event = Outreach("2023-06-10T08:00:00+07:00");
        event.set_wall_time_ms(reading_ms);
        event.set_monotonic_ms(reading_ms);
        events.push_back(event);
      }
      const Sequence first = log.next_sequence(phone);
      log.Append(phone, events, anchor);
      for (std::uint64_t i = 0; i < 3; ++i) {
        const v1::EventStanding standing =
            StandingOf(phone, Sequence(first.value + i));
        EXPECT_GE(standing.earliest_ms(), 0);
        EXPECT_LE(standing.latest_ms(), log.now().ms);
      }
    }
  }
}

}  // namespace
}  // namespace thon
