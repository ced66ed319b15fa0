// Whose rows a query may read: a team's or an organisation's unit, and READER
// on it.
#ifndef THON_RPC_READ_SCOPE_H_
#define THON_RPC_READ_SCOPE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/rpc/calls.h"
#include "server/rpc/queries.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// The unit a team stands on that day, or stood on last.
UnitId LastUnit(const v1::TeamRow& team, Date today);

// kNotFound, with a reason.
absl::Status NoSuch(absl::string_view what);

// OK if the caller may read what belongs to the team or the organisation; one
// of the two is not 0. kInvalidArgument: both are, or neither. kNotFound: there
// is none; a caller without a grant for the whole log hears what `may_read`
// says instead.
absl::Status MayReadTeamOrOrganisation(const ReadView& view,
                                       const MayRead& may_read, TeamId team_id,
                                       OrganisationId organisation_id);

}  // namespace thon

#endif  // THON_RPC_READ_SCOPE_H_
