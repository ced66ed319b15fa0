// The tree of one pack: every tile recomputed from the hashes of level 0, and
// the root over them. Entries are compared with level 0 by who reads them.
#ifndef THON_TOOLS_VERIFY_TREE_CHECK_H_
#define THON_TOOLS_VERIFY_TREE_CHECK_H_

#include <optional>

#include "server/core/hash.h"
#include "tools/verify/findings.h"
#include "tools/verify/pack.h"
#include "tools/verify/progress.h"

namespace thon::verify {

// The root over level 0 of the pack; nullopt if a part of level 0 is not there.
// A tile of level 0 that is missing is taken from the entries, where they are
// in the pack, so that what is behind it can be checked all the same.
//
// Memory: one tile of each level.
std::optional<Hash> CheckTree(const Pack& pack, Findings* findings,
                              Progress* progress);

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_TREE_CHECK_H_
