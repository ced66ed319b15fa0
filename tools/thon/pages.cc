#include "tools/thon/pages.h"

#include <string>
#include <utility>

#include "server/core/limits.h"

namespace thon::cli {
namespace {

// Reads page after page. `rows_of` gives a response's rows.
template <typename Row, typename Request, typename Response, typename RowsOf>
absl::StatusOr<Listed<Row>> ReadPages(
    Client* client, absl::StatusOr<Response> (Client::*method)(const Request&),
    Request request, const RowsOf& rows_of) {
  Listed<Row> listed;
  request.set_page_size(limits::kPageSizeMax);
  do {
    absl::StatusOr<Response> response = (client->*method)(request);
    if (!response.ok()) return response.status();
    if (listed.position == 0) {
      listed.position = response->position();
      if (!request.options().has_as_of()) {
        request.mutable_options()->mutable_as_of()->set_position(
            listed.position);
      }
    }
    for (Row& row : *rows_of(&*response)) listed.rows.push_back(std::move(row));
    request.set_page_token(response->next_page_token());
  } while (!request.page_token().empty());
  return listed;
}

}  // namespace

absl::StatusOr<Listed<v1::UnitRow>> ListAllUnits(Client* client,
                                                 const ListScope& scope,
                                                 v1::UnitLevel level) {
  v1::ListUnitsRequest request;
  request.set_root_unit_id(scope.root_unit_id);
  request.set_structure_date(scope.structure_date);
  request.set_level(level);
  *request.mutable_options() = scope.options;
  return ReadPages<v1::UnitRow>(
      client, &Client::ListUnits, std::move(request),
      [](v1::ListUnitsResponse* r) { return r->mutable_units(); });
}

absl::StatusOr<Listed<v1::TeamRow>> ListAllTeams(Client* client,
                                                 const ListScope& scope) {
  v1::ListTeamsRequest request;
  request.set_root_unit_id(scope.root_unit_id);
  request.set_structure_date(scope.structure_date);
  *request.mutable_options() = scope.options;
  return ReadPages<v1::TeamRow>(
      client, &Client::ListTeams, std::move(request),
      [](v1::ListTeamsResponse* r) { return r->mutable_teams(); });
}

absl::StatusOr<Listed<v1::OrganisationRow>> ListAllOrganisations(
    Client* client, const ListScope& scope) {
  v1::ListOrganisationsRequest request;
  request.set_root_unit_id(scope.root_unit_id);
  *request.mutable_options() = scope.options;
  return ReadPages<v1::OrganisationRow>(client, &Client::ListOrganisations,
                                        std::move(request),
                                        [](v1::ListOrganisationsResponse* r) {
                                          return r->mutable_organisations();
                                        });
}

absl::StatusOr<Listed<v1::SyncHealthRow>> ListAllSyncHealth(
    Client* client, const ListScope& scope) {
  v1::ListSyncHealthRequest request;
  request.set_root_unit_id(scope.root_unit_id);
  *request.mutable_options() = scope.options;
  return ReadPages<v1::SyncHealthRow>(
      client, &Client::ListSyncHealth, std::move(request),
      [](v1::ListSyncHealthResponse* r) { return r->mutable_rows(); });
}

absl::StatusOr<Listed<v1::DeterminationRow>> ListAllDeterminations(
    Client* client, v1::ListDeterminationsRequest request) {
  return ReadPages<v1::DeterminationRow>(
      client, &Client::ListDeterminations, std::move(request),
      [](v1::ListDeterminationsResponse* r) { return r->mutable_rows(); });
}

absl::StatusOr<MapRead> ReadMap(Client* client, std::int32_t date,
                                std::uint64_t root_unit_id) {
  if (date == 0) {
    const absl::StatusOr<v1::ServerStatus> status = client->GetStatus();
    if (!status.ok()) return status.status();
    date = status->local_date();
  }
  ListScope scope;
  scope.structure_date = date;
  scope.root_unit_id = root_unit_id;
  absl::StatusOr<Listed<v1::UnitRow>> units =
      ListAllUnits(client, scope, v1::UNIT_LEVEL_UNSPECIFIED);
  if (!units.ok()) return units.status();
  if (root_unit_id != 0) {
    v1::GetUnitRequest request;
    request.set_unit_id(root_unit_id);
    request.set_structure_date(date);
    const absl::StatusOr<v1::GetUnitResponse> root = client->GetUnit(request);
    if (!root.ok()) return root.status();
    units->rows.push_back(root->unit());
    units->rows.insert(units->rows.end(), root->path().begin(),
                       root->path().end());
  }
  return MapRead{units->position, UnitMap(units->rows, Date(date))};
}

absl::StatusOr<std::uint64_t> UnitIdOfCode(Client* client,
                                           absl::string_view code,
                                           std::int32_t structure_date) {
  if (code.empty()) return 0;
  v1::GetUnitRequest request;
  request.set_code(std::string(code));
  request.set_structure_date(structure_date);
  const absl::StatusOr<v1::GetUnitResponse> response = client->GetUnit(request);
  if (!response.ok()) return response.status();
  return response->unit().unit_id();
}

}  // namespace thon::cli
