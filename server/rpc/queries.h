// What QueryService answers, as functions from a request and rows to a reply:
// no gRPC here, so that a test needs no server.
//
// Every list is paged. A page token holds the position of the first page, so
// that all pages of one list are of one moment, and the key to go on from.
#ifndef THON_RPC_QUERIES_H_
#define THON_RPC_QUERIES_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/core/ids.h"
#include "server/rpc/calls.h"
#include "thon/v1/query_service.pb.h"

namespace thon {

// OK if the caller may read the subtree of a unit; 0 is the whole log.
using MayRead = std::function<absl::Status(UnitId)>;

// If `token` is a page token, makes `options` read at its position.
// kInvalidArgument: no token of ours.
absl::Status PinPage(absl::string_view token, v1::ReadOptions* options);

absl::Status GetUnitQuery(const v1::GetUnitRequest& request,
                          const ReadView& view, const MayRead& may_read,
                          v1::GetUnitResponse* response);
absl::Status ListUnitsQuery(const v1::ListUnitsRequest& request,
                            const ReadView& view, const MayRead& may_read,
                            v1::ListUnitsResponse* response);
absl::Status GetTeamQuery(const v1::GetTeamRequest& request,
                          const ReadView& view, const MayRead& may_read,
                          v1::GetTeamResponse* response);
absl::Status ListTeamsQuery(const v1::ListTeamsRequest& request,
                            const ReadView& view, const MayRead& may_read,
                            v1::ListTeamsResponse* response);
absl::Status ListOrganisationsQuery(const v1::ListOrganisationsRequest& request,
                                    const ReadView& view,
                                    const MayRead& may_read,
                                    v1::ListOrganisationsResponse* response);
absl::Status ListTeamMonthsQuery(const v1::ListTeamMonthsRequest& request,
                                 const ReadView& view, const MayRead& may_read,
                                 v1::ListTeamMonthsResponse* response);
absl::Status ListStandingsQuery(const v1::ListStandingsRequest& request,
                                const ReadView& view, const MayRead& may_read,
                                v1::ListStandingsResponse* response);
// The events of every phone that was ever enrolled for the team (or of the
// organisation's reporters), newest first by position.
//
// They stay with the team of the enrolment: what a phone recorded before an
// officer confirmed it, after it was revoked, or for a team that took over from
// its own, is listed here, with what became of it, and nowhere else. What
// officers did about the team is not an event of its phones. A page reads as
// many events as it shows, and for each phone some 20 more to find where it
// begins.
absl::Status ListTeamEventsQuery(const v1::ListTeamEventsRequest& request,
                                 const ReadView& view, const MayRead& may_read,
                                 v1::ListTeamEventsResponse* response);
absl::Status ListSyncHealthQuery(const v1::ListSyncHealthRequest& request,
                                 const ReadView& view, const MayRead& may_read,
                                 v1::ListSyncHealthResponse* response);

absl::Status GetUnitMetricsQuery(const v1::GetUnitMetricsRequest& request,
                                 const ReadView& view, const MayRead& may_read,
                                 v1::GetUnitMetricsResponse* response);
absl::Status GetDeterminationQuery(const v1::GetDeterminationRequest& request,
                                   const ReadView& view,
                                   const MayRead& may_read,
                                   v1::GetDeterminationResponse* response);
absl::Status ListDeterminationsQuery(
    const v1::ListDeterminationsRequest& request, const ReadView& view,
    const MayRead& may_read, v1::ListDeterminationsResponse* response);
absl::Status SummarizeDeterminationsQuery(
    const v1::SummarizeDeterminationsRequest& request, const ReadView& view,
    const MayRead& may_read, v1::SummarizeDeterminationsResponse* response);
absl::Status ListPoliciesQuery(const v1::ListPoliciesRequest& request,
                               const ReadView& view, const MayRead& may_read,
                               v1::ListPoliciesResponse* response);

// Who the caller is. Asks for no grant: it is about nobody else.
void GetViewerQuery(OfficerId officer, const ReadView& view,
                    v1::GetViewerResponse* response);

}  // namespace thon

#endif  // THON_RPC_QUERIES_H_
