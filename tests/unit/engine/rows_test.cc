// The projector's rows: the overlay against a simple model, and that the same
// log gives the same versions however the folding is cut into writes and
// wherever it was broken off.

#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "server/engine/row_folder.h"
#include "server/projections/fold.h"
#include "server/projections/row_overlay.h"
#include "server/storage/row_store.h"
#include "tests/support/seed.h"
#include "tests/unit/engine/engine_fixture.h"

namespace thon {
namespace {

// Rows in a map, as of the moment they were copied.
class MapRows final : public RowReader {
 public:
  using Rows = std::map<std::pair<Table, std::string>, RowVersion>;
  explicit MapRows(Rows rows) : rows_(std::move(rows)) {}

  std::optional<RowVersion> Get(Table table,
                                absl::string_view key) const override {
    const auto it = rows_.find({table, std::string(key)});
    if (it == rows_.end()) return std::nullopt;
    return it->second;
  }
  void Scan(Table table, absl::string_view prefix, absl::string_view start,
            const Visitor& visit) const override {
    for (const auto& [key, row] : rows_) {
      if (key.first != table || key.second < start ||
          key.second.substr(0, prefix.size()) != prefix) {
        continue;
      }
      if (!visit(key.second, row)) return;
    }
  }

 private:
  Rows rows_;
};

constexpr Table kTables[] = {Table::kTeam, Table::kUnit};

std::vector<std::string> ScanAll(const RowReader& rows, Table table,
                                 absl::string_view prefix,
                                 absl::string_view start) {
  std::vector<std::string> seen;
  rows.Scan(table, prefix, start,
            [&](absl::string_view key, const RowVersion& row) {
              seen.push_back(std::string(key) + "=" + row.value + "@" +
                             std::to_string(row.position.value));
              return seen.size() < 7;
            });
  return seen;
}

TEST(RowOverlayTest, ReadsWhatASimpleMapReadsThroughAnyChanges) {
  std::mt19937_64 random = SeededRandom();
  RowOverlay overlay(/*cache_bytes=*/4000);
  MapRows::Rows model;
  MapRows::Rows stored;
  overlay.SetBase(std::make_unique<MapRows>(stored));
  const auto key = [&] {
    return std::string(1 + random() % 2,
                       static_cast<char>('a' + random() % 6)) +
           static_cast<char>('a' + random() % 6);
  };
  for (std::uint64_t entry = 1; entry <= 400; ++entry) {
    overlay.BeginEntry(Position(entry));
    MapRows::Rows before = model;
    std::map<Table, std::map<std::string, bool>> changed;
    for (int step = 0; step < 8; ++step) {
      const Table table = kTables[random() % 2];
      const std::string k = key();
      const auto here = model.find({table, k});
      if (random() % 4 == 0) {
        if (here != model.end()) changed[table][k] = true;
        model.erase({table, k});
        overlay.Delete(table, k);
      } else {
        const std::string value = std::to_string(random() % 3);
        if (here == model.end() || here->second.value != value) {
          changed[table][k] = true;
          model[{table, k}] = {value, Position(entry)};
        }
        overlay.Put(table, k, value);
      }
      const std::string other = key();
      const auto wanted = model.find({table, other});
      const std::optional<RowVersion> got = overlay.Get(table, other);
      ASSERT_EQ(got.has_value(), wanted != model.end());
      if (got.has_value()) {
        ASSERT_EQ(got->value, wanted->second.value);
      }
      const std::string prefix(random() % 2, 'b');
      ASSERT_EQ(ScanAll(overlay, table, prefix, other),
                ScanAll(MapRows(model), table, prefix, other));
    }
    for (const Table table : kTables) {
      std::vector<std::string> keys;
      for (const auto& [k, yes] : changed[table]) keys.push_back(k);
      ASSERT_EQ(overlay.Changed(table), keys);
    }
    // A row that is again what it was before the entry has no new version.
    for (auto& [k, row] : model) {
      const auto it = before.find(k);
      if (it != before.end() && it->second.value == row.value) row = it->second;
    }
    MapRows::Rows versions = before;
    for (const NewRowVersion& version : overlay.EndEntry()) {
      const std::pair<Table, std::string> k{version.table, version.key};
      if (version.value.has_value()) {
        const auto it = before.find(k);
        ASSERT_TRUE(it == before.end() || it->second.value != *version.value);
        versions[k] = {*version.value, Position(entry)};
      } else {
        ASSERT_TRUE(before.count(k) > 0);
        versions.erase(k);
      }
    }
    ASSERT_EQ(ScanAll(MapRows(versions), Table::kTeam, "", ""),
              ScanAll(MapRows(model), Table::kTeam, "", ""));
    if (random() % 5 == 0) {
      stored = model;
      overlay.SetBase(std::make_unique<MapRows>(stored));
    }
  }
}

class FoldingTest : public EngineTest {
 protected:
  // A log with phones, days, a fork and late facts.
  void MakeLog() {
    Open();
    Phone a(1);
    Phone b(2);
    EnrolKey(a);
    EnrolKey(b);
    for (int day = 0; day < 12; ++day) {
      clock_.Set(Instant(clock_.Now().ms + 86'400'000));
      for (int i = 0; i < 4; ++i) {
        Answer(i % 2 == 0 ? a : b, (i % 2 == 0 ? a : b).Next(1 + i));
      }
      Answer(a, a.Seal(1, Hash(), 1, "chợ"));
    }
    engine_.reset();
    absl::StatusOr<std::unique_ptr<EntryLog>> log =
        EntryLog::Open(options_.storage);
    ASSERT_THAT(log, IsOk());
    log_ = *std::move(log);
  }

  StorageOptions RowOptions() {
    StorageOptions options = options_.storage;
    options.directory = rows_directory_.path();
    options.file_system = rows_file_system_;
    return options;
  }
  std::unique_ptr<RowStore> OpenRows() {
    std::filesystem::create_directories(rows_directory_.path());
    absl::StatusOr<std::unique_ptr<RowStore>> store =
        RowStore::Open(RowOptions(), Fold().signature());
    THON_CHECK(store.ok());
    return *std::move(store);
  }
  // Every version that can be seen at any position.
  using Versions =
      std::vector<std::tuple<std::uint64_t, int, std::string, std::string>>;
  static Versions AllVersions(const RowStore& store) {
    Versions all;
    for (std::uint64_t p = 1; p <= store.end().position.value; ++p) {
      const std::unique_ptr<RowReader> rows = store.At(Position(p));
      for (int table = 1; table < 64; ++table) {
        rows->Scan(static_cast<Table>(table), "", "",
                   [&](absl::string_view key, const RowVersion& row) {
                     if (row.position == Position(p)) {
                       all.emplace_back(p, table, std::string(key), row.value);
                     }
                     return true;
                   });
      }
    }
    return all;
  }
  Versions FoldAll(std::size_t write_entries, std::size_t write_bytes,
                   std::size_t cache_bytes) {
    std::unique_ptr<RowStore> store = OpenRows();
    EXPECT_THAT(RebuildRows(*log_, *store,
                            {.cache_bytes = cache_bytes,
                             .write_bytes = write_bytes,
                             .write_entries = write_entries},
                            nullptr),
                IsOk());
    return AllVersions(*store);
  }

  TestDirectory rows_directory_;
  std::shared_ptr<testing::CrashableFileSystem> rows_file_system_ =
      std::make_shared<testing::CrashableFileSystem>();
  std::unique_ptr<EntryLog> log_;
};

TEST_F(FoldingTest, WriteBoundariesAndCacheChangeNoVersion) {
  ASSERT_NO_FATAL_FAILURE(MakeLog());
  const Versions whole = FoldAll(100'000, 1u << 30, 64u << 20);
  EXPECT_GT(whole.size(), 50u);
  EXPECT_EQ(FoldAll(1, 1, 0), whole);
  EXPECT_EQ(FoldAll(7, 1u << 30, 1000), whole);
  EXPECT_EQ(FoldAll(1000, 900, 1u << 20), whole);
}

TEST_F(FoldingTest, AFoldBrokenOffAnywhereGoesOnToTheSameVersions) {
  ASSERT_NO_FATAL_FAILURE(MakeLog());
  const Versions whole = FoldAll(100'000, 1u << 30, 64u << 20);
  std::mt19937_64 random = SeededRandom();
  {
    std::unique_ptr<RowStore> store = OpenRows();
    ASSERT_THAT(store->Reset(), IsOk());
  }
  // The power goes again and again; each time what the store says it has is
  // folded on from.
  for (int round = 0; round < 20; ++round) {
    // Every second time the process ends between two writes, no more.
    const bool power_cut = round % 2 == 0;
    {
      std::unique_ptr<RowStore> store = OpenRows();
      if (power_cut) rows_file_system_->PowerOffAfter(random() % 6000);
      RowFolder folder(log_.get(), store.get(),
                       {.write_entries = 1 + random() % 3});
      for (std::uint64_t steps = random() % 4;
           steps > 0 && store->end().next_entry < log_->end().tree_size;
           --steps) {
        if (!folder.Step(log_->end().tree_size).ok()) break;
      }
      if (power_cut) rows_file_system_->PowerOff();
    }
    if (power_cut) rows_file_system_->LoseUnsynced(random);
  }
  std::unique_ptr<RowStore> store = OpenRows();
  RowFolder folder(log_.get(), store.get(), {});
  while (store->end().next_entry < log_->end().tree_size) {
    ASSERT_THAT(folder.Step(log_->end().tree_size), IsOk());
  }
  EXPECT_EQ(AllVersions(*store), whole);
}

TEST_F(EngineTest, WhoWaitsForRowsIsAnsweredOnceInTimeOrTold) {
  Open();
  Arrived<absl::Status> reached;
  engine_->WaitForRows(Position(3), kTestWaitMs, reached.callback());
  EXPECT_THAT(reached.Get(), IsOk());
  Arrived<absl::Status> late;
  engine_->WaitForRows(Position(1000), 1, late.callback());
  EXPECT_THAT(late.Get(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  Arrived<absl::Status> drained;
  engine_->WaitForRows(Position(1000), kTestWaitMs, drained.callback());
  engine_->Drain();
  EXPECT_THAT(drained.Get(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(EngineTest, EventsAreFoundUpToAPosition) {
  Open();
  Phone phone(7);
  EnrolKey(phone);
  Answer(phone, phone.Next(2));
  const Position first(engine_->log().end().next_position.value - 2);
  const std::unique_ptr<EventSource> before =
      engine_->EventsAt(Position(first.value - 1));
  EXPECT_FALSE(before->Find(phone.author(), Sequence(1)).has_value());
  const std::unique_ptr<EventSource> after = engine_->EventsAt(first);
  const std::optional<RecordedEvent> found =
      after->Find(phone.author(), Sequence(2));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->position, Position(first.value + 1));
  EXPECT_EQ(found->event.outreach_session().attendees(), 7);
  EXPECT_FALSE(after->Find(phone.author(), Sequence(3)).has_value());
}

}  // namespace
}  // namespace thon
