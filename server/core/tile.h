// Tiles (c2sp.org/tlog-tiles): the tree and its entries as static resources.
//
//   tile   := hash(32){W}, W of 1 to 256: the roots of consecutive perfect
//             subtrees of 256^level leaves
//   bundle := (length(2) entry){W}: the entries under a tile of level 0
//   path   := "tile/" level "/" index [".p/" W] | "tile/entries/" index [".p/"
//   W]
//
// An index is written in groups of three digits, all but the last behind an
// "x": 1234067 is x001/x234/067. W is written only when it is below 256.
#ifndef THON_CORE_TILE_H_
#define THON_CORE_TILE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/hash.h"

namespace thon {

inline constexpr int kTileHeight = 8;

struct TileId {
  bool entries = false;  // A bundle; then `level` is 0.
  int level = 0;
  std::uint64_t index = 0;
  int width = 256;
  bool operator==(const TileId&) const = default;
};

std::string TilePath(const TileId& id);
// Takes exactly what TilePath() writes, for levels 0 to 63 of the
// specification. kInvalidArgument: anything else; no index overflows.
absl::StatusOr<TileId> ParseTilePath(absl::string_view path);

// The width of the tile (level, index) in a tree of `tree_size`: 0 if the tree
// has no such tile.
int TileWidthAt(int level, std::uint64_t index, std::uint64_t tree_size);
// Calls `visit` for every tile of a tree, level 0 first, then by index, until
// it returns false: full ones, and the partial one of each level.
void ForEachTile(std::uint64_t tree_size,
                 const std::function<bool(const TileId&)>& visit);

// kInvalidArgument: not exactly `width` hashes.
absl::StatusOr<std::vector<Hash>> ParseTile(absl::string_view bytes, int width);
// Views into `bytes`. kInvalidArgument: not exactly `width` entries.
absl::StatusOr<std::vector<absl::string_view>> ParseEntryBundle(
    absl::string_view bytes, int width);
// Requires: entry.size() <= limits::kEntryBytesMax.
void AppendToBundle(absl::string_view entry, std::string* bundle);

}  // namespace thon

#endif  // THON_CORE_TILE_H_
