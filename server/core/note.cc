#include "server/core/note.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/bytes.h"
#include "server/core/check.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/core/lines.h"

namespace thon::note {
namespace {

// "\u2014 ": an em dash and a space begin each signature line.
constexpr absl::string_view kLineStart = "\xe2\x80\x94 ";
constexpr absl::string_view kCosignatureHeader = "cosignature/v1\n";
constexpr std::size_t kKeyIdBytes = 4;
constexpr std::size_t kTimeBytes = 8;

// The number that `raw` begins with. Requires: it is long enough.
template <typename Integer>
Integer NumberAtStart(absl::string_view raw) {
  Integer number = 0;
  THON_CHECK(ConsumeBigEndian(&raw, &number));
  return number;
}

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("not a signed note: ", what));
}

bool IsControl(char c) {
  return static_cast<unsigned char>(c) < 0x20 && c != '\n';
}

// What is true of a whole note and of signature lines alone.
absl::Status CheckCharacters(absl::string_view text) {
  if (text.size() > limits::kNoteBytesMax) {
    return Malformed(absl::StrCat("it has ", text.size(), " bytes; at most ",
                                  limits::kNoteBytesMax, " are read"));
  }
  if (std::any_of(text.begin(), text.end(), IsControl)) {
    return Malformed("of control characters only the newline may be in it");
  }
  if (!IsUtf8(text)) return Malformed("it is not UTF-8");
  return absl::OkStatus();
}

absl::StatusOr<SignatureLine> ParseLine(absl::string_view line) {
  if (!absl::ConsumePrefix(&line, kLineStart)) {
    return Malformed("a signature line begins with an em dash and a space");
  }
  const std::size_t space = line.find(' ');
  if (space == absl::string_view::npos || !IsKeyName(line.substr(0, space))) {
    return Malformed(
        "a signature line names its key, without spaces and plus signs, and "
        "then holds the signature");
  }
  std::string raw;
  if (!DecodeBase64(line.substr(space + 1), &raw) ||
      raw.size() <= kKeyIdBytes) {
    return Malformed(
        "a signature is standard base64, with padding, of a key id of four "
        "bytes and more");
  }
  return SignatureLine{.name = std::string(line.substr(0, space)),
                       .key_id = NumberAtStart<std::uint32_t>(raw),
                       .signature = raw.substr(kKeyIdBytes)};
}

// The lines of text that CheckCharacters() let pass.
absl::StatusOr<std::vector<SignatureLine>> ParseLines(absl::string_view rest) {
  std::vector<SignatureLine> lines;
  absl::string_view line;
  while (TakeLine(&rest, &line)) {
    if (lines.size() == limits::kNoteSignaturesMax) {
      return Malformed(absl::StrCat("it has more than ",
                                    limits::kNoteSignaturesMax,
                                    " signatures; leave out those of keys "
                                    "that its reader does not know"));
    }
    absl::StatusOr<SignatureLine> parsed = ParseLine(line);
    if (!parsed.ok()) return parsed.status();
    lines.push_back(*std::move(parsed));
  }
  if (!rest.empty()) return Malformed("it does not end in a newline");
  if (lines.empty()) return Malformed("it has no signature");
  return lines;
}

std::string CosignedMessage(absl::string_view text, std::uint64_t time_s) {
  return absl::StrCat(kCosignatureHeader, "time ", time_s, "\n", text);
}

// Whether a line of the key's holds its signature over `text`.
bool IsGood(const VerifierKey& key, absl::string_view text,
            absl::string_view raw, std::int64_t* time_s) {
  Signature signature;
  if (key.type == KeyType::kEd25519) {
    return Signature::FromBytes(raw, &signature) &&
           thon::Verify(key.key, "", text, signature);
  }
  if (raw.size() != kTimeBytes + Signature::kSize) return false;
  const auto time = NumberAtStart<std::uint64_t>(raw);
  if (time > INT64_MAX) return false;
  *time_s = static_cast<std::int64_t>(time);
  return Signature::FromBytes(raw.substr(kTimeBytes), &signature) &&
         thon::Verify(key.key, "", CosignedMessage(text, time), signature);
}

}  // namespace

bool IsKeyName(absl::string_view name) {
  return !name.empty() && name.size() <= limits::kKeyNameBytesMax &&
         name.find('+') == absl::string_view::npos &&
         std::none_of(name.begin(), name.end(), IsControl) && IsUtf8(name) &&
         !HasUnicodeSpace(name);
}

std::uint32_t KeyId(const VerifierKey& key) {
  const Hash hash = Sha256()
                        .Update(key.name)
                        .Update("\n")
                        .Update(static_cast<std::uint8_t>(key.type))
                        .Update(key.key.view())
                        .Final();
  return NumberAtStart<std::uint32_t>(hash.view());
}

std::string FormatVerifierKey(const VerifierKey& key) {
  std::string id;
  AppendBigEndian(KeyId(key), &id);
  const std::string raw =
      absl::StrCat(absl::string_view(reinterpret_cast<const char*>(&key.type),
                                     sizeof(key.type)),
                   key.key.view());
  return absl::StrCat(key.name, "+", HexEncode(id), "+",
                      absl::Base64Escape(raw));
}

absl::StatusOr<VerifierKey> ParseVerifierKey(absl::string_view text) {
  const auto malformed = [](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(
        "not a verifier key, <name>+<id>+<base64 of type and key>: ", what));
  };
  // Base64 has plus signs too: only the first two part the text.
  const std::size_t first = text.find('+');
  const std::size_t second =
      first == absl::string_view::npos ? first : text.find('+', first + 1);
  if (second == absl::string_view::npos) {
    return malformed("it has no two plus signs");
  }
  if (!IsKeyName(text.substr(0, first))) {
    return malformed(
        absl::StrCat("the name is 1 to ", limits::kKeyNameBytesMax,
                     " bytes of UTF-8 without spaces and control characters"));
  }
  constexpr std::size_t kRawBytes = 1 + PublicKey::kSize;
  const absl::string_view base64 = text.substr(second + 1);
  std::string raw;
  if (base64.size() > (kRawBytes + 2) / 3 * 4 || !DecodeBase64(base64, &raw) ||
      raw.size() != kRawBytes) {
    return malformed("the key is standard base64 of a type and 32 bytes");
  }
  VerifierKey key;
  key.name = std::string(text.substr(0, first));
  key.type = static_cast<KeyType>(raw[0]);
  if (key.type != KeyType::kEd25519 && key.type != KeyType::kCosignature) {
    return malformed(absl::StrCat(
        "type ", static_cast<int>(static_cast<std::uint8_t>(raw[0])),
        " is neither Ed25519 (1) nor a cosignature by Ed25519 (4)"));
  }
  THON_CHECK(PublicKey::FromBytes(raw.substr(1), &key.key));
  if (FormatVerifierKey(key) != text) {
    return malformed("the id is not the name's and the key's");
  }
  return key;
}

absl::StatusOr<SignedNote> Parse(absl::string_view note) {
  const absl::Status characters = CheckCharacters(note);
  if (!characters.ok()) return characters;
  const std::size_t split = note.rfind("\n\n");
  if (split == absl::string_view::npos) {
    return Malformed("no blank line parts the text from its signatures");
  }
  absl::StatusOr<std::vector<SignatureLine>> lines =
      ParseLines(note.substr(split + 2));
  if (!lines.ok()) return lines.status();
  return SignedNote{.text = std::string(note.substr(0, split + 1)),
                    .signatures = *std::move(lines)};
}

absl::StatusOr<std::vector<SignatureLine>> ParseSignatureLines(
    absl::string_view lines) {
  const absl::Status characters = CheckCharacters(lines);
  if (!characters.ok()) return characters;
  return ParseLines(lines);
}

std::string FormatSignatureLine(const SignatureLine& line) {
  std::string raw;
  AppendBigEndian(line.key_id, &raw);
  raw += line.signature;
  return absl::StrCat(kLineStart, line.name, " ", absl::Base64Escape(raw),
                      "\n");
}

std::string Format(const SignedNote& note) {
  std::string out = absl::StrCat(note.text, "\n");
  for (const SignatureLine& line : note.signatures) {
    out += FormatSignatureLine(line);
  }
  return out;
}

SignatureLine Sign(const SigningKey& key, absl::string_view name,
                   absl::string_view text) {
  THON_CHECK(IsKeyName(name));
  return {.name = std::string(name),
          .key_id = KeyId({.name = std::string(name),
                           .type = KeyType::kEd25519,
                           .key = key.public_key()}),
          .signature = std::string(key.Sign("", text).view())};
}

SignatureLine Cosign(const SigningKey& key, absl::string_view name,
                     absl::string_view text, std::int64_t time_s) {
  THON_CHECK(IsKeyName(name) && time_s > 0);
  SignatureLine line;
  line.name = std::string(name);
  line.key_id = KeyId({.name = line.name,
                       .type = KeyType::kCosignature,
                       .key = key.public_key()});
  const auto time = static_cast<std::uint64_t>(time_s);
  AppendBigEndian(time, &line.signature);
  absl::StrAppend(&line.signature,
                  key.Sign("", CosignedMessage(text, time)).view());
  return line;
}

Verified Verify(const SignedNote& note, const VerifierKey& key) {
  const std::uint32_t id = KeyId(key);
  Verified verified;
  for (const SignatureLine& line : note.signatures) {
    if (line.key_id != id || line.name != key.name) continue;
    std::int64_t time_s = 0;
    if (!IsGood(key, note.text, line.signature, &time_s)) {
      return {.verdict = Verdict::kBad};
    }
    verified.verdict = Verdict::kGood;
    verified.time_s = std::max(verified.time_s, time_s);
  }
  return verified;
}

}  // namespace thon::note
