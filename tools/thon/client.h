// The server's API as the commands see it: one method a call, statuses instead
// of gRPC's. The only gRPC of this program is behind it.
#ifndef THON_TOOLS_THON_CLIENT_H_
#define THON_TOOLS_THON_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "thon/v1/admin_service.pb.h"
#include "thon/v1/audit_service.pb.h"
#include "thon/v1/command_service.pb.h"
#include "thon/v1/policy_service.pb.h"
#include "thon/v1/query_service.pb.h"
#include "tools/thon/audit_client.h"

namespace thon::cli {

// Where the server is and who calls.
struct Endpoint {
  std::string address;         // HOST:PORT.
  std::string ca_certificate;  // PEM; empty for plain text on loopback.
  std::string token;           // Bearer token; may be empty.
};

// What the options and the environment say.
struct ConnectionOptions {
  std::string data;  // Directory of a local server.
  std::string server;
  std::string ca_file;
  std::string token_file;
  bool insecure = false;
};

// Reads the files the options name. kInvalidArgument with reason USAGE: the
// options name no server, or plain text beyond loopback. kNotFound,
// kPermissionDenied and so on: a file cannot be read; the message says what to
// do.
absl::StatusOr<Endpoint> FindEndpoint(const ConnectionOptions& options);

// SHA-256 over the certificate's DER, hexadecimal; empty if `pem` is none.
std::string CertificateFingerprint(const std::string& pem);

// One server. Every call has a deadline of 30 s, an import 120 s; StreamEntries
// has none.
//
// A status carries the server's stable reason (ReasonOf), the fields it names
// (FieldOf) and when to come back (RetryAfterOf). kUnavailable without a
// reason: no server answers there.
class Client {
 public:
  static std::unique_ptr<Client> Connect(const Endpoint& endpoint);
  virtual ~Client() = default;

  virtual absl::StatusOr<v1::ServerStatus> GetStatus() = 0;
  virtual absl::StatusOr<v1::GetUnitResponse> GetUnit(
      const v1::GetUnitRequest& request) = 0;
  virtual absl::StatusOr<v1::ListUnitsResponse> ListUnits(
      const v1::ListUnitsRequest& request) = 0;
  virtual absl::StatusOr<v1::GetTeamResponse> GetTeam(
      const v1::GetTeamRequest& request) = 0;
  virtual absl::StatusOr<v1::ListTeamsResponse> ListTeams(
      const v1::ListTeamsRequest& request) = 0;
  virtual absl::StatusOr<v1::ListOrganisationsResponse> ListOrganisations(
      const v1::ListOrganisationsRequest& request) = 0;
  virtual absl::StatusOr<v1::ListTeamMonthsResponse> ListTeamMonths(
      const v1::ListTeamMonthsRequest& request) = 0;
  virtual absl::StatusOr<v1::GetDeterminationResponse> GetDetermination(
      const v1::GetDeterminationRequest& request) = 0;
  virtual absl::StatusOr<v1::ListDeterminationsResponse> ListDeterminations(
      const v1::ListDeterminationsRequest& request) = 0;
  virtual absl::StatusOr<v1::SummarizeDeterminationsResponse>
  SummarizeDeterminations(
      const v1::SummarizeDeterminationsRequest& request) = 0;
  virtual absl::StatusOr<v1::ListPoliciesResponse> ListPolicies(
      const v1::ListPoliciesRequest& request) = 0;
  virtual absl::StatusOr<v1::ListStandingsResponse> ListStandings(
      const v1::ListStandingsRequest& request) = 0;
  virtual absl::StatusOr<v1::ListSyncHealthResponse> ListSyncHealth(
      const v1::ListSyncHealthRequest& request) = 0;
  virtual absl::StatusOr<v1::GetUnitMetricsResponse> GetUnitMetrics(
      const v1::GetUnitMetricsRequest& request) = 0;

  virtual absl::StatusOr<v1::SubmitResponse> Submit(
      const v1::SubmitRequest& request) = 0;
  virtual absl::StatusOr<v1::PutDocumentResponse> PutDocument(
      const v1::PutDocumentRequest& request) = 0;

  virtual absl::StatusOr<v1::CheckPolicyResponse> CheckPolicy(
      const v1::CheckPolicyRequest& request) = 0;
  virtual absl::StatusOr<v1::PublishPolicyResponse> PublishPolicy(
      const v1::PublishPolicyRequest& request) = 0;
  virtual absl::StatusOr<v1::SimulatePolicyResponse> SimulatePolicy(
      const v1::SimulatePolicyRequest& request) = 0;

  virtual absl::StatusOr<v1::Checkpoint> GetCheckpoint() = 0;
  // Calls `visit` for each entry in order until it fails; its error is
  // returned.
  virtual absl::Status StreamEntries(
      const v1::StreamEntriesRequest& request,
      const std::function<absl::Status(const v1::Entry&)>& visit) = 0;
  // The rest of what auditors ask; lives as long as the client.
  virtual AuditClient* audit() = 0;

  virtual absl::StatusOr<v1::CreateBackupResponse> CreateBackup(
      const v1::CreateBackupRequest& request) = 0;
  virtual absl::StatusOr<v1::OpenEpochResponse> OpenEpoch(
      const v1::OpenEpochRequest& request) = 0;
  virtual absl::StatusOr<v1::AdvanceClockResponse> AdvanceClock(
      const v1::AdvanceClockRequest& request) = 0;
  virtual absl::StatusOr<v1::CreateTokenResponse> CreateToken(
      const v1::CreateTokenRequest& request) = 0;
  virtual absl::StatusOr<v1::CreateLoginLinkResponse> CreateLoginLink(
      const v1::CreateLoginLinkRequest& request) = 0;
  virtual absl::StatusOr<v1::RevokeTokensResponse> RevokeTokens(
      const v1::RevokeTokensRequest& request) = 0;
};

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_CLIENT_H_
