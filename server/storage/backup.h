// Reading a backup of the log, and making a data directory from it.
//
// A backup is what EntryLog::Backup() leaves: BACKUP/log, a RocksDB checkpoint
// of DATA/log, and BACKUP/INFO, which says what must be in it. It holds
// everything that cannot be computed; rows are folded again after a restore.
#ifndef THON_STORAGE_BACKUP_H_
#define THON_STORAGE_BACKUP_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/hash.h"
#include "server/storage/entry_log.h"

namespace thon {

// What a backup holds, as it was when it was made.
struct BackupInfo {
  LogEnd end;
  Hash root;  // Of the tree of end.tree_size leaves.
};

// kNotFound: there is no backup at `directory`, or it was not finished.
// kDataLoss: its INFO is damaged; use another backup.
absl::StatusOr<BackupInfo> ReadBackupInfo(const std::string& directory);

// Copies the backup into `options.directory`, opens the copy, checks every
// entry of it and compares end and root with the backup's INFO. Returns what
// was restored; the directory is then ready to be served from. The backup is
// only read.
//
// kFailedPrecondition: `options.directory` exists and is not empty; nothing was
// touched. kNotFound, kDataLoss: the backup is none, or damaged. kUnavailable:
// no permission, no space. After an error the directory may hold a part of the
// copy and is not opened by a server: delete it and restore again.
absl::StatusOr<BackupInfo> RestoreBackup(const std::string& backup_directory,
                                         const StorageOptions& options);

}  // namespace thon

#endif  // THON_STORAGE_BACKUP_H_
