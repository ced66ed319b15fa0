// Every form in which a spreadsheet saves a table is read as the same table,
// and what is not a table is refused with its line.
//
// Method: one small table in many spellings, compared cell by cell; then files
// that are broken in one way each.
#include "tools/thon/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/status_matchers.h"

namespace thon::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

void ExpectTheTable(const absl::StatusOr<CsvTable>& table) {
  ASSERT_THAT(table, IsOk());
  EXPECT_THAT(table->columns, ElementsAre("code", "name"));
  ASSERT_EQ(table->rows.size(), 2u);
  EXPECT_THAT(table->rows[0].cells, ElementsAre("04771", "Xã Vĩnh Kiên"));
  EXPECT_THAT(table->rows[1].cells, ElementsAre("04696", "Xã Tân Thịnh"));
}

TEST(CsvTest, SeparatorsLineEndsAndTheByteOrderMarkDoNotMatter) {
  for (const std::string separator : {",", ";", "\t"}) {
    for (const std::string end : {"\n", "\r\n", "\r"}) {
      for (const std::string mark : {"", "\xEF\xBB\xBF"}) {
        const std::string text = mark + "code" + separator + "name" + end +
                                 "04771" + separator + "Xã Vĩnh Kiên" + end +
                                 "04696" + separator + "Xã Tân Thịnh" + end;
        SCOPED_TRACE(::testing::PrintToString(text));
        ExpectTheTable(ParseCsv(text));
      }
    }
  }
}

TEST(CsvTest, ALastLineWithoutAnEndIsARow) {
  ExpectTheTable(ParseCsv("code,name\n04771,Xã Vĩnh Kiên\n04696,Xã Tân Thịnh"));
}

TEST(CsvTest, TheLineThatExcelPutsFirstNamesTheSeparator) {
  ExpectTheTable(ParseCsv(
      "sep=;\r\ncode;name\r\n04771;Xã Vĩnh Kiên\r\n04696;Xã Tân Thịnh\r\n"));
}

TEST(CsvTest, HeaderNamesAreTrimmedAndLowerCase) {
  const absl::StatusOr<CsvTable> table = ParseCsv(" Code ,NAME\n1,2\n");
  ASSERT_THAT(table, IsOk());
  EXPECT_THAT(table->columns, ElementsAre("code", "name"));
}

TEST(CsvTest, CellsKeepTheirBlanks) {
  const absl::StatusOr<CsvTable> table = ParseCsv("a,b\n x ,\" y\"\n");
  ASSERT_THAT(table, IsOk());
  EXPECT_THAT(table->rows[0].cells, ElementsAre(" x ", " y"));
}

TEST(CsvTest, QuotedCellsHoldSeparatorsQuotesAndLineBreaks) {
  const absl::StatusOr<CsvTable> table =
      ParseCsv("a,b\n\"x, \"\"y\"\"\",\"one\ntwo\"\nlast,1\n");
  ASSERT_THAT(table, IsOk());
  EXPECT_THAT(table->rows[0].cells, ElementsAre("x, \"y\"", "one\ntwo"));
  EXPECT_THAT(table->rows[1].cells, ElementsAre("last", "1"));
}

TEST(CsvTest, RowsKnowTheirLineBehindEmptyLinesAndLineBreaks) {
  const absl::StatusOr<CsvTable> table =
      ParseCsv("\n\na,b\n\n1,\"x\ny\"\n,\n2,z\n");
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(table->header_line, 3);
  ASSERT_EQ(table->rows.size(), 2u);  // ",", an empty row, is none.
  EXPECT_EQ(table->rows[0].line, 5);
  EXPECT_EQ(table->rows[1].line, 8);
}

TEST(CsvTest, ASeparatorInsideAQuotedHeaderDoesNotCount) {
  const absl::StatusOr<CsvTable> table = ParseCsv("\"a,b,c\";d\n1;2\n");
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(table->separator, ';');
  EXPECT_THAT(table->columns, ElementsAre("a,b,c", "d"));
}

TEST(CsvTest, BrokenFilesAreRefusedWithTheirLine) {
  const struct {
    std::string text;
    std::string message;
  } cases[] = {
      {"", "the file is empty"},
      {"\n\n", "the file is empty"},
      {"a,b,a\n1,2,3\n", "column \"a\" is there twice"},
      {"a,b\n", ""},  // No rows is for the importer to judge.
      {"a,,b\n", "column 2 has no name"},
      {"a,b\n1,x\"y\n", "line 2: a quote"},
      {"a,b\n1,2\n3,\"never\nends\n", "line 3: a quoted cell"},
      {"a,b\n1,2\nX\xE3,3\n", "line 3: not UTF-8"},
      {std::string("\xFF\xFE"
                   "a\0",
                   4),
       "UTF-16"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(::testing::PrintToString(c.text));
    if (c.message.empty()) {
      EXPECT_THAT(ParseCsv(c.text), IsOk());
    } else {
      EXPECT_THAT(ParseCsv(c.text), StatusIs(absl::StatusCode::kInvalidArgument,
                                             HasSubstr(c.message)));
    }
  }
}

TEST(CsvTest, AWrittenLineReadsBack) {
  const std::vector<std::string> cells = {"plain", "a,b", "say \"x\"",
                                          "one\ntwo", ""};
  const absl::StatusOr<CsvTable> table =
      ParseCsv("c1,c2,c3,c4,c5\n" + CsvLine(cells));
  ASSERT_THAT(table, IsOk());
  ASSERT_EQ(table->rows.size(), 1u);
  EXPECT_EQ(table->rows[0].cells, cells);
}

}  // namespace
}  // namespace thon::cli
