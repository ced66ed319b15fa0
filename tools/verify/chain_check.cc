#include "tools/verify/chain_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "thon/v1/rows.pb.h"
#include "tools/verify/finding_kinds.h"

namespace thon::verify {

std::uint64_t KeptOf(const std::vector<Epoch>& epochs, std::size_t index) {
  std::uint64_t kept = UINT64_MAX;
  for (std::size_t i = index + 1; i < epochs.size(); ++i) {
    kept = std::min(kept, epochs[i].old_size);
  }
  return kept;
}

std::optional<std::uint64_t> KeptOfOrigin(const std::vector<Epoch>& epochs,
                                          absl::string_view origin) {
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    if (epochs[i].origin == origin) return KeptOf(epochs, i);
  }
  // The entries at hand may begin behind the opening of the epoch that the
  // first one here follows.
  if (epochs.empty() || epochs.front().old_origin != origin) {
    return std::nullopt;
  }
  return std::min(epochs.front().old_size, KeptOf(epochs, 0));
}

Detail AuthorText(const AuthorId& id) {
  return Say("tác giả $0", "author $0", id.Hex());
}

ChainCheck::ChainCheck(const PackSet& packs, const PackEvents* events,
                       TileNodes* nodes, Findings* findings,
                       SignaturePool* signatures)
    : packs_(packs),
      events_(events),
      nodes_(nodes),
      findings_(findings),
      signatures_(signatures),
      from_start_(packs.first_entry() == 0),
      position_known_(from_start_) {}

Place ChainCheck::At(const ReadEntry& entry, Detail detail) const {
  return {.entry = entry.index.value,
          .position = entry.trailer.first_position.value,
          .detail = std::move(detail)};
}

Place ChainCheck::At(const ReadEntry& entry, const v1::Event& event,
                     Detail detail) const {
  const std::uint64_t offset = event.sequence() - entry.batch->first_sequence();
  return {.entry = entry.index.value,
          .position = entry.trailer.first_position.value + offset,
          .detail = std::move(detail)};
}

bool ChainCheck::IsServer(const AuthorId& author) const {
  const auto it = authors_.find(author);
  return it != authors_.end() && it->second.server;
}

void ChainCheck::Visit(const ReadEntry& entry, const RowReader* rows) {
  CheckNumbers(entry);
  Author* const author = FindOrOpen(entry);
  CheckChain(entry, author);
  const bool server = author->server && !author->replaced;
  CheckDay(entry, author->server);
  if (author->replaced) {
    findings_->Add(
        kinds::kServerMisplaced,
        At(entry, Say("khóa máy chủ của một kỷ nguyên đã hết còn ghi",
                      "a server's key of an epoch that ended writes")));
  }
  if (author->revoked && !author->server) {
    findings_->Add(kinds::kRevokedWrites, At(entry, AuthorText(entry.author)));
  }
  for (const v1::Event& event : entry.batch->events()) {
    if (event.has_withdrawn()) {
      findings_->Add(kinds::kWithdrawn,
                     At(entry, event,
                        Say("tác giả $0, số $1", "author $0, number $1",
                            entry.author.Hex(), event.sequence())));
    }
    if (server) VisitServerEvent(entry, event, rows);
  }
}

void ChainCheck::CheckNumbers(const ReadEntry& entry) {
  const std::uint64_t first = entry.trailer.first_position.value;
  if (position_known_ && first != next_position_) {
    findings_->Add(kinds::kPositionGap,
                   At(entry, Say("vị trí tiếp theo phải là $0",
                                 "position $0 must be next", next_position_)));
  }
  position_known_ = true;
  next_position_ = first + entry.trailer.event_count;
  findings_->Examined(Check::kCalendar, 1);
  if (last_receive_.has_value() &&
      entry.trailer.receive_time < *last_receive_) {
    findings_->Add(kinds::kReceiveTimeFalls,
                   At(entry, Say("$0 trước $1", "$0 is before $1",
                                 zone_.Format(entry.trailer.receive_time),
                                 zone_.Format(*last_receive_))));
  }
  last_receive_ = entry.trailer.receive_time;
}

// The days that an entry opens, and that the day it was received on is open.
void ChainCheck::CheckDay(const ReadEntry& entry, bool server) {
  bool opens = false;
  for (const v1::Event& event : entry.batch->events()) {
    if (!server) break;
    // The days come behind them.
    if (event.has_log_opened() || event.has_epoch_opened()) opens = true;
    if (!event.has_day_opened()) continue;
    opens = true;
    CheckOpenedDay(entry, event);
    open_day_ = Date(event.day_opened().local_date());
  }
  const Date today = zone_.DateOf(entry.trailer.receive_time);
  if (opens || (!open_day_.has_value() && !from_start_)) return;
  if (open_day_ == today) return;
  findings_->Add(
      kinds::kDayNotOpened,
      At(entry,
         open_day_.has_value()
             ? Say("nhận ngày $0, khi đang là ngày $1",
                   "received on $0, while the day was $1", today.Vietnamese(),
                   open_day_->Vietnamese())
             : Say("nhận ngày $0", "received on $0", today.Vietnamese())));
}

void ChainCheck::CheckOpenedDay(const ReadEntry& entry,
                                const v1::Event& event) {
  const Date today = zone_.DateOf(entry.trailer.receive_time);
  const Date day(event.day_opened().local_date());
  if (day > today) {
    findings_->Add(kinds::kDayOutOfOrder,
                   At(entry, event,
                      Say("$0 được mở ngày $1", "$0 was opened on $1",
                          day.Vietnamese(), today.Vietnamese())));
  } else if (open_day_.has_value() && day != open_day_->Next()) {
    findings_->Add(kinds::kDayOutOfOrder,
                   At(entry, event,
                      Say("$0 tiếp theo $1", "$0 follows $1", day.Vietnamese(),
                          open_day_->Vietnamese())));
  } else if (day < today) {
    findings_->Add(kinds::kDayOpenedLate,
                   At(entry, event,
                      Say("$0 được mở ngày $1", "$0 was opened on $1",
                          day.Vietnamese(), today.Vietnamese())));
  }
}

ChainCheck::Author* ChainCheck::FindOrOpen(const ReadEntry& entry) {
  const auto it = authors_.find(entry.author);
  if (it != authors_.end()) return &it->second;
  Author author;
  const v1::Event& first = entry.batch->events(0);
  const std::string* key = nullptr;
  if (first.sequence() == 1 && entry.index == EntryIndex(0) &&
      first.has_log_opened()) {
    key = &first.log_opened().server_author_key();
  } else if (first.sequence() == 1 && entry.index != EntryIndex(0) &&
             first.has_epoch_opened()) {
    key = &first.epoch_opened().server_author_key();
  }
  PublicKey server;
  if (key != nullptr && PublicKey::FromBytes(*key, &server) &&
      server.author() == entry.author) {
    for (auto& [id, other] : authors_) {
      if (other.server) other.replaced = true;
    }
    author.key = server;
    author.server = true;
    findings_->Examined(Check::kAuthors, 1);
  } else if (from_start_) {
    findings_->Add(kinds::kAuthorNotEnrolled,
                   At(entry, AuthorText(entry.author)));
  } else {
    // What was before is not here; its chain is checked from here on.
    findings_->Add(kinds::kAuthorUnknown, At(entry, AuthorText(entry.author)));
    author.next = entry.batch->first_sequence();
    Hash::FromBytes(entry.batch->previous_hash(), &author.last);
  }
  return &(authors_[entry.author] = author);
}

void ChainCheck::CheckChain(const ReadEntry& entry, Author* author) {
  findings_->Examined(Check::kChains, 1);
  const v1::Batch& batch = *entry.batch;
  if (batch.first_sequence() != author->next) {
    findings_->Add(
        kinds::kChainGap,
        At(entry, Say("tác giả $0: số $1 thay vì $2",
                      "author $0: number $1 instead of $2", entry.author.Hex(),
                      batch.first_sequence(), author->next)));
  } else if (author->next > 1 && batch.previous_hash() != author->last.view()) {
    findings_->Add(kinds::kChainBroken,
                   At(entry, Say("tác giả $0: lô trước số $1 có mã băm $2",
                                 "author $0: the batch before number $1 has "
                                 "hash $2",
                                 entry.author.Hex(), batch.first_sequence(),
                                 author->last.Hex())));
  }
  author->next =
      batch.first_sequence() + static_cast<std::uint64_t>(batch.events_size());
  author->last = entry.batch_hash;
  if (!author->key.has_value()) return;
  findings_->Examined(Check::kSignatures, 1);
  signatures_->Add({entry.index, entry.trailer.first_position, *author->key,
                    entry.batch_hash, entry.trailer.signature});
}

void ChainCheck::VisitServerEvent(const ReadEntry& entry,
                                  const v1::Event& event,
                                  const RowReader* rows) {
  switch (event.payload_case()) {
    case v1::Event::kLogOpened:
      return OpenLog(entry, event);
    case v1::Event::kEpochOpened:
      return OpenEpoch(entry, event);
    case v1::Event::kAuthorEnrolled:
      if (!event.has_act()) Enrol(entry, event, rows);
      return;
    case v1::Event::kAuthorRevoked:
      if (event.has_act()) Revoke(entry, event, rows);
      return;
    case v1::Event::kForkObserved:
      if (!event.has_act()) CheckFork(entry, event);
      return;
    default:
      return;
  }
}

void ChainCheck::Revoke(const ReadEntry& entry, const v1::Event& event,
                        const RowReader* rows) {
  AuthorId id;
  if (!AuthorId::FromBytes(event.author_revoked().author(), &id)) return;
  const auto it = authors_.find(id);
  const Place place = At(
      entry, event, Of(AuthorText(id), Same(event.author_revoked().reason())));
  if (it == authors_.end()) return;
  findings_->Examined(Check::kAuthors, 1);
  if (rows != nullptr) {
    // A command without effect is named by the fold.
    const std::optional<RowVersion> row = rows->Get(Table::kAuthor, id.view());
    v1::AuthorRow author;
    if (!row.has_value() || !author.ParseFromString(row->value) ||
        author.revoked_position() != *place.position) {
      return;
    }
  }
  if (!it->second.server) it->second.revoked = true;
  findings_->Add(kinds::kRevoked, place);
}

}  // namespace thon::verify
