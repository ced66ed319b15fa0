#include <grpcpp/server_context.h>

#include <utility>

#include "absl/strings/match.h"
#include "server/core/bytes.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/rpc/audit_calls.h"
#include "server/rpc/audit_entries.h"
#include "server/rpc/audit_rows.h"
#include "server/rpc/paging.h"
#include "server/rpc/services.h"
#include "thon/v1/audit_service.grpc.pb.h"

namespace thon {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

constexpr std::size_t kBindingBytes = 16;

class AuditService final : public v1::AuditService::CallbackService {
 public:
  explicit AuditService(const Calls* calls) : shared_(calls) {}

  ServerUnaryReactor* GetCheckpoint(CallbackServerContext* context,
                                    const v1::GetCheckpointRequest* request,
                                    v1::Checkpoint* response) override {
    return RunAsync(context, [this, request, response](
                                 OfficerId, const FinishCall& finish) {
      GetCheckpointCall(&shared_, *request, response, finish);
    });
  }
  ServerUnaryReactor* ListCheckpoints(
      CallbackServerContext* context, const v1::ListCheckpointsRequest* request,
      v1::ListCheckpointsResponse* response) override {
    return Run(context, [this, request, response](OfficerId) {
      return ListCheckpointsCall(&shared_, *request, response);
    });
  }
  grpc::ServerWriteReactor<v1::StreamEntriesResponse>* StreamEntries(
      CallbackServerContext* context,
      const v1::StreamEntriesRequest* request) override {
    return StartEntryStream(&shared_, *context, *request);
  }
  ServerUnaryReactor* GetInclusionProof(
      CallbackServerContext* context,
      const v1::GetInclusionProofRequest* request,
      v1::InclusionProof* response) override {
    return RunAsync(context, [this, request, response](
                                 OfficerId, const FinishCall& finish) {
      GetInclusionProofCall(&shared_, *request, response, finish);
    });
  }
  ServerUnaryReactor* GetConsistencyProof(
      CallbackServerContext* context,
      const v1::GetConsistencyProofRequest* request,
      v1::ConsistencyProof* response) override {
    return RunAsync(context, [this, request, response](
                                 OfficerId, const FinishCall& finish) {
      GetConsistencyProofCall(&shared_, *request, response, finish);
    });
  }
  ServerUnaryReactor* ListStateRoots(
      CallbackServerContext* context, const v1::ListStateRootsRequest* request,
      v1::ListStateRootsResponse* response) override {
    return Run(context, [this, request, response](OfficerId) {
      return ListStateRootsCall(&shared_, *request, response);
    });
  }
  ServerUnaryReactor* ComputeStateRoot(
      CallbackServerContext* context,
      const v1::ComputeStateRootRequest* request,
      v1::StateRoot* response) override {
    return RunAsync(context, [this, context, request, response](
                                 OfficerId officer, const FinishCall& finish) {
      ComputeStateRootCall(
          &shared_, officer, *request,
          [context] { return context->IsCancelled(); }, response, finish);
    });
  }
  ServerUnaryReactor* ListAuthorBatches(
      CallbackServerContext* context,
      const v1::ListAuthorBatchesRequest* request,
      v1::ListAuthorBatchesResponse* response) override {
    return Run(context, [this, request, response](OfficerId officer) {
      return ListAuthorBatchesCall(&shared_, officer, *request, response);
    });
  }
  grpc::ServerWriteReactor<v1::StreamRowsResponse>* StreamRows(
      CallbackServerContext* context,
      const v1::StreamRowsRequest* request) override {
    return StartRowStream(&shared_, *context, *request);
  }
  ServerUnaryReactor* ListDeterminationChanges(
      CallbackServerContext* context,
      const v1::ListDeterminationChangesRequest* request,
      v1::ListDeterminationChangesResponse* response) override {
    return RunAsync(context, [this, request, response](
                                 OfficerId officer, const FinishCall& finish) {
      ListDeterminationChangesCall(&shared_, officer, *request, response,
                                   finish);
    });
  }

 private:
  // Runs `work` on a worker for a caller who may audit.
  ServerUnaryReactor* RunAsync(
      CallbackServerContext* context,
      std::function<void(OfficerId, const FinishCall&)> work) {
    return shared_.calls->RunAsync(
        context, [this, work = std::move(work)](const Caller& caller,
                                                const FinishCall& finish) {
          const absl::Status permitted =
              MayAudit(shared_.calls->engine(), caller.officer);
          if (!permitted.ok()) return finish(permitted);
          work(caller.officer, finish);
        });
  }
  ServerUnaryReactor* Run(CallbackServerContext* context,
                          std::function<absl::Status(OfficerId)> work) {
    return RunAsync(context, [work = std::move(work)](
                                 OfficerId officer, const FinishCall& finish) {
      finish(work(officer));
    });
  }

  AuditShared shared_;
};

std::string BindingHash(absl::string_view binding) {
  return std::string(Sha256Of(binding).view().substr(0, kBindingBytes));
}

}  // namespace

void WithRowsAt(AuditShared* shared, Position position,
                std::function<void()> task, const FinishCall& finish) {
  Engine& engine = shared->calls->engine();
  if (position <= engine.rows_position()) return task();
  engine.WaitForRows(
      position, limits::kQueryWaitMsMax,
      [shared, task = std::move(task), finish](const absl::Status& waited) {
        if (!waited.ok()) return finish(waited);
        if (!shared->calls->pool().PostContinuation(task)) {
          finish(absl::UnavailableError("the server is stopping"));
        }
      });
}

std::string BoundPageToken(Position position, absl::string_view binding,
                           absl::string_view rest) {
  PageToken token;
  token.position = position;
  token.key = BindingHash(binding);
  token.key.append(rest.data(), rest.size());
  return EncodePageToken(token);
}

absl::StatusOr<BoundPage> ParseBoundPageToken(absl::string_view token,
                                              absl::string_view binding) {
  const absl::StatusOr<PageToken> decoded = DecodePageToken(token);
  if (!decoded.ok()) return decoded.status();
  if (!absl::StartsWith(decoded->key, BindingHash(binding))) {
    return BadField("page_token",
                    "it is of another request; the fields of a list do not "
                    "change from page to page");
  }
  return BoundPage{decoded->position, decoded->key.substr(kBindingBytes)};
}

std::unique_ptr<grpc::Service> MakeAuditService(const Calls* calls) {
  return std::make_unique<AuditService>(calls);
}

}  // namespace thon
