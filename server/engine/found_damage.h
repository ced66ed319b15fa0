// What was found damaged on the log's disk, as a local fact: the process that
// finds it may end before anybody has looked, and the next one must not sign
// over it.
//
//   key    "damage/found"
//   value  first_entry(8) last_entry(8)      -- big-endian
//
// There is one: nothing is signed any more, so no more is looked for.
#ifndef THON_ENGINE_FOUND_DAMAGE_H_
#define THON_ENGINE_FOUND_DAMAGE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/core/ids.h"
#include "server/engine/kept_checkpoints.h"
#include "server/engine/leaf_check.h"
#include "server/storage/entry_log.h"

namespace thon {

inline constexpr absl::string_view kFoundDamageKey = "damage/found";

struct FoundDamage {
  EntryRange entries;   // Among them it is.
  absl::Status status;  // kDataLoss: what is said of it.
};

std::string EncodeFoundDamage(const EntryRange& entries);
// What `value` does not say, it leaves open: then it may be anywhere.
EntryRange DecodeFoundDamage(absl::string_view value);

// Reads the range from disk and hashes it again. OK: it is what was recorded,
// and the tree that it leads to is the log's and the signed one; or the log
// ends before it. Any error: it is not known to be whole.
absl::Status CheckAgain(const EntryLog& log, const KeptCheckpoints& kept,
                        const EntryRange& range);

}  // namespace thon

#endif  // THON_ENGINE_FOUND_DAMAGE_H_
