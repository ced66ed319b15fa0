// Goal: what a covered month comes to, to the đồng: lines, members, people
// mobilised, days, rounding, caps, top-ups, and the bound of money. Method: a
// team for which everything holds, one change a test, exact amounts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/core/limits.h"
#include "server/policy/determine_run.h"
#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::GoodTeam;
using ::testing::IsEmpty;
using testing::kAugust;
using testing::kJune;
using testing::kOctober;
using testing::kSeptember;
using testing::kSimplePolicy;
using testing::Member;
using testing::Members;
using testing::MustParse;
using ::testing::Not;
using testing::PayBy;
using testing::Used;

constexpr auto kProvisional = v1::DETERMINATION_STATE_PROVISIONAL;
constexpr std::int64_t kMax = limits::kMoneyMax;

class AmountTest : public ::testing::Test {
 protected:
  AmountTest() { policy_.funding_required = false; }

  // Also that the trace changes nothing and exactly one step decides.
  Result Ask(Month month = kOctober) {
    Trace trace;
    const Result result = Determine(policy_, team_, month, &trace);
    EXPECT_EQ(Determine(policy_, team_, month), result);
    int deciding = 0;
    for (const TraceStep& step : trace.steps) deciding += step.deciding ? 1 : 0;
    EXPECT_EQ(deciding, 1);
    return result;
  }
  void Mobilise(v1::Shift shift, std::int64_t persons, std::int64_t rate,
                Date date = Date::Of(2023, 10, 7)) {
    const Position position(100 + team_.mobilisations.size());
    team_.mobilisations.push_back({position, date, shift, persons, rate});
  }
  void AddLine(AmountUnit unit, std::int64_t vnd, bool up_to = false) {
    AmountLine line;
    line.unit = unit;
    line.vnd = vnd;
    line.up_to = up_to;
    line.path = absl::StrCat("amount[", policy_.amounts.size(), "]");
    policy_.amounts.push_back(line);
  }

  Policy policy_ = MustParse(kSimplePolicy);
  BeneficiaryFacts team_ = GoodTeam();
};

TEST_F(AmountTest, ATeamMonthIsPaidAsItIsAndNeedsNoParts) {
  const Result result = Ask();
  EXPECT_EQ(result.amount_vnd, 500'000);
  EXPECT_THAT(result.parts, IsEmpty());
}

TEST_F(AmountTest, AMemberMonthPaysForEachMemberOnce) {
  PayBy(AmountUnit::kMemberMonth, 60'000, &policy_);
  team_.members = Members(7);
  team_.members.push_back(Member(7));  // The same person, written twice.
  const Result result = Ask();
  EXPECT_EQ(result.amount_vnd, 420'000);
  EXPECT_THAT(result.metrics, ElementsAre(Used(Metric::kM04, 7)));
  EXPECT_THAT(result.parts, ElementsAre(AmountPart{"amount", "member_month", 7,
                                                   60'000, 420'000}));
}

TEST_F(AmountTest, NobodyToPayForIsPaidNothingAndSaid) {
  PayBy(AmountUnit::kMemberMonth, 60'000, &policy_);
  const Result nobody = Ask();
  EXPECT_EQ(nobody.state, kProvisional);
  EXPECT_EQ(nobody.amount_vnd, 0);
  EXPECT_THAT(nobody.reasons,
              ElementsAre(v1::REASON_CODE_COVERED, v1::REASON_CODE_NO_UNITS));
  PayBy(AmountUnit::kPersonDay, 50'000, &policy_);
  EXPECT_THAT(Ask().reasons, Contains(v1::REASON_CODE_NO_UNITS));
  AddLine(AmountUnit::kTeamMonth, 1);
  EXPECT_THAT(Ask().reasons, Not(Contains(v1::REASON_CODE_NO_UNITS)));
}

TEST_F(AmountTest, MembersAreCountedOnTheDayThePolicySays) {
  PayBy(AmountUnit::kMemberMonth, 60'000, &policy_);
  const Date oct12 = Date::Of(2023, 10, 12);
  team_.members = {
      Member(1),                                     // All the time.
      Member(2, {}, Date::Of(2022, 1, 1), oct12),    // Left on the 12th.
      Member(3, {}, oct12),                          // Came on the 12th.
      Member(4, {}, oct12, Date::Of(2023, 10, 20)),  // For eight days.
      Member(5, {}, Date::Of(2022, 1, 1), oct12),    // Left, and came back
      Member(5, {}, oct12),                          // the same day.
      Member(6, {}, Date::Of(2023, 11, 1)),          // Too late.
      Member(7, {}, Date::Of(2022, 1, 1), Date::Of(2023, 10, 1))};  // Before.
  struct Case {
    LookDay on;
    std::int64_t members;
  };
  for (const Case& one : {Case{LookDay::kLastDay, 3},    // 1, 3, 5
                          Case{LookDay::kFirstDay, 3},   // 1, 2, 5
                          Case{LookDay::kAnyDay, 5},     // 1 to 5
                          Case{LookDay::kEveryDay, 2}})  // 1, 5
  {
    policy_.amounts[0].members_on = one.on;
    EXPECT_EQ(Ask().amount_vnd, one.members * 60'000)
        << static_cast<int>(one.on);
  }
}

TEST_F(AmountTest, NoMoreMembersArePaidForThanThePolicySays) {
  PayBy(AmountUnit::kMemberMonth, 60'000, &policy_);
  policy_.amounts[0].members_max = 5;  // HA, 2025.
  team_.members = Members(4);
  EXPECT_EQ(Ask().amount_vnd, 240'000);
  team_.members = Members(6);
  EXPECT_EQ(Ask().amount_vnd, 300'000);
  EXPECT_EQ(Ask().parts[0].quantity, 5);
}

TEST_F(AmountTest, PeopleMobilisedArePaidByDayAndByNight) {
  PayBy(AmountUnit::kPersonDay, 150'000, &policy_);  // Bình Dương.
  AddLine(AmountUnit::kPersonNight, 200'000, true);
  Mobilise(v1::SHIFT_DAY, 3, 0);
  Mobilise(v1::SHIFT_DAY, 2, 100'000);    // The day's rate is fixed.
  Mobilise(v1::SHIFT_NIGHT, 4, 180'000);  // "Up to" takes the rate said,
  Mobilise(v1::SHIFT_NIGHT, 1, 250'000);  // but no more than the policy's,
  Mobilise(v1::SHIFT_NIGHT, 1, 0);        // which is also what no rate means.
  const Result result = Ask();
  EXPECT_EQ(result.amount_vnd, 5 * 150'000 + 4 * 180'000 + 2 * 200'000);
  EXPECT_THAT(
      result.parts,
      ElementsAre(AmountPart{"amount", "person_day", 5, 150'000, 750'000},
                  AmountPart{"amount[1]", "person_night", 6, 0, 1'120'000}));
}

TEST_F(AmountTest, OnlyDaysOfThePeriodArePaidByTheDay) {
  policy_.from = Date::Of(2023, 8, 10);
  PayBy(AmountUnit::kPersonDay, 50'000, &policy_);
  Mobilise(v1::SHIFT_DAY, 1, 0, Date::Of(2023, 8, 9));
  Mobilise(v1::SHIFT_DAY, 2, 0, Date::Of(2023, 8, 10));
  EXPECT_EQ(Ask(kAugust).amount_vnd, 100'000);
}

TEST_F(AmountTest, LinesAreAddedUp) {
  PayBy(AmountUnit::kMemberMonth, 60'000, &policy_);
  AddLine(AmountUnit::kPersonDay, 150'000);
  AddLine(AmountUnit::kPersonNight, 200'000, true);
  team_.members = Members(6);
  Mobilise(v1::SHIFT_DAY, 2, 0);
  Mobilise(v1::SHIFT_NIGHT, 1, 199'999);
  EXPECT_EQ(Ask().amount_vnd, 360'000 + 300'000 + 199'999);
}

TEST_F(AmountTest, ACutMonthIsPaidByTheDayIfThePolicySaysSo) {
  policy_.prorate_by_day = true;
  policy_.from = Date::Of(2023, 8, 10);
  // 22 of 31 days: 354,838.7...
  const std::pair<RoundMode, std::int64_t> to_one[] = {
      {RoundMode::kDown, 354'838},
      {RoundMode::kHalfUp, 354'839},
      {RoundMode::kUp, 354'839}};
  for (const auto& [mode, vnd] : to_one) {
    policy_.rounding = {1, mode, {}};
    EXPECT_EQ(Ask(kAugust).amount_vnd, vnd);
  }
  const std::pair<RoundMode, std::int64_t> to_thousand[] = {
      {RoundMode::kDown, 354'000},
      {RoundMode::kHalfUp, 355'000},
      {RoundMode::kUp, 355'000}};
  for (const auto& [mode, vnd] : to_thousand) {
    policy_.rounding = {1000, mode, {}};
    const Result result = Ask(kAugust);
    EXPECT_EQ(result.amount_vnd, vnd);
    EXPECT_THAT(result.reasons,
                ElementsAre(v1::REASON_CODE_COVERED, v1::REASON_CODE_ROUNDED,
                            v1::REASON_CODE_PRORATED));
    EXPECT_THAT(result.parts, ElementsAre(AmountPart{"amount", "team_month", 1,
                                                     500'000, vnd}));
  }
  const Result whole = Ask(kSeptember);
  EXPECT_EQ(whole.amount_vnd, 500'000);
  EXPECT_THAT(whole.reasons, ElementsAre(v1::REASON_CODE_COVERED));
}

TEST_F(AmountTest, HalfADongIsRoundedUpOnlyByHalfUp) {
  const Rounding half_up{2, RoundMode::kHalfUp, {}};
  EXPECT_EQ(Share(3, 1, 1, half_up), 4);
  EXPECT_EQ(Share(3, 1, 1, {2, RoundMode::kDown, {}}), 2);
  EXPECT_EQ(Share(1, 1, 2, {1, RoundMode::kHalfUp, {}}), 1);
  EXPECT_EQ(Share(1, 1, 2, {1, RoundMode::kDown, {}}), 0);
  EXPECT_EQ(Share(1, 1, 3, {1, RoundMode::kHalfUp, {}}), 0);
  EXPECT_EQ(Share(1, 1, 3, {1, RoundMode::kUp, {}}), 1);
  EXPECT_EQ(Share(6, 1, 3, {1, RoundMode::kUp, {}}), 2);
  EXPECT_EQ(Share(kMax, 31, 31, {1000, RoundMode::kUp, {}}), kMax);
}

TEST_F(AmountTest, DaysBeforeTheTeamAndOfSuspensionAreNotPaid) {
  policy_.prorate_by_day = true;
  policy_.suspended_partly = SuspensionEffect::kPay;
  policy_.exists_on = LookDay::kAnyDay;
  policy_.rounding = {1, RoundMode::kDown, {}};
  PayBy(AmountUnit::kTeamMonth, 310'000, &policy_);
  team_.exists.from = Date::Of(2023, 8, 21);  // 11 days of August.
  EXPECT_EQ(Ask(kAugust).amount_vnd, 110'000);
  team_.suspensions = {{Date::Of(2023, 8, 1), Date::Of(2023, 8, 22)},
                       {Date::Of(2023, 8, 22), Date::Of(2023, 8, 23)}};
  EXPECT_EQ(Ask(kAugust).amount_vnd, 80'000);
  team_.exists.to = Date::Of(2023, 8, 24);  // The 24th alone is left.
  EXPECT_EQ(Ask(kAugust).amount_vnd, 10'000);
}

TEST_F(AmountTest, ALeapDayIsADayOfFebruary) {
  policy_.from = Date::Of(2024, 2, 15);
  policy_.to = Date::Of(2025, 2, 14);
  policy_.prorate_by_day = true;
  policy_.list.reset();
  team_.today = Date::Of(2025, 12, 31);
  PayBy(AmountUnit::kTeamMonth, 290'000, &policy_);
  EXPECT_EQ(Ask(Month::Of(2024, 2)).amount_vnd, 150'000);  // 15 of 29 days.
  PayBy(AmountUnit::kTeamMonth, 280'000, &policy_);
  EXPECT_EQ(Ask(Month::Of(2025, 2)).amount_vnd, 140'000);  // 14 of 28 days.
}

TEST_F(AmountTest, APartOfAMonthIsNeverMoreThanAllOfIt) {
  policy_.prorate_by_day = true;
  policy_.rounding = {1'000'000, RoundMode::kUp, {}};
  policy_.from = Date::Of(2023, 8, 2);
  EXPECT_EQ(Ask(kAugust).amount_vnd, 500'000);
}

TEST_F(AmountTest, MobilisationsAreNotPaidByTheShareOfTheMonth) {
  policy_.prorate_by_day = true;
  policy_.from = Date::Of(2023, 8, 10);
  PayBy(AmountUnit::kPersonDay, 50'000, &policy_);
  Mobilise(v1::SHIFT_DAY, 2, 0, Date::Of(2023, 8, 20));
  const Result result = Ask(kAugust);
  EXPECT_EQ(result.amount_vnd, 100'000);
  EXPECT_THAT(result.reasons, ElementsAre(v1::REASON_CODE_COVERED));
}

TEST_F(AmountTest, AYearCapLowersTheMonthThatReachesIt) {
  PayBy(AmountUnit::kTeamMonth, 700'000, &policy_);  // T28
  policy_.cap_year_vnd = 3'000'000;
  policy_.from = Date::Of(2023, 8, 10);
  std::vector<std::int64_t> paid;
  for (Month month = kAugust; month <= Month::Of(2023, 12);
       month = month.Next()) {
    const Result result = Ask(month);
    paid.push_back(result.amount_vnd);
    team_.year_used_vnd += result.amount_vnd;
  }
  EXPECT_THAT(paid, ElementsAre(700'000, 700'000, 700'000, 700'000, 200'000));
  EXPECT_EQ(team_.year_used_vnd, 3'000'000);
  EXPECT_EQ(Ask(Month::Of(2023, 12)).amount_vnd, 0);
}

TEST_F(AmountTest, ACapSaysThatItWasReached) {
  PayBy(AmountUnit::kTeamMonth, 700'000, &policy_);
  policy_.cap_year_vnd = 3'000'000;
  team_.year_used_vnd = 2'300'000;
  EXPECT_THAT(Ask().reasons, ElementsAre(v1::REASON_CODE_COVERED));
  team_.year_used_vnd = 2'300'001;
  const Result result = Ask();
  EXPECT_EQ(result.amount_vnd, 699'999);
  EXPECT_THAT(result.reasons, ElementsAre(v1::REASON_CODE_COVERED,
                                          v1::REASON_CODE_CAP_REACHED));
  EXPECT_THAT(result.parts, ElementsAre(AmountPart{"amount", "team_month", 1,
                                                   700'000, 700'000}));
}

TEST_F(AmountTest, AYearCapByMonthIsTheShareOfTheYearsMonths) {
  PayBy(AmountUnit::kTeamMonth, 700'000, &policy_);
  policy_.cap_year_vnd = 3'000'000;
  policy_.cap_year_by_month = true;
  policy_.from = Date::Of(2023, 8, 10);
  policy_.to = Date::Of(2024, 6, 14);
  policy_.list.reset();
  team_.today = Date::Of(2024, 12, 31);
  // 5 of 12 months of 2023: 1,250,000; 6 of 2024: 1,500,000.
  team_.year_used_vnd = 700'000;
  EXPECT_EQ(Ask(Month::Of(2023, 9)).amount_vnd, 550'000);
  team_.year_used_vnd = 1'400'000;
  EXPECT_EQ(Ask(Month::Of(2024, 3)).amount_vnd, 100'000);
  // Without the months that are cut: 4 and 5.
  policy_.partial_month_counts = false;
  team_.year_used_vnd = 700'000;
  EXPECT_EQ(Ask(Month::Of(2023, 9)).amount_vnd, 300'000);
  team_.year_used_vnd = 1'200'000;
  EXPECT_EQ(Ask(Month::Of(2024, 3)).amount_vnd, 50'000);
  policy_.cap_year_vnd = 1'000'001;  // A third, 333,333.67, by rounding.
  team_.year_used_vnd = 0;
  EXPECT_EQ(Ask(Month::Of(2023, 9)).amount_vnd, 333'333);
  policy_.rounding = {1, RoundMode::kHalfUp, {}};
  EXPECT_EQ(Ask(Month::Of(2023, 9)).amount_vnd, 333'334);
}

TEST_F(AmountTest, AMonthCapLowersTheSumOfAllLines) {
  PayBy(AmountUnit::kMemberMonth, 60'000, &policy_);
  AddLine(AmountUnit::kPersonDay, 150'000);
  policy_.cap_month_vnd = 500'000;
  team_.members = Members(7);
  EXPECT_EQ(Ask().amount_vnd, 420'000);
  Mobilise(v1::SHIFT_DAY, 1, 0);
  EXPECT_EQ(Ask().amount_vnd, 500'000);
}

class TopUpTest : public AmountTest {
 protected:
  TopUpTest() {
    PayBy(AmountUnit::kTeamMonth, 300'000, &policy_);
    policy_.top_up = TopUpRule{0, 200, {}};
  }
  void TopUp(std::int64_t vnd) {
    team_.top_ups = {{Position(40), kJune, Month::Of(2023, 12), false,
                      Date::Of(2023, 6, 1), vnd}};
  }
};

TEST_F(TopUpTest, ACommuneMayDoubleTheAmount) {  // T33
  TopUp(300'000);
  const Result result = Ask();
  EXPECT_EQ(result.amount_vnd, 600'000);
  EXPECT_EQ(result.top_up_vnd, 300'000);
  EXPECT_THAT(result.reasons,
              ElementsAre(v1::REASON_CODE_COVERED, v1::REASON_CODE_TOPPED_UP));
  EXPECT_THAT(
      result.parts,
      ElementsAre(AmountPart{"amount", "team_month", 1, 300'000, 300'000},
                  AmountPart{"top_up", "top_up", 1, 300'000, 300'000}));
}

TEST_F(TopUpTest, WhatIsAboveTheCeilingIsNotOwed) {  // T33
  TopUp(300'001);
  const Result result = Ask();
  EXPECT_EQ(result.amount_vnd, 600'000);
  EXPECT_EQ(result.top_up_vnd, 300'000);
  EXPECT_THAT(result.reasons,
              ElementsAre(v1::REASON_CODE_COVERED, v1::REASON_CODE_TOPPED_UP,
                          v1::REASON_CODE_TOP_UP_LIMITED));
  EXPECT_EQ(TopUpMax(policy_), 300'000);
  policy_.top_up = TopUpRule{450'000, 0, {}};
  EXPECT_EQ(Ask().amount_vnd, 450'000);
  EXPECT_EQ(TopUpMax(policy_), 150'000);
}

TEST_F(TopUpTest, TheNewestTopUpOfTheMonthHolds) {
  TopUp(100'000);
  team_.top_ups.push_back({Position(41), kSeptember, kOctober, false,
                           Date::Of(2023, 10, 31), 50'000});
  team_.top_ups.push_back({Position(42), kJune, Month::Of(2023, 12), false,
                           Date::Of(2023, 11, 1), 200'000});
  EXPECT_EQ(Ask(kSeptember).top_up_vnd, 100'000);  // 41, 42 came after it.
  EXPECT_EQ(Ask(kOctober).top_up_vnd, 50'000);
  EXPECT_EQ(Ask(Month::Of(2023, 11)).top_up_vnd, 200'000);
  team_.top_ups[2].reaches_back = true;
  EXPECT_EQ(Ask(kSeptember).top_up_vnd, 200'000);
  team_.top_ups[2].amount_vnd = 0;  // Taken back.
  const Result result = Ask(kSeptember);
  EXPECT_EQ(result.amount_vnd, 300'000);
  EXPECT_THAT(result.reasons, ElementsAre(v1::REASON_CODE_COVERED));
}

TEST_F(TopUpTest, ItIsOwedOnlyWithTheAmountAndLooksAtNoProvincialCeiling) {
  TopUp(300'000);
  policy_.funding_required = true;
  team_.fundings[0].remaining_vnd = 300'000;
  EXPECT_EQ(Ask().amount_vnd, 600'000);
  team_.fundings[0].remaining_vnd = 299'999;
  const Result unfunded = Ask();
  EXPECT_EQ(unfunded.state, v1::DETERMINATION_STATE_COVERED_UNFUNDED);
  EXPECT_EQ(unfunded.amount_vnd, 0);
  EXPECT_EQ(unfunded.top_up_vnd, 0);
  EXPECT_THAT(unfunded.parts, IsEmpty());
}

TEST_F(TopUpTest, CapsLookAtTheAmountAlone) {
  TopUp(300'000);
  policy_.cap_year_vnd = 1'000'000;
  team_.year_used_vnd = 900'000;
  const Result result = Ask();  // 100,000 is left; twice that is the ceiling.
  EXPECT_EQ(result.amount_vnd, 200'000);
  EXPECT_EQ(result.top_up_vnd, 100'000);
}

TEST_F(TopUpTest, APolicyWithoutTheRuleHasNone) {
  TopUp(300'000);
  policy_.top_up.reset();
  EXPECT_EQ(Ask().amount_vnd, 300'000);
  EXPECT_EQ(TopUpMax(policy_), 0);
}

TEST_F(TopUpTest, ByPeopleTheMostIsNotKnownBefore) {
  PayBy(AmountUnit::kMemberMonth, 60'000, &policy_);
  EXPECT_EQ(TopUpMax(policy_), kMax);
  policy_.top_up = TopUpRule{500'000, 0, {}};
  EXPECT_EQ(TopUpMax(policy_), 500'000);
}

TEST_F(AmountTest, NoSumPassesTheBoundOfMoney) {
  PayBy(AmountUnit::kMemberMonth, kMax, &policy_);
  AddLine(AmountUnit::kTeamMonth, kMax);
  AddLine(AmountUnit::kPersonDay, kMax);
  AddLine(AmountUnit::kPersonNight, kMax, true);
  team_.members = Members(1000);
  Mobilise(v1::SHIFT_DAY, 100'000, 0);
  Mobilise(v1::SHIFT_NIGHT, 100'000, kMax);
  policy_.top_up = TopUpRule{0, 10'000, {}};
  team_.top_ups = {{Position(40), kOctober, kOctober, true, Date(), kMax}};
  const Result result = Ask();
  EXPECT_EQ(result.amount_vnd, kMax);
  EXPECT_EQ(result.top_up_vnd, 0);
  policy_.prorate_by_day = true;
  policy_.rounding = {1'000'000'000, RoundMode::kUp, {}};
  policy_.from = Date::Of(2023, 10, 31);
  EXPECT_EQ(Ask().amount_vnd, kMax);
}

TEST_F(AmountTest, TheBoundItselfIsPaid) {
  PayBy(AmountUnit::kTeamMonth, kMax, &policy_);
  EXPECT_EQ(Ask().amount_vnd, kMax);
  PayBy(AmountUnit::kTeamMonth, kMax - 1, &policy_);
  policy_.top_up = TopUpRule{kMax, 0, {}};
  team_.top_ups = {{Position(40), kOctober, kOctober, true, Date(), 2}};
  const Result result = Ask();
  EXPECT_EQ(result.amount_vnd, kMax);
  EXPECT_EQ(result.top_up_vnd, 1);
}

TEST_F(AmountTest, AYearUsedUpBeyondItsCapPaysNothing) {
  policy_.cap_year_vnd = 3'000'000;
  for (const std::int64_t used :
       {std::int64_t{3'000'000}, kMax, std::int64_t{INT64_MAX}}) {
    team_.year_used_vnd = used;
    EXPECT_EQ(Ask().amount_vnd, 0);
  }
}

}  // namespace
}  // namespace thon
