#include "tools/thon/enrol_file.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

bool IsMember(const v1::TeamMember& member, Date today) {
  return member.joined_date() <= today.days &&
         (member.left_date() == 0 || member.left_date() > today.days);
}

std::string PlaceOf(const v1::TeamRow& team, const UnitMap& map) {
  if (team.units_size() == 0) return "";
  const std::uint64_t id = team.units(team.units_size() - 1).unit_id();
  const MapUnit* const unit = map.Find(id);
  if (unit == nullptr || unit->level != v1::UNIT_LEVEL_VILLAGE) {
    return ShowUnit(map, id);
  }
  return absl::StrCat(unit->name, ", ", ShowUnit(map, unit->parent_id));
}

void ReportNobody(RowReader* reader, const v1::TeamRow& team,
                  absl::string_view column) {
  reader->Error(
      column, "NO_MEMBER",
      {absl::StrCat("tổ ", team.team_id(), " (", team.name(),
                    ") không có tổ trưởng; ghi thành viên ở cột "
                    "member_id"),
       absl::StrCat("team ", team.team_id(), " (", team.name(),
                    ") has no leader; name the member in member_id")});
}

// The one card that member_id names; nothing, with a report, if they are no
// member.
std::vector<SheetCard> CardOfMember(RowReader* reader, const v1::TeamRow& team,
                                    const UnitMap& map, Date today,
                                    std::uint64_t member_id) {
  for (SheetCard& card :
       CardsOfTeam(team, map, today, SheetFor::kEveryMember)) {
    if (card.member_id == member_id) return {std::move(card)};
  }
  reader->Error("member_id", "UNKNOWN_MEMBER",
                {absl::StrCat("tổ ", team.team_id(), " không có thành viên ",
                              member_id, " vào ngày ", today.Vietnamese()),
                 absl::StrCat("team ", team.team_id(), " has no member ",
                              member_id, " on ", today.Iso())});
  return {};
}

}  // namespace

std::vector<CodeHolder> PlanEnrolment(const CsvTable& table, Report* report) {
  std::vector<CodeHolder> holders;
  const bool phones = table.Find("team_id").has_value();
  const std::vector<std::string> needed =
      phones ? std::vector<std::string>{"team_id", "member_id"}
             : std::vector<std::string>{"organisation_id"};
  if (!CheckColumns(table, needed, {"organisation_id", "label"}, report)) {
    return holders;
  }
  RowReader reader(&table, CellRules(), report);
  for (const CsvRow& row : table.rows) {
    if (!reader.Open(row)) continue;
    const int errors_before = report->errors();
    CodeHolder holder;
    holder.team_id = reader.Id("team_id");
    holder.member_id = reader.Id("member_id");
    holder.organisation_id = reader.Id("organisation_id");
    if (report->errors() != errors_before) continue;
    const bool phone = holder.team_id != 0 && holder.member_id != 0;
    const bool nobody = holder.team_id == 0 && holder.member_id == 0;
    if (holder.organisation_id == 0 ? !phone : !nobody) {
      reader.Error("", "CONFLICT",
                   {"mỗi dòng ghi tổ và thành viên, hoặc một cơ quan",
                    "a row names a team and its member, or an organisation"});
      continue;
    }
    holders.push_back(holder);
  }
  if (holders.empty() && report->errors() == 0) {
    report->Error(0, "", "EMPTY",
                  {"tệp không có dòng nào", "the file has no rows"});
  }
  return holders;
}

std::vector<SheetCard> CardsOfTeam(const v1::TeamRow& team, const UnitMap& map,
                                   Date today, SheetFor whom) {
  std::vector<SheetCard> cards;
  for (const v1::TeamMember& member : team.members()) {
    if (!IsMember(member, today)) continue;
    if (whom == SheetFor::kLeader && member.seat() != v1::SEAT_LEADER) continue;
    SheetCard card;
    card.team_id = team.team_id();
    card.team_name = team.name();
    card.place = PlaceOf(team, map);
    card.member_id = member.member_id();
    card.seat = member.seat();
    cards.push_back(std::move(card));
    if (whom == SheetFor::kLeader) break;
  }
  return cards;
}

std::vector<SheetCard> PlanSheet(const CsvTable& table, const UnitMap& map,
                                 const TeamIndex& teams, Date today,
                                 SheetFor whom, Report* report) {
  std::vector<SheetCard> cards;
  const std::vector<std::string> needed =
      table.Find("team_id").has_value()
          ? std::vector<std::string>{"team_id"}
          : std::vector<std::string>{"commune_code", "village_name"};
  if (!CheckColumns(table, needed,
                    {"team_id", "commune_code", "commune_name", "village_name",
                     "team_name", "kind", "member_id"},
                    report)) {
    return cards;
  }
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  RowReader reader(&table, CellRules(), report);
  for (const CsvRow& row : table.rows) {
    if (!reader.Open(row)) continue;
    const int errors_before = report->errors();
    const std::uint64_t member_id = reader.Id("member_id");
    const v1::TeamRow* const team = FindRowsTeam(&reader, map, teams);
    if (team == nullptr || report->errors() != errors_before) continue;
    std::vector<SheetCard> of_row =
        member_id == 0 ? CardsOfTeam(*team, map, today, whom)
                       : CardOfMember(&reader, *team, map, today, member_id);
    if (of_row.empty() && member_id == 0) {
      ReportNobody(&reader, *team, needed.front());
    }
    for (SheetCard& card : of_row) {
      if (!seen.emplace(card.team_id, card.member_id).second) {
        reader.Error(needed.front(), "DUPLICATE",
                     {absl::StrCat("thành viên ", card.member_id, " của tổ ",
                                   card.team_id, " đã có ở dòng trên"),
                      absl::StrCat("member ", card.member_id, " of team ",
                                   card.team_id, " stands in a row above")});
        continue;
      }
      cards.push_back(std::move(card));
    }
  }
  if (cards.empty() && report->errors() == 0) {
    report->Error(0, "", "EMPTY",
                  {"tệp không có dòng nào", "the file has no rows"});
  }
  report->Sort();
  return cards;
}

}  // namespace thon::cli
