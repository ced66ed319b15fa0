// The tables of a watch's queries as of one past position: the stream of
// WatchRequest.as_of, a page at a time.
//
// The rows are those that a live watch of the same queries would have had at a
// PROGRESS of that position, byte for byte, and so are the digests. A structure
// date of 0 is the last day that was opened by then.
//
// It holds one page, a few hundred rows and a bounded part of the map, however
// large the tables are, and no file between two steps.
#ifndef THON_WATCH_PAST_TABLES_H_
#define THON_WATCH_PAST_TABLES_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "server/core/clock.h"
#include "server/core/ids.h"
#include "server/core/limits.h"
#include "server/storage/entry_log.h"
#include "server/storage/row_store.h"
#include "server/watch/cut.h"
#include "server/watch/query.h"
#include "server/watch/rows_view.h"
#include "thon/v1/watch_service.pb.h"

namespace thon {

// Thread-safety: none; one step at a time, on any thread.
class PastTables {
 public:
  struct Options {
    // Not owned; they outlive this.
    const RowStore* rows = nullptr;
    const EntryLog* log = nullptr;
    const Clock* clock = nullptr;
    Cut::PageMax page = {limits::kWatchPageBytesMax, limits::kWatchPageRowsMax};
  };

  // Requires: the rows have reached `position`.
  PastTables(const Options& options, WatchQueries queries, Position position);
  PastTables(const PastTables&) = delete;
  PastTables& operator=(const PastTables&) = delete;

  // Works for a moment. The next page, or nullopt: there is none yet. The last
  // one has PROGRESS, without a token. Requires: !done().
  std::optional<v1::WatchResponse> Step();
  bool done() const { return done_; }

 private:
  void Begin();

  const Options options_;
  const WatchQueries queries_;
  RowsView view_;
  Cut cut_;
  bool begun_ = false;
  bool done_ = false;
};

}  // namespace thon

#endif  // THON_WATCH_PAST_TABLES_H_
