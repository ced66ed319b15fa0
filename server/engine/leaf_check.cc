#include "server/engine/leaf_check.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/core/check.h"
#include "server/core/entry.h"
#include "server/core/hash.h"

namespace thon {
namespace {

// The first position of an entry, by the trailer of the one before it: that of
// the damaged entry itself says nothing any more. 0: not known.
Position FirstPositionOf(const EntryLog& log, EntryIndex index) {
  if (index == EntryIndex(0)) return Position(1);
  const absl::StatusOr<std::string> before =
      log.ReadEntry(EntryIndex(index.value - 1));
  if (!before.ok()) return Position(0);
  const absl::StatusOr<EntryView> view = ParseEntry(*before);
  return view.ok() ? view->trailer.end_position() : Position(0);
}

}  // namespace

absl::Status EntryDamage(const EntryLog& log, EntryIndex index,
                         absl::string_view what) {
  const Position first = FirstPositionOf(log, index);
  return absl::DataLossError(absl::StrCat(
      "entry ", index.value,
      first == Position(0) ? std::string()
                           : absl::StrCat(" (position ", first.value, ")"),
      " is damaged on disk: ", what,
      "; nothing is signed any more; stop the server, look at the disk, and "
      "restore the log from a backup"));
}

absl::Status RootDamage(std::uint64_t tree_size, absl::string_view whose) {
  return absl::DataLossError(absl::StrCat(
      "the root of the first ", tree_size,
      " entries, hashed again from disk, is not that of ", whose,
      "; nothing is signed any more; stop the server and restore the log from "
      "a backup"));
}

absl::StatusOr<CheckedLeaves> CheckLeaves(const EntryLog& log, EntryIndex end,
                                          merkle::Frontier* frontier,
                                          EntryRange* damaged) {
  const EntryIndex begin(frontier->size());
  THON_CHECK(begin < end);
  if (damaged != nullptr) *damaged = {begin, EntryIndex(end.value - 1)};
  const absl::StatusOr<std::vector<Hash>> stored = log.LeafHashes(begin, end);
  if (!stored.ok()) return stored.status();
  CheckedLeaves checked;
  EntryIndex next = begin;
  absl::Status fault;
  const absl::Status read = log.ReadEntries(
      begin, end, [&](EntryIndex index, absl::string_view entry) {
        const Hash leaf = merkle::HashLeaf(entry);
        if (leaf != (*stored)[index.value - begin.value]) {
          fault = EntryDamage(log, index, "its bytes have another hash");
          return false;
        }
        const absl::StatusOr<EntryView> view = ParseEntry(entry);
        if (!view.ok()) {
          fault = EntryDamage(log, index, view.status().message());
          return false;
        }
        frontier->Append(leaf);
        checked.bytes += entry.size();
        checked.next_position = view->trailer.end_position();
        next = index.Next();
        return true;
      });
  if (damaged != nullptr) *damaged = {next, next};
  if (!fault.ok()) return fault;
  if (absl::IsDataLoss(read)) {
    return EntryDamage(log, next, read.message());
  }
  if (!read.ok()) return read;
  if (next != end) return EntryDamage(log, next, "it is not there");
  return checked;
}

}  // namespace thon
