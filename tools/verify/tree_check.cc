#include "tools/verify/tree_check.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "tools/verify/finding_kinds.h"

namespace thon::verify {
namespace {

constexpr int kTileLevelsMax = 8;

class TreeCheck {
 public:
  TreeCheck(const Pack& pack, Findings* findings)
      : pack_(pack), size_(pack.manifest().tree_size), findings_(findings) {}

  std::optional<Hash> Run(Progress* progress);

 private:
  struct Level {
    std::optional<std::uint64_t> index;  // Of the tile at hand.
    std::vector<Hash> hashes;            // Empty: it is not there.
  };

  TileId IdAt(int level, std::uint64_t index) const {
    return {false, level, index, TileWidthAt(level, index, size_)};
  }
  // Empty, and a finding, if it is missing or malformed.
  std::vector<Hash> ReadTile(const TileId& id);
  std::vector<Hash> LeavesOfEntries(const TileId& id);
  void CompareNode(merkle::NodeId node, const Hash& hash);

  const Pack& pack_;
  const std::uint64_t size_;
  Findings* const findings_;
  std::array<Level, kTileLevelsMax> levels_;
};

std::vector<Hash> TreeCheck::ReadTile(const TileId& id) {
  findings_->Examined(Check::kTiles, 1);
  const std::string path = TilePath(id);
  const absl::StatusOr<std::string> bytes = pack_.ReadTile(id);
  if (!bytes.ok()) {
    findings_->Add(kinds::kTileMissing,
                   {.file = path,
                    .detail = absl::IsNotFound(bytes.status())
                                  ? Detail()
                                  : Same(bytes.status().message())});
    return {};
  }
  absl::StatusOr<std::vector<Hash>> hashes = ParseTile(*bytes, id.width);
  if (hashes.ok()) return *std::move(hashes);
  findings_->Add(
      kinds::kTileMalformed,
      {.file = path,
       .detail = Say("$0 byte cho $1 mã băm", "$0 bytes for $1 hashes",
                     bytes->size(), id.width)});
  return {};
}

std::vector<Hash> TreeCheck::LeavesOfEntries(const TileId& id) {
  TileId bundle = id;
  bundle.entries = true;
  const absl::StatusOr<std::string> bytes = pack_.ReadTile(bundle);
  if (!bytes.ok()) return {};
  const absl::StatusOr<std::vector<absl::string_view>> entries =
      ParseEntryBundle(*bytes, id.width);
  if (!entries.ok()) return {};
  std::vector<Hash> leaves;
  for (const absl::string_view entry : *entries) {
    leaves.push_back(merkle::HashLeaf(entry));
  }
  return leaves;
}

// A node of a level that tiles hold, against the tile that holds it.
void TreeCheck::CompareNode(merkle::NodeId node, const Hash& hash) {
  if (node.level == 0 || node.level % kTileHeight != 0) return;
  const int level = node.level / kTileHeight;
  if (level >= kTileLevelsMax) return;
  const std::uint64_t index = node.index / limits::kTileWidth;
  Level& at = levels_[static_cast<std::size_t>(level)];
  if (at.index != index) {
    at.index = index;
    at.hashes = ReadTile(IdAt(level, index));
  }
  const std::size_t slot = node.index % limits::kTileWidth;
  if (at.hashes.empty() || at.hashes[slot] == hash) return;
  findings_->Add(kinds::kTileDiffers,
                 {.entry = node.index << node.level,
                  .file = TilePath(IdAt(level, index)),
                  .detail = Say("mã băm $0 không phải là gốc của $1",
                                "hash $0 is not the root over $1", slot,
                                TilePath(IdAt(level - 1, node.index)))});
}

std::optional<Hash> TreeCheck::Run(Progress* progress) {
  merkle::Frontier frontier;
  const std::function<void(merkle::NodeId, const Hash&)> compare =
      [this](merkle::NodeId node, const Hash& hash) {
        CompareNode(node, hash);
      };
  progress->Begin("cây băm (tree)", size_);
  for (std::uint64_t index = 0; index * limits::kTileWidth < size_; ++index) {
    const TileId id = IdAt(0, index);
    std::vector<Hash> leaves = ReadTile(id);
    if (leaves.empty()) leaves = LeavesOfEntries(id);
    if (leaves.empty()) {
      findings_->Add(kinds::kRootNotComputed, {.file = TilePath(id)});
      return std::nullopt;
    }
    for (const Hash& leaf : leaves) frontier.Append(leaf, compare);
    progress->At(frontier.size());
  }
  progress->End();
  return frontier.Root();
}

}  // namespace

std::optional<Hash> CheckTree(const Pack& pack, Findings* findings,
                              Progress* progress) {
  return TreeCheck(pack, findings).Run(progress);
}

}  // namespace thon::verify
