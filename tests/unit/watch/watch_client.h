// One caller of watches in a test: it asks, hears, leaves and comes back, and
// keeps what it heard for the checkers.
#ifndef THON_TESTS_UNIT_WATCH_WATCH_CLIENT_H_
#define THON_TESTS_UNIT_WATCH_WATCH_CLIENT_H_

#include <map>
#include <string>
#include <utility>

#include "server/core/check.h"
#include "server/watch/watches.h"
#include "tests/support/watch_checkers.h"
#include "tests/unit/watch/watch_world.h"

namespace thon::testing {

struct WatchClient {
  Viewer viewer = Viewer::Officer(OfficerId(1));
  v1::WatchRequest request;
  WatchTrace trace;
  WatchId id = 0;  // 0: no call is open.
  bool requested = false;

  WatchQueries Normal() const {
    absl::StatusOr<WatchQueries> queries = NormaliseWatch(request);
    THON_CHECK(queries.ok());
    return *std::move(queries);
  }

  // Opens a call, with the last token if there is one.
  void Begin() {
    WatchCall call;
    if (!request.resume_token().empty()) call.resumed_from = told;
    trace.calls.push_back(std::move(call));
    requested = false;
  }
  void Hear(v1::WatchResponse response, std::int64_t now_ms, Position log_end) {
    if (response.has_progress()) {
      request.set_resume_token(response.progress().resume_token());
      told = Position(response.progress().position());
    }
    trace.calls.back().heard.push_back({std::move(response), now_ms, log_end});
    requested = false;
  }
  void Leave(std::int64_t now_ms, absl::Status end = absl::OkStatus()) {
    trace.calls.back().left_ms = now_ms;
    trace.calls.back().end = std::move(end);
    id = 0;
  }

  // Lets the checkers ask the world.
  void LookInto(const WatchWorld& world) {
    const WatchQueries queries = Normal();
    trace.query_ids = queries.ids;
    trace.table_at = [&world, queries](std::uint32_t query,
                                       Position position) -> WatchTable {
      for (std::size_t i = 0; i < queries.ids.size(); ++i) {
        if (queries.ids[i] == query) {
          return world.TableAt(queries.queries[i], position);
        }
      }
      return {};
    };
    trace.granted_at = [&world, queries, who = viewer](Position position) {
      return world.Granted(who, queries, position);
    };
  }

  Position told{0};
};

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_WATCH_WATCH_CLIENT_H_
