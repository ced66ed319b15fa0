#include "server/storage/rocks.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace thon {

using rocksdb::IOOptions;

absl::Status ToStatus(const rocksdb::Status& status, absl::string_view what) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = absl::StrCat(what, ": ", status.ToString());
  if (status.IsCorruption()) return absl::DataLossError(message);
  return absl::UnavailableError(message);
}

std::shared_ptr<rocksdb::FileSystem> FileSystemOf(
    const StorageOptions& options) {
  return options.file_system != nullptr ? options.file_system
                                        : rocksdb::FileSystem::Default();
}

absl::StatusOr<std::unique_ptr<DirectoryLock>> DirectoryLock::Take(
    std::shared_ptr<rocksdb::FileSystem> fs, const std::string& directory) {
  rocksdb::Status status =
      fs->CreateDirIfMissing(directory, IOOptions(), nullptr);
  if (!status.ok()) return ToStatus(status, directory);
  rocksdb::FileLock* lock = nullptr;
  status = fs->LockFile(directory + "/LOCK", IOOptions(), &lock, nullptr);
  if (status.ok()) {
    return std::unique_ptr<DirectoryLock>(
        new DirectoryLock(std::move(fs), lock));
  }
  // The library tells a lock that is held from a file that cannot be opened
  // only by its text.
  const std::string text = status.ToString();
  if (absl::StrContains(text, "While lock file") ||
      absl::StrContains(text, "lock hold by current process")) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the data directory ", directory,
        " is in use: stop the server that has it open, or use another one"));
  }
  return ToStatus(status, directory);
}

DirectoryLock::~DirectoryLock() {
  fs_->UnlockFile(lock_, IOOptions(), nullptr);
}

bool Exists(rocksdb::FileSystem& fs, const std::string& path) {
  return fs.FileExists(path, IOOptions(), nullptr).ok();
}

absl::StatusOr<std::vector<std::string>> ListFiles(
    rocksdb::FileSystem& fs, const std::string& directory) {
  std::vector<std::string> names;
  const rocksdb::Status status =
      fs.GetChildren(directory, IOOptions(), &names, nullptr);
  if (!status.ok()) return ToStatus(status, directory);
  std::erase_if(names, [](const std::string& name) {
    return name == "." || name == "..";
  });
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::string> ReadFile(rocksdb::FileSystem& fs,
                                     const std::string& path) {
  std::string content;
  const rocksdb::Status status = rocksdb::ReadFileToString(&fs, path, &content);
  if (!status.ok()) return ToStatus(status, path);
  return content;
}

absl::Status ReplaceFile(rocksdb::FileSystem& fs, const std::string& path,
                         absl::string_view content) {
  const std::string temporary = path + ".new";
  rocksdb::Status status = rocksdb::WriteStringToFile(
      &fs, ToSlice(content), temporary, /*should_sync=*/true);
  if (status.ok()) {
    status = fs.RenameFile(temporary, path, IOOptions(), nullptr);
  }
  return ToStatus(status, path);
}

absl::Status SyncDirectory(rocksdb::FileSystem& fs,
                           const std::string& directory) {
  std::unique_ptr<rocksdb::FSDirectory> handle;
  rocksdb::Status status =
      fs.NewDirectory(directory, IOOptions(), &handle, nullptr);
  if (status.ok()) status = handle->Fsync(IOOptions(), nullptr);
  return ToStatus(status, directory);
}

absl::Status RemoveDirectory(rocksdb::FileSystem& fs,
                             const std::string& directory) {
  if (!Exists(fs, directory)) return absl::OkStatus();
  absl::StatusOr<std::vector<std::string>> names = ListFiles(fs, directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    const std::string path = absl::StrCat(directory, "/", name);
    const rocksdb::Status status = fs.DeleteFile(path, IOOptions(), nullptr);
    if (!status.ok()) return ToStatus(status, path);
  }
  return ToStatus(fs.DeleteDir(directory, IOOptions(), nullptr), directory);
}

rocksdb::DBOptions BaseDatabaseOptions(rocksdb::Env* env) {
  rocksdb::DBOptions options;
  options.env = env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  options.recycle_log_file_num = 0;
  options.max_background_jobs = 2;
  options.bytes_per_sync = 1 << 20;
  options.max_open_files = 1000;
  // A failed write is final; the library is not to mend it behind our back.
  options.max_bgerror_resume_count = 0;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1 << 20;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

}  // namespace thon
