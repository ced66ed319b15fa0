// Which entries an auditor asked for. No gRPC here, so that tests compare with
// a plain reading of the whole log.
#ifndef THON_RPC_AUDIT_FILTER_H_
#define THON_RPC_AUDIT_FILTER_H_

#include <google/protobuf/arena.h>

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/ids.h"
#include "server/rpc/audit_shared.h"
#include "server/storage/entry_log.h"
#include "thon/v1/audit_service.pb.h"

namespace thon {

// The filters of a StreamEntriesRequest; each that is not empty must let an
// entry pass.
struct EntryFilter {
  std::set<std::uint64_t> teams;
  std::set<AuthorId> authors;
  std::set<int> kinds;  // Numbers of fields of Event.

  bool LooksInside() const { return !teams.empty() || !kinds.empty(); }
  AccessFilter AsText() const;
};

// kInvalidArgument, with the field.
absl::StatusOr<EntryFilter> NormaliseFilter(
    const v1::StreamEntriesRequest& request);

// Whether an entry has an event of one of the teams, and one of one of the
// kinds. kDataLoss: it holds no batch.
//
// Thread-safety: none.
class EntryMatcher {
 public:
  // `filter` is not owned and outlives the matcher.
  explicit EntryMatcher(const EntryFilter* filter) : filter_(*filter) {}
  absl::StatusOr<bool> Matches(absl::string_view entry);

 private:
  const EntryFilter& filter_;
  google::protobuf::Arena arena_;
};

// The entries of some authors in the log's order, found by the author index
// without reading what lies between them.
//
// Thread-safety: none.
class AuthorEntries {
 public:
  // From entry `first` on. `log` is not owned and outlives it.
  static absl::StatusOr<AuthorEntries> Begin(const EntryLog* log,
                                             const std::set<AuthorId>& authors,
                                             EntryIndex first);

  // The next entry below `limit`, which must never shrink; nullopt: none by
  // now.
  absl::StatusOr<std::optional<EntryIndex>> Peek(EntryIndex limit);
  // Goes behind the entry that Peek() gave, which holds `event_count` events.
  absl::Status Advance(std::uint64_t event_count);

 private:
  struct Cursor {
    AuthorId author;
    Sequence next;                    // First number of the next batch.
    std::optional<EntryIndex> entry;  // Where it is; nullopt: not yet.
  };
  explicit AuthorEntries(const EntryLog* log) : log_(log) {}
  absl::StatusOr<std::optional<EntryIndex>> EntryOf(const AuthorId& author,
                                                    Sequence number) const;
  absl::StatusOr<Cursor> Seek(const AuthorId& author, EntryIndex first) const;

  const EntryLog* log_;
  std::vector<Cursor> cursors_;
  Cursor* peeked_ = nullptr;
  EntryIndex looked_at_{0};  // The limit for which all were looked up.
};

}  // namespace thon

#endif  // THON_RPC_AUDIT_FILTER_H_
