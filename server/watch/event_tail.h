// The last events of the log, as a live feed shows them.
//
// The rows of an EVENTS query as of a position are the newest `events_max`
// events of its scope among the last 4,096 positions up to it.
#ifndef THON_WATCH_EVENT_TAIL_H_
#define THON_WATCH_EVENT_TAIL_H_

#include <deque>
#include <map>
#include <string>

#include "server/core/ids.h"
#include "server/storage/entry_log.h"
#include "server/watch/query.h"
#include "server/watch/rows_view.h"
#include "thon/v1/watch_service.pb.h"

namespace thon {

struct TailEvent {
  v1::WatchedEvent event;
  UnitId unit;  // The unit it names, for one that is of no team.
};

// Thread-safety: none.
class EventTail {
 public:
  // `log` is not owned and outlives the tail.
  explicit EventTail(const EntryLog* log) : log_(log) {}

  // Reads on, or anew, so that the window ends at the view's position. Whose
  // events they are is looked up in the view.
  void MoveTo(const RowsView& view);
  Position position() const { return position_; }

  // The query's rows as of the tail's position, by key.
  std::map<std::string, std::string> RowsOf(const Query& query,
                                            const RowsView& view) const {
    return RowsAfter(Position(0), query, view);
  }
  // Those of them behind `position`. The others are the newest of what they
  // were as of it, as far as there is room for them and they are in the window
  // still; unless things have been placed elsewhere since.
  std::map<std::string, std::string> RowsAfter(Position position,
                                               const Query& query,
                                               const RowsView& view) const;
  // The key of the oldest row that the window can hold.
  std::string FirstKey() const;

 private:
  void ReadEntry(absl::string_view entry, const RowsView& view);

  const EntryLog* log_;
  Position position_;
  std::deque<TailEvent> events_;  // Ascending.
};

}  // namespace thon

#endif  // THON_WATCH_EVENT_TAIL_H_
