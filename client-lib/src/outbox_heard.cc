#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client-lib/src/outbox.h"

namespace thon::client {
namespace {

constexpr std::uint64_t kAnchorsKept = 16;

}  // namespace

absl::Status Outbox::KeepReceipt(Sequence first, const v1::Receipt& receipt) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  // Not waited for: a receipt that a power cut takes is given again.
  Transaction transaction(db_.get(), "receipt", /*durable=*/false);
  if (!transaction.begun().ok()) return transaction.begun();
  if (absl::Status put =
          db_->Prepare("UPDATE batches SET state = 1, receipt = ?, entry = ?, "
                       "position = ?, received_ms = ? WHERE id = ?")
              .Bind(receipt.SerializeAsString())
              .Bind(receipt.entry_index())
              .Bind(receipt.first_position())
              .Bind(static_cast<std::uint64_t>(receipt.receive_time_ms()))
              .Bind(RowId(key_->generation, first))
              .Run();
      !put.ok()) {
    return put;
  }
  if (absl::Status done = Commit(&transaction); !done.ok()) return done;
  return LoadChain();
}

absl::Status Outbox::SaveCode(absl::string_view code) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  Transaction transaction(db_.get(), "code");
  if (!transaction.begun().ok()) return transaction.begun();
  if (absl::Status put = PutMeta("code", code); !put.ok()) return put;
  absl::Status done = Commit(&transaction);
  if (done.ok()) code_ = std::string(code);
  return done;
}

absl::Status Outbox::SaveEnrolment(const v1::EnrolResponse& response) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  Transaction transaction(db_.get(), "enrolment");
  if (!transaction.begun().ok()) return transaction.begun();
  if (absl::Status put =
          db_->Prepare("UPDATE keys SET enrolled = 1, enrolment = ? "
                       "WHERE generation = ?")
              .Bind(response.SerializeAsString())
              .Bind(key_->generation)
              .Run();
      !put.ok()) {
    return put;
  }
  if (epochs_.empty()) {
    if (absl::Status put = db_->Prepare("INSERT INTO epochs "
                                        "(ordinal, origin, log_key, lost_from) "
                                        "VALUES (0, ?, ?, 0)")
                               .Bind(response.origin())
                               .Bind(response.log_key())
                               .Run();
        !put.ok()) {
      return put;
    }
  }
  if (absl::Status put = PutMeta("code", ""); !put.ok()) return put;
  if (absl::Status done = Commit(&transaction); !done.ok()) return done;
  return Load();
}

absl::Status Outbox::SaveHello(const HeardTime& heard, Position durable_end) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  Transaction transaction(db_.get(), "hello", /*durable=*/false);
  if (!transaction.begun().ok()) return transaction.begun();
  absl::Status put =
      db_->Prepare(
             "INSERT OR REPLACE INTO anchors "
             "(boot, server_ms, monotonic_ms, wall_ms, heard, carried) "
             "VALUES (?, ?, ?, ?, "
             "(SELECT IFNULL(MAX(heard), 0) + 1 FROM anchors), 0)")
          .Bind(heard.anchor.boot())
          .Bind(static_cast<std::uint64_t>(heard.anchor.server_time_ms()))
          .Bind(static_cast<std::uint64_t>(heard.anchor.monotonic_ms()))
          .Bind(static_cast<std::uint64_t>(heard.wall_ms))
          .Run();
  if (put.ok()) {
    put = db_->Prepare(
                 "DELETE FROM anchors WHERE heard <= "
                 "(SELECT MAX(heard) FROM anchors) - ?")
              .Bind(kAnchorsKept)
              .Run();
  }
  if (put.ok()) put = PutMeta("durable", absl::StrCat(durable_end.value));
  if (put.ok()) put = Commit(&transaction);
  if (!put.ok()) return put;
  last_heard_ = heard;
  durable_end_ = durable_end;
  return put;
}

absl::Status Outbox::SaveStandings(const v1::Standings& standings) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  const Sequence first(standings.first_sequence());
  const Sequence end(std::min(standings.end_sequence(), chain_.next.value));
  if (first.value == 0 || first >= end) return absl::OkStatus();
  Transaction transaction(db_.get(), "standings", /*durable=*/false);
  if (!transaction.begun().ok()) return transaction.begun();
  absl::Status put =
      db_->Prepare("DELETE FROM standings WHERE id >= ? AND id < ?")
          .Bind(RowId(key_->generation, first))
          .Bind(RowId(key_->generation, end))
          .Run();
  for (const v1::EventStanding& standing : standings.exceptions()) {
    if (!put.ok()) return put;
    const Sequence sequence(standing.sequence());
    if (sequence < first || sequence >= end) continue;
    put = db_->Prepare(
                 "INSERT OR REPLACE INTO standings (id, standing) "
                 "VALUES (?, ?)")
              .Bind(RowId(key_->generation, sequence))
              .Bind(standing.SerializeAsString())
              .Run();
  }
  if (!put.ok()) return put;
  // One range is remembered; one that does not touch it takes its place.
  put = db_->Prepare(
               "UPDATE keys SET "
               "judged_first = CASE WHEN ?1 > judged_end OR ?2 < judged_first "
               "THEN ?1 ELSE MIN(judged_first, ?1) END, "
               "judged_end = CASE WHEN ?1 > judged_end OR ?2 < judged_first "
               "THEN ?2 ELSE MAX(judged_end, ?2) END WHERE generation = ?3")
            .Bind(first.value)
            .Bind(end.value)
            .Bind(key_->generation)
            .Run();
  return put.ok() ? Commit(&transaction) : put;
}

absl::Status Outbox::PruneSome(const PruneRule& rule, bool for_room,
                               bool* more) {
  struct Victim {
    std::uint64_t id, end;
    bool verified, early;
  };
  const std::uint64_t oldest_kept =
      rule.server_time_ms > 0
          ? static_cast<std::uint64_t>(std::max<std::int64_t>(
                0, rule.server_time_ms -
                       std::int64_t{rule.keep_days} * 24 * 3600 * 1000))
          : 0;
  constexpr std::uint64_t kAtOnce = 16;
  std::vector<Victim> victims;
  {
    // Fork copies first: their events live on under the next key. The newest
    // batch of a key stays, because the next one names its hash.
    Statement read = db_->Prepare(
        "SELECT id, end, state, received_ms, "
        "position + end - (id & 0xffffffffff) FROM batches AS one "
        "WHERE state IN (1, 2) AND (state = 2 OR id < (SELECT MAX(id) FROM "
        "batches AS other WHERE other.id >> 40 = one.id >> 40)) "
        "AND (?1 OR (received_ms < ?2 AND (state = 2 OR "
        "(position + end - (id & 0xffffffffff) <= ?3 AND "
        "(?4 = 0 OR checkpoint IS NOT NULL))))) "
        "ORDER BY state DESC, received_ms, id LIMIT ?5");
    read.Bind(for_room ? 1 : 0)
        .Bind(oldest_kept)
        .Bind(rule.durable_end.value)
        .Bind(proofs_heard() ? 1 : 0)
        .Bind(kAtOnce);
    for (;;) {
      const absl::StatusOr<bool> row = read.Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      const bool verified =
          read.Number(2) == static_cast<std::uint64_t>(BatchState::kVerified);
      victims.push_back(
          {.id = read.Number(0),
           .end = read.Number(1),
           .verified = verified,
           .early = verified && (read.Number(3) >= oldest_kept ||
                                 read.Number(4) > rule.durable_end.value)});
    }
  }
  *more = victims.size() == kAtOnce || (for_room && !victims.empty());
  if (victims.empty()) return absl::OkStatus();
  std::uint64_t early = dropped_early_;
  Transaction transaction(db_.get(), "prune");
  if (!transaction.begun().ok()) return transaction.begun();
  for (const Victim& victim : victims) {
    absl::Status done =
        db_->Prepare("DELETE FROM batches WHERE id = ?").Bind(victim.id).Run();
    if (done.ok() && victim.verified) {
      done = db_->Prepare(
                    "UPDATE keys SET dropped_end = MAX(dropped_end, ?) "
                    "WHERE generation = ?")
                 .Bind(victim.end)
                 .Bind(GenerationOf(victim.id))
                 .Run();
    }
    if (!done.ok()) return done;
    if (victim.early) early += victim.end - SequenceOf(victim.id).value;
  }
  absl::Status put = PutMeta("dropped_early", absl::StrCat(early));
  if (put.ok()) put = DropCheckpoints();
  if (!put.ok()) return put;
  if (absl::Status done = Commit(&transaction); !done.ok()) return done;
  dropped_early_ = early;
  return LoadChain();
}

absl::Status Outbox::Prune(const PruneRule& rule) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  for (bool more = true; more;) {
    if (absl::Status done = PruneSome(rule, false, &more); !done.ok()) {
      return done;
    }
  }
  for (bool more = true; more && BytesInUse() > rule.bytes_max;) {
    if (absl::Status done = PruneSome(rule, true, &more); !done.ok()) {
      return done;
    }
  }
  return db_->Prepare("PRAGMA incremental_vacuum(64)").Run();
}

}  // namespace thon::client
