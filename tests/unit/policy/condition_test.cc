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
using testing::Members;
using testing::MustParse;
using testing::Used;
using testing::ValuesOf;

constexpr auto kRejected = v1::DETERMINATION_STATE_REJECTED;
constexpr auto kHeld = v1::DETERMINATION_STATE_HELD;
constexpr auto kProvisional = v1::DETERMINATION_STATE_PROVISIONAL;

Policy WithConditions(absl::string_view conditions) {
  return MustParse(absl::StrCat(kSimplePolicy, conditions));
}

v1::TeamMonth MonthOf(int active_days, int activities, int members) {
  v1::TeamMonth month;
  month.set_active_days(active_days);
  month.set_activities(activities);
  for (int i = 1; i <= members; ++i) {
    month.add_members()->set_member_id(static_cast<std::uint64_t>(i));
  }
  return month;
}

// With nothing held, or with `held` counted besides.
BeneficiaryFacts TeamWith(const Policy& policy, const v1::TeamMonth& counted,
                          const v1::TeamMonth& with_held) {
  BeneficiaryFacts team = GoodTeam();
  team.counted = ValuesOf(policy, counted);
  team.with_held = ValuesOf(policy, with_held);
  return team;
}

Result Ask(const Policy& policy, const v1::TeamMonth& month) {
  return Determine(policy, TeamWith(policy, month, month), kOctober);
}

Result Ask(const Policy& policy, const v1::TeamMonth& counted,
           const v1::TeamMonth& with_held) {
  return Determine(policy, TeamWith(policy, counted, with_held), kOctober);
}

TEST(ConditionTest, AThresholdIsReachedAtItsValueAndNotBelow) {
  const Policy policy =
      WithConditions("conditions: {metric: M02, at_least: 4, source: S}\n");
  EXPECT_EQ(Ask(policy, MonthOf(3, 4, 1)).state, kProvisional);
  const Result below = Ask(policy, MonthOf(3, 3, 1));
  EXPECT_EQ(below.state, kRejected);
  EXPECT_EQ(below.amount_vnd, 0);
  EXPECT_EQ(below.reasons.front(), v1::REASON_CODE_CONDITION_NOT_MET);
  EXPECT_THAT(below.metrics, ElementsAre(Used(Metric::kM02, 3)));
}

TEST(ConditionTest, ARatioIsComparedWithoutRounding) {
  const Policy policy = WithConditions(
      "conditions: {none: [{metric: M23, at_least_percent: 50, source: S}]}\n");
  v1::TeamMonth month = MonthOf(9, 824, 3);
  month.set_suspect(412);  // T30: 412/824 is exactly 50 %.
  EXPECT_EQ(Ask(policy, month).state, kRejected);
  month.set_suspect(411);
  EXPECT_EQ(Ask(policy, month).state, kProvisional);
}

TEST(ConditionTest, ARatioOfNothingIsUnknownAndHeld) {
  const Policy policy = WithConditions(
      "conditions: {none: [{metric: M23, at_least_percent: 50, source: S}]}\n");
  const Result result = Ask(policy, MonthOf(0, 0, 0));  // T31
  EXPECT_EQ(result.state, kHeld);
  EXPECT_EQ(result.reasons.front(), v1::REASON_CODE_CONDITION_UNKNOWN);
}

TEST(ConditionTest, WhatIsUnknownMattersOnlyWhereItDecides) {
  const Policy any = WithConditions(
      "conditions: {any: [{metric: M23, at_least_percent: 1, source: S}, "
      "{metric: M04, at_least: 1, source: S}]}\n");
  const v1::TeamMonth nothing;
  BeneficiaryFacts team = TeamWith(any, nothing, nothing);
  team.members = Members(1);
  EXPECT_EQ(Determine(any, team, kOctober).state, kProvisional);
  team.members.clear();
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
  EXPECT_EQ(Ask(policy, MonthOf(2, 10, 1)).state, kProvisional);
  EXPECT_EQ(Ask(policy, MonthOf(2, 9, 3)).state, kProvisional);
  EXPECT_EQ(Ask(policy, MonthOf(2, 9, 2)).state, kRejected);
  EXPECT_EQ(Ask(policy, MonthOf(1, 10, 3)).state, kRejected);
  EXPECT_EQ(Ask(policy, MonthOf(9, 100, 3)).state, kRejected);
}

TEST(ConditionTest, HeldEventsHoldTheMonthOnlyIfTheyCouldDecideIt) {
  const Policy policy =
      WithConditions("conditions: {metric: M02, at_least: 4, source: S}\n");
  const Result open = Ask(policy, MonthOf(3, 3, 1), MonthOf(3, 4, 1));
  EXPECT_EQ(open.state, kHeld);
  EXPECT_EQ(open.amount_vnd, 0);
  EXPECT_THAT(open.reasons, ElementsAre(v1::REASON_CODE_HELD_EVENTS_DECIDE));
  EXPECT_EQ(Ask(policy, MonthOf(3, 4, 1), MonthOf(3, 9, 1)).state,
            kProvisional);
  EXPECT_EQ(Ask(policy, MonthOf(1, 1, 1), MonthOf(1, 3, 1)).state, kRejected);
}

TEST(ConditionTest, HeldEventsThatCouldSpoilAMonthHoldItWithoutMoneyWords) {
  const Policy policy = WithConditions(
      "conditions: {none: [{metric: M02, at_least: 5, source: S}]}\n");
  const BeneficiaryFacts team =
      TeamWith(policy, MonthOf(3, 4, 1), MonthOf(3, 5, 1));
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

TEST(ConditionTest, AtMostHoldsUpToItsValueAndNotAbove) {
  const Policy policy =
      WithConditions("conditions: {metric: M02, at_most: 4, source: S}\n");
  EXPECT_EQ(Ask(policy, MonthOf(3, 4, 1)).state, kProvisional);
  EXPECT_EQ(Ask(policy, MonthOf(3, 5, 1)).state, kRejected);
  EXPECT_EQ(Ask(policy, v1::TeamMonth()).state, kProvisional);
}

TEST(ConditionTest, AnOfficerWhoPaysAnUnknownMonthPaysIt) {
  const Policy policy =
      WithConditions("conditions: {metric: M23, at_most: 10, source: S}\n");
  BeneficiaryFacts team = TeamWith(policy, v1::TeamMonth(), v1::TeamMonth());
  team.decision = {Position(77), true};
  const Result paid = Determine(policy, team, kOctober);
  EXPECT_EQ(paid.state, kProvisional);
  EXPECT_EQ(paid.amount_vnd, 500'000);
  EXPECT_THAT(paid.reasons, ElementsAre(v1::REASON_CODE_COVERED,
                                        v1::REASON_CODE_DECIDED_FOR));
  EXPECT_EQ(paid.decision_position, Position(77));
  team.decision.pay = false;
  const Result refused = Determine(policy, team, kOctober);
  EXPECT_EQ(refused.state, kRejected);
  EXPECT_THAT(refused.reasons, ElementsAre(v1::REASON_CODE_DECIDED_AGAINST));
  EXPECT_EQ(refused.amount_vnd, 0);
}

TEST(ConditionTest, AnOfficerDecidesWhatHeldEventsLeaveOpen) {
  const Policy policy =
      WithConditions("conditions: {metric: M02, at_least: 4, source: S}\n");
  BeneficiaryFacts team = TeamWith(policy, MonthOf(3, 3, 1), MonthOf(3, 4, 1));
  team.decision = {Position(78), true};
  Trace trace;
  const Result paid = Determine(policy, team, kOctober, &trace);
  EXPECT_EQ(paid.state, kProvisional);
  EXPECT_EQ(paid.amount_vnd, 500'000);
  EXPECT_THAT(paid.metrics, ElementsAre(Used(Metric::kM02, 4)));
  EXPECT_EQ(paid.reasons.back(), v1::REASON_CODE_DECIDED_FOR);
  EXPECT_EQ(paid.decision_position, Position(78));
  EXPECT_EQ(trace.steps.back().rule, Rule::kDecision);
  team.decision.pay = false;
  const Result refused = Determine(policy, team, kOctober);
  EXPECT_EQ(refused.state, kRejected);
  EXPECT_EQ(refused.reasons.front(), v1::REASON_CODE_DECIDED_AGAINST);
  EXPECT_EQ(refused.decision_position, Position(78));
  EXPECT_EQ(refused.funding_position, Position());
}

TEST(ConditionTest, ADecisionOfAMonthThatNothingHoldsChangesNothing) {
  const Policy policy =
      WithConditions("conditions: {metric: M02, at_least: 4, source: S}\n");
  for (const int activities : {3, 4}) {
    BeneficiaryFacts team =
        TeamWith(policy, MonthOf(3, activities, 1), MonthOf(3, activities, 1));
    const Result without = Determine(policy, team, kOctober);
    for (const bool pay : {false, true}) {
      team.decision = {Position(79), pay};
      EXPECT_EQ(Determine(policy, team, kOctober), without);
    }
  }
}

}  // namespace
}  // namespace thon
