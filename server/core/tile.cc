#include "server/core/tile.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "server/core/bytes.h"
#include "server/core/check.h"
#include "server/core/limits.h"
#include "server/core/lines.h"

namespace thon {
namespace {

constexpr int kWidth = 1 << kTileHeight;
static_assert(kWidth == limits::kTileWidth);
constexpr int kLevelMax = 63;
constexpr std::uint64_t kGroup = 1000;  // Of an index, in a path.
constexpr absl::string_view kTiles = "tile/";
constexpr absl::string_view kEntries = "entries/";
constexpr absl::string_view kPartial = ".p/";

// How many hashes a level of tiles holds in a tree.
std::uint64_t NodesAt(int level, std::uint64_t tree_size) {
  const int shift = level * kTileHeight;
  return shift < std::numeric_limits<std::uint64_t>::digits ? tree_size >> shift
                                                            : 0;
}

std::string IndexPath(std::uint64_t index) {
  std::string path = absl::StrFormat("%03d", index % kGroup);
  for (index /= kGroup; index > 0; index /= kGroup) {
    path = absl::StrFormat("x%03d/%s", index % kGroup, path);
  }
  return path;
}

// The number that a path's end stands for, however it is grouped: whoever
// calls compares with what TilePath() would have written.
bool ParseIndex(absl::string_view text, std::uint64_t* index) {
  std::string digits;
  for (const char c : text) {
    if (c == 'x' || c == '/') continue;
    digits.push_back(c);
  }
  const std::size_t first = digits.find_first_not_of('0');
  return ParseDecimal(first == std::string::npos
                          ? absl::string_view("0")
                          : absl::string_view(digits).substr(first),
                      index);
}

}  // namespace

std::string TilePath(const TileId& id) {
  const std::string kind =
      id.entries ? std::string(kEntries) : absl::StrCat(id.level, "/");
  const std::string width =
      id.width < kWidth ? absl::StrCat(kPartial, id.width) : "";
  return absl::StrCat(kTiles, kind, IndexPath(id.index), width);
}

absl::StatusOr<TileId> ParseTilePath(absl::string_view path) {
  // "tile/entries/", seven groups with "x" and "/", ".p/255", and some room.
  constexpr std::size_t kPathBytesMax = 64;
  const auto malformed = [] {
    return absl::InvalidArgumentError(
        "not the path of a tile, tile/<level>/<index>[.p/<width>] or "
        "tile/entries/<index>[.p/<width>], with the index in groups of three "
        "digits such as x001/x234/067");
  };
  absl::string_view rest = path;
  if (path.size() > kPathBytesMax || !absl::ConsumePrefix(&rest, kTiles)) {
    return malformed();
  }
  TileId id;
  std::uint64_t number = 0;
  if (absl::ConsumePrefix(&rest, kEntries)) {
    id.entries = true;
  } else {
    const std::size_t slash = rest.find('/');
    if (slash == absl::string_view::npos ||
        !ParseDecimal(rest.substr(0, slash), &number) || number > kLevelMax) {
      return malformed();
    }
    id.level = static_cast<int>(number);
    rest.remove_prefix(slash + 1);
  }
  const std::size_t partial = rest.find(kPartial);
  if (partial != absl::string_view::npos) {
    if (!ParseDecimal(rest.substr(partial + kPartial.size()), &number) ||
        number == 0 || number >= kWidth) {
      return malformed();
    }
    id.width = static_cast<int>(number);
    rest = rest.substr(0, partial);
  }
  if (!ParseIndex(rest, &id.index) || TilePath(id) != path) return malformed();
  return id;
}

int TileWidthAt(int level, std::uint64_t index, std::uint64_t tree_size) {
  const std::uint64_t nodes = NodesAt(level, tree_size);
  const std::uint64_t full = nodes >> kTileHeight;
  if (index < full) return kWidth;
  return index == full ? static_cast<int>(nodes % kWidth) : 0;
}

void ForEachTile(std::uint64_t tree_size,
                 const std::function<bool(const TileId&)>& visit) {
  for (int level = 0; NodesAt(level, tree_size) > 0; ++level) {
    for (std::uint64_t index = 0;; ++index) {
      const int width = TileWidthAt(level, index, tree_size);
      if (width == 0) break;
      if (!visit({.level = level, .index = index, .width = width})) return;
    }
  }
}

absl::StatusOr<std::vector<Hash>> ParseTile(absl::string_view bytes,
                                            int width) {
  if (width < 1 || width > kWidth ||
      bytes.size() != static_cast<std::size_t>(width) * Hash::kSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("a tile of ", bytes.size(), " bytes is not one of ", width,
                     " hashes; fetch it again"));
  }
  std::vector<Hash> hashes(static_cast<std::size_t>(width));
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    THON_CHECK(Hash::FromBytes(bytes.substr(i * Hash::kSize, Hash::kSize),
                               &hashes[i]));
  }
  return hashes;
}

absl::StatusOr<std::vector<absl::string_view>> ParseEntryBundle(
    absl::string_view bytes, int width) {
  const auto malformed = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(
        "not a bundle of ", width, " entries: ", what, "; fetch it again"));
  };
  if (width < 1 || width > kWidth) return malformed("no bundle has so many");
  std::vector<absl::string_view> entries;
  entries.reserve(static_cast<std::size_t>(width));
  for (int i = 0; i < width; ++i) {
    std::uint16_t size = 0;
    if (!ConsumeBigEndian(&bytes, &size) || bytes.size() < size) {
      return malformed(absl::StrCat("it ends within entry ", i));
    }
    entries.push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  if (!bytes.empty()) return malformed("bytes follow the last one");
  return entries;
}

void AppendToBundle(absl::string_view entry, std::string* bundle) {
  THON_CHECK(entry.size() <= limits::kEntryBytesMax);
  AppendBigEndian(static_cast<std::uint16_t>(entry.size()), bundle);
  bundle->append(entry.data(), entry.size());
}

}  // namespace thon
