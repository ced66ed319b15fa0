// Tables for a terminal: columns aligned by what a terminal shows, not by
// bytes, as Vietnamese letters take one cell and up to three bytes.
#ifndef THON_TOOLS_THON_TEXT_TABLE_H_
#define THON_TOOLS_THON_TEXT_TABLE_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace thon::cli {

// Cells of a terminal that `text` takes: marks that combine take none, wide
// letters two. Bytes that are not UTF-8 take one each.
int DisplayWidth(absl::string_view text);

// `text` with control characters and broken UTF-8 replaced, so that what the
// log holds cannot steer a terminal.
std::string Printable(absl::string_view text);

enum class Align { kLeft, kRight };

struct Heading {
  std::string text;  // Vietnamese first: "Tổ (team)".
  Align align = Align::kLeft;
};

class TextTable {
 public:
  explicit TextTable(std::vector<Heading> headings);
  // Requires as many cells as headings.
  void AddRow(std::vector<std::string> cells);
  // A line of dashes, before a sum.
  void AddRule();
  bool empty() const { return rows_.empty(); }
  void Print(std::ostream& out) const;

 private:
  std::vector<Heading> headings_;
  std::vector<std::vector<std::string>> rows_;  // An empty row is a rule.
};

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_TEXT_TABLE_H_
