#include "server/storage/row_store.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/cache.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/slice_transform.h"
#include "rocksdb/table.h"
#include "rocksdb/write_batch.h"
#include "server/core/check.h"
#include "server/core/limits.h"
#include "server/core/mutex.h"
#include "server/storage/key_layout.h"
#include "server/storage/rocks.h"
#include "server/storage/wal_scan.h"

namespace thon {
namespace {

using rocksdb::ReadOptions;

constexpr char kDeletion = 0;
constexpr char kValue = 1;
// Written beside the rows by a reader that met a damaged block.
constexpr absl::string_view kDamagedFile = "/DAMAGED";

// All versions of a row share a prefix: its stem. (The store's own record,
// under table 0, has none.)
class RowStemTransform final : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "thon.RowStem"; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), key.size() - kRowPositionBytes};
  }
  bool InDomain(const rocksdb::Slice& key) const override {
    return key.size() >= 3 + kRowPositionBytes && key[0] != '\0';
  }
};

rocksdb::Options DatabaseOptions(const StorageOptions& options,
                                 rocksdb::Env* env) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  table.block_size = 8 << 10;
  table.whole_key_filtering = false;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));

  rocksdb::Options out(BaseDatabaseOptions(env),
                       rocksdb::ColumnFamilyOptions());
  // The log is not synced: after a power cut a prefix of it is enough.
  out.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  out.prefix_extractor = std::make_shared<RowStemTransform>();
  out.memtable_prefix_bloom_size_ratio = 0.05;
  // Memtables are switched by Write(), which syncs the log first.
  out.write_buffer_size = options.write_buffer_bytes + (64u << 20);
  out.arena_block_size = 1 << 20;
  out.max_write_buffer_number = 3;
  out.compression = rocksdb::kLZ4Compression;
  out.bottommost_compression = rocksdb::kZSTD;
  out.bottommost_compression_opts.enabled = true;
  out.bottommost_compression_opts.level = 1;
  out.level_compaction_dynamic_level_bytes = true;
  out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return out;
}

[[noreturn]] void StopDamaged(rocksdb::FileSystem& fs, const std::string& path,
                              absl::string_view what) {
  // The next Open() finds it and empties the store.
  const absl::Status marked =
      ReplaceFile(fs, absl::StrCat(path, kDamagedFile), "damaged\n");
  std::fprintf(
      stderr, "the rows at %s cannot be read (%s); start again: %s\n",
      path.c_str(), std::string(what).c_str(),
      marked.ok() ? "they will be built again" : "delete that directory first");
  std::abort();
}

// An open database; the store replaces it as a whole when it is emptied.
struct Database {
  std::unique_ptr<rocksdb::Env> env;  // Outlives db.
  std::unique_ptr<rocksdb::DB> db;
};

class RowStoreImpl;

class Reader final : public RowReader, public RowHistory {
 public:
  Reader(const RowStoreImpl* store, rocksdb::DB* db, Position position)
      : store_(store),
        db_(db),
        snapshot_(db->GetSnapshot()),
        position_(position) {}
  ~Reader() override {
    {
      MutexLock lock(&mu_);
      idle_.clear();
    }
    db_->ReleaseSnapshot(snapshot_);
  }

  std::optional<RowVersion> Get(Table table,
                                absl::string_view key) const override;
  void Scan(Table table, absl::string_view prefix, absl::string_view start,
            const Visitor& visit) const override;
  void Versions(Table table, absl::string_view key, Position after,
                const VersionVisitor& visit) const override;

 private:
  using Iterator = std::unique_ptr<rocksdb::Iterator>;
  static constexpr std::size_t kIdleMax = 4;

  // An iterator that sees one row's versions; given back for the next Get.
  Iterator TakeIterator() const ABSL_LOCKS_EXCLUDED(mu_);
  void GiveBack(Iterator it) const ABSL_LOCKS_EXCLUDED(mu_);
  void CheckIterator(const rocksdb::Iterator& it) const;

  const RowStoreImpl* const store_;
  rocksdb::DB* const db_;
  const rocksdb::Snapshot* const snapshot_;
  const Position position_;
  mutable Mutex mu_;
  mutable std::vector<Iterator> idle_ ABSL_GUARDED_BY(mu_);
};

class RowStoreImpl final : public RowStore {
 public:
  RowStoreImpl(StorageOptions options, absl::string_view signature)
      : options_(std::move(options)),
        path_(options_.directory + "/rows"),
        old_path_(options_.directory + "/rows.old"),
        signature_(signature),
        fs_(FileSystemOf(options_)) {}

  absl::Status Load();

  absl::Status Write(const std::vector<EntryRows>& entries) override;
  RowsEnd end() const override {
    MutexLock lock(&mu_);
    return end_;
  }
  std::string was_reset() const override { return was_reset_; }
  std::unique_ptr<RowReader> At(Position position) const override {
    THON_CHECK(position <= end().position);
    return std::make_unique<Reader>(this, database_.db.get(), position);
  }
  absl::Status Reset() override;
  absl::StatusOr<std::uint64_t> CompactedBytes() override;

  [[noreturn]] void Stop(absl::string_view what) const {
    StopDamaged(*fs_, path_, what);
  }

 private:
  absl::Status OpenDatabase();
  // Why the store must be emptied; "" if it is as it should be.
  absl::StatusOr<std::string> LoadMeta();
  absl::Status Empty();
  absl::Status WriteBatch(rocksdb::WriteBatch* batch);
  absl::Status WriteError(const rocksdb::Status& status);

  const StorageOptions options_;
  const std::string path_;      // DATA/rows
  const std::string old_path_;  // What Reset() takes away.
  const std::string signature_;
  const std::shared_ptr<rocksdb::FileSystem> fs_;
  Database database_;
  std::string was_reset_;
  absl::Status write_error_;  // Sticky. The projector's thread.
  // Empty between two writes; kept for its memory. The projector's thread.
  rocksdb::WriteBatch batch_;

  mutable Mutex mu_;
  RowsEnd end_ ABSL_GUARDED_BY(mu_);
};

Reader::Iterator Reader::TakeIterator() const {
  {
    MutexLock lock(&mu_);
    if (!idle_.empty()) {
      Iterator it = std::move(idle_.back());
      idle_.pop_back();
      return it;
    }
  }
  ReadOptions options;
  options.snapshot = snapshot_;
  options.prefix_same_as_start = true;
  return Iterator(db_->NewIterator(options));
}

void Reader::GiveBack(Iterator it) const {
  MutexLock lock(&mu_);
  if (idle_.size() < kIdleMax) idle_.push_back(std::move(it));
}

void Reader::CheckIterator(const rocksdb::Iterator& it) const {
  if (!it.status().ok()) store_->Stop(it.status().ToString());
}

// The row in a value that RocksDB owns. By itself, for tests/support/tsan.supp.
ABSL_ATTRIBUTE_NOINLINE std::string CopyRow(absl::string_view value) {
  return std::string(value.substr(1));
}

std::optional<RowVersion> Reader::Get(Table table,
                                      absl::string_view key) const {
  std::string target = RowStem(table, key);
  const std::size_t stem_size = target.size();
  AppendRowPosition(position_, &target);
  Iterator it = TakeIterator();
  it->Seek(target);
  CheckIterator(*it);
  std::optional<RowVersion> row;
  if (it->Valid() &&
      absl::StartsWith(ToView(it->key()),
                       absl::string_view(target).substr(0, stem_size))) {
    const absl::string_view value = ToView(it->value());
    absl::string_view inverted = ToView(it->key()).substr(stem_size);
    if (value.empty() || inverted.size() != kRowPositionBytes) {
      store_->Stop("a row is malformed");
    }
    if (value[0] == kValue) {
      row.emplace();
      row->value = CopyRow(value);
      std::string unused;
      DecodeRowKey(ToView(it->key()), &unused, &row->position);
    }
  }
  GiveBack(std::move(it));
  return row;
}

void Reader::Scan(Table table, absl::string_view prefix,
                  absl::string_view start, const Visitor& visit) const {
  ReadOptions options;
  options.snapshot = snapshot_;
  options.total_order_seek = true;
  const Iterator it(db_->NewIterator(options));
  const std::string within = RowPrefix(table, prefix);
  it->Seek(std::max(within, RowPrefix(table, start)));
  std::string key;
  Position position;
  while (it->Valid() && absl::StartsWith(ToView(it->key()), within)) {
    if (!DecodeRowKey(ToView(it->key()), &key, &position)) {
      store_->Stop("a row's key is malformed");
    }
    const std::string stem(
        ToView(it->key()).substr(0, it->key().size() - kRowPositionBytes));
    if (position > position_) {
      std::string target = stem;
      AppendRowPosition(position_, &target);
      it->Seek(target);
      continue;  // At a version to show, or at the next row.
    }
    const absl::string_view value = ToView(it->value());
    if (value.empty()) store_->Stop("a row is malformed");
    if (value[0] == kValue) {
      if (!visit(key, {CopyRow(value), position})) return;
    }
    // Older versions: a few steps, then a leap.
    int steps = 0;
    do {
      it->Next();
    } while (++steps < 4 && it->Valid() &&
             absl::StartsWith(ToView(it->key()), stem));
    if (it->Valid() && absl::StartsWith(ToView(it->key()), stem)) {
      it->Seek(RowStemEnd(stem));
    }
  }
  CheckIterator(*it);
}

void Reader::Versions(Table table, absl::string_view key, Position after,
                      const VersionVisitor& visit) const {
  std::string target = RowStem(table, key);
  const std::string stem = target;
  AppendRowPosition(position_, &target);
  Iterator it = TakeIterator();
  std::string unused;
  for (it->Seek(target);
       it->Valid() && absl::StartsWith(ToView(it->key()), stem); it->Next()) {
    Position position;
    const absl::string_view value = ToView(it->value());
    if (value.empty() || !DecodeRowKey(ToView(it->key()), &unused, &position)) {
      store_->Stop("a row is malformed");
    }
    if (position <= after) break;
    std::optional<std::string> copy;
    if (value[0] == kValue) copy = CopyRow(value);
    if (!visit(position, copy)) break;
  }
  CheckIterator(*it);
  GiveBack(std::move(it));
}

absl::Status RowStoreImpl::OpenDatabase() {
  database_.env = rocksdb::NewCompositeEnv(fs_);
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(
      DatabaseOptions(options_, database_.env.get()), path_, &db);
  if (status.ok()) {
    database_.db.reset(db);
    return absl::OkStatus();
  }
  const std::string text = status.ToString();
  if (absl::StrContains(text, "While lock file") ||
      absl::StrContains(text, "lock hold by current process")) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, " is in use: stop the program that has it open"));
  }
  // Whatever is wrong with files that can be made again is damage, except what
  // making them again would run into as well.
  if (status.IsInvalidArgument() || status.IsNotFound() ||
      status.IsPathNotFound()) {
    return absl::DataLossError(text);
  }
  return ToStatus(status, path_);
}

absl::StatusOr<std::string> RowStoreImpl::LoadMeta() {
  std::string value;
  const rocksdb::Status status =
      database_.db->Get(ReadOptions(), ToSlice(kRowsMetaKey), &value);
  if (status.IsNotFound()) {
    ReadOptions options;
    options.total_order_seek = true;
    const std::unique_ptr<rocksdb::Iterator> it(
        database_.db->NewIterator(options));
    it->SeekToFirst();
    if (it->Valid()) return std::string("its own record is missing");
    rocksdb::WriteBatch batch;
    batch.Put(ToSlice(kRowsMetaKey), EncodeRowsMeta({RowsEnd{}, signature_}));
    if (absl::Status put = WriteBatch(&batch); !put.ok()) return put;
    return std::string();
  }
  if (!status.ok()) return absl::StrCat("damaged: ", status.ToString());
  const std::optional<std::uint32_t> format = DecodeRowsFormat(value);
  if (!format.has_value()) return std::string("its own record is damaged");
  if (*format > kRowsFormat) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, " has format ", *format,
                     "; this version of thond reads format ", kRowsFormat,
                     ". Use the version that wrote it, or a later one, or "
                     "delete the directory: rows are computed from the log"));
  }
  const std::optional<RowsMeta> meta = DecodeRowsMeta(value);
  if (!meta.has_value()) return std::string("its format is an older one");
  if (meta->signature != signature_) {
    return absl::StrCat("it was written by \"", meta->signature,
                        "\", now it is \"", signature_, "\"");
  }
  MutexLock lock(&mu_);
  end_ = meta->end;
  return std::string();
}

absl::Status RowStoreImpl::Empty() {
  database_.db.reset();
  absl::Status status = RemoveDirectory(*fs_, old_path_);
  if (!status.ok()) return status;
  // In one step: half-deleted rows could look like rows.
  if (Exists(*fs_, path_)) {
    status = ToStatus(
        fs_->RenameFile(path_, old_path_, rocksdb::IOOptions(), nullptr),
        path_);
    if (status.ok()) status = SyncDirectory(*fs_, options_.directory);
    if (status.ok()) status = RemoveDirectory(*fs_, old_path_);
    if (!status.ok()) return status;
  }
  {
    MutexLock lock(&mu_);
    end_ = RowsEnd{};
  }
  status = OpenDatabase();
  if (!status.ok()) return status;
  const absl::StatusOr<std::string> wrong = LoadMeta();
  if (!wrong.ok()) return wrong.status();
  if (!wrong->empty()) return absl::InternalError(*wrong);
  return absl::OkStatus();
}

absl::Status RowStoreImpl::Load() {
  absl::Status status =
      ToStatus(fs_->CreateDirIfMissing(options_.directory, rocksdb::IOOptions(),
                                       nullptr),
               options_.directory);
  if (status.ok()) status = RemoveDirectory(*fs_, old_path_);
  if (!status.ok()) return status;
  std::string why;
  if (Exists(*fs_, path_)) {
    // Nothing is renamed under another program's feet.
    const absl::StatusOr<std::unique_ptr<DirectoryLock>> lock =
        DirectoryLock::Take(fs_, path_);
    if (!lock.ok()) return lock.status();
    const absl::StatusOr<bool> prefix = CutUnsyncedWals(*fs_, path_);
    if (!prefix.ok()) return prefix.status();
    if (Exists(*fs_, absl::StrCat(path_, kDamagedFile))) {
      why = "a reader found it damaged";
    } else if (!*prefix) {
      why = "its log is damaged";
    }
  }
  if (why.empty()) {
    status = OpenDatabase();
    if (absl::IsDataLoss(status)) {
      why = std::string(status.message());
    } else if (!status.ok()) {
      return status;
    }
  }
  if (why.empty()) {
    absl::StatusOr<std::string> wrong = LoadMeta();
    if (!wrong.ok()) return wrong.status();
    why = *std::move(wrong);
  }
  if (why.empty()) return absl::OkStatus();
  was_reset_ = why;
  return Empty();
}

absl::Status RowStoreImpl::WriteError(const rocksdb::Status& status) {
  write_error_ = absl::UnavailableError(absl::StrCat(
      "the rows at ", path_,
      " could not be written; check the disk and start the server again: ",
      status.ToString()));
  return write_error_;
}

absl::Status RowStoreImpl::WriteBatch(rocksdb::WriteBatch* batch) {
  if (!write_error_.ok()) return write_error_;
  rocksdb::DB& db = *database_.db;
  rocksdb::Status status = db.Write(rocksdb::WriteOptions(), batch);
  if (!status.ok()) return WriteError(status);
  batch->Clear();
  std::uint64_t memtable = 0;
  db.GetIntProperty(rocksdb::DB::Properties::kCurSizeActiveMemTable, &memtable);
  if (memtable < options_.write_buffer_bytes) return absl::OkStatus();
  // The log of this memtable is made durable before another begins: else a
  // power cut could lose its end and keep what follows.
  status = db.FlushWAL(/*sync=*/true);
  if (!status.ok()) return WriteError(status);
  rocksdb::FlushOptions flush;
  flush.wait = false;
  flush.allow_write_stall = true;
  status = db.Flush(flush);
  return status.ok() ? absl::OkStatus() : WriteError(status);
}

struct PlacedVersion {
  const NewRowVersion* version;
  Position position;
};

// All versions as they lie in the store: what comes in order is
// inserted sooner.
std::vector<PlacedVersion> InOrder(
    const std::vector<RowStore::EntryRows>& entries) {
  std::vector<PlacedVersion> placed;
  for (const RowStore::EntryRows& entry : entries) {
    for (const NewRowVersion& version : entry.versions) {
      placed.push_back({&version, entry.position});
    }
  }
  std::sort(placed.begin(), placed.end(),
            [](const PlacedVersion& a, const PlacedVersion& b) {
              if (a.version->table != b.version->table) {
                return a.version->table < b.version->table;
              }
              const int order = a.version->key.compare(b.version->key);
              return order != 0 ? order < 0 : a.position > b.position;
            });
  return placed;
}

absl::Status RowStoreImpl::Write(const std::vector<EntryRows>& entries) {
  if (!write_error_.ok()) return write_error_;
  if (entries.empty()) return absl::OkStatus();
  RowsEnd next = end();
  for (const EntryRows& entry : entries) {
    THON_CHECK(entry.entry == next.next_entry);
    THON_CHECK(entry.position > next.position);
    next = {entry.entry.Next(), entry.position};
  }
  rocksdb::WriteBatch& batch = batch_;
  std::string key;
  for (const auto& [version, position] : InOrder(entries)) {
    key.clear();
    AppendRowStem(version->table, version->key, &key);
    AppendRowPosition(position, &key);
    const absl::string_view value =
        version->value.has_value() ? absl::string_view(*version->value) : "";
    const std::size_t size = key.size() + value.size() + 16;
    if (batch.Count() > 0 &&
        batch.GetDataSize() + size + 512 > limits::kProjectorWriteBytesMax) {
      if (absl::Status status = WriteBatch(&batch); !status.ok()) {
        return status;
      }
    }
    const char kind = version->value.has_value() ? kValue : kDeletion;
    const rocksdb::Slice parts[] = {rocksdb::Slice(&kind, 1), ToSlice(value)};
    const rocksdb::Slice key_slice(key);
    batch.Put(rocksdb::SliceParts(&key_slice, 1),
              rocksdb::SliceParts(parts, 2));
  }
  batch.Put(ToSlice(kRowsMetaKey), EncodeRowsMeta({next, signature_}));
  if (absl::Status status = WriteBatch(&batch); !status.ok()) return status;
  MutexLock lock(&mu_);
  end_ = next;
  return absl::OkStatus();
}

absl::Status RowStoreImpl::Reset() {
  if (!write_error_.ok()) return write_error_;
  absl::Status status = Empty();
  if (!status.ok()) write_error_ = status;
  return status;
}

absl::StatusOr<std::uint64_t> RowStoreImpl::CompactedBytes() {
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction =
      rocksdb::BottommostLevelCompaction::kForceOptimized;
  const rocksdb::Status status =
      database_.db->CompactRange(options, nullptr, nullptr);
  if (!status.ok()) return ToStatus(status, path_);
  rocksdb::ColumnFamilyMetaData data;
  database_.db->GetColumnFamilyMetaData(&data);
  return data.size;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RowStore>> RowStore::Open(
    const StorageOptions& options, absl::string_view signature) {
  auto store = std::make_unique<RowStoreImpl>(options, signature);
  if (absl::Status status = store->Load(); !status.ok()) return status;
  return std::unique_ptr<RowStore>(std::move(store));
}

}  // namespace thon
