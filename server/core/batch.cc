#include "server/core/batch.h"

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "server/core/repeated_scan.h"

namespace thon {

BatchDigest DigestBatch(absl::string_view batch_bytes) {
  BatchDigest digest;
  digest.leaf_prefix.Update(merkle::kLeafPrefix).Update(batch_bytes);
  Sha256 copy = digest.leaf_prefix;
  digest.hash = copy.Final();
  return digest;
}

Hash BatchHash(absl::string_view batch_bytes) {
  return DigestBatch(batch_bytes).hash;
}

BatchFault ParseBatch(absl::string_view batch_bytes, v1::Batch* batch) {
  if (batch_bytes.size() > limits::kBatchBytesMax) return BatchFault::kTooLarge;
  // First: 60 KiB of empty events would parse to megabytes.
  if (HoldsMoreThan(batch_bytes, v1::Batch::kEventsFieldNumber,
                    limits::kBatchEventsMax)) {
    return BatchFault::kTooLarge;
  }
  if (!batch->ParseFromArray(batch_bytes.data(),
                             static_cast<int>(batch_bytes.size()))) {
    return BatchFault::kUndecodable;
  }
  const std::size_t events = static_cast<std::size_t>(batch->events_size());
  const std::uint64_t first = batch->first_sequence();
  if (events == 0 || first == 0 || first > UINT64_MAX - events ||
      batch->author().size() != AuthorId::kSize ||
      batch->previous_hash().size() != (first == 1 ? 0 : Hash::kSize) ||
      batch->app_version().size() > limits::kAppVersionBytesMax) {
    return BatchFault::kUndecodable;
  }
  for (std::size_t i = 0; i < events; ++i) {
    const v1::Event& event = batch->events(static_cast<int>(i));
    if (event.sequence() != first + i) return BatchFault::kUndecodable;
    if (batch_bytes.size() > limits::kEventBytesMax &&
        event.ByteSizeLong() > limits::kEventBytesMax) {
      return BatchFault::kTooLarge;
    }
  }
  return BatchFault::kNone;
}

absl::Status CheckEvent(const v1::Event& event) {
  const auto invalid = [](auto... parts) {
    return absl::InvalidArgumentError(absl::StrCat(parts...));
  };
  if (event.ByteSizeLong() > limits::kEventBytesMax) {
    return invalid("the event has ", event.ByteSizeLong(), " bytes; at most ",
                   limits::kEventBytesMax, " can be sent: shorten its texts");
  }
  if (event.evidence_size() > static_cast<int>(limits::kEvidenceMax)) {
    return invalid("evidence: at most ", limits::kEvidenceMax, " pieces");
  }
  for (const v1::Evidence& piece : event.evidence()) {
    if (piece.sha256().size() != Hash::kSize) {
      return invalid("evidence.sha256: must be 32 bytes");
    }
  }
  if (event.has_originally() &&
      (event.originally().author().size() != AuthorId::kSize ||
       event.originally().event_hash().size() != Hash::kSize)) {
    return invalid("originally: author must be 16 bytes, event_hash 32");
  }
  if (event.source_system().size() > limits::kTextBytesMax) {
    return invalid("source_system: at most ", limits::kTextBytesMax, " bytes");
  }
  return absl::OkStatus();
}

v1::SealedBatch SealBatch(const v1::Batch& batch, const SigningKey& key) {
  v1::SealedBatch sealed;
  THON_CHECK(batch.SerializeToString(sealed.mutable_batch()));
  const Hash hash = BatchHash(sealed.batch());
  const Signature signature = key.Sign(kBatchContext, hash.view());
  sealed.set_signature(std::string(signature.view()));
  return sealed;
}

bool VerifyBatchSignature(const PublicKey& key, const Hash& batch_hash,
                          const Signature& signature) {
  return Verify(key, kBatchContext, batch_hash.view(), signature);
}

Hash EventHash(const v1::Event& event) {
  return Sha256Of(event.SerializeAsString());
}

}  // namespace thon
