// What later words do to what a team did: revocations, corrections, decisions,
// and what cannot be.
//
// Method: as in activity_test.cc.

#include <gtest/gtest.h>

#include <limits>

#include "server/core/batch.h"
#include "server/projections/activity.h"
#include "server/projections/activity_day.h"
#include "tests/unit/projections/activity_maker.h"

namespace thon {
namespace {

class LaterActivityTest : public ::testing::Test, public ActivityLog {};

TEST_F(LaterActivityTest, WhatARevokedPhoneRecordsIsHeld) {
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

TEST_F(LaterActivityTest, ACorrectionAmendsOrVoidsAnOwnEarlierEvent) {
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

TEST_F(LaterActivityTest, AnAmendmentLiftsAnAbsurdCountInTheSameBatch) {
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

TEST_F(LaterActivityTest, APhoneCorrectsNobodyElsesEvents) {
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
class SuccessorTest : public LaterActivityTest {
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

TEST_F(LaterActivityTest, TheFirstMonthlyUpdateThatCountsIsTheMonths) {
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

TEST_F(LaterActivityTest, AnOrganisationsReporterCountsForItsOwnMonths) {
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

TEST_F(LaterActivityTest, ACommandWithoutEffectIsNotCounted) {
  const Sequence before = log.next_sequence(log.server());
  ASSERT_FALSE(log.Submit(Team(kTeam)).effective());
  EXPECT_EQ(ReasonOf(log.server(), before), v1::STANDING_REASON_NO_EFFECT);
}

TEST_F(LaterActivityTest, ARestartedFoldGivesTheSameHistory) {
  log.SetTime(At("2023-06-11T09:00:00+07:00"));
  Send(phone, {Outreach("2023-06-10T08:00:00+07:00")});
  log.Restart();
  Send(phone, {Outreach("2023-06-10T10:00:00+07:00")});
  Fold fold;
  MemoryRows again;
  FoldAgain(log, fold, again);
  EXPECT_EQ(again.Dump(), log.rows().Dump());
}

TEST_F(LaterActivityTest, ACopyOfWhatCannotBeIsMalformedAndLeavesNoRow) {
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

TEST_F(LaterActivityTest, AnEventOfAnotherTeamWaitsForItsAuthorsTeamOnly) {
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

TEST_F(LaterActivityTest, ADayHoldsABoundedNumberOfActivities) {
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
    AddFact(fact, day.mutable_facts());
  }
  EXPECT_EQ(TotalsOf(day).activities, 2);
}

TEST_F(LaterActivityTest, ReadingsAndAnchorsAtTheEndsOfTheRangeAreJudged) {
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
