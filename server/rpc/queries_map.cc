// Queries of the map, the registry and what the phones sent.
#include <algorithm>

#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "server/rpc/paging.h"
#include "server/rpc/queries.h"
#include "server/rpc/read_scope.h"
#include "server/rpc/standings.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

Date DateOr(std::int32_t days, Date fallback) {
  return days != 0 ? Date(days) : fallback;
}

// Fills a page from `table`: `add` parses a row and adds it to the reply if it
// belongs there, and says whether it did.
template <typename Request, typename Response>
absl::Status FillPage(
    const Request& request, const ReadView& view, Table table,
    const std::function<bool(absl::string_view key, const RowVersion&)>& add,
    Response* response) {
  const absl::StatusOr<int> page_size = PageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  PageToken start;
  if (!request.page_token().empty()) {
    absl::StatusOr<PageToken> token = DecodePageToken(request.page_token());
    if (!token.ok()) return token.status();
    start = *std::move(token);
  }
  response->set_position(view.position.value);
  int rows = 0;
  std::size_t bytes = 0;
  view.rows->Scan(table, "", start.key,
                  [&](absl::string_view key, const RowVersion& row) {
                    if (rows == *page_size || bytes > limits::kReplyBytesMax) {
                      response->set_next_page_token(
                          EncodePageToken({view.position, std::string(key)}));
                      return false;
                    }
                    if (add(key, row)) {
                      ++rows;
                      bytes += row.value.size();
                    }
                    return true;
                  });
  return absl::OkStatus();
}

// The unit with its ancestors, province first.
void AddPath(const RowReader& rows, UnitId unit, Date date,
             google::protobuf::RepeatedPtrField<v1::UnitRow>* path) {
  const std::vector<UnitId> ancestors = AncestorsOn(rows, unit, date);
  for (auto id = ancestors.rbegin(); id != ancestors.rend(); ++id) {
    if (auto row = GetUnit(rows, *id)) path->Add(*std::move(row));
  }
}

// The unit of an author's team or organisation; 0 if neither is known.
UnitId UnitOfAuthor(const RowReader& rows, std::uint64_t team_id,
                    std::uint64_t organisation_id, Date today) {
  if (const auto team = GetTeam(rows, TeamId(team_id))) {
    return LastUnit(*team, today);
  }
  const auto organisation =
      GetOrganisation(rows, OrganisationId(organisation_id));
  return organisation.has_value() ? UnitId(organisation->unit_id()) : UnitId(0);
}

}  // namespace

absl::Status PinPage(absl::string_view token, v1::ReadOptions* options) {
  if (token.empty()) return absl::OkStatus();
  const absl::StatusOr<PageToken> decoded = DecodePageToken(token);
  if (!decoded.ok()) return decoded.status();
  options->mutable_as_of()->set_position(decoded->position.value);
  return absl::OkStatus();
}

absl::Status GetUnitQuery(const v1::GetUnitRequest& request,
                          const ReadView& view, const MayRead& may_read,
                          v1::GetUnitResponse* response) {
  const Date date = DateOr(request.structure_date(), view.local_date);
  if ((request.unit_id() != 0) == !request.code().empty()) {
    return WithField(
        WithReason(absl::InvalidArgumentError("name the unit by id or by code"),
                   "INVALID_FIELD"),
        "unit_id");
  }
  UnitId id(request.unit_id());
  if (id.value == 0) {
    id = FindByCode(*view.rows, request.code(), date).value_or(UnitId(0));
  }
  // A caller without the whole log hears the same of what is not there.
  const absl::Status permitted = may_read(id);
  if (!permitted.ok()) return permitted;
  std::optional<v1::UnitRow> unit = GetUnit(*view.rows, id);
  if (!unit.has_value()) return NoSuch("unit");
  response->set_position(view.position.value);
  const std::vector<UnitId> ancestors = AncestorsOn(*view.rows, id, date);
  if (!ancestors.empty()) {
    AddPath(*view.rows, id, date, response->mutable_path());
    response->mutable_path()->RemoveLast();  // The unit itself.
  }
  *response->mutable_unit() = *std::move(unit);
  return absl::OkStatus();
}

absl::Status ListUnitsQuery(const v1::ListUnitsRequest& request,
                            const ReadView& view, const MayRead& may_read,
                            v1::ListUnitsResponse* response) {
  const UnitId root(request.root_unit_id());
  const absl::Status permitted = may_read(root);
  if (!permitted.ok()) return permitted;
  const Date date = DateOr(request.structure_date(), view.local_date);
  return FillPage(
      request, view, Table::kUnit,
      [&](absl::string_view, const RowVersion& row) {
        v1::UnitRow unit;
        unit.ParseFromString(row.value);
        if (!ExistsOn(unit, date) ||
            (request.level() != v1::UNIT_LEVEL_UNSPECIFIED &&
             unit.level() != request.level()) ||
            !IsBelow(*view.rows, UnitId(unit.unit_id()), root, date)) {
          return false;
        }
        *response->add_units() = std::move(unit);
        return true;
      },
      response);
}

absl::Status GetTeamQuery(const v1::GetTeamRequest& request,
                          const ReadView& view, const MayRead& may_read,
                          v1::GetTeamResponse* response) {
  const RowReader& rows = *view.rows;
  std::optional<v1::TeamRow> team = GetTeam(rows, TeamId(request.team_id()));
  const UnitId unit =
      team.has_value() ? LastUnit(*team, view.local_date) : UnitId(0);
  const absl::Status permitted = may_read(unit);
  if (!permitted.ok()) return permitted;
  if (!team.has_value()) return NoSuch("team");
  response->set_position(view.position.value);
  AddPath(rows, unit, view.local_date, response->mutable_path());
  for (const AuthorId& author : AuthorsOf(rows, TeamId(request.team_id()))) {
    if (auto row = GetAuthor(rows, author)) {
      *response->add_authors() = *std::move(row);
    }
    if (auto health = GetRow<v1::SyncHealthRow>(rows, Table::kSyncHealth,
                                                keys::SyncHealth(author))) {
      *response->add_sync_health() = *std::move(health);
    }
  }
  *response->mutable_team() = *std::move(team);
  return absl::OkStatus();
}

absl::Status ListTeamsQuery(const v1::ListTeamsRequest& request,
                            const ReadView& view, const MayRead& may_read,
                            v1::ListTeamsResponse* response) {
  const UnitId root(request.root_unit_id());
  const absl::Status permitted = may_read(root);
  if (!permitted.ok()) return permitted;
  const Date date = DateOr(request.structure_date(), view.local_date);
  return FillPage(
      request, view, Table::kTeam,
      [&](absl::string_view, const RowVersion& row) {
        v1::TeamRow team;
        team.ParseFromString(row.value);
        if (!IsBelow(*view.rows, LastUnit(team, date), root, date)) {
          return false;
        }
        *response->add_teams() = std::move(team);
        return true;
      },
      response);
}

absl::Status ListOrganisationsQuery(const v1::ListOrganisationsRequest& request,
                                    const ReadView& view,
                                    const MayRead& may_read,
                                    v1::ListOrganisationsResponse* response) {
  const UnitId root(request.root_unit_id());
  const absl::Status permitted = may_read(root);
  if (!permitted.ok()) return permitted;
  return FillPage(
      request, view, Table::kOrganisation,
      [&](absl::string_view, const RowVersion& row) {
        v1::OrganisationRow organisation;
        organisation.ParseFromString(row.value);
        if (!IsBelow(*view.rows, UnitId(organisation.unit_id()), root,
                     view.local_date)) {
          return false;
        }
        *response->add_organisations() = std::move(organisation);
        return true;
      },
      response);
}

absl::Status ListTeamMonthsQuery(const v1::ListTeamMonthsRequest& request,
                                 const ReadView& view, const MayRead& may_read,
                                 v1::ListTeamMonthsResponse* response) {
  const RowReader& rows = *view.rows;
  const absl::Status permitted =
      MayReadTeamOrOrganisation(view, may_read, TeamId(request.team_id()),
                                OrganisationId(request.organisation_id()));
  if (!permitted.ok()) return permitted;
  const bool is_team = request.team_id() != 0;
  response->set_position(view.position.value);
  const std::uint64_t id =
      is_team ? request.team_id() : request.organisation_id();
  rows.Scan(is_team ? Table::kTeamMonth : Table::kOrganisationMonth,
            keys::Key().U64(id).Take(), "",
            [&](absl::string_view key, const RowVersion& row) {
              const Month month = keys::KeyView(key).Skip(8).YearMonth();
              if (month.yyyymm < request.first_month() ||
                  (request.last_month() != 0 &&
                   month.yyyymm > request.last_month())) {
                return true;
              }
              v1::TeamMonthEntry* const entry = response->add_months();
              entry->set_month(month.yyyymm);
              entry->mutable_row()->ParseFromString(row.value);
              return true;
            });
  return absl::OkStatus();
}

absl::Status ListStandingsQuery(const v1::ListStandingsRequest& request,
                                const ReadView& view, const MayRead& may_read,
                                v1::ListStandingsResponse* response) {
  constexpr std::uint64_t kNumbersMax = 4096;
  AuthorId id;
  if (!AuthorId::FromBytes(request.author(), &id)) {
    return WithField(
        WithReason(absl::InvalidArgumentError("an author has 16 bytes"),
                   "INVALID_FIELD"),
        "author");
  }
  const RowReader& rows = *view.rows;
  const auto author = GetAuthor(rows, id);
  const UnitId unit =
      author.has_value()
          ? UnitOfAuthor(rows, author->team_id(), author->organisation_id(),
                         view.local_date)
          : UnitId(0);
  const absl::Status permitted = may_read(unit);
  if (!permitted.ok()) return permitted;
  if (!author.has_value()) return NoSuch("author");
  if (request.end_sequence() != 0 &&
      request.end_sequence() < request.first_sequence()) {
    return WithField(WithReason(absl::InvalidArgumentError(
                                    "the range ends before it begins"),
                                "INVALID_FIELD"),
                     "end_sequence");
  }
  const std::uint64_t first =
      std::max<std::uint64_t>(request.first_sequence(), 1);
  std::uint64_t end = request.end_sequence();
  if (end == 0 || end - first > kNumbersMax) end = first + kNumbersMax;
  FillStandings(rows, id, first, end, response);
  response->set_position(view.position.value);
  return absl::OkStatus();
}

absl::Status ListSyncHealthQuery(const v1::ListSyncHealthRequest& request,
                                 const ReadView& view, const MayRead& may_read,
                                 v1::ListSyncHealthResponse* response) {
  const UnitId root(request.root_unit_id());
  const absl::Status permitted = may_read(root);
  if (!permitted.ok()) return permitted;
  const RowReader& rows = *view.rows;
  return FillPage(
      request, view, Table::kSyncHealth,
      [&](absl::string_view, const RowVersion& row) {
        v1::SyncHealthRow health;
        health.ParseFromString(row.value);
        if (!IsBelow(rows,
                     UnitOfAuthor(rows, health.team_id(),
                                  health.organisation_id(), view.local_date),
                     root, view.local_date)) {
          return false;
        }
        *response->add_rows() = std::move(health);
        return true;
      },
      response);
}

}  // namespace thon
