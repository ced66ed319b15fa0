#include "server/watch/viewer.h"

#include <algorithm>

#include "server/projections/grants.h"
#include "server/projections/registry.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

absl::Status Denied() {
  return absl::PermissionDeniedError(
      "no grant of yours allows this here; ask an operator for one");
}

bool PhoneMayWatch(const v1::AuthorRow& author, const Query& query) {
  const v1::WatchQuery& wanted = query.wanted;
  switch (query.projection()) {
    case v1::WATCHED_PROJECTION_STANDINGS:
      return wanted.author() == author.author();
    case v1::WATCHED_PROJECTION_TEAMS:
    case v1::WATCHED_PROJECTION_TEAM_MONTHS:
    case v1::WATCHED_PROJECTION_DETERMINATIONS:
    case v1::WATCHED_PROJECTION_TASKS:
      return author.kind() == v1::AUTHOR_KIND_PHONE && author.confirmed() &&
             author.team_id() != 0 && wanted.team_id() == author.team_id();
    default:
      return false;
  }
}

}  // namespace

UnitId UnitToRead(const Query& query, const RowsView& newest) {
  if (query.root() != UnitId(0) ||
      query.projection() != v1::WATCHED_PROJECTION_STANDINGS) {
    return query.root();
  }
  const auto [team, organisation] = newest.OwnerOf(query.author());
  return team != TeamId(0) ? newest.PlaceOf(team, newest.today()).unit
                           : newest.PlaceOf(organisation).unit;
}

absl::Status MayWatch(const Viewer& viewer, const WatchQueries& queries,
                      const RowsView& newest) {
  if (viewer.officer.has_value()) {
    const bool granted = std::all_of(
        queries.queries.begin(), queries.queries.end(),
        [&](const Query& query) {
          return IsGranted(newest.rows(), *viewer.officer, v1::ROLE_READER,
                           UnitToRead(query, newest), newest.today());
        });
    return granted ? absl::OkStatus() : Denied();
  }
  if (!viewer.author.has_value()) return Denied();
  const auto author = GetAuthor(newest.rows(), *viewer.author);
  if (!author.has_value() || author->revoked_position() != 0) return Denied();
  const bool own = std::all_of(
      queries.queries.begin(), queries.queries.end(),
      [&](const Query& query) { return PhoneMayWatch(*author, query); });
  return own ? absl::OkStatus() : Denied();
}

}  // namespace thon
