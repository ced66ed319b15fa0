#include "server/core/entry.h"

#include "absl/strings/str_cat.h"
#include "server/core/bytes.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"

namespace thon {

std::string EncodeTrailer(const EntryTrailer& trailer) {
  std::string out(trailer.signature.view());
  AppendBigEndian(trailer.first_position.value, &out);
  AppendBigEndian(trailer.event_count, &out);
  AppendBigEndian(trailer.receive_time.ms, &out);
  AppendBigEndian(kEntryVersion, &out);
  return out;
}

std::string EncodeEntry(absl::string_view batch, const EntryTrailer& trailer) {
  std::string out;
  out.reserve(batch.size() + limits::kEntryTrailerBytes);
  out.append(batch.data(), batch.size());
  out += EncodeTrailer(trailer);
  return out;
}

absl::StatusOr<EntryView> ParseEntry(absl::string_view entry) {
  if (entry.size() < limits::kEntryTrailerBytes ||
      entry.size() > limits::kEntryBytesMax) {
    return absl::DataLossError(
        absl::StrCat("an entry of ", entry.size(), " bytes cannot be"));
  }
  EntryView view;
  const std::size_t batch_size = entry.size() - limits::kEntryTrailerBytes;
  view.batch = entry.substr(0, batch_size);
  Signature::FromBytes(entry.substr(batch_size, Signature::kSize),
                       &view.trailer.signature);
  absl::string_view rest = entry.substr(batch_size + Signature::kSize);
  std::uint8_t version = 0;
  ConsumeBigEndian(&rest, &view.trailer.first_position.value);
  ConsumeBigEndian(&rest, &view.trailer.event_count);
  ConsumeBigEndian(&rest, &view.trailer.receive_time.ms);
  ConsumeBigEndian(&rest, &version);
  if (version != kEntryVersion) {
    return absl::DataLossError(absl::StrCat(
        "entry version ", version, " is not known: use a newer program"));
  }
  if (view.trailer.event_count == 0 || view.trailer.first_position.value == 0) {
    return absl::DataLossError("an entry without events or position");
  }
  return view;
}

Hash LeafHash(const BatchDigest& digest, const EntryTrailer& trailer) {
  Sha256 hash = digest.leaf_prefix;
  return hash.Update(EncodeTrailer(trailer)).Final();
}

Hash LeafHash(absl::string_view batch, const EntryTrailer& trailer) {
  Sha256 hash;
  return hash.Update(merkle::kLeafPrefix)
      .Update(batch)
      .Update(EncodeTrailer(trailer))
      .Final();
}

}  // namespace thon
