// The text of a file out of the encodings in which spreadsheets save it.
// glibc's iconv converts; what is decided here is which encoding a file is in,
// and that nothing is guessed: a file that does not say it is refused with the
// way out.
#ifndef THON_TOOLS_THON_TEXT_ENCODING_H_
#define THON_TOOLS_THON_TEXT_ENCODING_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace thon::cli {

// How Excel saves a file that is read here; ends every refusal.
inline constexpr char kHowToSave[] =
    "trong Excel chọn Tệp > Lưu thành > \"CSV UTF-8 (phân tách bằng dấu "
    "phẩy)\" "
    "hoặc \"Văn bản Unicode\" (in Excel: File > Save As > \"CSV UTF-8 (Comma "
    "delimited)\" or \"Unicode Text\")";

// UTF-8 without byte order mark, from UTF-8 with or without one, or from UTF-16
// of either byte order with one.
//
// kInvalidArgument, with a message in Vietnamese and English: UTF-16 without a
// mark, UTF-32, an 8-bit code page (Windows-1258 is named where the text reads
// as Vietnamese in it), a workbook (XLSX, XLS, ODS), a NUL, or bytes that are
// broken; the message names the line.
absl::StatusOr<std::string> DecodeText(absl::string_view bytes);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_TEXT_ENCODING_H_
