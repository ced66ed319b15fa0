// Goal: conditions are what they say, at their edges and where nobody knows.
// Method: trees of thresholds parsed from YAML over chosen metric values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using ::testing::ElementsAre;
using testing::GoodTeam;
using testing::kOctober;
using testing::kSimplePolicy;
using testing::MustParse;

constexpr auto kRejected = v1::DETERMINATION_STATE_REJECTED;
constexpr auto kHeld = v1::DETERMINATION_STATE_HELD;
constexpr auto kProvisional = v1::DETERMINATION_STATE_PROVISIONAL;

Policy WithConditions(absl::string_view conditions) {
  return MustParse(absl::StrCat(kSimplePolicy, conditions));
}

v1::TeamMonth MonthOf(int active_days, int activities, int members, int held) {
  v1::TeamMonth month;
  month.set_active_days(active_days);
  month.set_activities(activities);
  for (int i = 1; i <= members; ++i) {
    month.add_members()->set_member_id(static_cast<std::uint64_t>(i));
  }
  month.set_held(held);
  return month;
}

Result Ask(const Policy& policy, const v1::TeamMonth& month) {
  BeneficiaryFacts team = GoodTeam();
  ReadMetrics(month, &team.counted, &team.with_held);
  return Determine(policy, team, kOctober);
}

TEST(ConditionTest, AThresholdIsReachedAtItsValueAndNotBelow) {
  const Policy policy =
      WithConditions("conditions: {metric: M02, at_least: 4, source: S}\n");
  EXPECT_EQ(Ask(policy, MonthOf(3, 4, 1, 0)).state, kProvisional);
  const Result below = Ask(policy, MonthOf(3, 3, 1, 0));
  EXPECT_EQ(below.state, kRejected);
  EXPECT_EQ(below.amount_vnd, 0);
  EXPECT_EQ(below.reasons.front(), v1::REASON_CODE_CONDITION_NOT_MET);
  EXPECT_THAT(below.metrics, ElementsAre(UsedMetric{Metric::kM02, {3, 1}}));
}

TEST(ConditionTest, ARatioIsComparedWithoutRounding) {
  const Policy policy = WithConditions(
      "conditions: {none: [{metric: M23, at_least_percent: 50, source: S}]}\n");
  v1::TeamMonth month = MonthOf(9, 824, 3, 0);
  month.set_suspect(412);  // T30: 412/824 is exactly 50 %.
  EXPECT_EQ(Ask(policy, month).state, kRejected);
  month.set_suspect(411);
  EXPECT_EQ(Ask(policy, month).state, kProvisional);
}

TEST(ConditionTest, ARatioOfNothingIsUnknownAndHeld) {
  const Policy policy = WithConditions(
      "conditions: {none: [{metric: M23, at_least_percent: 50, source: S}]}\n");
  const Result result = Ask(policy, MonthOf(0, 0, 0, 0));  // T31
  EXPECT_EQ(result.state, kHeld);
  EXPECT_EQ(result.reasons.front(), v1::REASON_CODE_CONDITION_UNKNOWN);
}

TEST(ConditionTest, WhatIsUnknownMattersOnlyWhereItDecides) {
  const Policy any = WithConditions(
      "conditions: {any: [{metric: M23, at_least_percent: 1, source: S}, "
      "{metric: M04, at_least: 1, source: S}]}\n");
  BeneficiaryFacts team = GoodTeam();
  ReadMetrics(v1::TeamMonth(), &team.counted, &team.with_held);
  team.members_last_day = 1;
  EXPECT_EQ(Determine(any, team, kOctober).state, kProvisional);
  team.members_last_day = 0;
  EXPECT_EQ(Determine(any, team, kOctober).state, kHeld);
  const Policy all = WithConditions(
      "conditions: {all: [{metric: M23, at_least_percent: 1, source: S}, "
      "{metric: M04, at_least: 1, source: S}]}\n");
  EXPECT_EQ(Determine(all, team, kOctober).state, kRejected);
}

TEST(ConditionTest, AllAnyAndNoneNest) {
  const Policy policy = WithConditions(
      "conditions:\n"
      "  all:\n"
      "    - {metric: M01, at_least: 2, source: S}\n"
      "    - any:\n"
      "        - {metric: M02, at_least: 10, source: S}\n"
      "        - {metric: M03, at_least: 3, source: S}\n"
      "    - none:\n"
      "        - {metric: M02, at_least: 100, source: S}\n");
  EXPECT_EQ(Ask(policy, MonthOf(2, 10, 1, 0)).state, kProvisional);
  EXPECT_EQ(Ask(policy, MonthOf(2, 9, 3, 0)).state, kProvisional);
  EXPECT_EQ(Ask(policy, MonthOf(2, 9, 2, 0)).state, kRejected);
  EXPECT_EQ(Ask(policy, MonthOf(1, 10, 3, 0)).state, kRejected);
  EXPECT_EQ(Ask(policy, MonthOf(9, 100, 3, 0)).state, kRejected);
}

TEST(ConditionTest, HeldEventsHoldTheMonthOnlyIfTheyCouldDecideIt) {
  const Policy policy =
      WithConditions("conditions: {metric: M02, at_least: 4, source: S}\n");
  const Result open = Ask(policy, MonthOf(3, 3, 1, 1));
  EXPECT_EQ(open.state, kHeld);
  EXPECT_EQ(open.amount_vnd, 0);
  EXPECT_THAT(open.reasons, ElementsAre(v1::REASON_CODE_HELD_EVENTS_DECIDE));
  EXPECT_EQ(Ask(policy, MonthOf(3, 4, 1, 5)).state, kProvisional);
  EXPECT_EQ(Ask(policy, MonthOf(1, 1, 1, 2)).state, kRejected);
}

TEST(ConditionTest, HeldEventsThatCouldSpoilAMonthHoldItWithoutMoneyWords) {
  const Policy policy = WithConditions(
      "conditions: {none: [{metric: M02, at_least: 5, source: S}]}\n");
  BeneficiaryFacts team = GoodTeam();
  ReadMetrics(MonthOf(3, 4, 1, 1), &team.counted, &team.with_held);
  Trace trace;
  const Result result = Determine(policy, team, Month::Of(2023, 7), &trace);
  EXPECT_EQ(result.state, kHeld);
  EXPECT_EQ(result.amount_vnd, 0);
  EXPECT_THAT(result.reasons, ElementsAre(v1::REASON_CODE_HELD_EVENTS_DECIDE));
  EXPECT_EQ(result.funding_position, Position());
  ASSERT_FALSE(trace.steps.empty());
  EXPECT_TRUE(trace.steps.back().deciding);
  EXPECT_EQ(trace.steps.back().rule, Rule::kHeldEvents);
}

TEST(ConditionTest, EveryMetricOfTheCatalogueIsFoundByItsId) {
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    const MetricInfo& info = InfoOf(static_cast<Metric>(i));
    Metric found = Metric::kM01;
    ASSERT_TRUE(FindMetric(info.id, &found)) << info.id;
    EXPECT_EQ(static_cast<std::size_t>(found), i);
  }
  Metric none = Metric::kM30;
  EXPECT_FALSE(FindMetric("M99", &none));
  EXPECT_EQ(none, Metric::kM30);
}

}  // namespace
}  // namespace thon
