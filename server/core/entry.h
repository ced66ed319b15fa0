// Entries: a batch as the log holds it, and the leaf of the Merkle tree.
//
//   entry   := batch trailer
//   trailer := signature(64) first_position(8) event_count(2)
//              receive_time_ms(8) version(1)         -- 83 bytes, big-endian
//
// The leaf hash is SHA-256(0x00 || entry). The version is 1.
#ifndef THON_CORE_ENTRY_H_
#define THON_CORE_ENTRY_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/batch.h"
#include "server/core/civil.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/signature.h"

namespace thon {

inline constexpr std::uint8_t kEntryVersion = 1;

// What the log adds to a batch.
struct EntryTrailer {
  Signature signature;
  Position first_position;
  std::uint16_t event_count = 0;
  Instant receive_time;

  Position last_position() const {
    return Position(first_position.value + event_count - 1);
  }
  Position end_position() const {
    return Position(first_position.value + event_count);
  }
};

// A parsed entry; `batch` points into the bytes that were parsed.
struct EntryView {
  absl::string_view batch;
  EntryTrailer trailer;
};

std::string EncodeTrailer(const EntryTrailer& trailer);
std::string EncodeEntry(absl::string_view batch, const EntryTrailer& trailer);

// Parses the trailer; the batch is not looked into.
// kDataLoss: too short, too long, an unknown version, or no events.
absl::StatusOr<EntryView> ParseEntry(absl::string_view entry);

// The leaf hash of the entry (batch, trailer). The first form goes on from the
// digest that the signature check already made.
Hash LeafHash(const BatchDigest& digest, const EntryTrailer& trailer);
Hash LeafHash(absl::string_view batch, const EntryTrailer& trailer);

}  // namespace thon

#endif  // THON_CORE_ENTRY_H_
