// What both databases share: statuses, files, options. Only this room and
// tests/support include it.
#ifndef THON_STORAGE_ROCKS_H_
#define THON_STORAGE_ROCKS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rocksdb/file_system.h"
#include "rocksdb/options.h"
#include "rocksdb/slice.h"
#include "rocksdb/status.h"
#include "server/storage/database.h"

namespace thon {

inline rocksdb::Slice ToSlice(absl::string_view view) {
  return {view.data(), view.size()};
}
inline absl::string_view ToView(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

// OK, kDataLoss for corruption, kUnavailable for the rest (input and output, no
// space, shutting down). `what` names the thing that was read or written.
absl::Status ToStatus(const rocksdb::Status& status, absl::string_view what);

// The file system to use: `options`' or the operating system's.
std::shared_ptr<rocksdb::FileSystem> FileSystemOf(
    const StorageOptions& options);

// A process's hold on a data directory: DATA/LOCK.
class DirectoryLock {
 public:
  // Creates `directory` if it is missing (not its parents).
  // kFailedPrecondition: somebody else holds it. kUnavailable: other.
  static absl::StatusOr<std::unique_ptr<DirectoryLock>> Take(
      std::shared_ptr<rocksdb::FileSystem> fs, const std::string& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  DirectoryLock(std::shared_ptr<rocksdb::FileSystem> fs,
                rocksdb::FileLock* lock)
      : fs_(std::move(fs)), lock_(lock) {}
  const std::shared_ptr<rocksdb::FileSystem> fs_;
  rocksdb::FileLock* const lock_;
};

// Files. Names in a listing are sorted and without the directory.
bool Exists(rocksdb::FileSystem& fs, const std::string& path);
absl::StatusOr<std::vector<std::string>> ListFiles(
    rocksdb::FileSystem& fs, const std::string& directory);
absl::StatusOr<std::string> ReadFile(rocksdb::FileSystem& fs,
                                     const std::string& path);
// Replaces `path` as a whole: a crash leaves the old content or the new one.
absl::Status ReplaceFile(rocksdb::FileSystem& fs, const std::string& path,
                         absl::string_view content);
absl::Status SyncDirectory(rocksdb::FileSystem& fs,
                           const std::string& directory);
// Deletes a directory of files (not of directories). No error if missing.
absl::Status RemoveDirectory(rocksdb::FileSystem& fs,
                             const std::string& directory);

// Options that both databases begin with.
rocksdb::DBOptions BaseDatabaseOptions(rocksdb::Env* env);

}  // namespace thon

#endif  // THON_STORAGE_ROCKS_H_
