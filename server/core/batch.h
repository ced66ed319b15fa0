// Batches: sealing them, and the check that phone and server share.
//
//   batch bytes  a serialized thon.v1.Batch, kept verbatim for ever
//   batch hash   SHA-256(0x00 || batch bytes); names the batch in its author's
//                chain and is what the author signs
//
// The hash begins like the Merkle leaf over the entry that will hold the batch
// (entry.h), so one pass over the bytes serves signature, chain and tree.
#ifndef THON_CORE_BATCH_H_
#define THON_CORE_BATCH_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/signature.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/log.pb.h"

namespace thon {

// A batch's hash, and the state from which the leaf hash goes on.
struct BatchDigest {
  Sha256 leaf_prefix;  // Has absorbed 0x00 || batch bytes.
  Hash hash;
};

BatchDigest DigestBatch(absl::string_view batch_bytes);
Hash BatchHash(absl::string_view batch_bytes);

// What is wrong with a batch. The committer answers REFUSED with it, and a
// phone that finds its own batch good knows that a refusal is temporary.
enum class BatchFault { kNone, kTooLarge, kUndecodable };

// Parses `batch_bytes` into `*batch` and checks it: at most 60 KiB; a Batch; an
// author of 16 bytes; a previous hash of 32 bytes, absent exactly when the
// first sequence is 1; 1 to 256 events whose sequences are dense from
// `first_sequence`; no event above 48 KiB. Nothing is allocated beyond what the
// bytes hold. `*batch` is valid only with kNone.
BatchFault ParseBatch(absl::string_view batch_bytes, v1::Batch* batch);

// Whether an event can be sent at all: its size, and text and lists within the
// limits that every reader relies on. Not whether it counts.
// kInvalidArgument: says which field and what to do.
absl::Status CheckEvent(const v1::Event& event);

// Serializes and signs. Requires that `batch` passes ParseBatch.
v1::SealedBatch SealBatch(const v1::Batch& batch, const SigningKey& key);

bool VerifyBatchSignature(const PublicKey& key, const Hash& batch_hash,
                          const Signature& signature);

// SHA-256 over an event's serialized bytes: its name in `Original`.
Hash EventHash(const v1::Event& event);

}  // namespace thon

#endif  // THON_CORE_BATCH_H_
