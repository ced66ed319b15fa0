// A text of headings, paragraphs and tables, and its three forms: for a
// terminal, as Markdown and as one self-contained page of HTML.
#ifndef THON_TOOLS_VERIFY_DOCUMENT_H_
#define THON_TOOLS_VERIFY_DOCUMENT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace thon::verify {

struct Block {
  enum class Kind { kHeading, kParagraph, kTable };
  Kind kind = Kind::kParagraph;
  std::string text;  // kHeading, kParagraph.
  // kTable: the first row is its head. All rows are as long as the first.
  std::vector<std::vector<std::string>> rows;
};

struct Document {
  std::string title;
  std::vector<Block> blocks;

  void Heading(std::string text);
  void Paragraph(std::string text);
  void Table(std::vector<std::vector<std::string>> rows);
};

// Whatever the texts hold, they stay text: control characters, Markdown's and
// HTML's own characters are escaped.
std::string ToTerminal(const Document& document);
std::string ToMarkdown(const Document& document);
std::string ToHtml(const Document& document);

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_DOCUMENT_H_
