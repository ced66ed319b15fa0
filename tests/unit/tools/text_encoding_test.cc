// Every encoding in which a spreadsheet saves Vietnamese is the same text, and
// one that cannot be told for sure is refused with the way out.
//
// Method: one text encoded here by hand in each way; then files that are none
// of them.
#include "tools/thon/text_encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/status_matchers.h"
#include "tests/unit/tools/encodings.h"

namespace thon::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kText[] = "Mã xã\tTên xã\r\n04771\tXã Vĩnh Kiên – ế\r\n";

TEST(TextEncodingTest, EveryEncodingOfASpreadsheetIsTheSameText) {
  EXPECT_THAT(DecodeText(kText), IsOkAndHolds(kText));
  EXPECT_THAT(DecodeText(std::string("\xEF\xBB\xBF") + kText),
              IsOkAndHolds(kText));
  EXPECT_THAT(DecodeText("\xFF\xFE" + Utf16(kText, false)),
              IsOkAndHolds(kText));
  EXPECT_THAT(DecodeText("\xFE\xFF" + Utf16(kText, true)), IsOkAndHolds(kText));
  EXPECT_THAT(DecodeText(""), IsOkAndHolds(""));
}

TEST(TextEncodingTest, ALongTextIsWholeBehindEveryBuffer) {
  std::string text;
  while (text.size() < 100'000) text += kText;
  EXPECT_THAT(DecodeText("\xFF\xFE" + Utf16(text, false)), IsOkAndHolds(text));
}

TEST(TextEncodingTest, WhatCannotBeToldIsRefusedWithTheWayOut) {
  const struct {
    std::string bytes;
    std::string vietnamese;
    std::string english;
  } cases[] = {
      {Utf16(kText, false), "không có dấu thứ tự byte", "without a byte order"},
      {Utf16(kText, true), "không có dấu thứ tự byte", "without a byte order"},
      {std::string("\xFF\xFE\0\0a\0\0\0", 8), "UTF-32", "UTF-32"},
      {"PK\x03\x04 and more", "bảng tính XLSX", "workbook"},
      {"\xD0\xCF\x11\xE0 and more", "bảng tính XLS", "workbook"},
      {std::string("a,b\n1,\0\n", 8), "dòng 2", "line 2: a zero byte"},
      // "Vĩnh Kiên", "Tổ" in Windows-1258: the tone behind its vowel.
      {"a,b\n1,2\nV\x69\xDEnh Ki\xEAn,T\xF4\xD2\n", "dòng 3",
       "line 3: the file is in the old code page Windows-1258"},
      {"a,b\n1,2\nX\xB7 V\xDCnh,x\n", "dòng 3", "line 3: not UTF-8"},
      // Half a surrogate pair, and half a letter.
      {std::string("\xFF\xFE"
                   "a\0\n\0\x00\xD8x\0",
                   10),
       "dòng 2", "line 2: broken"},
      {std::string("\xFF\xFE"
                   "a\0b",
                   5),
       "UTF-16 bị hỏng", "broken or cut UTF-16"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.english);
    EXPECT_THAT(DecodeText(c.bytes),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(c.vietnamese), HasSubstr(c.english),
                               HasSubstr("CSV UTF-8"))));
  }
}

TEST(TextEncodingTest, OldBytesAreShownAsTheyRead) {
  EXPECT_THAT(DecodeText("a\nV\x69\xDEnh Ki\xEAn\n").status().message(),
              HasSubstr("\"Vĩnh Kiên\""));
}

}  // namespace
}  // namespace thon::cli
