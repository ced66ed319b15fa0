#include "tools/thon/derivation_text.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/thon/text_table.h"

namespace thon::cli {

void PrintDerivation(const v1::Derivation& step, int depth, std::ostream& out) {
  std::string line(static_cast<std::size_t>(depth) * 2, ' ');
  absl::StrAppend(&line, step.holds() ? "✓ " : "✗ ", step.text_vi());
  if (step.deciding()) line += " [quyết định]";
  out << Printable(line) << '\n';
  const std::string indent(static_cast<std::size_t>(depth) * 2 + 2, ' ');
  const auto detail = [&](absl::string_view text) {
    out << indent << Printable(text) << '\n';
  };
  if (!step.text_en().empty()) detail(step.text_en());
  if (!step.rule().empty())
    detail(absl::StrCat("tham số (rule): ", step.rule()));
  if (!step.source().empty()) {
    detail(absl::StrCat("căn cứ (source): ", step.source()));
  }
  if (!step.assumption().empty()) {
    detail(absl::StrCat("giả định (assumption): ", step.assumption()));
  }
  if (step.positions_size() > 0) {
    // The first few say where to look; --json has them all.
    constexpr int kShown = 8;
    std::vector<std::string> positions;
    for (int i = 0; i < step.positions_size() && i < kShown; ++i) {
      positions.push_back(absl::StrCat(step.positions(i)));
    }
    if (step.positions_size() > kShown) positions.emplace_back("...");
    detail(absl::StrCat("sự kiện (events): ", absl::StrJoin(positions, " ")));
  }
  for (const v1::Derivation& child : step.steps()) {
    PrintDerivation(child, depth + 1, out);
  }
}

}  // namespace thon::cli
