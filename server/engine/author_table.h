// All authors in memory: what the entry log has durably, never more.
#ifndef THON_ENGINE_AUTHOR_TABLE_H_
#define THON_ENGINE_AUTHOR_TABLE_H_

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/core/ids.h"
#include "server/core/mutex.h"
#include "server/storage/entry_log.h"

namespace thon {

// Thread-safety: any thread. Only the committer publishes.
class AuthorTable {
 public:
  // Reads all of them from the log.
  absl::Status Load(const EntryLog& log);

  std::optional<AuthorState> Find(const AuthorId& author) const;

  // The server's author that writes now; nullopt in an empty log.
  std::optional<AuthorId> current_server() const;
  // Every server author there ever was.
  std::vector<AuthorId> servers() const;

  // Takes over rows that a durable group changed.
  void Publish(absl::Span<const std::pair<AuthorId, AuthorState>> changed);

 private:
  struct IdHash {
    std::size_t operator()(const AuthorId& id) const {
      return absl::Hash<absl::string_view>()(id.view());
    }
  };

  mutable Mutex mu_;
  absl::flat_hash_map<AuthorId, AuthorState, IdHash> authors_
      ABSL_GUARDED_BY(mu_);
  std::vector<AuthorId> servers_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon

#endif  // THON_ENGINE_AUTHOR_TABLE_H_
