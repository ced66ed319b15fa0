// Who watches, and what they may see.
//
// Rights are those of the newest rows, also for a watch of a past moment. They
// are looked up when a watch begins and whenever they could have changed.
#ifndef THON_WATCH_VIEWER_H_
#define THON_WATCH_VIEWER_H_

#include <optional>

#include "absl/status/status.h"
#include "server/core/ids.h"
#include "server/watch/query.h"
#include "server/watch/rows_view.h"

namespace thon {

// An officer or an author; whoever is neither may see nothing.
//
// An officer needs READER on every query's root; for STANDINGS without a root,
// where the author's team or organisation stands.
//
// A phone watches as its own author (Viewer::Phone(author)), which must be
// enrolled and not revoked. Whoever calls has made sure that the phone holds
// the author's key. It may watch
//   STANDINGS                                  with author = its own;
//   TEAMS, TEAM_MONTHS, DETERMINATIONS, TASKS  with team_id = its own team, if
//                                              it is a phone's author and
//                                              confirmed;
// and nothing else, whatever the other filters say.
struct Viewer {
  static Viewer Officer(OfficerId officer) { return {officer, std::nullopt}; }
  static Viewer Phone(const AuthorId& author) { return {std::nullopt, author}; }

  std::optional<OfficerId> officer;
  std::optional<AuthorId> author;
};

// Where an officer needs READER for the query by the newest rows; 0: on the
// whole log.
UnitId UnitToRead(const Query& query, const RowsView& newest);

// OK, or kPermissionDenied with the same words whether or not the thing exists.
absl::Status MayWatch(const Viewer& viewer, const WatchQueries& queries,
                      const RowsView& newest);

}  // namespace thon

#endif  // THON_WATCH_VIEWER_H_
