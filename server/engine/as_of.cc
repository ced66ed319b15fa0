#include "server/engine/as_of.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/entry.h"
#include "thon/v1/log.pb.h"

namespace thon {
namespace {

// Whether the batch opens a day after `date`. A phone could write such an event
// into a batch of its own; the caller meets the server's first.
bool OpensDayAfter(absl::string_view batch_bytes, Date date) {
  v1::Batch batch;
  if (ParseBatch(batch_bytes, &batch) != BatchFault::kNone) return false;
  for (const v1::Event& event : batch.events()) {
    if (event.has_day_opened() && event.day_opened().local_date() > date.days) {
      return true;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<Position> PositionAtTime(const EntryLog& log, Instant time) {
  const absl::StatusOr<std::optional<EntryIndex>> index =
      log.FindReceived(time);
  if (!index.ok()) return index.status();
  if (!index->has_value()) return Position(0);
  const absl::StatusOr<std::string> entry = log.ReadEntry(**index);
  if (!entry.ok()) return entry.status();
  const absl::StatusOr<EntryView> view = ParseEntry(*entry);
  if (!view.ok()) return view.status();
  return view->trailer.last_position();
}

absl::StatusOr<Position> PositionAtDate(const EntryLog& log, Date date,
                                        Date open_date) {
  const LogEnd end = log.end();
  if (date >= open_date) return Position(end.next_position.value - 1);
  // What was received on the day or before lies before; behind it come the days
  // that passed, an entry each, before anything else that was received later
  // (but for EpochOpened). So the day wanted is found in a few steps.
  const Instant last_ms(TimeZone::VietNam().StartOf(date.Next()).ms - 1);
  const absl::StatusOr<std::optional<EntryIndex>> last =
      log.FindReceived(last_ms);
  if (!last.ok()) return last.status();
  const EntryIndex begin = last->has_value() ? (**last).Next() : EntryIndex(0);
  Position position(0);
  if (last->has_value()) {
    const absl::StatusOr<Position> at = PositionAtTime(log, last_ms);
    if (!at.ok()) return at;
    position = *at;
  }
  absl::Status fault;
  const absl::Status read = log.ReadEntries(
      begin, end.tree_size, [&](EntryIndex, absl::string_view bytes) {
        const absl::StatusOr<EntryView> view = ParseEntry(bytes);
        fault = view.status();
        if (!view.ok() || OpensDayAfter(view->batch, date)) return false;
        position = view->trailer.last_position();
        return true;
      });
  if (!fault.ok()) return fault;
  if (!read.ok()) return read;
  return position;
}

}  // namespace thon
