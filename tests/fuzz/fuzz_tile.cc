// Goal: paths of tiles, tiles, bundles and entries are read without a fault
// whatever they hold, and what is read is written as the same bytes.
// Method: every reader gets the input; then its first bytes are numbers of a
// tile and of a tree.
#include <string>

#include "server/core/batch.h"
#include "server/core/check.h"
#include "server/core/entry.h"
#include "server/core/tile.h"
#include "tests/fuzz/input.h"

namespace thon {
namespace {

void ReadPath(absl::string_view text) {
  const absl::StatusOr<TileId> id = ParseTilePath(text);
  if (id.ok()) THON_CHECK(TilePath(*id) == text);
}

void WritePath(Input input) {
  TileId id;
  id.entries = input.Below(2) == 1;
  if (!id.entries) id.level = static_cast<int>(input.Below(64));
  id.width = 1 + static_cast<int>(input.Below(256));
  id.index = input.Number() >> input.Below(64);
  const absl::StatusOr<TileId> again = ParseTilePath(TilePath(id));
  THON_CHECK(again.ok() && *again == id);
}

void ReadBytes(Input input) {
  const int width = static_cast<int>(input.Number(2)) - 1;
  const absl::string_view bytes = input.rest();
  const auto tile = ParseTile(bytes, width);
  if (tile.ok()) {
    THON_CHECK(tile->size() == static_cast<std::size_t>(width));
    for (std::size_t i = 0; i < tile->size(); ++i) {
      THON_CHECK((*tile)[i].view() == bytes.substr(32 * i, 32));
    }
  }
  const auto bundle = ParseEntryBundle(bytes, width);
  if (!bundle.ok()) return;
  THON_CHECK(bundle->size() == static_cast<std::size_t>(width));
  std::string again;
  for (const absl::string_view entry : *bundle) AppendToBundle(entry, &again);
  THON_CHECK(again == bytes);
}

void ReadEntry(absl::string_view bytes) {
  const absl::StatusOr<EntryView> entry = ParseEntry(bytes);
  if (!entry.ok()) return;
  THON_CHECK(EncodeEntry(entry->batch, entry->trailer) == bytes);
  THON_CHECK(LeafHash(entry->batch, entry->trailer) ==
             Sha256().Update(std::uint8_t{0}).Update(bytes).Final());
  v1::Batch batch;
  (void)ParseBatch(entry->batch, &batch);
}

void WalkTree(Input input) {
  const std::uint64_t size = input.Number() >> input.Below(64);
  const int level = static_cast<int>(input.Below(64));
  const std::uint64_t index = input.Number() >> input.Below(64);
  const int width = TileWidthAt(level, index, size);
  THON_CHECK(width >= 0 && width <= 256);
  // Full tiles, then at most one that is not, then none.
  if (width > 0 && index > 0) {
    THON_CHECK(TileWidthAt(level, index - 1, size) == 256);
  }
  if (width < 256 && index < UINT64_MAX) {
    THON_CHECK(TileWidthAt(level, index + 1, size) == 0);
  }
  int visits = 0;
  TileId last{.level = -1};
  ForEachTile(size, [&](const TileId& id) {
    THON_CHECK(!id.entries && id.width >= 1);
    THON_CHECK(id.width == TileWidthAt(id.level, id.index, size));
    THON_CHECK(id.level == last.level
                   ? id.index == last.index + 1
                   : id.level == last.level + 1 && id.index == 0);
    last = id;
    return ++visits < 1000;
  });
  THON_CHECK((visits == 0) == (size == 0));
}

}  // namespace
}  // namespace thon

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view bytes = thon::ViewOf(data, size);
  thon::ReadPath(bytes);
  thon::WritePath(thon::Input(bytes));
  thon::ReadBytes(thon::Input(bytes));
  thon::ReadEntry(bytes);
  thon::WalkTree(thon::Input(bytes));
  return 0;
}
