#include "tools/thon/succession_file.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/thon/unit_match.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

const MapUnit* UnitOfColumn(RowReader* reader, const char* column,
                            const UnitMap& map) {
  const Choice choice = SplitChoice(reader->NeedText(column));
  if (choice.code.empty()) return nullptr;
  const MapUnit* const unit = map.FindCode(choice.code);
  if (unit == nullptr) {
    reader->Error(column, "UNKNOWN_UNIT",
                  {absl::StrCat("danh mục ngày ", map.date().Vietnamese(),
                                " không có đơn vị mã ", choice.code),
                   absl::StrCat("the map of ", map.date().Vietnamese(),
                                " has no unit of code ", choice.code)});
    return nullptr;
  }
  CheckName(reader, column, *unit, choice.rest, OtherName::kError);
  return unit;
}

struct Seen {
  int line = 0;
  bool part = false;
};

}  // namespace

v1::Successions PlanSuccessions(const CsvTable& table, const UnitMap& before,
                                const UnitMap& after, CellRules rules,
                                Report* report) {
  v1::Successions successions;
  if (!CheckColumns(table, {"from_code", "to_code"}, {"part"}, report)) {
    return successions;
  }
  std::map<std::uint64_t, Seen> seen;
  std::map<std::pair<std::uint64_t, std::uint64_t>, int> pairs;
  RowReader reader(&table, rules, report);
  for (const CsvRow& row : table.rows) {
    if (!reader.Open(row)) continue;
    const MapUnit* const from = UnitOfColumn(&reader, "from_code", before);
    const MapUnit* const to = UnitOfColumn(&reader, "to_code", after);
    const std::string text = reader.Text("part");
    const std::optional<bool> part =
        text.empty() ? std::optional<bool>(false) : ParseYesNo(text);
    if (!part.has_value()) {
      reader.Error("part", "UNKNOWN_VALUE",
                   {absl::StrCat("\"", text, "\": ghi có hoặc không"),
                    absl::StrCat("\"", text, "\": write yes or no")});
    }
    if (from == nullptr || to == nullptr || !part.has_value()) continue;
    if (from->level != to->level) {
      reader.Error(
          "to_code", "CONFLICT",
          {absl::StrCat(from->name, " và ", to->name, " không cùng cấp"),
           absl::StrCat(from->name, " and ", to->name,
                        " are not of one level")});
      continue;
    }
    const auto [pair, is_new_pair] =
        pairs.emplace(std::make_pair(from->id, to->id), row.line);
    const auto [one, is_new] = seen.emplace(from->id, Seen{row.line, *part});
    if (!is_new_pair) {
      reader.Error("to_code", "DUPLICATE",
                   {absl::StrCat("đã có ở dòng ", pair->second),
                    absl::StrCat("stands in line ", pair->second)});
      continue;
    }
    if (!is_new && !(one->second.part && *part)) {
      reader.Error(
          "from_code", "CONFLICT",
          {absl::StrCat(from->name, " đã ở dòng ", one->second.line,
                        "; đơn vị bị chia thì mọi dòng phải có part = có"),
           absl::StrCat(from->name, " stands in line ", one->second.line,
                        "; where a unit is divided every row says part")});
      continue;
    }
    v1::Succession* const succession = successions.add_rows();
    succession->set_from_unit_id(from->id);
    succession->set_to_unit_id(to->id);
    succession->set_part(*part);
  }
  if (successions.rows_size() == 0 && report->errors() == 0) {
    report->Error(
        0, "", "CELL_COUNT",
        {"tệp không có dòng nào dùng được", "the file has no row of use"});
  }
  report->Sort();
  return successions;
}

}  // namespace thon::cli
