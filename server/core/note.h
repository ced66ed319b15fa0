// Signed notes (c2sp.org/signed-note): a text, and lines of signatures over it.
//
//   note           := text "\n" signature-line+     -- text ends in a newline
//   signature-line := "— " name " " base64(key-id(4) signature) "\n"
//   key-id         := SHA-256(name || "\n" || type(1) || key)[:4]
//   verifier key   := name "+" hex(key-id) "+" base64(type(1) key)
//
// Two types of keys: Ed25519 over the text itself (a log's), and timestamped
// cosignatures of checkpoints (c2sp.org/tlog-cosignature, a witness's):
//
//   signature := time(8) Ed25519("cosignature/v1\ntime " time "\n" text)
//
// A name is not empty, is UTF-8 without spaces (of Unicode) and without "+",
// and has at most limits::kKeyNameBytesMax bytes.
#ifndef THON_CORE_NOTE_H_
#define THON_CORE_NOTE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/signature.h"

namespace thon::note {

enum class KeyType : std::uint8_t { kEd25519 = 0x01, kCosignature = 0x04 };

struct VerifierKey {
  std::string name;
  KeyType type = KeyType::kEd25519;
  PublicKey key;
  bool operator==(const VerifierKey&) const = default;
};

bool IsKeyName(absl::string_view name);
// The standard key id, as four bytes big-endian make it a number.
std::uint32_t KeyId(const VerifierKey& key);

std::string FormatVerifierKey(const VerifierKey& key);
// kInvalidArgument: malformed, an id that is not the standard one, or a type
// that is not here.
absl::StatusOr<VerifierKey> ParseVerifierKey(absl::string_view text);

struct SignatureLine {
  std::string name;
  std::uint32_t key_id = 0;
  std::string signature;  // Without the key id.
  bool operator==(const SignatureLine&) const = default;
};

struct SignedNote {
  std::string text;  // With its final newline.
  std::vector<SignatureLine> signatures;
};

// kInvalidArgument: not a signed note within limits.h: no UTF-8, control
// characters, no signature, too many, too long.
absl::StatusOr<SignedNote> Parse(absl::string_view note);
// Signature lines alone, as a witness answers them.
absl::StatusOr<std::vector<SignatureLine>> ParseSignatureLines(
    absl::string_view lines);
std::string FormatSignatureLine(const SignatureLine& line);
std::string Format(const SignedNote& note);

// A log's signature line. Requires: IsKeyName(name).
SignatureLine Sign(const SigningKey& key, absl::string_view name,
                   absl::string_view text);
// A witness's, made at `time_s` (Unix seconds, above 0).
SignatureLine Cosign(const SigningKey& key, absl::string_view name,
                     absl::string_view text, std::int64_t time_s);

enum class Verdict {
  kAbsent,  // No line has the key's name and id.
  kGood,
  kBad,  // A line has, and its signature is not the key's: reject the note.
};
struct Verified {
  Verdict verdict = Verdict::kAbsent;
  std::int64_t time_s = 0;  // Of a good cosignature; the newest of several.
};
Verified Verify(const SignedNote& note, const VerifierKey& key);

}  // namespace thon::note

#endif  // THON_CORE_NOTE_H_
