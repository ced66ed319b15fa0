// What the phone believes of proofs, and what it holds against a server. Pure:
// bytes in, verdict out.
//
// Only what the log's key signed counts against the log: receipts, the hello of
// the exchange, checkpoints. A promise is due when the signed hello is more
// than limits::kCheckpointMsMax later than the receipt; before that, what is
// missing is merely not proved yet.
#ifndef THON_CLIENT_PROOF_CHECK_H_
#define THON_CLIENT_PROOF_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "client-lib/src/trust.h"
#include "server/core/checkpoint.h"
#include "server/core/hash.h"
#include "server/core/trust_policy.h"
#include "thon/proof.h"
#include "thon/v1/sync_service.pb.h"

namespace thon::client {

// The newest checkpoint that was verified.
struct KnownCheckpoint {
  std::uint64_t id = 0;  // Of its row.
  std::uint64_t tree_size = 0;
  Hash root;
  std::string note;
};

// A receipt whose proof is asked for.
struct AskedProof {
  std::uint64_t batch = 0;  // Its row id.
  std::uint64_t entry_index = 0;
  Hash leaf_hash;
  v1::Receipt receipt;
};

// Whether a checkpoint had to cover the receipt's entry when the server signed
// that its clock stood at `server_time_ms`.
bool IsDue(std::int64_t receive_time_ms, std::int64_t server_time_ms);

// Something to hold against the server.
struct Finding {
  EvidenceKind kind;
  std::optional<std::size_t> asked;  // Which receipt; not set: checkpoints.
  std::vector<Hash> proof;           // What was shown as proof.
};

struct ProofsVerdict {
  // The server says that it has no checkpoint to give now, or shows one of a
  // later epoch than its hello's, which was opened meanwhile: the next hello
  // declares it. Nothing is held against it, but not for ever (kRefused).
  bool unavailable = false;
  // Signed, and it extends the known one or is it, or is the first and proves
  // something: to be kept.
  std::optional<CheckpointBody> checkpoint;
  struct Proven {
    std::size_t asked = 0;
    std::vector<Hash> path;
  };
  std::vector<Proven> proven;
  std::vector<Finding> findings;
};

// Requires: `asked` ascends by entry index. `epoch` is the hello's.
ProofsVerdict CheckProofs(const v1::Proofs& proofs, const Epoch& epoch,
                          const std::optional<KnownCheckpoint>& known,
                          absl::Span<const AskedProof> asked,
                          std::int64_t server_time_ms);

// Whether the note's cosignatures satisfy the policy's quorum. False without a
// quorum, and if the policy names logs and `epoch` is none of them.
bool IsWitnessed(const TrustPolicy& policy, const Epoch& epoch,
                 absl::string_view note);

}  // namespace thon::client

#endif  // THON_CLIENT_PROOF_CHECK_H_
