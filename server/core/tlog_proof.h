// Proofs that are checked without a network (c2sp.org/tlog-proof): an inclusion
// proof and the checkpoint it leads to, as text. The file's extension is
// .tlog-proof.
#ifndef THON_CORE_TLOG_PROOF_H_
#define THON_CORE_TLOG_PROOF_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/checkpoint.h"
#include "server/core/hash.h"
#include "server/core/note.h"

namespace thon {

struct TlogProof {
  std::optional<std::string> extra;  // Opaque, and not to be trusted.
  std::uint64_t index = 0;
  std::vector<Hash> path;  // Leaf side first.
  std::string checkpoint;  // The note, verbatim.
};

std::string FormatTlogProof(const TlogProof& proof);
// Form only. kInvalidArgument: not a proof within limits.h.
absl::StatusOr<TlogProof> ParseTlogProof(absl::string_view text);

// The checkpoint's body, if `log_key` signed it and the entry with this leaf
// hash is in its tree at the proof's index. kInvalidArgument: malformed.
// kPermissionDenied: the signature. kDataLoss: the proof leads elsewhere.
absl::StatusOr<CheckpointBody> VerifyTlogProof(
    const TlogProof& proof, const Hash& leaf_hash,
    const note::VerifierKey& log_key);

}  // namespace thon

#endif  // THON_CORE_TLOG_PROOF_H_
