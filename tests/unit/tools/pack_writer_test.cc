// Goal: a pack holds exactly what its format says, whole or not at all, and
// nothing is written that contradicts the checkpoint, an older one or the state
// root.
// Method: logs of sizes around the widths of tiles, made here; what is written
// is read back file by file and compared with the tree computed leaf by leaf;
// sources that break off, lie, or end early.
#include "tools/thon/pack_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "server/core/batch.h"
#include "server/core/checkpoint.h"
#include "server/core/entry.h"
#include "server/core/merkle.h"
#include "server/core/tile.h"
#include "server/projections/state_root.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"

namespace thon::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Files = std::map<std::string, std::string>;

constexpr char kOrigin[] = "thon.example/pack/1";

class PackWriterTest : public ::testing::Test {
 protected:
  PackWriterTest()
      : directory_(absl::StrCat(::testing::TempDir(), "thon_pack_", getpid())) {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  ~PackWriterTest() override { fs::remove_all(directory_); }

  // A log of `size` entries.
  void MakeLog(std::uint64_t size) {
    leaves_.clear();
    ends_.clear();
    std::uint64_t position = 1;
    for (std::uint64_t i = 0; i < size; ++i) {
      EntryTrailer trailer;
      trailer.first_position = Position(position);
      trailer.event_count = static_cast<std::uint16_t>(1 + random_() % 3);
      trailer.receive_time = Instant(1'700'000'000'000);
      leaves_.push_back(
          EncodeEntry(std::string(random_() % 200, 'b'), trailer));
      position = trailer.end_position().value;
      ends_.push_back(trailer.last_position());
    }
  }
  Hash RootAt(std::uint64_t size) const {
    merkle::Frontier tree;
    for (std::uint64_t i = 0; i < size; ++i) {
      tree.Append(merkle::HashLeaf(leaves_[i]));
    }
    return tree.Root();
  }
  std::string NoteAt(std::uint64_t size) const {
    return MakeCheckpointNote(key_, kOrigin, size, RootAt(size));
  }

  // Rows of two tables of eligibility, and the root over them.
  void MakeRows(int count) {
    StateRootBuilder root;
    for (const Table table : {Table::kPolicy, Table::kDetermination}) {
      for (int i = 0; i < count; ++i) {
        v1::StateRow& row = rows_.emplace_back();
        row.set_table(static_cast<std::uint32_t>(table));
        row.set_key(absl::StrCat("key ", 1000 + i));
        row.set_value(std::string(100 + random_() % 100, 'v'));
        root.Add(table, row.key(), row.value());
      }
    }
    root_.set_projection("eligibility");
    root_.set_version(1);
    root_.set_root(std::string(root.Root().view()));
    root_.set_row_count(root.row_count());
  }

  PackOrder Order(PackForm form = PackForm::kFolder) {
    PackOrder order;
    order.path =
        absl::StrCat(directory_, "/pack", form == PackForm::kTar ? ".tar" : "");
    order.form = form;
    order.checkpoint = NoteAt(leaves_.size());
    order.key = LogVerifierKey(kOrigin, key_.public_key());
    order.end_entry = leaves_.size();
    if (!leaves_.empty()) order.position = ends_.back();
    order.made_by = "test";
    order.made_at = Instant(1'700'000'000'000);
    return order;
  }
  PackSource Source() {
    PackSource source;
    source.entries = [this](std::uint64_t begin, std::uint64_t end,
                            const PackSource::EntryVisitor& visit) {
      for (std::uint64_t i = begin; i < end; ++i) {
        const absl::Status status = visit(i, leaves_[i]);
        if (!status.ok()) return status;
      }
      return absl::OkStatus();
    };
    source.rows = [this](Position, const PackSource::RowVisitor& visit) {
      for (const v1::StateRow& row : rows_) {
        const absl::Status status = visit(row);
        if (!status.ok()) return status;
      }
      return absl::OkStatus();
    };
    return source;
  }

  static Files ReadFolder(const std::string& path) {
    Files files;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      std::ostringstream content;
      content << file.rdbuf();
      files[fs::relative(entry.path(), path).string()] = content.str();
    }
    return files;
  }
  static Files ReadTar(const std::string& path, std::string* first) {
    Files files;
    archive* const reader = archive_read_new();
    archive_read_support_format_tar(reader);
    EXPECT_EQ(archive_read_open_filename(reader, path.c_str(), 1 << 16),
              ARCHIVE_OK);
    archive_entry* entry = nullptr;
    while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
      EXPECT_EQ(archive_entry_filetype(entry), static_cast<unsigned>(AE_IFREG));
      std::string content(static_cast<std::size_t>(archive_entry_size(entry)),
                          '\0');
      EXPECT_EQ(archive_read_data(reader, content.data(), content.size()),
                static_cast<la_ssize_t>(content.size()));
      if (files.empty()) *first = archive_entry_pathname(entry);
      EXPECT_TRUE(files.emplace(archive_entry_pathname(entry), content).second);
    }
    archive_read_free(reader);
    return files;
  }

  // Exactly the tiles of the tree, with the right hashes, and the bundles that
  // hold [first, end).
  void ExpectTree(const Files& files, std::uint64_t first, std::uint64_t end) {
    std::map<merkle::NodeId, Hash> nodes;
    merkle::Frontier tree;
    for (const std::string& leaf : leaves_) {
      tree.Append(
          merkle::HashLeaf(leaf),
          [&nodes](merkle::NodeId id, const Hash& hash) { nodes[id] = hash; });
    }
    std::size_t tiles = 0;
    ForEachTile(leaves_.size(), [&](const TileId& id) {
      ++tiles;
      std::string wanted;
      for (int i = 0; i < id.width; ++i) {
        wanted += std::string(
            nodes
                .at({id.level * kTileHeight,
                     id.index * 256 + static_cast<std::uint64_t>(i)})
                .view());
      }
      const auto found = files.find(TilePath(id));
      EXPECT_TRUE(found != files.end()) << TilePath(id);
      if (found != files.end()) {
        EXPECT_EQ(found->second, wanted);
      }
      return true;
    });
    std::size_t bundles = 0;
    for (std::uint64_t i = 0; i * 256 < leaves_.size(); ++i) {
      const bool wanted = i * 256 < end && (i + 1) * 256 > first && first < end;
      TileId id;
      id.entries = true;
      id.index = i;
      id.width = TileWidthAt(0, i, leaves_.size());
      EXPECT_EQ(files.count(TilePath(id)), wanted ? 1u : 0u) << TilePath(id);
      if (!wanted) continue;
      ++bundles;
      std::string bundle;
      for (int j = 0; j < id.width; ++j) {
        AppendToBundle(leaves_[i * 256 + static_cast<std::uint64_t>(j)],
                       &bundle);
      }
      EXPECT_EQ(files.at(TilePath(id)), bundle);
    }
    std::size_t under_tile = 0;
    for (const auto& [path, content] : files) {
      under_tile += absl::StartsWith(path, "tile/") ? 1 : 0;
    }
    EXPECT_EQ(under_tile, tiles + bundles) << "nothing else lies there";
  }

  bool NothingLeft() const { return fs::is_empty(directory_); }

  const std::string directory_;
  std::mt19937_64 random_ = SeededRandom();
  const SigningKey key_ = *SigningKey::FromSeed(std::string(32, 'k'));
  std::vector<std::string> leaves_;
  std::vector<Position> ends_;  // Last position of each entry.
  std::vector<v1::StateRow> rows_;
  v1::StateRoot root_;
};

TEST_F(PackWriterTest, HoldsTheWholeTreeAtEverySizeAroundATile) {
  for (const std::uint64_t size : {0u, 1u, 2u, 255u, 256u, 257u, 511u, 700u}) {
    SCOPED_TRACE(size);
    MakeLog(size);
    PackOrder order = Order();
    ASSERT_OK_AND_ASSIGN(const PackSummary summary, WritePack(order, Source()));
    EXPECT_EQ(summary.tree_size, size);
    EXPECT_EQ(summary.root, RootAt(size));
    const Files files = ReadFolder(order.path);
    EXPECT_EQ(files.size(), summary.files);
    EXPECT_EQ(files.at("checkpoint"), order.checkpoint);
    ExpectTree(files, 0, size);
    fs::remove_all(order.path);
    EXPECT_TRUE(NothingLeft());
  }
}

TEST_F(PackWriterTest, ATarHoldsTheSameFilesAndItsManifestFirst) {
  MakeLog(600);
  MakeRows(40);
  PackOrder order = Order();
  order.state_roots = {root_};
  order.older_checkpoints = {NoteAt(300), NoteAt(1), NoteAt(600)};
  ASSERT_THAT(WritePack(order, Source()), IsOk());
  const Files folder = ReadFolder(order.path);
  order.path += ".tar";
  order.form = PackForm::kTar;
  ASSERT_THAT(WritePack(order, Source()), IsOk());
  std::string first;
  EXPECT_EQ(ReadTar(order.path, &first), folder);
  EXPECT_EQ(first, "manifest.json");
  EXPECT_EQ(folder.at("checkpoints/300"), NoteAt(300));
  EXPECT_EQ(folder.count("checkpoints/600"), 0u) << "only older ones";

  const auto manifest = nlohmann::json::parse(folder.at("manifest.json"));
  EXPECT_EQ(manifest["format"], "thon-audit-pack/1");
  EXPECT_EQ(manifest["origin"], kOrigin);
  EXPECT_EQ(manifest["tree_size"], 600);
  EXPECT_EQ(manifest["position"], ends_.back().value);
  EXPECT_EQ(manifest["made_at"], "2023-11-14T22:13:20Z");
  ASSERT_EQ(manifest["state_roots"].size(), 1u);
  EXPECT_EQ(manifest["state_roots"][0]["root"], HexEncode(root_.root()));
  std::size_t listed = 0;
  for (const auto& file : manifest["files"]) {
    const std::string& content = folder.at(file["path"]);
    EXPECT_EQ(file["size"], content.size());
    EXPECT_EQ(file["sha256"], Sha256Of(content).Hex());
    ++listed;
  }
  // Checkpoint, two older ones, a file of rows a table.
  EXPECT_EQ(listed, 5u);
}

TEST_F(PackWriterTest, RowsAreCutIntoFilesThatReadBackInOrder) {
  MakeLog(3);
  v1::StateRow row;
  StateRootBuilder root;
  for (int i = 0; i < 5; ++i) {
    row.set_table(43);
    row.set_key(absl::StrCat("key ", i));
    row.set_value(std::string(5u << 20, static_cast<char>('a' + i)));
    rows_.push_back(row);
    root.Add(Table::kDetermination, row.key(), row.value());
  }
  root_.set_projection("eligibility");
  root_.set_root(std::string(root.Root().view()));
  root_.set_row_count(5);
  PackOrder order = Order();
  order.state_roots = {root_};
  ASSERT_THAT(WritePack(order, Source()), IsOk());
  const Files files = ReadFolder(order.path);
  EXPECT_EQ(files.at("rows/43/0").size(), 3 * (row.ByteSizeLong() + 4));
  EXPECT_EQ(files.at("rows/43/1").size(), 2 * (row.ByteSizeLong() + 4));
}

TEST_F(PackWriterTest, APartHoldsTheBundlesOfItsEntriesAndAllTiles) {
  MakeLog(1000);
  for (int round = 0; round < 8; ++round) {
    PackOrder order = Order();
    order.first_entry = 1 + random_() % 900;
    order.end_entry =
        order.first_entry + 1 + random_() % (1000 - order.first_entry);
    order.position = ends_[order.end_entry - 1];
    SCOPED_TRACE(absl::StrCat(order.first_entry, " to ", order.end_entry));
    ASSERT_THAT(WritePack(order, Source()), IsOk());
    const Files files = ReadFolder(order.path);
    ExpectTree(files, order.first_entry, order.end_entry);
    const auto manifest = nlohmann::json::parse(files.at("manifest.json"));
    EXPECT_FALSE(manifest.contains("state_roots"));
    fs::remove_all(order.path);
  }
}

TEST_F(PackWriterTest, ReadingGoesOnWhereItBroke) {
  MakeLog(500);
  PackSource source = Source();
  int breaks = 0;
  source.entries = [&](std::uint64_t begin, std::uint64_t end,
                       const PackSource::EntryVisitor& visit) -> absl::Status {
    for (std::uint64_t i = begin; i < end; ++i) {
      if (i > begin && random_() % 40 == 0) {
        ++breaks;
        return absl::UnavailableError("the line broke");
      }
      const absl::Status status = visit(i, leaves_[i]);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  };
  const PackOrder order = Order();
  ASSERT_THAT(WritePack(order, source), IsOk());
  EXPECT_GT(breaks, 0);
  ExpectTree(ReadFolder(order.path), 0, 500);
}

TEST_F(PackWriterTest, AServerThatNeverComesBackEndsItAndLeavesNothing) {
  MakeLog(20);
  PackSource source = Source();
  source.entries = [](std::uint64_t, std::uint64_t,
                      const PackSource::EntryVisitor&) -> absl::Status {
    return absl::UnavailableError("gone");
  };
  for (const PackForm form : {PackForm::kFolder, PackForm::kTar}) {
    EXPECT_TRUE(absl::IsUnavailable(WritePack(Order(form), source).status()));
    EXPECT_TRUE(NothingLeft());
  }
}

TEST_F(PackWriterTest, EntriesThatAreNotTheCheckpointsAreKeptAsEvidence) {
  MakeLog(300);
  for (const PackForm form : {PackForm::kFolder, PackForm::kTar}) {
    const PackOrder order = Order(form);
    const std::vector<std::string> good = leaves_;
    leaves_[random_() % 300][0] ^= 1;
    const auto written = WritePack(order, Source());
    leaves_ = good;
    ASSERT_TRUE(absl::IsDataLoss(written.status())) << written.status();
    EXPECT_THAT(std::string(written.status().message()),
                HasSubstr("as evidence"));
    EXPECT_FALSE(fs::exists(order.path));
    EXPECT_TRUE(fs::exists(order.path + ".thon-part"));
  }
}

TEST_F(PackWriterTest, EntriesOutOfOrderMissingOrMovedAreNamed) {
  MakeLog(50);
  const PackOrder order = Order();
  const auto fails = [&](const PackSource& source) {
    const absl::Status status = WritePack(order, source).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    fs::remove_all(order.path + ".thon-part");
    return std::string(status.message());
  };
  PackSource skips = Source();
  skips.entries = [this](std::uint64_t begin, std::uint64_t end,
                         const PackSource::EntryVisitor& visit) {
    for (std::uint64_t i = begin; i < end; ++i) {
      if (i == 17) continue;
      const absl::Status status = visit(i, leaves_[i]);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  };
  EXPECT_THAT(fails(skips), HasSubstr("entry 18 came where entry 17 should"));
  PackSource ends = Source();
  ends.entries = [this](std::uint64_t begin, std::uint64_t,
                        const PackSource::EntryVisitor& visit) {
    for (std::uint64_t i = begin; i < 40; ++i) {
      const absl::Status status = visit(i, leaves_[i]);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  };
  EXPECT_THAT(fails(ends), HasSubstr("end at 40 of 50"));
  std::swap(leaves_[20], leaves_[21]);
  EXPECT_THAT(fails(Source()), HasSubstr("entry 20 begins at position"));
}

TEST_F(PackWriterTest, AnOlderCheckpointThatTheLogDoesNotExtendIsNamed) {
  MakeLog(100);
  PackOrder order = Order();
  order.older_checkpoints = {
      MakeCheckpointNote(key_, kOrigin, 60, Sha256Of("another history"))};
  const absl::Status status = WritePack(order, Source()).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("does not extend its checkpoint of 60 entries"));
}

TEST_F(PackWriterTest, TwoTreesOfOneSizeAreNamedAlsoThePacksOwnSize) {
  MakeLog(100);
  for (const std::uint64_t size : {60, 100}) {
    PackOrder order = Order();
    const std::string other =
        MakeCheckpointNote(key_, kOrigin, size, Sha256Of("another history"));
    order.older_checkpoints = {NoteAt(size), other};
    const absl::Status status = WritePack(order, Source()).status();
    ASSERT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(
        std::string(status.message()),
        HasSubstr(absl::StrCat("signed two trees of ", size, " entries")));
    EXPECT_THAT(std::string(status.message()), HasSubstr(NoteAt(size)));
    EXPECT_THAT(std::string(status.message()), HasSubstr(other));
    EXPECT_TRUE(NothingLeft());
  }
  // The pack's own checkpoint once more is none.
  PackOrder order = Order();
  order.older_checkpoints = {order.checkpoint};
  EXPECT_THAT(WritePack(order, Source()), IsOk());
}

TEST_F(PackWriterTest, RowsThatAreNotTheRootsAreRefusedBeforeAnythingIs) {
  MakeLog(10);
  MakeRows(10);
  PackOrder order = Order();
  order.state_roots = {root_};
  rows_[3].set_value("another");
  EXPECT_TRUE(absl::IsDataLoss(WritePack(order, Source()).status()));
  EXPECT_TRUE(NothingLeft());
  std::swap(rows_[3], rows_[4]);
  EXPECT_TRUE(absl::IsDataLoss(WritePack(order, Source()).status()));
  rows_[0].set_table(1);
  EXPECT_TRUE(absl::IsDataLoss(WritePack(order, Source()).status()));
  EXPECT_TRUE(NothingLeft());
}

TEST_F(PackWriterTest, NothingIsOverwrittenAndNoWrongOrderBegins) {
  MakeLog(10);
  PackOrder order = Order();
  std::ofstream(order.path) << "somebody's";
  EXPECT_TRUE(absl::IsAlreadyExists(WritePack(order, Source()).status()));
  fs::remove(order.path);
  order.end_entry = 11;
  EXPECT_TRUE(absl::IsInvalidArgument(WritePack(order, Source()).status()));
  order.end_entry = 10;
  order.position = Position(ends_.back().value + 1);
  EXPECT_TRUE(absl::IsDataLoss(WritePack(order, Source()).status()));
  order = Order();
  order.key.key = SigningKey::FromSeed(std::string(32, 'x'))->public_key();
  EXPECT_TRUE(absl::IsPermissionDenied(WritePack(order, Source()).status()));
}

}  // namespace
}  // namespace thon::cli
