// Goal: rows as of every position are the rows of the model as of it.
// Method: random writes to a store and to a std::map, with keys that are
// prefixes of each other and hold 0x00; compared by Get and Scan at every
// position, before and after a restart. Then what Open() must refuse or empty.
#include "server/storage/row_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "tests/support/log_surgeon.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/storage/log_builder.h"
#include "tests/unit/storage/row_model.h"

namespace thon {
namespace {

using absl::StatusCode;

constexpr absl::string_view kSignature = "acts/1 units/1";

class RowStoreTest : public ::testing::Test {
 protected:
  void Open(absl::string_view signature = kSignature) {
    store_.reset();
    absl::StatusOr<std::unique_ptr<RowStore>> store =
        RowStore::Open(options_, signature);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  void Write(std::size_t entries) {
    ASSERT_THAT(store_->Write(model_.Next(entries)), IsOk());
  }
  void ExpectEmpty() {
    EXPECT_EQ(store_->end().position, Position(0));
    EXPECT_EQ(store_->end().next_entry, EntryIndex(0));
    store_->At(Position(0))
        ->Scan(Table::kUnit, "", "", [](absl::string_view, const RowVersion&) {
          ADD_FAILURE() << "a row in an empty store";
          return true;
        });
  }

  TemporaryDirectory directory_{"row_store"};
  StorageOptions options_ = SmallOptions(directory_.Sub("data"));
  RowModel model_{TestSeed()};
  std::unique_ptr<RowStore> store_;
};

TEST_F(RowStoreTest, RowsAsOfEveryPositionAreTheModels) {
  Open();
  for (int i = 0; i < 30; ++i) Write(1 + static_cast<std::size_t>(i) % 4);
  EXPECT_EQ(model_.DifferenceFrom(*store_), "");
  Open();
  EXPECT_EQ(store_->was_reset(), "");
  EXPECT_EQ(model_.DifferenceFrom(*store_), "");
  Write(3);
  ASSERT_THAT(store_->CompactedBytes(), IsOk());
  EXPECT_EQ(model_.DifferenceFrom(*store_), "");
}

TEST_F(RowStoreTest, ScanAgreesForEveryPrefixAndStart) {
  Open();
  for (int i = 0; i < 20; ++i) Write(2);
  for (const std::string& prefix : model_.keys()) {
    for (const std::string& start : model_.keys()) {
      ASSERT_EQ(model_.ScanDifference(*store_, model_.end().position,
                                      Table::kTeam, prefix, start),
                "");
    }
  }
}

TEST_F(RowStoreTest, EveryVersionOfARowIsToldWhereItBeganAndEnded) {
  Open();
  using Version = std::pair<Position, std::optional<std::string>>;
  std::map<std::pair<Table, std::string>, std::vector<Version>> written;
  Position last;
  for (int i = 0; i < 30; ++i) {
    const std::vector<RowStore::EntryRows> entries = model_.Next(3);
    for (const RowStore::EntryRows& entry : entries) {
      last = entry.position;
      for (const NewRowVersion& version : entry.versions) {
        written[{version.table, version.key}].emplace_back(entry.position,
                                                           version.value);
      }
    }
    ASSERT_THAT(store_->Write(entries), IsOk());
  }
  std::mt19937_64 random = SeededRandom();
  int removed = 0;
  for (const auto& [row, versions] : written) {
    const Position at(random() % (last.value + 1));
    const Position after(random() % (at.value + 1));
    std::vector<Version> wanted;  // The newest first.
    for (auto it = versions.rbegin(); it != versions.rend(); ++it) {
      if (it->first > at || it->first <= after) continue;
      wanted.push_back(*it);
      removed += it->second.has_value() ? 0 : 1;
    }
    const std::unique_ptr<RowReader> reader = store_->At(at);
    const auto* const history = dynamic_cast<const RowHistory*>(reader.get());
    ASSERT_NE(history, nullptr);
    std::vector<Version> told;
    history->Versions(
        row.first, row.second, after,
        [&](Position position, const std::optional<std::string>& value) {
          told.emplace_back(position, value);
          return true;
        });
    EXPECT_EQ(told, wanted);
    int visited = 0;
    history->Versions(row.first, row.second, after,
                      [&](Position, const std::optional<std::string>&) {
                        return ++visited < 2;
                      });
    EXPECT_EQ(visited, std::min<int>(2, static_cast<int>(wanted.size())));
  }
  EXPECT_GT(removed, 0) << "the model must remove rows";
}

TEST_F(RowStoreTest, ReaderSeesNothingOfWhatIsWrittenLater) {
  Open();
  for (int i = 0; i < 5; ++i) Write(2);
  const RowModel then = model_;
  const std::unique_ptr<RowReader> reader = store_->At(store_->end().position);
  for (int i = 0; i < 5; ++i) Write(2);
  EXPECT_EQ(then.ReaderDifference(*reader, then.end().position), "");
}

TEST_F(RowStoreTest, VisitorMayReadAndStop) {
  Open();
  for (int i = 0; i < 10; ++i) Write(3);
  const std::unique_ptr<RowReader> reader = store_->At(store_->end().position);
  int outer = 0;
  reader->Scan(
      Table::kTeam, "", "", [&](absl::string_view key, const RowVersion& row) {
        const std::optional<RowVersion> same = reader->Get(Table::kTeam, key);
        EXPECT_TRUE(same.has_value() && same->value == row.value &&
                    same->position == row.position);
        int inner = 0;
        reader->Scan(Table::kTeam, key, "",
                     [&inner](absl::string_view, const RowVersion&) {
                       return ++inner < 2;
                     });
        EXPECT_GE(inner, 1);
        return ++outer < 3;
      });
  EXPECT_LE(outer, 3);
}

TEST_F(RowStoreTest, LargeWriteArrivesWhole) {
  Open();
  RowStore::EntryRows entry{EntryIndex(0), Position(7), {}};
  const std::string value(64 * 1024, 'v');
  for (int i = 0; i < 400; ++i) {  // 25 MiB: several writes.
    entry.versions.push_back({Table::kUnit, std::to_string(1000 + i), value});
  }
  ASSERT_GT(400 * value.size(), 3 * limits::kProjectorWriteBytesMax);
  ASSERT_THAT(store_->Write({entry}), IsOk());
  Open();
  EXPECT_EQ(store_->end().position, Position(7));
  EXPECT_EQ(store_->end().next_entry, EntryIndex(1));
  int rows = 0;
  store_->At(Position(7))
      ->Scan(Table::kUnit, "", "",
             [&](absl::string_view, const RowVersion& row) {
               EXPECT_EQ(row.value.size(), value.size());
               ++rows;
               return true;
             });
  EXPECT_EQ(rows, 400);
}

TEST_F(RowStoreTest, OtherSignatureEmptiesTheStore) {
  Open();
  Write(5);
  Open("acts/2 units/1");
  EXPECT_NE(store_->was_reset(), "");
  ExpectEmpty();
  Open("acts/2 units/1");
  EXPECT_EQ(store_->was_reset(), "");
}

TEST_F(RowStoreTest, ResetEmptiesTheStoreAndItGoesOn) {
  Open();
  Write(5);
  ASSERT_THAT(store_->Reset(), IsOk());
  ExpectEmpty();
  model_ = RowModel(TestSeed() + 1);
  Write(5);
  EXPECT_EQ(model_.DifferenceFrom(*store_), "");
}

TEST_F(RowStoreTest, DamagedStoreIsEmptied) {
  Open();
  Write(5);
  store_.reset();
  const std::string rows = directory_.Sub("data/rows");
  // No CURRENT; half a MANIFEST; the store's own record gone; a reader's mark.
  std::filesystem::remove(rows + "/CURRENT");
  Open();
  ExpectEmpty();
  model_ = RowModel(TestSeed());
  Write(5);
  store_.reset();
  testing::WriteWhole(rows + "/CURRENT", "MANIFEST-999999\n");
  Open();
  EXPECT_NE(store_->was_reset(), "");
  ExpectEmpty();
  model_ = RowModel(TestSeed());
  Write(5);
  store_.reset();
  testing::LogSurgeon(rows).Delete("default", absl::string_view("\0state", 6));
  Open();
  EXPECT_NE(store_->was_reset(), "");
  ExpectEmpty();
  model_ = RowModel(TestSeed());
  Write(5);
  store_.reset();
  testing::WriteWhole(rows + "/DAMAGED", "");
  Open();
  EXPECT_NE(store_->was_reset(), "");
  ExpectEmpty();
}

// A reader that meets damage stops the process; the next start builds anew. The
// death test runs in a program of its own, which does all of this again in the
// same directory.
TEST(RowStoreDeathTest, ReaderThatMeetsDamageStopsAndTheNextStartEmpties) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const int parent =
      ::testing::internal::InDeathTestChild() ? getppid() : getpid();
  const std::string data =
      absl::StrCat(::testing::TempDir(), "/thon_row_death_", parent);
  std::filesystem::remove_all(data);
  StorageOptions options = SmallOptions(data);
  options.write_buffer_bytes = 64u << 20;  // No flush but the surgeon's.
  RowModel model(1);
  {
    // Long values: many blocks.
    ASSERT_OK_AND_ASSIGN(const std::unique_ptr<RowStore> store,
                         RowStore::Open(options, kSignature));
    for (int i = 0; i < 50; ++i) {
      ASSERT_THAT(store->Write(model.Next(5, 2000)), IsOk());
    }
  }
  testing::LogSurgeon(data + "/rows").Flush();
  const std::vector<std::string> tables =
      testing::FilesEndingIn(data + "/rows", ".sst");
  ASSERT_EQ(tables.size(), 1u);
  // Rows stand in the middle; what Open() reads, in front and behind.
  std::string bytes = testing::ReadWhole(tables[0]);
  ASSERT_GT(bytes.size(), 20'000u);
  for (std::size_t at = bytes.size() / 4; at < bytes.size() / 2; at += 100) {
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
  }
  testing::WriteWhole(tables[0], bytes);
  EXPECT_DEATH(
      {
        const auto store = RowStore::Open(options, kSignature);
        if (store.ok() && (*store)->was_reset().empty()) {
          model.DifferenceFrom(**store);
        }
      },
      "cannot be read");
  {
    ASSERT_OK_AND_ASSIGN(const std::unique_ptr<RowStore> store,
                         RowStore::Open(options, kSignature));
    EXPECT_EQ(store->was_reset(), "a reader found it damaged");
    EXPECT_EQ(store->end().position, Position(0));
  }
  std::filesystem::remove_all(data);
}

TEST_F(RowStoreTest, StoreInUseOrFromANewerVersionIsRefused) {
  Open();
  Write(1);
  EXPECT_THAT(RowStore::Open(options_, kSignature),
              StatusIs(StatusCode::kFailedPrecondition, "is in use"));
  store_.reset();
  const testing::LogSurgeon surgeon(directory_.Sub("data/rows"));
  const absl::string_view key("\0state", 6);
  std::string value = surgeon.Get("default", key);
  value.resize(value.size() - 4);
  value[3] = 2;
  const Hash seal = Sha256().Update(key).Update(value).Final();
  surgeon.Put("default", key, value + std::string(seal.view().substr(0, 4)));
  EXPECT_THAT(RowStore::Open(options_, kSignature),
              StatusIs(StatusCode::kFailedPrecondition, "has format 2"));
}

}  // namespace
}  // namespace thon
