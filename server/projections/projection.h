// The fold: from entries to versioned rows.
//
// A projection is a deterministic function of the log's prefix. It may read the
// entry at hand, rows (its own, and those of projections before it in the list
// of projections), and earlier events by their identity. Nothing else: no
// clock, no random source, no environment, no floating point, no order of a
// hash map.
//
// Apply() cannot fail. An event that makes no sense is folded into a standing
// or an outcome with its reason.
//
// Words: a row is (table, key, value); a version is what a row was from a
// position on; an entry is folded as a whole, so all that it changes in a row
// is one version, at the entry's last position.
#ifndef THON_PROJECTIONS_PROJECTION_H_
#define THON_PROJECTIONS_PROJECTION_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/entry.h"
#include "server/core/ids.h"
#include "server/projections/tables.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/log.pb.h"

namespace thon {

struct RowVersion {
  std::string value;
  Position position;  // Where this version begins.
};

// Rows as of one position.
//
// Thread-safety: as the implementation says; a fold's rows belong to its
// thread.
class RowReader {
 public:
  virtual ~RowReader() = default;

  // nullopt: the row does not exist at this position.
  virtual std::optional<RowVersion> Get(Table table,
                                        absl::string_view key) const = 0;

  // Calls `visit` for each row of `table` whose key starts with `prefix`, from
  // `start` on (a whole key; "" for the first), in key order, until it returns
  // false. `visit` may Get and Scan, but not write.
  using Visitor =
      std::function<bool(absl::string_view key, const RowVersion& row)>;
  virtual void Scan(Table table, absl::string_view prefix,
                    absl::string_view start, const Visitor& visit) const = 0;
};

// Rows in the middle of a fold: reads see what the entry at hand has written.
class RowWriter : public RowReader {
 public:
  // Writing the bytes a row already has makes no version.
  virtual void Put(Table table, absl::string_view key, std::string value) = 0;
  virtual void Delete(Table table, absl::string_view key) = 0;

  // Keys of `table` written or deleted by the entry at hand so far, ascending,
  // each once.
  virtual std::vector<std::string> Changed(Table table) const = 0;
};

// A recorded event and what the log knows of it.
struct RecordedEvent {
  v1::Event event;
  AuthorId author;
  Position position;
  Instant receive_time;
};

// Earlier events, by identity. Only what entries before the one at hand, and
// that one itself, hold is ever found.
class EventSource {
 public:
  virtual ~EventSource() = default;
  virtual std::optional<RecordedEvent> Find(const AuthorId& author,
                                            Sequence sequence) const = 0;
};

// One event of the entry at hand, as projections see it. An import's facts come
// one by one, with the position of the event that applied them.
struct Fact {
  const v1::Event* event = nullptr;  // Outlives the fold of the entry.
  Position position;
  // Whether the server's author recorded it; then `effective` says whether the
  // command in it took effect (always true for the log's own events).
  bool from_server = false;
  bool effective = false;
};

// The entry at hand.
struct FoldInput {
  EntryIndex entry_index;
  EntryTrailer trailer;
  AuthorId author;
  bool from_server = false;
  const v1::Batch* batch = nullptr;
  Date local_date;          // Of the receive time, in the log's time zone.
  std::vector<Fact> facts;  // Set by `acts`, first in the list.
  // Owns the facts of imports among `facts`.
  std::vector<std::shared_ptr<const v1::FactList>> imported;
};

// Thread-safety: none. One fold, one thread.
class Projection {
 public:
  virtual ~Projection() = default;

  // Name and version of the fold, as stored beside its rows. The version
  // changes when the meaning does; the rows are then built again.
  virtual absl::string_view name() const = 0;
  virtual int version() const = 0;

  // Folds in one entry. Requires: entries arrive in order, each once.
  virtual void Apply(const FoldInput& input, const EventSource& events,
                     RowWriter& rows) = 0;
};

// All projections in their order: acts, units, registry, activity, emulation,
// eligibility, sync_health.
std::vector<std::unique_ptr<Projection>> AllProjections();

}  // namespace thon

#endif  // THON_PROJECTIONS_PROJECTION_H_
