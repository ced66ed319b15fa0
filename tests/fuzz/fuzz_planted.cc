// Goal: the fuzzers are seen to find a fault.
// Method: a reader of tile paths as it must not be written: it trusts the width
// that a path claims. run.py fails unless this target is caught.
#include <array>

#include "server/core/tile.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::StatusOr<thon::TileId> id =
      thon::ParseTilePath(thon::ViewOf(data, size));
  if (!id.ok() || id->entries || id->width == 256) return 0;
  std::array<std::uint8_t, 200> hashes{};
  volatile std::uint8_t* const first = hashes.data();
  first[id->width] = 1;
  return 0;
}
