// Goal: ids keep their promises of range, size and order.
// Method: the values at each boundary.
#include "server/core/ids.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

namespace thon {
namespace {

static_assert(!std::is_convertible_v<Position, EntryIndex>);
static_assert(!std::is_constructible_v<UnitId, TeamId>);
static_assert(!std::is_convertible_v<std::uint64_t, Position>);

TEST(IdsTest, NumbersAreOrderedAndFollowEachOther) {
  EXPECT_EQ(Position(7).Next(), Position(8));
  EXPECT_LT(Position(7), Position(8));
  EXPECT_EQ(Position(), Position(0));
}

TEST(IdsTest, SurrogateIdsFitADoubleExactly) {
  EXPECT_FALSE(IsSurrogateId(0));
  EXPECT_TRUE(IsSurrogateId(1));
  EXPECT_TRUE(IsSurrogateId(9007199254740991));
  EXPECT_FALSE(IsSurrogateId(9007199254740992));
  EXPECT_FALSE(IsSurrogateId(~std::uint64_t{0}));
}

TEST(IdsTest, AuthorIdIsSixteenBytes) {
  AuthorId id;
  ASSERT_TRUE(AuthorId::FromBytes("0123456789abcdef", &id));
  EXPECT_EQ(id.view(), "0123456789abcdef");
  EXPECT_EQ(id.Hex(), "30313233343536373839616263646566");
  const AuthorId before = id;
  EXPECT_FALSE(AuthorId::FromBytes("0123456789abcde", &id));
  EXPECT_FALSE(AuthorId::FromBytes("0123456789abcdefg", &id));
  EXPECT_FALSE(AuthorId::FromBytes("", &id));
  EXPECT_EQ(id, before);
}

TEST(IdsTest, AuthorIdsAreOrderedAsUnsignedBytes) {
  AuthorId low;
  AuthorId high;
  low.bytes[0] = 0x7f;
  high.bytes[0] = 0x80;
  EXPECT_LT(low, high);
}

}  // namespace
}  // namespace thon
