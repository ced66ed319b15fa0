// Folds the log into the row store, a bounded piece at a time.
#ifndef THON_ENGINE_ROW_FOLDER_H_
#define THON_ENGINE_ROW_FOLDER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "server/core/ids.h"
#include "server/core/limits.h"
#include "server/engine/engine_stats.h"
#include "server/engine/log_events.h"
#include "server/projections/fold.h"
#include "server/projections/row_overlay.h"
#include "server/storage/entry_log.h"
#include "server/storage/row_store.h"

namespace thon {

// Thread-safety: none; it is the row store's one writer.
class RowFolder {
 public:
  struct Options {
    std::size_t cache_bytes = 96u << 20;
    // One write to the store ends at the entry that reaches either.
    std::size_t write_bytes = limits::kProjectorWriteBytesMax;
    std::size_t write_entries = 1024;
    // If set: called after each write, when its rows can be read, with what was
    // written and how far rows reach.
    std::function<void(const std::vector<RowStore::EntryRows>&, Position)>
        on_written = nullptr;
    // If set: counts each fold. Not owned; outlives the folder.
    EngineStats* stats = nullptr;
  };

  // Neither is owned; both outlive it.
  RowFolder(const EntryLog* log, RowStore* store, Options options);

  // Folds entries behind the store's end and before `end`, for one write at
  // most. Requires: there is one. Any error is final: the store holds what was
  // written before, and this object is of no more use.
  absl::Status Step(EntryIndex end);

 private:
  absl::Status FoldEntries(EntryIndex begin, EntryIndex end,
                           std::vector<RowStore::EntryRows>* rows);

  const EntryLog* const log_;
  RowStore* const store_;
  const Options options_;
  Fold fold_;
  LogEvents events_;
  RowOverlay overlay_;
};

// Empties the store and folds the whole log again; for tools and the bench.
// `progress`, if given, gets the number of entries done after each write. No
// projector may be running.
absl::Status RebuildRows(const EntryLog& log, RowStore& store,
                         const RowFolder::Options& options,
                         const std::function<void(std::uint64_t)>& progress);

}  // namespace thon

#endif  // THON_ENGINE_ROW_FOLDER_H_
