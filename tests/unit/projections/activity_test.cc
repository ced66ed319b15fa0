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

}  // namespace
}  // namespace thon
