// Goal: what is too much is refused before it is parsed, and nothing else is.
//
// Method: the scan is compared with what the parser makes of the same bytes,
// also of bytes turned at random; a batch of empty events is parsed on an arena
// whose size is looked at.

#include "server/core/repeated_scan.h"

#include <google/protobuf/arena.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "server/core/batch.h"
#include "server/core/limits.h"
#include "tests/support/seed.h"

namespace thon {
namespace {

std::string BatchOf(std::size_t events) {
  v1::Batch batch;
  batch.set_author(std::string(16, 'a'));
  batch.set_first_sequence(1);
  for (std::size_t i = 0; i < events; ++i) {
    batch.add_events()->set_sequence(i + 1);
  }
  return batch.SerializeAsString();
}

TEST(RepeatedScan, ABatchOfTooManyEventsIsRefusedBeforeItIsParsed) {
  std::string bytes = BatchOf(0);
  while (bytes.size() + 2 <= limits::kBatchBytesMax) {
    bytes.append("\x32\x00", 2);
  }
  google::protobuf::Arena arena;
  auto* batch = google::protobuf::Arena::CreateMessage<v1::Batch>(&arena);
  EXPECT_EQ(ParseBatch(bytes, batch), BatchFault::kTooLarge);
  EXPECT_LT(arena.SpaceAllocated(), 64u << 10);
}

TEST(RepeatedScan, AsManyEventsAsAllowedAreABatchAndOneMoreIsNot) {
  v1::Batch batch;
  EXPECT_EQ(ParseBatch(BatchOf(limits::kBatchEventsMax), &batch),
            BatchFault::kNone);
  EXPECT_EQ(ParseBatch(BatchOf(limits::kBatchEventsMax + 1), &batch),
            BatchFault::kTooLarge);
}

TEST(RepeatedScan, ItCountsWhatTheParserMakes) {
  std::mt19937_64 random(TestSeed());
  const std::string whole = BatchOf(20);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = whole;
    for (std::uint64_t turns = random() % 4; turns > 0; --turns) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    v1::Batch batch;
    if (!batch.ParseFromString(bytes)) continue;
    const auto events = static_cast<std::size_t>(batch.events_size());
    ASSERT_FALSE(HoldsMoreThan(bytes, v1::Batch::kEventsFieldNumber, events));
    if (events == 0) continue;
    ASSERT_TRUE(
        HoldsMoreThan(bytes, v1::Batch::kEventsFieldNumber, events - 1));
  }
}

}  // namespace
}  // namespace thon
