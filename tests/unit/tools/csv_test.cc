// Every form in which a spreadsheet saves a table is read as the same table,
// and what is not a table is refused with its line.
//
// Method: one small table in many spellings, compared cell by cell; then files
// that are broken in one way each.
#include "tools/thon/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/tools/encodings.h"

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

// A cell with the separator, one with quotes and a line break, a row that is
// cut after its last text, columns and rows of nothing at the end.
std::string Spelt(const std::string& separator, const std::string& end) {
  const std::string& s = separator;
  return "Mã xã" + s + "Ghi chú" + s + "Tên xã" + s + s + end +  //
         "04771" + s + "\"a" + s + "b\"" + s + "Xã Vĩnh Kiên" + s + s + end +
         "04696" + s + "\"nói \"\"có\"\"\nhai\"" + s + "Xã Tân Thịnh" + end +
         "04717" + end + s + s + s + s + end + s + s + end;
}

TEST(CsvTest, EveryEncodingSeparatorAndLineEndIsTheSameTable) {
  int forms = 0;
  for (const std::string separator : {",", ";", "\t"}) {
    for (const std::string end : {"\n", "\r\n", "\r"}) {
      for (const bool named : {false, true}) {
        const std::string text =
            (named ? "sep=" + separator + end : "") + Spelt(separator, end);
        for (const std::string& bytes :
             {text, "\xEF\xBB\xBF" + text, "\xFF\xFE" + Utf16(text, false),
              "\xFE\xFF" + Utf16(text, true)}) {
          SCOPED_TRACE(::testing::PrintToString(bytes));
          const absl::StatusOr<CsvTable> table = ParseCsv(bytes);
          ASSERT_THAT(table, IsOk());
          EXPECT_EQ(table->separator, separator[0]);
          EXPECT_THAT(table->columns,
                      ElementsAre("commune_code", "note", "commune_name"));
          EXPECT_THAT(table->titles, ElementsAre("Mã xã", "Ghi chú", "Tên xã"));
          ASSERT_EQ(table->rows.size(), 3u);
          EXPECT_THAT(
              table->rows[0].cells,
              ElementsAre("04771", "a" + separator + "b", "Xã Vĩnh Kiên"));
          EXPECT_THAT(table->rows[1].cells,
                      ElementsAre("04696", "nói \"có\"\nhai", "Xã Tân Thịnh"));
          EXPECT_THAT(table->rows[2].cells, ElementsAre("04717", "", ""));
          const int first = named ? 3 : 2;
          EXPECT_EQ(table->rows[0].line, first);
          EXPECT_EQ(table->rows[1].line, first + 1);
          EXPECT_EQ(table->rows[2].line, first + 3);
          ++forms;
        }
      }
    }
  }
  EXPECT_EQ(forms, 3 * 3 * 2 * 4);
}

TEST(CsvTest, AColumnIsKnownUnderItsNamesInBothLanguages) {
  for (const std::string title :
       {"commune_code", "Commune code", "COMMUNE-CODE", "Mã xã", "MÃ XÃ",
        "ma xa", " Ma  Xa ", "Ma\xCC\x83 xa\xCC\x83", "Mã xã (commune_code)",
        "\"Mã xã *\n(commune_code)\"", "Mã xã, phường, thị trấn"}) {
    SCOPED_TRACE(title);
    const absl::StatusOr<CsvTable> table =
        ParseCsv((title[0] == '"' ? title : "\"" + title + "\"") + ";x\n1;2\n");
    ASSERT_THAT(table, IsOk());
    EXPECT_THAT(table->columns, ElementsAre("commune_code", "x"));
  }
}

TEST(CsvTest, CellsBeyondTheLastColumnStayToBeReported) {
  const absl::StatusOr<CsvTable> table = ParseCsv("a,b\n1,2,3\n");
  ASSERT_THAT(table, IsOk());
  EXPECT_THAT(table->rows[0].cells, ElementsAre("1", "2", "3"));
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
      {"Mã xã,commune_code\n1,2\n", "column \"commune_code\" is there twice"},
      {"sep=x\na,b\n", "must be followed by"},
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

// Rows of random cells: every separator, quotes, line breaks, Vietnamese.
TEST(CsvTest, AnyTableThatIsWrittenReadsBackUnderEveryEncoding) {
  std::mt19937_64 random = SeededRandom();
  const std::vector<std::string> pieces = {"a",  "ế",  "Đ",    ",", ";", "\t",
                                           "\"", "\n", "\r\n", " ", "0", "="};
  for (int round = 0; round < 300; ++round) {
    std::string text = CsvLine({"c1", "c2", "c3"});
    std::vector<std::vector<std::string>> rows(random() % 6 + 1);
    for (std::vector<std::string>& row : rows) {
      row = {"x", "", ""};  // Not blank throughout.
      for (std::string& cell : row) {
        for (std::uint64_t n = random() % 5; n > 0; --n) {
          cell += pieces[random() % pieces.size()];
        }
      }
      text += CsvLine(row);
    }
    for (const std::string& bytes : {text, "\xFF\xFE" + Utf16(text, false),
                                     "\xFE\xFF" + Utf16(text, true)}) {
      const absl::StatusOr<CsvTable> table = ParseCsv(bytes);
      ASSERT_THAT(table, IsOk());
      ASSERT_EQ(table->rows.size(), rows.size());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(table->rows[i].cells, rows[i]);
      }
    }
  }
}

TEST(CsvTest, AnyBytesAreATableOrARefusal) {
  std::mt19937_64 random = SeededRandom();
  const std::string alphabet("a;,\t\"\r\n\0\xFF\xFE\xC3\xA3 ", 13);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = round % 3 == 0 ? "\xFF\xFE" : "";
    for (std::uint64_t n = random() % 40; n > 0; --n) {
      bytes.push_back(round % 2 == 0 ? alphabet[random() % alphabet.size()]
                                     : static_cast<char>(random()));
    }
    const absl::StatusOr<CsvTable> table = ParseCsv(bytes);
    if (!table.ok()) {
      EXPECT_EQ(table.status().code(), absl::StatusCode::kInvalidArgument);
      continue;
    }
    for (const CsvRow& row : table->rows) {
      EXPECT_GE(row.cells.size(), table->columns.size());
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
