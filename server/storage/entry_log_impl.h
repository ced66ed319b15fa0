// The entry log over RocksDB. entry_log.cc writes and reads, entry_log_check.cc
// opens and checks.
#ifndef THON_STORAGE_ENTRY_LOG_IMPL_H_
#define THON_STORAGE_ENTRY_LOG_IMPL_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rocksdb/write_batch.h"
#include "server/core/mutex.h"
#include "server/storage/end_mark.h"
#include "server/storage/entry_log.h"
#include "server/storage/key_layout.h"
#include "server/storage/log_database.h"
#include "server/storage/rocks.h"

namespace thon {

class EntryLogImpl final : public EntryLog {
 public:
  // `lock` is null for a log that is not a data directory's, as a backup's.
  static absl::StatusOr<std::unique_ptr<EntryLogImpl>> OpenAt(
      const StorageOptions& options, const std::string& path,
      std::unique_ptr<DirectoryLock> lock);
  // From here on, no tree is kept. Requires: nothing was appended.
  void LeaveTreeOut() { keeps_tree_ = false; }
  ~EntryLogImpl() override = default;

  absl::Status Append(const NewGroup& group) override;
  LogEnd end() const override ABSL_LOCKS_EXCLUDED(mu_);
  Hash root() const override ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<std::string> ReadEntry(EntryIndex index) const override;
  absl::Status ReadEntries(
      EntryIndex begin, EntryIndex end,
      const std::function<bool(EntryIndex, absl::string_view)>& visit)
      const override;
  absl::StatusOr<EntryIndex> FindPosition(Position position) const override;
  absl::StatusOr<EntryIndex> FindEvent(const AuthorId& author,
                                       Sequence sequence) const override;
  absl::StatusOr<std::optional<EntryIndex>> FindReceived(
      Instant time) const override;
  absl::StatusOr<std::vector<Hash>> LeafHashes(EntryIndex begin,
                                               EntryIndex end) const override;
  absl::StatusOr<Hash> Node(merkle::NodeId node) const override;
  absl::StatusOr<StoredGroup> FindGroup(EntryIndex index) const override;
  absl::Status ReadAuthors(
      const std::function<void(const AuthorId&, const AuthorState&)>& visit)
      const override;
  absl::Status PutLocal(absl::string_view key,
                        absl::string_view value) override;
  absl::Status DeleteLocal(absl::string_view key) override;
  absl::StatusOr<std::string> GetLocal(absl::string_view key) const override;
  absl::Status ScanLocal(
      absl::string_view prefix,
      const std::function<bool(absl::string_view, absl::string_view)>& visit)
      const override;
  absl::Status Check(
      const std::function<void(std::uint64_t)>& progress) const override;
  absl::Status Backup(const std::string& directory) const override;
  absl::StatusOr<std::uint64_t> FreeBytes() const override;
  absl::StatusOr<std::uint64_t> CompactedBytes() override;

 private:
  // What was found of an author's chain while entries were read in order.
  struct Chain {
    Sequence next;
    Hash last;
  };
  using Chains = std::map<AuthorId, Chain>;

  EntryLogImpl(std::string path, std::unique_ptr<DirectoryLock> lock,
               std::unique_ptr<LogDatabase> database)
      : path_(std::move(path)),
        lock_(std::move(lock)),
        database_(std::move(database)) {}

  // Writes one batch, synced. An error becomes write_error_.
  absl::Status Write(rocksdb::WriteBatch* batch);
  void NoteEnd();

  absl::StatusOr<std::string> Get(Family family, absl::string_view key,
                                  absl::string_view what) const;
  absl::StatusOr<LeafRecord> ReadLeaf(EntryIndex index) const;
  // The first of the durable entries whose leaf is not `before`; the size of
  // the tree if all are. Requires that `before` is true up to some entry.
  absl::StatusOr<EntryIndex> PartitionPoint(
      const std::function<bool(const LeafRecord&)>& before) const;
  // `count` hashes of a stored level, from `first` on.
  absl::StatusOr<std::vector<Hash>> StoredHashes(int level, std::uint64_t first,
                                                 std::uint64_t count) const;
  merkle::NodeReader NodesBelow(std::uint64_t tree_size) const;
  absl::StatusOr<Hash> ReadNode(merkle::NodeId node,
                                std::uint64_t tree_size) const;

  // Opening.
  absl::Status Load();
  absl::Status CheckFormat();
  absl::Status CheckCounters();
  absl::Status CheckTail() const;
  absl::Status CheckEndMark() const;

  // Checking. A walk goes over entries of [begin, end) in order.
  absl::Status CheckEntry(EntryIndex index, absl::string_view bytes,
                          Position* next_position, Instant* last_received,
                          Chains* chains, Hash* leaf_hash) const;
  absl::Status CheckEntries(const LogEnd& end, const Hash& root,
                            const std::function<void(std::uint64_t)>& progress,
                            Chains* chains) const;
  absl::Status CheckAuthors(const Chains& chains) const;
  absl::Status CheckGroups(std::uint64_t tree_size) const;
  absl::Status CheckLocal() const;
  // Families that hold one record an entry hold no others.
  absl::Status CheckCounts(std::uint64_t tree_size) const;
  absl::Status Damaged(absl::string_view what) const;

  const std::string path_;  // DATA/log
  const std::unique_ptr<DirectoryLock> lock_;
  const std::unique_ptr<LogDatabase> database_;
  std::unique_ptr<EndMarkWriter> end_mark_;  // Null until loaded.

  // The writing thread's.
  absl::Status write_error_;  // Sticky.
  bool keeps_tree_ = true;    // False: see treeless_log.h.
  merkle::Frontier frontier_;

  mutable Mutex mu_;
  LogEnd end_ ABSL_GUARDED_BY(mu_);
  Hash root_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon

#endif  // THON_STORAGE_ENTRY_LOG_IMPL_H_
