#include "tools/verify/document.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace thon::verify {
namespace {

// Without what a terminal or a reader's eye could be led astray by: control
// characters, and the marks that turn the direction of text.
std::string Plain(absl::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const absl::string_view rest = text.substr(i);
    const bool turns = rest.substr(0, 2) == "\xe2\x80" && rest.size() > 2 &&
                       ((rest[2] >= '\xaa' && rest[2] <= '\xae') ||
                        rest[2] == '\x8e' || rest[2] == '\x8f');
    const bool isolates = rest.substr(0, 2) == "\xe2\x81" && rest.size() > 2 &&
                          rest[2] >= '\xa6' && rest[2] <= '\xa9';
    const bool c1 = c == 0xc2 && rest.size() > 1 &&
                    static_cast<unsigned char>(rest[1]) < 0xa0;
    if (turns || isolates) {
      plain.push_back('?');
      i += 2;
    } else if (c1) {
      plain.push_back('?');
      i += 1;
    } else {
      plain.push_back(c < 0x20 || c == 0x7f ? ' ' : text[i]);
    }
  }
  return plain;
}

std::string EscapeMarkdown(absl::string_view text) {
  std::string escaped;
  for (const char c : Plain(text)) {
    if (absl::string_view("\\`*_{}[]<>#|~&!").find(c) !=
        absl::string_view::npos) {
      escaped.push_back('\\');
    }
    escaped.push_back(c);
  }
  return escaped;
}

std::string EscapeHtml(absl::string_view text) {
  std::string escaped;
  for (const char c : Plain(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped.push_back(c);
    }
  }
  return escaped;
}

// Letters, as a terminal shows them: marks that combine do not come, as texts
// are NFC.
std::size_t WidthOf(absl::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(),
      [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string TableText(const std::vector<std::vector<std::string>>& rows) {
  constexpr std::size_t kColumnMax = 48;
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      widths[i] =
          std::min(std::max(widths[i], WidthOf(Plain(row[i]))), kColumnMax);
    }
  }
  std::string text;
  for (const auto& row : rows) {
    text += "  ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = Plain(row[i]);
      text += cell;
      if (i + 1 == row.size()) break;
      const std::size_t width = WidthOf(cell);
      text.append(widths[i] > width ? widths[i] - width + 2 : 2, ' ');
    }
    text += "\n";
  }
  return text;
}

constexpr char kStyle[] =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem "
    "auto;padding:0 1rem;color:#1b1b1b;background:#fff}"
    "table{border-collapse:collapse;margin:1rem 0}"
    "th,td{border:1px solid #bbb;padding:.3rem .6rem;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}"
    "th{background:#f0f0f0}";

}  // namespace

void Document::Heading(std::string text) {
  blocks.push_back({Block::Kind::kHeading, std::move(text), {}});
}

void Document::Paragraph(std::string text) {
  blocks.push_back({Block::Kind::kParagraph, std::move(text), {}});
}

void Document::Table(std::vector<std::vector<std::string>> rows) {
  blocks.push_back({Block::Kind::kTable, "", std::move(rows)});
}

std::string ToTerminal(const Document& document) {
  std::string text = absl::StrCat(Plain(document.title), "\n");
  for (const Block& block : document.blocks) {
    switch (block.kind) {
      case Block::Kind::kHeading:
        absl::StrAppend(&text, "\n", Plain(block.text), "\n");
        break;
      case Block::Kind::kParagraph:
        absl::StrAppend(&text, "  ", Plain(block.text), "\n");
        break;
      case Block::Kind::kTable:
        text += TableText(block.rows);
        break;
    }
  }
  return text;
}

std::string ToMarkdown(const Document& document) {
  std::string text = absl::StrCat("# ", EscapeMarkdown(document.title), "\n");
  for (const Block& block : document.blocks) {
    text += "\n";
    if (block.kind == Block::Kind::kHeading) {
      absl::StrAppend(&text, "## ", EscapeMarkdown(block.text), "\n");
    } else if (block.kind == Block::Kind::kParagraph) {
      absl::StrAppend(&text, EscapeMarkdown(block.text), "\n");
    }
    for (std::size_t i = 0; i < block.rows.size(); ++i) {
      text += "|";
      for (const std::string& cell : block.rows[i]) {
        absl::StrAppend(&text, " ", EscapeMarkdown(cell), " |");
      }
      text += "\n";
      if (i > 0) continue;
      text += "|";
      for (std::size_t c = 0; c < block.rows[0].size(); ++c) text += "---|";
      text += "\n";
    }
  }
  return text;
}

std::string ToHtml(const Document& document) {
  const std::string title = EscapeHtml(document.title);
  std::string text = absl::StrCat(
      "<!doctype html>\n<html lang=\"vi\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
      "'none'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
      title, "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n<h1>",
      title, "</h1>\n");
  for (const Block& block : document.blocks) {
    if (block.kind == Block::Kind::kHeading) {
      absl::StrAppend(&text, "<h2>", EscapeHtml(block.text), "</h2>\n");
    } else if (block.kind == Block::Kind::kParagraph) {
      absl::StrAppend(&text, "<p>", EscapeHtml(block.text), "</p>\n");
    } else {
      text += "<table>\n";
      for (std::size_t i = 0; i < block.rows.size(); ++i) {
        const absl::string_view cell_name = i == 0 ? "th" : "td";
        text += "<tr>";
        for (const std::string& cell : block.rows[i]) {
          absl::StrAppend(&text, "<", cell_name, ">", EscapeHtml(cell), "</",
                          cell_name, ">");
        }
        text += "</tr>\n";
      }
      text += "</table>\n";
    }
  }
  return text + "</body>\n</html>\n";
}

}  // namespace thon::verify
