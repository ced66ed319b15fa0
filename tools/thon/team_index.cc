#include "tools/thon/team_index.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/thon/words.h"

namespace thon::cli {

// The commune a row names; null with a report if the map has none.
const MapUnit* CommuneOf(RowReader* reader, const UnitMap& map) {
  const std::string code = reader->NeedText("commune_code");
  if (code.empty()) return nullptr;
  const MapUnit* const commune = map.FindCode(v1::UNIT_LEVEL_COMMUNE, code);
  if (commune == nullptr) {
    reader->Error(
        "commune_code", "UNKNOWN_UNIT",
        absl::StrCat("the map of ", map.date().Vietnamese(),
                     " has no commune \"", code, "\"; import the units first"));
  }
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

const v1::TeamRow* FindRowsTeam(RowReader* reader, const UnitMap& map,
                                const TeamIndex& teams) {
  const int errors_before = reader->report().errors();
  const std::uint64_t id = reader->Id("team_id");
  if (reader->report().errors() != errors_before) return nullptr;
  if (id != 0) {
    const v1::TeamRow* const team = teams.Find(id);
    if (team == nullptr) {
      reader->Error("team_id", "UNKNOWN_TEAM",
                    absl::StrCat("the server has no team ", id));
    }
    return team;
  }
  const MapUnit* const commune = CommuneOf(reader, map);
  const std::string name = reader->Text("village_name");
  if (commune == nullptr) return nullptr;
  const MapUnit* unit = commune;
  if (!name.empty()) {
    unit = map.FindVillage(commune->id, name);
    if (unit == nullptr) {
      // The kind may stand in a column of its own, as in the teams' file.
      const std::optional<v1::UnitKind> kind =
          ParseVillageKind(reader->Text("kind"));
      if (kind.has_value()) {
        unit = map.FindVillage(commune->id,
                               absl::StrCat(KindWord(*kind), " ", name));
      }
    }
    if (unit == nullptr) {
      reader->Error(
          "village_name", "UNKNOWN_VILLAGE",
          absl::StrCat(commune->name, " has no village \"", name, "\""));
      return nullptr;
    }
  }
  const std::vector<const v1::TeamRow*> standing = teams.On(unit->id);
  if (standing.size() == 1) return standing.front();
  reader->Error(
      "village_name", standing.empty() ? "UNKNOWN_TEAM" : "AMBIGUOUS_TEAM",
      absl::StrCat(standing.empty() ? "no team stands" : "several teams stand",
                   " on ", unit->name,
                   standing.empty() ? "" : "; give team_id"));
  return nullptr;
}

}  // namespace thon::cli
