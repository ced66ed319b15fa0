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
using testing::With;
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
  team.counted = team.with_held = {{3, 1}};
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

// Everything at once: an example of each rule that speaks of money.
Policy EveryRule() {
  return MustParse(With(
      absl::StrCat(
          With(std::string(kSimplePolicy),
               "amount: {per: team_month, vnd: 500000, source: S4}\n", ""),
          "amount:\n"
          "  - {per: member_month, vnd: 60.000, members_on: last_day_of_month, "
          "source: Điều 4}\n"
          "  - {per: person_day, vnd: 150.000, source: Điều 5}\n"
          "  - {per: person_night, vnd: 200.000, up_to: true, source: Điều 6}\n"
          "caps: {month_vnd: 900.000, year_vnd: 5.000.000, source: Điều 7}\n"
          "top_up: {total_max_vnd: 1.000.000, source: Điều 8}\n"
          "double_support: {rule: forbid, source: Điều 9}\n"
          "late_events: {effect: left_out, before_day: 9, source: Điều 10}\n"
          "team_template: {seats: [YOUTH, WOMEN], on: last_day_of_month, "
          "blocks_payment: false, source: Điều 11}\n"
          "monthly_update: {required: true, record_missing: true, "
          "submit_before_day: 6, confirm_before_day: 11, source: Điều 12}\n"),
      "version: 1", "version: 2"));
}

BeneficiaryFacts EveryFact() {
  BeneficiaryFacts team = GoodTeam();
  team.today = Date::Of(2024, 2, 1);
  team.members = {
      testing::Member(1, {v1::AFFILIATION_YOUTH_UNION}),
      testing::Member(2, {v1::AFFILIATION_RESIDENT}),
  };
  team.mobilisations = {
      {Position(41), Date::Of(2023, 10, 3), v1::SHIFT_DAY, 2, 0},
      {Position(42), Date::Of(2023, 10, 9), v1::SHIFT_DAY, 1, 0},
      {Position(43), Date::Of(2023, 10, 9), v1::SHIFT_NIGHT, 1, 250'000}};
  team.top_ups = {
      {Position(44), kOctober, kOctober, true, Date::Of(2023, 10, 1), 400'000}};
  team.late_left_out = 3;
  team.update_submitted = Date::Of(2023, 11, 2);
  team.update_confirmed = true;
  return team;
}

const v1::Derivation* Find(const v1::Derivation& root,
                           const std::string& rule) {
  if (root.rule() == rule) return &root;
  for (const v1::Derivation& step : root.steps()) {
    if (const v1::Derivation* found = Find(step, rule)) return found;
  }
  return nullptr;
}

TEST(ExplainTest, EveryDongIsFollowedToTheArticleThatGivesIt) {
  const v1::Derivation root = Explain(EveryRule(), EveryFact(), kOctober);
  ExpectWords(root);
  // 120,000 + 450,000 + 200,000 = 770,000; the top-up ends at 1,000,000.
  EXPECT_THAT(
      root.text_vi(),
      HasSubstr("tạm tính, 1.000.000 đồng (2 thành viên × 60.000 đồng "
                "+ 3 người-ngày × 150.000 đồng + 1 người-đêm × 200.000 "
                "đồng + xã hỗ trợ thêm 230.000 đồng = 1.000.000 đồng)"));
  EXPECT_THAT(root.text_en(), HasSubstr("2 members × 60.000 đồng"));
  const v1::Derivation* day = Find(root, "amount[1]");
  ASSERT_NE(day, nullptr);
  EXPECT_EQ(day->source(), "Điều 5");
  EXPECT_THAT(day->positions(), ElementsAre(41, 42));
  EXPECT_THAT(day->inputs(), ElementsAre("mobilisations"));
  EXPECT_THAT(day->text_en(),
              HasSubstr("3 person-days × 150.000 đồng = 450.000 đồng"));
  const v1::Derivation* night = Find(root, "amount[2]");
  ASSERT_NE(night, nullptr);
  EXPECT_THAT(night->text_vi(), HasSubstr("không quá 200.000 đồng"));
  const v1::Derivation* top_up = Find(root, "top_up");
  ASSERT_NE(top_up, nullptr);
  EXPECT_EQ(top_up->reason(), v1::REASON_CODE_TOP_UP_LIMITED);
  EXPECT_THAT(top_up->positions(), ElementsAre(44));
  EXPECT_THAT(top_up->text_vi(), HasSubstr("400.000 đồng, chỉ được 230.000"));
  const v1::Derivation* seats = Find(root, "team_template");
  ASSERT_NE(seats, nullptr);
  EXPECT_THAT(seats->text_vi(), HasSubstr("Thiếu: chi hội trưởng phụ nữ"));
  EXPECT_THAT(Find(root, "late_events")->text_en(),
              HasSubstr("3 activities came at or after 00:00 on 2023-11-09"));
  EXPECT_THAT(Find(root, "caps")->text_en(), HasSubstr("is within the caps"));
  EXPECT_THAT(Find(root, "monthly_update.record_missing")->text_en(),
              HasSubstr("handed in on 2023-11-02"));
}

TEST(ExplainTest, WhoPaysInsteadIsNamed) {
  BeneficiaryFacts team = EveryFact();
  team.other_support = {{"HT-2024", Position(), 600'000}};
  const v1::Derivation root = Explain(EveryRule(), team, kOctober);
  EXPECT_EQ(root.reason(), v1::REASON_CODE_DOUBLE_SUPPORT);
  EXPECT_THAT(root.text_vi(), HasSubstr("HT-2024"));
  EXPECT_THAT(Find(root, "double_support")->text_en(),
              HasSubstr("the month has: HT-2024 600.000 đồng"));
}

TEST(ExplainTest, ADecisionOfAHeldMonthIsAStepOfItsOwn) {
  const Policy policy = MustParse(YenBaiText());
  BeneficiaryFacts team = GoodTeam();
  team.suspensions = {{Date::Of(2023, 10, 2), Date::Of(2023, 10, 3)}};
  for (const bool pay : {true, false}) {
    team.decision = {Position(70), pay};
    const v1::Derivation root = Explain(policy, team, kOctober);
    ExpectWords(root);
    EXPECT_EQ(root.holds(), pay);
    bool found = false;
    for (const v1::Derivation& step : root.steps()) {
      if (step.positions_size() != 1 || step.positions(0) != 70) continue;
      found = true;
      EXPECT_EQ(step.holds(), pay);
      EXPECT_THAT(step.text_vi(),
                  HasSubstr(pay ? "quyết định chi" : "quyết định không chi"));
    }
    EXPECT_TRUE(found);
  }
}

TEST(ExplainTest, APartOfAMonthSaysItsDaysAndItsRounding) {
  const Policy policy = MustParse(absl::StrCat(
      With(std::string(kSimplePolicy), "to: 2023-12-31", "to: 2023-10-11"),
      "month_rule: {unit: whole_month, partial_month: counts, prorata: by_day, "
      "source: P}\nrounding: {to_vnd: 1000, mode: down, source: R}\n"));
  const v1::Derivation root = Explain(policy, GoodTeam(), kOctober);
  ExpectWords(root);
  // 500,000 x 11 / 31 = 177,419.3...
  EXPECT_THAT(root.text_vi(), HasSubstr("1 tổ × 500.000 đồng → 177.000 đồng"));
  EXPECT_THAT(Find(root, "month_rule.prorata")->text_en(),
              HasSubstr("11/31 days"));
  EXPECT_EQ(Find(root, "rounding")->source(), "R");
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
