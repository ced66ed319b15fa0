// Proofs and the checkpoints that they lead to.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client-lib/src/outbox.h"
#include "server/core/receipt.h"
#include "server/core/tlog_proof.h"

namespace thon::client {
namespace {

std::string JoinHashes(absl::Span<const Hash> hashes) {
  std::string bytes;
  for (const Hash& hash : hashes) absl::StrAppend(&bytes, hash.view());
  return bytes;
}

bool SplitHashes(absl::string_view bytes, std::vector<Hash>* hashes) {
  if (bytes.size() % Hash::kSize != 0) return false;
  hashes->clear();
  for (; !bytes.empty(); bytes.remove_prefix(Hash::kSize)) {
    Hash::FromBytes(bytes.substr(0, Hash::kSize), &hashes->emplace_back());
  }
  return true;
}

}  // namespace

absl::StatusOr<Outbox::HeldReceipt> Outbox::FindReceipt(const EventName& name) {
  const absl::StatusOr<std::uint64_t> id = Locate(name);
  if (!id.ok()) return id.status();
  Statement read = db_->Prepare(
      "SELECT end, id, bytes, signature, receipt, IFNULL(checkpoint, 0), proof "
      "FROM batches "
      "WHERE id <= ? AND id >= ? AND state = 1 ORDER BY id DESC LIMIT 1");
  const absl::StatusOr<bool> row =
      read.Bind(*id).Bind(RowId(GenerationOf(*id), Sequence(0))).Step();
  if (!row.ok()) return row.status();
  if (*id == 0 || !*row || SequenceOf(*id).value >= read.Number(0)) {
    return absl::NotFoundError("this phone holds no receipt for the event");
  }
  HeldReceipt held;
  held.event = *id;
  held.batch = read.Number(1);
  held.bytes = std::string(read.Bytes(2));
  Signature signature;
  if (!Signature::FromBytes(read.Bytes(3), &signature)) {
    return Damaged("a batch");
  }
  absl::StatusOr<v1::Receipt> receipt = ReadReceipt(read.Bytes(4));
  if (!receipt.ok()) return receipt.status();
  held.receipt = *std::move(receipt);
  held.trailer = TrailerOf(held.receipt, signature);
  held.checkpoint = read.Number(5);
  if (!SplitHashes(read.Bytes(6), &held.path)) return Damaged("a proof");
  return held;
}

absl::StatusOr<Proof> Outbox::ProofOf(const EventName& name) {
  const absl::StatusOr<HeldReceipt> held = FindReceipt(name);
  if (!held.ok()) return held.status();
  Proof proof{.entry = EncodeEntry(held->bytes, held->trailer),
              .receipt = held->receipt,
              .log_key = {},
              .proven = Proven::kPromise,
              .tree_size = 0};
  const auto epoch = std::find_if(
      epochs_.begin(), epochs_.end(),
      [&](const Epoch& one) { return one.origin == held->receipt.origin(); });
  if (epoch == epochs_.end()) return Damaged("a receipt of an unknown epoch");
  proof.log_key = epoch->log_key;
  if (held->checkpoint == 0) return proof;
  Statement read = db_->Prepare(
      "SELECT size, EXISTS (SELECT 1 FROM checkpoints AS later "
      "WHERE later.lineage = one.lineage AND later.size >= one.size "
      "AND later.witnessed) FROM checkpoints AS one WHERE id = ?");
  const absl::StatusOr<bool> row = read.Bind(held->checkpoint).Step();
  if (!row.ok()) return row.status();
  if (!*row) return Damaged("a proof without its checkpoint");
  proof.tree_size = read.Number(0);
  proof.proven = read.Number(1) != 0 ? Proven::kWitnessed : Proven::kProven;
  return proof;
}

absl::StatusOr<TlogProofText> Outbox::TlogProofOf(const EventName& name) {
  const absl::StatusOr<HeldReceipt> held = FindReceipt(name);
  if (!held.ok()) return held.status();
  if (held->checkpoint == 0) {
    return absl::NotFoundError(
        "there is only the server's promise so far: sync again after a minute");
  }
  Statement read = db_->Prepare("SELECT note FROM checkpoints WHERE id = ?");
  const absl::StatusOr<bool> row = read.Bind(held->checkpoint).Step();
  if (!row.ok()) return row.status();
  if (!*row) return Damaged("a proof without its checkpoint");
  TlogProof proof;
  proof.index = held->receipt.entry_index();
  proof.path = held->path;
  proof.checkpoint = std::string(read.Bytes(0));
  return TlogProofText{.text = FormatTlogProof(proof),
                       .entry = EncodeEntry(held->bytes, held->trailer)};
}

absl::StatusOr<v1::ReceiptCard> Outbox::ReceiptCardOf(const EventName& name) {
  const absl::StatusOr<HeldReceipt> held = FindReceipt(name);
  if (!held.ok()) return held.status();
  const absl::StatusOr<AuthorId> author = AuthorOf(GenerationOf(held->event));
  if (!author.ok()) return author.status();
  v1::ReceiptCard card;
  const Hash leaf = LeafHash(held->bytes, held->trailer);
  card.set_leaf_hash(std::string(leaf.view()));
  *card.mutable_receipt() = held->receipt;
  card.set_sequence(SequenceOf(held->event).value);
  card.set_author(std::string(author->view()));
  return card;
}

absl::StatusOr<ReceiptCount> Outbox::CountReceipts() {
  ReceiptCount count;
  {
    // What was received so early that it is due at `now`.
    const std::int64_t now =
        last_heard_.has_value() ? last_heard_->anchor.server_time_ms() : 0;
    Statement read = db_->Prepare(
        "SELECT COUNT(*), IFNULL(SUM(received_ms < ?), 0) FROM batches "
        "WHERE state = 1 AND checkpoint IS NULL");
    const absl::StatusOr<std::uint64_t> promises =
        OnlyNumber(&read.Bind(static_cast<std::uint64_t>(
            std::max<std::int64_t>(0, now - limits::kCheckpointMsMax))));
    if (!promises.ok()) return promises.status();
    count.promises = *promises;
    count.overdue = read.Number(1);
  }
  {
    Statement read = db_->Prepare(
        "SELECT COUNT(*), IFNULL(SUM(one.size <= IFNULL("
        "(SELECT MAX(size) FROM checkpoints AS later "
        "WHERE later.lineage = one.lineage AND later.witnessed), -1)), 0) "
        "FROM batches JOIN checkpoints AS one ON one.id = batches.checkpoint "
        "WHERE state = 1 AND checkpoint IS NOT NULL");
    const absl::StatusOr<std::uint64_t> proven = OnlyNumber(&read);
    if (!proven.ok()) return proven.status();
    count.proven = *proven;
    count.witnessed = read.Number(1);
  }
  const absl::StatusOr<std::uint64_t> evidence = CountEvidence();
  if (!evidence.ok()) return evidence.status();
  count.evidence = *evidence;
  return count;
}

absl::StatusOr<std::optional<KnownCheckpoint>> Outbox::NewestCheckpoint() {
  Statement read = db_->Prepare(
      "SELECT id, size, root, note FROM checkpoints WHERE lineage = ? "
      "ORDER BY size DESC LIMIT 1");
  const absl::StatusOr<bool> row = read.Bind(lineage_).Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  KnownCheckpoint known{.id = read.Number(0),
                        .tree_size = read.Number(1),
                        .root = {},
                        .note = std::string(read.Bytes(3))};
  if (!Hash::FromBytes(read.Bytes(2), &known.root)) {
    return Damaged("a checkpoint");
  }
  return known;
}

absl::StatusOr<bool> Outbox::HasUnproven(std::int64_t before_ms) {
  return db_
      ->Prepare(
          "SELECT 1 FROM batches WHERE state = 1 AND checkpoint IS NULL "
          "AND entry IS NOT NULL AND received_ms < ? LIMIT 1")
      .Bind(static_cast<std::uint64_t>(std::max<std::int64_t>(0, before_ms)))
      .Step();
}

absl::StatusOr<std::vector<AskedProof>> Outbox::Unproven(
    std::int64_t before_ms, std::size_t count_max) {
  std::vector<AskedProof> asked;
  Statement read = db_->Prepare(
      "SELECT id, entry, bytes, signature, receipt FROM batches "
      "WHERE state = 1 AND checkpoint IS NULL AND entry IS NOT NULL "
      "AND received_ms < ? ORDER BY proof_tries, entry LIMIT ?");
  read.Bind(static_cast<std::uint64_t>(std::max<std::int64_t>(0, before_ms)))
      .Bind(count_max);
  for (;;) {
    const absl::StatusOr<bool> row = read.Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    AskedProof one{.batch = read.Number(0),
                   .entry_index = read.Number(1),
                   .leaf_hash = {},
                   .receipt = {}};
    Signature signature;
    if (!Signature::FromBytes(read.Bytes(3), &signature)) {
      return Damaged("a batch");
    }
    absl::StatusOr<v1::Receipt> receipt = ReadReceipt(read.Bytes(4));
    if (!receipt.ok()) return receipt.status();
    one.receipt = *std::move(receipt);
    one.leaf_hash = LeafHash(read.Bytes(2), TrailerOf(one.receipt, signature));
    asked.push_back(std::move(one));
  }
  std::sort(asked.begin(), asked.end(),
            [](const AskedProof& a, const AskedProof& b) {
              return a.entry_index < b.entry_index;
            });
  return asked;
}

absl::StatusOr<std::uint64_t> Outbox::KeepCheckpoint(const ProofsHeard& heard) {
  const CheckpointBody& body = *heard.verdict.checkpoint;
  const bool same =
      heard.known.has_value() && heard.known->tree_size == body.tree_size;
  // The same one again may have gained cosignatures, or lost some.
  absl::Status put =
      same ? db_->Prepare(
                    "UPDATE checkpoints SET note = ?, witnessed = ? "
                    "WHERE id = ? AND witnessed <= ?2")
                 .Bind(heard.shown)
                 .Bind(heard.witnessed ? 1 : 0)
                 .Bind(heard.known->id)
                 .Run()
           : db_->Prepare(
                    "INSERT INTO checkpoints "
                    "(lineage, size, root, origin, note, witnessed) "
                    "VALUES (?, ?, ?, ?, ?, ?)")
                 .Bind(lineage_)
                 .Bind(body.tree_size)
                 .Bind(body.root.view())
                 .Bind(body.origin)
                 .Bind(heard.shown)
                 .Bind(heard.witnessed ? 1 : 0)
                 .Run();
  if (!put.ok()) return put;
  if (same) return heard.known->id;
  Statement read = db_->Prepare("SELECT MAX(id) FROM checkpoints");
  return OnlyNumber(&read);
}

// Those that no proof needs, but for the newest and the newest witnessed one.
absl::Status Outbox::DropCheckpoints() {
  return db_
      ->Prepare(
          "DELETE FROM checkpoints WHERE "
          "NOT EXISTS (SELECT 1 FROM batches WHERE checkpoint = "
          "checkpoints.id) "
          "AND (lineage < ?1 OR (size < "
          "(SELECT MAX(size) FROM checkpoints WHERE lineage = ?1) "
          "AND size IS NOT (SELECT MAX(size) FROM checkpoints "
          "WHERE lineage = ?1 AND witnessed)))")
      .Bind(lineage_)
      .Run();
}

absl::Status Outbox::BeginLineage(std::uint64_t tree_size) {
  absl::Status put = PutMeta("lineage", absl::StrCat(lineage_ + 1));
  if (put.ok()) {
    put = db_->Prepare(
                 "UPDATE checkpoints SET lineage = ?1 + 1 "
                 "WHERE lineage = ?1 AND size <= ?2")
              .Bind(lineage_)
              .Bind(tree_size)
              .Run();
  }
  return put;
}

absl::Status Outbox::KeepProofs(const ProofsHeard& heard) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  // What is proven can be asked for again; evidence perhaps not.
  Transaction transaction(db_.get(), "proofs",
                          /*durable=*/!heard.verdict.findings.empty());
  if (!transaction.begun().ok()) return transaction.begun();
  const std::string now = absl::StrCat(heard.hello.hello.server_time_ms());
  absl::Status put = PutMeta("proofs_heard", now);
  if (put.ok()) put = PutMeta("refused", "");
  std::vector<bool> proven(heard.asked.size());
  if (put.ok() && heard.verdict.checkpoint.has_value()) {
    const absl::StatusOr<std::uint64_t> checkpoint = KeepCheckpoint(heard);
    if (!checkpoint.ok()) return checkpoint.status();
    for (const ProofsVerdict::Proven& one : heard.verdict.proven) {
      proven[one.asked] = true;
      put = db_->Prepare(
                   "UPDATE batches SET checkpoint = ?, proof = ? "
                   "WHERE id = ? AND state = 1 AND entry = ?")
                .Bind(*checkpoint)
                .Bind(JoinHashes(one.path))
                .Bind(heard.asked[one.asked].batch)
                .Bind(heard.asked[one.asked].entry_index)
                .Run();
      if (!put.ok()) return put;
      put = db_->Prepare(
                   "UPDATE evidence SET resolved_ms = ? "
                   "WHERE batch = ? AND leaf_hash = ? AND resolved_ms = 0")
                .Bind(static_cast<std::uint64_t>(
                    heard.hello.hello.server_time_ms()))
                .Bind(heard.asked[one.asked].batch)
                .Bind(heard.asked[one.asked].leaf_hash.view())
                .Run();
      if (!put.ok()) return put;
    }
    // The log is as long again as it was.
    put = db_->Prepare(
                 "UPDATE evidence SET resolved_ms = ? "
                 "WHERE kind = ? AND resolved_ms = 0")
              .Bind(static_cast<std::uint64_t>(
                  heard.hello.hello.server_time_ms()))
              .Bind(static_cast<std::uint64_t>(EvidenceKind::kShrunk))
              .Run();
    if (put.ok()) put = DropCheckpoints();
  }
  for (std::size_t i = 0; put.ok() && i < heard.asked.size(); ++i) {
    if (proven[i]) continue;
    put = db_->Prepare(
                 "UPDATE batches SET proof_tries = proof_tries + 1 "
                 "WHERE id = ?")
              .Bind(heard.asked[i].batch)
              .Run();
  }
  for (const Finding& finding : heard.verdict.findings) {
    if (put.ok()) put = KeepFinding(heard, finding);
  }
  if (put.ok()) put = Commit(&transaction);
  if (put.ok()) {
    proofs_heard_ms_ =
        static_cast<std::uint64_t>(heard.hello.hello.server_time_ms());
  }
  return put;
}

absl::Status Outbox::JudgeWitnessed(
    absl::string_view policy,
    const std::function<bool(const Epoch&, absl::string_view note)>& judge) {
  const absl::StatusOr<std::string> before = Meta("trust_policy");
  if (!before.ok()) return before.status();
  if (*before == policy) return absl::OkStatus();
  std::vector<std::pair<std::uint64_t, bool>> judged;
  {
    Statement read = db_->Prepare("SELECT id, origin, note FROM checkpoints");
    for (;;) {
      const absl::StatusOr<bool> row = read.Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      for (const Epoch& epoch : epochs_) {
        if (epoch.origin != read.Bytes(1)) continue;
        judged.emplace_back(read.Number(0), judge(epoch, read.Bytes(2)));
      }
    }
  }
  Transaction transaction(db_.get(), "trust policy");
  if (!transaction.begun().ok()) return transaction.begun();
  for (const auto& [id, witnessed] : judged) {
    absl::Status put =
        db_->Prepare("UPDATE checkpoints SET witnessed = ? WHERE id = ?")
            .Bind(witnessed ? 1 : 0)
            .Bind(id)
            .Run();
    if (!put.ok()) return put;
  }
  absl::Status put = PutMeta("trust_policy", policy);
  return put.ok() ? Commit(&transaction) : put;
}

}  // namespace thon::client
