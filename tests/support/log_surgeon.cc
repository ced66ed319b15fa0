#include "tests/support/log_surgeon.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>

#include "absl/strings/match.h"
#include "rocksdb/db.h"
#include "server/core/check.h"

namespace thon::testing {
namespace {

namespace stdfs = std::filesystem;

using Operation =
    std::function<void(rocksdb::DB&, rocksdb::ColumnFamilyHandle*)>;

// Runs `operation` on one family of the database.
void Operate(const std::string& path, const std::string& family,
             const Operation& operation) {
  std::vector<std::string> names;
  rocksdb::DBOptions options;
  options.atomic_flush = true;
  THON_CHECK(rocksdb::DB::ListColumnFamilies(options, path, &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) {
    families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  THON_CHECK(rocksdb::DB::Open(options, path, families, &handles, &raw).ok());
  const std::unique_ptr<rocksdb::DB> db(raw);
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    if (handle->GetName() == family) operation(*db, handle);
    THON_CHECK(db->DestroyColumnFamilyHandle(handle).ok());
  }
  THON_CHECK(db->Close().ok());
}

rocksdb::Slice ToSlice(absl::string_view view) {
  return {view.data(), view.size()};
}

}  // namespace

std::vector<std::string> LogSurgeon::Families() const {
  std::vector<std::string> names;
  THON_CHECK(
      rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), path_, &names)
          .ok());
  return names;
}

std::vector<std::string> LogSurgeon::Keys(const std::string& family) const {
  std::vector<std::string> keys;
  Operate(path_, family,
          [&keys](rocksdb::DB& db, rocksdb::ColumnFamilyHandle* handle) {
            const std::unique_ptr<rocksdb::Iterator> it(
                db.NewIterator(rocksdb::ReadOptions(), handle));
            for (it->SeekToFirst(); it->Valid(); it->Next()) {
              keys.push_back(it->key().ToString());
            }
          });
  return keys;
}

std::string LogSurgeon::Get(const std::string& family,
                            absl::string_view key) const {
  std::string value;
  Operate(
      path_, family, [&](rocksdb::DB& db, rocksdb::ColumnFamilyHandle* handle) {
        THON_CHECK(
            db.Get(rocksdb::ReadOptions(), handle, ToSlice(key), &value).ok());
      });
  return value;
}

void LogSurgeon::Put(const std::string& family, absl::string_view key,
                     absl::string_view value) const {
  Operate(path_, family,
          [&](rocksdb::DB& db, rocksdb::ColumnFamilyHandle* handle) {
            THON_CHECK(db.Put(rocksdb::WriteOptions(), handle, ToSlice(key),
                              ToSlice(value))
                           .ok());
          });
}

void LogSurgeon::Delete(const std::string& family,
                        absl::string_view key) const {
  Operate(path_, family,
          [&](rocksdb::DB& db, rocksdb::ColumnFamilyHandle* handle) {
            THON_CHECK(
                db.Delete(rocksdb::WriteOptions(), handle, ToSlice(key)).ok());
          });
}

void LogSurgeon::AddFamily(const std::string& family) const {
  Operate(path_, "default", [&](rocksdb::DB& db, rocksdb::ColumnFamilyHandle*) {
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    THON_CHECK(
        db.CreateColumnFamily(rocksdb::ColumnFamilyOptions(), family, &handle)
            .ok());
    THON_CHECK(db.DestroyColumnFamilyHandle(handle).ok());
  });
}

void LogSurgeon::Flush() const {
  // Opening replays the write-ahead log into table files.
  Operate(path_, "default", [](rocksdb::DB&, rocksdb::ColumnFamilyHandle*) {});
}

std::vector<std::string> FilesEndingIn(const std::string& directory,
                                       const std::string& suffix) {
  std::vector<std::string> paths;
  for (const auto& file : stdfs::directory_iterator(directory)) {
    if (absl::EndsWith(file.path().string(), suffix)) {
      paths.push_back(file.path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  THON_CHECK(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteWhole(const std::string& path, absl::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  THON_CHECK(file.good());
}

void CopyTree(const std::string& from, const std::string& to) {
  stdfs::remove_all(to);
  stdfs::copy(from, to, stdfs::copy_options::recursive);
}

}  // namespace thon::testing
