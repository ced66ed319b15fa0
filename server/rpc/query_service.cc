#include <grpcpp/server_context.h>

#include <type_traits>
#include <utility>

#include "server/core/error_info.h"
#include "server/core/version.h"
#include "server/projections/row_keys.h"
#include "server/rpc/permissions.h"
#include "server/rpc/queries.h"
#include "server/rpc/services.h"
#include "server/rpc/status_mapping.h"
#include "server/rpc/update_acts.h"
#include "thon/v1/query_service.grpc.pb.h"

namespace thon {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

class QueryService final : public v1::QueryService::CallbackService {
 public:
  explicit QueryService(const Calls* calls) : calls_(calls) {}

  ServerUnaryReactor* GetStatus(CallbackServerContext* context,
                                const v1::GetStatusRequest*,
                                v1::ServerStatus* response) override {
    return calls_->Run(context, [this, response](const Caller& caller) {
      const absl::Status permitted =
          HoldsAnyGrant(calls_->engine(), caller.officer, v1::ROLE_READER);
      if (!permitted.ok()) return permitted;
      const EngineStatus status = calls_->engine().status();
      response->set_origin(status.origin);
      response->set_version(kVersion);
      response->set_next_position(status.end.next_position.value);
      response->set_tree_size(status.end.tree_size.value);
      response->set_rows_position(status.rows_position.value);
      response->set_server_time_ms(status.server_time.ms);
      response->set_simulated_time(status.simulated);
      response->set_commit_state(
          std::string(CommitStateName(status.commit_state)));
      response->set_local_date(status.local_date.days);
      return absl::OkStatus();
    });
  }

  ServerUnaryReactor* GetUnit(CallbackServerContext* context,
                              const v1::GetUnitRequest* request,
                              v1::GetUnitResponse* response) override {
    return Read(context, *request, response, GetUnitQuery);
  }
  ServerUnaryReactor* ListUnits(CallbackServerContext* context,
                                const v1::ListUnitsRequest* request,
                                v1::ListUnitsResponse* response) override {
    return ReadPage(context, *request, response, ListUnitsQuery);
  }
  ServerUnaryReactor* GetTeam(CallbackServerContext* context,
                              const v1::GetTeamRequest* request,
                              v1::GetTeamResponse* response) override {
    return Read(context, *request, response, GetTeamQuery);
  }
  ServerUnaryReactor* ListTeams(CallbackServerContext* context,
                                const v1::ListTeamsRequest* request,
                                v1::ListTeamsResponse* response) override {
    return ReadPage(context, *request, response, ListTeamsQuery);
  }
  ServerUnaryReactor* ListOrganisations(
      CallbackServerContext* context,
      const v1::ListOrganisationsRequest* request,
      v1::ListOrganisationsResponse* response) override {
    return ReadPage(context, *request, response, ListOrganisationsQuery);
  }
  ServerUnaryReactor* ListTeamMonths(
      CallbackServerContext* context, const v1::ListTeamMonthsRequest* request,
      v1::ListTeamMonthsResponse* response) override {
    return Read(context, *request, response, ListTeamMonthsQuery);
  }
  ServerUnaryReactor* GetDetermination(
      CallbackServerContext* context,
      const v1::GetDeterminationRequest* request,
      v1::GetDeterminationResponse* response) override {
    return calls_->RunRead(
        context, request->options(),
        [this, request, response](const Caller& caller, const ReadView& view) {
          const absl::Status status = GetDeterminationQuery(
              *request, view, MayReadOf(caller), response);
          if (!status.ok() || !response->has_derivation() ||
              response->row().beneficiary_kind() != v1::BENEFICIARY_KIND_TEAM) {
            return status;
          }
          return AddUpdateActs(calls_->engine(),
                               TeamId(request->beneficiary_id()),
                               Month(request->month()), view.position,
                               response->mutable_derivation());
        });
  }
  ServerUnaryReactor* ListDeterminations(
      CallbackServerContext* context,
      const v1::ListDeterminationsRequest* request,
      v1::ListDeterminationsResponse* response) override {
    return ReadPage(context, *request, response, ListDeterminationsQuery);
  }
  ServerUnaryReactor* SummarizeDeterminations(
      CallbackServerContext* context,
      const v1::SummarizeDeterminationsRequest* request,
      v1::SummarizeDeterminationsResponse* response) override {
    return Read(context, *request, response, SummarizeDeterminationsQuery);
  }
  ServerUnaryReactor* ListPolicies(
      CallbackServerContext* context, const v1::ListPoliciesRequest* request,
      v1::ListPoliciesResponse* response) override {
    return Read(context, *request, response, ListPoliciesQuery);
  }
  ServerUnaryReactor* ListStandings(
      CallbackServerContext* context, const v1::ListStandingsRequest* request,
      v1::ListStandingsResponse* response) override {
    return Read(context, *request, response, ListStandingsQuery);
  }
  ServerUnaryReactor* ListSyncHealth(
      CallbackServerContext* context, const v1::ListSyncHealthRequest* request,
      v1::ListSyncHealthResponse* response) override {
    return ReadPage(context, *request, response, ListSyncHealthQuery);
  }
  ServerUnaryReactor* ListTeamEvents(
      CallbackServerContext* context, const v1::ListTeamEventsRequest* request,
      v1::ListTeamEventsResponse* response) override {
    return ReadPage(context, *request, response, ListTeamEventsQuery);
  }
  ServerUnaryReactor* GetViewer(CallbackServerContext* context,
                                const v1::GetViewerRequest*,
                                v1::GetViewerResponse* response) override {
    return calls_->RunRead(
        context, v1::ReadOptions(),
        [response](const Caller& caller, const ReadView& view) {
          GetViewerQuery(caller.officer, view, response);
          return absl::OkStatus();
        });
  }
  ServerUnaryReactor* GetUnitMetrics(
      CallbackServerContext* context, const v1::GetUnitMetricsRequest* request,
      v1::GetUnitMetricsResponse* response) override {
    return Read(context, *request, response, GetUnitMetricsQuery);
  }

  ServerUnaryReactor* GetCommandOutcome(
      CallbackServerContext* context,
      const v1::GetCommandOutcomeRequest* request,
      v1::CommandOutcome* response) override {
    return calls_->RunRead(
        context, request->options(),
        [this, request, response](const Caller& caller, const ReadView& view) {
          const OfficerId officer(request->officer_id() == 0
                                      ? caller.officer.value
                                      : request->officer_id());
          if (officer != caller.officer) {
            const absl::Status permitted = calls_->engine().Authorise(
                caller.officer, v1::ROLE_READER, UnitId(0));
            if (!permitted.ok()) return permitted;
          }
          auto outcome = GetRow<v1::CommandOutcome>(
              *view.rows, Table::kCommandOutcome,
              keys::CommandOutcome(officer, request->idempotency_key()));
          if (!outcome.has_value()) {
            return WithReason(absl::NotFoundError("no such command"),
                              "NOT_FOUND");
          }
          response->Swap(&*outcome);
          return absl::OkStatus();
        });
  }

 private:
  template <typename Request, typename Response>
  using Query = absl::Status (*)(const Request&, const ReadView&,
                                 const MayRead&, Response*);

  template <typename Request, typename Response>
  ServerUnaryReactor* ReadWith(CallbackServerContext* context,
                               const v1::ReadOptions& options,
                               const Request& request, Response* response,
                               Query<Request, Response> query) const {
    return calls_->RunRead(context, options,
                           [this, &request, response, query](
                               const Caller& caller, const ReadView& view) {
                             return query(request, view, MayReadOf(caller),
                                          response);
                           });
  }

  template <typename Request, typename Response>
  ServerUnaryReactor* Read(CallbackServerContext* context,
                           const Request& request, Response* response,
                           Query<Request, Response> query) const {
    return ReadWith(context, request.options(), request, response, query);
  }

  template <typename Request, typename Response>
  ServerUnaryReactor* ReadPage(CallbackServerContext* context,
                               const Request& request, Response* response,
                               Query<Request, Response> query) const {
    v1::ReadOptions options = request.options();
    const absl::Status pinned = PinPage(request.page_token(), &options);
    if (!pinned.ok()) {
      ServerUnaryReactor* const reactor = context->DefaultReactor();
      reactor->Finish(ToGrpc(pinned));
      return reactor;
    }
    return ReadWith(context, options, request, response, query);
  }

  MayRead MayReadOf(const Caller& caller) const {
    return [this, officer = caller.officer](UnitId unit) {
      return calls_->engine().Authorise(officer, v1::ROLE_READER, unit);
    };
  }

  const Calls* const calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeQueryService(const Calls* calls) {
  return std::make_unique<QueryService>(calls);
}

}  // namespace thon
