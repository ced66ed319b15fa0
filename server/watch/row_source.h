// From a projection's stored rows to the rows of a query: which table, which
// rows belong, and what of a row is sent.
//
// A query's rows as of a position are a function of the rows as of it and
// nothing else. That function is here; snapshots, changes and resumed watches
// all use it.
#ifndef THON_WATCH_ROW_SOURCE_H_
#define THON_WATCH_ROW_SOURCE_H_

#include <google/protobuf/message.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/projections/tables.h"
#include "server/watch/query.h"
#include "server/watch/rows_view.h"

namespace thon {

// The message in WatchedRow.row; nullptr if there is no such projection.
const google::protobuf::Descriptor* RowDescriptor(
    v1::WatchedProjection projection);

// Where a projection's rows are stored; nullopt for EVENTS, whose rows are the
// log's own.
std::optional<Table> TableOf(v1::WatchedProjection projection);
// The projection whose rows a table holds; UNSPECIFIED if nobody watches it.
v1::WatchedProjection ProjectionOf(Table table);

// Rows that belong where their team or organisation stands: when that one is
// placed elsewhere, they go with it without being written.
bool FollowsItsSubject(v1::WatchedProjection projection);

// A stored row, taken apart once for all queries that look at it.
struct SourceRow {
  std::unique_ptr<google::protobuf::Message> message;
  Position position;  // Of the version.
  // What says where it belongs; one of them is set, unless it is nobody's.
  TeamId team;
  OrganisationId organisation;
  UnitId unit;
  std::string policy_id;
  // What filters ask.
  AuthorId author;
  Month month;
  int kind = 0;
  int state = 0;
  int level = 0;
};

// `view`: whose row it is. Requires: TableOf(projection) has a value and the
// row is of that table.
SourceRow ParseSource(v1::WatchedProjection projection, absl::string_view key,
                      const RowVersion& row, const RowsView& view);

// The unit the row belongs to by the map of `date`; 0 if there is none.
UnitId UnitOf(const SourceRow& source, const RowsView& view, Date date);

// Whether the query's filters, the subtree left aside, take the row.
bool PassesFilters(const Query& query, const SourceRow& source,
                   const RowsView& view);
// Whether the row is one of the query's.
bool Belongs(const Query& query, const SourceRow& source, const RowsView& view);
// The fields that the query wants, as bytes.
std::string Encode(const Query& query, const google::protobuf::Message& row);

// The row of a query; nullopt if it has none with this key.
std::optional<std::string> RowOf(const Query& query, absl::string_view key,
                                 const std::optional<RowVersion>& row,
                                 const RowsView& view);

// Prefixes of keys that cover all of the query's rows, ascending, none a prefix
// of another.
std::vector<std::string> RangesOf(const Query& query, const RowsView& view);

}  // namespace thon

#endif  // THON_WATCH_ROW_SOURCE_H_
