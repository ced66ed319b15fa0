// Goal: each rule of the engine gives its state, amount and reason, in the
// order of the states. Method: a team for which everything holds, and one
// change a test.
#include "server/policy/determine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using ::testing::ElementsAre;
using testing::GoodTeam;
using testing::kAugust;
using testing::kJune;
using testing::kOctober;
using testing::kSeptember;
using testing::kSimplePolicy;
using testing::MustParse;
using testing::Used;
using testing::With;

constexpr auto kNotCovered = v1::DETERMINATION_STATE_NOT_COVERED;
constexpr auto kRejected = v1::DETERMINATION_STATE_REJECTED;
constexpr auto kHeld = v1::DETERMINATION_STATE_HELD;
constexpr auto kUnfunded = v1::DETERMINATION_STATE_COVERED_UNFUNDED;
constexpr auto kProvisional = v1::DETERMINATION_STATE_PROVISIONAL;

// Also that a trace changes nothing and that exactly one step decides.
Result Ask(const Policy& policy, const BeneficiaryFacts& facts, Month month) {
  Trace trace;
  const Result result = Determine(policy, facts, month, &trace);
  EXPECT_EQ(Determine(policy, facts, month), result);
  int deciding = 0;
  for (const TraceStep& step : trace.steps) deciding += step.deciding ? 1 : 0;
  EXPECT_EQ(deciding, 1);
  return result;
}

void ExpectUnpaid(const Result& result, v1::DeterminationState state,
                  v1::ReasonCode reason) {
  EXPECT_EQ(result.state, state);
  EXPECT_EQ(result.amount_vnd, 0);
  ASSERT_FALSE(result.reasons.empty());
  EXPECT_EQ(result.reasons.front(), reason);
}

class DetermineTest : public ::testing::Test {
 protected:
  Policy policy_ = MustParse(kSimplePolicy);
  BeneficiaryFacts team_ = GoodTeam();
};

TEST_F(DetermineTest, AFundedTeamInAListedCommuneGetsTheAmount) {
  const Result result = Ask(policy_, team_, kOctober);
  EXPECT_EQ(result.state, kProvisional);
  EXPECT_EQ(result.amount_vnd, 500'000);
  EXPECT_THAT(result.reasons, ElementsAre(v1::REASON_CODE_COVERED));
  EXPECT_EQ(result.structure_position, Position(11));
  EXPECT_EQ(result.list_position, Position(12));
  EXPECT_EQ(result.funding_position, Position(13));
}

TEST_F(DetermineTest, ADraftNeverPays) {
  policy_.status = PolicyStatus::kDraft;
  ExpectUnpaid(Ask(policy_, team_, kOctober), kNotCovered,
               v1::REASON_CODE_POLICY_DRAFT);
}

TEST_F(DetermineTest, TheMonthAfterThePeriodIsNotCovered) {
  team_.today = Date::Of(2024, 1, 31);
  ExpectUnpaid(Ask(policy_, team_, Month::Of(2024, 1)), kNotCovered,
               v1::REASON_CODE_OUTSIDE_PERIOD);  // T22
  EXPECT_EQ(Ask(policy_, team_, Month::Of(2023, 12)).amount_vnd,
            500'000);  // T21
}

TEST_F(DetermineTest, AMonthThatHasNotBegunIsNotDetermined) {
  team_.today = Date::Of(2023, 9, 30);
  const Result result = Ask(policy_, team_, kOctober);
  EXPECT_EQ(result.state, v1::DETERMINATION_STATE_UNSPECIFIED);
  EXPECT_TRUE(result.reasons.empty());
  EXPECT_EQ(Ask(policy_, team_, kSeptember).state, kProvisional);
}

TEST_F(DetermineTest, AnOrganisationIsNeverABeneficiary) {
  BeneficiaryFacts organisation;
  organisation.kind = v1::BENEFICIARY_KIND_ORGANISATION;
  organisation.today = team_.today;
  ExpectUnpaid(Ask(policy_, organisation, kOctober), kNotCovered,
               v1::REASON_CODE_NOT_A_TEAM);
}

TEST_F(DetermineTest, ACommuneLevelTeamIsNotCovered) {
  team_.level = v1::UNIT_LEVEL_COMMUNE;
  ExpectUnpaid(Ask(policy_, team_, kOctober), kNotCovered,
               v1::REASON_CODE_LEVEL_NOT_COVERED);
}

TEST_F(DetermineTest, AnotherKindOfUnitIsNotCovered) {
  team_.unit_kind = v1::UNIT_KIND_KHU_PHO;
  ExpectUnpaid(Ask(policy_, team_, kOctober), kNotCovered,
               v1::REASON_CODE_KIND_NOT_COVERED);
}

TEST_F(DetermineTest, ATeamOutsideTheIssuersTerritoryIsNotCovered) {
  team_.territory = Territory::kOutside;
  ExpectUnpaid(Ask(policy_, team_, kOctober), kNotCovered,
               v1::REASON_CODE_OUTSIDE_TERRITORY);
}

TEST_F(DetermineTest, ATeamWhoseIssuerEndedIsHeldForAPerson) {
  team_.territory = Territory::kFormerlyInside;  // T25
  ExpectUnpaid(Ask(policy_, team_, kOctober), kHeld,
               v1::REASON_CODE_OUTSIDE_TERRITORY);
}

TEST_F(DetermineTest, ATeamMustExistOnTheLastDayOfTheMonth) {
  team_.exists.to = Date::Of(2023, 8, 14);  // Merged on 15 August, T11.
  ExpectUnpaid(Ask(policy_, team_, kAugust), kNotCovered,
               v1::REASON_CODE_TEAM_DID_NOT_EXIST);
  EXPECT_EQ(Ask(policy_, team_, Month::Of(2023, 7)).amount_vnd, 500'000);
  policy_.exists_on = LookDay::kFirstDay;
  EXPECT_EQ(Ask(policy_, team_, kAugust).amount_vnd, 500'000);
  policy_.exists_on = LookDay::kAnyDay;
  EXPECT_EQ(Ask(policy_, team_, kAugust).amount_vnd, 500'000);
  ExpectUnpaid(Ask(policy_, team_, kSeptember), kNotCovered,
               v1::REASON_CODE_TEAM_DID_NOT_EXIST);
}

TEST_F(DetermineTest, ATeamFoundedWithinTheMonthExistsOnItsLastDay) {
  team_.exists.from = Date::Of(2023, 8, 20);  // T13
  EXPECT_EQ(Ask(policy_, team_, kAugust).state, kProvisional);
  ExpectUnpaid(Ask(policy_, team_, Month::Of(2023, 7)), kNotCovered,
               v1::REASON_CODE_TEAM_DID_NOT_EXIST);
  policy_.exists_on = LookDay::kFirstDay;
  ExpectUnpaid(Ask(policy_, team_, kAugust), kNotCovered,
               v1::REASON_CODE_TEAM_DID_NOT_EXIST);
}

TEST_F(DetermineTest, ATeamWhoseCommuneIsNotListedIsNotCovered) {
  team_.listings.clear();
  ExpectUnpaid(Ask(policy_, team_, kOctober), kNotCovered,
               v1::REASON_CODE_COMMUNE_NOT_REGISTERED);
}

TEST_F(DetermineTest, AListingCountsFromTheMonthThePolicySays) {
  team_.listings[0].days.from = Date::Of(2023, 9, 15);  // T15
  ExpectUnpaid(Ask(policy_, team_, kSeptember), kNotCovered,
               v1::REASON_CODE_COMMUNE_NOT_REGISTERED);
  EXPECT_EQ(Ask(policy_, team_, kOctober).state, kProvisional);
  policy_.list->list_month = ListMonth::kContaining;
  EXPECT_EQ(Ask(policy_, team_, kSeptember).state, kProvisional);
  ExpectUnpaid(Ask(policy_, team_, kAugust), kNotCovered,
               v1::REASON_CODE_COMMUNE_NOT_REGISTERED);
}

TEST_F(DetermineTest, AListingThatEndsInTheMonthStillCountsInIt) {
  team_.listings[0].days.to = Date::Of(2023, 10, 4);  // T14, not reaching back
  EXPECT_EQ(Ask(policy_, team_, kOctober).state, kProvisional);
  EXPECT_EQ(Ask(policy_, team_, Month::Of(2023, 11)).state, kNotCovered);
  team_.listings[0].days.to = Date::Of(2023, 8, 31);  // T14, reaching back
  EXPECT_EQ(Ask(policy_, team_, kAugust).state, kProvisional);
  EXPECT_EQ(Ask(policy_, team_, kSeptember).state, kNotCovered);
}

TEST_F(DetermineTest, ATeamListedTwiceIsPaidOnce) {
  team_.listings.push_back(
      {v1::REGISTRATION_TARGET_ADVANCED, {Date::Of(2023, 6, 1), kOpenEnd}});
  EXPECT_EQ(Ask(policy_, team_, kOctober).amount_vnd, 500'000);  // T27
}

TEST_F(DetermineTest, ATargetThePolicyDoesNotNameIsNotListed) {
  policy_.list->targets = {v1::REGISTRATION_TARGET_ADVANCED};
  ExpectUnpaid(Ask(policy_, team_, kOctober), kNotCovered,
               v1::REASON_CODE_COMMUNE_NOT_REGISTERED);
}

TEST_F(DetermineTest, APartlySuspendedMonthIsHeldAndAFullOneRejected) {
  // T20: 10 August to 20 September.
  team_.suspensions = {{Date::Of(2023, 8, 10), Date::Of(2023, 9, 20)}};
  EXPECT_EQ(Ask(policy_, team_, Month::Of(2023, 7)).amount_vnd, 500'000);
  ExpectUnpaid(Ask(policy_, team_, kAugust), kHeld,
               v1::REASON_CODE_PARTLY_SUSPENDED);
  ExpectUnpaid(Ask(policy_, team_, kSeptember), kHeld,
               v1::REASON_CODE_PARTLY_SUSPENDED);
  EXPECT_EQ(Ask(policy_, team_, kOctober).amount_vnd, 500'000);
  team_.suspensions = {{Date::Of(2023, 8, 10), kOpenEnd}};
  ExpectUnpaid(Ask(policy_, team_, kSeptember), kRejected,
               v1::REASON_CODE_TEAM_SUSPENDED);
}

TEST_F(DetermineTest, SuspensionsThatOverlapAreCountedOnce) {
  team_.suspensions = {{Date::Of(2023, 8, 1), Date::Of(2023, 8, 20)},
                       {Date::Of(2023, 8, 5), Date::Of(2023, 8, 10)},
                       {Date::Of(2023, 8, 15), Date::Of(2023, 8, 30)}};
  ExpectUnpaid(Ask(policy_, team_, kAugust), kHeld,
               v1::REASON_CODE_PARTLY_SUSPENDED);
  team_.suspensions.push_back({Date::Of(2023, 8, 31), Date::Of(2023, 8, 31)});
  ExpectUnpaid(Ask(policy_, team_, kAugust), kRejected,
               v1::REASON_CODE_TEAM_SUSPENDED);
}

TEST_F(DetermineTest, EachEffectOfASuspensionIsThePolicysToChoose) {
  team_.suspensions = {{Date::Of(2023, 8, 10), Date::Of(2023, 9, 30)}};
  policy_.suspended_partly = SuspensionEffect::kPay;
  policy_.suspended_full = SuspensionEffect::kHold;
  EXPECT_EQ(Ask(policy_, team_, kAugust).amount_vnd, 500'000);
  ExpectUnpaid(Ask(policy_, team_, kSeptember), kHeld,
               v1::REASON_CODE_TEAM_SUSPENDED);
  policy_.suspended_partly = SuspensionEffect::kNoPay;
  policy_.suspended_full = SuspensionEffect::kPay;
  ExpectUnpaid(Ask(policy_, team_, kAugust), kRejected,
               v1::REASON_CODE_PARTLY_SUSPENDED);
  EXPECT_EQ(Ask(policy_, team_, kSeptember).amount_vnd, 500'000);
}

TEST_F(DetermineTest, APendingPlacementIsHeldByAListAndOnlyShownWithoutOne) {
  team_.placement_pending = true;
  ExpectUnpaid(Ask(policy_, team_, kOctober), kHeld,
               v1::REASON_CODE_PLACEMENT_PENDING);
  policy_.list.reset();
  const Result result = Ask(policy_, team_, kOctober);  // T26
  EXPECT_EQ(result.amount_vnd, 500'000);
  EXPECT_THAT(result.reasons, ElementsAre(v1::REASON_CODE_COVERED,
                                          v1::REASON_CODE_PLACEMENT_PENDING));
}

TEST_F(DetermineTest, WithoutAFundingDecisionATeamIsCoveredAndUnfunded) {
  team_.fundings.clear();
  const Result result = Ask(policy_, team_, kOctober);
  ExpectUnpaid(result, kUnfunded, v1::REASON_CODE_NO_FUNDING_DECISION);
  EXPECT_EQ(result.funding_position, Position());
}

TEST_F(DetermineTest, ATeamThatADecisionDoesNotNameIsUnfunded) {
  team_.fundings[0].in_set = false;
  const Result result = Ask(policy_, team_, kOctober);
  ExpectUnpaid(result, kUnfunded, v1::REASON_CODE_NOT_IN_FUNDED_SET);
  EXPECT_EQ(result.funding_position, Position(13));
}

TEST_F(DetermineTest, ALateDecisionReachesBackOnlyIfItSaysSo) {
  const Result july = Ask(policy_, team_, Month::Of(2023, 7));
  EXPECT_EQ(july.amount_vnd, 500'000);
  EXPECT_THAT(july.reasons, ElementsAre(v1::REASON_CODE_COVERED,
                                        v1::REASON_CODE_FUNDING_RETROACTIVE));
  team_.fundings[0].reaches_back = false;
  ExpectUnpaid(Ask(policy_, team_, kSeptember), kUnfunded,
               v1::REASON_CODE_NO_FUNDING_DECISION);
  EXPECT_EQ(Ask(policy_, team_, kOctober).amount_vnd, 500'000);
}

TEST_F(DetermineTest, NothingIsPaidAboveWhatIsLeftOfTheCeiling) {
  team_.fundings[0].remaining_vnd = 499'999;
  ExpectUnpaid(Ask(policy_, team_, kOctober), kUnfunded,
               v1::REASON_CODE_FUNDING_CEILING_REACHED);
  team_.fundings.push_back(team_.fundings[0]);
  team_.fundings[1].position = Position(20);
  team_.fundings[1].remaining_vnd = 500'000;
  const Result result = Ask(policy_, team_, kOctober);
  EXPECT_EQ(result.amount_vnd, 500'000);
  EXPECT_EQ(result.funding_position, Position(20));
}

TEST_F(DetermineTest, APolicyWithoutFundingPaysByItself) {
  policy_.funding_required = false;
  team_.fundings.clear();
  EXPECT_EQ(Ask(policy_, team_, kOctober).amount_vnd, 500'000);
}

TEST_F(DetermineTest, RejectedComesBeforeHeldAndHeldBeforeUnfunded) {
  team_.suspensions = {{Date::Of(2023, 8, 10), Date::Of(2023, 9, 20)}};
  team_.fundings.clear();
  ExpectUnpaid(Ask(policy_, team_, kAugust), kHeld,
               v1::REASON_CODE_PARTLY_SUSPENDED);
  team_.listings.clear();
  ExpectUnpaid(Ask(policy_, team_, kAugust), kNotCovered,
               v1::REASON_CODE_COMMUNE_NOT_REGISTERED);
}

TEST_F(DetermineTest, AMissingUpdateIsNotedFromTheDeadlineOnAndCostsNothing) {
  policy_.update_record_missing = true;
  policy_.update_submit_before_day = 6;
  team_.today = Date::Of(2023, 11, 5);
  EXPECT_THAT(Ask(policy_, team_, kOctober).reasons,
              ElementsAre(v1::REASON_CODE_COVERED));
  team_.today = Date::Of(2023, 11, 6);
  const Result missing = Ask(policy_, team_, kOctober);
  EXPECT_EQ(missing.amount_vnd, 500'000);
  EXPECT_THAT(missing.reasons,
              ElementsAre(v1::REASON_CODE_COVERED,
                          v1::REASON_CODE_MISSING_MONTHLY_UPDATE));
  EXPECT_THAT(missing.metrics, ElementsAre(Used(Metric::kM06, 0)));
  team_.update_submitted = Date::Of(2023, 11, 5);
  const Result there = Ask(policy_, team_, kOctober);
  EXPECT_THAT(there.reasons, ElementsAre(v1::REASON_CODE_COVERED));
  EXPECT_THAT(there.metrics, ElementsAre(Used(Metric::kM06, 1)));
}

TEST_F(DetermineTest, ARequiredConfirmationIsHeldFromItsDeadlineOnTillItComes) {
  policy_.update_required = true;  // T19
  policy_.update_confirm_before_day = 11;
  team_.today = Date::Of(2023, 11, 10);
  EXPECT_EQ(Ask(policy_, team_, kOctober).state, kProvisional);
  team_.today = Date::Of(2023, 11, 11);
  ExpectUnpaid(Ask(policy_, team_, kOctober), kHeld,
               v1::REASON_CODE_MISSING_MONTHLY_UPDATE);
  team_.update_confirmed = true;
  EXPECT_EQ(Ask(policy_, team_, kOctober).state, kProvisional);
}

TEST_F(DetermineTest, AMonthThatThePeriodCutsCountsAsThePolicySays) {
  policy_.from = Date::Of(2023, 8, 10);
  EXPECT_EQ(Ask(policy_, team_, kAugust).amount_vnd, 500'000);  // T28
  policy_.partial_month_counts = false;
  ExpectUnpaid(Ask(policy_, team_, kAugust), kNotCovered,
               v1::REASON_CODE_OUTSIDE_PERIOD);
  EXPECT_EQ(Ask(policy_, team_, kSeptember).amount_vnd, 500'000);
}

TEST_F(DetermineTest, ALeapDayChangesNothing) {
  policy_.from = Date::Of(2024, 1, 1);  // T23
  policy_.to = Date::Of(2024, 12, 31);
  policy_.amounts[0].vnd = 600'000;
  policy_.funding_required = false;
  team_.today = Date::Of(2024, 3, 1);
  EXPECT_EQ(Ask(policy_, team_, Month::Of(2024, 2)).amount_vnd, 600'000);
  EXPECT_EQ(Ask(policy_, team_, Month::Of(2024, 3)).amount_vnd, 600'000);
}

TEST_F(DetermineTest, JuneIsTheFirstMonth) {
  EXPECT_EQ(Ask(policy_, team_, kJune).state, kProvisional);
  EXPECT_EQ(Ask(policy_, team_, Month::Of(2023, 5)).state, kNotCovered);
}

}  // namespace
}  // namespace thon
