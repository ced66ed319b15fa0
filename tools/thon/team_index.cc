#include "tools/thon/team_index.h"

#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/ids.h"
#include "server/core/text.h"
#include "tools/thon/unit_match.h"
#include "tools/thon/words.h"

namespace thon::cli {

namespace {

void ReportUnknownCommune(RowReader* reader, const UnitMap& map,
                          const std::string& code, const std::string& name) {
  if (const MapUnit* const lost =
          WithLostZeros(map, v1::UNIT_LEVEL_COMMUNE, code)) {
    reader->Error(
        "commune_code", "BAD_CODE",
        {absl::StrCat("bảng tính đã làm mất số 0 ở đầu mã; có phải là ",
                      ShowUnit(map, lost->id), "? Ghi ", lost->code,
                      " và định dạng cột là Văn bản (Text)"),
         absl::StrCat("a spreadsheet has dropped the code's leading zeros; did "
                      "you mean ",
                      ShowUnit(map, lost->id), "? Write ", lost->code,
                      " and format the column as text")});
    return;
  }
  const Words similar =
      DidYouMean(SimilarUnits(map, v1::UNIT_LEVEL_COMMUNE, 0, name));
  reader->Error(
      "commune_code", "UNKNOWN_UNIT",
      {absl::StrCat(
           "danh mục ngày ", map.date().Vietnamese(), " không có xã mã \"",
           code, "\"",
           similar.vi.empty() ? "; nhập danh mục đơn vị trước" : similar.vi),
       absl::StrCat(
           "the map of ", map.date().Vietnamese(), " has no commune \"", code,
           "\"",
           similar.en.empty() ? "; import the units first" : similar.en)});
}

}  // namespace

const MapUnit* CommuneOf(RowReader* reader, const UnitMap& map,
                         OtherName other) {
  const Choice choice = SplitChoice(reader->Text("commune_code"));
  const std::string name = reader->Text("commune_name");
  if (choice.code.empty()) {
    const Words similar =
        DidYouMean(SimilarUnits(map, v1::UNIT_LEVEL_COMMUNE, 0, name));
    reader->Error("commune_code", "EMPTY",
                  {absl::StrCat("phải ghi mã xã", similar.vi),
                   absl::StrCat("the commune's code is needed", similar.en)});
    return nullptr;
  }
  const MapUnit* const commune =
      map.FindCode(v1::UNIT_LEVEL_COMMUNE, choice.code);
  if (commune == nullptr) {
    ReportUnknownCommune(reader, map, choice.code,
                         name.empty() ? choice.rest : name);
    return nullptr;
  }
  CheckName(reader, "commune_code", *commune, choice.rest, other);
  CheckName(reader, "commune_name", *commune, name, other);
  return commune;
}

TeamIndex::TeamIndex(std::vector<v1::TeamRow> teams) {
  for (v1::TeamRow& team : teams) {
    const std::uint64_t id = team.team_id();
    teams_[id] = std::move(team);
  }
  for (const auto& [id, team] : teams_) {
    if (team.ended_date() == 0 && team.units_size() > 0) {
      by_unit_.emplace(team.units(team.units_size() - 1).unit_id(), id);
    }
  }
}

const v1::TeamRow* TeamIndex::Find(std::uint64_t team_id) const {
  const auto it = teams_.find(team_id);
  return it == teams_.end() ? nullptr : &it->second;
}

std::vector<const v1::TeamRow*> TeamIndex::On(std::uint64_t unit_id) const {
  std::vector<const v1::TeamRow*> found;
  const auto [begin, end] = by_unit_.equal_range(unit_id);
  for (auto it = begin; it != end; ++it) found.push_back(Find(it->second));
  return found;
}

namespace {

// A name that stands beside what names the team.
void CheckTeamName(RowReader* reader, absl::string_view column,
                   const v1::TeamRow& team, const std::string& printed) {
  if (printed.empty() || printed == team.name()) return;
  Words words = {
      absl::StrCat("tổ ", team.team_id(), " tên là \"", team.name(), "\""),
      absl::StrCat("team ", team.team_id(), " is called \"", team.name(),
                   "\"")};
  if (SearchKey(printed) == SearchKey(team.name())) {
    reader->Warning(column, "NAME_MISMATCH", std::move(words));
  } else {
    reader->Error(column, "NAME_MISMATCH", std::move(words));
  }
}

const v1::TeamRow* FindById(RowReader* reader, const TeamIndex& teams,
                            const Choice& choice) {
  std::uint64_t id = 0;
  if (!absl::SimpleAtoi(choice.code, &id) || !IsSurrogateId(id)) {
    reader->Id("team_id");  // Says why; the choice is not empty.
    return nullptr;
  }
  const v1::TeamRow* const team = teams.Find(id);
  if (team == nullptr) {
    reader->Error("team_id", "UNKNOWN_TEAM",
                  {absl::StrCat("máy chủ không có tổ mã ", id),
                   absl::StrCat("the server has no team ", id)});
    return nullptr;
  }
  CheckTeamName(reader, "team_id", *team, choice.rest);
  CheckTeamName(reader, "team_name", *team, reader->Text("team_name"));
  return team;
}

// The village a row names below its commune; null with a report if the map has
// none.
const MapUnit* VillageOf(RowReader* reader, const UnitMap& map,
                         const MapUnit& commune, const std::string& name) {
  if (const MapUnit* const village = map.FindVillage(commune.id, name)) {
    return village;
  }
  // The kind may stand in a column of its own, as in the teams' file.
  const auto kind = ParseVillageKind(reader->Text("kind"));
  if (kind.has_value()) {
    const MapUnit* const village =
        map.FindVillage(commune.id, absl::StrCat(KindWord(*kind), " ", name));
    if (village != nullptr) return village;
  }
  const Words similar =
      DidYouMean(SimilarUnits(map, v1::UNIT_LEVEL_VILLAGE, commune.id, name));
  reader->Error(
      "village_name", "UNKNOWN_VILLAGE",
      {absl::StrCat(commune.name, " không có thôn \"", name, "\"", similar.vi),
       absl::StrCat(commune.name, " has no village \"", name, "\"",
                    similar.en)});
  return nullptr;
}

}  // namespace

const v1::TeamRow* FindRowsTeam(RowReader* reader, const UnitMap& map,
                                const TeamIndex& teams) {
  const Choice choice = SplitChoice(reader->Text("team_id"));
  if (!choice.code.empty()) return FindById(reader, teams, choice);
  if (!reader->has("commune_code")) {
    reader->NeedText("team_id");
    return nullptr;
  }
  const MapUnit* const commune = CommuneOf(reader, map);
  const std::string name = reader->Text("village_name");
  if (commune == nullptr) return nullptr;
  const MapUnit* const unit =
      name.empty() ? commune : VillageOf(reader, map, *commune, name);
  if (unit == nullptr) return nullptr;
  const std::vector<const v1::TeamRow*> standing = teams.On(unit->id);
  if (standing.size() == 1) {
    CheckTeamName(reader, "team_name", *standing.front(),
                  reader->Text("team_name"));
    return standing.front();
  }
  if (standing.empty()) {
    reader->Error("village_name", "UNKNOWN_TEAM",
                  {absl::StrCat(unit->name, " không có tổ nào"),
                   absl::StrCat("no team stands on ", unit->name)});
    return nullptr;
  }
  std::string ids;
  for (const v1::TeamRow* const team : standing) {
    absl::StrAppend(&ids, ids.empty() ? "" : ", ", team->team_id(), " (",
                    team->name(), ")");
  }
  reader->Error(
      "village_name", "AMBIGUOUS_TEAM",
      {absl::StrCat(unit->name, " có nhiều tổ: ", ids, "; ghi team_id"),
       absl::StrCat("several teams stand on ", unit->name, ": ", ids,
                    "; give team_id")});
  return nullptr;
}

}  // namespace thon::cli
