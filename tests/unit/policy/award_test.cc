// Goal: an award table pays each rank once, a tie at a paid rank waits for a
// person, and the table's sum is never passed. Method: Đồng Nai's table,
// and random ranks; rerun with THON_SEED.
#include "server/policy/award.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/seed.h"

namespace thon {
namespace {

constexpr auto kDepartment = v1::ORGANISATION_KIND_DEPARTMENT;
constexpr auto kDistrict = v1::ORGANISATION_KIND_DISTRICT_PC;

AwardRule DongNai() {
  AwardRule rule;
  rule.pool = {kDepartment, kDistrict};
  rule.rank_vnd = {500'000'000, 400'000'000, 300'000'000};
  return rule;
}

// Units with these ranks; every second one is a district.
std::vector<RankedUnit> Ranked(const std::vector<int>& ranks) {
  std::vector<RankedUnit> units;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    units.push_back({OrganisationId(i + 1),
                     i % 2 == 0 ? kDepartment : kDistrict, ranks[i]});
  }
  return units;
}

struct Paid {
  std::int64_t sum = 0;
  int held = 0;
};
Paid PaidFor(const std::vector<Award>& awards) {
  Paid paid;
  for (const Award& award : awards) {
    paid.sum += award.amount_vnd;
    paid.held += award.held ? 1 : 0;
    EXPECT_TRUE(!award.held || award.amount_vnd == 0);
  }
  return paid;
}

TEST(AwardTest, ThreeRanksOfOnePoolArePaidHighToLow) {  // DN-05, DN-06
  const std::vector<Award> awards = AwardsFor(DongNai(), Ranked({3, 1, 4, 2}));
  ASSERT_EQ(awards.size(), 4u);
  EXPECT_EQ(awards[0].amount_vnd, 300'000'000);
  EXPECT_EQ(awards[1].amount_vnd, 500'000'000);
  EXPECT_EQ(awards[2].amount_vnd, 0);
  EXPECT_EQ(awards[3].amount_vnd, 400'000'000);
  EXPECT_EQ(PaidFor(awards).sum, 1'200'000'000);
}

TEST(AwardTest, ATieAtTheLastPaidRankIsHeld) {  // T29
  const Paid paid = PaidFor(AwardsFor(DongNai(), Ranked({1, 2, 3, 3})));
  EXPECT_EQ(paid.sum, 900'000'000);
  EXPECT_EQ(paid.held, 2);
}

TEST(AwardTest, ATieIsHeldWhereverItTouchesAPaidRank) {
  EXPECT_EQ(PaidFor(AwardsFor(DongNai(), Ranked({1, 1, 3, 4}))).sum,
            300'000'000);
  EXPECT_EQ(PaidFor(AwardsFor(DongNai(), Ranked({1, 2, 2, 4}))).sum,
            500'000'000);
  EXPECT_EQ(PaidFor(AwardsFor(DongNai(), Ranked({1, 1, 1, 1}))).held, 4);
  const Paid behind = PaidFor(AwardsFor(DongNai(), Ranked({1, 2, 3, 4, 4})));
  EXPECT_EQ(behind.sum, 1'200'000'000);
  EXPECT_EQ(behind.held, 0);
}

TEST(AwardTest, ThoseWhoTieShareWhatTheirPlacesAreWorthIfTheRuleSaysSo) {
  AwardRule rule = DongNai();
  rule.tie_holds = false;
  const std::vector<Award> awards = AwardsFor(rule, Ranked({1, 2, 2, 2}));
  EXPECT_EQ(awards[0].amount_vnd, 500'000'000);
  EXPECT_EQ(awards[1].amount_vnd, 233'333'333);  // 700 / 3 million.
  EXPECT_EQ(awards[3].amount_vnd, 233'333'333);
  EXPECT_EQ(PaidFor(awards).held, 0);
}

TEST(AwardTest, WhoIsNotInThePoolGetsNothingAndTakesNoPlace) {
  std::vector<RankedUnit> units = Ranked({1, 2, 3});
  units.push_back({OrganisationId(9), v1::ORGANISATION_KIND_COMMUNE_PC, 1});
  const std::vector<Award> awards = AwardsFor(DongNai(), units);
  ASSERT_EQ(awards.size(), 3u);
  EXPECT_EQ(PaidFor(awards).sum, 1'200'000'000);
}

TEST(AwardTest, NobodyIsNothing) {
  EXPECT_TRUE(AwardsFor(DongNai(), {}).empty());
  EXPECT_EQ(PaidFor(AwardsFor(DongNai(), Ranked({2}))).sum, 500'000'000);
}

TEST(AwardTest, TheSumNeverPassesTheTables) {  // T29
  std::mt19937_64 random = SeededRandom();
  const auto between = [&](std::uint64_t low, std::uint64_t high) {
    return low + random() % (high - low + 1);
  };
  for (int round = 0; round < 2000; ++round) {
    AwardRule rule = DongNai();
    rule.tie_holds = between(0, 1) == 0;
    std::vector<int> ranks;
    for (std::uint64_t i = between(0, 8); i > 0; --i) {
      ranks.push_back(static_cast<int>(between(1, 5)));
    }
    ASSERT_LE(PaidFor(AwardsFor(rule, Ranked(ranks))).sum, 1'200'000'000);
  }
}

}  // namespace
}  // namespace thon
