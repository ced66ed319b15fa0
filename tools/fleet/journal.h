// What phones meant to record and what they were told is recorded, in plain
// text, written before and after each call. A run is judged by it.
//
//   I PHONE INTENT CONTENT...;            about to record these events
//   D PHONE INTENT AUTHOR SEQ:HASH...;    Record() returned; they are recorded
//   F PHONE INTENT;                       the worker was killed in between; the
//                                         phone has the events
//   L PHONE INTENT;                       the same; the phone has none of them
//
// CONTENT is ContentHash(), AUTHOR, SEQ and HASH are what Record() gave. A line
// without its ";" was cut by a kill and says nothing.
#ifndef THON_TOOLS_FLEET_JOURNAL_H_
#define THON_TOOLS_FLEET_JOURNAL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/mutex.h"
#include "thon/v1/event.pb.h"

namespace thon::fleet {

// The first 16 hexadecimal digits of the SHA-256 of an event without what the
// client adds to it.
std::string ContentHash(const v1::Event& event);

// An event as Record() named it, for ever.
struct Identity {
  AuthorId author;
  std::uint64_t sequence = 0;
  Hash event_hash;
  auto operator<=>(const Identity&) const = default;
};

// Appends lines. Thread-safety: any thread.
class Journal {
 public:
  // Goes on with the file if there is one. kUnavailable: cannot.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const std::string& path);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Each returns when the line is in the file, not when it is on the disk: it
  // survives the process, which is all that is killed.
  absl::Status Intent(std::size_t phone, std::uint32_t intent,
                      const std::vector<std::string>& contents);
  absl::Status Done(std::size_t phone, std::uint32_t intent,
                    const std::vector<Identity>& identities);
  absl::Status Found(std::size_t phone, std::uint32_t intent);
  absl::Status Lost(std::size_t phone, std::uint32_t intent);

 private:
  explicit Journal(int fd) : fd_(fd) {}
  absl::Status Append(const std::string& line);

  const int fd_;
  Mutex mu_;
};

// All that was recorded.
struct JournalFacts {
  std::vector<Identity> recorded;
  // Recorded by a call that never returned: known by content, and how often.
  std::map<std::string, std::uint64_t> found;
  std::uint64_t found_events = 0;
  std::uint64_t lost_intents = 0;  // Nothing of them was recorded.
  std::uint64_t open_intents = 0;  // Killed before Record() was called.
};

// kInvalidArgument: a whole line that makes no sense. kUnavailable: unreadable.
absl::StatusOr<JournalFacts> ReadJournals(
    const std::vector<std::string>& paths);

}  // namespace thon::fleet

#endif  // THON_TOOLS_FLEET_JOURNAL_H_
