// Goal: a policy in sentences leaves no parameter out, and the difference of
// two policies names what differs and nothing else. Method: a policy that sets
// everything, and one change of each parameter.
#include "server/policy/policy_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/policy/policy_diff.h"
#include "tests/unit/policy/rich_policy.h"

namespace thon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::PolicyChange;
using testing::PolicyChanges;
using testing::RichPolicy;
using ::testing::UnorderedElementsAreArray;

struct Told {
  std::string vi;
  std::string en;
};

// Everything that a reader is told.
Told Tell(const Policy& policy) {
  Told told;
  for (const PolicyStatement& statement : DescribePolicy(policy)) {
    const std::string basis =
        absl::StrCat(statement.basis.source, "|", statement.basis.assumption);
    absl::StrAppend(&told.vi, statement.text.vi, "|", basis, "\n");
    absl::StrAppend(&told.en, statement.text.en, "|", basis, "\n");
  }
  return told;
}

TEST(PolicyWordsTest, EveryParameterChangesTheSentencesOfBothLanguages) {
  const Told before = Tell(RichPolicy());
  for (const PolicyChange& change : PolicyChanges()) {
    Policy policy = RichPolicy();
    change.apply(&policy);
    const Told after = Tell(policy);
    EXPECT_NE(before.vi, after.vi) << change.name;
    EXPECT_NE(before.en, after.en) << change.name;
  }
}

TEST(PolicyWordsTest, EverySentenceSaysEveryFieldOfItsOwn) {
  for (const PolicyStatement& statement : DescribePolicy(RichPolicy())) {
    EXPECT_FALSE(statement.text.vi.empty()) << statement.path;
    EXPECT_FALSE(statement.text.en.empty()) << statement.path;
    EXPECT_FALSE(statement.path.empty());
  }
}

TEST(PolicyWordsTest, WhatNobodyNamedASourceForIsAssumed) {
  Policy policy = RichPolicy();
  policy.funding_basis = Basis();
  policy.late.basis.assumption = "nobody knows";
  std::vector<std::string> assumed;
  for (const PolicyStatement& statement : DescribePolicy(policy)) {
    if (statement.assumed()) assumed.push_back(statement.path);
  }
  EXPECT_THAT(assumed, ElementsAre("late_events", "funding"));
}

TEST(PolicyWordsTest, APolicyThatSetsLittleIsSaidToo) {
  Policy policy;
  policy.id = "D-1";
  policy.kinds = {v1::UNIT_KIND_AP};
  const Told told = Tell(policy);
  EXPECT_THAT(told.vi, HasSubstr("Chính sách không chi hỗ trợ."));
  EXPECT_THAT(told.en, HasSubstr("The policy has no period yet"));
  EXPECT_THAT(told.en, HasSubstr("There is no condition"));
}

TEST(PolicyDiffTest, APolicyDoesNotDifferFromItself) {
  EXPECT_THAT(DiffPolicies(RichPolicy(), RichPolicy()), IsEmpty());
  EXPECT_THAT(MoneyDifference(RichPolicy(), RichPolicy()), IsEmpty());
}

TEST(PolicyDiffTest, ExactlyTheParametersThatDifferAreNamed) {
  for (const PolicyChange& change : PolicyChanges()) {
    const Policy before = RichPolicy();
    Policy after = before;
    change.apply(&after);
    for (const bool forward : {true, false}) {
      const auto differences =
          forward ? DiffPolicies(before, after) : DiffPolicies(after, before);
      std::vector<std::string> named;
      for (const PolicyDifference& difference : differences) {
        named.push_back(difference.path);
        EXPECT_TRUE(difference.before.has_value() ||
                    difference.after.has_value());
        EXPECT_FALSE(difference.before == difference.after) << change.name;
      }
      // A group named otherwise has its children under other paths.
      if (change.name == "op" || change.name == "any_op") continue;
      EXPECT_THAT(named, UnorderedElementsAreArray(change.fields))
          << change.name;
    }
  }
}

TEST(PolicyDiffTest, PathsOfFieldsAreUnique) {
  std::set<std::string> paths;
  for (const PolicyStatement& statement : DescribePolicy(RichPolicy())) {
    for (const PolicyField& field : statement.fields) {
      EXPECT_TRUE(paths.insert(field.path).second) << field.path;
      EXPECT_FALSE(field.value.vi.empty()) << field.path;
      EXPECT_FALSE(field.value.en.empty()) << field.path;
    }
  }
}

Policy TeamMonths(std::int64_t vnd) {
  Policy policy;
  policy.has_period = true;
  policy.from = Date::Of(2024, 8, 10);
  policy.to = Date::Of(2025, 12, 31);
  AmountLine line;
  line.vnd = vnd;
  line.path = "amount";
  policy.amounts = {line};
  return policy;
}

TEST(PolicyDiffTest, AnotherAmountIsSaidInMoney) {
  const std::vector<Sentence> money =
      MoneyDifference(TeamMonths(500'000), TeamMonths(600'000));
  ASSERT_EQ(money.size(), 2u);
  EXPECT_THAT(money[0].vi,
              HasSubstr("500.000 đồng → 600.000 đồng (+100.000 đồng)"));
  // 17 months.
  EXPECT_THAT(money[1].en,
              HasSubstr("8.500.000 đồng → 10.200.000 đồng (+1.700.000 đồng)"));
}

TEST(PolicyDiffTest, ATeamsTotalMindsCapsAndMonths) {
  Policy policy = TeamMonths(700'000);
  policy.cap_year_vnd = 3'000'000;  // T28
  EXPECT_EQ(TeamTotal(policy), 6'000'000);
  policy.cap_year_vnd = 0;
  policy.partial_month_counts = false;
  EXPECT_EQ(TeamTotal(policy), 16 * 700'000);
  policy.cap_month_vnd = 650'000;
  EXPECT_EQ(TeamTotal(policy), 16 * 650'000);
  policy.amounts[0].unit = AmountUnit::kMemberMonth;
  EXPECT_EQ(TeamTotal(policy), std::nullopt);
}

}  // namespace
}  // namespace thon
