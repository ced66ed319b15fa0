// One commit group in the making: the answer table of the design as code.
//
// It is a function of (batch, receive time, result of the signature check) and
// of the author table: it reads no clock and no row, and the log only to
// compare a batch with one that is stored. How batches are cut into groups
// changes nothing but the group signatures.
#ifndef THON_ENGINE_COMMIT_GROUP_H_
#define THON_ENGINE_COMMIT_GROUP_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/core/civil.h"
#include "server/core/entry.h"
#include "server/core/ids.h"
#include "server/core/receipt.h"
#include "server/core/signature.h"
#include "server/engine/admission.h"
#include "server/engine/author_table.h"
#include "server/engine/receipts.h"
#include "server/storage/entry_log.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/log.pb.h"

namespace thon {

// The word on one batch. The receipt of one that this group records is added
// once the group is durable.
struct Decision {
  v1::Answer answer;
  // The entry in this group, for RECORDED and for DUPLICATE of this group.
  std::optional<std::size_t> offset;
};

// Thread-safety: none; the committer's thread. The references must outlive it.
class CommitGroup {
 public:
  struct Start {
    LogEnd end;
    std::optional<Date> open_date;  // The last day opened; none in a new log.
    std::string origin;
  };

  CommitGroup(const EntryLog& log, const AuthorTable& authors,
              const SigningKey& server_key, Start start);

  // Records one DayOpened for each day after the last opened one, up to the day
  // of `receive_time`. Each day is an entry of its own, so that "the last entry
  // before the next day is opened" names one.
  void OpenDays(Instant receive_time);
  // For an epoch, whose first entry goes before the days that passed.
  void SetOpenDate(Date date) { open_date_ = date; }

  // Receive times may not fall. An error means that a stored batch could not be
  // read for comparison; the group stays good without this one.
  absl::StatusOr<Decision> Decide(OfferedBatch batch, Instant receive_time);

  // Records events of the server's author, in as many batches as they need;
  // what they say of authors changes the table in the same write. Requires: at
  // least one event, each with room for limits::kServerFieldsBytesMax more
  // below limits::kEventBytesMax.
  struct Recorded {
    Position first;
    Position last;
    EntryIndex first_entry;
  };
  Recorded RecordServer(std::vector<v1::Event> events, Instant receive_time);

  bool empty() const { return group_.entries.empty(); }
  const LogEnd& end() const { return end_; }
  const std::optional<Date>& open_date() const { return open_date_; }

  // Signs. Requires: not empty. Nothing may be added afterwards.
  const NewGroup& Seal(const SigningKey& log_key);
  // Valid once sealed.
  v1::Receipt ReceiptOf(std::size_t offset) const;
  // Rows of the author table that changed, also without an entry (forks that
  // are only counted).
  std::vector<std::pair<AuthorId, AuthorState>> ChangedAuthors() const;

 private:
  std::optional<AuthorState> FindAuthor(const AuthorId& author) const;
  absl::StatusOr<Decision> DecideOlder(const OfferedBatch& batch,
                                       const AuthorState& state,
                                       Instant receive_time);
  Decision Fork(const OfferedBatch& batch, const AuthorState& state,
                const Hash& kept_hash, Instant receive_time);
  bool TakeQuota(AuthorState* state, Instant receive_time) const;
  std::size_t AppendEntry(OfferedBatch batch, AuthorState state,
                          Instant receive_time);
  void AppendServerBatch(absl::Span<v1::Event> events, Instant receive_time);
  void ApplyServerEvent(const v1::Event& event);

  const EntryLog& log_;
  const AuthorTable& authors_;
  const SigningKey& server_key_;
  const AuthorId server_;
  const TimeZone zone_ = TimeZone::VietNam();

  LogEnd end_;
  std::optional<Date> open_date_;
  NewGroup group_;
  EntryIndex first_entry_;
  std::vector<EntryTrailer> trailers_;
  std::map<AuthorId, AuthorState> changed_;
  // Where a batch of this group is, by author and first number.
  std::map<std::pair<AuthorId, Sequence>, std::size_t> placed_;
  std::optional<GroupReceipts> receipts_;
};

}  // namespace thon

#endif  // THON_ENGINE_COMMIT_GROUP_H_
