#include "tools/thon/decision_files.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "tools/thon/unit_match.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

constexpr int kListRowsMax = 20'000;
constexpr int kFundedTeamsMax = 100'000;

// The sum of a column of money, within the bound of every amount.
void AddAmount(RowReader* reader, ListedAmounts* listed) {
  const std::string text = reader->Text("amount");
  const std::int64_t amount = reader->Money("amount");
  if (text.empty()) return;
  ++listed->rows;
  if (amount > limits::kMoneyMax - listed->sum_vnd) {
    reader->Error("amount", "BAD_MONEY",
                  {"tổng cột vượt 1.000.000.000.000.000 đồng",
                   "the column sums up to more than 1.000.000.000.000.000 "
                   "đồng"});
    return;
  }
  listed->sum_vnd += amount;
}

void CheckCount(int count, int most, Report* report) {
  if (count > 0 && count <= most) return;
  report->Error(
      0, "", "CELL_COUNT",
      {absl::StrCat("tệp có ", count, " dòng dùng được; cần từ 1 đến ", most),
       absl::StrCat("the file has ", count, " rows of use; 1 to ", most,
                    " can be recorded")});
}

}  // namespace

v1::RegistrationList PlanRegistrationList(const CsvTable& table,
                                          const UnitMap& map, CellRules rules,
                                          bool accept_names, Report* report) {
  v1::RegistrationList list;
  if (!CheckColumns(table, {"commune_code", "target"}, {"name", "commune_name"},
                    report)) {
    return list;
  }
  const OtherName other =
      accept_names ? OtherName::kWarning : OtherName::kErrorOrAccept;
  std::map<std::string, int> line_of;
  RowReader reader(&table, rules, report);
  for (const CsvRow& row : table.rows) {
    if (!reader.Open(row)) continue;
    const std::string target_text = reader.NeedText("target");
    std::string name = reader.Text("name");
    if (name.empty()) name = reader.Text("commune_name");
    const v1::RegistrationTarget target =
        ParseTarget(target_text).value_or(v1::REGISTRATION_TARGET_UNSPECIFIED);
    if (!target_text.empty() && target == v1::REGISTRATION_TARGET_UNSPECIFIED) {
      reader.Error(
          "target", "UNKNOWN_VALUE",
          {absl::StrCat("\"", target_text,
                        "\" không phải đạt chuẩn hay nâng cao"),
           absl::StrCat("\"", target_text,
                        "\" is not STANDARD (đạt chuẩn) or ADVANCED (nâng "
                        "cao)")});
    }
    const MapUnit* const commune = CommuneOf(&reader, map, other);
    if (commune == nullptr) continue;
    const auto [it, is_new] = line_of.emplace(commune->code, row.line);
    if (!is_new) {
      reader.Error(
          "commune_code", "DUPLICATE",
          {absl::StrCat("xã ", commune->code, " đã có ở dòng ", it->second),
           absl::StrCat("commune ", commune->code, " stands in line ",
                        it->second)});
      continue;
    }
    CheckName(&reader, "name", *commune, reader.Text("name"), other);
    v1::RegistrationRow* const listed = list.add_rows();
    listed->set_unit_id(commune->id);
    listed->set_target(target);
    listed->set_printed_code(commune->code);
    listed->set_printed_name(name.empty() ? commune->name : name);
  }
  CheckCount(list.rows_size(), kListRowsMax, report);
  report->Sort();
  return list;
}

v1::FundedTeams PlanFundedTeams(const CsvTable& table, const UnitMap& map,
                                const TeamIndex& teams, CellRules rules,
                                Report* report, ListedAmounts* listed) {
  v1::FundedTeams funded;
  const std::vector<std::string> needed =
      table.Find("team_id").has_value()
          ? std::vector<std::string>{"team_id"}
          : std::vector<std::string>{"commune_code", "village_name"};
  if (!CheckColumns(table, needed,
                    {"team_id", "commune_code", "commune_name", "village_name",
                     "team_name", "kind", "amount"},
                    report)) {
    return funded;
  }
  ListedAmounts amounts;
  std::map<std::uint64_t, int> line_of;  // Ascending, as the document must be.
  RowReader reader(&table, rules, report);
  for (const CsvRow& row : table.rows) {
    if (!reader.Open(row)) continue;
    AddAmount(&reader, &amounts);
    const v1::TeamRow* const team = FindRowsTeam(&reader, map, teams);
    if (team == nullptr) continue;
    const auto [it, is_new] = line_of.emplace(team->team_id(), row.line);
    if (!is_new) {
      reader.Error(
          "team_id", "DUPLICATE",
          {absl::StrCat("tổ ", team->team_id(), " đã có ở dòng ", it->second),
           absl::StrCat("team ", team->team_id(), " stands in line ",
                        it->second)});
    }
  }
  for (const auto& [id, line] : line_of) funded.add_team_ids(id);
  if (listed != nullptr) *listed = amounts;
  CheckCount(funded.team_ids_size(), kFundedTeamsMax, report);
  report->Sort();
  return funded;
}

}  // namespace thon::cli
