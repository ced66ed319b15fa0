// The unary calls of AuditService, a function each. The caller has been found
// to be permitted. Each calls `finish` once, on any thread; request and
// response live until then, and so does `shared`.
#ifndef THON_RPC_AUDIT_CALLS_H_
#define THON_RPC_AUDIT_CALLS_H_

#include <functional>

#include "absl/status/status.h"
#include "server/rpc/audit_shared.h"
#include "server/rpc/calls.h"
#include "thon/v1/audit_service.pb.h"
#include "thon/v1/log.pb.h"

namespace thon {

using FinishCall = std::function<void(absl::Status)>;

// audit_proofs.cc
void GetCheckpointCall(AuditShared* shared,
                       const v1::GetCheckpointRequest& request,
                       v1::Checkpoint* response, const FinishCall& finish);
absl::Status ListCheckpointsCall(AuditShared* shared,
                                 const v1::ListCheckpointsRequest& request,
                                 v1::ListCheckpointsResponse* response);
void GetInclusionProofCall(AuditShared* shared,
                           const v1::GetInclusionProofRequest& request,
                           v1::InclusionProof* response,
                           const FinishCall& finish);
void GetConsistencyProofCall(AuditShared* shared,
                             const v1::GetConsistencyProofRequest& request,
                             v1::ConsistencyProof* response,
                             const FinishCall& finish);

// audit_roots.cc. `cancelled` says whether anybody still waits for the answer.
absl::Status ListStateRootsCall(AuditShared* shared,
                                const v1::ListStateRootsRequest& request,
                                v1::ListStateRootsResponse* response);
void ComputeStateRootCall(AuditShared* shared, OfficerId officer,
                          const v1::ComputeStateRootRequest& request,
                          std::function<bool()> cancelled,
                          v1::StateRoot* response, const FinishCall& finish);

// audit_authors.cc
absl::Status ListAuthorBatchesCall(AuditShared* shared, OfficerId officer,
                                   const v1::ListAuthorBatchesRequest& request,
                                   v1::ListAuthorBatchesResponse* response);

// audit_changes.cc
void ListDeterminationChangesCall(
    AuditShared* shared, OfficerId officer,
    const v1::ListDeterminationChangesRequest& request,
    v1::ListDeterminationChangesResponse* response, const FinishCall& finish);

// Runs `task` on a worker once the rows hold `position`, waiting at most 30 s;
// else calls `finish`. Requires: on a worker.
void WithRowsAt(AuditShared* shared, Position position,
                std::function<void()> task, const FinishCall& finish);

// A page token of ours that belongs to the request whose fields `binding`
// names, and what stands behind that in it. kInvalidArgument: another
// request's.
std::string BoundPageToken(Position position, absl::string_view binding,
                           absl::string_view rest);
struct BoundPage {
  Position position;
  std::string rest;
};
absl::StatusOr<BoundPage> ParseBoundPageToken(absl::string_view token,
                                              absl::string_view binding);

}  // namespace thon

#endif  // THON_RPC_AUDIT_CALLS_H_
