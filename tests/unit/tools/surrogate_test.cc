// Ids are a function of what they name, the same on every machine and in every
// version: files imported years apart must meet.
//
// Method: vectors computed by another program (Python's hashlib): the first 53
// bits of SHA-256 over the parts joined by newlines.
#include "tools/thon/surrogate.h"

#include <gtest/gtest.h>

#include "server/core/ids.h"

namespace thon::cli {
namespace {

TEST(SurrogateTest, IdsAreTheVectors) {
  const Date effective = Date::Of(2023, 4, 1);
  EXPECT_EQ(DeriveUnitId(v1::UNIT_LEVEL_PROVINCE, "15", effective),
            5228976516093805u);
  EXPECT_EQ(DeriveUnitId(v1::UNIT_LEVEL_COMMUNE, "04771", effective),
            3886350279854499u);
  EXPECT_EQ(DeriveVillageId(3886350279854499u, "Thôn Nà Xá"),
            2831814147636707u);
  EXPECT_EQ(DeriveTeamId(12, "Tổ công nghệ số cộng đồng thôn Nà Xá"),
            4456918082099474u);
  EXPECT_EQ(DeriveMemberId(7, "TV-01"), 2876307642316744u);
  EXPECT_EQ(DeriveOrganisationId(3, "Sở Nội vụ"), 3333392996678357u);
}

TEST(SurrogateTest, AnotherDayMakesAnotherUnit) {
  EXPECT_NE(DeriveUnitId(v1::UNIT_LEVEL_PROVINCE, "15", Date::Of(2023, 4, 1)),
            DeriveUnitId(v1::UNIT_LEVEL_PROVINCE, "15", Date::Of(2025, 7, 1)));
}

TEST(SurrogateTest, EveryIdIsASurrogate) {
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(IsSurrogateId(DeriveId({"x", std::to_string(i)})));
  }
}

}  // namespace
}  // namespace thon::cli
