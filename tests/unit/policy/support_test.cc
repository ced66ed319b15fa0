// Goal: who pays when another pays, what an officer decides, what is only
// noted, and which policies pay nobody. Method: a team for which everything
// holds, one change a test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using ::testing::ElementsAre;
using testing::GoodTeam;
using ::testing::IsEmpty;
using testing::kAugust;
using testing::kOctober;
using testing::kSeptember;
using testing::kSimplePolicy;
using testing::Member;
using testing::MustParse;

constexpr auto kNotCovered = v1::DETERMINATION_STATE_NOT_COVERED;
constexpr auto kRejected = v1::DETERMINATION_STATE_REJECTED;
constexpr auto kHeld = v1::DETERMINATION_STATE_HELD;
constexpr auto kProvisional = v1::DETERMINATION_STATE_PROVISIONAL;

class SupportTest : public ::testing::Test {
 protected:
  Result Ask(Month month = kOctober) {
    Trace trace;
    const Result result = Determine(policy_, team_, month, &trace);
    EXPECT_EQ(Determine(policy_, team_, month), result);
    int deciding = 0;
    for (const TraceStep& step : trace.steps) deciding += step.deciding ? 1 : 0;
    EXPECT_EQ(deciding, 1);
    return result;
  }
  void ExpectUnpaid(v1::DeterminationState state, v1::ReasonCode reason,
                    Month month = kOctober) {
    const Result result = Ask(month);
    EXPECT_EQ(result.state, state);
    EXPECT_EQ(result.amount_vnd, 0);
    EXPECT_THAT(result.parts, IsEmpty());
    ASSERT_FALSE(result.reasons.empty());
    EXPECT_EQ(result.reasons.front(), reason);
  }

  Policy policy_ = MustParse(kSimplePolicy);
  BeneficiaryFacts team_ = GoodTeam();
};

TEST_F(SupportTest, EachStatusPaysOrSaysWhyNot) {
  const std::pair<PolicyStatus, v1::ReasonCode> cases[] = {
      {PolicyStatus::kDraft, v1::REASON_CODE_POLICY_DRAFT},
      {PolicyStatus::kAdopted, v1::REASON_CODE_POLICY_NOT_IN_FORCE},
      {PolicyStatus::kRepealed, v1::REASON_CODE_POLICY_ENDED},
      {PolicyStatus::kSuperseded, v1::REASON_CODE_POLICY_ENDED}};
  for (const auto& [status, reason] : cases) {
    policy_.status = status;
    ExpectUnpaid(kNotCovered, reason);
  }
  for (const PolicyStatus status :
       {PolicyStatus::kInForce, PolicyStatus::kPilot, PolicyStatus::kClosed}) {
    policy_.status = status;
    EXPECT_EQ(Ask().amount_vnd, 500'000);
  }
}

TEST_F(SupportTest, APilotWithoutAnAmountPaysNothingAtAnyTime) {  // HA-01
  policy_.status = PolicyStatus::kPilot;
  policy_.amounts.clear();
  policy_.has_period = false;
  ExpectUnpaid(kNotCovered, v1::REASON_CODE_NO_AMOUNT);
  ExpectUnpaid(kNotCovered, v1::REASON_CODE_NO_AMOUNT, Month::Of(2022, 1));
  // And it ends all the same.
  policy_.has_period = false;
  policy_.ended_on = Month::Of(2023, 1).first_day();
  ExpectUnpaid(kNotCovered, v1::REASON_CODE_NO_AMOUNT, Month::Of(2022, 12));
  ExpectUnpaid(kNotCovered, v1::REASON_CODE_POLICY_ENDED, Month::Of(2023, 1));
  policy_.has_period = true;
  ExpectUnpaid(kNotCovered, v1::REASON_CODE_OUTSIDE_PERIOD, Month::Of(2022, 1));
}

TEST_F(SupportTest, AForbiddenSecondSupportIsNotPaid) {
  team_.other_support = {{"YB-2023", Position(), 500'000}};
  EXPECT_EQ(Ask().amount_vnd, 500'000);  // Nothing forbids it.
  policy_.double_support.forbid = true;
  ExpectUnpaid(kRejected, v1::REASON_CODE_DOUBLE_SUPPORT);
  EXPECT_EQ(Ask().other_policy_id, "YB-2023");
  team_.other_support.clear();
  EXPECT_EQ(Ask().amount_vnd, 500'000);
  EXPECT_EQ(Ask().other_policy_id, "");
}

TEST_F(SupportTest, SupportFromOutsideIsASecondSupportToo) {
  policy_.double_support.forbid = true;
  team_.other_support = {{"", Position(90), 0}};
  ExpectUnpaid(kRejected, v1::REASON_CODE_DOUBLE_SUPPORT);
  team_.other_support.push_back({"YB-2023", Position(), 500'000});
  EXPECT_EQ(Ask().other_policy_id, "YB-2023");
}

TEST_F(SupportTest, OnlyThePoliciesNamedAreForbidden) {
  policy_.double_support = {true, {"DNA-2026"}, {}};
  team_.other_support = {{"", Position(90), 0}, {"YB-2023", Position(), 1}};
  EXPECT_EQ(Ask().amount_vnd, 500'000);
  team_.other_support.push_back({"DNA-2026", Position(), 1});
  ExpectUnpaid(kRejected, v1::REASON_CODE_DOUBLE_SUPPORT);
  EXPECT_EQ(Ask().other_policy_id, "DNA-2026");
}

TEST_F(SupportTest, AnEmptySeatIsShownAndCostsNothingUnlessItBlocks) {  // T18
  SeatTemplate seats;
  seats.seats = {
      {{v1::AFFILIATION_PARTY_SECRETARY, v1::AFFILIATION_VILLAGE_HEAD}},
      {{v1::AFFILIATION_YOUTH_UNION}},
      {{v1::AFFILIATION_WOMENS_UNION}}};
  policy_.seats = seats;
  policy_.funding_required = false;
  team_.members = {Member(1, {v1::AFFILIATION_VILLAGE_HEAD}),
                   Member(2, {v1::AFFILIATION_YOUTH_UNION}),
                   Member(3, {v1::AFFILIATION_WOMENS_UNION},
                          Date::Of(2022, 1, 1), Date::Of(2023, 9, 12))};
  EXPECT_THAT(Ask(kAugust).reasons, ElementsAre(v1::REASON_CODE_COVERED));
  const Result september = Ask(kSeptember);
  EXPECT_EQ(september.amount_vnd, 500'000);
  EXPECT_THAT(september.reasons,
              ElementsAre(v1::REASON_CODE_COVERED,
                          v1::REASON_CODE_TEMPLATE_INCOMPLETE));
  policy_.seats->blocks_payment = true;
  ExpectUnpaid(kRejected, v1::REASON_CODE_TEMPLATE_INCOMPLETE, kSeptember);
}

TEST_F(SupportTest, WhatCameTooLateIsSaidWhereThePolicyLeavesItOut) {
  team_.late_left_out = 3;
  EXPECT_THAT(Ask().reasons, ElementsAre(v1::REASON_CODE_COVERED));
  policy_.late.effect = LateEffect::kLeftOut;
  policy_.late.before_day = 6;
  EXPECT_THAT(Ask().reasons, ElementsAre(v1::REASON_CODE_COVERED,
                                         v1::REASON_CODE_LATE_EVENTS_LEFT_OUT));
  team_.late_left_out = 0;
  EXPECT_THAT(Ask().reasons, ElementsAre(v1::REASON_CODE_COVERED));
}

TEST_F(SupportTest, ADecisionFreesEveryKindOfHold) {  // T19, T20, T25
  const auto holds = [&](auto change) {
    const BeneficiaryFacts before = team_;
    const Policy policy = policy_;
    change();
    EXPECT_EQ(Ask().state, kHeld);
    team_.decision = {Position(70), true};
    const Result paid = Ask();
    EXPECT_EQ(paid.state, kProvisional);
    EXPECT_EQ(paid.amount_vnd, 500'000);
    EXPECT_EQ(paid.decision_position, Position(70));
    EXPECT_EQ(std::count(paid.reasons.begin(), paid.reasons.end(),
                         v1::REASON_CODE_DECIDED_FOR),
              1);
    team_.decision.pay = false;
    ExpectUnpaid(kRejected, v1::REASON_CODE_DECIDED_AGAINST);
    EXPECT_EQ(Ask().decision_position, Position(70));
    team_ = before;
    policy_ = policy;
  };
  const auto suspend = [&] {
    team_.suspensions = {{Date::Of(2023, 10, 5), Date::Of(2023, 10, 6)}};
  };
  const auto leave = [&] { team_.territory = Territory::kFormerlyInside; };
  const auto move = [&] { team_.placement_pending = true; };
  const auto forget = [&] {
    policy_.update_required = true;
    policy_.update_confirm_before_day = 11;
  };
  holds(suspend);
  holds(leave);
  holds(move);
  holds(forget);
  holds([&] {  // All at once: one decision is enough.
    suspend();
    leave();
    move();
    forget();
  });
}

TEST_F(SupportTest, ADecisionDoesNotPayWhatIsNotCoveredOrRejected) {
  team_.decision = {Position(70), true};
  team_.listings.clear();
  ExpectUnpaid(kNotCovered, v1::REASON_CODE_COMMUNE_NOT_REGISTERED);
  team_ = GoodTeam();
  team_.decision = {Position(70), true};
  team_.suspensions = {{Date::Of(2023, 10, 1), Date::Of(2023, 10, 31)}};
  ExpectUnpaid(kRejected, v1::REASON_CODE_TEAM_SUSPENDED);
  team_.suspensions.clear();
  team_.fundings.clear();
  ExpectUnpaid(v1::DETERMINATION_STATE_COVERED_UNFUNDED,
               v1::REASON_CODE_NO_FUNDING_DECISION);
}

TEST_F(SupportTest, ATeamMustExistOnEveryDayIfThePolicySaysSo) {
  policy_.exists_on = LookDay::kEveryDay;
  EXPECT_EQ(Ask(kAugust).amount_vnd, 500'000);
  team_.exists.from = Date::Of(2023, 8, 2);
  ExpectUnpaid(kNotCovered, v1::REASON_CODE_TEAM_DID_NOT_EXIST, kAugust);
  team_.exists = {Date::Of(2023, 8, 1), Date::Of(2023, 8, 30)};
  ExpectUnpaid(kNotCovered, v1::REASON_CODE_TEAM_DID_NOT_EXIST, kAugust);
  team_.exists.to = Date::Of(2023, 8, 31);
  EXPECT_EQ(Ask(kAugust).amount_vnd, 500'000);
}

TEST_F(SupportTest, TheOrderOfTheRulesIsTheOrderOfTheStates) {
  policy_.double_support.forbid = true;
  policy_.suspended_full = SuspensionEffect::kNoPay;
  team_.other_support = {{"YB-2023", Position(), 1}};
  team_.placement_pending = true;
  team_.fundings.clear();
  team_.suspensions = {{Date::Of(2023, 10, 1), Date::Of(2023, 10, 31)}};
  team_.territory = Territory::kOutside;
  policy_.status = PolicyStatus::kDraft;
  ExpectUnpaid(kNotCovered, v1::REASON_CODE_POLICY_DRAFT);
  policy_.status = PolicyStatus::kInForce;
  ExpectUnpaid(kNotCovered, v1::REASON_CODE_OUTSIDE_TERRITORY);
  team_.territory = Territory::kFormerlyInside;
  ExpectUnpaid(kRejected, v1::REASON_CODE_TEAM_SUSPENDED);
  team_.suspensions.clear();
  ExpectUnpaid(kRejected, v1::REASON_CODE_DOUBLE_SUPPORT);
  team_.other_support.clear();
  ExpectUnpaid(kHeld, v1::REASON_CODE_OUTSIDE_TERRITORY);
  team_.territory = Territory::kInside;
  ExpectUnpaid(kHeld, v1::REASON_CODE_PLACEMENT_PENDING);
  team_.placement_pending = false;
  ExpectUnpaid(v1::DETERMINATION_STATE_COVERED_UNFUNDED,
               v1::REASON_CODE_NO_FUNDING_DECISION);
}

}  // namespace
}  // namespace thon
