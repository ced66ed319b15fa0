// The promises of watches, those of README.md, as checkers over what a caller
// received. OK, or kFailedPrecondition with "NAME: SENTENCE" of the promise and
// the place where it broke. watch_checkers_test.cc shows each to fail.
#ifndef THON_TESTS_SUPPORT_WATCH_CHECKERS_H_
#define THON_TESTS_SUPPORT_WATCH_CHECKERS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/core/ids.h"
#include "thon/v1/watch_service.pb.h"

namespace thon::testing {

// A response and when it came.
struct Heard {
  v1::WatchResponse response;
  std::int64_t at_ms = 0;
  // The log's last position at that moment.
  Position log_end;
};

// From one call to its end.
struct WatchCall {
  // The position of the token it was made with; nullopt: none.
  std::optional<Position> resumed_from;
  std::vector<Heard> heard;
  // The caller took every response at once, until here.
  bool read_on = true;
  std::int64_t left_ms = 0;
  // Where the hub stood when the call ended, if the test knows.
  std::optional<Position> left_at;
  absl::Status end;  // OK: the caller left.
};

// What the hub kept for all callers at some moment.
struct Owed {
  std::size_t keys = 0;
  std::size_t bytes = 0;
};

using WatchTable = std::map<std::string, std::string>;

// One caller: calls that follow one another with the last token.
struct WatchTrace {
  std::vector<std::uint32_t> query_ids;
  std::vector<WatchCall> calls;
  // The rows of a query as of a position.
  std::function<WatchTable(std::uint32_t, Position)> table_at;
  // Whether the caller may see the queries as of a position.
  std::function<bool(Position)> granted_at;
  // As often as the test looked.
  std::vector<Owed> owed;
};

struct WatchBounds {
  // Of a response; one row travels whole, however large it is.
  std::size_t bytes = 0;
  std::size_t rows = 0;
  Owed owed;
};

// The promise's sentence; "" if there is none of that name.
std::string WatchSentence(const std::string& name);
// All nine, in README's order.
std::vector<std::string> WatchPromises();

// Positions never fall, within a call and from one to the next.
absl::Status CheckWatchOrdered(const WatchTrace& trace);
// Between two PROGRESS a row comes at most once, and only a row that is there
// is removed.
absl::Status CheckWatchUnique(const WatchTrace& trace);
// What differs between two PROGRESS of a query that did not start anew was
// sent.
absl::Status CheckWatchGapFree(const WatchTrace& trace);
// A call with a token goes on where the token was, or says why it does not.
absl::Status CheckWatchResumable(const WatchTrace& trace);
// PROGRESS comes at least every `ms_max`, carries a token, and is never ahead
// of the log.
absl::Status CheckWatchBookmarked(const WatchTrace& trace,
                                  std::int64_t ms_max = 15'000);
// At every PROGRESS each table is the query as of its position, and the digest
// and the number of rows are the table's.
absl::Status CheckWatchFaithful(const WatchTrace& trace);
// No response holds more, and no more was kept.
absl::Status CheckWatchBounded(const WatchTrace& trace,
                               const WatchBounds& bounds);
// Every row that is set is the query's as of the next PROGRESS: nothing from
// outside its scope, nothing half old; and no row stays that has left it. What
// may not be seen is not told: no PROGRESS where the right had ended, and the
// call ends.
absl::Status CheckWatchScoped(const WatchTrace& trace);
// `with` and `without` a watcher that never reads, in the same unit: the 99th
// percentile is at most 1.2 times, and `slack`.
absl::Status CheckWatchFair(std::vector<std::int64_t> with,
                            std::vector<std::int64_t> without,
                            std::int64_t slack);

// All of one caller but Bounded and Fair. The first that does not hold.
absl::Status CheckWatch(const WatchTrace& trace);

// A table's digest, computed from its definition in watch_service.proto.
std::string DigestOf(const WatchTable& table);

}  // namespace thon::testing

#endif  // THON_TESTS_SUPPORT_WATCH_CHECKERS_H_
