// Notes in the log what auditors read: once a local day for the same officer,
// kind, filter and positions, also across a restart. Who reads outside what is
// recorded of him today is recorded again, with what he asks for then: a small
// read hides no larger one. A read of no positions is recorded once.
//
// One officer gets a tenth of limits::kAccessesPerDayMax, so that nobody hides
// the reads of others; the last of them says that there was more. What is not
// recorded by itself is counted in `unrecorded_accesses`.
//
// What is recorded of the day is kept in the log's local facts, a few reads at
// a time:
//
//   key    "access/" local date(4) number(4)            -- big-endian
//   value  for each read officer(8) first(8) last(8) and the first 16 bytes of
//          SHA-256(officer(8) kind(1) filter)
#ifndef THON_ENGINE_ACCESS_LOG_H_
#define THON_ENGINE_ACCESS_LOG_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
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
  // The filter of an officer's last record of a day.
  static constexpr absl::string_view kMoreFilter =
      "more: the day's further reads are not listed";

  // None is owned; all outlive it.
  AccessLog(EntryLog* log, Committer* committer, EngineStats* stats)
      : log_(log), committer_(committer), stats_(stats) {}

  absl::Status Load();

  // As Engine::RecordAccess.
  void Record(v1::AccessRecorded access);

  // The local facts of a day, and what they hold for a read.
  static std::string KeyOf(Date day, std::uint32_t number);
  static std::string ValueOf(const v1::AccessRecorded& access);

 private:
  // First and last position; an open end is the highest number.
  using Range = std::pair<std::uint64_t, std::uint64_t>;
  // A read as it is kept.
  struct Read {
    std::uint64_t officer = 0;
    Range range;
    std::string digest;

    std::string Encode() const;
  };

  static Read ReadOf(const v1::AccessRecorded& access);
  bool IsCovered(const Read& read) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Add(const Read& read) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void BeginDay(Date day) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  enum class Taken {
    kCovered,     // It is recorded already.
    kRecord,      // It is to be recorded.
    kRecordMore,  // As the officer's last of the day: that there was more.
    kDropped,     // Not even that.
  };
  // Takes a read into the day; `*access` and `*read` become what is recorded.
  Taken Take(Date day, v1::AccessRecorded* access, Read* read);

  // On the committer's thread: what became of it.
  void NoteOutcome(Date day, const Read& read, bool recorded);
  // On the committer's thread: what a restart must know, and no older days'.
  void Keep();

  EntryLog* const log_;
  Committer* const committer_;
  EngineStats* const stats_;

  Mutex mu_;
  Date day_ ABSL_GUARDED_BY(mu_);
  // Of `day_`, recorded or on their way: by digest what was read, and how many
  // each officer has.
  std::map<std::string, std::set<Range>> reads_ ABSL_GUARDED_BY(mu_);
  std::map<std::uint64_t, std::size_t> counts_ ABSL_GUARDED_BY(mu_);
  std::size_t count_ ABSL_GUARDED_BY(mu_) = 0;
  // Recorded and not kept yet, and the number of the fact that will hold them.
  std::string unkept_ ABSL_GUARDED_BY(mu_);
  std::uint32_t next_number_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::string> keys_ ABSL_GUARDED_BY(mu_);   // Of the day's facts.
  std::vector<std::string> stale_ ABSL_GUARDED_BY(mu_);  // Of older days'.
  bool keeping_ ABSL_GUARDED_BY(mu_) = false;  // A task for Keep() waits.
};

}  // namespace thon

#endif  // THON_ENGINE_ACCESS_LOG_H_
