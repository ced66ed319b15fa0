#include "tools/thon/audit_client.h"

#include <utility>

#include "thon/v1/audit_service.grpc.pb.h"
#include "tools/thon/grpc_call.h"

namespace thon::cli {
namespace {

constexpr int kCallSeconds = 30;
constexpr int kRootSeconds = 3600;
constexpr int kChangesSeconds = 120;

class GrpcAuditClient final : public AuditClient {
 public:
  using Stub = v1::AuditService::Stub;

  GrpcAuditClient(const std::shared_ptr<grpc::Channel>& channel,
                  std::string token)
      : token_(std::move(token)), stub_(v1::AuditService::NewStub(channel)) {}

  absl::StatusOr<v1::Checkpoint> GetCheckpoint(
      const v1::GetCheckpointRequest& request) override {
    return CallUnary(*stub_, token_, &Stub::GetCheckpoint, request,
                     kCallSeconds);
  }
  absl::StatusOr<v1::ListCheckpointsResponse> ListCheckpoints(
      const v1::ListCheckpointsRequest& request) override {
    return CallUnary(*stub_, token_, &Stub::ListCheckpoints, request,
                     kCallSeconds);
  }
  absl::Status StreamEntries(
      const v1::StreamEntriesRequest& request,
      const std::function<absl::Status(const v1::StreamEntriesResponse&)>&
          visit) override {
    return CallStream(*stub_, token_, &Stub::StreamEntries, request, visit);
  }
  absl::StatusOr<v1::InclusionProof> GetInclusionProof(
      const v1::GetInclusionProofRequest& request) override {
    return CallUnary(*stub_, token_, &Stub::GetInclusionProof, request,
                     kCallSeconds);
  }
  absl::StatusOr<v1::ConsistencyProof> GetConsistencyProof(
      const v1::GetConsistencyProofRequest& request) override {
    return CallUnary(*stub_, token_, &Stub::GetConsistencyProof, request,
                     kCallSeconds);
  }
  absl::StatusOr<v1::ListStateRootsResponse> ListStateRoots(
      const v1::ListStateRootsRequest& request) override {
    return CallUnary(*stub_, token_, &Stub::ListStateRoots, request,
                     kCallSeconds);
  }
  absl::StatusOr<v1::StateRoot> ComputeStateRoot(
      const v1::ComputeStateRootRequest& request) override {
    return CallUnary(*stub_, token_, &Stub::ComputeStateRoot, request,
                     kRootSeconds);
  }
  absl::StatusOr<v1::ListAuthorBatchesResponse> ListAuthorBatches(
      const v1::ListAuthorBatchesRequest& request) override {
    return CallUnary(*stub_, token_, &Stub::ListAuthorBatches, request,
                     kCallSeconds);
  }
  absl::Status StreamRows(
      const v1::StreamRowsRequest& request,
      const std::function<absl::Status(const v1::StreamRowsResponse&)>& visit)
      override {
    return CallStream(*stub_, token_, &Stub::StreamRows, request, visit);
  }
  absl::StatusOr<v1::ListDeterminationChangesResponse> ListDeterminationChanges(
      const v1::ListDeterminationChangesRequest& request) override {
    return CallUnary(*stub_, token_, &Stub::ListDeterminationChanges, request,
                     kChangesSeconds);
  }

 private:
  const std::string token_;
  const std::unique_ptr<Stub> stub_;
};

}  // namespace

std::unique_ptr<AuditClient> MakeAuditClient(
    const std::shared_ptr<grpc::Channel>& channel, std::string token) {
  return std::make_unique<GrpcAuditClient>(channel, std::move(token));
}

}  // namespace thon::cli
