// Goal: the matchers that every other test trusts do fail when they should.
// Method: each is applied to a status of either side, and to a StatusOr.
#include "tests/support/status_matchers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace thon {
namespace {

using ::testing::EndsWith;
using ::testing::Gt;
using ::testing::Not;
using ::testing::Pointee;

const absl::Status kMissing = absl::NotFoundError("no unit 12");

TEST(StatusMatchersTest, IsOkTellsOkFromAnError) {
  EXPECT_THAT(absl::OkStatus(), IsOk());
  EXPECT_THAT(absl::StatusOr<int>(3), IsOk());
  EXPECT_THAT(kMissing, Not(IsOk()));
  EXPECT_THAT(absl::StatusOr<int>(kMissing), Not(IsOk()));
}

TEST(StatusMatchersTest, IsOkAndHoldsLooksAtTheValue) {
  EXPECT_THAT(absl::StatusOr<std::int64_t>(3), IsOkAndHolds(3));
  EXPECT_THAT(absl::StatusOr<int>(3), IsOkAndHolds(Gt(2)));
  EXPECT_THAT(absl::StatusOr<std::string>("tổ"), IsOkAndHolds("tổ"));
  EXPECT_THAT(absl::StatusOr<int>(3), Not(IsOkAndHolds(4)));
  EXPECT_THAT(absl::StatusOr<int>(kMissing), Not(IsOkAndHolds(3)));
  const absl::StatusOr<std::unique_ptr<int>> held = std::make_unique<int>(4);
  EXPECT_THAT(held, IsOkAndHolds(Pointee(4)));
}

TEST(StatusMatchersTest, StatusIsLooksAtTheCodeAndTheMessage) {
  EXPECT_THAT(kMissing, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(kMissing, StatusIs(absl::StatusCode::kNotFound, "unit"));
  EXPECT_THAT(kMissing, StatusIs(absl::StatusCode::kNotFound, EndsWith("12")));
  EXPECT_THAT(absl::StatusOr<int>(kMissing),
              StatusIs(absl::StatusCode::kNotFound, "unit 12"));
  EXPECT_THAT(kMissing, Not(StatusIs(absl::StatusCode::kInternal)));
  EXPECT_THAT(kMissing, Not(StatusIs(absl::StatusCode::kNotFound, "team")));
  EXPECT_THAT(kMissing,
              Not(StatusIs(absl::StatusCode::kNotFound, EndsWith("13"))));
}

TEST(StatusMatchersTest, AssertOkAndAssignMovesTheValueOut) {
  ASSERT_OK_AND_ASSIGN(
      const std::unique_ptr<int> moved,
      absl::StatusOr<std::unique_ptr<int>>(std::make_unique<int>(5)));
  EXPECT_EQ(*moved, 5);
}

}  // namespace
}  // namespace thon
