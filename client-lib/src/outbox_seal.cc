#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client-lib/src/outbox.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "server/core/batch.h"
#include "server/core/check.h"
#include "server/core/limits.h"

namespace thon::client {
namespace {

// Bytes of a batch around its events: author, number, hash, version, anchor,
// each with tag and length, rounded up.
constexpr std::size_t kBatchOverheadMax = 256;
constexpr std::size_t kEventOverhead = 4;  // Tag and a length of three bytes.

// Events found in damaged batch bytes.
std::vector<v1::Event> Salvage(absl::string_view bytes) {
  using google::protobuf::internal::WireFormatLite;
  std::vector<v1::Event> events;
  google::protobuf::io::CodedInputStream in(
      reinterpret_cast<const std::uint8_t*>(bytes.data()),
      static_cast<int>(bytes.size()));
  while (const std::uint32_t tag = in.ReadTag()) {
    if (tag !=
        WireFormatLite::MakeTag(v1::Batch::kEventsFieldNumber,
                                WireFormatLite::WIRETYPE_LENGTH_DELIMITED)) {
      if (!WireFormatLite::SkipField(&in, tag)) break;
      continue;
    }
    std::uint32_t size = 0;
    std::string raw;
    if (!in.ReadVarint32(&size) || size > bytes.size() ||
        !in.ReadString(&raw, static_cast<int>(size))) {
      break;
    }
    v1::Event event;
    if (event.ParseFromString(raw)) events.push_back(std::move(event));
  }
  return events;
}

}  // namespace

struct Outbox::Slice {
  v1::Batch batch;
  std::uint64_t anchor_boot = 0;
  bool has_anchor = false;
  std::uint64_t withdrawn = 0;
};

absl::Status Outbox::Withdraw(v1::Event* event, absl::string_view bytes,
                              absl::string_view reason) {
  const Hash hash = Sha256Of(bytes);
  const bool again = event->has_originally();
  if (absl::Status put =
          db_->Prepare("INSERT OR IGNORE INTO withdrawn "
                       "(author, sequence, hash, reason, bytes) "
                       "VALUES (?, ?, ?, ?, ?)")
              .Bind(again ? absl::string_view(event->originally().author())
                          : key_->author.view())
              .Bind(again ? event->originally().sequence() : event->sequence())
              .Bind(hash.view())
              .Bind(reason)
              .Bind(bytes)
              .Run();
      !put.ok()) {
    return put;
  }
  v1::Event withdrawn;
  withdrawn.set_sequence(event->sequence());
  withdrawn.set_member_id(event->member_id());
  withdrawn.set_organisation_id(event->organisation_id());
  withdrawn.set_team_id(event->team_id());
  withdrawn.set_wall_time_ms(event->wall_time_ms());
  withdrawn.set_monotonic_ms(event->monotonic_ms());
  withdrawn.set_boot(event->boot());
  if (again && event->originally().author().size() == AuthorId::kSize &&
      event->originally().event_hash().size() == Hash::kSize) {
    *withdrawn.mutable_originally() = event->originally();
  }
  withdrawn.mutable_withdrawn()->set_event_hash(std::string(hash.view()));
  withdrawn.mutable_withdrawn()->set_reason(
      std::string(reason.substr(0, limits::kTextBytesMax)));
  *event = std::move(withdrawn);
  return absl::OkStatus();
}

// Takes events from the front: up to the limits, and up to the boot whose own
// anchor should travel with them. An anchor that was heard in an earlier boot
// and never sent makes that boot's events TRUSTED; so it goes with them.
absl::StatusOr<Outbox::Slice> Outbox::NextSlice(std::size_t events_max) {
  Slice slice;
  std::vector<std::pair<std::uint64_t, v1::Anchor>> unsent;  // By boot.
  std::optional<v1::Anchor> newest;
  {
    Statement read = db_->Prepare(
        "SELECT boot, server_ms, monotonic_ms, carried FROM anchors "
        "ORDER BY heard DESC");
    for (;;) {
      const absl::StatusOr<bool> row = read.Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      v1::Anchor anchor;
      anchor.set_boot(static_cast<std::uint32_t>(read.Number(0)));
      anchor.set_server_time_ms(static_cast<std::int64_t>(read.Number(1)));
      anchor.set_monotonic_ms(static_cast<std::int64_t>(read.Number(2)));
      if (!newest.has_value()) {
        newest = anchor;
        unsent.emplace_back(anchor.boot(), anchor);
      } else if (read.Number(3) == 0) {
        unsent.emplace_back(anchor.boot(), anchor);
      }
    }
  }
  const auto anchor_of = [&unsent](std::uint32_t boot) {
    return std::find_if(unsent.begin(), unsent.end(),
                        [boot](const auto& one) { return one.first == boot; });
  };
  std::size_t bytes = kBatchOverheadMax;
  Statement read = db_->Prepare(
      "SELECT id, bytes FROM events WHERE id >= ? ORDER BY id LIMIT ?");
  read.Bind(RowId(key_->generation, chain_.sealed_end)).Bind(events_max);
  for (;;) {
    const absl::StatusOr<bool> row = read.Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    const absl::string_view raw = read.Bytes(1);
    v1::Event event;
    absl::Status good =
        event.ParseFromArray(raw.data(), static_cast<int>(raw.size()))
            ? CheckEvent(event)
            : absl::InvalidArgumentError("the event's bytes are damaged");
    if (good.ok() && event.sequence() != SequenceOf(read.Number(0)).value) {
      good = absl::InvalidArgumentError("the event's number is damaged");
    }
    if (!good.ok()) {
      event.set_sequence(SequenceOf(read.Number(0)).value);
      if (absl::Status put = Withdraw(&event, raw, good.message()); !put.ok()) {
        return put;
      }
      ++slice.withdrawn;
    }
    const auto own = anchor_of(event.boot());
    if (slice.batch.events_size() == 0) {
      const auto chosen = own != unsent.end() ? own : unsent.begin();
      if (chosen != unsent.end()) {
        slice.has_anchor = true;
        slice.anchor_boot = chosen->first;
        *slice.batch.mutable_anchor() = chosen->second;
      }
    } else if (own != unsent.end() && own->first != slice.anchor_boot) {
      break;
    }
    bytes += event.ByteSizeLong() + kEventOverhead;
    if (bytes > limits::kBatchBytesMax && slice.batch.events_size() > 0) break;
    *slice.batch.add_events() = std::move(event);
  }
  return slice;
}

absl::StatusOr<bool> Outbox::SealNext(std::size_t events_max,
                                      absl::string_view app_version,
                                      std::uint64_t* withdrawn) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  if (chain_.sealed_end == chain_.next) return false;
  // A slice that was refused once is sealed again in smaller ones.
  const absl::StatusOr<std::string> smaller = Meta("smaller");
  if (!smaller.ok()) return smaller.status();
  std::uint64_t until = 0, smaller_max = 0;
  if (const std::size_t blank = smaller->find(' ');
      blank != std::string::npos &&
      absl::SimpleAtoi(smaller->substr(0, blank), &until) &&
      absl::SimpleAtoi(smaller->substr(blank + 1), &smaller_max) &&
      RowId(key_->generation, chain_.sealed_end) < until) {
    events_max = std::min<std::size_t>(events_max, smaller_max);
  }
  const absl::StatusOr<std::optional<Hash>> previous =
      HashBefore(chain_.sealed_end);
  if (!previous.ok()) return previous.status();
  if (chain_.sealed_end.value > 1 && !previous->has_value()) {
    return absl::DataLossError("the phone's file lacks the last batch");
  }
  Transaction transaction(db_.get(), "seal");
  if (!transaction.begun().ok()) return transaction.begun();
  absl::StatusOr<Slice> slice = NextSlice(events_max);
  if (!slice.ok()) return slice.status();
  v1::Batch& batch = slice->batch;
  if (batch.events_size() == 0) {
    return absl::DataLossError("the phone's file lacks events it counted");
  }
  const Sequence first = chain_.sealed_end;
  const Sequence end(first.value +
                     static_cast<std::uint64_t>(batch.events_size()));
  batch.set_author(std::string(key_->author.view()));
  batch.set_first_sequence(first.value);
  if (previous->has_value()) {
    batch.set_previous_hash(std::string((*previous)->view()));
  }
  batch.set_app_version(std::string(app_version));
  const v1::SealedBatch sealed = SealBatch(batch, key_->key);
  if (absl::Status put =
          db_->Prepare("INSERT INTO batches "
                       "(id, end, state, hash, bytes, signature) "
                       "VALUES (?, ?, 0, ?, ?, ?)")
              .Bind(RowId(key_->generation, first))
              .Bind(end.value)
              .Bind(BatchHash(sealed.batch()).view())
              .Bind(sealed.batch())
              .Bind(sealed.signature())
              .Run();
      !put.ok()) {
    return put;
  }
  if (absl::Status put =
          db_->Prepare("DELETE FROM events WHERE id >= ? AND id < ?")
              .Bind(RowId(key_->generation, first))
              .Bind(RowId(key_->generation, end))
              .Run();
      !put.ok()) {
    return put;
  }
  if (slice->has_anchor) {
    if (absl::Status put =
            db_->Prepare("UPDATE anchors SET carried = 1 WHERE boot = ?")
                .Bind(slice->anchor_boot)
                .Run();
        !put.ok()) {
      return put;
    }
  }
  if (absl::Status done = Commit(&transaction); !done.ok()) return done;
  chain_.sealed_end = end;
  *withdrawn += slice->withdrawn;
  return true;
}

absl::StatusOr<std::vector<v1::Event>> Outbox::EventsOf(std::uint64_t row_id) {
  std::string bytes;
  Sequence end;
  {
    Statement read =
        db_->Prepare("SELECT end, bytes FROM batches WHERE id = ?");
    const absl::StatusOr<bool> row = read.Bind(row_id).Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::DataLossError("the phone's file lacks a batch");
    end = Sequence(read.Number(0));
    bytes = std::string(read.Bytes(1));
  }
  const Sequence first = SequenceOf(row_id);
  std::vector<v1::Event> found;
  if (v1::Batch batch; batch.ParseFromString(bytes)) {
    found.assign(batch.events().begin(), batch.events().end());
  } else {
    found = Salvage(bytes);
  }
  std::vector<v1::Event> events(end.value - first.value);
  for (v1::Event& event : found) {
    if (event.sequence() < first.value || event.sequence() >= end.value) {
      continue;
    }
    events[event.sequence() - first.value] = std::move(event);
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].sequence() != 0) continue;
    events[i].set_sequence(first.value + i);
    if (absl::Status put =
            Withdraw(&events[i], bytes, "the event's bytes are damaged");
        !put.ok()) {
      return put;
    }
  }
  return events;
}

absl::Status Outbox::Unseal(Sequence first) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  THON_CHECK(first >= chain_.verified_end);
  Transaction transaction(db_.get(), "unseal");
  if (!transaction.begun().ok()) return transaction.begun();
  std::uint64_t smaller_max = 0, smaller_until = 0;
  // From the end, one batch after the other: each is gone before the next is
  // looked at, so memory holds one.
  for (;;) {
    std::uint64_t id = 0;
    {
      Statement read = db_->Prepare(
          "SELECT id, end FROM batches WHERE id >= ? AND state = 0 "
          "ORDER BY id LIMIT 1");
      const absl::StatusOr<bool> row =
          read.Bind(RowId(key_->generation, first)).Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      id = read.Number(0);
      if (smaller_until == 0) {
        const std::uint64_t count = read.Number(1) - SequenceOf(id).value;
        smaller_max = std::max<std::uint64_t>(1, count / 2);
        smaller_until = RowId(key_->generation, Sequence(read.Number(1)));
      }
    }
    const absl::StatusOr<std::vector<v1::Event>> events = EventsOf(id);
    if (!events.ok()) return events.status();
    for (const v1::Event& event : *events) {
      if (absl::Status put = InsertEvent(Sequence(event.sequence()), event);
          !put.ok()) {
        return put;
      }
    }
    if (absl::Status gone =
            db_->Prepare("DELETE FROM batches WHERE id = ?").Bind(id).Run();
        !gone.ok()) {
      return gone;
    }
  }
  if (absl::Status put =
          PutMeta("smaller", absl::StrCat(smaller_until, " ", smaller_max));
      !put.ok()) {
    return put;
  }
  if (absl::Status done = Commit(&transaction); !done.ok()) return done;
  return LoadChain();
}

}  // namespace thon::client
