// Receipts and hellos: what the log key signs besides checkpoints.
//
//   group statement := origin_length(2) origin first_entry(8) group_size(4)
//                      group_root(32)                      -- big-endian
//   group root      := Merkle root (RFC 6962) over the group's leaf hashes
//
// A receipt is the signature over the group statement and the path from one
// leaf to the group root. One signature serves a whole commit group.
#ifndef THON_CORE_RECEIPT_H_
#define THON_CORE_RECEIPT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/core/entry.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/signature.h"
#include "thon/v1/log.pb.h"

namespace thon {

// A commit group and its signature.
struct SignedGroup {
  std::string origin;
  EntryIndex first_entry;
  std::vector<Hash> leaves;
  Signature signature;
};

Signature SignGroup(const SigningKey& log_key, absl::string_view origin,
                    EntryIndex first_entry, absl::Span<const Hash> leaves);

// The receipt of the entry at `offset` in the group. Requires offset in range.
v1::Receipt MakeReceipt(const SignedGroup& group, std::size_t offset,
                        const EntryTrailer& trailer);

// OK if `receipt` is `log_key`'s word that the entry with this leaf hash is at
// its index. kInvalidArgument: malformed. kPermissionDenied: not signed.
absl::Status VerifyReceipt(const v1::Receipt& receipt, const PublicKey& log_key,
                           const Hash& leaf_hash);

// The trailer that `receipt` claims for a batch with this signature. With the
// batch it gives the leaf hash that VerifyReceipt wants.
EntryTrailer TrailerOf(const v1::Receipt& receipt, const Signature& signature);

// What a server's hello signs: nonce, author, and the hello's fields 1 to 6,
// each variable field with its length in two bytes before it.
std::string HelloStatement(absl::string_view nonce, absl::string_view author,
                           absl::string_view origin, absl::string_view log_key,
                           std::int64_t server_time_ms,
                           std::uint64_t next_sequence,
                           absl::string_view last_batch_hash,
                           std::uint64_t durable_position);

}  // namespace thon

#endif  // THON_CORE_RECEIPT_H_
