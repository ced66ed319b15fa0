#include "server/core/receipt.h"

#include "server/core/bytes.h"
#include "server/core/check.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"

namespace thon {
namespace {

void AppendLengthPrefixed(absl::string_view text, std::string* out) {
  THON_CHECK(text.size() <= UINT16_MAX);
  AppendBigEndian(static_cast<std::uint16_t>(text.size()), out);
  out->append(text.data(), text.size());
}

std::string GroupStatement(absl::string_view origin, EntryIndex first_entry,
                           std::uint32_t group_size, const Hash& root) {
  std::string out;
  AppendLengthPrefixed(origin, &out);
  AppendBigEndian(first_entry.value, &out);
  AppendBigEndian(group_size, &out);
  out.append(root.view().data(), Hash::kSize);
  return out;
}

}  // namespace

Signature SignGroup(const SigningKey& log_key, absl::string_view origin,
                    EntryIndex first_entry, absl::Span<const Hash> leaves) {
  return log_key.Sign(kReceiptContext,
                      GroupStatement(origin, first_entry,
                                     static_cast<std::uint32_t>(leaves.size()),
                                     merkle::RootOf(leaves)));
}

v1::Receipt MakeReceipt(const SignedGroup& group, std::size_t offset,
                        const EntryTrailer& trailer) {
  THON_CHECK(offset < group.leaves.size());
  v1::Receipt receipt;
  receipt.set_origin(group.origin);
  receipt.set_entry_index(group.first_entry.value + offset);
  receipt.set_first_position(trailer.first_position.value);
  receipt.set_event_count(trailer.event_count);
  receipt.set_receive_time_ms(trailer.receive_time.ms);
  receipt.set_group_first_entry(group.first_entry.value);
  receipt.set_group_size(static_cast<std::uint32_t>(group.leaves.size()));
  for (const Hash& hash : merkle::PathOf(group.leaves, offset)) {
    receipt.add_path(std::string(hash.view()));
  }
  receipt.set_signature(std::string(group.signature.view()));
  return receipt;
}

absl::Status VerifyReceipt(const v1::Receipt& receipt, const PublicKey& log_key,
                           const Hash& leaf_hash) {
  Signature signature;
  if (!Signature::FromBytes(receipt.signature(), &signature) ||
      receipt.origin().size() > UINT16_MAX ||
      receipt.entry_index() < receipt.group_first_entry() ||
      receipt.event_count() == 0 ||
      receipt.event_count() > limits::kBatchEventsMax ||
      receipt.path_size() > 64) {
    return absl::InvalidArgumentError("the receipt is malformed");
  }
  std::vector<Hash> path(static_cast<std::size_t>(receipt.path_size()));
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!Hash::FromBytes(receipt.path(static_cast<int>(i)), &path[i])) {
      return absl::InvalidArgumentError("the receipt's path is malformed");
    }
  }
  const absl::StatusOr<Hash> root = merkle::RootFromInclusionProof(
      leaf_hash, receipt.entry_index() - receipt.group_first_entry(),
      receipt.group_size(), path);
  if (!root.ok()) return root.status();
  if (!Verify(log_key, kReceiptContext,
              GroupStatement(receipt.origin(),
                             EntryIndex(receipt.group_first_entry()),
                             receipt.group_size(), *root),
              signature)) {
    return absl::PermissionDeniedError(
        "the receipt is not signed by the log's key");
  }
  return absl::OkStatus();
}

EntryTrailer TrailerOf(const v1::Receipt& receipt, const Signature& signature) {
  return {.signature = signature,
          .first_position = Position(receipt.first_position()),
          .event_count = static_cast<std::uint16_t>(receipt.event_count()),
          .receive_time = Instant(receipt.receive_time_ms())};
}

std::string HelloStatement(absl::string_view nonce, absl::string_view author,
                           absl::string_view origin, absl::string_view log_key,
                           std::int64_t server_time_ms,
                           std::uint64_t next_sequence,
                           absl::string_view last_batch_hash,
                           std::uint64_t durable_position) {
  std::string out;
  AppendLengthPrefixed(nonce, &out);
  AppendLengthPrefixed(author, &out);
  AppendLengthPrefixed(origin, &out);
  AppendLengthPrefixed(log_key, &out);
  AppendBigEndian(server_time_ms, &out);
  AppendBigEndian(next_sequence, &out);
  AppendLengthPrefixed(last_batch_hash, &out);
  AppendBigEndian(durable_position, &out);
  return out;
}

}  // namespace thon
