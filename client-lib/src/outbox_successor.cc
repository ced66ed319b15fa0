#include <algorithm>
#include <utility>

#include "client-lib/src/outbox.h"
#include "server/core/batch.h"

namespace thon::client {

absl::Status Outbox::Reoffer(const AuthorId& author, v1::Event event,
                             Sequence* next_free) {
  if (!event.has_originally()) {
    const Hash hash = EventHash(event);
    v1::Original* original = event.mutable_originally();
    original->set_author(std::string(author.view()));
    original->set_sequence(event.sequence());
    original->set_event_hash(std::string(hash.view()));
  }
  event.set_sequence(next_free->value);
  if (absl::Status put = db_->Prepare("INSERT OR REPLACE INTO reoffered "
                                      "(author, sequence, id) VALUES (?, ?, ?)")
                             .Bind(event.originally().author())
                             .Bind(event.originally().sequence())
                             .Bind(RowId(key_->generation, *next_free))
                             .Run();
      !put.ok()) {
    return put;
  }
  absl::Status put = InsertEvent(*next_free, event);
  if (put.ok()) *next_free = next_free->Next();
  return put;
}

absl::Status Outbox::ReofferBatch(const AuthorId& author, std::uint64_t row_id,
                                  Sequence* next_free) {
  absl::StatusOr<std::vector<v1::Event>> events = EventsOf(row_id);
  if (!events.ok()) return events.status();
  for (v1::Event& event : *events) {
    if (absl::Status put = Reoffer(author, std::move(event), next_free);
        !put.ok()) {
      return put;
    }
  }
  return db_
      ->Prepare(
          "UPDATE batches SET state = 2, received_ms = ?, checkpoint = NULL, "
          "proof = NULL WHERE id = ?")
      .Bind(static_cast<std::uint64_t>(
          last_heard_.has_value() ? last_heard_->anchor.server_time_ms() : 0))
      .Bind(row_id)
      .Run();
}

absl::Status Outbox::Succeed(SigningKey successor) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  const AuthorId old_author = key_->author;
  const std::uint32_t old_generation = key_->generation;
  Transaction transaction(db_.get(), "succeed");
  if (!transaction.begun().ok()) return transaction.begun();
  PhoneKey next_key{.generation = old_generation + 1,
                    .key = std::move(successor),
                    .author = {},
                    .enrolled = false,
                    .enrolment = std::nullopt};
  next_key.author = next_key.key.public_key().author();
  absl::Status put = db_->Prepare(
                            "INSERT INTO keys (generation, seed, author) "
                            "VALUES (?, ?, ?)")
                         .Bind(next_key.generation)
                         .Bind(next_key.key.seed())
                         .Bind(next_key.author.view())
                         .Run();
  if (!put.ok()) return put;
  // From here on the new key is the current one; an error takes it back.
  PhoneKey old_key = *std::exchange(key_, std::move(next_key));
  const auto move_events = [&]() -> absl::Status {
    Sequence next_free(1);
    for (;;) {
      std::uint64_t id = 0;
      {
        Statement read = db_->Prepare(
            "SELECT id FROM batches WHERE id >= ? AND id < ? AND state = 0 "
            "ORDER BY id LIMIT 1");
        const absl::StatusOr<bool> row =
            read.Bind(RowId(old_generation, Sequence(0)))
                .Bind(RowId(old_generation + 1, Sequence(0)))
                .Step();
        if (!row.ok()) return row.status();
        if (!*row) break;
        id = read.Number(0);
      }
      absl::Status moved = ReofferBatch(old_author, id, &next_free);
      if (!moved.ok()) return moved;
    }
    for (;;) {
      v1::Event event;
      std::uint64_t id = 0;
      {
        Statement read = db_->Prepare(
            "SELECT id, bytes FROM events WHERE id < ? ORDER BY id LIMIT 1");
        const absl::StatusOr<bool> row =
            read.Bind(RowId(old_generation + 1, Sequence(0))).Step();
        if (!row.ok()) return row.status();
        if (!*row) break;
        id = read.Number(0);
        const absl::string_view raw = read.Bytes(1);
        if (!event.ParseFromArray(raw.data(), static_cast<int>(raw.size()))) {
          event.Clear();
          event.set_sequence(SequenceOf(id).value);
          absl::Status withdrawn =
              Withdraw(&event, raw, "the event's bytes are damaged");
          if (!withdrawn.ok()) return withdrawn;
        }
      }
      absl::Status moved = Reoffer(old_author, std::move(event), &next_free);
      if (moved.ok()) {
        moved = db_->Prepare("DELETE FROM events WHERE id = ?").Bind(id).Run();
      }
      if (!moved.ok()) return moved;
    }
    // The new author's chain has carried no anchor yet.
    absl::Status reset = db_->Execute("UPDATE anchors SET carried = 0");
    return reset.ok() ? Commit(&transaction) : reset;
  };
  if (absl::Status moved = move_events(); !moved.ok()) {
    key_ = std::move(old_key);
    return moved;
  }
  return LoadChain();
}

absl::Status Outbox::OpenEpochs(absl::Span<const Epoch> added,
                                Sequence expected) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  Transaction transaction(db_.get(), "epoch");
  if (!transaction.begun().ok()) return transaction.begun();
  Position lost_from(UINT64_MAX >> 1);
  std::uint64_t tree_size = UINT64_MAX >> 1;
  std::uint64_t ordinal = epochs_.size();
  for (const Epoch& epoch : added) {
    lost_from = std::min(lost_from, epoch.lost_from);
    tree_size = std::min(tree_size, epoch.tree_size);
    if (absl::Status put = db_->Prepare("INSERT INTO epochs "
                                        "(ordinal, origin, log_key, lost_from, "
                                        "tree_size) VALUES (?, ?, ?, ?, ?)")
                               .Bind(ordinal++)
                               .Bind(epoch.origin)
                               .Bind(epoch.log_key.view())
                               .Bind(epoch.lost_from.value)
                               .Bind(epoch.tree_size)
                               .Run();
        !put.ok()) {
      return put;
    }
  }
  const std::uint64_t from =
      RowId(key_->generation, std::max(expected, Sequence(1)));
  for (const auto& [sql, bound] :
       {std::pair("INSERT INTO lost_receipts (id, receipt) SELECT id, receipt "
                  "FROM batches WHERE id >= ? AND state = 1",
                  from),
        std::pair("UPDATE batches SET state = 0, receipt = NULL, entry = NULL, "
                  "position = NULL, received_ms = NULL, checkpoint = NULL, "
                  "proof = NULL, proof_tries = 0 "
                  "WHERE id >= ? AND state = 1",
                  from)}) {
    absl::Status done = db_->Prepare(sql).Bind(bound).Run();
    if (!done.ok()) return done;
  }
  if (absl::Status begun = BeginLineage(tree_size); !begun.ok()) return begun;
  // It may hold events that are lost, at positions that are given anew.
  for (const char* sql : {"DELETE FROM team_view", "DELETE FROM shown"}) {
    if (absl::Status gone = db_->Execute(sql); !gone.ok()) return gone;
  }
  Sequence next_free = chain_.next;
  for (;;) {
    std::uint64_t id = 0;
    {
      Statement read = db_->Prepare(
          "SELECT id FROM batches WHERE id < ? AND state = 1 AND "
          "position + end - (id & 0xffffffffff) > ? ORDER BY id LIMIT 1");
      const absl::StatusOr<bool> row =
          read.Bind(RowId(key_->generation, Sequence(0)))
              .Bind(lost_from.value)
              .Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      id = read.Number(0);
    }
    const absl::StatusOr<AuthorId> author = AuthorOf(GenerationOf(id));
    if (!author.ok()) return author.status();
    absl::Status moved = db_->Prepare(
                                "INSERT INTO lost_receipts (id, receipt) "
                                "SELECT id, receipt FROM batches WHERE id = ?")
                             .Bind(id)
                             .Run();
    if (moved.ok()) moved = ReofferBatch(*author, id, &next_free);
    if (!moved.ok()) return moved;
  }
  if (absl::Status done = Commit(&transaction); !done.ok()) return done;
  return Load();
}

}  // namespace thon::client
