// Goal: what holds of every policy and every set of facts. Method: policies and
// facts at random from one seed; rerun with THON_SEED.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/support/seed.h"
#include "tests/unit/policy/policy_fixture.h"
#include "tests/unit/policy/random_case.h"

namespace thon {
namespace {

using testing::GoodTeam;
using testing::kOctober;
using testing::kSimplePolicy;
using testing::MakeRandomCase;
using testing::MustParse;
using testing::RandomCase;

constexpr int kRounds = 3000;

bool Paid(const Result& result) {
  return result.state == v1::DETERMINATION_STATE_PROVISIONAL;
}

TEST(RandomDetermineTest, MoneyIsOwedOnlyIfProvisionalAndWithinTheBound) {
  std::mt19937_64 random = SeededRandom(1);
  int paid = 0;
  for (int round = 0; round < kRounds; ++round) {
    const RandomCase one = MakeRandomCase(&random);
    const Result result = Determine(one.policy, one.facts, one.month);
    ASSERT_GE(result.amount_vnd, result.top_up_vnd);
    ASSERT_GE(result.top_up_vnd, 0);
    ASSERT_LE(result.amount_vnd, limits::kMoneyMax);
    if (!Paid(result)) {
      ASSERT_EQ(result.amount_vnd, 0);
      ASSERT_TRUE(result.parts.empty());
    }
    if (one.policy.cap_month_vnd != 0) {
      ASSERT_LE(result.amount_vnd - result.top_up_vnd,
                one.policy.cap_month_vnd);
    }
    paid += Paid(result) ? 1 : 0;
  }
  EXPECT_GT(paid, kRounds / 50);  // The cases reach the money at all.
}

TEST(RandomDetermineTest, ATraceChangesNothingAndOneStepDecides) {
  std::mt19937_64 random = SeededRandom(2);
  for (int round = 0; round < kRounds; ++round) {
    const RandomCase one = MakeRandomCase(&random);
    Trace trace;
    const Result result = Determine(one.policy, one.facts, one.month, &trace);
    ASSERT_EQ(Determine(one.policy, one.facts, one.month), result);
    int deciding = 0;
    for (const TraceStep& step : trace.steps) deciding += step.deciding ? 1 : 0;
    ASSERT_EQ(deciding, 1);
  }
}

TEST(RandomDetermineTest, TheOrderOfListsThatHaveNoneDoesNotMatter) {
  std::mt19937_64 random = SeededRandom(3);
  for (int round = 0; round < kRounds; ++round) {
    RandomCase one = MakeRandomCase(&random);
    const Result result = Determine(one.policy, one.facts, one.month);
    std::shuffle(one.facts.members.begin(), one.facts.members.end(), random);
    std::shuffle(one.facts.listings.begin(), one.facts.listings.end(), random);
    std::shuffle(one.policy.kinds.begin(), one.policy.kinds.end(), random);
    for (MemberFact& member : one.facts.members) {
      std::shuffle(member.affiliations.begin(), member.affiliations.end(),
                   random);
    }
    ASSERT_EQ(Determine(one.policy, one.facts, one.month), result);
  }
}

// Conditions with at_least only, in all and any.
std::string RandomConditions(std::mt19937_64* random, int depth) {
  static constexpr const char* kMetrics[] = {"M01", "M02", "M03", "M09"};
  if (depth == 0 || (*random)() % 3 == 0) {
    return absl::StrCat("{metric: ", kMetrics[(*random)() % 4],
                        ", at_least: ", 1 + (*random)() % 9, ", source: S}");
  }
  std::string list;
  for (std::uint64_t i = 1 + (*random)() % 3; i > 0; --i) {
    absl::StrAppend(&list, list.empty() ? "" : ", ",
                    RandomConditions(random, depth - 1));
  }
  return absl::StrCat("{", (*random)() % 2 == 0 ? "all" : "any", ": [", list,
                      "]}");
}

struct Changes {
  int parsed = 0;
  int raised = 0;
  int lowered = 0;
};

// What more activity does to months under random conditions, written between
// `before` and `after`.
Changes WithMoreActivity(absl::string_view before, absl::string_view after,
                         std::mt19937_64* random) {
  Changes changes;
  for (int round = 0; round < kRounds; ++round) {
    const PolicyText text =
        ParsePolicy(absl::StrCat(kSimplePolicy, "conditions: ", before,
                                 RandomConditions(random, 3), after, "\n"),
                    "random.yaml");
    if (!text.ok()) continue;  // The same condition twice.
    ++changes.parsed;
    BeneficiaryFacts team = GoodTeam();
    for (std::size_t i = 0; i < text.policy.selectors.size(); ++i) {
      team.counted.push_back({static_cast<std::int64_t>((*random)() % 11), 1});
    }
    team.with_held = team.counted;
    const Result less = Determine(text.policy, team, kOctober);
    MetricNumber& more = team.counted[(*random)() % team.counted.size()];
    more.numerator += static_cast<std::int64_t>((*random)() % 5);
    team.with_held = team.counted;
    const Result result = Determine(text.policy, team, kOctober);
    changes.raised += result.amount_vnd > less.amount_vnd ? 1 : 0;
    changes.lowered +=
        result.state < less.state || result.amount_vnd < less.amount_vnd ? 1
                                                                         : 0;
  }
  return changes;
}

TEST(RandomDetermineTest, MoreActivityNeverLowersAMonth) {
  std::mt19937_64 random = SeededRandom(4);
  const Changes changes = WithMoreActivity("", "", &random);
  EXPECT_EQ(changes.lowered, 0);
  EXPECT_GT(changes.raised, 0);
  EXPECT_GT(changes.parsed, kRounds / 2);
}

TEST(RandomDetermineTest, MoreActivityThatMustLowerAMonthIsSeen) {
  std::mt19937_64 random = SeededRandom(5);
  const Changes changes = WithMoreActivity("{none: [", "]}", &random);
  EXPECT_GT(changes.lowered, 0);
  EXPECT_EQ(changes.raised, 0);
}

}  // namespace
}  // namespace thon
