#include <utility>

#include "client-lib/src/outbox.h"
#include "server/core/check.h"
#include "server/core/entry.h"
#include "server/core/receipt.h"

namespace thon::client {

absl::StatusOr<v1::Receipt> ReadReceipt(absl::string_view bytes) {
  v1::Receipt receipt;
  if (!receipt.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Damaged("a receipt");
  }
  return receipt;
}

absl::StatusOr<SigningKey> Outbox::PredecessorKey() {
  THON_CHECK(key_->generation > 0);
  Statement read = db_->Prepare("SELECT seed FROM keys WHERE generation = ?");
  const absl::StatusOr<bool> row = read.Bind(key_->generation - 1).Step();
  if (!row.ok()) return row.status();
  return *row ? SigningKey::FromSeed(read.Bytes(0)) : Damaged("no key");
}

absl::StatusOr<std::optional<StoredBatch>> Outbox::BatchAt(Sequence first) {
  Statement read = db_->Prepare(
      "SELECT end, hash, bytes, signature FROM batches "
      "WHERE id = ? AND state IN (0, 1)");
  const absl::StatusOr<bool> row =
      read.Bind(RowId(key_->generation, first)).Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  StoredBatch batch{.first = first,
                    .end = Sequence(read.Number(0)),
                    .bytes = std::string(read.Bytes(2)),
                    .signature = std::string(read.Bytes(3)),
                    .hash = {}};
  if (!Hash::FromBytes(read.Bytes(1), &batch.hash)) return Damaged("a batch");
  return batch;
}

absl::StatusOr<bool> Outbox::HoldsBatchAt(Sequence first) {
  return db_->Prepare("SELECT 1 FROM batches WHERE id = ? AND state IN (0, 1)")
      .Bind(RowId(key_->generation, first))
      .Step();
}

absl::StatusOr<std::optional<Hash>> Outbox::HashBefore(Sequence end) {
  Statement read = db_->Prepare(
      "SELECT hash, end FROM batches WHERE id >= ? AND id < ? "
      "AND state IN (0, 1) ORDER BY id DESC LIMIT 1");
  const absl::StatusOr<bool> row =
      read.Bind(RowId(key_->generation, Sequence(0)))
          .Bind(RowId(key_->generation, end))
          .Step();
  if (!row.ok()) return row.status();
  if (!*row || read.Number(1) != end.value) return std::nullopt;
  Hash hash;
  if (!Hash::FromBytes(read.Bytes(0), &hash)) return Damaged("a batch");
  return hash;
}

absl::StatusOr<std::optional<std::pair<v1::Receipt, Hash>>>
Outbox::HighestReceipt() {
  std::optional<std::pair<v1::Receipt, Hash>> highest;
  if (key_->enrolment.has_value()) {
    const absl::StatusOr<EntryView> entry =
        ParseEntry(key_->enrolment->enrolment_leaf());
    if (entry.ok()) {
      highest.emplace(key_->enrolment->enrolment_receipt(),
                      LeafHash(entry->batch, entry->trailer));
    }
  }
  Statement read = db_->Prepare(
      "SELECT bytes, signature, receipt FROM batches "
      "WHERE state = 1 AND entry IS NOT NULL ORDER BY entry DESC LIMIT 1");
  const absl::StatusOr<bool> row = read.Step();
  if (!row.ok()) return row.status();
  if (!*row) return highest;
  const absl::StatusOr<v1::Receipt> receipt = ReadReceipt(read.Bytes(2));
  if (!receipt.ok()) return receipt.status();
  Signature signature;
  if (!Signature::FromBytes(read.Bytes(1), &signature)) {
    return Damaged("a batch");
  }
  if (!highest.has_value() ||
      receipt->entry_index() > highest->first.entry_index()) {
    highest.emplace(*receipt,
                    LeafHash(read.Bytes(0), TrailerOf(*receipt, signature)));
  }
  return highest;
}

absl::StatusOr<PendingCount> Outbox::Pending() {
  PendingCount count;
  count.unsealed_events = chain_.next.value - chain_.sealed_end.value;
  Statement read = db_->Prepare(
      "SELECT COUNT(*), IFNULL(SUM(end - (id & 0xffffffffff)), 0) "
      "FROM batches WHERE state = 0");
  const absl::StatusOr<std::uint64_t> batches = OnlyNumber(&read);
  if (!batches.ok()) return batches.status();
  count.sealed_batches = *batches;
  count.sealed_events = read.Number(1);
  return count;
}

absl::StatusOr<std::uint64_t> Outbox::Locate(const EventName& name) {
  {
    Statement read = db_->Prepare(
        "SELECT id FROM reoffered WHERE author = ? AND sequence = ?");
    const absl::StatusOr<bool> row =
        read.Bind(name.author.view()).Bind(name.sequence.value).Step();
    if (!row.ok()) return row.status();
    if (*row) return read.Number(0);
  }
  const absl::StatusOr<std::optional<std::uint32_t>> generation =
      GenerationOfAuthor(name.author);
  if (!generation.ok()) return generation.status();
  if (!generation->has_value() || name.sequence.value == 0 ||
      name.sequence.value >> kSequenceBits != 0) {
    return 0;
  }
  return RowId(**generation, name.sequence);
}

absl::StatusOr<EventAnswer> Outbox::AnswerOf(const EventName& name) {
  using State = EventAnswer::State;
  EventAnswer answer;
  const absl::StatusOr<std::uint64_t> id = Locate(name);
  if (!id.ok()) return id.status();
  if (*id == 0) return answer;
  const std::uint32_t generation = GenerationOf(*id);
  const absl::StatusOr<AuthorId> author = AuthorOf(generation);
  if (!author.ok()) return author.status();
  answer.name_in_log = {.author = *author, .sequence = SequenceOf(*id)};
  {
    Statement read = db_->Prepare(
        "SELECT 1 FROM withdrawn WHERE author = ? AND sequence = ?");
    const absl::StatusOr<bool> row =
        read.Bind(name.author.view()).Bind(name.sequence.value).Step();
    if (!row.ok()) return row.status();
    if (*row) {
      answer.state = State::kWithdrawn;
      return answer;
    }
  }
  {
    Statement read = db_->Prepare("SELECT 1 FROM events WHERE id = ?");
    const absl::StatusOr<bool> row = read.Bind(*id).Step();
    if (!row.ok()) return row.status();
    if (*row) {
      answer.state = State::kPending;
      return answer;
    }
  }
  {
    Statement read = db_->Prepare(
        "SELECT id, end, state, receipt FROM batches "
        "WHERE id <= ? AND id >= ? ORDER BY id DESC LIMIT 1");
    const absl::StatusOr<bool> row =
        read.Bind(*id).Bind(RowId(generation, Sequence(0))).Step();
    if (!row.ok()) return row.status();
    if (*row && SequenceOf(*id).value < read.Number(1)) {
      answer.state = State::kSent;
      if (read.Number(2) == 1) {
        absl::StatusOr<v1::Receipt> receipt = ReadReceipt(read.Bytes(3));
        if (!receipt.ok()) return receipt.status();
        answer.state = State::kRecorded;
        answer.receipt = *std::move(receipt);
        answer.position =
            Position(answer.receipt.first_position() + (*id - read.Number(0)));
      }
      return answer;
    }
  }
  Statement read =
      db_->Prepare("SELECT dropped_end FROM keys WHERE generation = ?");
  const absl::StatusOr<std::uint64_t> dropped_end =
      OnlyNumber(&read.Bind(generation));
  if (!dropped_end.ok()) return dropped_end.status();
  if (SequenceOf(*id).value < *dropped_end) answer.state = State::kDropped;
  return answer;
}

absl::StatusOr<std::optional<v1::EventStanding>> Outbox::StandingOf(
    const EventName& name) {
  const absl::StatusOr<std::uint64_t> id = Locate(name);
  if (!id.ok()) return id.status();
  if (*id == 0) return std::nullopt;
  v1::EventStanding standing;
  {
    Statement read =
        db_->Prepare("SELECT standing FROM standings WHERE id = ?");
    const absl::StatusOr<bool> row = read.Bind(*id).Step();
    if (!row.ok()) return row.status();
    if (*row) {
      const absl::string_view raw = read.Bytes(0);
      if (!standing.ParseFromArray(raw.data(), static_cast<int>(raw.size()))) {
        return Damaged("a standing");
      }
      return standing;
    }
  }
  Statement read = db_->Prepare(
      "SELECT 1 FROM keys WHERE generation = ? AND judged_first <= ? "
      "AND judged_end > ?");
  const absl::StatusOr<bool> row = read.Bind(GenerationOf(*id))
                                       .Bind(SequenceOf(*id).value)
                                       .Bind(SequenceOf(*id).value)
                                       .Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  standing.set_sequence(SequenceOf(*id).value);
  standing.set_standing(v1::STANDING_COUNTED);
  standing.set_time_quality(v1::TIME_QUALITY_TRUSTED);
  return standing;
}

absl::StatusOr<std::vector<Client::ReceiptRow>> Outbox::Receipts(
    const AuthorId& author, Sequence from, std::size_t count_max) {
  const absl::StatusOr<std::optional<std::uint32_t>> generation =
      GenerationOfAuthor(author);
  if (!generation.ok()) return generation.status();
  std::vector<Client::ReceiptRow> rows;
  if (!generation->has_value()) return rows;
  Statement read = db_->Prepare(
      "SELECT id, end, receipt FROM batches WHERE id >= ? AND id < ? "
      "AND end > ? AND state = 1 ORDER BY id LIMIT ?");
  read.Bind(RowId(**generation, Sequence(0)))
      .Bind(RowId(**generation + 1, Sequence(0)))
      .Bind(from.value)
      .Bind(count_max);
  for (;;) {
    const absl::StatusOr<bool> row = read.Step();
    if (!row.ok()) return row.status();
    if (!*row) return rows;
    absl::StatusOr<v1::Receipt> receipt = ReadReceipt(read.Bytes(2));
    if (!receipt.ok()) return receipt.status();
    const Sequence first = SequenceOf(read.Number(0));
    rows.push_back({.first_sequence = first,
                    .event_count = static_cast<std::uint32_t>(read.Number(1) -
                                                              first.value),
                    .receipt = *std::move(receipt)});
  }
}

absl::StatusOr<std::vector<WithdrawnEvent>> Outbox::Withdrawals() {
  std::vector<WithdrawnEvent> events;
  Statement read = db_->Prepare(
      "SELECT author, sequence, hash, reason FROM withdrawn "
      "ORDER BY author, sequence");
  for (;;) {
    const absl::StatusOr<bool> row = read.Step();
    if (!row.ok()) return row.status();
    if (!*row) return events;
    WithdrawnEvent event;
    if (!AuthorId::FromBytes(read.Bytes(0), &event.name.author) ||
        !Hash::FromBytes(read.Bytes(2), &event.event_hash)) {
      return Damaged("a withdrawn event");
    }
    event.name.sequence = Sequence(read.Number(1));
    event.reason = std::string(read.Bytes(3));
    events.push_back(std::move(event));
  }
}

absl::StatusOr<std::string> Outbox::ExportWithdrawn(const EventName& name) {
  Statement read = db_->Prepare(
      "SELECT bytes FROM withdrawn WHERE author = ? AND sequence = ?");
  const absl::StatusOr<bool> row =
      read.Bind(name.author.view()).Bind(name.sequence.value).Step();
  if (!row.ok()) return row.status();
  if (!*row) return absl::NotFoundError("no such withdrawn event");
  return std::string(read.Bytes(0));
}

}  // namespace thon::client
