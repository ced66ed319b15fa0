// The receipts of a commit group, made from one pass over its leaves.
#ifndef THON_ENGINE_RECEIPTS_H_
#define THON_ENGINE_RECEIPTS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/entry.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/receipt.h"
#include "server/storage/entry_log.h"
#include "thon/v1/log.pb.h"

namespace thon {

// A signed group with the nodes of its tree, so that each receipt costs a walk
// along its path and not the hashing of the group again.
//
// Thread-safety: const methods from any thread.
class GroupReceipts {
 public:
  explicit GroupReceipts(SignedGroup group);

  // The receipt of the entry at `offset`; equal to core's MakeReceipt().
  // Requires: offset in range.
  v1::Receipt Of(std::size_t offset, const EntryTrailer& trailer) const;

 private:
  SignedGroup group_;
  std::vector<std::vector<Hash>> levels_;  // Perfect subtrees, leaves first.
};

// The first receipt of an entry of the log, rebuilt from what was stored with
// its group. kNotFound, kDataLoss.
absl::StatusOr<v1::Receipt> RebuildReceipt(const EntryLog& log,
                                           EntryIndex index);

}  // namespace thon

#endif  // THON_ENGINE_RECEIPTS_H_
