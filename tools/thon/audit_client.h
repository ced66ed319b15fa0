// AuditService as the commands see it.
#ifndef THON_TOOLS_THON_AUDIT_CLIENT_H_
#define THON_TOOLS_THON_AUDIT_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "thon/v1/audit_service.pb.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace thon::cli {

// Deadlines: 30 s a call; a comparison 2 minutes, a root over rows an hour;
// streams have none. Statuses are as Client's.
class AuditClient {
 public:
  virtual ~AuditClient() = default;

  virtual absl::StatusOr<v1::Checkpoint> GetCheckpoint(
      const v1::GetCheckpointRequest& request) = 0;
  virtual absl::StatusOr<v1::ListCheckpointsResponse> ListCheckpoints(
      const v1::ListCheckpointsRequest& request) = 0;
  // Calls `visit` for each response until it fails; its error is returned.
  virtual absl::Status StreamEntries(
      const v1::StreamEntriesRequest& request,
      const std::function<absl::Status(const v1::StreamEntriesResponse&)>&
          visit) = 0;
  virtual absl::StatusOr<v1::InclusionProof> GetInclusionProof(
      const v1::GetInclusionProofRequest& request) = 0;
  virtual absl::StatusOr<v1::ConsistencyProof> GetConsistencyProof(
      const v1::GetConsistencyProofRequest& request) = 0;
  virtual absl::StatusOr<v1::ListStateRootsResponse> ListStateRoots(
      const v1::ListStateRootsRequest& request) = 0;
  virtual absl::StatusOr<v1::StateRoot> ComputeStateRoot(
      const v1::ComputeStateRootRequest& request) = 0;
  virtual absl::StatusOr<v1::ListAuthorBatchesResponse> ListAuthorBatches(
      const v1::ListAuthorBatchesRequest& request) = 0;
  virtual absl::Status StreamRows(
      const v1::StreamRowsRequest& request,
      const std::function<absl::Status(const v1::StreamRowsResponse&)>&
          visit) = 0;
  virtual absl::StatusOr<v1::ListDeterminationChangesResponse>
  ListDeterminationChanges(
      const v1::ListDeterminationChangesRequest& request) = 0;
};

std::unique_ptr<AuditClient> MakeAuditClient(
    const std::shared_ptr<grpc::Channel>& channel, std::string token);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_AUDIT_CLIENT_H_
