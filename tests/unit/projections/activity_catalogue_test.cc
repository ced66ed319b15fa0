// The metrics of a team's month, each from the events that it is read from, and
// taken out again with them (metric catalogue M01, M09 to M11, M19 to M23).
//
// Method: a log of phones' batches and officers' commands, folded as it grows;
// the month's row is read, and its metrics as a policy reads them.

#include <gtest/gtest.h>

#include "server/policy/metrics.h"
#include "tests/unit/projections/activity_maker.h"

namespace thon {
namespace {

constexpr char kNow[] = "2023-06-20T12:00:00+07:00";

class CatalogueTest : public ::testing::Test, public ActivityLog {
 protected:
  CatalogueTest() {
    other_ = log.EnrolPhone("other", kOperator, TeamId(kTeam),
                            MemberId(kOtherMember));
    log.SetTime(At(kNow));
  }

  MetricNumber Read(const MetricSelector& selector, int month = 202306) {
    const v1::TeamMonth row = MonthOf(month);
    const v1::TeamMonth* rows[] = {&row};
    return ReadActivityMetric(selector, rows);
  }
  static MetricSelector Of(Metric metric) {
    MetricSelector selector;
    selector.metric = metric;
    return selector;
  }
  std::int64_t People(v1::Topic topic) {
    MetricSelector selector = Of(Metric::kM09);
    selector.topic = topic;
    return Read(selector).numerator;
  }

  v1::Event At8(int minute = 0) {
    return Reported(
        Instant(At("2023-06-10T08:00:00+07:00").ms + minute * 60'000));
  }
  v1::Event Install(absl::string_view app, v1::CountBasis basis,
                    std::int64_t count, int minute = 0) {
    v1::Event event = At8(minute);
    event.mutable_app_install_assisted()->set_app(std::string(app));
    event.mutable_app_install_assisted()->set_basis(basis);
    event.mutable_app_install_assisted()->set_count(count);
    return event;
  }
  v1::Event Training(v1::Audience audience, std::int64_t attendees,
                     int minute = 0) {
    v1::Event event = At8(minute);
    event.mutable_training_held()->set_audience(audience);
    event.mutable_training_held()->set_topic(v1::TOPIC_HEALTH);
    event.mutable_training_held()->set_hours(2);
    event.mutable_training_held()->set_attendees(attendees);
    return event;
  }

  AuthorId other_;
};

TEST_F(CatalogueTest, PeopleAreCountedUnderWhatTheyWereGuidedOn) {  // M09
  v1::Event warning = At8();
  warning.mutable_fraud_warning_issued()->set_reach(40);
  v1::Event visit = Visit(At("2023-06-11T08:00:00+07:00"), "a");
  visit.mutable_household_visit()->set_outcome(v1::VISIT_OUTCOME_GUIDED);
  visit.mutable_household_visit()->add_topics(v1::TOPIC_HEALTH);
  visit.mutable_household_visit()->add_topics(v1::TOPIC_EDUCATION);
  visit.mutable_household_visit()->add_topics(v1::TOPIC_HEALTH);
  v1::Event absent = Visit(At("2023-06-11T09:00:00+07:00"), "b");
  absent.mutable_household_visit()->set_outcome(v1::VISIT_OUTCOME_ABSENT);
  absent.mutable_household_visit()->add_topics(v1::TOPIC_HEALTH);
  v1::Event dossier = At8();
  dossier.mutable_online_dossier_assisted()->set_count(9);
  Send(phone, {Outreach("2023-06-10T09:00:00+07:00", 12), warning, visit,
               absent, dossier, Training(v1::AUDIENCE_RESIDENTS, 20),
               Install("VNeID", v1::COUNT_BASIS_PERSON, 3),
               Install("VNeID", v1::COUNT_BASIS_HOUSEHOLD, 50)});
  EXPECT_EQ(People(v1::TOPIC_DIGITAL_SKILLS), 12);
  EXPECT_EQ(People(v1::TOPIC_FRAUD_PREVENTION), 40);
  EXPECT_EQ(People(v1::TOPIC_HEALTH), 21);
  EXPECT_EQ(People(v1::TOPIC_EDUCATION), 1);
  EXPECT_EQ(People(v1::TOPIC_DIGITAL_PLATFORMS), 3);
  EXPECT_EQ(People(v1::TOPIC_ONLINE_SERVICES), 0) << "dossiers are no people";
  EXPECT_EQ(People(v1::TOPIC_UNSPECIFIED), 77) << "the sum over topics";
  EXPECT_EQ(MonthOf(202306).people_reached(), 76) << "each once";
  EXPECT_EQ(MonthOf(202306).households(), 2);
}

TEST_F(CatalogueTest, InstallsCountByAppAndBasis) {  // M10
  Send(phone, {Install("VNeID", v1::COUNT_BASIS_PERSON, 3, 0),
               Install("HauGiang", v1::COUNT_BASIS_HOUSEHOLD, 5, 1),
               Install("VNeID", v1::COUNT_BASIS_HOUSEHOLD, 7, 2),
               Install("VNeID", v1::COUNT_BASIS_PERSON, 11, 3)});
  MetricSelector selector = Of(Metric::kM10);
  EXPECT_EQ(Read(selector).numerator, 26);
  selector.app = "VNeID";
  EXPECT_EQ(Read(selector).numerator, 21);
  selector.basis = v1::COUNT_BASIS_PERSON;
  EXPECT_EQ(Read(selector).numerator, 14);
  const v1::TeamMonth month = MonthOf(202306);
  ASSERT_EQ(month.installs_by_app_size(), 3);
  EXPECT_EQ(month.installs_by_app(0).app(), "HauGiang");
  EXPECT_EQ(month.installs_by_app(1).basis(), v1::COUNT_BASIS_PERSON);
}

TEST_F(CatalogueTest, AccountsCountByKind) {  // M11
  std::vector<v1::Event> events;
  for (const auto& [kind, count] :
       {std::make_pair(v1::ACCOUNT_KIND_EWALLET, 4),
        std::make_pair(v1::ACCOUNT_KIND_PAYMENT, 6),
        std::make_pair(v1::ACCOUNT_KIND_EWALLET, 1)}) {
    events.push_back(At8(static_cast<int>(events.size())));
    events.back().mutable_account_opened_assisted()->set_kind(kind);
    events.back().mutable_account_opened_assisted()->set_count(count);
  }
  Send(phone, events);
  MetricSelector selector = Of(Metric::kM11);
  EXPECT_EQ(Read(selector).numerator, 11);
  selector.account = v1::ACCOUNT_KIND_EWALLET;
  EXPECT_EQ(Read(selector).numerator, 5);
}

TEST_F(CatalogueTest, TrainingsCountByAudience) {  // M19, HG-16
  Send(phone, {Training(v1::AUDIENCE_RESIDENTS, 20, 0),
               Training(v1::AUDIENCE_RESIDENTS, 15, 1),
               Training(v1::AUDIENCE_LEADERS, 0, 2)});
  MetricSelector selector = Of(Metric::kM19);
  EXPECT_EQ(Read(selector).numerator, 3);
  selector.attendees = true;
  EXPECT_EQ(Read(selector).numerator, 35);
  selector.audience = v1::AUDIENCE_LEADERS;
  EXPECT_EQ(Read(selector).numerator, 0);
  selector.attendees = false;
  EXPECT_EQ(Read(selector).numerator, 1);
}

TEST_F(CatalogueTest, AGroupCountsOnceInEveryPart) {  // T06
  Send(phone, {Training(v1::AUDIENCE_RESIDENTS, 20)});
  v1::Event same = Training(v1::AUDIENCE_RESIDENTS, 25, 10);
  same.set_member_id(kOtherMember);
  const Sequence follower = Send(other_, {same});
  EXPECT_EQ(ReasonOf(other_, follower), v1::STANDING_REASON_SAME_SESSION);
  MetricSelector selector = Of(Metric::kM19);
  EXPECT_EQ(Read(selector).numerator, 1);
  selector.attendees = true;
  EXPECT_EQ(Read(selector).numerator, 25);
  EXPECT_EQ(People(v1::TOPIC_HEALTH), 25);
  EXPECT_EQ(Read(Of(Metric::kM03)).numerator, 2);

  ASSERT_TRUE(Void(other_, follower).effective());
  EXPECT_EQ(Read(selector).numerator, 20);
  EXPECT_EQ(People(v1::TOPIC_HEALTH), 20);
  EXPECT_EQ(Read(Of(Metric::kM03)).numerator, 1);
}

TEST_F(CatalogueTest, DaysWithAnActivityAreMarked) {  // M01
  const Sequence first = Send(phone, {Outreach("2023-06-01T00:00:00+07:00"),
                                      Outreach("2023-06-19T23:59:59+07:00")});
  EXPECT_EQ(MonthOf(202306).active_day_bits(), 1u | (1u << 18));
  ASSERT_TRUE(Void(phone, first).effective());
  EXPECT_EQ(MonthOf(202306).active_day_bits(), 1u << 18);
  EXPECT_EQ(MonthOf(202306).active_days(), 1);
}

TEST_F(CatalogueTest,
       TasksDueInTheMonthAreDoneByACompletionThatCounts) {  // M20
  ASSERT_TRUE(Assign(1, "2023-06-15").effective());
  ASSERT_TRUE(Assign(2, "2023-06-30").effective());
  ASSERT_TRUE(Assign(3, "2023-07-01").effective());
  EXPECT_EQ(Read(Of(Metric::kM20)), (MetricNumber{0, 2}));
  EXPECT_EQ(Read(Of(Metric::kM20), 202308).denominator, 0) << "unknown";
  v1::Event done = At8();
  done.mutable_task_completed()->set_task_id(1);
  v1::Event again = At8(30);
  again.mutable_task_completed()->set_task_id(1);
  v1::Event unassigned = At8(31);
  unassigned.mutable_task_completed()->set_task_id(9);
  const Sequence first = Send(phone, {done, again, unassigned});
  EXPECT_EQ(Read(Of(Metric::kM20)), (MetricNumber{1, 2}));

  ASSERT_TRUE(Void(phone, first).effective());
  EXPECT_EQ(Read(Of(Metric::kM20)), (MetricNumber{1, 2})) << "done twice";
  ASSERT_TRUE(Void(phone, first.Next()).effective());
  EXPECT_EQ(Read(Of(Metric::kM20)), (MetricNumber{0, 2}));

  // What was done before it was assigned, or is due on another day now.
  ASSERT_TRUE(Assign(9, "2023-06-28").effective());
  EXPECT_EQ(Read(Of(Metric::kM20)), (MetricNumber{1, 3}));
  ASSERT_TRUE(Assign(9, "2023-07-28").effective());
  EXPECT_EQ(Read(Of(Metric::kM20)), (MetricNumber{0, 2}));
  EXPECT_EQ(Read(Of(Metric::kM20), 202307), (MetricNumber{1, 2}));
}

TEST_F(CatalogueTest, ATaskOfAUnitIsEachTeamsBelowIt) {  // M20
  ASSERT_TRUE(log.Submit(Village(kVillage + 1, kThacBa)).effective());
  ASSERT_TRUE(log.Submit(Team(8, kVillage + 1)).effective());
  v1::Event plan = New();
  plan.mutable_plan_assigned()->set_task_id(1);
  plan.mutable_plan_assigned()->set_due_date(Day("2023-06-30"));
  EXPECT_EQ(log.Submit(plan).failure(), v1::COMMAND_FAILURE_MALFORMED)
      << "for whom";
  for (const std::uint64_t unit : {kYenBinh, kThacBa}) {
    plan = New();
    plan.set_unit_id(unit);
    plan.mutable_plan_assigned()->set_task_id(unit);
    plan.mutable_plan_assigned()->set_due_date(Day("2023-06-30"));
    ASSERT_TRUE(log.Submit(plan).effective());
  }
  EXPECT_EQ(MonthOf(202306).tasks_due(), 1);
  EXPECT_EQ(MonthOf(202306, 8).tasks_due(), 2);
}

TEST_F(CatalogueTest, AnInspectionCountsInItsMonth) {  // M21, HA-05
  const auto inspect = [this](int score, absl::string_view date) {
    v1::Event event = New();
    if (!date.empty()) event.set_claimed_date(Day(date));
    event.mutable_inspection_recorded()->set_team_id(kTeam);
    event.mutable_inspection_recorded()->set_by("COMMUNE_COMMITTEE");
    event.mutable_inspection_recorded()->set_score(score);
    return log.Submit(event);
  };
  EXPECT_EQ(Read(Of(Metric::kM21)).denominator, 0) << "unknown";
  ASSERT_TRUE(inspect(80, "").effective());
  ASSERT_TRUE(inspect(91, "2023-06-02").effective());
  ASSERT_TRUE(inspect(10, "2023-05-31").effective());
  MetricSelector selector = Of(Metric::kM21);
  EXPECT_EQ(Read(selector), (MetricNumber{91, 1})) << "the last recorded";
  selector.mean = true;
  EXPECT_EQ(Read(selector), (MetricNumber{171, 2}));
  EXPECT_EQ(Read(selector, 202305), (MetricNumber{10, 1}));
  EXPECT_EQ(inspect(101, "").failure(), v1::COMMAND_FAILURE_MALFORMED);
  EXPECT_EQ(inspect(50, "2023-06-21").failure(), v1::COMMAND_FAILURE_MALFORMED)
      << "a day to come";
}

TEST_F(CatalogueTest, TheDelayIsTheOneThat95Of100StayWithin) {  // M22
  std::vector<v1::Event> events;
  for (int hours = 1; hours <= 20; ++hours) {
    // 59 minutes more are no whole hour.
    events.push_back(
        Outreach(Instant(At(kNow).ms - hours * 3'600'000 - 59 * 60'000), 10));
  }
  const Sequence first = Send(phone, events);
  EXPECT_EQ(Read(Of(Metric::kM22)), (MetricNumber{19, 1}));
  // The same session, heard 20 hours earlier from another phone.
  Send(other_, {Outreach(At("2023-06-20T11:00:00+07:00"), 10, kOtherMember)});
  for (std::uint64_t i = 0; i < 19; ++i) {
    ASSERT_TRUE(Void(phone, Sequence(first.value + i)).effective());
  }
  EXPECT_EQ(Read(Of(Metric::kM22)), (MetricNumber{20, 1}));
  ASSERT_EQ(MonthOf(202306).delays_size(), 2);
}

TEST_F(CatalogueTest, AGroupIsAsLateAsItsFirstReport) {  // M22, T06
  Send(phone, {Outreach("2023-06-20T08:05:00+07:00")});
  log.SetTime(At("2023-06-29T12:00:00+07:00"));
  Send(other_, {Outreach("2023-06-20T08:00:00+07:00", 10, kOtherMember)});
  EXPECT_EQ(MonthOf(202306).activities(), 1);
  EXPECT_EQ(Read(Of(Metric::kM22)), (MetricNumber{3, 1}));
}

TEST_F(CatalogueTest, ASuspectTimeHasNoDelay) {  // M22, M23
  Send(phone, {Outreach("2023-06-10T08:00:00+07:00"), AfterFlatBattery()});
  EXPECT_EQ(MonthOf(202306).activities(), 2);
  ASSERT_EQ(MonthOf(202306).delays_size(), 1);
  EXPECT_EQ(Read(Of(Metric::kM23)), (MetricNumber{1, 2}));
}

TEST_F(CatalogueTest, WhatIsHeldForItsTimeIsAmongAll) {  // M23
  log.SetTime(At("2023-07-02T09:00:00+07:00"));
  Send(phone, {Outreach("2023-06-25T08:00:00+07:00"), AfterFlatBattery()});
  EXPECT_EQ(Read(Of(Metric::kM23)), (MetricNumber{1, 2}));
  EXPECT_EQ(Read(Of(Metric::kM23), 202307), (MetricNumber{1, 1}));
}

}  // namespace
}  // namespace thon
