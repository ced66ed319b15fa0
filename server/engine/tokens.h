// Bearer tokens of officers. What is kept is the SHA-256 of a token, so a copy
// of the data directory opens no door, and a look-up by hash takes no longer
// for a good guess than for a bad one.
#ifndef THON_ENGINE_TOKENS_H_
#define THON_ENGINE_TOKENS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/mutex.h"
#include "server/storage/entry_log.h"

namespace thon {

// Thread-safety: Authenticate(), LastDate() and empty() from any thread; the
// rest from the thread that owns the log's local facts, the committer's.
class TokenTable {
 public:
  // `log` is not owned and must outlive the table.
  explicit TokenTable(EntryLog* log) : log_(log) {}

  absl::Status Load();
  bool empty() const;

  // Makes a token of 32 random bytes (base64url) that works up to and including
  // `last_date`. The plain text is nowhere but in the result.
  absl::StatusOr<std::string> Create(OfficerId officer, Date last_date);
  // Forgets tokens whose last day is before `today`, a few a call: sessions
  // come and go daily, and each removal is a synced write.
  absl::Status ForgetExpired(Date today);
  // Ends all tokens of an officer; how many.
  absl::StatusOr<int> Revoke(OfficerId officer);
  // Ends one token; false if it is nobody's.
  absl::StatusOr<bool> RevokeOne(absl::string_view token);

  // kUnauthenticated: nobody's, or its last day is before `today`.
  absl::StatusOr<OfficerId> Authenticate(absl::string_view token,
                                         Date today) const;
  // Likewise, its last day.
  absl::StatusOr<Date> LastDate(absl::string_view token, Date today) const;

 private:
  struct Token {
    OfficerId officer;
    Date last_date;
  };

  absl::StatusOr<Token> Find(absl::string_view token, Date today) const;

  EntryLog* const log_;
  mutable Mutex mu_;
  std::map<Hash, Token> tokens_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon

#endif  // THON_ENGINE_TOKENS_H_
