// Goal: every policy of deploy/policies is one that an official can publish:
// no error, no warning, each parameter with a source or an assumption, and sums
// that are the sources'. Method: the files themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/policy/award.h"
#include "server/policy/policy_check.h"
#include "server/policy/policy_diff.h"
#include "server/policy/policy_words.h"
#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using testing::Deployed;
using ::testing::HasSubstr;
using testing::MustParse;

std::vector<std::string> DeployedNames() {
  const std::filesystem::path root =
      absl::StrCat(THON_SOURCE_DIR, "/deploy/policies");
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() == ".yaml") {
      names.push_back(std::filesystem::relative(entry.path(), root).string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(DeployedTest, EveryFileIsThere) {
  EXPECT_THAT(DeployedNames(),
              ::testing::ElementsAre(
                  "dong-nai-draft-2024.yaml", "examples/binh-duong-2023.yaml",
                  "examples/da-nang-2024.yaml", "examples/da-nang-2026.yaml",
                  "ha-tinh-2024-2025.yaml", "hau-giang-2022.yaml",
                  "yen-bai-2023.yaml"));
}

TEST(DeployedTest, NoFileHasAnErrorOrAWarningAloneOrBesideTheOthers) {
  std::vector<PolicySource> sources;
  for (const std::string& name : DeployedNames()) {
    sources.push_back(ReadPolicySource(Deployed(name), name));
    EXPECT_TRUE(sources.back().parsed.ok()) << name;
  }
  for (const Finding& finding : CheckPolicies(sources)) {
    EXPECT_EQ(finding.severity, Severity::kAssumption)
        << FormatFinding(finding);
    EXPECT_THAT(finding.message.en,
                ::testing::Not(HasSubstr("no source is named")))
        << FormatFinding(finding);
  }
}

TEST(DeployedTest, EveryFileIsSaidInBothLanguages) {
  for (const std::string& name : DeployedNames()) {
    const std::string readme = Deployed("README.md");
    const Policy policy = MustParse(Deployed(name));
    EXPECT_THAT(readme, HasSubstr(policy.id));
    EXPECT_THAT(readme, HasSubstr(name));
    for (const PolicyStatement& statement : DescribePolicy(policy)) {
      EXPECT_FALSE(statement.text.vi.empty()) << name << statement.path;
      EXPECT_FALSE(statement.text.en.empty()) << name << statement.path;
      EXPECT_NE(statement.text.vi, statement.text.en);
      if (!statement.needs_basis) continue;
      EXPECT_FALSE(statement.basis.source.empty() &&
                   statement.basis.assumption.empty())
          << name << " " << statement.path;
    }
  }
}

TEST(DeployedTest, SumsAreTheSources) {
  const Policy yen_bai = MustParse(Deployed("yen-bai-2023.yaml"));
  EXPECT_EQ(*TeamTotal(yen_bai) * 771, 2'698'500'000);  // YB-07
  const Policy ha_tinh = MustParse(Deployed("ha-tinh-2024-2025.yaml"));
  EXPECT_EQ(TeamTotal(ha_tinh), 14'400'000);  // HT-04
  EXPECT_EQ(*TeamTotal(ha_tinh) * 1937, 27'892'800'000);
  // DN-02 is a forecast; the draft has no period and pays nothing.
  EXPECT_EQ(TeamTotal(MustParse(Deployed("dong-nai-draft-2024.yaml"))),
            std::nullopt);
}

TEST(DeployedTest, DongNaisAwardGivesThreeRanksToThePool) {
  const Policy policy = MustParse(Deployed("dong-nai-draft-2024.yaml"));
  ASSERT_TRUE(policy.award.has_value());  // DN-05, DN-06
  EXPECT_THAT(policy.award->rank_vnd,
              ::testing::ElementsAre(500'000'000, 400'000'000, 300'000'000));
  EXPECT_THAT(policy.award->pool,
              ::testing::ElementsAre(v1::ORGANISATION_KIND_DEPARTMENT,
                                     v1::ORGANISATION_KIND_DISTRICT_PC));
  EXPECT_TRUE(policy.award->tie_holds);
  EXPECT_EQ(policy.status, PolicyStatus::kDraft);
}

TEST(DeployedTest, WhatOnlyHasTargetsAndWhatIsADraftPaysNothing) {
  BeneficiaryFacts team = testing::GoodTeam();
  team.today = Date::Of(2026, 6, 30);
  team.unit_kind = v1::UNIT_KIND_AP;
  for (const char* name : {"hau-giang-2022.yaml", "dong-nai-draft-2024.yaml"}) {
    const Policy policy = MustParse(Deployed(name));
    team.counted.assign(policy.selectors.size(), {});
    team.with_held = team.counted;
    const Result result = Determine(policy, team, Month::Of(2022, 9));
    EXPECT_EQ(result.state, v1::DETERMINATION_STATE_NOT_COVERED) << name;
    EXPECT_EQ(result.amount_vnd, 0) << name;
  }
}

TEST(DeployedTest, DaNangsTopUpEndsAtTwiceTheAmount) {
  Policy policy = MustParse(Deployed("examples/da-nang-2026.yaml"));  // T33
  EXPECT_EQ(policy.status, PolicyStatus::kAdopted);
  EXPECT_EQ(TopUpMax(policy), 300'000);
  policy.status = PolicyStatus::kInForce;
  BeneficiaryFacts team = testing::GoodTeam();
  const Month month = Month::Of(2026, 3);
  team.today = month.last_day();
  team.fundings[0].first = team.fundings[0].last = month;
  team.top_ups = {
      {Position(9), month, month, true, month.first_day(), 300'001}};
  const Result result = Determine(policy, team, month);
  EXPECT_EQ(result.amount_vnd, 600'000);
  EXPECT_EQ(result.top_up_vnd, 300'000);
  team.other_support = {{"", Position(10), 1}};
  EXPECT_EQ(Determine(policy, team, month).reasons.front(),
            v1::REASON_CODE_DOUBLE_SUPPORT);
}

}  // namespace
}  // namespace thon
