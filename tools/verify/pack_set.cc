#include "tools/verify/pack_set.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/limits.h"

namespace thon::verify {
namespace {

constexpr std::size_t kTilesKept = 32;

}  // namespace

absl::string_view LogOf(absl::string_view origin) {
  return origin.substr(0, origin.rfind('/'));
}

std::uint64_t EpochOf(absl::string_view origin) {
  const std::size_t slash = origin.rfind('/');
  std::uint64_t number = 0;
  if (slash == absl::string_view::npos ||
      !absl::SimpleAtoi(origin.substr(slash + 1), &number)) {
    return 0;
  }
  return number;
}

absl::StatusOr<std::unique_ptr<PackSet>> PackSet::Open(
    const std::vector<std::string>& paths) {
  auto set = std::make_unique<PackSet>();
  for (const std::string& path : paths) {
    absl::StatusOr<std::unique_ptr<Pack>> pack = Pack::Open(path);
    if (!pack.ok()) {
      return absl::Status(pack.status().code(),
                          absl::StrCat(path, ": ", pack.status().message()));
    }
    set->packs_.push_back(*std::move(pack));
  }
  if (set->packs_.empty()) return absl::InvalidArgumentError("no pack");
  auto& packs = set->packs_;
  for (const auto& pack : packs) {
    if (LogOf(pack->manifest().origin) !=
        LogOf(packs.front()->manifest().origin)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the packs are of different logs: ", packs.front()->manifest().origin,
          " and ", pack->manifest().origin));
    }
  }
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const auto& pack : packs) {
    ranges.emplace_back(pack->manifest().first_entry,
                        pack->manifest().end_entry);
  }
  std::sort(ranges.begin(), ranges.end());
  set->first_entry_ = ranges.front().first;
  set->end_entry_ = set->first_entry_;
  for (const auto& [first, end] : ranges) {
    if (first > set->end_entry_) break;
    set->end_entry_ = std::max(set->end_entry_, end);
  }
  std::stable_sort(packs.begin(), packs.end(),
                   [](const auto& a, const auto& b) {
                     return std::pair(EpochOf(a->manifest().origin),
                                      a->manifest().tree_size) <
                            std::pair(EpochOf(b->manifest().origin),
                                      b->manifest().tree_size);
                   });
  set->end_entry_ = std::min(set->end_entry_, set->tree_size());
  return set;
}

const Pack* PackSet::PackOfBundle(std::uint64_t index) const {
  for (auto it = packs_.rbegin(); it != packs_.rend(); ++it) {
    const TileId id{true, 0, index,
                    TileWidthAt(0, index, (*it)->manifest().tree_size)};
    if (id.width > 0 && (*it)->HasTile(id)) return it->get();
  }
  return nullptr;
}

absl::StatusOr<PackSet::Bundle> PackSet::ReadBundle(std::uint64_t index) const {
  const Pack* const pack = PackOfBundle(index);
  Bundle bundle;
  bundle.id = {true, 0, index, TileWidthAt(0, index, tree_size())};
  if (pack == nullptr) {
    return absl::NotFoundError(
        absl::StrCat(TilePath(bundle.id), ": is not there"));
  }
  bundle.pack = pack;
  bundle.id.width = TileWidthAt(0, index, pack->manifest().tree_size);
  absl::StatusOr<std::string> bytes = pack->ReadTile(bundle.id);
  if (!bytes.ok()) return bytes.status();
  bundle.bytes = *std::move(bytes);
  return bundle;
}

std::optional<std::uint64_t> PackSet::NextBundle(std::uint64_t index) const {
  std::optional<std::uint64_t> next;
  for (const auto& pack : packs_) {
    const std::optional<std::uint64_t> one = pack->NextBundle(index);
    if (one.has_value() && (!next.has_value() || *one < *next)) next = one;
  }
  return next;
}

absl::StatusOr<const std::vector<Hash>*> TileNodes::Tile(int level,
                                                         std::uint64_t index) {
  for (const Kept& kept : kept_) {
    if (kept.id.level == level && kept.id.index == index) return &kept.hashes;
  }
  const TileId id{false, level, index,
                  TileWidthAt(level, index, pack_->manifest().tree_size)};
  if (id.width == 0) return absl::NotFoundError("beyond the tree");
  const absl::StatusOr<std::string> bytes = pack_->ReadTile(id);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<std::vector<Hash>> hashes = ParseTile(*bytes, id.width);
  if (!hashes.ok()) {
    return absl::NotFoundError(
        absl::StrCat(TilePath(id), ": ", hashes.status().message()));
  }
  if (kept_.size() < kTilesKept) {
    kept_.push_back({id, *std::move(hashes)});
    return &kept_.back().hashes;
  }
  Kept& place = kept_[next_++ % kTilesKept];
  place = {id, *std::move(hashes)};
  return &place.hashes;
}

absl::StatusOr<Hash> TileNodes::Node(merkle::NodeId id) {
  const int level = id.level / kTileHeight;
  const int above = id.level % kTileHeight;
  const std::uint64_t first = id.index << above;
  const absl::StatusOr<const std::vector<Hash>*> tile =
      Tile(level, first / limits::kTileWidth);
  if (!tile.ok()) return tile.status();
  const std::size_t at = first % limits::kTileWidth;
  const std::size_t count = std::size_t{1} << above;
  if (at + count > (*tile)->size()) {
    return absl::NotFoundError("beyond the tree");
  }
  if (count == 1) return (**tile)[at];
  // The root over perfect subtrees is the root over their roots as leaves.
  return merkle::RootOf(absl::MakeSpan(**tile).subspan(at, count));
}

absl::StatusOr<Hash> TileNodes::RootAt(std::uint64_t size) {
  return merkle::RootAt(size, [this](merkle::NodeId id) { return Node(id); });
}

}  // namespace thon::verify
