// Goal: a derivation names what decided, its parameter, source and values, in
// both languages; and each state and reason has words. Method: one team per
// reason, and the derivation of its result.
#include "server/policy/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using ::testing::ElementsAre;
using testing::GoodTeam;
using ::testing::HasSubstr;
using testing::kOctober;
using testing::kSimplePolicy;
using testing::MustParse;
using testing::YenBaiText;

v1::Derivation Explain(const Policy& policy, const BeneficiaryFacts& facts,
                       Month month) {
  Trace trace;
  const Result result = Determine(policy, facts, month, &trace);
  return ToDerivation(policy, facts, month, result, trace);
}

const v1::Derivation* DecidingStep(const v1::Derivation& root) {
  const v1::Derivation* found = nullptr;
  for (const v1::Derivation& step : root.steps()) {
    if (step.deciding()) found = &step;
  }
  return found;
}

void ExpectWords(const v1::Derivation& step) {
  EXPECT_FALSE(step.text_vi().empty()) << step.rule();
  EXPECT_FALSE(step.text_en().empty()) << step.rule();
  EXPECT_NE(step.text_vi(), step.text_en());
  for (const v1::Derivation& below : step.steps()) ExpectWords(below);
}

TEST(ExplainTest, TheDecidingParameterIsNamedWithItsSource) {
  const Policy policy = MustParse(YenBaiText());
  BeneficiaryFacts team = GoodTeam();
  team.listings.clear();
  const v1::Derivation root = Explain(policy, team, kOctober);
  ExpectWords(root);
  EXPECT_EQ(root.reason(), v1::REASON_CODE_COMMUNE_NOT_REGISTERED);
  EXPECT_THAT(root.source(), HasSubstr("60/2022/NQ-HĐND"));
  const v1::Derivation* step = DecidingStep(root);
  ASSERT_NE(step, nullptr);
  EXPECT_EQ(step->rule(), "registration_list");
  EXPECT_EQ(step->source(), "894/QĐ-UBND");
  EXPECT_EQ(step->reason(), v1::REASON_CODE_COMMUNE_NOT_REGISTERED);
  EXPECT_THAT(step->positions(), ElementsAre(12));
  ASSERT_EQ(step->steps_size(), 1);
  EXPECT_EQ(step->steps(0).rule(), "registration_list.list_month");
  EXPECT_THAT(step->steps(0).assumption(), HasSubstr("cannot tell"));
}

TEST(ExplainTest, WhatIsPaidNamesTheAmountAndTheFundingDecision) {
  const v1::Derivation root =
      Explain(MustParse(YenBaiText()), GoodTeam(), Month::Of(2023, 7));
  ExpectWords(root);
  EXPECT_TRUE(root.holds());
  EXPECT_THAT(root.text_vi(),
              HasSubstr("tháng 7/2023: tạm tính, 500.000 đồng"));
  EXPECT_THAT(root.text_en(), HasSubstr("2023-07: PROVISIONAL, 500.000 đồng"));
  const v1::Derivation* step = DecidingStep(root);
  ASSERT_NE(step, nullptr);
  EXPECT_EQ(step->rule(), "funding.required");
  EXPECT_THAT(step->positions(), ElementsAre(13));
  ASSERT_EQ(step->steps_size(), 1);
  EXPECT_EQ(step->steps(0).reason(), v1::REASON_CODE_FUNDING_RETROACTIVE);
}

TEST(ExplainTest, AThresholdShowsItsValueAndWhatIsRequired) {
  const Policy policy = MustParse(absl::StrCat(
      kSimplePolicy,
      "conditions: {all: [{metric: M02, at_least: 4, source: Điều 3}]}\n"));
  BeneficiaryFacts team = GoodTeam();
  team.counted[Metric::kM02].numerator = 3;
  team.with_held = team.counted;
  const v1::Derivation root = Explain(policy, team, kOctober);
  ExpectWords(root);
  const v1::Derivation* group = DecidingStep(root);
  ASSERT_NE(group, nullptr);
  EXPECT_EQ(group->rule(), "conditions");
  ASSERT_EQ(group->steps_size(), 1);
  const v1::Derivation& leaf = group->steps(0);
  EXPECT_EQ(leaf.rule(), "conditions.all[0]");
  EXPECT_EQ(leaf.source(), "Điều 3");
  EXPECT_FALSE(leaf.holds());
  ASSERT_EQ(leaf.metrics_size(), 1);
  EXPECT_EQ(leaf.metrics(0).numerator(), 3);
  EXPECT_THAT(leaf.text_en(), HasSubstr("= 3, required at least 4"));
}

TEST(ExplainTest, EveryOutcomeHasWordsInBothLanguages) {
  const Policy policy = MustParse(YenBaiText());
  std::vector<BeneficiaryFacts> cases(9, GoodTeam());
  cases[0].kind = v1::BENEFICIARY_KIND_ORGANISATION;
  cases[1].level = v1::UNIT_LEVEL_COMMUNE;
  cases[2].unit_kind = v1::UNIT_KIND_AP;
  cases[3].territory = Territory::kOutside;
  cases[4].territory = Territory::kFormerlyInside;
  cases[5].suspensions = {{Date::Of(2023, 10, 2), Date::Of(2023, 10, 3)}};
  cases[6].suspensions = {{Date::Of(2023, 1, 2), kOpenEnd}};
  cases[7].fundings.clear();
  cases[8].placement_pending = true;
  for (const BeneficiaryFacts& facts : cases) {
    const v1::Derivation root = Explain(policy, facts, kOctober);
    ExpectWords(root);
    EXPECT_NE(DecidingStep(root), nullptr);
  }
  ExpectWords(Explain(policy, GoodTeam(), Month::Of(2024, 1)));
  BeneficiaryFacts early = GoodTeam();
  early.today = Date::Of(2023, 9, 30);
  ExpectWords(Explain(policy, early, kOctober));
}

TEST(ExplainTest, EveryReasonHasANameAndWords) {
  for (int i = v1::ReasonCode_MIN; i <= v1::ReasonCode_MAX; ++i) {
    if (!v1::ReasonCode_IsValid(i) || i == v1::REASON_CODE_UNSPECIFIED) {
      continue;
    }
    const auto reason = static_cast<v1::ReasonCode>(i);
    EXPECT_FALSE(ReasonName(reason).empty());
    EXPECT_FALSE(ReasonVietnamese(reason).empty()) << ReasonName(reason);
    EXPECT_FALSE(ReasonEnglish(reason).empty()) << ReasonName(reason);
  }
  EXPECT_EQ(ReasonName(v1::REASON_CODE_NOT_A_TEAM), "NOT_A_TEAM");
  EXPECT_EQ(StateName(v1::DETERMINATION_STATE_HELD), "HELD");
}

TEST(ExplainTest, TheRowHoldsWhatTheResultSays) {
  const Policy policy = MustParse(YenBaiText());
  const Result result = Determine(policy, GoodTeam(), Month::Of(2023, 7));
  const v1::Determination row = ToRow(policy, result, Position(10));
  EXPECT_EQ(row.state(), v1::DETERMINATION_STATE_PROVISIONAL);
  EXPECT_EQ(row.amount_vnd(), 500'000);
  EXPECT_EQ(row.policy_version(), 1);
  EXPECT_EQ(row.policy_position(), 10u);
  EXPECT_EQ(row.structure_position(), 11u);
  EXPECT_EQ(row.list_position(), 12u);
  EXPECT_EQ(row.funding_position(), 13u);
  EXPECT_EQ(row.purpose(), "CAPACITY_SUPPORT");
  ASSERT_EQ(row.metrics_size(), 1);
  EXPECT_EQ(row.metrics(0).metric(), "M06");
}

}  // namespace
}  // namespace thon
