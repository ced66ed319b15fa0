#include "tools/thon/decision_files.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/core/text.h"
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

// The target of a row; UNSPECIFIED for an empty cell, or a wrong one, which is
// reported.
v1::RegistrationTarget TargetOf(RowReader* reader) {
  const std::string text = reader->Text("target");
  if (text.empty()) return v1::REGISTRATION_TARGET_UNSPECIFIED;
  const std::optional<v1::RegistrationTarget> target = ParseTarget(text);
  if (!target.has_value()) {
    reader->Error(
        "target", "UNKNOWN_VALUE",
        {absl::StrCat("\"", text, "\" không phải đạt chuẩn hay nâng cao"),
         absl::StrCat("\"", text,
                      "\" is not STANDARD (đạt chuẩn) or ADVANCED (nâng "
                      "cao)")});
  }
  return target.value_or(v1::REGISTRATION_TARGET_UNSPECIFIED);
}

// A commune that stands once in a file; null with a report.
const MapUnit* CommuneOnce(RowReader* reader, const UnitMap& map,
                           OtherName other,
                           std::map<std::string, int>* line_of) {
  const MapUnit* const commune = CommuneOf(reader, map, other);
  if (commune == nullptr) return nullptr;
  const auto [it, is_new] = line_of->emplace(commune->code, reader->line());
  if (!is_new) {
    reader->Error(
        "commune_code", "DUPLICATE",
        {absl::StrCat("xã ", commune->code, " đã có ở dòng ", it->second),
         absl::StrCat("commune ", commune->code, " stands in line ",
                      it->second)});
    return nullptr;
  }
  CheckName(reader, "name", *commune, reader->Text("name"), other);
  return commune;
}

v1::RegistrationRow RowOf(RowReader* reader, const MapUnit& commune,
                          v1::RegistrationTarget target) {
  std::string name = reader->Text("name");
  if (name.empty()) name = reader->Text("commune_name");
  v1::RegistrationRow row;
  row.set_unit_id(commune.id);
  row.set_target(target);
  row.set_printed_code(commune.code);
  row.set_printed_name(name.empty() ? commune.name : name);
  return row;
}

enum class ListChange { kAdd, kRemove };

std::optional<ListChange> ChangeOf(RowReader* reader) {
  const std::string text = reader->NeedText("change");
  const std::string key = SearchKey(text);
  if (key == "add" || key == "them" || key == "bo sung") {
    return ListChange::kAdd;
  }
  if (key == "remove" || key == "dua ra" || key == "bot" || key == "loai") {
    return ListChange::kRemove;
  }
  if (!text.empty()) {
    reader->Error(
        "change", "UNKNOWN_VALUE",
        {absl::StrCat("\"", text, "\": ghi thêm hoặc đưa ra"),
         absl::StrCat("\"", text, "\" is not add (thêm) or remove (đưa ra)")});
  }
  return std::nullopt;
}

// Targets with which a commune is listed: ever, on a day, and on that day or
// later.
struct Listed {
  std::set<v1::RegistrationTarget> ever;
  std::set<v1::RegistrationTarget> then;
  std::set<v1::RegistrationTarget> from_then;
};

Listed ListedFrom(const v1::RegistrationListRow& now, std::uint64_t unit_id,
                  Date day) {
  Listed listed;
  for (const v1::Listing& listing : now.listings()) {
    if (listing.unit_id() != unit_id) continue;
    listed.ever.insert(listing.target());
    if (listing.to_date() != 0 && listing.to_date() < day.days) continue;
    listed.from_then.insert(listing.target());
    if (listing.from_date() <= day.days) listed.then.insert(listing.target());
  }
  return listed;
}

void TellAlreadySo(RowReader* reader, const MapUnit& commune) {
  reader->Warning(
      "commune_code", "ALREADY_SO",
      {absl::StrCat("với xã ", commune.code,
                    " danh sách đã như vậy từ ngày đó; bỏ qua"),
       absl::StrCat("for commune ", commune.code,
                    " the list is so from that day on already; passed over")});
}

// Adds what the row changes of the list to `amendment`.
void PlanChange(RowReader* reader, const MapUnit& commune, ListChange change,
                v1::RegistrationTarget target, const Listed& listed,
                v1::RegistrationList* amendment) {
  const auto meant = [&](v1::RegistrationTarget one) {
    return target == v1::REGISTRATION_TARGET_UNSPECIFIED || one == target;
  };
  if (change == ListChange::kAdd) {
    if (target == v1::REGISTRATION_TARGET_UNSPECIFIED) {
      reader->NeedText("target");
    } else if (listed.then.count(target) > 0) {
      TellAlreadySo(reader, commune);
    } else {
      *amendment->add_rows() = RowOf(reader, commune, target);
    }
    return;
  }
  bool any = false;
  for (const v1::RegistrationTarget one : listed.from_then) {
    if (!meant(one)) continue;
    any = true;
    v1::RegistrationRow* const row = amendment->add_rows();
    *row = RowOf(reader, commune, one);
    row->set_removed(true);
  }
  if (any) return;
  if (std::any_of(listed.ever.begin(), listed.ever.end(), meant)) {
    return TellAlreadySo(reader, commune);
  }
  reader->Error("commune_code", "NOT_LISTED",
                {absl::StrCat("xã ", commune.code,
                              " không có trong danh sách, hoặc không với mục "
                              "tiêu đó"),
                 absl::StrCat("commune ", commune.code,
                              " is not on the list, or not with that "
                              "target")});
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
    reader.NeedText("target");
    const v1::RegistrationTarget target = TargetOf(&reader);
    const MapUnit* const commune = CommuneOnce(&reader, map, other, &line_of);
    if (commune == nullptr) continue;
    *list.add_rows() = RowOf(&reader, *commune, target);
  }
  CheckCount(list.rows_size(), kListRowsMax, report);
  report->Sort();
  return list;
}

v1::RegistrationList PlanListAmendment(const CsvTable& table,
                                       const UnitMap& map,
                                       const v1::RegistrationListRow& now,
                                       Date day, CellRules rules,
                                       bool accept_names, Report* report) {
  v1::RegistrationList amendment;
  if (!CheckColumns(table, {"commune_code", "change"},
                    {"target", "name", "commune_name"}, report)) {
    return amendment;
  }
  const OtherName other =
      accept_names ? OtherName::kWarning : OtherName::kErrorOrAccept;
  std::map<std::string, int> line_of;
  RowReader reader(&table, rules, report);
  for (const CsvRow& row : table.rows) {
    if (!reader.Open(row)) continue;
    const std::optional<ListChange> change = ChangeOf(&reader);
    const v1::RegistrationTarget target = TargetOf(&reader);
    const MapUnit* const commune = CommuneOnce(&reader, map, other, &line_of);
    if (commune == nullptr || !change.has_value()) continue;
    PlanChange(&reader, *commune, *change, target,
               ListedFrom(now, commune->id, day), &amendment);
  }
  if (line_of.empty() || amendment.rows_size() > kListRowsMax) {
    CheckCount(amendment.rows_size(), kListRowsMax, report);
  }
  report->Sort();
  return amendment;
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
