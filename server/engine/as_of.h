// From a moment to a position.
#ifndef THON_ENGINE_AS_OF_H_
#define THON_ENGINE_AS_OF_H_

#include "absl/status/statusor.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/storage/entry_log.h"

namespace thon {

// Last position of the last entry received at or before `time`; 0 if none was.
absl::StatusOr<Position> PositionAtTime(const EntryLog& log, Instant time);

// Last position before the day after `date` is opened; the log's end if that
// has not happened; 0 if the log begins later. `open_date` is the last day
// opened. Any thread.
absl::StatusOr<Position> PositionAtDate(const EntryLog& log, Date date,
                                        Date open_date);

}  // namespace thon

#endif  // THON_ENGINE_AS_OF_H_
