#include "server/rpc/read_scope.h"

#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"
#include "server/projections/registry.h"

namespace thon {

UnitId LastUnit(const v1::TeamRow& team, Date today) {
  const UnitId now = UnitOn(team, today);
  if (now.value != 0 || team.units().empty()) return now;
  return UnitId(team.units(team.units_size() - 1).unit_id());
}

absl::Status NoSuch(absl::string_view what) {
  return WithReason(absl::NotFoundError(absl::StrCat("no such ", what)),
                    "NOT_FOUND");
}

absl::Status MayReadTeamOrOrganisation(const ReadView& view,
                                       const MayRead& may_read, TeamId team_id,
                                       OrganisationId organisation_id) {
  const bool is_team = team_id.value != 0;
  if (is_team == (organisation_id.value != 0)) {
    return WithField(
        WithReason(absl::InvalidArgumentError("name a team or an organisation"),
                   "INVALID_FIELD"),
        "team_id");
  }
  UnitId unit;
  bool found = false;
  if (is_team) {
    const auto team = GetTeam(*view.rows, team_id);
    found = team.has_value();
    if (found) unit = LastUnit(*team, view.local_date);
  } else {
    const auto organisation = GetOrganisation(*view.rows, organisation_id);
    found = organisation.has_value();
    if (found) unit = UnitId(organisation->unit_id());
  }
  const absl::Status permitted = may_read(unit);
  if (!permitted.ok()) return permitted;
  return found ? absl::OkStatus() : NoSuch(is_team ? "team" : "organisation");
}

}  // namespace thon
