// Versioned rows on disk: (table, key, position) -> value.
#ifndef THON_STORAGE_ROW_STORE_H_
#define THON_STORAGE_ROW_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"
#include "server/projections/row_overlay.h"
#include "server/storage/database.h"

namespace thon {

// How far rows reach: everything up to `position`, the last of entries
// [0, next_entry).
struct RowsEnd {
  EntryIndex next_entry{0};
  Position position{0};
};

// What a row was, not only what it is. Every reader that RowStore::At gives is
// one as well.
class RowHistory {
 public:
  virtual ~RowHistory() = default;

  // Calls `visit` for the versions of a row up to the reader's position and
  // after `after`, the newest first, until it returns false. nullopt: from
  // there on the row did not exist.
  using VersionVisitor = std::function<bool(
      Position position, const std::optional<std::string>& value)>;
  virtual void Versions(Table table, absl::string_view key, Position after,
                        const VersionVisitor& visit) const = 0;
};

// Thread-safety: Write and Reset belong to one thread, the projector's; the
// rest may be called from any thread.
class RowStore {
 public:
  // Opens or creates DATA/rows. `signature` is Fold::signature(): if the stored
  // one differs, or the store is damaged or was left in the middle of a
  // rebuild, it is emptied, and end() is zero: the caller folds from the first
  // entry again.
  // kFailedPrecondition: in use, or from a newer version. kUnavailable: other.
  static absl::StatusOr<std::unique_ptr<RowStore>> Open(
      const StorageOptions& options, absl::string_view signature);
  virtual ~RowStore() = default;

  // Stores versions at `position`, in key order, in writes of at most 8 MiB;
  // end() moves with the last. Readers never see beyond end(); versions beyond
  // it that a crash left are overwritten by the same fold.
  // `position` is the last position of entry `next_entry` - 1. Any error is
  // final for this object.
  struct EntryRows {
    EntryIndex entry;
    Position position;
    std::vector<NewRowVersion> versions;
  };
  virtual absl::Status Write(const std::vector<EntryRows>& entries) = 0;

  virtual RowsEnd end() const = 0;

  // Why Open() emptied the store, for the server's log: "" if it did not.
  virtual std::string was_reset() const = 0;

  // Rows as of `position`, which may not be beyond end(). The reader holds a
  // snapshot: what is written later does not change it. It must not outlive the
  // store. Thread-safe. A reader that meets a damaged block stops the process
  // (rows cannot be trusted any more) after marking the store, so that the next
  // Open() empties it.
  virtual std::unique_ptr<RowReader> At(Position position) const = 0;

  // Empties the store.
  virtual absl::Status Reset() = 0;
  virtual absl::StatusOr<std::uint64_t> CompactedBytes() = 0;
};

}  // namespace thon

#endif  // THON_STORAGE_ROW_STORE_H_
