// Writes an audit pack (tools/verify/FORMAT.md) out of a log's entries and
// rows, and checks what it writes: the tiles are computed from the entries'
// bytes, the root over them must be the checkpoint's, every older checkpoint
// must be a prefix of the same tree, positions must follow each other, and the
// rows must have the state root that the server says.
//
// All entries of the tree are read, also when only some of them go into the
// pack: nothing but the checkpoint's signature is believed. At most one bundle,
// one tile a level and one file of rows are in memory. Rows are kept in a
// temporary folder beside the pack until their hashes are known, because the
// manifest is the first file of a tar.
#ifndef THON_TOOLS_THON_PACK_WRITER_H_
#define THON_TOOLS_THON_PACK_WRITER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/note.h"
#include "thon/v1/audit_service.pb.h"
#include "thon/v1/event.pb.h"
#include "tools/thon/pack_sink.h"

namespace thon::cli {

// Where the bytes come from. An error of `visit` must be returned as it is.
struct PackSource {
  // The entries [begin, end) in order. After kUnavailable it is asked again
  // from the first entry that was not visited; five times without any, and the
  // pack fails.
  using EntryVisitor =
      std::function<absl::Status(std::uint64_t index, absl::string_view leaf)>;
  std::function<absl::Status(std::uint64_t begin, std::uint64_t end,
                             const EntryVisitor& visit)>
      entries;
  // The rows of the projection `eligibility` as of `position`, by table and
  // key.
  using RowVisitor = std::function<absl::Status(const v1::StateRow& row)>;
  std::function<absl::Status(Position position, const RowVisitor& visit)> rows;
};

struct PackOrder {
  std::string path;
  PackForm form = PackForm::kFolder;
  // The checkpoint of the tree, verbatim, and the log's key.
  std::string checkpoint;
  note::VerifierKey key;
  // Older checkpoints that the log signed, verbatim, of any order.
  std::vector<std::string> older_checkpoints;
  // The entries whose bundles go into the pack, [first, end) within the tree,
  // and the last position of the last of them; 0 if there is none.
  std::uint64_t first_entry = 0;
  std::uint64_t end_entry = 0;
  Position position;
  // The roots as of `position`; empty leaves them and the rows out. Requires:
  // empty if first_entry is above 0.
  std::vector<v1::StateRoot> state_roots;
  std::string made_by;
  Instant made_at;
  // Entries done of all; may be empty.
  std::function<void(std::uint64_t done, std::uint64_t all)> progress;
};

struct PackSummary {
  std::uint64_t tree_size = 0;
  Hash root;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  // Of the files' contents.
  std::uint64_t rows = 0;
  std::uint64_t older_checkpoints = 0;
};

// kInvalidArgument: the order contradicts itself or the checkpoint.
// kPermissionDenied: a checkpoint's signature is not the key's. kDataLoss: what
// was read contradicts the checkpoint, an older one or the state root; what was
// written stays under the temporary name, which the message says. Any other:
// the source or the disk; nothing is left.
absl::StatusOr<PackSummary> WritePack(const PackOrder& order,
                                      const PackSource& source);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_PACK_WRITER_H_
