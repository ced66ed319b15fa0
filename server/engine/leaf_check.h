// Hashes entries again from the bytes on disk and compares them with the leaf
// hashes that the committer stored.
#ifndef THON_ENGINE_LEAF_CHECK_H_
#define THON_ENGINE_LEAF_CHECK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/ids.h"
#include "server/core/merkle.h"
#include "server/storage/entry_log.h"

namespace thon {

struct CheckedLeaves {
  std::uint64_t bytes = 0;
  Position next_position;  // Behind the last entry; its trailer says so.
};

// Both ends are of it.
struct EntryRange {
  EntryIndex first{0};
  EntryIndex last{0};
};

// Checks entries [frontier->size(), end) and appends what their bytes hash to.
// After an error `frontier` is of no more use.
//
// kDataLoss: the message names the entry and the position with which it begins;
// `damaged`, if given, is that entry, or those among which it is.
// kUnavailable: input/output.
//
// Requires: frontier->size() < end, and end is durable.
absl::StatusOr<CheckedLeaves> CheckLeaves(const EntryLog& log, EntryIndex end,
                                          merkle::Frontier* frontier,
                                          EntryRange* damaged = nullptr);

// What is said of the entry `index` wherever it is found damaged.
absl::Status EntryDamage(const EntryLog& log, EntryIndex index,
                         absl::string_view what);

// What is said when the tree of the first entries is not `whose`.
absl::Status RootDamage(std::uint64_t tree_size, absl::string_view whose);

}  // namespace thon

#endif  // THON_ENGINE_LEAF_CHECK_H_
