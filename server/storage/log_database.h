// DATA/log as RocksDB sees it: its column families and how it is opened.
#ifndef THON_STORAGE_LOG_DATABASE_H_
#define THON_STORAGE_LOG_DATABASE_H_

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"
#include "server/storage/database.h"

namespace thon {

// What each holds: FORMAT.md.
enum class Family {
  kMeta,
  kEntries,
  kLeaves,
  kNodes,
  kAuthors,
  kAuthorBatches,
  kGroups,
  kLocal,
};
inline constexpr std::size_t kFamilies = 8;
inline constexpr std::array<const char*, kFamilies> kFamilyNames = {
    "default", "entries",        "leaves", "nodes",
    "authors", "author_batches", "groups", "local"};

// Thread-safety: as rocksdb::DB.
class LogDatabase {
 public:
  // Opens or creates the database in `path`, after looking at its write-ahead
  // log (wal_scan.h). Takes RocksDB's own lock, not DATA/LOCK.
  //
  // kFailedPrecondition: in use, or it holds families that a newer version
  // made. kDataLoss, kUnavailable: as EntryLog::Open().
  static absl::StatusOr<std::unique_ptr<LogDatabase>> Open(
      const StorageOptions& options, const std::string& path);
  ~LogDatabase();
  LogDatabase(const LogDatabase&) = delete;
  LogDatabase& operator=(const LogDatabase&) = delete;

  rocksdb::DB& db() const { return *db_; }
  rocksdb::ColumnFamilyHandle* handle(Family family) const {
    return handles_[static_cast<std::size_t>(family)];
  }
  const std::array<rocksdb::ColumnFamilyHandle*, kFamilies>& handles() const {
    return handles_;
  }
  rocksdb::FileSystem& file_system() const { return *fs_; }

 private:
  LogDatabase() = default;

  std::shared_ptr<rocksdb::FileSystem> fs_;
  std::unique_ptr<rocksdb::Env> env_;  // Outlives db_.
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> handles_{};
};

}  // namespace thon

#endif  // THON_STORAGE_LOG_DATABASE_H_
