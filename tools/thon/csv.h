// Tables as Vietnamese Excel saves them: UTF-8 with or without BOM, or UTF-16
// with one; separated by comma, semicolon or tab; quoted as RFC 4180 says;
// lines ended by LF, CRLF or CR. Cells are given as they stand in the file,
// blanks and all: what is wrong with them is the importer's to report.
#ifndef THON_TOOLS_THON_CSV_H_
#define THON_TOOLS_THON_CSV_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace thon::cli {

struct CsvRow {
  int line = 0;  // Where the row begins in the file, from 1.
  // As many as the table has columns, or more where cells beyond the last
  // column are not empty.
  std::vector<std::string> cells;
};

struct CsvTable {
  std::string file;  // As reports name it; empty for a text.
  char separator = ',';
  int header_line = 1;
  std::vector<std::string> columns;  // As ColumnOf() names them, in file order.
  std::vector<std::string> titles;   // As they stand in the file, trimmed.
  std::vector<CsvRow> rows;          // Without rows that are blank throughout.

  // Index of the column of that name.
  std::optional<std::size_t> Find(absl::string_view column) const;
  // The cell, or "" where the row or the table has none.
  absl::string_view Cell(const CsvRow& row, absl::string_view column) const;
};

// Parses a whole file. The separator is the one of , ; tab that the header
// holds most of, or what a first line "sep=;" names.
//
// Excel leaves out empty cells at the end of a row, and adds empty columns at
// the end of a table; both are read as if they were as wide as the header.
//
// kInvalidArgument: what DecodeText() refuses, quotes that do not close or
// stand inside a bare cell, no header, a column without a name that is not
// empty, a column that stands twice.
absl::StatusOr<CsvTable> ParseCsv(absl::string_view text);

// Reads and parses. kNotFound or kPermissionDenied: cannot be read.
absl::StatusOr<CsvTable> ReadCsv(const std::string& path);

// One line, quoted where it must be, ended by LF.
std::string CsvLine(const std::vector<std::string>& cells);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_CSV_H_
