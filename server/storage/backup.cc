#include "server/storage/backup.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "rocksdb/utilities/checkpoint.h"
#include "server/core/bytes.h"
#include "server/storage/entry_log_impl.h"
#include "server/storage/key_layout.h"
#include "server/storage/rocks.h"

namespace thon {
namespace {

constexpr absl::string_view kMagic = "THONBKP1";
constexpr std::size_t kCopyBytes = 1 << 20;

std::string EncodeInfo(const BackupInfo& info) {
  std::string out(kMagic);
  out += EncodeEnd({info.end, info.root});
  return out;
}

// Copies a file and syncs the copy.
absl::Status CopyFile(rocksdb::FileSystem& from_fs, const std::string& from,
                      rocksdb::FileSystem& to_fs, const std::string& to) {
  const rocksdb::FileOptions options;
  std::unique_ptr<rocksdb::FSSequentialFile> source;
  rocksdb::IOStatus status =
      from_fs.NewSequentialFile(from, options, &source, nullptr);
  if (!status.ok()) return ToStatus(status, from);
  std::unique_ptr<rocksdb::FSWritableFile> target;
  status = to_fs.NewWritableFile(to, options, &target, nullptr);
  if (!status.ok()) return ToStatus(status, to);
  std::string buffer(kCopyBytes, '\0');
  while (true) {
    rocksdb::Slice read;
    status = source->Read(buffer.size(), rocksdb::IOOptions(), &read,
                          buffer.data(), nullptr);
    if (!status.ok()) return ToStatus(status, from);
    if (read.empty()) break;
    status = target->Append(read, rocksdb::IOOptions(), nullptr);
    if (!status.ok()) return ToStatus(status, to);
  }
  status = target->Sync(rocksdb::IOOptions(), nullptr);
  if (status.ok()) status = target->Close(rocksdb::IOOptions(), nullptr);
  return ToStatus(status, to);
}

// Files that belong to a database, not to the process that had it open.
bool IsData(absl::string_view name) {
  return name != "LOCK" && name != "END" && !absl::StartsWith(name, "LOG") &&
         !absl::EndsWith(name, ".torn") && !absl::EndsWith(name, ".new");
}

absl::Status CheckEmpty(rocksdb::FileSystem& fs, const std::string& directory) {
  if (!Exists(fs, directory)) return absl::OkStatus();
  const absl::StatusOr<std::vector<std::string>> names =
      ListFiles(fs, directory);
  if (!names.ok()) return names.status();
  if (names->empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(directory, " is not empty (", names->front(),
                   "): a backup is only restored into a new directory"));
}

absl::Status CopyLog(const std::string& from, rocksdb::FileSystem& fs,
                     const std::string& to) {
  rocksdb::FileSystem& source = *rocksdb::FileSystem::Default();
  const absl::StatusOr<std::vector<std::string>> names =
      ListFiles(source, from);
  if (!names.ok()) return names.status();
  rocksdb::Status status = fs.CreateDir(to, rocksdb::IOOptions(), nullptr);
  if (!status.ok()) return ToStatus(status, to);
  for (const std::string& name : *names) {
    if (!IsData(name)) continue;
    absl::Status copied = CopyFile(source, absl::StrCat(from, "/", name), fs,
                                   absl::StrCat(to, "/", name));
    if (!copied.ok()) return copied;
  }
  return SyncDirectory(fs, to);
}

}  // namespace

absl::Status EntryLogImpl::Backup(const std::string& directory) const {
  rocksdb::FileSystem& fs = database_->file_system();
  if (Exists(fs, directory)) {
    return absl::FailedPreconditionError(absl::StrCat(
        directory, " exists: a backup is written into a new directory"));
  }
  rocksdb::Status status =
      fs.CreateDir(directory, rocksdb::IOOptions(), nullptr);
  if (!status.ok()) return ToStatus(status, directory);
  rocksdb::Checkpoint* raw = nullptr;
  status = rocksdb::Checkpoint::Create(&database_->db(), &raw);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  const std::string copy = directory + "/log";
  if (status.ok()) status = checkpoint->CreateCheckpoint(copy);
  if (!status.ok()) return ToStatus(status, directory);

  // Commits go on meanwhile: what the copy holds, only the copy knows.
  BackupInfo info;
  {
    StorageOptions options;
    options.block_cache_bytes = 8u << 20;
    const absl::StatusOr<std::unique_ptr<EntryLogImpl>> log =
        OpenAt(options, copy, nullptr);
    if (!log.ok()) return log.status();
    info = {(*log)->end(), (*log)->root()};
  }
  // INFO comes last: a backup without it was not finished.
  absl::Status written = ReplaceFile(fs, directory + "/INFO", EncodeInfo(info));
  if (written.ok()) written = SyncDirectory(fs, directory);
  return written;
}

absl::StatusOr<BackupInfo> ReadBackupInfo(const std::string& directory) {
  rocksdb::FileSystem& fs = *rocksdb::FileSystem::Default();
  const std::string path = directory + "/INFO";
  if (!Exists(fs, path)) {
    return absl::NotFoundError(absl::StrCat(
        directory, " holds no finished backup (", path, " is missing)"));
  }
  const absl::StatusOr<std::string> content = ReadFile(fs, path);
  if (!content.ok()) return content.status();
  absl::string_view rest = *content;
  std::optional<EndRecord> record;
  if (absl::ConsumePrefix(&rest, kMagic)) record = DecodeEnd(rest);
  if (!record.has_value()) {
    return absl::DataLossError(
        absl::StrCat(path, " is damaged: use another backup"));
  }
  return BackupInfo{record->end, record->root};
}

absl::StatusOr<BackupInfo> RestoreBackup(const std::string& backup_directory,
                                         const StorageOptions& options) {
  const absl::StatusOr<BackupInfo> info = ReadBackupInfo(backup_directory);
  if (!info.ok()) return info.status();
  const std::shared_ptr<rocksdb::FileSystem> fs = FileSystemOf(options);
  absl::Status status = CheckEmpty(*fs, options.directory);
  if (!status.ok()) return status;
  status = ToStatus(
      fs->CreateDirIfMissing(options.directory, rocksdb::IOOptions(), nullptr),
      options.directory);
  if (!status.ok()) return status;

  // Under another name until it is proved: no server opens half a copy.
  const std::string copy = options.directory + "/log.restoring";
  status = CopyLog(backup_directory + "/log", *fs, copy);
  if (!status.ok()) return status;
  {
    const absl::StatusOr<std::unique_ptr<EntryLogImpl>> log =
        EntryLogImpl::OpenAt(options, copy, nullptr);
    if (!log.ok()) return log.status();
    status = (*log)->Check(nullptr);
    if (!status.ok()) return status;
    const LogEnd end = (*log)->end();
    if (end.tree_size != info->end.tree_size ||
        end.next_position != info->end.next_position ||
        (*log)->root() != info->root) {
      return absl::DataLossError(absl::StrCat(
          "the copy of ", backup_directory, " has ", end.tree_size.value,
          " entries and root ", (*log)->root().Hex(), ", but its INFO says ",
          info->end.tree_size.value, " and ", info->root.Hex(),
          ": use another backup"));
    }
  }
  status = ToStatus(fs->RenameFile(copy, options.directory + "/log",
                                   rocksdb::IOOptions(), nullptr),
                    copy);
  if (status.ok()) status = SyncDirectory(*fs, options.directory);
  if (!status.ok()) return status;
  return *info;
}

}  // namespace thon
