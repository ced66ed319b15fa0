// A server in memory: it has a map, remembers what it was given, and answers
// UNIMPLEMENTED to what no test asks.
#ifndef THON_TESTS_UNIT_TOOLS_FAKE_CLIENT_H_
#define THON_TESTS_UNIT_TOOLS_FAKE_CLIENT_H_

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/civil.h"
#include "tests/unit/tools/report_matchers.h"
#include "tools/thon/client.h"

namespace thon::cli {

// What a test sees of it; outlives the client.
struct FakeServer {
  std::vector<v1::UnitRow> units = SmallMap();
  std::vector<v1::TeamRow> teams;
  v1::ListPoliciesResponse policies;
  v1::SummarizeDeterminationsResponse sums;
  v1::GetDeterminationResponse determination;
  v1::GetUnitMetricsResponse unit_metrics;
  v1::CheckPolicyResponse checked;
  v1::SimulatePolicyResponse simulated;
  v1::SimulatePolicyRequest simulation;
  absl::Status status;  // Of every call, when it is not OK.
  bool commands_effective = true;
  std::size_t page_rows = 2;  // So that every list has several pages.

  std::vector<v1::SubmitRequest> submitted;
  std::map<std::string, std::string> documents;  // By hash.
  v1::SummarizeDeterminationsRequest summarized;
  v1::GetUnitMetricsRequest measured;
  v1::AdvanceClockRequest advanced;
  std::uint64_t listed_below = 0;
};

class FakeClient final : public Client {
 public:
  explicit FakeClient(FakeServer* server) : server_(*server) {}

  absl::StatusOr<v1::ServerStatus> GetStatus() override {
    if (!server_.status.ok()) return server_.status;
    v1::ServerStatus status;
    status.set_origin("thon.test/1");
    status.set_commit_state("OPEN");
    status.set_local_date(Date::Of(2023, 6, 1).days);
    return status;
  }
  absl::StatusOr<v1::GetUnitResponse> GetUnit(
      const v1::GetUnitRequest& request) override {
    for (const v1::UnitRow& unit : server_.units) {
      if (request.unit_id() != 0 ? unit.unit_id() != request.unit_id()
                                 : unit.names(0).code() != request.code()) {
        continue;
      }
      v1::GetUnitResponse response;
      *response.mutable_unit() = unit;
      return response;
    }
    return absl::NotFoundError("no such unit");
  }
  absl::StatusOr<v1::ListUnitsResponse> ListUnits(
      const v1::ListUnitsRequest& request) override {
    if (!server_.status.ok()) return server_.status;
    server_.listed_below = request.root_unit_id();
    v1::ListUnitsResponse response;
    Page(server_.units, request.page_token(), response.mutable_units(),
         response.mutable_next_page_token());
    response.set_position(77);
    return response;
  }
  absl::StatusOr<v1::ListTeamsResponse> ListTeams(
      const v1::ListTeamsRequest& request) override {
    v1::ListTeamsResponse response;
    Page(server_.teams, request.page_token(), response.mutable_teams(),
         response.mutable_next_page_token());
    response.set_position(77);
    return response;
  }
  absl::StatusOr<v1::ListOrganisationsResponse> ListOrganisations(
      const v1::ListOrganisationsRequest&) override {
    return v1::ListOrganisationsResponse();
  }
  absl::StatusOr<v1::ListPoliciesResponse> ListPolicies(
      const v1::ListPoliciesRequest&) override {
    return server_.policies;
  }
  absl::StatusOr<v1::SummarizeDeterminationsResponse> SummarizeDeterminations(
      const v1::SummarizeDeterminationsRequest& request) override {
    server_.summarized = request;
    return server_.sums;
  }
  absl::StatusOr<v1::GetDeterminationResponse> GetDetermination(
      const v1::GetDeterminationRequest&) override {
    return server_.determination;
  }
  absl::StatusOr<v1::GetUnitMetricsResponse> GetUnitMetrics(
      const v1::GetUnitMetricsRequest& request) override {
    server_.measured = request;
    return server_.unit_metrics;
  }
  absl::StatusOr<v1::CheckPolicyResponse> CheckPolicy(
      const v1::CheckPolicyRequest&) override {
    return server_.checked;
  }
  absl::StatusOr<v1::SimulatePolicyResponse> SimulatePolicy(
      const v1::SimulatePolicyRequest& request) override {
    if (!server_.status.ok()) return server_.status;
    server_.simulation = request;
    return server_.simulated;
  }
  absl::StatusOr<v1::SubmitResponse> Submit(
      const v1::SubmitRequest& request) override {
    if (!server_.status.ok()) return server_.status;
    server_.submitted.push_back(request);
    v1::SubmitResponse response;
    response.set_position(100);
    for (int i = 0; i < request.events_size(); ++i) {
      v1::CommandOutcome* const outcome = response.add_outcomes();
      outcome->set_effective(server_.commands_effective);
      if (!server_.commands_effective) {
        outcome->set_failure(v1::COMMAND_FAILURE_STALE);
      }
    }
    return response;
  }
  absl::StatusOr<v1::PutDocumentResponse> PutDocument(
      const v1::PutDocumentRequest& request) override {
    std::string& document = server_.documents[request.document_hash()];
    if (request.first_part() == 0) document.clear();  // A repeat.
    EXPECT_EQ(document.size(),
              static_cast<std::size_t>(request.first_part()) * 40 * 1024);
    EXPECT_LE(request.content().size(), std::size_t{3} << 20);
    document += request.content();
    return v1::PutDocumentResponse();
  }
  absl::StatusOr<v1::AdvanceClockResponse> AdvanceClock(
      const v1::AdvanceClockRequest& request) override {
    server_.advanced = request;
    v1::AdvanceClockResponse response;
    response.set_server_time_ms(request.to_time_ms());
    return response;
  }
  absl::StatusOr<v1::CreateTokenResponse> CreateToken(
      const v1::CreateTokenRequest&) override {
    v1::CreateTokenResponse response;
    response.set_token("secret-token");
    return response;
  }

  absl::StatusOr<v1::GetTeamResponse> GetTeam(
      const v1::GetTeamRequest&) override {
    return Unasked();
  }
  absl::StatusOr<v1::ListTeamMonthsResponse> ListTeamMonths(
      const v1::ListTeamMonthsRequest&) override {
    return Unasked();
  }
  absl::StatusOr<v1::ListDeterminationsResponse> ListDeterminations(
      const v1::ListDeterminationsRequest&) override {
    return Unasked();
  }
  absl::StatusOr<v1::ListStandingsResponse> ListStandings(
      const v1::ListStandingsRequest&) override {
    return Unasked();
  }
  absl::StatusOr<v1::ListSyncHealthResponse> ListSyncHealth(
      const v1::ListSyncHealthRequest&) override {
    return Unasked();
  }
  absl::StatusOr<v1::PublishPolicyResponse> PublishPolicy(
      const v1::PublishPolicyRequest&) override {
    return Unasked();
  }
  absl::StatusOr<v1::Checkpoint> GetCheckpoint() override { return Unasked(); }
  absl::Status StreamEntries(
      const v1::StreamEntriesRequest&,
      const std::function<absl::Status(const v1::Entry&)>&) override {
    return Unasked();
  }
  AuditClient* audit() override { return nullptr; }
  absl::StatusOr<v1::CreateBackupResponse> CreateBackup(
      const v1::CreateBackupRequest&) override {
    return Unasked();
  }
  absl::StatusOr<v1::OpenEpochResponse> OpenEpoch(
      const v1::OpenEpochRequest&) override {
    return Unasked();
  }
  absl::StatusOr<v1::CreateLoginLinkResponse> CreateLoginLink(
      const v1::CreateLoginLinkRequest&) override {
    return Unasked();
  }
  absl::StatusOr<v1::RevokeTokensResponse> RevokeTokens(
      const v1::RevokeTokensRequest&) override {
    return Unasked();
  }

 private:
  static absl::Status Unasked() { return absl::UnimplementedError("unasked"); }

  template <typename Row, typename Repeated>
  void Page(const std::vector<Row>& rows, const std::string& token,
            Repeated* page, std::string* next) const {
    std::size_t i = token.empty() ? 0 : std::stoul(token);
    const std::size_t end = std::min(rows.size(), i + server_.page_rows);
    for (; i < end; ++i) *page->Add() = rows[i];
    if (end < rows.size()) *next = std::to_string(end);
  }

  FakeServer& server_;
};

}  // namespace thon::cli

#endif  // THON_TESTS_UNIT_TOOLS_FAKE_CLIENT_H_
