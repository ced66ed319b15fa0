// Where a query's rows lie, so that a commune's watch does not read a nation.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "server/core/limits.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/watch/row_source.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

using Ranges = std::vector<std::string>;

Ranges Everything() { return {""}; }

// Who the query is about; nullopt: everybody.
std::optional<std::vector<TeamId>> TeamsOf(const Query& query,
                                           const RowsView& view) {
  if (query.team() != TeamId(0)) return std::vector<TeamId>{query.team()};
  if (query.root() == UnitId(0)) return std::nullopt;
  return view.TeamsBelow(query.root(), view.On(query.structure_date()));
}

std::vector<OrganisationId> OrganisationsOf(const Query& query,
                                            const RowsView& view) {
  std::vector<OrganisationId> organisations;
  if (query.team() != TeamId(0)) return organisations;
  const Date date = view.On(query.structure_date());
  ScanRows<v1::OrganisationRow>(
      view.rows(), Table::kOrganisation, "",
      [&](absl::string_view, const v1::OrganisationRow& row, Position) {
        if (view.IsBelow(UnitId(row.unit_id()), query.root(), date)) {
          organisations.emplace_back(row.organisation_id());
        }
        return true;
      });
  return organisations;
}

std::set<std::string> PolicyIds(const Query& query, const RowsView& view) {
  if (!query.wanted.policy_id().empty()) return {query.wanted.policy_id()};
  std::set<std::string> ids;
  view.rows().Scan(Table::kPolicy, "", "",
                   [&](absl::string_view key, const RowVersion&) {
                     ids.insert(std::string(keys::KeyView(key).Text()));
                     return true;
                   });
  return ids;
}

// Months of the query that a policy has determinations for.
std::vector<Month> MonthsOf(const Query& query, const std::string& policy,
                            const RowsView& view) {
  std::vector<Month> months;
  const std::string prefix = keys::Key().Text(policy).Take();
  Month next(std::max(query.wanted.first_month(), 0));
  while (true) {
    std::optional<Month> found;
    view.rows().Scan(Table::kDetermination, prefix,
                     keys::Key().Text(policy).Of(next).Take(),
                     [&](absl::string_view key, const RowVersion&) {
                       keys::KeyView parts(key);
                       parts.Text();
                       found = parts.YearMonth();
                       return false;
                     });
    if (!found.has_value() || (query.wanted.last_month() != 0 &&
                               found->yyyymm > query.wanted.last_month())) {
      return months;
    }
    months.push_back(*found);
    next = Month(found->yyyymm + 1);
  }
}

Ranges DeterminationRanges(const Query& query, const RowsView& view) {
  const std::optional<std::vector<TeamId>> teams = TeamsOf(query, view);
  if (!teams.has_value() && query.wanted.policy_id().empty()) {
    return Everything();
  }
  const std::vector<OrganisationId> organisations =
      teams.has_value() ? OrganisationsOf(query, view)
                        : std::vector<OrganisationId>();
  Ranges ranges;
  for (const std::string& policy : PolicyIds(query, view)) {
    const std::vector<Month> months = MonthsOf(query, policy, view);
    const bool one_by_one =
        teams.has_value() &&
        months.size() * (teams->size() + organisations.size()) <=
            limits::kWatchLookupsMax;
    for (const Month month : months) {
      if (!one_by_one) {
        ranges.push_back(keys::Key().Text(policy).Of(month).Take());
        continue;
      }
      for (const TeamId team : *teams) {
        ranges.push_back(keys::Determination(
            policy, month, v1::BENEFICIARY_KIND_TEAM, team.value));
      }
      for (const OrganisationId organisation : organisations) {
        ranges.push_back(keys::Determination(policy, month,
                                             v1::BENEFICIARY_KIND_ORGANISATION,
                                             organisation.value));
      }
    }
  }
  return ranges;
}

Ranges HealthRanges(const Query& query, const RowsView& view) {
  if (!query.wanted.author().empty()) {
    return {keys::SyncHealth(query.author())};
  }
  const std::optional<std::vector<TeamId>> teams = TeamsOf(query, view);
  if (!teams.has_value() || teams->size() > limits::kWatchLookupsMax) {
    return Everything();
  }
  Ranges ranges;
  for (const TeamId team : *teams) {
    for (const AuthorId& author : AuthorsOf(view.rows(), team)) {
      ranges.push_back(keys::SyncHealth(author));
    }
  }
  for (const OrganisationId organisation : OrganisationsOf(query, view)) {
    for (const AuthorId& author : AuthorsOf(view.rows(), organisation)) {
      ranges.push_back(keys::SyncHealth(author));
    }
  }
  return ranges;
}

template <typename Id>
Ranges OnePerId(const std::vector<Id>& ids) {
  if (ids.size() > limits::kWatchLookupsMax) return Everything();
  Ranges ranges;
  for (const Id id : ids) ranges.push_back(keys::Key().Of(id).Take());
  return ranges;
}

Ranges Unsorted(const Query& query, const RowsView& view) {
  const bool everywhere = query.root() == UnitId(0);
  switch (query.projection()) {
    case v1::WATCHED_PROJECTION_UNITS:
      return everywhere ? Everything()
                        : OnePerId(view.UnitsBelow(
                              query.root(), view.On(query.structure_date())));
    case v1::WATCHED_PROJECTION_TEAMS:
    case v1::WATCHED_PROJECTION_TEAM_MONTHS:
    case v1::WATCHED_PROJECTION_TASKS: {
      const std::optional<std::vector<TeamId>> teams = TeamsOf(query, view);
      return teams.has_value() ? OnePerId(*teams) : Everything();
    }
    case v1::WATCHED_PROJECTION_ORGANISATION_MONTHS:
      return everywhere ? Everything() : OnePerId(OrganisationsOf(query, view));
    case v1::WATCHED_PROJECTION_DETERMINATIONS:
      return DeterminationRanges(query, view);
    case v1::WATCHED_PROJECTION_SYNC_HEALTH:
      return HealthRanges(query, view);
    case v1::WATCHED_PROJECTION_STANDINGS:
      return {keys::Author(query.author())};
    case v1::WATCHED_PROJECTION_POLICIES:
    case v1::WATCHED_PROJECTION_FUNDINGS:
      return query.wanted.policy_id().empty()
                 ? Everything()
                 : Ranges{keys::Key().Text(query.wanted.policy_id()).Take()};
    default:
      return Everything();
  }
}

}  // namespace

std::vector<std::string> RangesOf(const Query& query, const RowsView& view) {
  Ranges ranges = Unsorted(query, view);
  std::sort(ranges.begin(), ranges.end());
  ranges.erase(std::unique(ranges.begin(), ranges.end()), ranges.end());
  return ranges;
}

}  // namespace thon
