// The Sync streams there are, and which author has which: one each, a newer one
// ends the older.
#ifndef THON_RPC_SYNC_STREAMS_H_
#define THON_RPC_SYNC_STREAMS_H_

#include <cstddef>
#include <map>
#include <optional>
#include <set>

#include "absl/status/status.h"
#include "server/core/ids.h"
#include "server/core/mutex.h"

namespace thon {

class SyncStream;

// Thread-safety: every method may be called from any thread.
class SyncStreams {
 public:
  // False: the server has as many streams as it may.
  bool Enter(SyncStream* stream);
  void Leave(SyncStream* stream);
  void Claim(const AuthorId& author, SyncStream* stream);
  void Release(const AuthorId& author, SyncStream* stream);
  // Ends every stream with `status`, and every one that enters later.
  void EndAll(const absl::Status& status);
  std::size_t count() const;

 private:
  mutable Mutex mu_;
  std::set<SyncStream*> all_ ABSL_GUARDED_BY(mu_);
  std::optional<absl::Status> ended_ ABSL_GUARDED_BY(mu_);
  std::map<AuthorId, SyncStream*> by_author_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon

#endif  // THON_RPC_SYNC_STREAMS_H_
