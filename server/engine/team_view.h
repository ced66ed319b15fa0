// How a phone's own team stands, with what the phone needs to compute it
// further (thon.v1.TeamView): from rows, for one author.
//
// Whose view: the team of the author's enrolment, whatever the request says. An
// author that is unknown, revoked, an organisation's reporter, or a successor
// that nobody has confirmed yet gets an empty view (team not set): it has not
// proved that it may see the team's affairs, or there is no team.
//
// What is in it: the team's row without its successors and founding position;
// at most kTeamViewMonthsMax months from the one asked for, the newest if there
// are more, up to the last day opened; for each month the activity row and, by
// policy id, each determination of the team with the facts it was made from;
// the versions of policies that speak of these months and of the next one, by
// id, then version, with the text of those that the phone does not have.
//
// Bounds: at most kTeamViewPoliciesMax policies, the first by id; texts of
// kTeamViewTextBytesMax in all, and what does not fit comes empty, to be asked
// for again; then the oldest months go until the view is no larger than a
// reply (limits::kReplyBytesMax).
//
// Pure over the rows; any thread.
#ifndef THON_ENGINE_TEAM_VIEW_H_
#define THON_ENGINE_TEAM_VIEW_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"
#include "thon/v1/sync_service.pb.h"

namespace thon {

inline constexpr int kTeamViewMonthsMax = 6;
inline constexpr int kTeamViewPoliciesMax = 64;
inline constexpr std::size_t kTeamViewTextBytesMax = std::size_t{1024} * 1024;
// Versions that a phone may say it has.
inline constexpr int kKnownPoliciesMax = 256;

// kInvalidArgument: no month, or more known policies than there can be.
absl::Status CheckTeamViewRequest(const v1::TeamViewRequest& request);

// Requires a request that was checked. `position`: as of which the rows are.
v1::TeamView BuildTeamView(const RowReader& rows, Position position,
                           const AuthorId& author,
                           const v1::TeamViewRequest& request);

}  // namespace thon

#endif  // THON_ENGINE_TEAM_VIEW_H_
