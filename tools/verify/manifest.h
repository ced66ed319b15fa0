// manifest.json of an audit pack (FORMAT.md): what to expect in the pack.
// Nothing in it is believed; what it claims is held to limits before anything
// rests on it.
#ifndef THON_TOOLS_VERIFY_MANIFEST_H_
#define THON_TOOLS_VERIFY_MANIFEST_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/core/note.h"
#include "thon/v1/event.pb.h"

namespace thon::verify {

inline constexpr char kPackFormat[] = "thon-audit-pack/1";
// A tree of more entries has more tiles than a pack has files.
inline constexpr std::uint64_t kTreeSizeMax = limits::kPackFilesMax * 256;

struct Manifest {
  struct File {
    std::uint64_t size = 0;
    Hash sha256;
  };
  std::string origin;
  note::VerifierKey key;
  std::uint64_t tree_size = 0;
  std::uint64_t first_entry = 0;
  std::uint64_t end_entry = 0;
  std::uint64_t position = 0;
  std::string made_by;
  std::string made_at;
  std::vector<v1::StateRoot> state_roots;  // Empty: none, and no rows.
  std::map<std::string, File> files;       // By path.
};

// kInvalidArgument: not a manifest; names the member and what it must be.
absl::StatusOr<Manifest> ParseManifest(absl::string_view text);

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_MANIFEST_H_
