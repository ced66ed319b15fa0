// Goal: the policy in deploy/ is the decision, parameter by parameter, and pays
// what the province paid. Method: the file itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using ::testing::ElementsAre;
using testing::GoodTeam;
using testing::MustParse;
using testing::Said;
using testing::YenBaiText;

TEST(YenBaiTest, EveryParameterIsTheDecisions) {
  const Policy policy = MustParse(YenBaiText());
  EXPECT_EQ(policy.id, "YB-2023");
  EXPECT_EQ(policy.version, 1);
  EXPECT_EQ(policy.status, PolicyStatus::kInForce);
  ASSERT_EQ(policy.documents.size(), 1u);
  EXPECT_EQ(policy.documents[0].number, "60/2022/NQ-HĐND");
  EXPECT_EQ(policy.documents[0].issued, Date::Of(2022, 12, 9));
  EXPECT_EQ(policy.from, Date::Of(2023, 6, 1));
  EXPECT_EQ(policy.to, Date::Of(2023, 12, 31));
  EXPECT_EQ(MonthCount(policy.first_month(), policy.last_month()), 7);  // YB-06
  EXPECT_EQ(policy.level, v1::UNIT_LEVEL_VILLAGE);
  EXPECT_THAT(policy.kinds, ElementsAre(v1::UNIT_KIND_THON, v1::UNIT_KIND_BAN,
                                        v1::UNIT_KIND_TO_DAN_PHO));
  ASSERT_TRUE(policy.list.has_value());
  EXPECT_EQ(policy.list->list_id, "894/QĐ-UBND");
  EXPECT_EQ(policy.list->year, 2023);
  EXPECT_THAT(policy.list->targets,
              ElementsAre(v1::REGISTRATION_TARGET_STANDARD,
                          v1::REGISTRATION_TARGET_ADVANCED));  // YB-17
  EXPECT_EQ(policy.list->list_month, ListMonth::kFirstFull);
  EXPECT_EQ(policy.exists_on, LookDay::kLastDay);
  EXPECT_EQ(policy.suspended_full, SuspensionEffect::kNoPay);
  EXPECT_EQ(policy.suspended_partly, SuspensionEffect::kHold);
  EXPECT_FALSE(policy.update_required);
  EXPECT_TRUE(policy.update_record_missing);
  EXPECT_EQ(policy.submit_deadline(Month::Of(2023, 6)), Date::Of(2023, 7, 6));
  EXPECT_FALSE(policy.conditions.has_value());
  ASSERT_EQ(policy.amounts.size(), 1u);
  EXPECT_EQ(policy.amounts[0].unit, AmountUnit::kTeamMonth);
  EXPECT_EQ(policy.amounts[0].vnd, 500'000);
  EXPECT_EQ(policy.amounts[0].purpose, "CAPACITY_SUPPORT");  // YB-18
  EXPECT_EQ(policy.cap_year_vnd, 0);
  EXPECT_TRUE(policy.funding_required);
}

TEST(YenBaiTest, EveryParameterHasASourceOrSaysThatItIsAssumed) {
  const PolicyText parsed = ParsePolicy(YenBaiText(), "yen-bai-2023.yaml");
  EXPECT_EQ(Said(parsed).find("no source is named"), std::string::npos)
      << Said(parsed);
  int assumptions = 0;
  for (const Finding& finding : parsed.findings) {
    EXPECT_EQ(finding.severity, Severity::kAssumption)
        << FormatFinding(finding);
    EXPECT_GT(finding.line, 0);
    ++assumptions;
  }
  EXPECT_GT(assumptions, 0);
}

TEST(YenBaiTest, TheSourcesSumIsSevenMonthsOf771Teams) {
  const Policy policy = MustParse(YenBaiText());
  BeneficiaryFacts team = GoodTeam();
  std::int64_t total = 0;
  int team_months = 0;
  for (int i = 0; i < 771; ++i) {
    for (Month month = Month::Of(2023, 1); month <= Month::Of(2023, 12);
         month = month.Next()) {
      const Result result = Determine(policy, team, month);
      total += result.amount_vnd;
      team_months += result.amount_vnd != 0 ? 1 : 0;
    }
  }
  EXPECT_EQ(team_months, 5'397);
  EXPECT_EQ(total, 2'698'500'000);
}

TEST(YenBaiTest, JulyAsKnownBeforeAndAfterTheFundingDecision) {
  const Policy policy = MustParse(YenBaiText());  // T16
  BeneficiaryFacts team = GoodTeam();
  const std::vector<FundingFact> decision = team.fundings;
  team.fundings.clear();
  team.today = Date::Of(2023, 9, 30);
  const Result before = Determine(policy, team, Month::Of(2023, 7));
  EXPECT_EQ(before.state, v1::DETERMINATION_STATE_COVERED_UNFUNDED);
  EXPECT_EQ(before.amount_vnd, 0);
  team.fundings = decision;
  team.today = Date::Of(2023, 10, 13);
  const Result after = Determine(policy, team, Month::Of(2023, 7));
  EXPECT_EQ(after.state, v1::DETERMINATION_STATE_PROVISIONAL);
  EXPECT_EQ(after.amount_vnd, 500'000);
}

}  // namespace
}  // namespace thon
