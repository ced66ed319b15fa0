#include "tools/thon/client.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "server/core/error_info.h"
#include "thon/v1/admin_service.grpc.pb.h"
#include "thon/v1/command_service.grpc.pb.h"
#include "thon/v1/policy_service.grpc.pb.h"
#include "thon/v1/query_service.grpc.pb.h"
#include "tools/thon/grpc_call.h"

namespace thon::cli {

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message());
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return result;
  std::string fields;
  for (const google::protobuf::Any& any : details.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&info)) {
      result = WithReason(result, info.reason());
    } else if (any.UnpackTo(&bad)) {
      for (const auto& violation : bad.field_violations()) {
        absl::StrAppend(&fields, fields.empty() ? "" : ", ", violation.field());
      }
    } else if (any.UnpackTo(&retry)) {
      result =
          WithRetryAfter(result, retry.retry_delay().seconds() * 1000 +
                                     retry.retry_delay().nanos() / 1'000'000);
    }
  }
  return fields.empty() ? result : WithField(result, fields);
}

void AddToken(const std::string& token, grpc::ClientContext* context) {
  if (!token.empty()) context->AddMetadata("authorization", "Bearer " + token);
}

namespace {

constexpr int kCallSeconds = 30;
// Longer than the 30 s a query may wait for its position.
constexpr int kQuerySeconds = 40;
constexpr int kImportSeconds = 120;
constexpr int kMessageBytesMax = 16 << 20;

class GrpcClient final : public Client {
 public:
  GrpcClient(const std::shared_ptr<grpc::Channel>& channel, std::string token)
      : token_(std::move(token)),
        query_(v1::QueryService::NewStub(channel)),
        command_(v1::CommandService::NewStub(channel)),
        policy_(v1::PolicyService::NewStub(channel)),
        audit_(MakeAuditClient(channel, token_)),
        admin_(v1::AdminService::NewStub(channel)) {}

  absl::StatusOr<v1::ServerStatus> GetStatus() override {
    return Call(*query_, &v1::QueryService::Stub::GetStatus,
                v1::GetStatusRequest(), kCallSeconds);
  }
  absl::StatusOr<v1::GetUnitResponse> GetUnit(
      const v1::GetUnitRequest& request) override {
    return Call(*query_, &v1::QueryService::Stub::GetUnit, request,
                kQuerySeconds);
  }
  absl::StatusOr<v1::ListUnitsResponse> ListUnits(
      const v1::ListUnitsRequest& request) override {
    return Call(*query_, &v1::QueryService::Stub::ListUnits, request,
                kQuerySeconds);
  }
  absl::StatusOr<v1::GetTeamResponse> GetTeam(
      const v1::GetTeamRequest& request) override {
    return Call(*query_, &v1::QueryService::Stub::GetTeam, request,
                kQuerySeconds);
  }
  absl::StatusOr<v1::ListTeamsResponse> ListTeams(
      const v1::ListTeamsRequest& request) override {
    return Call(*query_, &v1::QueryService::Stub::ListTeams, request,
                kQuerySeconds);
  }
  absl::StatusOr<v1::ListOrganisationsResponse> ListOrganisations(
      const v1::ListOrganisationsRequest& request) override {
    return Call(*query_, &v1::QueryService::Stub::ListOrganisations, request,
                kQuerySeconds);
  }
  absl::StatusOr<v1::ListTeamMonthsResponse> ListTeamMonths(
      const v1::ListTeamMonthsRequest& request) override {
    return Call(*query_, &v1::QueryService::Stub::ListTeamMonths, request,
                kQuerySeconds);
  }
  absl::StatusOr<v1::GetDeterminationResponse> GetDetermination(
      const v1::GetDeterminationRequest& request) override {
    return Call(*query_, &v1::QueryService::Stub::GetDetermination, request,
                kQuerySeconds);
  }
  absl::StatusOr<v1::ListDeterminationsResponse> ListDeterminations(
      const v1::ListDeterminationsRequest& request) override {
    return Call(*query_, &v1::QueryService::Stub::ListDeterminations, request,
                kQuerySeconds);
  }
  absl::StatusOr<v1::SummarizeDeterminationsResponse> SummarizeDeterminations(
      const v1::SummarizeDeterminationsRequest& request) override {
    return Call(*query_, &v1::QueryService::Stub::SummarizeDeterminations,
                request, kQuerySeconds);
  }
  absl::StatusOr<v1::ListPoliciesResponse> ListPolicies(
      const v1::ListPoliciesRequest& request) override {
    return Call(*query_, &v1::QueryService::Stub::ListPolicies, request,
                kQuerySeconds);
  }
  absl::StatusOr<v1::ListStandingsResponse> ListStandings(
      const v1::ListStandingsRequest& request) override {
    return Call(*query_, &v1::QueryService::Stub::ListStandings, request,
                kQuerySeconds);
  }
  absl::StatusOr<v1::ListSyncHealthResponse> ListSyncHealth(
      const v1::ListSyncHealthRequest& request) override {
    return Call(*query_, &v1::QueryService::Stub::ListSyncHealth, request,
                kQuerySeconds);
  }
  absl::StatusOr<v1::GetUnitMetricsResponse> GetUnitMetrics(
      const v1::GetUnitMetricsRequest& request) override {
    return Call(*query_, &v1::QueryService::Stub::GetUnitMetrics, request,
                kQuerySeconds);
  }

  absl::StatusOr<v1::SubmitResponse> Submit(
      const v1::SubmitRequest& request) override {
    return Call(*command_, &v1::CommandService::Stub::Submit, request,
                kImportSeconds);
  }
  absl::StatusOr<v1::PutDocumentResponse> PutDocument(
      const v1::PutDocumentRequest& request) override {
    return Call(*command_, &v1::CommandService::Stub::PutDocument, request,
                kImportSeconds);
  }

  absl::StatusOr<v1::CheckPolicyResponse> CheckPolicy(
      const v1::CheckPolicyRequest& request) override {
    return Call(*policy_, &v1::PolicyService::Stub::CheckPolicy, request,
                kCallSeconds);
  }
  absl::StatusOr<v1::PublishPolicyResponse> PublishPolicy(
      const v1::PublishPolicyRequest& request) override {
    return Call(*policy_, &v1::PolicyService::Stub::PublishPolicy, request,
                kImportSeconds);
  }
  absl::StatusOr<v1::SimulatePolicyResponse> SimulatePolicy(
      const v1::SimulatePolicyRequest& request) override {
    return Call(*policy_, &v1::PolicyService::Stub::SimulatePolicy, request,
                kImportSeconds);
  }

  absl::StatusOr<v1::Checkpoint> GetCheckpoint() override {
    return audit_->GetCheckpoint(v1::GetCheckpointRequest());
  }
  absl::Status StreamEntries(
      const v1::StreamEntriesRequest& request,
      const std::function<absl::Status(const v1::Entry&)>& visit) override {
    return audit_->StreamEntries(
        request, [&visit](const v1::StreamEntriesResponse& response) {
          for (const v1::Entry& entry : response.entries()) {
            const absl::Status status = visit(entry);
            if (!status.ok()) return status;
          }
          return absl::OkStatus();
        });
  }
  AuditClient* audit() override { return audit_.get(); }

  absl::StatusOr<v1::CreateBackupResponse> CreateBackup(
      const v1::CreateBackupRequest& request) override {
    return Call(*admin_, &v1::AdminService::Stub::CreateBackup, request,
                kBackupSeconds);
  }
  absl::StatusOr<v1::OpenEpochResponse> OpenEpoch(
      const v1::OpenEpochRequest& request) override {
    return Call(*admin_, &v1::AdminService::Stub::OpenEpoch, request,
                kImportSeconds);
  }
  absl::StatusOr<v1::AdvanceClockResponse> AdvanceClock(
      const v1::AdvanceClockRequest& request) override {
    return Call(*admin_, &v1::AdminService::Stub::AdvanceClock, request,
                kImportSeconds);
  }
  absl::StatusOr<v1::CreateTokenResponse> CreateToken(
      const v1::CreateTokenRequest& request) override {
    return Call(*admin_, &v1::AdminService::Stub::CreateToken, request,
                kCallSeconds);
  }
  absl::StatusOr<v1::CreateLoginLinkResponse> CreateLoginLink(
      const v1::CreateLoginLinkRequest& request) override {
    return Call(*admin_, &v1::AdminService::Stub::CreateLoginLink, request,
                kCallSeconds);
  }
  absl::StatusOr<v1::RevokeTokensResponse> RevokeTokens(
      const v1::RevokeTokensRequest& request) override {
    return Call(*admin_, &v1::AdminService::Stub::RevokeTokens, request,
                kCallSeconds);
  }

 private:
  // A backup hashes the whole log again.
  static constexpr int kBackupSeconds = 3600;

  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(
      Stub& stub,
      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                   Response*),
      const Request& request, int seconds) const {
    return CallUnary(stub, token_, method, request, seconds);
  }

  const std::string token_;
  const std::unique_ptr<v1::QueryService::Stub> query_;
  const std::unique_ptr<v1::CommandService::Stub> command_;
  const std::unique_ptr<v1::PolicyService::Stub> policy_;
  const std::unique_ptr<AuditClient> audit_;
  const std::unique_ptr<v1::AdminService::Stub> admin_;
};

}  // namespace

std::unique_ptr<Client> Client::Connect(const Endpoint& endpoint) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  // A proxy of the environment is not meant for a server named by address.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  if (endpoint.ca_certificate.empty()) {
    credentials = grpc::InsecureChannelCredentials();
  } else {
    grpc::SslCredentialsOptions ssl;
    ssl.pem_root_certs = endpoint.ca_certificate;
    credentials = grpc::SslCredentials(ssl);
  }
  return std::make_unique<GrpcClient>(
      grpc::CreateCustomChannel(endpoint.address, credentials, arguments),
      endpoint.token);
}

}  // namespace thon::cli
