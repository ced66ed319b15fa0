// The entry log on disk: entries, their Merkle tree, the author table and the
// signatures of commit groups, each group one atomic, synced write.
//
// Words: a group is what one fsync makes durable; [0, tree_size) are the
// entries and [1, next_position) the positions that are durable.
#ifndef THON_STORAGE_ENTRY_LOG_H_
#define THON_STORAGE_ENTRY_LOG_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/core/civil.h"
#include "server/core/entry.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/merkle.h"
#include "server/core/signature.h"
#include "server/storage/database.h"

namespace thon {

// A row of the author table: what the committer must know of an author.
struct AuthorState {
  PublicKey key;
  Sequence next_sequence{1};
  Hash last_batch_hash;  // Zero before the first batch.
  bool server = false;   // A server's author; does not write over the wire.
  bool revoked = false;
  // Batches recorded on `quota_day` since the author was revoked.
  std::int32_t quota_day = 0;
  std::uint32_t quota_used = 0;
  // Forks recorded in `fork_year`.
  std::int32_t fork_year = 0;
  std::uint32_t forks_recorded = 0;
  std::uint64_t forks_seen = 0;
  bool operator==(const AuthorState&) const = default;
};

// One entry of a group to append.
struct NewEntry {
  AuthorId author;
  Sequence first_sequence;
  std::string bytes;  // EncodeEntry().
  Hash leaf_hash;
};

// What one write makes durable.
struct NewGroup {
  std::vector<NewEntry> entries;
  std::vector<std::pair<AuthorId, AuthorState>> authors;  // Changed rows.
  std::string origin;
  Signature signature;  // SignGroup() over the entries' leaf hashes.
};

// The log's end, consistent in itself.
struct LogEnd {
  EntryIndex tree_size{0};
  Position next_position{1};
  Instant last_receive_time;
};

// Thread-safety: Append, PutLocal and DeleteLocal belong to one thread at a
// time (the committer's, or an administrative call while it is stopped);
// everything else may be called from any thread, also while Append runs.
class EntryLog {
 public:
  // Opens or creates DATA/log.
  //
  // kFailedPrecondition: the directory is in use, or from a newer version.
  // kDataLoss: a byte is flipped or what belongs together disagrees; the
  // message names the place and what to do. A torn last write is no error: it
  // was never acknowledged and is dropped.
  // kUnavailable: no permission, no space, other input/output.
  static absl::StatusOr<std::unique_ptr<EntryLog>> Open(
      const StorageOptions& options);
  virtual ~EntryLog() = default;

  // Appends a group as one atomic, synced write. Requires: entries continue
  // positions; next tree index follows. Any error is final: every later call
  // fails with it (the log cannot know what the disk holds).
  virtual absl::Status Append(const NewGroup& group) = 0;

  virtual LogEnd end() const = 0;
  // Root of the durable tree.
  virtual Hash root() const = 0;

  // kNotFound: not durable. kDataLoss: damaged.
  virtual absl::StatusOr<std::string> ReadEntry(EntryIndex index) const = 0;
  // Calls `visit` for entries of [begin, end) in order until it returns false.
  virtual absl::Status ReadEntries(
      EntryIndex begin, EntryIndex end,
      const std::function<bool(EntryIndex, absl::string_view)>& visit)
      const = 0;
  // The entry that holds a position. kNotFound: beyond the end, or 0.
  virtual absl::StatusOr<EntryIndex> FindPosition(Position position) const = 0;
  // The entry that holds an author's event. kNotFound.
  virtual absl::StatusOr<EntryIndex> FindEvent(const AuthorId& author,
                                               Sequence sequence) const = 0;
  // The last entry received at or before `time`; nullopt if none was.
  virtual absl::StatusOr<std::optional<EntryIndex>> FindReceived(
      Instant time) const = 0;

  // Leaf hashes of [begin, end), and any perfect subtree of the durable tree.
  virtual absl::StatusOr<std::vector<Hash>> LeafHashes(
      EntryIndex begin, EntryIndex end) const = 0;
  virtual absl::StatusOr<Hash> Node(merkle::NodeId node) const = 0;

  // The commit group that holds an entry.
  struct StoredGroup {
    EntryIndex first_entry;
    std::uint32_t size = 0;
    std::string origin;
    Signature signature;
  };
  virtual absl::StatusOr<StoredGroup> FindGroup(EntryIndex index) const = 0;

  virtual absl::Status ReadAuthors(
      const std::function<void(const AuthorId&, const AuthorState&)>& visit)
      const = 0;

  // Small facts of this server that are not in the log: hashed tokens, backup
  // positions, a stop that must outlive a restart. Synced.
  virtual absl::Status PutLocal(absl::string_view key,
                                absl::string_view value) = 0;
  virtual absl::Status DeleteLocal(absl::string_view key) = 0;
  virtual absl::StatusOr<std::string> GetLocal(absl::string_view key) const = 0;
  virtual absl::Status ScanLocal(
      absl::string_view prefix,
      const std::function<bool(absl::string_view, absl::string_view)>& visit)
      const = 0;

  // Hashes every entry again from disk, checks positions, trailers, chains of
  // authors, groups and the root; `progress` gets entries done. kDataLoss names
  // the entry.
  virtual absl::Status Check(
      const std::function<void(std::uint64_t)>& progress) const = 0;

  // A consistent copy of DATA/log below `directory` (which must not exist).
  virtual absl::Status Backup(const std::string& directory) const = 0;

  // Free bytes of the file system, as it says.
  virtual absl::StatusOr<std::uint64_t> FreeBytes() const = 0;
  // Bytes on disk after compaction; for thon-bench.
  virtual absl::StatusOr<std::uint64_t> CompactedBytes() = 0;
};

}  // namespace thon

#endif  // THON_STORAGE_ENTRY_LOG_H_
