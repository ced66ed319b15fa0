// Goal: the decisions of the provinces, as files, pay what the provinces say
// they pay. Method: the files of deploy/policies, and what a team of each gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using testing::Deployed;
using ::testing::ElementsAre;
using testing::GoodTeam;
using testing::Member;
using testing::Members;
using testing::MustParse;

constexpr auto kNotCovered = v1::DETERMINATION_STATE_NOT_COVERED;
constexpr auto kProvisional = v1::DETERMINATION_STATE_PROVISIONAL;

// A team that stands on a unit of the policy's first kind, on 31 December 2027,
// funded for ever.
BeneficiaryFacts TeamOf(const Policy& policy) {
  BeneficiaryFacts team = GoodTeam();
  team.today = Date::Of(2027, 12, 31);
  team.unit_kind = policy.kinds.front();
  team.level = policy.level;
  team.fundings[0].last = Month::Of(2027, 12);
  team.counted.assign(policy.selectors.size(), {0, 1});
  team.with_held = team.counted;
  return team;
}

std::int64_t Sum(const Policy& policy, BeneficiaryFacts team, Month first,
                 Month last) {
  std::int64_t sum = 0;
  for (Month month = first; month <= last; month = month.Next()) {
    if (month.month() == 1) team.year_used_vnd = 0;
    const Result result = Determine(policy, team, month);
    team.year_used_vnd += result.amount_vnd - result.top_up_vnd;
    sum += result.amount_vnd;
  }
  return sum;
}

TEST(ProvincesTest, EachProvincePaysItsAmountOrNothing) {
  struct Case {
    const char* file;
    Month month;
    v1::DeterminationState state;
    std::int64_t vnd;
    v1::ReasonCode reason;
  };
  for (const Case& one : {Case{"yen-bai-2023.yaml", Month::Of(2023, 10),
                               kProvisional, 500'000, v1::REASON_CODE_COVERED},
                          Case{"ha-tinh-2024-2025.yaml", Month::Of(2024, 10),
                               kProvisional, 600'000, v1::REASON_CODE_COVERED},
                          Case{"dong-nai-draft-2024.yaml", Month::Of(2024, 10),
                               kNotCovered, 0, v1::REASON_CODE_POLICY_DRAFT},
                          Case{"hau-giang-2022.yaml", Month::Of(2022, 10),
                               kNotCovered, 0, v1::REASON_CODE_NO_AMOUNT}}) {
    const Policy policy = MustParse(Deployed(one.file));
    const Result result = Determine(policy, TeamOf(policy), one.month);
    EXPECT_EQ(result.state, one.state) << one.file;
    EXPECT_EQ(result.amount_vnd, one.vnd) << one.file;
    EXPECT_EQ(result.reasons.front(), one.reason) << one.file;
  }
}

TEST(ProvincesTest, YenBaisSumsAreTheSources) {  // YB-05 to YB-07a
  const Policy policy = MustParse(Deployed("yen-bai-2023.yaml"));
  const BeneficiaryFacts team = TeamOf(policy);
  const Month june = Month::Of(2023, 6);
  const Month december = Month::Of(2023, 12);
  EXPECT_EQ(Sum(policy, team, june, june), 500'000);
  EXPECT_EQ(Sum(policy, team, june, december), 3'500'000);
  EXPECT_EQ(771 * Sum(policy, team, june, june), 385'500'000);
  EXPECT_EQ(771 * Sum(policy, team, june, Month::Of(2023, 9)), 1'542'000'000);
  EXPECT_EQ(771 * Sum(policy, team, Month::Of(2023, 10), december),
            1'156'500'000);
  EXPECT_EQ(771 * Sum(policy, team, Month::Of(2022, 1), Month::Of(2027, 12)),
            2'698'500'000);
}

TEST(ProvincesTest, HaTinhsSumsAreTheSources) {  // HT-03 to HT-05
  const Policy policy = MustParse(Deployed("ha-tinh-2024-2025.yaml"));
  const BeneficiaryFacts team = TeamOf(policy);
  EXPECT_EQ(MonthCount(policy.first_month(), policy.last_month()), 24);
  const Month first = Month::Of(2024, 1);
  EXPECT_EQ(Sum(policy, team, Month::Of(2023, 1), Month::Of(2027, 12)),
            14'400'000);
  EXPECT_EQ(1937 * Sum(policy, team, first, first), 1'162'200'000);
  EXPECT_EQ(1937 * Sum(policy, team, first, Month::Of(2024, 3)), 3'486'600'000);
  EXPECT_EQ(1937 * Sum(policy, team, first, Month::Of(2024, 12)),
            13'946'400'000);
  EXPECT_EQ(1937 * Sum(policy, team, first, Month::Of(2025, 12)),
            27'892'800'000);
  EXPECT_EQ(Determine(policy, team, Month::Of(2024, 2)).amount_vnd,
            600'000);  // T23
}

TEST(ProvincesTest, HaTinhsTeamOfTwoIsShownAndPaid) {  // HT-06, T18
  const Policy policy = MustParse(Deployed("ha-tinh-2024-2025.yaml"));
  BeneficiaryFacts team = TeamOf(policy);
  const Date left = Date::Of(2024, 9, 12);
  team.members = {
      Member(1, {v1::AFFILIATION_VILLAGE_HEAD}),
      Member(2, {v1::AFFILIATION_YOUTH_UNION}),
      Member(3, {v1::AFFILIATION_WOMENS_UNION}, Date::Of(2023, 1, 1), left)};
  EXPECT_THAT(Determine(policy, team, Month::Of(2024, 8)).reasons,
              ElementsAre(v1::REASON_CODE_COVERED));
  const Result september = Determine(policy, team, Month::Of(2024, 9));
  EXPECT_EQ(september.amount_vnd, 600'000);
  EXPECT_THAT(september.reasons,
              ElementsAre(v1::REASON_CODE_COVERED,
                          v1::REASON_CODE_TEMPLATE_INCOMPLETE));
  team.level = v1::UNIT_LEVEL_COMMUNE;  // HT-08
  EXPECT_EQ(Determine(policy, team, Month::Of(2024, 8)).reasons.front(),
            v1::REASON_CODE_LEVEL_NOT_COVERED);
}

TEST(ProvincesTest, DongNaisDraftPaysNoTeamAndAwardsThreeRanks) {
  const Policy policy = MustParse(Deployed("dong-nai-draft-2024.yaml"));
  ASSERT_EQ(policy.amounts.size(), 1u);
  EXPECT_EQ(policy.amounts[0].vnd, 1'500'000);      // DN-02
  EXPECT_TRUE(policy.documents[0].number.empty());  // DN-11
  const BeneficiaryFacts team = TeamOf(policy);
  EXPECT_EQ(Sum(policy, team, Month::Of(2024, 1), Month::Of(2027, 12)), 0);
  ASSERT_TRUE(policy.award.has_value());
  EXPECT_THAT(policy.award->pool,
              ElementsAre(v1::ORGANISATION_KIND_DEPARTMENT,
                          v1::ORGANISATION_KIND_DISTRICT_PC));
  EXPECT_THAT(policy.award->rank_vnd,
              ElementsAre(500'000'000, 400'000'000, 300'000'000));
  // What it would pay, were it in force (DN-02).
  Policy tried = policy;
  tried.status = PolicyStatus::kInForce;
  tried.has_period = true;
  tried.from = Date::Of(2024, 1, 1);
  tried.to = Date::Of(2024, 12, 31);
  EXPECT_EQ(1000 * Sum(tried, team, Month::Of(2024, 1), Month::Of(2024, 12)),
            18'000'000'000);
}

TEST(ProvincesTest, HauGiangsCampaignHasItsTargetsAndItsDays) {  // HG-02
  const Policy policy = MustParse(Deployed("hau-giang-2022.yaml"));
  EXPECT_EQ(policy.to.days - policy.from.days + 1, 192);
  EXPECT_TRUE(policy.one_team_per_unit);  // HG-04
  int without = 0;
  std::int64_t weights = 0;
  for (const Target& target : policy.targets) {
    without += target.has_target ? 0 : 1;
    weights += target.weight;
  }
  EXPECT_EQ(without, 3);  // HG-13
  EXPECT_EQ(weights, 100);
  EXPECT_EQ(policy.late.effect, LateEffect::kLeftOut);
}

TEST(ProvincesTest, BinhDuongPaysMembersDaysAndNights) {
  const Policy policy = MustParse(Deployed("examples/binh-duong-2023.yaml"));
  BeneficiaryFacts team = TeamOf(policy);
  team.members = Members(7);
  const Month month = policy.first_month().Next();
  EXPECT_EQ(Determine(policy, team, month).amount_vnd, 7 * 60'000);
  const Date day = month.first_day();
  team.mobilisations = {{Position(50), day, v1::SHIFT_DAY, 4, 0},
                        {Position(51), day, v1::SHIFT_NIGHT, 2, 180'000},
                        {Position(52), day, v1::SHIFT_NIGHT, 1, 200'001}};
  EXPECT_EQ(Determine(policy, team, month).amount_vnd,
            7 * 60'000 + 4 * 150'000 + 2 * 180'000 + 200'000);
}

TEST(ProvincesTest, DaNangsYearCapStopsTheYearAndBeginsAgain) {  // 2024
  const Policy policy = MustParse(Deployed("examples/da-nang-2024.yaml"));
  BeneficiaryFacts team = TeamOf(policy);
  EXPECT_EQ(policy.from, Date::Of(2024, 8, 10));
  EXPECT_EQ(policy.cap_year_vnd, 3'000'000);
  std::vector<std::int64_t> paid;
  for (Month month = Month::Of(2024, 7); month <= Month::Of(2025, 2);
       month = month.Next()) {
    if (month.month() == 1) team.year_used_vnd = 0;
    // Fourteen people on the 20th, at the full 50,000.
    team.mobilisations = {{Position(50), Date(month.first_day().days + 19),
                           v1::SHIFT_DAY, 14, 0}};
    paid.push_back(Determine(policy, team, month).amount_vnd);
    team.year_used_vnd += paid.back();
  }
  EXPECT_THAT(paid, ElementsAre(0, 700'000, 700'000, 700'000, 700'000, 200'000,
                                700'000, 700'000));  // T28's figures.
}

TEST(ProvincesTest, DaNangsCommunesMayDoubleTheAmountOnce) {  // 2026, T33
  Policy policy = MustParse(Deployed("examples/da-nang-2026.yaml"));
  policy.status = PolicyStatus::kInForce;
  BeneficiaryFacts team = TeamOf(policy);
  const Month month = Month::Of(2026, 3);
  EXPECT_EQ(Determine(policy, team, month).amount_vnd, 300'000);
  EXPECT_EQ(TopUpMax(policy), 300'000);
  team.top_ups = {
      {Position(60), month, month, false, month.first_day(), 300'000}};
  EXPECT_EQ(Determine(policy, team, month).amount_vnd, 600'000);
  team.top_ups[0].amount_vnd = 300'001;
  const Result limited = Determine(policy, team, month);
  EXPECT_EQ(limited.amount_vnd, 600'000);
  EXPECT_EQ(limited.reasons.back(), v1::REASON_CODE_TOP_UP_LIMITED);
  team.other_support = {{"", Position(61), 0}};
  EXPECT_EQ(Determine(policy, team, month).reasons.front(),
            v1::REASON_CODE_DOUBLE_SUPPORT);
}

}  // namespace
}  // namespace thon
