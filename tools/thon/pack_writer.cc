#include "tools/thon/pack_writer.h"

#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/checkpoint.h"
#include "server/core/entry.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "server/core/tile.h"
#include "tools/thon/pack_rows.h"
#include "tools/thon/proto_json.h"

namespace thon::cli {
namespace {

constexpr char kFormat[] = "thon-audit-pack/1";
constexpr char kRowsProjection[] = "eligibility";
constexpr int kTriesWithoutProgress = 5;
constexpr std::uint64_t kProgressEntries = 4096;

// The tree of the entries as they come, and its tiles as they become whole.
class TilesWriter {
 public:
  TilesWriter(const PackOrder& order, std::uint64_t tree_size, PackSink* sink)
      : order_(order), tree_size_(tree_size), sink_(sink) {}

  std::uint64_t size() const { return tree_.size(); }
  Hash Root() const { return tree_.Root(); }
  Position next_position() const { return next_position_; }
  std::uint64_t files() const { return files_; }
  std::uint64_t bytes() const { return bytes_; }

  absl::Status Add(std::uint64_t index, absl::string_view leaf) {
    if (index != tree_.size() || index >= tree_size_) {
      return absl::DataLossError(absl::StrCat(
          "entry ", index, " came where entry ", tree_.size(), " should"));
    }
    const absl::StatusOr<EntryView> view = ParseEntry(leaf);
    if (!view.ok()) {
      return absl::DataLossError(
          absl::StrCat("entry ", index, ": ", view.status().message()));
    }
    if (view->trailer.first_position != next_position_) {
      return absl::DataLossError(
          absl::StrCat("entry ", index, " begins at position ",
                       view->trailer.first_position.value,
                       "; the one before ends before ", next_position_.value));
    }
    next_position_ = view->trailer.end_position();
    if (index + 1 == order_.end_entry &&
        view->trailer.last_position() != order_.position) {
      return absl::DataLossError(
          absl::StrCat("entry ", index, " ends at position ",
                       view->trailer.last_position().value, ", not at ",
                       order_.position.value));
    }
    absl::Status status;
    tree_.Append(merkle::HashLeaf(leaf),
                 [&](merkle::NodeId node, const Hash& hash) {
                   if (status.ok() && node.level % kTileHeight == 0) {
                     status = AddHash(node.level / kTileHeight, hash);
                   }
                 });
    if (!status.ok()) return status;
    return AddToBundle(index, leaf);
  }

  // The partial tiles of the right border.
  absl::Status Finish() {
    for (std::size_t level = 0; level < tiles_.size(); ++level) {
      const absl::Status written = WriteTile(static_cast<int>(level));
      if (!written.ok()) return written;
    }
    return WriteBundle();
  }

 private:
  struct Tile {
    std::string hashes;
    std::uint64_t index = 0;
  };

  absl::Status AddHash(int level, const Hash& hash) {
    if (tiles_.size() <= static_cast<std::size_t>(level)) {
      tiles_.resize(static_cast<std::size_t>(level) + 1);
    }
    std::string& hashes = tiles_[static_cast<std::size_t>(level)].hashes;
    hashes.append(hash.view().data(), hash.view().size());
    return hashes.size() == limits::kTileBytesMax ? WriteTile(level)
                                                  : absl::OkStatus();
  }

  absl::Status WriteTile(int level) {
    Tile& tile = tiles_[static_cast<std::size_t>(level)];
    if (tile.hashes.empty()) return absl::OkStatus();
    TileId id;
    id.level = level;
    id.index = tile.index++;
    id.width = static_cast<int>(tile.hashes.size() / Hash::kSize);
    const absl::Status written = Write(id, tile.hashes);
    tile.hashes.clear();
    return written;
  }

  absl::Status AddToBundle(std::uint64_t index, absl::string_view leaf) {
    const std::uint64_t bundle = index / limits::kTileWidth;
    const bool wanted = order_.first_entry < order_.end_entry &&
                        bundle >= order_.first_entry / limits::kTileWidth &&
                        bundle <= (order_.end_entry - 1) / limits::kTileWidth;
    if (!wanted) return absl::OkStatus();
    bundle_index_ = bundle;
    AppendToBundle(leaf, &bundle_);
    ++bundle_width_;
    return bundle_width_ == static_cast<int>(limits::kTileWidth)
               ? WriteBundle()
               : absl::OkStatus();
  }

  absl::Status WriteBundle() {
    if (bundle_width_ == 0) return absl::OkStatus();
    TileId id;
    id.entries = true;
    id.index = bundle_index_;
    id.width = bundle_width_;
    const absl::Status written = Write(id, bundle_);
    bundle_.clear();
    bundle_width_ = 0;
    return written;
  }

  absl::Status Write(const TileId& id, absl::string_view content) {
    ++files_;
    bytes_ += content.size();
    return sink_->Add(TilePath(id), content);
  }

  const PackOrder& order_;
  const std::uint64_t tree_size_;
  PackSink* const sink_;
  merkle::Frontier tree_;
  Position next_position_{1};
  std::vector<Tile> tiles_;  // By level.
  std::string bundle_;
  std::uint64_t bundle_index_ = 0;
  int bundle_width_ = 0;
  std::uint64_t files_ = 0;
  std::uint64_t bytes_ = 0;
};

// One run: the parts in the order in which they are written.
class Packing {
 public:
  Packing(const PackOrder& order, const PackSource& source)
      : order_(order), source_(source) {}

  absl::StatusOr<PackSummary> Run() {
    absl::Status status = Check();
    if (status.ok()) status = CollectRows();
    if (!status.ok()) return status;
    absl::StatusOr<std::unique_ptr<PackSink>> sink =
        PackSink::Create(order_.form, order_.path, order_.made_at.ms / 1000);
    if (!sink.ok()) return sink.status();
    sink_ = std::move(*sink);
    status = WriteHead();
    if (status.ok()) status = WriteTree();
    if (status.ok()) status = sink_->Finish();
    if (status.ok()) return summary_;
    if (absl::IsDataLoss(status)) {
      sink_->Keep();
      return absl::DataLossError(absl::StrCat(status.message(), "; keep ",
                                              sink_->temporary_path(),
                                              " as evidence"));
    }
    return status;
  }

 private:
  absl::Status Check() {
    const auto body = BodyOf(order_.checkpoint);
    if (!body.ok()) return body.status();
    body_ = *body;
    if (order_.first_entry > order_.end_entry ||
        order_.end_entry > body_.tree_size ||
        (order_.end_entry == 0) != (order_.position.value == 0) ||
        (order_.first_entry > 0 && !order_.state_roots.empty())) {
      return absl::InvalidArgumentError(absl::StrCat(
          "entries [", order_.first_entry, ", ", order_.end_entry,
          ") are no range of a tree of ", body_.tree_size, " entries"));
    }
    for (const std::string& text : order_.older_checkpoints) {
      const auto older = BodyOf(text);
      if (!older.ok()) return older.status();
      if (older->tree_size > body_.tree_size) continue;
      if (older->tree_size == body_.tree_size) {
        if (older->root == body_.root) continue;
        return absl::DataLossError(
            TwoTrees(body_.tree_size, order_.checkpoint, text));
      }
      const auto [known, fresh] =
          older_.emplace(older->tree_size, Older{older->root, text});
      if (!fresh && known->second.root != older->root) {
        return absl::DataLossError(
            TwoTrees(older->tree_size, known->second.note, text));
      }
    }
    return absl::OkStatus();
  }

  static std::string TwoTrees(std::uint64_t size, absl::string_view one,
                              absl::string_view other) {
    return absl::StrCat("the log signed two trees of ", size, " entries:\n",
                        one, "\n", other);
  }

  absl::StatusOr<CheckpointBody> BodyOf(const std::string& text) const {
    const absl::StatusOr<note::SignedNote> parsed = note::Parse(text);
    if (!parsed.ok()) return parsed.status();
    return VerifyCheckpointNote(*parsed, order_.key);
  }

  absl::Status CollectRows() {
    if (order_.state_roots.empty()) return absl::OkStatus();
    const v1::StateRoot* said = nullptr;
    for (const v1::StateRoot& root : order_.state_roots) {
      if (root.projection() == kRowsProjection) said = &root;
    }
    if (said == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("no state root of ", kRowsProjection));
    }
    rows_ = std::make_unique<PackRows>(order_.path + ".thon-rows");
    const absl::Status read = source_.rows(
        order_.position,
        [this](const v1::StateRow& row) { return rows_->Add(row); });
    return read.ok() ? rows_->Finish(*said) : read;
  }

  absl::Status Add(const PackFile& file, absl::string_view content) {
    ++summary_.files;
    summary_.bytes += content.size();
    return sink_->Add(file.path, content);
  }

  static PackFile Listed(std::string path, absl::string_view content) {
    return PackFile{std::move(path), content.size(), Sha256Of(content).Hex()};
  }

  absl::Status WriteHead() {
    std::vector<std::pair<PackFile, std::string>> notes;
    notes.emplace_back(Listed("checkpoint", order_.checkpoint),
                       order_.checkpoint);
    for (const auto& [size, older] : older_) {
      notes.emplace_back(Listed(absl::StrCat("checkpoints/", size), older.note),
                         older.note);
    }
    std::vector<PackFile> files;
    for (const auto& [file, content] : notes) files.push_back(file);
    if (rows_ != nullptr) {
      files.insert(files.end(), rows_->files().begin(), rows_->files().end());
    }
    const std::string manifest = Manifest(files);
    if (manifest.size() > limits::kPackManifestBytesMax) {
      return absl::ResourceExhaustedError(
          "the manifest would be larger than a pack may have; take fewer "
          "entries with --to");
    }
    absl::Status status = Add(PackFile{"manifest.json", 0, ""}, manifest);
    for (const auto& [file, content] : notes) {
      if (status.ok()) status = Add(file, content);
    }
    if (!status.ok() || rows_ == nullptr) return status;
    summary_.files += rows_->files().size();
    for (const PackFile& file : rows_->files()) summary_.bytes += file.size;
    summary_.rows = rows_->row_count();
    return rows_->CopyTo(sink_.get());
  }

  std::string Manifest(const std::vector<PackFile>& files) const {
    Json json = {{"format", kFormat},
                 {"origin", body_.origin},
                 {"verifier_key", note::FormatVerifierKey(order_.key)},
                 {"tree_size", body_.tree_size},
                 {"first_entry", order_.first_entry},
                 {"end_entry", order_.end_entry},
                 {"position", order_.position.value},
                 {"made_by", order_.made_by},
                 {"made_at", MadeAt()}};
    if (rows_ != nullptr) {
      Json roots = Json::array();
      for (const v1::StateRoot& root : order_.state_roots) {
        roots.push_back({{"projection", root.projection()},
                         {"version", root.version()},
                         {"root", HexEncode(root.root())},
                         {"row_count", root.row_count()}});
      }
      json["state_roots"] = std::move(roots);
    }
    Json listed = Json::array();
    for (const PackFile& file : files) {
      listed.push_back(
          {{"path", file.path}, {"size", file.size}, {"sha256", file.sha256}});
    }
    json["files"] = std::move(listed);
    return json.dump(2) + "\n";
  }

  // RFC 3339 in UTC.
  std::string MadeAt() const {
    constexpr std::int64_t kDayS = 86'400;
    const std::int64_t seconds = order_.made_at.ms / 1000;
    const std::int64_t of_day = seconds % kDayS;
    const auto two = [](std::int64_t n) {
      return absl::StrCat(n < 10 ? "0" : "", n);
    };
    return absl::StrCat(Date(static_cast<std::int32_t>(seconds / kDayS)).Iso(),
                        "T", two(of_day / 3600), ":", two(of_day / 60 % 60),
                        ":", two(of_day % 60), "Z");
  }

  absl::Status WriteTree() {
    TilesWriter tiles(order_, body_.tree_size, sink_.get());
    absl::Status status = ReadAll(&tiles);
    if (!status.ok()) return status;
    if (tiles.Root() != body_.root) {
      return absl::DataLossError(absl::StrCat(
          "the entries do not have the checkpoint's root: ", tiles.Root().Hex(),
          " over ", tiles.size(), " entries, and it says ", body_.root.Hex()));
    }
    status = tiles.Finish();
    summary_.tree_size = tiles.size();
    summary_.root = tiles.Root();
    summary_.files += tiles.files();
    summary_.bytes += tiles.bytes();
    summary_.older_checkpoints = older_.size();
    return status;
  }

  absl::Status ReadAll(TilesWriter* tiles) {
    const auto visit = [this, tiles](std::uint64_t index,
                                     absl::string_view leaf) {
      absl::Status status = tiles->Add(index, leaf);
      if (status.ok()) status = CheckOlder(*tiles);
      if (order_.progress != nullptr && tiles->size() % kProgressEntries == 0) {
        order_.progress(tiles->size(), body_.tree_size);
      }
      return status;
    };
    int tries = 0;
    while (tiles->size() < body_.tree_size) {
      const std::uint64_t before = tiles->size();
      const absl::Status read = source_.entries(before, body_.tree_size, visit);
      tries = tiles->size() > before ? 0 : tries + 1;
      if (read.ok() && tiles->size() < body_.tree_size) {
        return absl::DataLossError(absl::StrCat(
            "the entries end at ", tiles->size(), " of ", body_.tree_size));
      }
      if (!read.ok() &&
          (!absl::IsUnavailable(read) || tries >= kTriesWithoutProgress)) {
        return read;
      }
    }
    if (order_.progress != nullptr) {
      order_.progress(tiles->size(), body_.tree_size);
    }
    return absl::OkStatus();
  }

  // An older checkpoint of this size must have been of the same tree.
  absl::Status CheckOlder(const TilesWriter& tiles) const {
    const auto found = older_.find(tiles.size());
    if (found == older_.end() || found->second.root == tiles.Root()) {
      return absl::OkStatus();
    }
    return absl::DataLossError(
        absl::StrCat("the log does not extend its checkpoint of ", tiles.size(),
                     " entries, whose root is ", found->second.root.Hex(),
                     "; the root of its first ", tiles.size(), " entries is ",
                     tiles.Root().Hex()));
  }

  struct Older {
    Hash root;
    std::string note;
  };

  const PackOrder& order_;
  const PackSource& source_;
  CheckpointBody body_;
  std::map<std::uint64_t, Older> older_;  // By size.
  std::unique_ptr<PackRows> rows_;
  std::unique_ptr<PackSink> sink_;
  PackSummary summary_;
};

}  // namespace

absl::StatusOr<PackSummary> WritePack(const PackOrder& order,
                                      const PackSource& source) {
  return Packing(order, source).Run();
}

}  // namespace thon::cli
