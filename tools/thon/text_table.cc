#include "tools/thon/text_table.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "server/core/check.h"

namespace thon::cli {
namespace {

// The code point `text` begins with and its bytes; -1 and 1 if broken.
std::pair<utf8proc_int32_t, std::size_t> Next(absl::string_view text) {
  utf8proc_int32_t code = -1;
  const utf8proc_ssize_t size =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                       static_cast<utf8proc_ssize_t>(text.size()), &code);
  if (size <= 0) return {-1, 1};
  return {code, static_cast<std::size_t>(size)};
}

bool IsControl(utf8proc_int32_t code) {
  const utf8proc_category_t category = utf8proc_category(code);
  // Format characters include those that turn the direction of writing.
  return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF;
}

}  // namespace

int DisplayWidth(absl::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const auto [code, size] = Next(text);
    width += code < 0 ? 1 : utf8proc_charwidth(code);
    text.remove_prefix(size);
  }
  return width;
}

std::string Printable(absl::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const auto [code, size] = Next(text);
    if (code < 0 || IsControl(code)) {
      clean += "\xEF\xBF\xBD";
    } else {
      clean.append(text.data(), size);
    }
    text.remove_prefix(size);
  }
  return clean;
}

TextTable::TextTable(std::vector<Heading> headings)
    : headings_(std::move(headings)) {}

void TextTable::AddRow(std::vector<std::string> cells) {
  THON_CHECK(cells.size() == headings_.size());
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

void TextTable::AddRule() { rows_.emplace_back(); }

void TextTable::Print(std::ostream& out) const {
  std::vector<int> widths;
  for (std::size_t i = 0; i < headings_.size(); ++i) {
    int width = DisplayWidth(headings_[i].text);
    for (const std::vector<std::string>& row : rows_) {
      if (!row.empty()) width = std::max(width, DisplayWidth(row[i]));
    }
    widths.push_back(width);
  }
  const auto print_row = [&](const auto& cell_at) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string& cell = cell_at(i);
      const auto fill =
          static_cast<std::size_t>(widths[i] - DisplayWidth(cell));
      if (i != 0) line += "  ";
      if (headings_[i].align == Align::kRight) line.append(fill, ' ');
      line += cell;
      if (headings_[i].align == Align::kLeft) line.append(fill, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  };
  const auto print_rule = [&] {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (i != 0) line += "  ";
      line.append(static_cast<std::size_t>(widths[i]), '-');
    }
    out << line << '\n';
  };
  print_row(
      [&](std::size_t i) -> const std::string& { return headings_[i].text; });
  print_rule();
  for (const std::vector<std::string>& row : rows_) {
    if (row.empty()) {
      print_rule();
    } else {
      print_row([&](std::size_t i) -> const std::string& { return row[i]; });
    }
  }
}

}  // namespace thon::cli
