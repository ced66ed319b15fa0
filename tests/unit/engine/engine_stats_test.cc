// Goal: what the engine counts is what happened.
//
// Method: the counting parts by themselves with a clock of the test's; then a
// whole engine to which phones offer batches of each fate.

#include "server/engine/engine_stats.h"

#include <numeric>
#include <string>

#include "tests/unit/engine/engine_fixture.h"

namespace thon {
namespace {

constexpr std::uint64_t kBounds[] = {1, 10, 100};

TEST(StatHistogramTest, AValueIsCountedAtTheFirstBoundThatHoldsIt) {
  StatHistogram histogram(kBounds);
  for (const std::uint64_t value : {0, 1, 2, 10, 11, 100, 101, 5000}) {
    histogram.Observe(value);
  }
  const StatHistogram::Snapshot read = histogram.Read();
  EXPECT_EQ(read.counts, (std::vector<std::uint64_t>{2, 2, 2, 2}));
  EXPECT_EQ(read.count(), 8u);
  EXPECT_EQ(read.sum, 0u + 1 + 2 + 10 + 11 + 100 + 101 + 5000);
}

TEST(ProjectorLagTest, IsTheAgeOfTheOldestPositionThatRowsLack) {
  EngineStats stats;
  EXPECT_EQ(stats.LagMs(1'000), 0);
  stats.NoteDurable(Position(11), 1'000);
  stats.NoteDurable(Position(21), 3'000);
  EXPECT_EQ(stats.LagMs(5'000), 4'000);
  stats.NoteFolded(Position(9));  // Of the first group 10 is missing still.
  EXPECT_EQ(stats.LagMs(5'000), 4'000);
  stats.NoteFolded(Position(10));
  EXPECT_EQ(stats.LagMs(5'000), 2'000);
  stats.NoteFolded(Position(20));
  EXPECT_EQ(stats.LagMs(9'000), 0);
}

TEST(ProjectorLagTest, RowsThatWereThereFirstAreNoLag) {
  EngineStats stats;
  stats.NoteFolded(Position(10));
  stats.NoteDurable(Position(11), 1'000);
  EXPECT_EQ(stats.LagMs(9'000), 0);
}

TEST(ProjectorLagTest, ALongQueueIsKeptInLittleRoomAndItsAgeStaysTrue) {
  EngineStats stats;
  constexpr std::uint64_t kGroups = 100'000;
  for (std::uint64_t i = 1; i <= kGroups; ++i) {
    stats.NoteDurable(Position(i * 10 + 1), static_cast<std::int64_t>(i));
  }
  EXPECT_EQ(stats.LagMs(kGroups), static_cast<std::int64_t>(kGroups) - 1);
  // Half of it folded: the age is right to the resolution that is left.
  stats.NoteFolded(Position(kGroups / 2 * 10));
  const std::int64_t lag = stats.LagMs(kGroups);
  EXPECT_GE(lag, static_cast<std::int64_t>(kGroups / 2) - 1);
  EXPECT_LE(lag, static_cast<std::int64_t>(kGroups / 2 + kGroups / 100));
  stats.NoteFolded(Position(kGroups * 10));
  EXPECT_EQ(stats.LagMs(kGroups), 0);
}

class EngineStatsTest : public EngineTest {
 protected:
  EngineStatsTest() { Open(); }
};

TEST_F(EngineStatsTest, EveryFateOfABatchIsCounted) {
  Phone phone(1);
  Phone stranger(2);
  EnrolKey(phone);
  const EngineStats& stats = engine_->stats();
  const v1::SealedBatch first = phone.Next(3);
  EXPECT_EQ(Answer(phone, first).code(), v1::ANSWER_CODE_RECORDED);
  EXPECT_EQ(Answer(phone, first).code(), v1::ANSWER_CODE_DUPLICATE);
  EXPECT_EQ(Answer(phone, phone.Seal(1, Hash(), 3, "nơi khác")).code(),
            v1::ANSWER_CODE_FORKED);
  EXPECT_EQ(Answer(phone, phone.Seal(9, phone.previous(), 1, "x")).code(),
            v1::ANSWER_CODE_HOLE);
  EXPECT_EQ(Answer(stranger, stranger.Next(1)).code(), v1::ANSWER_CODE_REFUSED);

  EXPECT_EQ(stats.phone_batches, 1u);
  EXPECT_EQ(stats.phone_events, 3u);
  EXPECT_EQ(stats.phone_bytes, first.batch().size());
  for (const v1::AnswerCode code :
       {v1::ANSWER_CODE_RECORDED, v1::ANSWER_CODE_DUPLICATE,
        v1::ANSWER_CODE_FORKED, v1::ANSWER_CODE_HOLE,
        v1::ANSWER_CODE_REFUSED}) {
    EXPECT_EQ(stats.answers(code), 1u) << v1::AnswerCode_Name(code);
  }
  EXPECT_EQ(stats.refusals(v1::REFUSAL_REASON_UNKNOWN_AUTHOR), 1u);
  EXPECT_EQ(stats.refusals(v1::REFUSAL_REASON_BAD_SIGNATURE), 0u);
  EXPECT_EQ(stats.server_records, 1u);  // The enrolment.
  EXPECT_EQ(stats.disk_reserve_bytes, options_.disk_reserve_bytes);
}

TEST_F(EngineStatsTest, EachDurableGroupAndEachFoldIsMeasured) {
  Phone phone(1);
  EnrolKey(phone);
  const StatHistogram::Snapshot before = engine_->stats().fsync_us.Read();
  Answer(phone, phone.Next(5));
  AwaitAllRows();
  const StatHistogram::Snapshot after = engine_->stats().fsync_us.Read();
  EXPECT_EQ(after.count(), before.count() + 1);
  EXPECT_GT(after.sum, before.sum);
  EXPECT_EQ(engine_->stats().group_entries.Read().count(), after.count());
  // Every position was folded once, in however many steps.
  EXPECT_EQ(engine_->stats().fold_positions.Read().sum,
            engine_->log().end().next_position.value - 1);
  EXPECT_GE(engine_->stats().fold_us.Read().count(), 1u);
  EXPECT_EQ(engine_->stats().LagMs(INT64_MAX), 0);
}

TEST_F(EngineStatsTest, WhatIsTurnedAwayIsCountedByWhy) {
  Phone phone(1);
  EnrolKey(phone);
  file_system_->SetFreeSpace(1);
  Answered answered = Offer(phone, phone.Next(1)).Get();
  EXPECT_THAT(answered.status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(engine_->stats().turned_away(CommitState::kDiskLow), 1u);
  EXPECT_EQ(engine_->stats().phone_batches, 0u);
}

}  // namespace
}  // namespace thon
