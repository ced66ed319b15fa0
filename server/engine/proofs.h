// Proofs out of the log's tree: that an entry is in a tree, that one tree
// extends another. Whoever hands them out (to auditors, to phones) makes them
// here.
#ifndef THON_ENGINE_PROOFS_H_
#define THON_ENGINE_PROOFS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/merkle.h"
#include "server/storage/entry_log.h"
#include "thon/v1/audit_service.pb.h"
#include "thon/v1/log.pb.h"

namespace thon {

// The audit path of an entry in the tree of the first `tree_size` entries, leaf
// side first. kNotFound: the entry is beyond that tree, or the tree beyond the
// log.
absl::StatusOr<std::vector<Hash>> InclusionPath(const EntryLog& log,
                                                EntryIndex entry,
                                                std::uint64_t tree_size);

// From the tree of `first_size` entries to that of `second_size`; empty if they
// are the same or the first is empty. kInvalidArgument: the first is the
// larger. kNotFound: beyond the log.
absl::StatusOr<std::vector<Hash>> ConsistencyPath(const EntryLog& log,
                                                  std::uint64_t first_size,
                                                  std::uint64_t second_size);

// The audit path from `leaf` in a tree of this size, read from `read`, that
// leads to `root`. kDataLoss: it does not, so the tree on disk is damaged; the
// message names the proof. Requires: entry < tree_size, and `read` holds that
// tree.
absl::StatusOr<std::vector<Hash>> CheckedInclusionPath(
    const merkle::NodeReader& read, EntryIndex entry, std::uint64_t tree_size,
    const Hash& leaf, const Hash& root);
// The consistency proof between two trees of these roots. Likewise.
absl::StatusOr<std::vector<Hash>> CheckedConsistencyPath(
    const merkle::NodeReader& read, std::uint64_t first_size,
    const Hash& first_root, std::uint64_t second_size, const Hash& second_root);

// The same with the hashes that they connect, without a checkpoint. Each proof
// has been checked against those hashes: what leaves here holds. kDataLoss: as
// above.
absl::StatusOr<v1::InclusionProof> ProveInclusion(const EntryLog& log,
                                                  EntryIndex entry,
                                                  std::uint64_t tree_size);
absl::StatusOr<v1::ConsistencyProof> ProveConsistency(
    const EntryLog& log, std::uint64_t first_size, std::uint64_t second_size);

// Adds the checkpoint that the proof leads to, and the whole as a C2SP
// tlog-proof. kDataLoss: it is of the same size and another root.
// kInvalidArgument: of another size.
absl::Status AttachCheckpoint(const v1::Checkpoint& checkpoint,
                              v1::InclusionProof* proof);

}  // namespace thon

#endif  // THON_ENGINE_PROOFS_H_
