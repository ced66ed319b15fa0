#include "tools/thon/csv.h"

#include <csv.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "server/core/text.h"
#include "tools/thon/files.h"

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

absl::Status CheckUtf8(absl::string_view text) {
  if (absl::StartsWith(text, "\xFF\xFE") ||
      absl::StartsWith(text, "\xFE\xFF")) {
    return absl::InvalidArgumentError(
        "the file is UTF-16; save it as \"CSV UTF-8\"");
  }
  int line = 1;
  while (!text.empty()) {
    const absl::string_view first = FirstLine(text);
    if (!ToNfc(first).ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "line ", line, ": not UTF-8; save the file as \"CSV UTF-8\""));
    }
    text.remove_prefix(first.size());
    ++line;
  }
  return absl::OkStatus();
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
          absl::StrCat("line ", line,
                       ": a quote stands where none may be; put the whole "
                       "cell in quotes and double those inside it"));
    }
    open = !sink->row_ended && (open || !WithoutEnd(first).empty());
    text.remove_prefix(first.size());
  }
  if (csv_fini(parser, &OnCell, &OnRow, sink) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "line ", sink->row_line, ": a quoted cell begins and never ends"));
  }
  return absl::OkStatus();
}

absl::Status TakeHeader(std::vector<CsvRow>* rows, CsvTable* table) {
  if (rows->empty()) {
    return absl::InvalidArgumentError(
        "the file is empty; its first line must name the columns");
  }
  table->header_line = rows->front().line;
  for (const std::string& cell : rows->front().cells) {
    absl::StatusOr<std::string> nfc = ToNfc(cell);
    if (!nfc.ok()) return nfc.status();
    std::string name = Trim(*nfc);
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (name.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", table->header_line, ": column ",
                       table->columns.size() + 1, " has no name"));
    }
    if (table->Find(name).has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", table->header_line, ": column \"", name,
                       "\" is there twice"));
    }
    table->columns.push_back(std::move(name));
  }
  rows->erase(rows->begin());
  return absl::OkStatus();
}

bool IsEmptyRow(const CsvRow& row) {
  return std::all_of(row.cells.begin(), row.cells.end(),
                     [](const std::string& cell) { return cell.empty(); });
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

absl::StatusOr<CsvTable> ParseCsv(absl::string_view text) {
  if (absl::Status status = CheckUtf8(text); !status.ok()) return status;
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");
  int line = 1;
  CsvTable table;
  absl::string_view head = WithoutEnd(FirstLine(text));
  if (absl::StartsWith(head, "sep=") && head.size() == 5) {
    table.separator = head[4];
    text.remove_prefix(FirstLine(text).size());
    ++line;
  } else {
    table.separator = GuessSeparator(head);
  }

  csv_parser parser;
  if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
    return absl::InternalError("libcsv cannot start");
  }
  csv_set_delim(&parser, static_cast<unsigned char>(table.separator));
  csv_set_space_func(&parser, &NothingIsBlank);
  Sink sink;
  absl::Status status = Feed(&parser, text, line, &sink);
  csv_free(&parser);
  if (!status.ok()) return status;

  status = TakeHeader(&sink.rows, &table);
  if (!status.ok()) return status;
  for (CsvRow& row : sink.rows) {
    if (!IsEmptyRow(row)) table.rows.push_back(std::move(row));
  }
  return table;
}

absl::StatusOr<CsvTable> ReadCsv(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<CsvTable> table = ParseCsv(*text);
  if (table.ok()) return table;
  return absl::Status(table.status().code(),
                      absl::StrCat(path, ": ", table.status().message()));
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
