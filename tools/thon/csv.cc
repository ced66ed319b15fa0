#include "tools/thon/csv.h"

#include <csv.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/core/text.h"
#include "tools/thon/column_names.h"
#include "tools/thon/files.h"
#include "tools/thon/text_encoding.h"

namespace thon::cli {
namespace {

// What libcsv tells while it is fed line by line.
struct Sink {
  std::vector<std::string> cells;
  std::vector<CsvRow> rows;
  int row_line = 0;
  bool row_ended = false;
};

void OnCell(void* data, std::size_t size, void* sink) {
  const char* const bytes = static_cast<const char*>(data);
  static_cast<Sink*>(sink)->cells.emplace_back(bytes == nullptr ? "" : bytes,
                                               bytes == nullptr ? 0 : size);
}

void OnRow(int /*terminator*/, void* raw) {
  auto* const sink = static_cast<Sink*>(raw);
  sink->rows.push_back({sink->row_line, std::move(sink->cells)});
  sink->cells.clear();
  sink->row_ended = true;
}

// libcsv would strip blanks around cells; padding is to be reported.
int NothingIsBlank(unsigned char /*c*/) { return 0; }

// The physical line that `text` begins with, its end included.
absl::string_view FirstLine(absl::string_view text) {
  const std::size_t end = text.find_first_of("\r\n");
  if (end == absl::string_view::npos) return text;
  const bool pair =
      text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n';
  return text.substr(0, end + (pair ? 2 : 1));
}

absl::string_view WithoutEnd(absl::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
    line.remove_suffix(1);
  }
  return line;
}

char GuessSeparator(absl::string_view header) {
  bool quoted = false;
  std::size_t counts[3] = {0, 0, 0};
  constexpr absl::string_view kSeparators = ",;\t";
  for (const char c : header) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    const std::size_t i = kSeparators.find(c);
    if (i != absl::string_view::npos) ++counts[i];
  }
  const auto* const most = std::max_element(counts, counts + 3);
  return *most == 0 ? ','
                    : kSeparators[static_cast<std::size_t>(most - counts)];
}

absl::Status Feed(csv_parser* parser, absl::string_view text, int line,
                  Sink* sink) {
  bool open = false;
  for (; !text.empty(); ++line) {
    const absl::string_view first = FirstLine(text);
    if (!open) sink->row_line = line;
    sink->row_ended = false;
    if (csv_parse(parser, first.data(), first.size(), &OnCell, &OnRow, sink) !=
        first.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("dòng ", line,
                       ": dấu nháy kép đặt sai chỗ; đặt cả ô trong dấu nháy và "
                       "viết đôi dấu nháy bên trong (line ",
                       line,
                       ": a quote stands where none may be; put the whole cell "
                       "in quotes and double those inside it)"));
    }
    open = !sink->row_ended && (open || !WithoutEnd(first).empty());
    text.remove_prefix(first.size());
  }
  if (csv_fini(parser, &OnCell, &OnRow, sink) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("dòng ", sink->row_line,
                     ": dấu nháy kép mở ra mà không đóng lại (line ",
                     sink->row_line, ": a quoted cell begins and never ends)"));
  }
  return absl::OkStatus();
}

bool IsBlank(absl::string_view cell) { return Trim(cell).empty(); }

// Columns behind the last that has a name or holds anything are Excel's, not
// the table's.
std::size_t Width(const std::vector<CsvRow>& rows) {
  std::vector<std::string> header = rows.front().cells;
  while (!header.empty() && IsBlank(header.back())) header.pop_back();
  return header.size();
}

absl::Status HeaderFault(int line, absl::string_view vietnamese,
                         absl::string_view english) {
  return absl::InvalidArgumentError(absl::StrCat(
      "dòng ", line, ": ", vietnamese, " (line ", line, ": ", english, ")"));
}

absl::Status TakeHeader(std::vector<CsvRow>* rows, CsvTable* table) {
  while (!rows->empty() && std::all_of(rows->front().cells.begin(),
                                       rows->front().cells.end(), IsBlank)) {
    rows->erase(rows->begin());
  }
  if (rows->empty()) {
    return absl::InvalidArgumentError(
        "tệp trống; dòng đầu phải ghi tên các cột (the file is empty; its "
        "first line must name the columns)");
  }
  const CsvRow header = rows->front();
  const std::size_t width = Width(*rows);
  table->header_line = header.line;
  rows->erase(rows->begin());
  for (std::size_t i = 0; i < width; ++i) {
    absl::StatusOr<std::string> nfc = ToNfc(header.cells[i]);
    if (!nfc.ok()) return nfc.status();
    std::string title = Trim(*nfc);
    if (title.empty()) {
      return HeaderFault(header.line,
                         absl::StrCat("cột ", i + 1, " không có tên"),
                         absl::StrCat("column ", i + 1, " has no name"));
    }
    std::string name = ColumnOf(title);
    if (const auto first = table->Find(name); first.has_value()) {
      return HeaderFault(
          header.line,
          absl::StrCat("cột \"", name, "\" có hai lần: \"",
                       table->titles[*first], "\" và \"", title, "\""),
          absl::StrCat("column \"", name, "\" is there twice"));
    }
    table->columns.push_back(std::move(name));
    table->titles.push_back(std::move(title));
  }
  return absl::OkStatus();
}

void TakeRows(std::vector<CsvRow>* rows, CsvTable* table) {
  const std::size_t width = table->columns.size();
  for (CsvRow& row : *rows) {
    std::vector<std::string>& cells = row.cells;
    if (std::all_of(cells.begin(), cells.end(), IsBlank)) continue;
    while (cells.size() > width && IsBlank(cells.back())) cells.pop_back();
    if (cells.size() < width) cells.resize(width);
    table->rows.push_back(std::move(row));
  }
}

// Takes the line "sep=;" that Excel reads first, if it is there.
absl::StatusOr<bool> TakeSeparatorLine(absl::string_view* text,
                                       CsvTable* table) {
  const absl::string_view line = FirstLine(*text);
  const absl::string_view head = WithoutEnd(line);
  if (!absl::StartsWithIgnoreCase(head, "sep=")) return false;
  const absl::string_view named = head.substr(4);
  // A program that saves the file again fills the line up with separators.
  if (named.empty() || !absl::StrContains(",;\t|", named[0]) ||
      named.find_first_not_of(named[0]) != absl::string_view::npos) {
    return HeaderFault(
        1, "sau \"sep=\" phải là dấu phẩy, chấm phẩy, | hoặc tab",
        "\"sep=\" must be followed by a comma, semicolon, | or tab");
  }
  table->separator = named[0];
  text->remove_prefix(line.size());
  return true;
}

// The first row that is not blank, whose quoted titles may hold line breaks.
absl::string_view FirstRow(absl::string_view text) {
  while (!text.empty() && IsBlank(WithoutEnd(FirstLine(text)))) {
    text.remove_prefix(FirstLine(text).size());
  }
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (!quoted && (text[i] == '\n' || text[i] == '\r')) {
      return text.substr(0, i);
    }
  }
  return text;
}

}  // namespace

std::optional<std::size_t> CsvTable::Find(absl::string_view column) const {
  const auto it = std::find(columns.begin(), columns.end(), column);
  if (it == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(it - columns.begin());
}

absl::string_view CsvTable::Cell(const CsvRow& row,
                                 absl::string_view column) const {
  const std::optional<std::size_t> index = Find(column);
  if (!index.has_value() || *index >= row.cells.size()) return "";
  return row.cells[*index];
}

absl::StatusOr<CsvTable> ParseCsv(absl::string_view bytes) {
  const absl::StatusOr<std::string> decoded = DecodeText(bytes);
  if (!decoded.ok()) return decoded.status();
  absl::string_view text = *decoded;
  CsvTable table;
  const absl::StatusOr<bool> named = TakeSeparatorLine(&text, &table);
  if (!named.ok()) return named.status();
  if (!*named) table.separator = GuessSeparator(FirstRow(text));

  csv_parser parser;
  if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
    return absl::InternalError("libcsv cannot start");
  }
  csv_set_delim(&parser, static_cast<unsigned char>(table.separator));
  csv_set_space_func(&parser, &NothingIsBlank);
  Sink sink;
  absl::Status status = Feed(&parser, text, *named ? 2 : 1, &sink);
  csv_free(&parser);
  if (!status.ok()) return status;

  status = TakeHeader(&sink.rows, &table);
  if (!status.ok()) return status;
  TakeRows(&sink.rows, &table);
  return table;
}

absl::StatusOr<CsvTable> ReadCsv(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<CsvTable> table = ParseCsv(*text);
  if (!table.ok()) {
    return absl::Status(table.status().code(),
                        absl::StrCat(path, ": ", table.status().message()));
  }
  table->file = path;
  return table;
}

std::string CsvLine(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i != 0) line.push_back(',');
    if (cells[i].find_first_of(",;\t\"\r\n") == std::string::npos) {
      line += cells[i];
    } else {
      line += absl::StrCat(
          "\"", absl::StrReplaceAll(cells[i], {{"\"", "\"\""}}), "\"");
    }
  }
  line.push_back('\n');
  return line;
}

}  // namespace thon::cli
