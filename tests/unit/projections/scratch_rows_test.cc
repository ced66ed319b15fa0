// Scratch rows read like rows that were written, and leave the base alone.
//
// Method: random writes go to scratch rows over a base and to plain rows that
// hold both; every read must agree. Rerun a failure with THON_SEED=<seed>.

#include "server/projections/scratch_rows.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/memory_rows.h"
#include "tests/support/seed.h"

namespace thon {
namespace {

using Found = std::vector<std::pair<std::string, std::string>>;

Found All(const RowReader& rows, absl::string_view prefix,
          absl::string_view start, std::size_t limit) {
  Found found;
  rows.Scan(Table::kUnit, prefix, start,
            [&](absl::string_view key, const RowVersion& row) {
              found.emplace_back(key, row.value);
              return found.size() < limit;
            });
  return found;
}

TEST(ScratchRows, ReadLikeRowsThatWereWritten) {
  std::mt19937_64 random = SeededRandom();
  const auto key = [&] {
    return std::string(1, static_cast<char>('a' + random() % 4)) +
           std::string(1, static_cast<char>('a' + random() % 8));
  };
  for (int round = 0; round < 50; ++round) {
    MemoryRows base;
    MemoryRows model;
    base.Begin(Position(1));
    model.Begin(Position(1));
    for (int i = 0; i < 20; ++i) {
      const std::string k = key();
      base.Put(Table::kUnit, k, "base");
      model.Put(Table::kUnit, k, "base");
    }
    base.Commit();
    const std::string before = base.Dump();
    ScratchRows scratch(&base, Position(2));
    for (int i = 0; i < 20; ++i) {
      const std::string k = key();
      if (random() % 3 == 0) {
        scratch.Delete(Table::kUnit, k);
        model.Delete(Table::kUnit, k);
      } else {
        scratch.Put(Table::kUnit, k, std::to_string(i));
        model.Put(Table::kUnit, k, std::to_string(i));
      }
      for (const char* prefix : {"", "a", "b", "bc"}) {
        const std::string start = random() % 2 == 0 ? "" : key();
        const std::size_t limit = 1 + random() % 40;
        ASSERT_EQ(All(scratch, prefix, start, limit),
                  All(model, prefix, start, limit));
      }
    }
    EXPECT_EQ(base.Dump(), before);
    base.Begin(Position(2));
    scratch.CopyTo(base);
    base.Commit();
    EXPECT_EQ(All(base, "", "", 1000), All(model, "", "", 1000));
  }
}

TEST(ScratchRows, KnowWhatChangedAndSinceWhen) {
  MemoryRows base;
  base.Begin(Position(5));
  base.Put(Table::kUnit, "a", "1");
  base.Put(Table::kUnit, "b", "1");
  base.Commit();
  ScratchRows scratch(&base, Position(9));
  scratch.Put(Table::kUnit, "a", "1");  // The same bytes.
  scratch.Put(Table::kUnit, "c", "1");
  scratch.Delete(Table::kUnit, "b");
  scratch.Delete(Table::kUnit, "z");  // Was not there.
  EXPECT_EQ(scratch.Changed(Table::kUnit),
            (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(scratch.Get(Table::kUnit, "a")->position, Position(5));
  EXPECT_EQ(scratch.Get(Table::kUnit, "c")->position, Position(9));
  EXPECT_FALSE(scratch.Get(Table::kUnit, "b").has_value());
}

}  // namespace
}  // namespace thon
