// Notes in the log what auditors read: once a local day for the same officer,
// kind and filter, also across a restart.
//
// Which reads of the day are recorded already is kept in the log's local facts:
//
//   key    "access/" local date(4)                      -- big-endian
//   value  for each read the first 16 bytes of
//          SHA-256(officer(8) kind(1) filter)
#ifndef THON_ENGINE_ACCESS_LOG_H_
#define THON_ENGINE_ACCESS_LOG_H_

#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/mutex.h"
#include "server/engine/committer.h"
#include "server/engine/engine_stats.h"
#include "server/storage/entry_log.h"
#include "thon/v1/event.pb.h"

namespace thon {

// Thread-safety: any thread. The committer must have been drained before it
// goes.
class AccessLog {
 public:
  // None is owned; all outlive it.
  AccessLog(EntryLog* log, Committer* committer, EngineStats* stats)
      : log_(log), committer_(committer), stats_(stats) {}

  absl::Status Load();

  // As Engine::RecordAccess.
  void Record(v1::AccessRecorded access);

  // The local fact of a day, and what it holds for a read.
  static std::string KeyOf(Date day);
  static std::string DigestOf(const v1::AccessRecorded& access);

 private:
  // On the committer's thread: what became of it.
  void NoteOutcome(Date day, const std::string& digest, bool recorded);
  // On the committer's thread: what a restart must know, and no older days'.
  void Keep();

  EntryLog* const log_;
  Committer* const committer_;
  EngineStats* const stats_;

  Mutex mu_;
  Date day_ ABSL_GUARDED_BY(mu_);
  // Digests of `day_` that are recorded or on their way, and those recorded.
  std::set<std::string> seen_ ABSL_GUARDED_BY(mu_);
  std::string recorded_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> stale_ ABSL_GUARDED_BY(mu_);  // Keys of older days.
  bool keeping_ ABSL_GUARDED_BY(mu_) = false;  // A task for Keep() waits.
};

}  // namespace thon

#endif  // THON_ENGINE_ACCESS_LOG_H_
