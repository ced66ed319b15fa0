// Goal: the verifier opens an audit pack that anybody may have made without a
// fault and without memory that only a number in it asks for.
// Method: the input is the manifest, and is the tar. Whatever is let in is
// read.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/limits.h"
#include "tests/fuzz/input.h"
#include "tools/verify/manifest.h"
#include "tools/verify/pack.h"

namespace thon::verify {
namespace {

void ReadManifest(absl::string_view text) {
  const absl::StatusOr<Manifest> manifest = ParseManifest(text);
  if (!manifest.ok()) return;
  THON_CHECK(manifest->tree_size <= kTreeSizeMax);
  THON_CHECK(manifest->first_entry <= manifest->end_entry);
  THON_CHECK(manifest->end_entry <= manifest->tree_size);
}

// The path of a file that holds the input and has no name.
std::string FileOf(absl::string_view bytes) {
  static const int fd = memfd_create("pack", 0);
  THON_CHECK(fd >= 0 && ftruncate(fd, 0) == 0);
  THON_CHECK(pwrite(fd, bytes.data(), bytes.size(), 0) ==
             static_cast<ssize_t>(bytes.size()));
  return absl::StrCat("/proc/self/fd/", fd);
}

void ReadPack(absl::string_view bytes) {
  const auto pack = Pack::Open(FileOf(bytes));
  if (!pack.ok()) return;
  const Manifest& manifest = (*pack)->manifest();
  THON_CHECK((*pack)->byte_count() <= bytes.size());
  (void)(*pack)->ReadCheckpoint();
  for (const auto& [size, extent] : (*pack)->older_checkpoints()) {
    (void)(*pack)->Read(Pack::OlderCheckpointPath(size), extent);
  }
  for (const auto& [key, extent] : (*pack)->rows_files()) {
    (void)(*pack)->Read(Pack::RowsPath(key.first, key.second), extent);
  }
  int visits = 0;
  ForEachTile(manifest.tree_size, [&](TileId id) {
    const auto tile = (*pack)->ReadTile(id);
    THON_CHECK(tile.ok() <= (*pack)->HasTile(id));
    id.entries = id.level == 0;
    if (id.entries) (void)(*pack)->ReadTile(id);
    return ++visits < 64;
  });
}

}  // namespace
}  // namespace thon::verify

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view bytes = thon::ViewOf(data, size);
  thon::verify::ReadManifest(bytes);
  thon::verify::ReadPack(bytes);
  return 0;
}
