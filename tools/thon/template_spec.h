// What the template of each kind of file holds: its columns, what may stand in
// them, and an example row. One description makes the workbook, the CSV and the
// guide; the importers read what it makes.
#ifndef THON_TOOLS_THON_TEMPLATE_SPEC_H_
#define THON_TOOLS_THON_TEMPLATE_SPEC_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace thon::cli {

// How a cell of a column is kept. Codes and texts are text, so that zeros in
// front survive; dates show the day first under every locale.
enum class CellForm { kText, kDate, kMoney };

struct TemplateColumn {
  std::string column;  // As the importer calls it: "commune_code".
  CellForm form = CellForm::kText;
  bool needed = false;
  std::string note_vi;
  std::string note_en;
  std::string example;  // dd/mm/yyyy for a date, digits for money.
  // What the drop-down offers; empty for none.
  std::vector<std::string> choices;
  // Something else may be typed.
  bool open_choice = false;
  // Letters that a cell must have; 0 for any number.
  int letters = 0;
};

// What a server offers for drop-downs; each may be empty.
struct KnownChoices {
  std::vector<std::string> communes;  // "04771 Xã Vĩnh Kiên"
  std::vector<std::string> units;     // The same, of every level with a code.
  std::vector<std::string> teams;  // "4211 Tổ công nghệ số thôn Mạ"
};

struct TemplateSpec {
  std::string kind;      // "teams"
  std::string title_vi;  // Of the sheet.
  std::string title_en;
  std::string command;  // "thon team import FILE.csv"
  std::vector<TemplateColumn> columns;
};

inline constexpr char kExampleMark[] = "VÍ DỤ (example): xóa hoặc để nguyên";

// "teams", "members", "list", "funding", "organisations", "villages".
std::vector<std::string> TemplateKinds();

// Requires a kind of TemplateKinds().
TemplateSpec SpecOf(absl::string_view kind, const KnownChoices& known);

// "Mã xã *": the title that people see, starred where the column is needed.
std::string TitleOf(const TemplateColumn& column);

// The template as CSV, UTF-8 with the mark by which Excel knows it: the header
// and the example.
std::string TemplateCsv(const TemplateSpec& spec);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_TEMPLATE_SPEC_H_
