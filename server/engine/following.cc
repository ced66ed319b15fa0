#include "server/engine/following.h"

#include <algorithm>
#include <optional>
#include <string>

#include "server/core/civil.h"
#include "server/projections/acts.h"
#include "server/projections/registry.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

constexpr int kMonthsBackMax = 6;

v1::WatchQuery* AddQuery(std::uint32_t id, v1::WatchedProjection projection,
                         v1::WatchRequest* request) {
  v1::WatchQuery* const query = request->add_queries();
  query->set_query_id(id);
  query->set_projection(projection);
  return query;
}

// The first month that is followed; 0 for all there are, before any day is
// opened.
absl::StatusOr<Month> FirstMonth(const RowReader& rows, Month wanted) {
  if (wanted.yyyymm != 0 && !wanted.valid()) {
    return absl::InvalidArgumentError("first_month: a month as YYYYMM");
  }
  const std::optional<Date> today = LastDay(rows);
  if (!today.has_value()) return wanted;
  Month earliest = Month::Of(*today);
  if (wanted.yyyymm == 0) return earliest;
  for (int i = 0; i < kMonthsBackMax; ++i) earliest = earliest.Previous();
  return std::max(wanted, earliest);
}

}  // namespace

absl::StatusOr<WatchQueries> FollowQueries(const RowReader& rows,
                                           const AuthorId& author,
                                           const v1::FollowRequest& request) {
  const std::optional<v1::AuthorRow> row = GetAuthor(rows, author);
  if (!row.has_value()) {
    return absl::PermissionDeniedError("the rows do not know this author yet");
  }
  const absl::StatusOr<Month> first =
      FirstMonth(rows, Month(request.first_month()));
  if (!first.ok()) return first.status();
  v1::WatchRequest watch;
  watch.set_resume_token(request.resume_token());
  if (row->kind() == v1::AUTHOR_KIND_PHONE && row->confirmed() &&
      row->team_id() != 0) {
    AddQuery(1, v1::WATCHED_PROJECTION_TEAMS, &watch)
        ->set_team_id(row->team_id());
    for (const auto& [id, projection] :
         {std::make_pair(2u, v1::WATCHED_PROJECTION_TEAM_MONTHS),
          std::make_pair(3u, v1::WATCHED_PROJECTION_DETERMINATIONS)}) {
      v1::WatchQuery* const months = AddQuery(id, projection, &watch);
      months->set_team_id(row->team_id());
      months->set_first_month(first->yyyymm);
    }
  }
  AddQuery(4, v1::WATCHED_PROJECTION_STANDINGS, &watch)
      ->set_author(row->author());
  if (watch.queries_size() > 1) {
    AddQuery(5, v1::WATCHED_PROJECTION_TASKS, &watch)
        ->set_team_id(row->team_id());
  }
  return NormaliseWatch(watch);
}

}  // namespace thon
