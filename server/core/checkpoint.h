// Checkpoints (c2sp.org/tlog-checkpoint): a log's tree head as a signed note.
//
//   text := origin "\n" tree-size "\n" base64(root) "\n" extension-line*
#ifndef THON_CORE_CHECKPOINT_H_
#define THON_CORE_CHECKPOINT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/hash.h"
#include "server/core/note.h"
#include "server/core/signature.h"

namespace thon {

struct CheckpointBody {
  std::string origin;
  std::uint64_t tree_size = 0;
  Hash root;
};

// The text of a body, without extension lines: this log writes none.
std::string CheckpointText(const CheckpointBody& body);
// The body of a note's text; extension lines are allowed and left out.
// kInvalidArgument: not a checkpoint. kFailedPrecondition: a tree of no entries
// whose root is not that of the empty tree.
absl::StatusOr<CheckpointBody> ParseCheckpointText(absl::string_view text);

// The verifier key of a log: its origin is the key's name.
note::VerifierKey LogVerifierKey(absl::string_view origin,
                                 const PublicKey& log_key);

// A checkpoint signed by `log_key` under the name of its origin.
std::string MakeCheckpointNote(const SigningKey& log_key,
                               absl::string_view origin,
                               std::uint64_t tree_size, const Hash& root);

// Checks form, origin's form and the log's signature. kInvalidArgument: form.
// kPermissionDenied: no line is `log_key`'s, or one claims to be and is not.
// kFailedPrecondition: signed, and of a tree of no entries with another root.
absl::StatusOr<CheckpointBody> VerifyCheckpointNote(absl::string_view note,
                                                    const PublicKey& log_key);
// The same for a key whose name must be the origin: kPermissionDenied if it is
// not.
absl::StatusOr<CheckpointBody> VerifyCheckpointNote(
    const note::SignedNote& note, const note::VerifierKey& log_key);

}  // namespace thon

#endif  // THON_CORE_CHECKPOINT_H_
