// Teams, members, organisations, authors and enrolment codes over time.
//
// Words: a team exists from the day it was founded to the day before it ended.
// A member belongs to a team from the day they joined to the day before they
// left. An author is confirmed if its events count without an officer's word: a
// phone that used a code for the first time, or one that an officer confirmed.
#ifndef THON_PROJECTIONS_REGISTRY_H_
#define THON_PROJECTIONS_REGISTRY_H_

#include <memory>
#include <optional>
#include <vector>

#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

std::unique_ptr<Projection> NewRegistry();

// Does what an effective fact does to the registry; other facts do nothing.
// Requires that the command's preconditions hold (command_check.h).
// `local_date` is the entry's.
void ApplyToRegistry(const Fact& fact, Date local_date, RowWriter& rows);

std::optional<v1::TeamRow> GetTeam(const RowReader& rows, TeamId team);
bool ExistsOn(const v1::TeamRow& team, Date date);
bool SuspendedOn(const v1::TeamRow& team, Date date);
// The unit the team stands on that day; 0 before its first.
UnitId UnitOn(const v1::TeamRow& team, Date date);
// The membership that holds on that day, or nullptr.
const v1::TeamMember* MemberOn(const v1::TeamRow& team, MemberId member,
                               Date date);
// Whether the member was ever in the team, or will be.
bool EverMember(const v1::TeamRow& team, MemberId member);
// Teams that stand on the unit that day, ascending.
std::vector<TeamId> TeamsOn(const RowReader& rows, UnitId unit, Date date);

std::optional<v1::OrganisationRow> GetOrganisation(const RowReader& rows,
                                                   OrganisationId organisation);

std::optional<v1::AuthorRow> GetAuthor(const RowReader& rows,
                                       const AuthorId& author);
// Every author ever enrolled for it, ascending by id.
std::vector<AuthorId> AuthorsOf(const RowReader& rows, TeamId team);
std::vector<AuthorId> AuthorsOf(const RowReader& rows,
                                OrganisationId organisation);
std::optional<AuthorId> AuthorOfNumber(const RowReader& rows,
                                       std::uint32_t number);

// Names of kRegistryCounters.
inline constexpr char kAuthorCounter[] = "authors";
inline constexpr char kTeamCounter[] = "teams";
inline constexpr char kMemberCounter[] = "members";  // Memberships begun.
inline constexpr char kOrganisationCounter[] = "organisations";

}  // namespace thon

#endif  // THON_PROJECTIONS_REGISTRY_H_
