#include "tools/thon/text_encoding.h"

#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/text.h"

namespace thon::cli {
namespace {

constexpr std::size_t kSampleBytesMax = 80;

struct Converted {
  std::string utf8;       // Of the bytes that could be read.
  bool complete = false;  // They are all.
};

absl::StatusOr<Converted> ToUtf8(const char* encoding,
                                 absl::string_view bytes) {
  const iconv_t converter = iconv_open("UTF-8", encoding);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): that is how iconv says it.
  if (converter == reinterpret_cast<iconv_t>(-1)) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("this system's iconv cannot read ", encoding));
  }
  Converted converted;
  char* in = const_cast<char*>(bytes.data());  // iconv does not write to it.
  std::size_t in_left = bytes.size();
  char buffer[1 << 14];
  int error = 0;
  while (in_left > 0 && error == 0) {
    char* out = buffer;
    std::size_t out_left = sizeof(buffer);
    if (iconv(converter, &in, &in_left, &out, &out_left) ==
            static_cast<std::size_t>(-1) &&
        errno != E2BIG) {
      error = errno;
    }
    converted.utf8.append(buffer, sizeof(buffer) - out_left);
  }
  // Some decoders hold a letter back to join it with a mark that may follow.
  char* out = buffer;
  std::size_t out_left = sizeof(buffer);
  iconv(converter, nullptr, nullptr, &out, &out_left);
  converted.utf8.append(buffer, sizeof(buffer) - out_left);
  iconv_close(converter);
  converted.complete = error == 0;
  return converted;
}

int LinesIn(absl::string_view text) {
  int lines = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool pair =
        text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (text[i] == '\n' || (text[i] == '\r' && !pair)) ++lines;
  }
  return lines;
}

absl::Status Refused(absl::string_view vietnamese, absl::string_view english) {
  return absl::InvalidArgumentError(
      absl::StrCat(vietnamese, " (", english, "); ", kHowToSave));
}

absl::Status RefuseWorkbook(absl::string_view bytes) {
  const bool zip = absl::StartsWith(bytes, "PK\x03\x04");
  const bool old = absl::StartsWith(bytes, "\xD0\xCF\x11\xE0");
  if (!zip && !old) return absl::OkStatus();
  return Refused(absl::StrCat("tệp là bảng tính ", zip ? "XLSX/ODS" : "XLS",
                              ", chưa phải CSV"),
                 absl::StrCat("the file is ", zip ? "an XLSX or ODS" : "an XLS",
                              " workbook, not CSV"));
}

// Where the zero bytes of UTF-16 stand: every letter of ASCII has one.
absl::Status RefuseZeros(absl::string_view bytes) {
  std::size_t zeros[2] = {0, 0};
  const absl::string_view head = bytes.substr(0, 4096);
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '\0') ++zeros[i % 2];
  }
  if (zeros[0] + zeros[1] > head.size() / 5 &&
      std::min(zeros[0], zeros[1]) * 8 < std::max(zeros[0], zeros[1])) {
    return Refused(
        "tệp là UTF-16 nhưng không có dấu thứ tự byte (BOM), không thể đọc "
        "chắc "
        "chắn",
        "the file looks like UTF-16 without a byte order mark, and is not "
        "guessed at");
  }
  const std::size_t first = bytes.find('\0');
  if (first == absl::string_view::npos) return absl::OkStatus();
  const int line = LinesIn(bytes.substr(0, first));
  return Refused(
      absl::StrCat("dòng ", line, ": có byte 0, không phải tệp văn bản"),
      absl::StrCat("line ", line, ": a zero byte; this is not a text"));
}

// Windows-1258 writes most tones as a mark behind the vowel; no other code page
// of Windows has a letter there that reads on as a word.
bool HasToneMarks(absl::string_view bytes) {
  constexpr absl::string_view kVowels =
      "aeiouyAEIOUY\xE2\xEA\xF4\xE3\xF5\xFD\xC2\xCA\xD4\xC3\xD5\xDD";
  constexpr absl::string_view kMarks = "\xCC\xD2\xDE\xEC\xF2";
  for (std::size_t i = 1; i < bytes.size(); ++i) {
    if (absl::StrContains(kMarks, bytes[i]) &&
        absl::StrContains(kVowels, bytes[i - 1])) {
      return true;
    }
  }
  return false;
}

// True if every letter beyond ASCII is a Latin letter with marks.
bool IsLatin(absl::string_view utf8) {
  while (!utf8.empty()) {
    std::size_t size = 1;
    while (size < utf8.size() &&
           (static_cast<unsigned char>(utf8[size]) & 0xC0) == 0x80) {
      ++size;
    }
    if (size > 1) {
      const std::string key = SearchKey(utf8.substr(0, size));
      if (key.size() != 1 || key[0] < 'a' || key[0] > 'z') return false;
    }
    utf8.remove_prefix(size);
  }
  return true;
}

absl::Status RefuseCodePage(absl::string_view bytes, int line,
                            absl::string_view bad_line) {
  const absl::StatusOr<Converted> old = ToUtf8("CP1258", bytes);
  if (old.ok() && old->complete && HasToneMarks(bytes)) {
    const absl::StatusOr<std::string> nfc = ToNfc(old->utf8);
    if (nfc.ok() && IsLatin(*nfc)) {
      const absl::StatusOr<Converted> there = ToUtf8("CP1258", bad_line);
      const absl::StatusOr<std::string> sample =
          ToNfc(there.ok() ? there->utf8 : "");
      std::string shown = sample.ok() ? Trim(*sample) : "";
      if (shown.size() > kSampleBytesMax) shown.clear();
      return Refused(
          absl::StrCat("dòng ", line,
                       ": tệp được lưu bằng bảng mã cũ Windows-1258",
                       shown.empty() ? "" : absl::StrCat(", \"", shown, "\"")),
          absl::StrCat("line ", line,
                       ": the file is in the old code page Windows-1258"));
    }
  }
  return Refused(
      absl::StrCat("dòng ", line,
                   ": không phải UTF-8; có thể là bảng mã cũ (TCVN3, VNI, "
                   "Windows-1252)"),
      absl::StrCat("line ", line,
                   ": not UTF-8; perhaps an old code page (TCVN3, VNI, "
                   "Windows-1252)"));
}

absl::Status CheckUtf8(absl::string_view text) {
  if (ToNfc(text).ok()) return absl::OkStatus();
  absl::string_view rest = text;
  for (int line = 1;; ++line) {
    const std::size_t end = rest.find_first_of("\r\n");
    const absl::string_view first = rest.substr(0, end);
    if (!ToNfc(first).ok()) return RefuseCodePage(text, line, first);
    if (end == absl::string_view::npos) return absl::OkStatus();
    const bool pair =
        rest[end] == '\r' && end + 1 < rest.size() && rest[end + 1] == '\n';
    rest.remove_prefix(end + (pair ? 2 : 1));
  }
}

absl::StatusOr<std::string> FromUtf16(const char* encoding,
                                      absl::string_view bytes) {
  absl::StatusOr<Converted> text = ToUtf8(encoding, bytes);
  if (!text.ok()) return text.status();
  if (!text->complete) {
    const int line = LinesIn(text->utf8);
    return Refused(absl::StrCat("dòng ", line, ": UTF-16 bị hỏng hoặc bị cắt"),
                   absl::StrCat("line ", line, ": broken or cut UTF-16"));
  }
  return std::move(text)->utf8;
}

}  // namespace

absl::StatusOr<std::string> DecodeText(absl::string_view bytes) {
  absl::Status status = RefuseWorkbook(bytes);
  if (!status.ok()) return status;
  if (absl::StartsWith(bytes, absl::string_view("\xFF\xFE\0\0", 4)) ||
      absl::StartsWith(bytes, absl::string_view("\0\0\xFE\xFF", 4))) {
    return Refused("tệp là UTF-32", "the file is UTF-32");
  }
  std::string text;
  if (absl::StartsWith(bytes, "\xFF\xFE") ||
      absl::StartsWith(bytes, "\xFE\xFF")) {
    absl::StatusOr<std::string> converted = FromUtf16(
        bytes[0] == '\xFF' ? "UTF-16LE" : "UTF-16BE", bytes.substr(2));
    if (!converted.ok()) return converted.status();
    text = *std::move(converted);
  } else {
    text = std::string(absl::StripPrefix(bytes, "\xEF\xBB\xBF"));
  }
  status = RefuseZeros(text);
  if (status.ok()) status = CheckUtf8(text);
  if (!status.ok()) return status;
  return text;
}

}  // namespace thon::cli
