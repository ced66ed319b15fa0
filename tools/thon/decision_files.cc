#include "tools/thon/decision_files.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

constexpr int kListRowsMax = 20'000;
constexpr int kFundedTeamsMax = 100'000;

// How a printed name and the map's name compare; a kind may be left out.
enum class NameMatch { kSame, kSpelling, kOther };

NameMatch CompareNames(const MapUnit& unit, const std::string& printed) {
  absl::string_view map_rest;
  absl::string_view printed_rest;
  KindOfName(unit.level, unit.name, &map_rest);
  const v1::UnitKind kind = KindOfName(unit.level, printed, &printed_rest);
  if (kind != v1::UNIT_KIND_UNSPECIFIED && kind != unit.kind) {
    return NameMatch::kOther;
  }
  if (map_rest == printed_rest) return NameMatch::kSame;
  return SearchKey(map_rest) == SearchKey(printed_rest) ? NameMatch::kSpelling
                                                        : NameMatch::kOther;
}

void CheckName(RowReader* reader, const MapUnit& unit,
               const std::string& printed, bool accept) {
  if (printed.empty()) return;
  const NameMatch match = CompareNames(unit, printed);
  if (match == NameMatch::kSame) return;
  const std::string message =
      absl::StrCat("the file says \"", printed, "\", the map calls ", unit.code,
                   " \"", unit.name, "\"");
  if (match == NameMatch::kSpelling || accept) {
    reader->Warning("name", "NAME_MISMATCH", message);
  } else {
    reader->Error("name", "NAME_MISMATCH",
                  absl::StrCat(message,
                               "; correct code or name, or give "
                               "--accept-names if the code is right"));
  }
}

}  // namespace

v1::RegistrationList PlanRegistrationList(const CsvTable& table,
                                          const UnitMap& map, CellRules rules,
                                          bool accept_names, Report* report) {
  v1::RegistrationList list;
  if (!CheckColumns(table, {"commune_code", "target"}, {"name"}, report)) {
    return list;
  }
  std::map<std::string, int> line_of;
  RowReader reader(&table, rules, report);
  for (const CsvRow& row : table.rows) {
    if (!reader.Open(row)) continue;
    const std::string code = reader.NeedText("commune_code");
    const std::string target_text = reader.NeedText("target");
    const std::string name = reader.Text("name");
    const v1::RegistrationTarget target =
        ParseTarget(target_text).value_or(v1::REGISTRATION_TARGET_UNSPECIFIED);
    if (!target_text.empty() && target == v1::REGISTRATION_TARGET_UNSPECIFIED) {
      reader.Error("target", "UNKNOWN_VALUE",
                   absl::StrCat("\"", target_text,
                                "\" is not STANDARD (đạt chuẩn) or ADVANCED "
                                "(nâng cao)"));
    }
    if (code.empty()) continue;
    const auto [it, is_new] = line_of.emplace(code, row.line);
    if (!is_new) {
      reader.Error("commune_code", "DUPLICATE",
                   absl::StrCat("\"", code, "\" stands in line ", it->second));
      continue;
    }
    const MapUnit* const commune = map.FindCode(v1::UNIT_LEVEL_COMMUNE, code);
    if (commune == nullptr) {
      reader.Error("commune_code", "UNKNOWN_UNIT",
                   absl::StrCat("the map of ", map.date().Vietnamese(),
                                " has no commune \"", code, "\""));
      continue;
    }
    CheckName(&reader, *commune, name, accept_names);
    v1::RegistrationRow* const listed = list.add_rows();
    listed->set_unit_id(commune->id);
    listed->set_target(target);
    listed->set_printed_code(code);
    listed->set_printed_name(name.empty() ? commune->name : name);
  }
  if (list.rows_size() == 0 || list.rows_size() > kListRowsMax) {
    report->Error(
        0, "", "CELL_COUNT",
        absl::StrCat("the list has ", list.rows_size(), " communes; 1 to ",
                     kListRowsMax, " can be recorded"));
  }
  report->Sort();
  return list;
}

v1::FundedTeams PlanFundedTeams(const CsvTable& table, const UnitMap& map,
                                const TeamIndex& teams, CellRules rules,
                                Report* report) {
  v1::FundedTeams funded;
  const std::vector<std::string> needed =
      table.Find("team_id").has_value()
          ? std::vector<std::string>{"team_id"}
          : std::vector<std::string>{"commune_code", "village_name"};
  if (!CheckColumns(table, needed,
                    {"team_id", "commune_code", "village_name", "kind"},
                    report)) {
    return funded;
  }
  std::map<std::uint64_t, int> line_of;  // Ascending, as the document must be.
  RowReader reader(&table, rules, report);
  for (const CsvRow& row : table.rows) {
    if (!reader.Open(row)) continue;
    const v1::TeamRow* const team = FindRowsTeam(&reader, map, teams);
    if (team == nullptr) continue;
    const auto [it, is_new] = line_of.emplace(team->team_id(), row.line);
    if (!is_new) {
      reader.Error("team_id", "DUPLICATE",
                   absl::StrCat("team ", team->team_id(), " stands in line ",
                                it->second));
    }
  }
  for (const auto& [id, line] : line_of) funded.add_team_ids(id);
  if (funded.team_ids_size() == 0 || funded.team_ids_size() > kFundedTeamsMax) {
    report->Error(
        0, "", "CELL_COUNT",
        absl::StrCat("the set has ", funded.team_ids_size(), " teams; 1 to ",
                     kFundedTeamsMax, " can be recorded"));
  }
  report->Sort();
  return funded;
}

}  // namespace thon::cli
