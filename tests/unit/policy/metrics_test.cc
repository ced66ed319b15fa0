// Goal: each metric is read from the rows as the catalogue says, over every
// time, and compared without rounding. Method: rows with known numbers.
#include "server/policy/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <set>
#include <string>

#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using ::testing::ElementsAre;
using testing::Of;

constexpr MetricNumber Count(std::int64_t count) { return {count, 1}; }

MetricNumber Read(const MetricSelector& selector,
                  std::vector<const v1::TeamMonth*> months) {
  return ReadActivityMetric(selector, months);
}

TEST(MetricsTest, EveryMetricIsFoundByItsIdAndItsName) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    const MetricInfo& info = InfoOf(static_cast<Metric>(i));
    for (const absl::string_view word : {info.id, info.name}) {
      Metric found = Metric::kM30;
      ASSERT_TRUE(FindMetric(word, &found)) << word;
      EXPECT_EQ(static_cast<std::size_t>(found), i);
      EXPECT_TRUE(seen.insert(std::string(word)).second) << word;
    }
    EXPECT_FALSE(info.name_vi.empty());
    EXPECT_FALSE(info.name_en.empty());
  }
  Metric none = Metric::kM30;
  EXPECT_FALSE(FindMetric("M99", &none));
  EXPECT_FALSE(FindMetric("", &none));
  EXPECT_EQ(none, Metric::kM30);
}

TEST(MetricsTest, AMetricSaysWhatItIsTakenFrom) {
  EXPECT_EQ(InfoOf(Metric::kM04).source, MetricSource::kRoster);
  EXPECT_EQ(InfoOf(Metric::kM06).source, MetricSource::kUpdate);
  EXPECT_EQ(InfoOf(Metric::kM16).source, MetricSource::kIndicator);
  EXPECT_EQ(InfoOf(Metric::kM17).source, MetricSource::kModels);
  EXPECT_EQ(InfoOf(Metric::kM24).source, MetricSource::kUnit);
  for (const Metric metric : {Metric::kM25, Metric::kM26, Metric::kM30}) {
    EXPECT_EQ(InfoOf(metric).source, MetricSource::kMoney);
  }
}

TEST(MetricsTest, CountsAreSummedOverMonths) {
  v1::TeamMonth one;
  one.set_active_days(3);
  one.set_activities(5);
  one.add_members()->set_member_id(1);
  one.add_members()->set_member_id(2);
  one.set_households(7);
  v1::TeamMonth two;
  two.set_active_days(4);
  two.set_activities(6);
  two.add_members()->set_member_id(2);
  EXPECT_EQ(Read(Of(Metric::kM01), {&one, nullptr, &two}), Count(7));
  EXPECT_EQ(Read(Of(Metric::kM02), {&one, &two}), Count(11));
  // People are counted once, however many months they work.
  EXPECT_EQ(Read(Of(Metric::kM03), {&one}), Count(2));
  EXPECT_EQ(Read(Of(Metric::kM03), {&one, nullptr, &two}), Count(2));
  EXPECT_EQ(Read(Of(Metric::kM08), {&one}), Count(7));
  EXPECT_EQ(Read(Of(Metric::kM02), {nullptr}), Count(0));
}

TEST(MetricsTest, PeopleAreCountedByTopic) {
  v1::TeamMonth row;
  for (const auto topic :
       {v1::TOPIC_ONLINE_SERVICES, v1::TOPIC_FRAUD_PREVENTION}) {
    v1::TopicCount* count = row.add_people_by_topic();
    count->set_topic(topic);
    count->set_people(10 * topic);
  }
  MetricSelector selector = Of(Metric::kM09);
  EXPECT_EQ(Read(selector, {&row}), Count(70));
  selector.topic = v1::TOPIC_FRAUD_PREVENTION;
  EXPECT_EQ(Read(selector, {&row, &row}), Count(120));
  selector.topic = v1::TOPIC_HEALTH;
  EXPECT_EQ(Read(selector, {&row}), Count(0));
}

TEST(MetricsTest, InstallsAreCountedByAppAndBasis) {
  v1::TeamMonth row;
  row.set_installs(60);
  int count = 0;
  for (const char* app : {"VNeID", "YenBai-S"}) {
    for (const auto basis :
         {v1::COUNT_BASIS_PERSON, v1::COUNT_BASIS_HOUSEHOLD}) {
      v1::AppCount* one = row.add_installs_by_app();
      one->set_app(app);
      one->set_basis(basis);
      one->set_count(count += 6);
    }
  }
  MetricSelector selector = Of(Metric::kM10);
  EXPECT_EQ(Read(selector, {&row}), Count(60));
  selector.app = "VNeID";
  EXPECT_EQ(Read(selector, {&row}), Count(6 + 12));
  selector.basis = v1::COUNT_BASIS_HOUSEHOLD;
  EXPECT_EQ(Read(selector, {&row}), Count(12));
  selector.app.clear();
  EXPECT_EQ(Read(selector, {&row, &row}), Count(2 * (12 + 24)));
}

TEST(MetricsTest, AccountsTrainingsAndTasksAreReadByPart) {
  v1::TeamMonth row;
  row.set_accounts(9);
  v1::AccountCount* account = row.add_accounts_by_kind();
  account->set_kind(v1::ACCOUNT_KIND_EWALLET);
  account->set_count(4);
  MetricSelector accounts = Of(Metric::kM11);
  EXPECT_EQ(Read(accounts, {&row}), Count(9));
  accounts.account = v1::ACCOUNT_KIND_EWALLET;
  EXPECT_EQ(Read(accounts, {&row}), Count(4));

  for (const auto audience :
       {v1::AUDIENCE_RESIDENTS, v1::AUDIENCE_ENTERPRISES}) {
    v1::TrainingCount* training = row.add_trainings();
    training->set_audience(audience);
    training->set_sessions(audience);
    training->set_attendees(100 * audience);
  }
  MetricSelector trainings = Of(Metric::kM19);
  EXPECT_EQ(Read(trainings, {&row}), Count(9));
  trainings.audience = v1::AUDIENCE_RESIDENTS;
  EXPECT_EQ(Read(trainings, {&row}), Count(4));
  trainings.attendees = true;
  EXPECT_EQ(Read(trainings, {&row}), Count(400));

  EXPECT_EQ(Read(Of(Metric::kM20), {&row}), kUnknownNumber);
  row.set_tasks_due(4);
  row.set_tasks_done(3);
  EXPECT_EQ(Read(Of(Metric::kM20), {&row, &row}), (MetricNumber{6, 8}));
}

TEST(MetricsTest, AScoreIsTheLastOrTheMean) {
  v1::TeamMonth july;
  v1::TeamMonth august;
  const auto inspect = [](std::uint64_t position, int score,
                          v1::TeamMonth* row) {
    v1::InspectionScore* one = row->add_inspections();
    one->set_position(position);
    one->set_score(score);
  };
  inspect(5, 80, &july);
  inspect(9, 71, &july);
  inspect(7, 60, &august);  // Recorded before July's last.
  MetricSelector selector = Of(Metric::kM21);
  EXPECT_EQ(Read(selector, {&july, &august}), Count(71));
  EXPECT_EQ(Read(selector, {&august}), Count(60));
  EXPECT_EQ(Read(selector, {nullptr}), kUnknownNumber);
  selector.mean = true;
  const MetricNumber mean = Read(selector, {&july, &august});
  EXPECT_EQ(mean, (MetricNumber{211, 3}));
  EXPECT_EQ(AtLeast(selector, mean, 70), Truth::kTrue);
  EXPECT_EQ(AtLeast(selector, mean, 71), Truth::kFalse);
  EXPECT_EQ(AtMost(selector, mean, 71), Truth::kTrue);
  EXPECT_EQ(AtMost(selector, mean, 70), Truth::kFalse);
}

TEST(MetricsTest, TheDelayIsWithinWhichNinetyFiveOfAHundredCame) {
  v1::TeamMonth row;
  const auto delay = [&](int hours, std::int64_t count) {
    v1::DelayCount* one = row.add_delays();
    one->set_hours(hours);
    one->set_count(count);
  };
  EXPECT_EQ(Read(Of(Metric::kM22), {&row}), kUnknownNumber);
  delay(1, 94);
  delay(30, 1);
  delay(400, 5);
  EXPECT_EQ(Read(Of(Metric::kM22), {&row}), Count(30));
  v1::TeamMonth other;
  v1::DelayCount* more = other.add_delays();
  more->set_hours(2);
  more->set_count(1);
  // 101 in all: 96 must have come.
  EXPECT_EQ(Read(Of(Metric::kM22), {&row, &other}), Count(30));
  more->set_count(20);  // 114 of 120 came within two hours: just 95 of 100.
  EXPECT_EQ(Read(Of(Metric::kM22), {&row, &other}), Count(2));
  delay(20, 300);
  EXPECT_EQ(Read(Of(Metric::kM22), {&row, &other}), Count(20));
}

TEST(MetricsTest, RatiosAreSummedAndNeverAveraged) {  // HG-07
  v1::TeamMonth months[3];
  const int suspect[] = {90, 10, 20};
  const int all[] = {100, 10, 200};
  for (int i = 0; i < 3; ++i) {
    months[i].set_suspect(suspect[i]);
    months[i].set_activities(all[i]);
  }
  const MetricSelector selector = Of(Metric::kM23);
  const MetricNumber quarter =
      Read(selector, {&months[0], &months[1], &months[2]});
  EXPECT_EQ(quarter, (MetricNumber{120, 310}));
  EXPECT_EQ(AtLeast(selector, quarter, 50), Truth::kFalse);
}

TEST(MetricsTest, RatiosAreComparedByProductsWithoutRounding) {
  struct Case {
    std::int64_t numerator, denominator, target;
    bool at_least, at_most;
  };
  for (const Case& one :
       {Case{412, 824, 50, true, true},   // HG-06, T30
        Case{411, 824, 50, false, true},  //
        Case{720, 800, 90, true, true},   // HG-08
        Case{719, 800, 90, false, true},  //
        Case{640, 800, 80, true, true},   // HG-09
        Case{639, 800, 80, false, true},  //
        Case{3, 10, 30, true, true},      // Recognition, 30 %.
        Case{2, 7, 30, false, true}, Case{3, 7, 30, true, false},
        Case{std::numeric_limits<std::int64_t>::max(),
             std::numeric_limits<std::int64_t>::max(), 100, true, true}}) {
    const MetricNumber value{one.numerator, one.denominator};
    EXPECT_EQ(AtLeast(Of(Metric::kM12), value, one.target) == Truth::kTrue,
              one.at_least);
    EXPECT_EQ(AtMost(Of(Metric::kM12), value, one.target) == Truth::kTrue,
              one.at_most);
  }
}

TEST(MetricsTest, WhatHasNoDenominatorIsUnknown) {  // T31
  for (const Metric metric : {Metric::kM12, Metric::kM17, Metric::kM21}) {
    EXPECT_EQ(AtLeast(Of(metric), kUnknownNumber, 1), Truth::kUnknown);
    EXPECT_EQ(AtMost(Of(metric), kUnknownNumber, 1), Truth::kUnknown);
    EXPECT_EQ(AtLeast(Of(metric), {5, 0}, 1), Truth::kUnknown);
  }
}

TEST(MetricsTest, EachTimeHasItsMonths) {
  const Month august = Month::Of(2023, 8);
  const Month june = Month::Of(2023, 6);
  EXPECT_THAT(MonthsOf(Grain::kMonth, august, june), ElementsAre(august));
  EXPECT_THAT(MonthsOf(Grain::kQuarter, august, june),
              ElementsAre(Month::Of(2023, 7), august));
  EXPECT_EQ(MonthsOf(Grain::kYear, august, june).size(), 8u);
  EXPECT_THAT(MonthsOf(Grain::kWindow, august, june),
              ElementsAre(june, Month::Of(2023, 7), august));
  EXPECT_EQ(MonthsOf(Grain::kWindow, Month::Of(2024, 1), june).size(), 8u);
  EXPECT_THAT(MonthsOf(Grain::kWindow, june, august), ElementsAre(june));
  EXPECT_THAT(MonthsOf(Grain::kWindow, june, Month()), ElementsAre(june));
  EXPECT_THAT(MonthsOf(Grain::kQuarter, Month::Of(2024, 1), june),
              ElementsAre(Month::Of(2024, 1)));
}

TEST(MetricsTest, AQualifierSaysWhatDiffersFromTheDefault) {
  EXPECT_EQ(Qualifier(Of(Metric::kM02)), "");
  MetricSelector installs = Of(Metric::kM10);
  installs.app = "VNeID";
  installs.basis = v1::COUNT_BASIS_PERSON;
  installs.over = Grain::kQuarter;
  EXPECT_EQ(Qualifier(installs), "app=VNeID basis=PERSON over=quarter");
  MetricSelector training = Of(Metric::kM19);
  training.audience = v1::AUDIENCE_RESIDENTS;
  training.attendees = true;
  EXPECT_EQ(Qualifier(training), "audience=RESIDENTS count=attendees");
  MetricSelector score = Of(Metric::kM21);
  score.mean = true;
  score.over = Grain::kYear;
  EXPECT_EQ(Qualifier(score), "take=mean over=year");
  MetricSelector indicator = Of(Metric::kM13);
  indicator.of = v1::UNIT_LEVEL_COMMUNE;
  indicator.over = Grain::kWindow;
  EXPECT_EQ(Qualifier(indicator), "of=COMMUNE over=window");
  MetricSelector accounts = Of(Metric::kM11);
  accounts.account = v1::ACCOUNT_KIND_MOBILE_MONEY;
  EXPECT_EQ(Qualifier(accounts), "account=MOBILE_MONEY");
  MetricSelector people = Of(Metric::kM09);
  people.topic = v1::TOPIC_SOCIAL_POLICY;
  EXPECT_EQ(Qualifier(people), "topic=SOCIAL_POLICY");
}

TEST(MetricsTest, EveryTopicIsInOneTaskGroup) {  // HA-04
  for (int topic = 1; topic < v1::Topic_ARRAYSIZE; ++topic) {
    const int group = TaskGroupOf(static_cast<v1::Topic>(topic));
    EXPECT_GE(group, 1) << topic;
    EXPECT_LE(group, 4) << topic;
  }
  EXPECT_EQ(TaskGroupOf(v1::TOPIC_UNSPECIFIED), 0);
  EXPECT_EQ(TaskGroupOf(v1::TOPIC_COMMUNE_WORK), 1);
  EXPECT_EQ(TaskGroupOf(v1::TOPIC_ONLINE_SERVICES), 2);
  EXPECT_EQ(TaskGroupOf(v1::TOPIC_DIGITAL_PLATFORMS), 3);
  EXPECT_EQ(TaskGroupOf(v1::TOPIC_HEALTH), 4);
}

TEST(MetricsTest, EveryMetricStandsInOnePillar) {
  std::set<Pillar> pillars;
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    pillars.insert(InfoOf(static_cast<Metric>(i)).pillar);
  }
  EXPECT_EQ(pillars.size(), 3u);
  EXPECT_EQ(InfoOf(Metric::kM12).pillar, Pillar::kGovernment);
  EXPECT_EQ(InfoOf(Metric::kM16).pillar, Pillar::kEconomy);
  EXPECT_EQ(InfoOf(Metric::kM13).pillar, Pillar::kSociety);
}

}  // namespace
}  // namespace thon
