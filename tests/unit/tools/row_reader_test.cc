// What a spreadsheet does to a cell is set right and reported, or refused with
// what was probably meant, in both languages.
//
// Method: tables of one column; each form of a day and of money, and each
// fault, by itself.
#include "tools/thon/row_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/unit/tools/report_matchers.h"
#include "tools/thon/cell_values.h"

namespace thon::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The text that a cell gives.
std::string TextOf(const std::string& cell, Report* report,
                   CellRules rules = {}) {
  CsvTable table = Table("name\nx\n");
  table.rows[0].cells[0] = cell;
  RowReader reader(&table, rules, report);
  EXPECT_TRUE(reader.Open(table.rows[0]));
  std::string text = reader.Text("name");
  EXPECT_EQ(reader.Text("name"), text);  // Reported once.
  return text;
}

TEST(RowReaderTest, SpellingIsSetRightWithAReportOfItsOwn) {
  const struct {
    std::string cell;
    std::string text;
    std::string code;
  } cases[] = {
      {" Xã ", "Xã", "PADDED"},
      {"\xC2\xA0Xã", "Xã", "PADDED"},
      {"Xa\xCC\x83", "Xã", "NOT_NFC"},
      {"Xã\xC2\xA0Thác Bà", "Xã Thác Bà", "NBSP"},
      {"Xã  Thác   Bà", "Xã Thác Bà", "DOUBLE_BLANK"},
      {"Xã\nThác Bà", "Xã Thác Bà", "LINE_BREAK"},
      {"Xã\r\nThác Bà", "Xã Thác Bà", "LINE_BREAK"},
      {"Xã\xE2\x80\x8B Thác Bà", "Xã Thác Bà", "INVISIBLE"},
      {"=\"04771\"", "04771", "TEXT_MARK"},
      {"'04771", "04771", "TEXT_MARK"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.cell);
    Report report;
    EXPECT_EQ(TextOf(c.cell, &report), c.text);
    EXPECT_THAT(Errors(report), IsEmpty());
    EXPECT_THAT(Warnings(report), ElementsAre("2 " + c.code + " name"));
    EXPECT_EQ(report.findings()[0].value, c.cell);
    Report strict;
    TextOf(c.cell, &strict, CellRules{true});
    EXPECT_THAT(Errors(strict), ElementsAre("2 " + c.code + " name"));
  }
}

TEST(RowReaderTest, WhatIsNoTextIsRefused) {
  for (const auto& [cell, code] :
       {std::pair<std::string, std::string>{"#N/A", "FORMULA"},
        {"#####", "FORMULA"},
        {"=A1+1", "FORMULA"},
        {"a\x01"
         "b",
         "CONTROL_CHARACTER"},
        {std::string(1025, 'a'), "TOO_LONG"}}) {
    Report report;
    EXPECT_EQ(TextOf(cell, &report), "");
    EXPECT_THAT(Errors(report), ElementsAre("2 " + code + " name"));
  }
}

TEST(RowReaderTest, TheExampleOfATemplateIsPassedOver) {
  for (const std::string note : {"VÍ DỤ (example)", "ví dụ", "Example row"}) {
    const CsvTable table = Table("name,Ghi chú\nx," + note + "\ny,thật\n");
    Report report;
    RowReader reader(&table, CellRules(), &report);
    EXPECT_FALSE(reader.Open(table.rows[0]));
    EXPECT_TRUE(reader.Open(table.rows[1]));
    EXPECT_THAT(Warnings(report), ElementsAre("2 EXAMPLE note"));
    EXPECT_EQ(report.examples(), 1);
    EXPECT_EQ(report.errors(), 0);
  }
}

TEST(CellValuesTest, DaysAreReadDayFirstInEveryForm) {
  Words why;
  for (const auto& [text, iso] :
       {std::pair<std::string, std::string>{"1/6/2023", "2023-06-01"},
        {"12/10/2023", "2023-10-12"},
        {"09/12/2022", "2022-12-09"},
        {"23/6/2022", "2022-06-23"},
        {"01/6/2023", "2023-06-01"},
        {"12-10-2023", "2023-10-12"},
        {"12.10.2023", "2023-10-12"},
        {"29/02/2024", "2024-02-29"},
        {"2023-10-12", "2023-10-12"}}) {
    const std::optional<Date> day = ParseDayCell(text, &why);
    ASSERT_TRUE(day.has_value()) << text << why.en;
    EXPECT_EQ(day->Iso(), iso);
  }
}

TEST(CellValuesTest, WhatIsNoDayIsRefusedWithWhatWasMeant) {
  const struct {
    std::string text;
    std::string vi;
    std::string en;
  } cases[] = {
      {"12/13/2023",
       "không có tháng 13; ngày viết trước tháng, có phải là "
       "13/12/2023?",
       "did you mean 13/12/2023?"},
      {"2023-13-01", "không có tháng 13", "there is no month 13"},
      {"31/02/2023", "tháng 2/2023 không có ngày 31",
       "month 2/2023 has no day 31"},
      {"29/02/2023", "không có ngày 29", "has no day 29"},
      {"0/6/2023", "không có ngày 0", "has no day 0"},
      {"1/6/23", "đủ 4 chữ số", "with 4 digits"},
      {"1/6/1823", "năm 1823", "the year 1823"},
      {"45078", "01/06/2023", "Excel's number of the day 01/06/2023"},
      {"01/06/2023 08:00", "không ghi giờ", "without a time"},
      {"tháng sáu", "không phải ngày", "not a date"},
      {"2023/06/01", "không phải ngày", "not a date"},
  };
  for (const auto& c : cases) {
    Words why;
    EXPECT_FALSE(ParseDayCell(c.text, &why).has_value()) << c.text;
    EXPECT_THAT(why.vi, HasSubstr(c.vi)) << c.text;
    EXPECT_THAT(why.en, HasSubstr(c.en)) << c.text;
  }
}

TEST(CellValuesTest, MoneyInEveryFormIsTheSameNumber) {
  Words why;
  for (const auto& [text, dong] :
       {std::pair<std::string, std::int64_t>{"500000", 500'000},
        {"500.000", 500'000},
        {"500 nghìn", 500'000},
        {"500 ngàn", 500'000},
        {"500 Nghìn đồng/tổ/tháng", 500'000},
        {"600.000 đồng", 600'000},
        {"600.000 ₫", 600'000},
        {"600.000đ", 600'000},
        {"600000 VNĐ", 600'000},
        {"1.500.000 đồng", 1'500'000},
        {"500 triệu đồng/1 đơn vị", 500'000'000},
        {"2.698.500.000 đồng", 2'698'500'000},
        {"1.000.000.000.000.000", 1'000'000'000'000'000}}) {
    const std::optional<std::int64_t> amount = ParseMoneyCell(text, &why);
    ASSERT_TRUE(amount.has_value()) << text << why.en;
    EXPECT_EQ(*amount, dong) << text;
  }
}

TEST(CellValuesTest, WhatIsNoMoneyIsRefusedWithItsReason) {
  const struct {
    std::string text;
    std::string en;
  } cases[] = {
      {"500000,5", "no decimals"},
      {"500.000,00", "no decimals"},
      {"500000.5", "no decimals"},
      {"500,000", "comma"},
      {"-500000", "below zero"},
      {"(500.000)", "below zero"},
      {"5E+05", "shortened"},
      {"1.000.000.000.000.001", "largest"},
      {"năm trăm", "not an amount"},
      {"500 bò", "not an amount"},
      {"99999999999999999999999999", "largest"},
  };
  for (const auto& c : cases) {
    Words why;
    EXPECT_FALSE(ParseMoneyCell(c.text, &why).has_value()) << c.text;
    EXPECT_THAT(why.en, HasSubstr(c.en)) << c.text;
    EXPECT_FALSE(why.vi.empty());
  }
}

TEST(ReportTest, AFindingIsFileLineColumnValueAndBothLanguages) {
  const CsvTable table = Table("Ngày thành lập\n31/02/2023\n");
  Report report;
  RowReader reader(&table, CellRules(), &report);
  ASSERT_TRUE(reader.Open(table.rows[0]));
  EXPECT_EQ(reader.Day("founded"), 0);
  std::ostringstream out;
  report.Print("to.csv", out);
  EXPECT_EQ(out.str(),
            "to.csv:2: Ngày thành lập (founded): \"31/02/2023\" lỗi (error) "
            "BAD_DATE\n    tháng 2/2023 không có ngày 31\n    month 2/2023 has "
            "no day 31\n");
  const Json json = report.ToJson();
  EXPECT_EQ(json[0]["title"], "Ngày thành lập");
  EXPECT_EQ(json[0]["value"], "31/02/2023");
}

TEST(ReportTest, AMissingColumnIsNamedInBothLanguages) {
  Report report;
  EXPECT_FALSE(CheckColumns(Table("STT;Tên xã\n1;x\n"), {"commune_code"},
                            {"commune_name"}, &report));
  ASSERT_THAT(Errors(report), ElementsAre("1 MISSING_COLUMN commune_code"));
  EXPECT_THAT(report.findings()[0].words.vi,
              AllOf(HasSubstr("\"Mã xã\""), HasSubstr("STT, Tên xã")));
  EXPECT_THAT(Warnings(report), ElementsAre("1 UNREAD_COLUMN stt"));
}

}  // namespace
}  // namespace thon::cli
