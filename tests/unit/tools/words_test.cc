// Words, days and months of files, as people in Viet Nam and programs write
// them.
//
// Method: tables of texts and their values.
#include "tools/thon/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "server/core/text.h"
#include "tests/support/status_matchers.h"

namespace thon::cli {
namespace {

TEST(WordsTest, KindsFollowFromTheHeadOfAName) {
  const struct {
    v1::UnitLevel level;
    const char* name;
    v1::UnitKind kind;
  } cases[] = {
      {v1::UNIT_LEVEL_PROVINCE, "Tỉnh Yên Bái", v1::UNIT_KIND_TINH},
      {v1::UNIT_LEVEL_PROVINCE, "Thành Phố Hà Nội", v1::UNIT_KIND_THANH_PHO_TW},
      {v1::UNIT_LEVEL_PROVINCE, "Thủ Đô Hà Nội", v1::UNIT_KIND_THANH_PHO_TW},
      {v1::UNIT_LEVEL_DISTRICT, "Thành phố Yên Bái", v1::UNIT_KIND_THANH_PHO},
      {v1::UNIT_LEVEL_DISTRICT, "Thị Xã Nghĩa Lộ", v1::UNIT_KIND_THI_XA},
      {v1::UNIT_LEVEL_DISTRICT, "Quận 1", v1::UNIT_KIND_QUAN},
      {v1::UNIT_LEVEL_COMMUNE, "Phường 1", v1::UNIT_KIND_PHUONG},
      {v1::UNIT_LEVEL_COMMUNE, "Thị trấn Cái Tắc", v1::UNIT_KIND_THI_TRAN},
      {v1::UNIT_LEVEL_COMMUNE, "xã Vĩnh Kiên", v1::UNIT_KIND_XA},
      {v1::UNIT_LEVEL_COMMUNE, "Đặc khu Lý Sơn", v1::UNIT_KIND_DAC_KHU},
      {v1::UNIT_LEVEL_COMMUNE, "Xã", v1::UNIT_KIND_UNSPECIFIED},
      {v1::UNIT_LEVEL_COMMUNE, "Xãhội", v1::UNIT_KIND_UNSPECIFIED},
      {v1::UNIT_LEVEL_COMMUNE, "Huyện X", v1::UNIT_KIND_UNSPECIFIED},
      {v1::UNIT_LEVEL_COMMUNE, "", v1::UNIT_KIND_UNSPECIFIED},
      {v1::UNIT_LEVEL_VILLAGE, "Tổ dân phố số 3", v1::UNIT_KIND_TO_DAN_PHO},
      {v1::UNIT_LEVEL_VILLAGE, "Khu vực 2", v1::UNIT_KIND_KHU_VUC},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(KindOfName(c.level, c.name), c.kind) << c.name;
  }
  absl::string_view rest;
  KindOfName(v1::UNIT_LEVEL_COMMUNE, "Thị trấn Cái Tắc", &rest);
  EXPECT_EQ(rest, "Cái Tắc");
}

TEST(WordsTest, WordsAreReadInBothLanguages) {
  EXPECT_EQ(ParseLevel("commune"), v1::UNIT_LEVEL_COMMUNE);
  EXPECT_EQ(ParseLevel("VILLAGE"), v1::UNIT_LEVEL_VILLAGE);
  EXPECT_EQ(ParseLevel("Thôn"), v1::UNIT_LEVEL_VILLAGE);
  EXPECT_EQ(ParseLevel(""), std::nullopt);
  EXPECT_EQ(ParseSeat("Tổ trưởng"), v1::SEAT_LEADER);
  EXPECT_EQ(ParseSeat("UNSPECIFIED"), std::nullopt);
  EXPECT_EQ(ParseAffiliation("chi hội trưởng phụ nữ"),
            v1::AFFILIATION_WOMENS_UNION);
  EXPECT_EQ(ParseAffiliation("WOMENS_UNION"), v1::AFFILIATION_WOMENS_UNION);
  EXPECT_EQ(ParseRole("reader"), v1::ROLE_READER);
  EXPECT_EQ(ParseState("covered-unfunded"),
            v1::DETERMINATION_STATE_COVERED_UNFUNDED);
  EXPECT_EQ(ParseTarget("Đạt chuẩn"), v1::REGISTRATION_TARGET_STANDARD);
  EXPECT_EQ(ParseYesNo("có"), true);
  EXPECT_EQ(ParseYesNo(""), false);
  EXPECT_EQ(ParseYesNo("maybe"), std::nullopt);
}

TEST(WordsTest, DaysAreReadDayFirstOrAsIso) {
  for (const char* text : {"12/10/2023", "2023-10-12"}) {
    EXPECT_THAT(ParseDate(text), IsOkAndHolds(Date::Of(2023, 10, 12))) << text;
  }
  EXPECT_THAT(ParseDate("1/6/2023"), IsOkAndHolds(Date::Of(2023, 6, 1)));
  for (const char* text :
       {"", "13/13/2023", "31/02/2023", "2023/10/12", "12-10-2023", "45210"}) {
    EXPECT_FALSE(ParseDate(text).ok()) << text;
  }
}

TEST(WordsTest, MonthsAreReadInThreeForms) {
  for (const char* text : {"2023-06", "06/2023", "6/2023", "202306"}) {
    EXPECT_THAT(ParseMonth(text), IsOkAndHolds(Month(202306))) << text;
  }
  for (const char* text : {"2023-13", "13/2023", "202313", "202300", "6", ""}) {
    EXPECT_FALSE(ParseMonth(text).ok()) << text;
  }
}

TEST(WordsTest, MoneyIsReadInTheFormsOfTheSources) {
  // The forms are core's; here is what a user of --ceiling types.
  EXPECT_THAT(ParseDong("2698500000"), IsOkAndHolds(2'698'500'000));
  EXPECT_THAT(ParseDong("2.698.500.000 đồng"), IsOkAndHolds(2'698'500'000));
  EXPECT_THAT(ParseDong("500 nghìn đồng/tổ/tháng"), IsOkAndHolds(500'000));
  EXPECT_FALSE(ParseDong("2.698.500.000,5").ok());
}

TEST(WordsTest, EnumNamesAreShort) {
  EXPECT_EQ(Short(v1::DETERMINATION_STATE_COVERED_UNFUNDED),
            "COVERED_UNFUNDED");
  EXPECT_EQ(Short(v1::UNIT_KIND_THANH_PHO_TW), "THANH_PHO_TW");
  EXPECT_EQ(Short(static_cast<v1::Seat>(99)), "99");
}

TEST(WordsTest, WhatIsNotSetIsADash) {
  EXPECT_EQ(ShowDate(0), "-");
  EXPECT_EQ(ShowMonth(0), "-");
  EXPECT_EQ(ShowInstant(0), "-");
  EXPECT_EQ(ShowDate(Date::Of(2023, 10, 12).days), "12/10/2023");
  EXPECT_EQ(ShowInstant(1685552400000), "2023-06-01T00:00:00+07:00");
}

}  // namespace
}  // namespace thon::cli
