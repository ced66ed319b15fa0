// Audit packs in memory (tools/verify/FORMAT.md), to be altered at will and
// written as a folder or a tar. A second writer of the format, beside that of
// tools/thon: it shares no code with it.
#ifndef THON_TESTS_SUPPORT_PACK_MAKER_H_
#define THON_TESTS_SUPPORT_PACK_MAKER_H_

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/ids.h"
#include "server/core/signature.h"
#include "server/projections/projection.h"

namespace thon::testing {

// What a pack is made of.
struct PackParts {
  std::string origin = "thon.test/1";
  std::vector<std::string> entries;  // From entry 0 on.
  const SigningKey* log_key = nullptr;
  std::uint64_t first_entry = 0;
  std::uint64_t end_entry = UINT64_MAX;  // Of the entries; bundles within.
  Position position;                     // Of the last entry within.
  const RowReader* rows = nullptr;       // nullptr: no state roots, no rows.
  std::vector<std::uint64_t> older;      // Sizes of older checkpoints.
};

struct MadePack {
  std::map<std::string, std::string> files;  // By path, without the manifest.
  nlohmann::json manifest;

  // Lists files as the manifest must. MakePack() has done it.
  void ListFiles();
  // Replaces `path` by an empty folder's worth of the pack.
  void WriteFolder(const std::string& path) const;
  // The manifest first, then the files by path.
  std::string Tar() const;
};

MadePack MakePack(const PackParts& parts);

// A signed checkpoint of the first `size` of `entries`.
std::string CheckpointOf(const PackParts& parts, std::uint64_t size);

// A ustar header and the padded content. `type` is '0' for a file.
std::string TarFile(absl::string_view path, absl::string_view content,
                    char type = '0', absl::string_view link = "");
// The two blocks of zeros.
std::string TarEnd();

}  // namespace thon::testing

#endif  // THON_TESTS_SUPPORT_PACK_MAKER_H_
