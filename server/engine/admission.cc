#include "server/engine/admission.h"

#include <optional>
#include <utility>

#include "google/protobuf/arena.h"
#include "server/core/limits.h"
#include "server/engine/author_table.h"
#include "thon/v1/event.pb.h"

namespace thon {

OfferedBatch AdmitBatch(const AuthorTable& authors,
                        const AuthorId& stream_author, v1::SealedBatch sealed) {
  OfferedBatch offered;
  offered.author = stream_author;
  const auto refuse = [&](v1::RefusalReason reason) {
    offered.refusal = reason;
    return std::move(offered);  // NOLINT: a capture is not moved by itself.
  };
  if (sealed.batch().size() > limits::kBatchBytesMax) {
    return refuse(v1::REFUSAL_REASON_TOO_LARGE);
  }
  offered.bytes = std::move(*sealed.mutable_batch());

  // An arena: the parsed batch is thrown away at once.
  google::protobuf::Arena arena;
  auto* batch = google::protobuf::Arena::CreateMessage<v1::Batch>(&arena);
  const BatchFault fault = ParseBatch(offered.bytes, batch);
  offered.first_sequence = Sequence(batch->first_sequence());
  if (fault == BatchFault::kTooLarge) {
    return refuse(v1::REFUSAL_REASON_TOO_LARGE);
  }
  if (fault != BatchFault::kNone ||
      !Signature::FromBytes(sealed.signature(), &offered.signature)) {
    return refuse(fault != BatchFault::kNone
                      ? v1::REFUSAL_REASON_UNDECODABLE
                      : v1::REFUSAL_REASON_BAD_SIGNATURE);
  }
  Hash::FromBytes(batch->previous_hash(), &offered.previous_hash);
  offered.event_count = static_cast<std::uint16_t>(batch->events_size());

  if (batch->author() != stream_author.view()) {
    return refuse(v1::REFUSAL_REASON_WRONG_AUTHOR);
  }
  const std::optional<AuthorState> author = authors.Find(stream_author);
  if (!author.has_value()) return refuse(v1::REFUSAL_REASON_UNKNOWN_AUTHOR);
  if (author->server) return refuse(v1::REFUSAL_REASON_NOT_PERMITTED);
  offered.digest = DigestBatch(offered.bytes);
  if (!VerifyBatchSignature(author->key, offered.digest.hash,
                            offered.signature)) {
    return refuse(v1::REFUSAL_REASON_BAD_SIGNATURE);
  }
  return offered;
}

}  // namespace thon
