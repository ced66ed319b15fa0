// Goal: after a power cut rows are those of some entry before it, whole.
//
// Method: the row store runs on a file system that forgets what was not synced
// and dies at a random byte, also between the writes that one large entry is
// split into. Opened again, it must hold the rows as of its end and of every
// position before, and nothing beyond; then the same entries are folded again.
#include <gtest/gtest.h>

#include "server/core/limits.h"
#include "server/storage/row_store.h"
#include "tests/support/crashable_file_system.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/storage/log_builder.h"
#include "tests/unit/storage/row_model.h"

namespace thon {
namespace {

constexpr absl::string_view kSignature = "acts/1";

TEST(RowStoreCrashTest, RowsAfterAPowerCutAreThoseOfAnEntry) {
  std::mt19937_64 random = SeededRandom(1);
  for (int round = 0; round < 4; ++round) {
    const TemporaryDirectory directory("row_crash");
    const auto fs = std::make_shared<testing::CrashableFileSystem>();
    StorageOptions options = SmallOptions(directory.Sub("data"));
    // Odd rounds change the memtable at every write, even ones keep many writes
    // in one log: the memtable's filter and first block alone exceed 96 KiB.
    options.write_buffer_bytes = round % 2 == 1 ? 96u << 10 : 8u << 20;
    options.file_system = fs;
    RowModel model(random());
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<RowStore> store,
                         RowStore::Open(options, kSignature));
    for (int crash = 0; crash < 5; ++crash) {
      fs->PowerOffAfter(random() % 400'000);
      for (int i = 0; i < 40; ++i) {
        if (!store->Write(model.Next(1 + random() % 5, 2000)).ok()) break;
      }
      fs->PowerOff();
      store.reset();
      fs->LoseUnsynced(random);
      ASSERT_OK_AND_ASSIGN(store, RowStore::Open(options, kSignature));
      ASSERT_EQ(store->was_reset(), "")
          << "round " << round << ", crash " << crash;
      ASSERT_EQ(model.DifferenceFrom(*store, /*allow_shorter=*/true), "")
          << "round " << round << ", crash " << crash;
      model.CutTo(store->end());
    }
  }
}

TEST(RowStoreCrashTest, HalfOfALargeEntryIsNeverSeen) {
  std::mt19937_64 random = SeededRandom(2);
  int halves = 0;
  for (int round = 0; round < 4; ++round) {
    const TemporaryDirectory directory("row_half");
    const auto fs = std::make_shared<testing::CrashableFileSystem>();
    StorageOptions options = SmallOptions(directory.Sub("data"));
    options.write_buffer_bytes = 64u << 20;
    options.file_system = fs;
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<RowStore> store,
                         RowStore::Open(options, kSignature));
    RowStore::EntryRows first{EntryIndex(0), Position(3), {}};
    RowStore::EntryRows large{EntryIndex(1), Position(9), {}};
    const std::string value(32 * 1024, 'v');
    for (int i = 0; i < 800; ++i) {  // 25 MiB.
      const std::string key = std::to_string(1000 + i);
      first.versions.push_back({Table::kUnit, key, "old"});
      large.versions.push_back({Table::kUnit, key, value});
    }
    ASSERT_THAT(store->Write({first}), IsOk());
    // Behind the first of its writes, before the last.
    fs->PowerOffAfter(limits::kProjectorWriteBytesMax + random() % (12 << 20));
    ASSERT_FALSE(store->Write({large}).ok());
    EXPECT_EQ(store->end().position, Position(3));
    // The process dies; the machine lives, so the first writes are all there.
    fs->PowerOff();
    store.reset();
    fs->IgnoreSyncs(false);
    if (round % 2 == 0) {
      fs->LoseUnsynced(random);
    } else {
      const auto survived = std::make_shared<testing::CrashableFileSystem>();
      options.file_system = survived;
      ++halves;
    }
    ASSERT_OK_AND_ASSIGN(store, RowStore::Open(options, kSignature));
    if (store->end().position.value == 0) continue;  // Not even the first.
    ASSERT_EQ(store->end().position, Position(3));
    int rows = 0;
    store->At(Position(3))
        ->Scan(Table::kUnit, "", "",
               [&rows](absl::string_view, const RowVersion& row) {
                 EXPECT_EQ(row.value, "old");
                 ++rows;
                 return true;
               });
    EXPECT_EQ(rows, 800);
    // Folded again, to the same rows.
    ASSERT_THAT(store->Write({large}), IsOk());
    rows = 0;
    store->At(Position(9))
        ->Scan(Table::kUnit, "", "",
               [&](absl::string_view, const RowVersion& row) {
                 EXPECT_EQ(row.value, value);
                 EXPECT_EQ(row.position, Position(9));
                 ++rows;
                 return true;
               });
    EXPECT_EQ(rows, 800);
  }
  EXPECT_GT(halves, 0);
}

TEST(RowStoreCrashTest, PowerCutWhileEmptyingLeavesNoOldRow) {
  std::mt19937_64 random = SeededRandom(3);
  for (int round = 0; round < 12; ++round) {
    const TemporaryDirectory directory("row_empty_crash");
    const auto fs = std::make_shared<testing::CrashableFileSystem>();
    StorageOptions options = SmallOptions(directory.Sub("data"));
    options.file_system = fs;
    RowModel model(random());
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<RowStore> store,
                         RowStore::Open(options, kSignature));
    for (int i = 0; i < 5; ++i) {
      ASSERT_THAT(store->Write(model.Next(3)), IsOk());
    }
    fs->PowerOffAfter(random() % 3000);
    const bool emptied = store->Reset().ok();
    fs->PowerOff();
    store.reset();
    fs->LoseUnsynced(random);
    ASSERT_OK_AND_ASSIGN(store, RowStore::Open(options, kSignature));
    if (emptied) {
      EXPECT_EQ(store->end().position, Position(0));
    }
    if (store->end().position.value != 0) continue;
    model = RowModel(random());
    ASSERT_THAT(store->Write(model.Next(3)), IsOk());
    EXPECT_EQ(model.DifferenceFrom(*store), "");
  }
}

}  // namespace
}  // namespace thon
