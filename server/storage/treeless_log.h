// A log that keeps no Merkle tree, for thon-bench to weigh the tree against.
// Nothing can be proven of it, and once something is appended it does not open
// again. No server has a way to one.
#ifndef THON_STORAGE_TREELESS_LOG_H_
#define THON_STORAGE_TREELESS_LOG_H_

#include <memory>

#include "absl/status/statusor.h"
#include "server/storage/database.h"
#include "server/storage/entry_log.h"

namespace thon {

// As EntryLog::Open, but that what is appended goes without nodes, border and
// root. kFailedPrecondition: the directory holds entries.
absl::StatusOr<std::unique_ptr<EntryLog>> OpenTreelessLog(
    const StorageOptions& options);

}  // namespace thon

#endif  // THON_STORAGE_TREELESS_LOG_H_
