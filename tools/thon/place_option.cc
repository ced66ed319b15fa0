#include "tools/thon/place_option.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/ids.h"
#include "server/core/text.h"
#include "tools/thon/pages.h"
#include "tools/thon/session.h"
#include "tools/thon/team_index.h"
#include "tools/thon/unit_match.h"

namespace thon::cli {
namespace {

bool IsNumber(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

absl::Status Unknown(absl::string_view name, absl::string_view text,
                     const Words& words) {
  return absl::NotFoundError(
      absl::StrCat(name, " \"", text, "\": ", words.vi, " (", words.en, ")"));
}

// Says of a unit or team that is not there which option named it.
absl::Status Placed(absl::string_view name, absl::string_view text,
                    const absl::Status& status, const Words& words) {
  return absl::IsNotFound(status) ? Unknown(name, text, words) : status;
}

absl::StatusOr<std::uint64_t> VillageBelow(Client* client,
                                           absl::string_view name,
                                           const std::string& text,
                                           std::uint64_t commune_id,
                                           const std::string& village_name,
                                           std::int32_t date) {
  const absl::StatusOr<MapRead> map = ReadMap(client, date, commune_id);
  if (!map.ok()) return map.status();
  const MapUnit* const village = map->map.FindVillage(commune_id, village_name);
  if (village != nullptr) return village->id;
  const Words similar = DidYouMean(
      SimilarUnits(map->map, v1::UNIT_LEVEL_VILLAGE, commune_id, village_name));
  const std::string commune = ShowUnit(map->map, commune_id);
  return Unknown(name, text,
                 {absl::StrCat(commune, " không có thôn \"", village_name, "\"",
                               similar.vi),
                  absl::StrCat(commune, " has no village \"", village_name,
                               "\"", similar.en)});
}

}  // namespace

absl::StatusOr<std::uint64_t> PlaceOption(Client* client,
                                          absl::string_view name,
                                          const std::string& text,
                                          std::int32_t date) {
  if (absl::StartsWith(text, "id:")) {
    std::uint64_t id = 0;
    if (!absl::SimpleAtoi(text.substr(3), &id) || !IsSurrogateId(id)) {
      return UsageError(
          absl::StrCat(name, " \"", text, "\": id: and a number above 0"));
    }
    return id;
  }
  const std::size_t slash = text.find('/');
  const std::string code = text.substr(0, slash);
  const absl::StatusOr<std::string> village =
      ToNfc(slash == std::string::npos ? "" : text.substr(slash + 1));
  if (!IsNumber(code) || !village.ok()) {
    return UsageError(absl::StrCat(
        name, " \"", text,
        "\": a unit is its code (04771), a village stands behind its commune "
        "(\"04771/Thôn Nà Xá\"), or id:NUMBER"));
  }
  const absl::StatusOr<std::uint64_t> unit = UnitIdOfCode(client, code, date);
  if (!unit.ok()) {
    return Placed(
        name, text, unit.status(),
        {absl::StrCat("không có đơn vị mã ", code, " vào ngày đó"),
         absl::StrCat("there is no unit of code ", code, " on that day")});
  }
  const std::string below = Trim(*village);
  if (below.empty()) return unit;
  return VillageBelow(client, name, text, *unit, below, date);
}

absl::StatusOr<SeenTeam> TeamOption(Client* client, absl::string_view name,
                                    const std::string& text) {
  if (IsNumber(text)) {
    std::uint64_t id = 0;
    if (!absl::SimpleAtoi(text, &id) || !IsSurrogateId(id)) {
      return UsageError(absl::StrCat(name, " \"", text,
                                     "\": a team's number is above 0 and "
                                     "below 2^53"));
    }
    v1::GetTeamRequest request;
    request.set_team_id(id);
    absl::StatusOr<v1::GetTeamResponse> response = client->GetTeam(request);
    if (!response.ok()) {
      return Placed(name, text, response.status(),
                    {absl::StrCat("máy chủ không có tổ mã ", id),
                     absl::StrCat("the server has no team ", id)});
    }
    return SeenTeam{std::move(*response->mutable_team()), response->position()};
  }
  if (!absl::StrContains(text, '/')) {
    return UsageError(absl::StrCat(name, " \"", text,
                                   "\": a team is its number (4211), or "
                                   "\"04771/Thôn Nà Xá\""));
  }
  const absl::StatusOr<std::uint64_t> unit = PlaceOption(client, name, text, 0);
  if (!unit.ok()) return unit.status();
  ListScope scope;
  scope.root_unit_id = *unit;
  absl::StatusOr<Listed<v1::TeamRow>> listed = ListAllTeams(client, scope);
  if (!listed.ok()) return listed.status();
  const TeamIndex teams(std::move(listed->rows));
  const std::vector<const v1::TeamRow*> standing = teams.On(*unit);
  if (standing.size() == 1) {
    return SeenTeam{*standing.front(), listed->position};
  }
  if (standing.empty()) {
    return Unknown(name, text,
                   {"không có tổ nào đang hoạt động ở đó",
                    "no team that has not ended stands there"});
  }
  std::string ids;
  for (const v1::TeamRow* const team : standing) {
    absl::StrAppend(&ids, ids.empty() ? "" : ", ", team->team_id());
  }
  return Unknown(
      name, text,
      {absl::StrCat("có nhiều tổ ở đó: ", ids, "; ghi mã tổ"),
       absl::StrCat("several teams stand there: ", ids, "; give the number")});
}

std::string ShowTeam(const v1::TeamRow& team) {
  return absl::StrCat("Tổ (team) ", team.team_id(), ": ", team.name());
}

}  // namespace thon::cli
