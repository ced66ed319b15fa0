#include "server/storage/log_database.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/cache.h"
#include "rocksdb/convenience.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"
#include "server/storage/rocks.h"
#include "server/storage/wal_scan.h"

namespace thon {
namespace {

// Entries, leaves, nodes and groups come in key order: their files never
// overlap and are moved down the levels, not rewritten, as long as all levels
// have one compression.
rocksdb::ColumnFamilyOptions FamilyOptions(
    const StorageOptions& options, Family family,
    const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  table.block_size = family == Family::kEntries ? 32 << 10 : 8 << 10;
  table.cache_index_and_filter_blocks = false;

  rocksdb::ColumnFamilyOptions out;
  out.compression = rocksdb::kLZ4Compression;
  out.force_consistency_checks = true;
  out.max_write_buffer_number = 3;
  out.write_buffer_size = options.write_buffer_bytes;
  out.target_file_size_base = 64u << 20;
  if (family != Family::kEntries) out.arena_block_size = 64u << 10;
  // A burst may run ahead of compaction: entries only move.
  out.level0_slowdown_writes_trigger = 40;
  out.level0_stop_writes_trigger = 80;
  if (family == Family::kAuthors || family == Family::kLocal) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  }
  out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return out;
}

rocksdb::DBOptions DatabaseOptions(rocksdb::Env* env) {
  rocksdb::DBOptions options = BaseDatabaseOptions(env);
  options.wal_recovery_mode =
      rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  // All families reach the disk together, so that a log file that is gone was
  // needed by none of them.
  options.atomic_flush = true;
  return options;
}

// Without CURRENT, RocksDB would make a new database over an old one.
absl::Status CheckNotBeheaded(rocksdb::FileSystem& fs,
                              const std::string& path) {
  absl::StatusOr<std::vector<std::string>> names = ListFiles(fs, path);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (absl::EndsWith(name, ".sst") || name == "END") {
      return absl::DataLossError(
          absl::StrCat(path, "/CURRENT is missing, but ", path, "/", name,
                       " is there: restore the last backup"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckFamiliesKnown(const std::string& path,
                                const rocksdb::DBOptions& options) {
  std::vector<std::string> names;
  const rocksdb::Status status =
      rocksdb::DB::ListColumnFamilies(options, path, &names);
  if (!status.ok()) return ToStatus(status, path);
  for (const std::string& name : names) {
    if (std::find(kFamilyNames.begin(), kFamilyNames.end(), name) ==
        kFamilyNames.end()) {
      return absl::FailedPreconditionError(absl::StrCat(
          path, " holds a table \"", name,
          "\" that this version does not know: it was written by a newer "
          "version of thond. Use that version or a later one"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<LogDatabase>> LogDatabase::Open(
    const StorageOptions& options, const std::string& path) {
  std::unique_ptr<LogDatabase> log(new LogDatabase());
  log->fs_ = FileSystemOf(options);
  log->env_ = rocksdb::NewCompositeEnv(log->fs_);
  rocksdb::FileSystem& fs = *log->fs_;
  rocksdb::Status status =
      fs.CreateDirIfMissing(path, rocksdb::IOOptions(), nullptr);
  if (!status.ok()) return ToStatus(status, path);

  const rocksdb::DBOptions database = DatabaseOptions(log->env_.get());
  absl::Status ready;
  if (Exists(fs, path + "/CURRENT")) {
    ready = PrepareSyncedWals(fs, path);
    if (ready.ok()) ready = CheckFamiliesKnown(path, database);
  } else {
    ready = CheckNotBeheaded(fs, path);
  }
  if (!ready.ok()) return ready;

  const std::shared_ptr<rocksdb::Cache> cache =
      rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (std::size_t i = 0; i < kFamilies; ++i) {
    families.emplace_back(
        kFamilyNames[i], FamilyOptions(options, static_cast<Family>(i), cache));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  status = rocksdb::DB::Open(database, path, families, &handles, &db);
  if (!status.ok()) {
    const std::string text = status.ToString();
    if (absl::StrContains(text, "While lock file") ||
        absl::StrContains(text, "lock hold by current process")) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, " is in use: stop the program that has it open"));
    }
    return ToStatus(status, path);
  }
  log->db_.reset(db);
  std::copy(handles.begin(), handles.end(), log->handles_.begin());
  return log;
}

LogDatabase::~LogDatabase() {
  if (db_ == nullptr) return;
  // A flush under way holds its family; none may be left when families go.
  rocksdb::CancelAllBackgroundWork(db_.get(), /*wait=*/true);
  for (rocksdb::ColumnFamilyHandle* handle : handles_) {
    db_->DestroyColumnFamilyHandle(handle);
  }
  db_->Close();
}

}  // namespace thon
