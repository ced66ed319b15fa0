// Earlier events by identity, out of the pack.
#ifndef THON_TOOLS_VERIFY_PACK_EVENTS_H_
#define THON_TOOLS_VERIFY_PACK_EVENTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/core/entry.h"
#include "server/core/hash.h"
#include "server/projections/projection.h"
#include "tools/verify/entry_stream.h"
#include "tools/verify/pack_set.h"
#include "tools/verify/temp_rows.h"

namespace thon::verify {

// Thread-safety: none. Neither argument is owned; both outlive it. Memory: the
// batches parsed last, and one bundle.
class PackEvents final : public EventSource {
 public:
  PackEvents(const PackSet* packs, TempRows* places)
      : packs_(packs), places_(places) {}

  // The entry, and all before it, are found from now on. It must stay until the
  // next call.
  void Add(const ReadEntry& entry);

  std::optional<RecordedEvent> Find(const AuthorId& author,
                                    Sequence sequence) const override;

  // Hash of the batch that holds the author's number.
  std::optional<Hash> BatchHashOf(const AuthorId& author,
                                  Sequence sequence) const;

  // An entry's trailer and author, wherever it is.
  struct Head {
    EntryIndex index;
    EntryTrailer trailer;
    AuthorId author;
  };
  // The entry that holds the position, by bisection. Requires that positions
  // were found to ascend.
  std::optional<Head> FindPosition(Position position) const;
  // The event there.
  std::optional<v1::Event> EventAt(Position position) const;

  // The first error of reading; final. What was computed since is not to be
  // believed.
  const absl::Status& status() const { return status_; }

 private:
  struct Parsed {
    v1::Batch batch;
    AuthorId author;
    EntryTrailer trailer;
    EntryIndex index;
    Hash batch_hash;
    std::uint64_t used = 0;
  };

  const Parsed* FindParsed(const AuthorId& author, Sequence sequence) const;
  const Parsed* Read(EntryIndex index) const;

  const PackSet* const packs_;
  TempRows* const places_;
  EntryIndex end_{0};
  mutable std::vector<std::unique_ptr<Parsed>> parsed_;
  mutable std::uint64_t uses_ = 0;
  mutable std::optional<std::uint64_t> bundle_index_;
  mutable PackSet::Bundle bundle_;
  mutable std::vector<absl::string_view> bundle_entries_;
  mutable absl::Status status_;
};

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_PACK_EVENTS_H_
