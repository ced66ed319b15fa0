// Each reason why an event does not count, and which goes first (domain,
// "Standing by reason").
//
// Method: one event that counts is spoiled in one way a test.

#include "server/projections/judgement.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/projections/activity_maker.h"

namespace thon {
namespace {

class JudgementTest : public ::testing::Test {
 protected:
  JudgementTest() {
    author_.set_kind(v1::AUTHOR_KIND_PHONE);
    author_.set_team_id(kTeam);
    author_.set_confirmed(true);
    team_.set_team_id(kTeam);
    team_.set_founded_date(Day("2023-01-05"));
    AddMember(kMember, "2023-01-05", "");
    AddMember(kOtherMember, "2023-02-01", "2023-06-01");
    input_.author = &author_;
    input_.team = &team_;
    input_.own_team = true;
    input_.position = Position(100);
    Happened("2023-06-10T08:00:00+07:00");
  }

  void AddMember(std::uint64_t id, absl::string_view from,
                 absl::string_view to) {
    v1::TeamMember* member = team_.add_members();
    member->set_member_id(id);
    member->set_joined_date(Day(from));
    if (!to.empty()) member->set_left_date(Day(to));
  }
  void Happened(absl::string_view when) {
    input_.time = {.sequence = Sequence(1),
                   .quality = v1::TIME_QUALITY_TRUSTED,
                   .earliest = At(when),
                   .latest = At(when)};
  }
  Verdict Judged() const { return Judge(event_, input_, TimeZone::VietNam()); }
  void Expect(v1::Standing standing, v1::StandingReason reason) const {
    const Verdict verdict = Judged();
    EXPECT_EQ(v1::Standing_Name(verdict.standing), v1::Standing_Name(standing));
    EXPECT_EQ(v1::StandingReason_Name(verdict.reason),
              v1::StandingReason_Name(reason));
  }
  void ExpectQuarantined(v1::StandingReason reason) const {
    Expect(v1::STANDING_QUARANTINED, reason);
  }
  void ExpectHeld(v1::StandingReason reason) const {
    Expect(v1::STANDING_HELD, reason);
  }
  void ExpectNotCounted(v1::StandingReason reason) const {
    Expect(v1::STANDING_NOT_COUNTED, reason);
  }

  v1::AuthorRow author_;
  v1::TeamRow team_;
  v1::EventOverride decided_;
  JudgementInput input_;
  v1::Event event_ = Outreach("2023-06-10T08:00:00+07:00");
};

TEST_F(JudgementTest, AGoodEventCountsInTheMonthOfItsDay) {
  const Verdict verdict = Judged();
  EXPECT_TRUE(verdict.counted());
  EXPECT_EQ(verdict.month, Month(202306));
  EXPECT_EQ(verdict.date.days, Day("2023-06-10"));
}

TEST_F(JudgementTest, AnUnknownTypeIsQuarantined) {
  event_.clear_payload();
  ExpectQuarantined(v1::STANDING_REASON_UNKNOWN_TYPE);
}

TEST_F(JudgementTest, AnUnknownEnumValueIsQuarantined) {
  event_.mutable_outreach_session()->set_topic(static_cast<v1::Topic>(77));
  event_.mutable_outreach_session()->set_attendees(-1);
  ExpectQuarantined(v1::STANDING_REASON_UNKNOWN_VALUE);
  event_ = Outreach("2023-06-10T08:00:00+07:00");
  event_.set_venue(static_cast<v1::Venue>(77));
  ExpectQuarantined(v1::STANDING_REASON_UNKNOWN_VALUE);
}

TEST_F(JudgementTest, NegativeAndAbsurdCountsAreQuarantined) {
  for (const std::int64_t count : {std::int64_t{-1}, std::int64_t{100'001},
                                   std::numeric_limits<std::int64_t>::max()}) {
    event_.mutable_outreach_session()->set_attendees(count);
    ExpectQuarantined(v1::STANDING_REASON_ABSURD_COUNT);
  }
  event_.mutable_outreach_session()->set_attendees(100'000);
  EXPECT_TRUE(Judged().counted());
  event_.mutable_outreach_session()->set_minutes(1441);
  ExpectQuarantined(v1::STANDING_REASON_ABSURD_COUNT);
  event_.mutable_training_held()->set_hours(201);
  ExpectQuarantined(v1::STANDING_REASON_ABSURD_COUNT);
  event_.mutable_app_install_assisted()->set_app("VNeID");
  ExpectQuarantined(v1::STANDING_REASON_ABSURD_COUNT);
}

TEST_F(JudgementTest, MissingFieldsAreMalformed) {
  event_.set_member_id(0);
  ExpectQuarantined(v1::STANDING_REASON_MALFORMED);
  event_.set_member_id(kMember);
  event_.mutable_household_visit()->set_household("short");
  ExpectQuarantined(v1::STANDING_REASON_MALFORMED);
  event_ = Outreach("2023-06-10T08:00:00+07:00");
  event_.set_claimed_date(10'000'000);
  ExpectQuarantined(v1::STANDING_REASON_MALFORMED);
}

TEST_F(JudgementTest, OfficersActsFromAPhoneDoNotCount) {
  event_.mutable_team_founded()->set_team_id(9);
  ExpectNotCounted(v1::STANDING_REASON_NOT_ALLOWED);
  event_.mutable_day_opened()->set_local_date(1);
  ExpectNotCounted(v1::STANDING_REASON_NOT_ALLOWED);
}

TEST_F(JudgementTest, TeamsAndMembersMustBeKnownAndThere) {
  input_.team = nullptr;
  ExpectQuarantined(v1::STANDING_REASON_UNKNOWN_TEAM);
  input_.team = &team_;
  input_.own_team = false;
  ExpectQuarantined(v1::STANDING_REASON_OTHER_TEAM);
  input_.own_team = true;
  Happened("2023-01-04T23:59:59+07:00");
  ExpectQuarantined(v1::STANDING_REASON_BEFORE_TEAM);
  Happened("2023-06-10T08:00:00+07:00");
  event_.set_member_id(99);
  ExpectQuarantined(v1::STANDING_REASON_UNKNOWN_MEMBER);
  event_.set_member_id(kOtherMember);
  ExpectNotCounted(v1::STANDING_REASON_NOT_A_MEMBER);
  team_.set_ended_date(Day("2023-06-10"));
  ExpectNotCounted(v1::STANDING_REASON_TEAM_ENDED);
}

TEST_F(JudgementTest, DoubtfulEventsAreHeld) {
  v1::DateRange* range = team_.add_suspensions();
  range->set_from_date(Day("2023-06-10"));
  ExpectHeld(v1::STANDING_REASON_TEAM_SUSPENDED);
  event_.set_claimed_date(Day("2023-06-02"));
  ExpectHeld(v1::STANDING_REASON_BACKDATED);
  event_.set_claimed_date(0);
  input_.time.quality = v1::TIME_QUALITY_SUSPECT;
  input_.time.earliest = At("2023-05-31T08:00:00+07:00");
  ExpectHeld(v1::STANDING_REASON_TWO_MONTHS);
  EXPECT_EQ(Judged().month, Month());
  author_.set_confirmed(false);
  ExpectHeld(v1::STANDING_REASON_UNCONFIRMED_AUTHOR);
  author_.set_revoked_position(99);
  ExpectHeld(v1::STANDING_REASON_REVOKED_AUTHOR);
  author_.set_revoked_position(101);
  ExpectHeld(v1::STANDING_REASON_UNCONFIRMED_AUTHOR);
  input_.already_recorded = true;
  ExpectNotCounted(v1::STANDING_REASON_ALREADY_RECORDED);
}

TEST_F(JudgementTest, AnOfficerDecidesWhatIsHeldAndNothingElse) {
  input_.decided = &decided_;
  decided_.mutable_held()->set_counted(false);
  EXPECT_TRUE(Judged().counted());
  author_.set_confirmed(false);
  ExpectNotCounted(v1::STANDING_REASON_HELD_REJECTED);
  decided_.mutable_held()->set_counted(true);
  EXPECT_TRUE(Judged().counted());
  EXPECT_EQ(Judged().month, Month(202306));
  // A month that the evidence excludes decides nothing.
  decided_.mutable_held()->set_period_month(202305);
  ExpectHeld(v1::STANDING_REASON_UNCONFIRMED_AUTHOR);
  input_.time.quality = v1::TIME_QUALITY_SUSPECT;
  input_.time.earliest = At("2023-05-31T08:00:00+07:00");
  EXPECT_EQ(Judged().month, Month(202305));
  EXPECT_EQ(Judged().date.days, Day("2023-05-31"));
}

TEST_F(JudgementTest, OfTwoMonthsAnOfficerNamesOne) {
  input_.decided = &decided_;
  event_.set_claimed_date(0);
  input_.time.quality = v1::TIME_QUALITY_SUSPECT;
  input_.time.earliest = At("2023-05-31T08:00:00+07:00");
  decided_.mutable_held()->set_counted(true);
  ExpectHeld(v1::STANDING_REASON_TWO_MONTHS);
  decided_.mutable_held()->set_period_month(202401);
  ExpectHeld(v1::STANDING_REASON_TWO_MONTHS);
  decided_.mutable_held()->set_period_month(202305);
  EXPECT_EQ(Judged().month, Month(202305));
}

TEST_F(JudgementTest, AVoidedEventIsVoidWhateverElseHolds) {
  input_.decided = &decided_;
  decided_.mutable_correction()->set_kind(v1::CORRECTION_KIND_VOID);
  event_.clear_payload();
  ExpectNotCounted(v1::STANDING_REASON_VOIDED);
}

TEST_F(JudgementTest, AMonthlyUpdateBelongsToTheMonthItNames) {
  v1::Event update = Reported(At("2023-07-03T08:00:00+07:00"));
  update.mutable_monthly_update_submitted()->set_period_month(202306);
  event_ = update;
  EXPECT_TRUE(Judged().counted());
  EXPECT_EQ(Judged().month, Month(202306));
  event_.mutable_monthly_update_submitted()->set_period_month(202313);
  ExpectQuarantined(v1::STANDING_REASON_MALFORMED);
}

TEST_F(JudgementTest, WhatThePhoneSaysOfItselfNeedsNoTeam) {
  event_ = v1::Event();
  event_.mutable_clock_observed();
  input_.team = nullptr;
  EXPECT_TRUE(Judged().counted());
  event_.mutable_withdrawn()->set_reason("too large");
  EXPECT_TRUE(Judged().counted());
}

}  // namespace
}  // namespace thon
