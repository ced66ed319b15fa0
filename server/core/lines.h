// What the text formats of C2SP have in common: lines, numbers, base64, UTF-8.
// Each function takes exactly one spelling of a value, so that text which was
// read and written again is the same text.
#ifndef THON_CORE_LINES_H_
#define THON_CORE_LINES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/core/hash.h"

namespace thon {

// Takes the first line off `*rest`; `*line` is without its newline. False, and
// nothing changed, if no newline is left.
bool TakeLine(absl::string_view* rest, absl::string_view* line);

// Decimal digits without sign or leading zeroes, within 64 bits.
bool ParseDecimal(absl::string_view text, std::uint64_t* number);

// Standard base64 (RFC 4648, section 4): padded, no line breaks, the unused
// bits zero. Nothing stands for nothing.
bool DecodeBase64(absl::string_view text, std::string* raw);
bool DecodeBase64Hash(absl::string_view text, Hash* hash);

// Hashes of a proof, a line each, and the empty line behind them.
std::string FormatHashLines(absl::Span<const Hash> hashes);
// Takes them off `*rest`. False: a line is not a hash, there are more than
// limits::kProofHashesMax, or no empty line follows.
bool TakeHashLines(absl::string_view* rest, std::vector<Hash>* hashes);

// UTF-8 as defined today: no overlong forms, no surrogates.
bool IsUtf8(absl::string_view text);
// True if a character of `text`, which is UTF-8, has Unicode's White_Space
// property.
bool HasUnicodeSpace(absl::string_view text);

}  // namespace thon

#endif  // THON_CORE_LINES_H_
