// What the calls of AuditService have in common: who may make them, how their
// errors are said, how their reading is noted in the log, and the turns in
// which long ones work.
#ifndef THON_RPC_AUDIT_SHARED_H_
#define THON_RPC_AUDIT_SHARED_H_

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/entry.h"
#include "server/core/ids.h"
#include "server/core/limits.h"
#include "server/projections/state_root.h"
#include "server/rpc/calls.h"
#include "server/rpc/turn_queue.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/log.pb.h"

namespace thon {

// One a service. Not owned by the calls, outlives them.
struct AuditShared {
  explicit AuditShared(const Calls* all_calls)
      : calls(all_calls),
        entry_turns(&all_calls->pool()),
        row_turns(&all_calls->pool()) {}

  const Calls* const calls;
  // One chunk of entries at a time, of all streams; one step of a scan of rows
  // at a time: two of the workers at most, so that other calls find one.
  TurnQueue entry_turns;
  TurnQueue row_turns;
  // Streams that have been let in.
  std::atomic<std::size_t> streams{0};
};

// READER on the whole log, now.
absl::Status MayAudit(const Engine& engine, OfficerId officer);

// INVALID_FIELD, BEYOND_END, and no such thing, each with its field.
absl::Status BadField(absl::string_view field, absl::string_view message);
absl::Status BeyondEnd(absl::StatusCode code, absl::string_view field,
                       absl::string_view message);

// kNotFound: no projection has this name.
absl::StatusOr<const ProjectionTables*> FindProjection(absl::string_view name);

// The position to read rows at: 0 is the newest rows. kNotFound: beyond the
// log.
absl::StatusOr<Position> RowsPosition(const Engine& engine,
                                      std::uint64_t wanted,
                                      absl::string_view field);

// A filter as the access log keeps it: "kinds=task_completed teams=4,7", each
// list sorted. What does not fit is cut at an item, and the whole is named by
// its hash.
class AccessFilter {
 public:
  // Does nothing without values.
  AccessFilter& Add(absl::string_view name, std::vector<std::string> values);
  AccessFilter& Add(absl::string_view name, absl::string_view value);
  std::string Text() const;

 private:
  std::string text_;
};

// Notes the reading; `last` 0: it goes on as the log grows.
void NoteAccess(Engine* engine, OfficerId officer, v1::AccessKind kind,
                Position first, Position last, const AccessFilter& filter);

// An entry as it was recorded.
struct RecordedBatch {
  std::string bytes;  // The entry's.
  EntryTrailer trailer;
  v1::Batch batch;
  absl::string_view batch_bytes() const {
    return absl::string_view(bytes).substr(
        0, bytes.size() - limits::kEntryTrailerBytes);
  }
};
// kNotFound: beyond the log. kDataLoss: damaged.
absl::StatusOr<RecordedBatch> ReadBatch(const EntryLog& log, EntryIndex entry);

// The position of the first event of an entry; of the log's end, the next
// position. kDataLoss.
absl::StatusOr<Position> FirstPositionOf(const EntryLog& log, EntryIndex entry);

}  // namespace thon

#endif  // THON_RPC_AUDIT_SHARED_H_
