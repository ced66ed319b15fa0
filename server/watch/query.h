// What a watch asks for, checked and put into one form.
//
// Two requests that mean the same have the same normal form, so their watchers
// share the work, and a resume token of one is good for the other.
#ifndef THON_WATCH_QUERY_H_
#define THON_WATCH_QUERY_H_

#include <google/protobuf/field_mask.pb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "thon/v1/watch_service.pb.h"

namespace thon {

// A query in its normal form: lists ascending and without repeats, the month
// range closed, defaults filled in, no query_id.
struct Query {
  v1::WatchQuery wanted;
  // `wanted` as bytes: equal iff the queries are.
  std::string canonical;
  google::protobuf::FieldMask mask;  // Empty: every field.

  v1::WatchedProjection projection() const { return wanted.projection(); }
  UnitId root() const { return UnitId(wanted.root_unit_id()); }
  TeamId team() const { return TeamId(wanted.team_id()); }
  // All zero for any.
  AuthorId author() const;
  // 0: the last day opened.
  Date structure_date() const { return Date(wanted.structure_date()); }
  bool is_events() const {
    return projection() == v1::WATCHED_PROJECTION_EVENTS;
  }
};

struct WatchQueries {
  std::vector<std::uint32_t> ids;  // The caller's, one for each query.
  std::vector<Query> queries;
  std::string resume_token;
  // Of one moment, once (as_of); then there is no token.
  bool past = false;
  // All queries with their ids: what a resume token is bound to.
  std::string canonical;
};

// kInvalidArgument, with the field: a limit is passed, a filter does not belong
// to the projection or is missing, a field is unknown, an id comes twice, a
// moment comes with a token.
absl::StatusOr<WatchQueries> NormaliseWatch(const v1::WatchRequest& request);

}  // namespace thon

#endif  // THON_WATCH_QUERY_H_
