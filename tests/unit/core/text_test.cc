// Goal: the same text is the same bytes however it was typed, and an amount of
// money is read to the đồng or not at all.
// Method: the text forms of the five provinces' announcements,
// texts in NFD, damaged UTF-8, and every form that must be refused.
#include "server/core/text.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"

namespace thon {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

// "Tổ CĐS xã Vĩnh Kiên", 25 bytes composed, 30 decomposed.
constexpr char kNfc[] = "T\u1ed5 C\u0110S x\u00e3 V\u0129nh Ki\u00ean";
constexpr char kNfd[] =
    "To\u0302\u0309 C\u0110S xa\u0303 Vi\u0303nh Kie\u0302n";

TEST(NfcTest, BothTypingsOfATextBecomeOne) {
  ASSERT_EQ(std::string(kNfc).size(), 25u);
  ASSERT_EQ(std::string(kNfd).size(), 30u);
  EXPECT_THAT(ToNfc(kNfd), IsOkAndHolds(kNfc));
  EXPECT_THAT(ToNfc(kNfc), IsOkAndHolds(kNfc));
  EXPECT_TRUE(IsNfc(kNfc));
  EXPECT_FALSE(IsNfc(kNfd));
}

TEST(NfcTest, OrdersMarksThatWereTypedInAnotherOrder) {
  // ệ: dot below typed after the circumflex, and before.
  EXPECT_THAT(ToNfc("e\u0302\u0323"), IsOkAndHolds("\u1ec7"));
  EXPECT_THAT(ToNfc("e\u0323\u0302"), IsOkAndHolds("\u1ec7"));
}

TEST(NfcTest, KeepsCaseTypingErrorsAndEveryByteElse) {
  EXPECT_THAT(ToNfc(""), IsOkAndHolds(""));
  EXPECT_THAT(ToNfc("phầm mềm\tThứ nhát\n"),
              IsOkAndHolds("phầm mềm\tThứ nhát\n"));
  const std::string zero("a\0b", 3);
  EXPECT_THAT(ToNfc(zero), IsOkAndHolds(zero));
  EXPECT_TRUE(IsNfc(zero));
  EXPECT_TRUE(IsNfc(""));
}

TEST(NfcTest, NbspBecomesASpace) {
  EXPECT_THAT(ToNfc("xã\u00a0Vĩnh\u00a0\u00a0Kiên"),
              IsOkAndHolds("xã Vĩnh  Kiên"));
  EXPECT_TRUE(IsNfc("a\u00a0b"));  // NFC itself keeps it.
}

TEST(NfcTest, RefusesWhatIsNotUtf8) {
  for (const char* bad : {"\xff", "\xc3", "a\x80", "\xc0\xaf", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xe1\xbb"}) {
    EXPECT_THAT(ToNfc(bad), StatusIs(kInvalid, "UTF-8"));
    EXPECT_FALSE(IsNfc(bad));
    EXPECT_EQ(SearchKey(bad), "");
  }
}

TEST(TrimTest, TakesBlanksOffBothEndsOnly) {
  EXPECT_EQ(Trim(" \t\r\n\u00a0 xã  Vĩnh\u00a0Kiên \u00a0\n"),
            "xã  Vĩnh\u00a0Kiên");
  EXPECT_EQ(Trim(""), "");
  EXPECT_EQ(Trim(" \u00a0 "), "");
  EXPECT_EQ(Trim("à"), "à");  // 0xC3 0xA0 ends in NBSP's second byte.
}

TEST(TrimTest, IsTrimmedTellsWhetherTrimWouldChangeAnything) {
  for (const char* text : {"", "a", "a b", "à", "a\u00a0b", "đồng"}) {
    EXPECT_TRUE(IsTrimmed(text)) << text;
    EXPECT_EQ(Trim(text), text);
  }
  for (const char* text :
       {" a", "a ", "\ta", "a\n", "\u00a0a", "a\u00a0", " ", "a\r"}) {
    EXPECT_FALSE(IsTrimmed(text)) << text;
    EXPECT_NE(Trim(text), text);
  }
}

TEST(SearchKeyTest, IsPlainLowerLetters) {
  EXPECT_EQ(SearchKey(kNfc), "to cds xa vinh kien");
  EXPECT_EQ(SearchKey(kNfd), "to cds xa vinh kien");
  EXPECT_EQ(SearchKey("Đắk Lắk"), "dak lak");
  EXPECT_EQ(SearchKey("ĐIỆN BIÊN"), "dien bien");
  EXPECT_EQ(SearchKey("xã\u00a0Ngọc Đường"), "xa ngoc duong");
  EXPECT_EQ(SearchKey("Tổ 12, khu phố 3"), "to 12, khu pho 3");
  EXPECT_EQ(SearchKey(""), "");
}

TEST(SearchKeyTest, EveryVietnameseLetterLosesItsMarks) {
  EXPECT_EQ(SearchKey("aàảãáạăằẳẵắặâầẩẫấậ"), std::string(18, 'a'));
  EXPECT_EQ(SearchKey("AÀẢÃÁẠĂẰẲẴẮẶÂẦẨẪẤẬ"), std::string(18, 'a'));
  EXPECT_EQ(SearchKey("eèẻẽéẹêềểễếệ"), std::string(12, 'e'));
  EXPECT_EQ(SearchKey("EÈẺẼÉẸÊỀỂỄẾỆ"), std::string(12, 'e'));
  EXPECT_EQ(SearchKey("iìỉĩíịIÌỈĨÍỊ"), std::string(12, 'i'));
  EXPECT_EQ(SearchKey("oòỏõóọôồổỗốộơờởỡớợ"), std::string(18, 'o'));
  EXPECT_EQ(SearchKey("OÒỎÕÓỌÔỒỔỖỐỘƠỜỞỠỚỢ"), std::string(18, 'o'));
  EXPECT_EQ(SearchKey("uùủũúụưừửữứựUÙỦŨÚỤƯỪỬỮỨỰ"), std::string(24, 'u'));
  EXPECT_EQ(SearchKey("yỳỷỹýỵYỲỶỸÝỴ"), std::string(12, 'y'));
  EXPECT_EQ(SearchKey("đĐ"), "dd");
}

TEST(SearchKeyTest, ThePlaceOfTheToneDoesNotMatter) {
  EXPECT_EQ(SearchKey("xã Hoà Bình"), SearchKey("xã Hòa Bình"));
  EXPECT_EQ(SearchKey("thuỷ"), SearchKey("thủy"));
}

TEST(SearchKeyTest, AKeyIsItsOwnKey) {
  for (const char* text : {kNfc, kNfd, "Đắk Lắk", "Straße", "ＡＢ", "İI"}) {
    EXPECT_EQ(SearchKey(SearchKey(text)), SearchKey(text)) << text;
  }
}

// X-04, and the header's own examples.
TEST(ParseDongTest, ReadsTheFormsOfTheAnnouncements) {
  const struct {
    const char* text;
    std::int64_t dong;
  } kForms[] = {
      {"500 nghìn đồng/tổ/tháng", 500'000},
      {"600.000 đồng", 600'000},
      {"1.500.000 đồng", 1'500'000},
      {"500 triệu đồng/1 đơn vị", 500'000'000},
      {"2.698.500.000 đồng", 2'698'500'000},
      {"500 nghìn", 500'000},
      {"500000", 500'000},
      {"2 tỷ", 2'000'000'000},
      {"1.500 tỷ đồng", 1'500'000'000'000},
      {"0", 0},
      {"0 đồng", 0},
      {"7 đồng", 7},
      {"600.000 đồng/tổ/tháng", 600'000},
  };
  for (const auto& form : kForms) {
    EXPECT_THAT(ParseDong(form.text), IsOkAndHolds(form.dong)) << form.text;
  }
}

TEST(ParseDongTest, ReadsNfdAndNbsp) {
  EXPECT_THAT(ParseDong("500\u00a0nghi\u0300n\u00a0\u0111o\u0302\u0300ng"),
              IsOkAndHolds(500'000));
}

TEST(ParseDongTest, RefusesEverythingElse) {
  const struct {
    const char* text;
    const char* reason;
  } kForms[] = {
      {"", "begin with a number"},
      {"đồng", "begin with a number"},
      {"-500.000 đồng", "begin with a number"},
      {"+5", "begin with a number"},
      {" 500", "begin with a number"},
      {"nghìn", "begin with a number"},
      {"1,5 triệu", "no decimals"},
      {"500000,00 đồng", "no decimals"},
      {"500,000", "no decimals"},
      {"1.5 triệu", "thousands"},
      {"1.50", "thousands"},
      {"1.0000", "thousands"},
      {"1500.000", "thousands"},
      {"600.000.", "thousands"},
      {".600", "thousands"},
      {".", "thousands"},
      {"1..000", "thousands"},
      {"1.000000", "thousands"},
      {"1000.000.000", "thousands"},
      {"05 triệu", "begins with a zero"},
      {"0.500", "begins with a zero"},
      {"00", "begins with a zero"},
      {"500 ", "not understood"},
      {"500  nghìn", "not understood"},
      {"500nghìn", "not understood"},
      {"500 nghin", "not understood"},
      {"500 nghìn triệu", "not understood"},
      {"500 đồng ", "not understood"},
      {"600.000 đ", "not understood"},
      {"600.000 VND", "not understood"},
      {"500 đồng nghìn", "not understood"},
      {"500 nghìn/tháng", "not understood"},
      {"500 nghìn đồng/", "not understood"},
      {"500 nghìn đồng//tháng", "not understood"},
      {"500 nghìn đồng/tổ/", "not understood"},
      {"500 triệu đồng/2 đơn vị", "not understood"},
      {"500 triệu đồng/1", "not understood"},
      {"500 triệu đồng/1 ", "not understood"},
      {"500 đồng/ tổ", "not understood"},
      {"500 đồng/tổ ", "not understood"},
      {"500 000", "not understood"},
      {"5e5", "not understood"},
      {"0x10", "not understood"},
  };
  for (const auto& form : kForms) {
    EXPECT_THAT(ParseDong(form.text), StatusIs(kInvalid, form.reason))
        << form.text;
  }
  EXPECT_THAT(ParseDong("500\xff"), StatusIs(kInvalid, "UTF-8"));
  EXPECT_THAT(ParseDong(absl::string_view("500\0", 4)), StatusIs(kInvalid));
}

TEST(ParseDongTest, TheLargestAmountIsTenToTheFifteen) {
  const std::int64_t largest = 1'000'000'000'000'000;
  for (const char* text :
       {"1000000000000000", "1.000.000.000.000.000 đồng", "1.000.000 tỷ",
        "1.000.000.000 triệu đồng", "1000000000000 nghìn"}) {
    EXPECT_THAT(ParseDong(text), IsOkAndHolds(largest)) << text;
  }
  // The last is a little more than 2^64.
  for (const char* text :
       {"1000000000000001", "1.000.001 tỷ", "1.000.000.001 triệu",
        "9223372036854775807", "9223372036854775808", "18446744073709551616",
        "99999999999999999999999999999999999999 tỷ", "9223372036854775807 tỷ",
        "18.446.744.074 tỷ"}) {
    EXPECT_THAT(ParseDong(text), StatusIs(absl::StatusCode::kOutOfRange))
        << text;
  }
}

TEST(FormatDongTest, DotsPartThousands) {
  EXPECT_EQ(FormatDong(2'698'500'000), "2.698.500.000 đồng");
  EXPECT_EQ(FormatDong(500'000), "500.000 đồng");
  EXPECT_EQ(FormatDong(0), "0 đồng");
  EXPECT_EQ(FormatDong(7), "7 đồng");
  EXPECT_EQ(FormatDong(999), "999 đồng");
  EXPECT_EQ(FormatDong(1000), "1.000 đồng");
  EXPECT_EQ(FormatGrouped(2'698'500'000), "2.698.500.000");
}

TEST(FormatDongTest, ATakenBackAmountHasAMinus) {
  EXPECT_EQ(FormatDong(-500'000), "-500.000 đồng");
  EXPECT_EQ(FormatDong(-1), "-1 đồng");
  EXPECT_EQ(FormatGrouped(-999), "-999");
  EXPECT_EQ(FormatGrouped(std::numeric_limits<std::int64_t>::min()),
            "-9.223.372.036.854.775.808");
  EXPECT_EQ(FormatGrouped(std::numeric_limits<std::int64_t>::max()),
            "9.223.372.036.854.775.807");
}

TEST(FormatDongTest, ParseReadsWhatFormatWrites) {
  std::mt19937_64 random = SeededRandom();
  for (int i = 0; i < 10'000; ++i) {
    const auto dong = static_cast<std::int64_t>(
        random() % 1'000'000'000'000'001 >> random() % 50);
    ASSERT_THAT(ParseDong(FormatDong(dong)), IsOkAndHolds(dong));
    ASSERT_THAT(ParseDong(FormatGrouped(dong)), IsOkAndHolds(dong));
    ASSERT_THAT(ParseDong(absl::StrCat(dong)), IsOkAndHolds(dong));
  }
}

}  // namespace
}  // namespace thon
