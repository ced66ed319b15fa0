#include "server/core/lines.h"

#include <utf8proc.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/limits.h"

namespace thon {
namespace {

// The length of the character that `text` begins with, or 0 if there is none.
std::size_t TakeCharacter(absl::string_view text, utf8proc_int32_t* character) {
  const utf8proc_ssize_t size =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                       static_cast<utf8proc_ssize_t>(text.size()), character);
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

// White_Space: the three categories of separators, and what of the control
// characters moves the pen.
bool IsUnicodeSpace(utf8proc_int32_t character) {
  if (character >= 0x09 && character <= 0x0d) return true;
  if (character == 0x85) return true;
  const utf8proc_category_t category = utf8proc_category(character);
  return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

}  // namespace

bool TakeLine(absl::string_view* rest, absl::string_view* line) {
  const std::size_t end = rest->find('\n');
  if (end == absl::string_view::npos) return false;
  *line = rest->substr(0, end);
  rest->remove_prefix(end + 1);
  return true;
}

bool ParseDecimal(absl::string_view text, std::uint64_t* number) {
  std::uint64_t parsed = 0;
  if (!absl::SimpleAtoi(text, &parsed) || absl::StrCat(parsed) != text) {
    return false;
  }
  *number = parsed;
  return true;
}

bool DecodeBase64(absl::string_view text, std::string* raw) {
  // Abseil forgives blanks, missing padding and stray bits, and writes none.
  std::string decoded;
  if (!absl::Base64Unescape(text, &decoded) ||
      absl::Base64Escape(decoded) != text) {
    return false;
  }
  *raw = std::move(decoded);
  return true;
}

bool DecodeBase64Hash(absl::string_view text, Hash* hash) {
  constexpr std::size_t kCharacters = (Hash::kSize + 2) / 3 * 4;
  std::string raw;
  return text.size() == kCharacters && DecodeBase64(text, &raw) &&
         Hash::FromBytes(raw, hash);
}

std::string FormatHashLines(absl::Span<const Hash> hashes) {
  std::string out;
  for (const Hash& hash : hashes) {
    absl::StrAppend(&out, absl::Base64Escape(hash.view()), "\n");
  }
  out.push_back('\n');
  return out;
}

bool TakeHashLines(absl::string_view* rest, std::vector<Hash>* hashes) {
  hashes->clear();
  absl::string_view line;
  while (TakeLine(rest, &line)) {
    if (line.empty()) return true;
    Hash hash;
    if (hashes->size() == limits::kProofHashesMax ||
        !DecodeBase64Hash(line, &hash)) {
      return false;
    }
    hashes->push_back(hash);
  }
  return false;
}

bool IsUtf8(absl::string_view text) {
  utf8proc_int32_t character = 0;
  while (!text.empty()) {
    const std::size_t size = TakeCharacter(text, &character);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

bool HasUnicodeSpace(absl::string_view text) {
  utf8proc_int32_t character = 0;
  while (!text.empty()) {
    const std::size_t size = TakeCharacter(text, &character);
    if (size == 0 || IsUnicodeSpace(character)) return true;
    text.remove_prefix(size);
  }
  return false;
}

}  // namespace thon
