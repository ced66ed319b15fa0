// Earlier events, read from the entry log.
#ifndef THON_ENGINE_LOG_EVENTS_H_
#define THON_ENGINE_LOG_EVENTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "server/core/entry.h"
#include "server/projections/projection.h"
#include "server/storage/entry_log.h"
#include "thon/v1/log.pb.h"

namespace thon {

// Keeps the batches it parsed last. An event that cannot be read is not found,
// and status() says so: what was computed from that answer must be thrown away.
//
// Thread-safety: none.
class LogEvents final : public EventSource {
 public:
  // Entries below `end` are found. `log` is not owned and must outlive it.
  explicit LogEvents(const EntryLog* log, EntryIndex end = EntryIndex(0))
      : log_(log), end_(end) {}

  void set_end(EntryIndex end) { end_ = end; }

  // The first error there was; final.
  const absl::Status& status() const { return status_; }

  std::optional<RecordedEvent> Find(const AuthorId& author,
                                    Sequence sequence) const override;

 private:
  struct Parsed {
    v1::Batch batch;
    EntryTrailer trailer;
    EntryIndex index;
    std::uint64_t used = 0;
  };
  using Place = std::pair<AuthorId, Sequence>;  // The batch's first number.

  const Parsed* FindParsed(const AuthorId& author, Sequence sequence) const;
  const Parsed* Read(const AuthorId& author, Sequence sequence) const;

  const EntryLog* const log_;
  EntryIndex end_;
  mutable std::map<Place, std::unique_ptr<Parsed>> parsed_;
  mutable std::uint64_t uses_ = 0;
  mutable absl::Status status_;
};

}  // namespace thon

#endif  // THON_ENGINE_LOG_EVENTS_H_
