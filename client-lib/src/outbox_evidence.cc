// Evidence against the server: found once, kept for good.
#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client-lib/src/outbox.h"

namespace thon::client {
namespace {

// Of a kind, so that what a server can make in plenty takes no room from what
// its own signatures prove. More convicts nobody more: beyond it receipts stay
// overdue.
constexpr std::uint64_t kEvidenceOfKindMax = 64;
constexpr std::int64_t kDayMs = std::int64_t{24} * 3600 * 1000;
// A server that refuses gets so long, and so many chances ...
constexpr std::int64_t kRefusalMs = kDayMs;
constexpr std::uint64_t kRefusalsMin = 3;
// ... and where it may have been the network, so many.
constexpr std::int64_t kSilenceMs = 7 * kDayMs;
constexpr std::uint64_t kSilencesMin = 10;

// What one kind of finding is found about once.
std::string SubjectOf(const ProofsHeard& heard, const Finding& finding) {
  if (finding.asked.has_value()) {
    const AskedProof& asked = heard.asked[*finding.asked];
    return absl::StrCat(asked.entry_index, " ", asked.leaf_hash.view());
  }
  return absl::StrCat(heard.known->tree_size, " ", heard.known->root.view());
}

}  // namespace

absl::StatusOr<bool> Outbox::MakeEvidenceRoom(EvidenceKind kind,
                                              absl::string_view subject) {
  const auto number = static_cast<std::uint64_t>(kind);
  {
    Statement read =
        db_->Prepare("SELECT 1 FROM evidence WHERE kind = ? AND subject = ?");
    const absl::StatusOr<bool> held = read.Bind(number).Bind(subject).Step();
    if (!held.ok()) return held.status();
    if (*held) return false;
  }
  std::uint64_t resolved = 0;
  {
    Statement read = db_->Prepare(
        "SELECT COUNT(*), IFNULL(MIN(CASE WHEN resolved_ms != 0 THEN id END), "
        "0) FROM evidence WHERE kind = ?");
    const absl::StatusOr<std::uint64_t> count = OnlyNumber(&read.Bind(number));
    if (!count.ok()) return count.status();
    if (*count < kEvidenceOfKindMax) return true;
    resolved = read.Number(1);
  }
  if (resolved == 0) return false;
  const absl::Status gone =
      db_->Prepare("DELETE FROM evidence WHERE id = ?").Bind(resolved).Run();
  if (!gone.ok()) return gone;
  return true;
}

absl::Status Outbox::KeepFinding(const ProofsHeard& heard,
                                 const Finding& finding) {
  const std::string subject = SubjectOf(heard, finding);
  const absl::StatusOr<bool> room = MakeEvidenceRoom(finding.kind, subject);
  if (!room.ok()) return room.status();
  if (!*room) return absl::OkStatus();
  AskedProof about;
  EventName first;
  if (finding.asked.has_value()) {
    about = heard.asked[*finding.asked];
    const absl::StatusOr<AuthorId> author = AuthorOf(GenerationOf(about.batch));
    if (!author.ok()) return author.status();
    first = {*author, SequenceOf(about.batch)};
  }
  std::string proof;
  for (const Hash& hash : finding.proof) absl::StrAppend(&proof, hash.view());
  v1::ServerHello hello = heard.hello.hello;
  hello.clear_epochs();
  return db_
      ->Prepare(
          "INSERT INTO evidence (kind, subject, found_ms, batch, "
          "first_author, first_sequence, receipt, leaf_hash, hello, nonce, "
          "author, known, shown, proof) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .Bind(static_cast<std::uint64_t>(finding.kind))
      .Bind(subject)
      .Bind(static_cast<std::uint64_t>(hello.server_time_ms()))
      .Bind(about.batch)
      .Bind(first.author.view())
      .Bind(first.sequence.value)
      .Bind(about.receipt.SerializeAsString())
      .Bind(about.leaf_hash.view())
      .Bind(hello.SerializeAsString())
      .Bind(heard.hello.nonce)
      .Bind(heard.hello.author.view())
      .Bind(heard.known.has_value() ? absl::string_view(heard.known->note)
                                    : absl::string_view())
      // A note has its bound; what is none is not kept whole.
      .Bind(absl::string_view(heard.shown).substr(0, limits::kNoteBytesMax))
      .Bind(proof)
      .Run();
}

absl::Status Outbox::SaveProofsHeard(const SignedHello& hello) {
  if (proofs_heard()) return absl::OkStatus();
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  Transaction transaction(db_.get(), "proofs heard", /*durable=*/false);
  if (!transaction.begun().ok()) return transaction.begun();
  const auto now = static_cast<std::uint64_t>(hello.hello.server_time_ms());
  absl::Status put = PutMeta("proofs_heard", absl::StrCat(now));
  if (put.ok()) put = Commit(&transaction);
  if (put.ok()) proofs_heard_ms_ = now;
  return put;
}

absl::Status Outbox::NoteRefusal(const SignedHello& hello, bool said,
                                 absl::Span<const AskedProof> asked) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  if (!proofs_heard() || asked.empty()) return absl::OkStatus();
  const absl::StatusOr<std::string> refused = Meta("refused");
  if (!refused.ok()) return refused.status();
  const std::int64_t now = hello.hello.server_time_ms();
  // "since refusals all"; "": it answered the last time.
  const std::vector<absl::string_view> parts = absl::StrSplit(*refused, ' ');
  std::int64_t since = now;
  std::uint64_t refusals = 0, all = 0;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &since) ||
      !absl::SimpleAtoi(parts[1], &refusals) ||
      !absl::SimpleAtoi(parts[2], &all)) {
    since = now;
    refusals = all = 0;
  }
  ++all;
  if (said) ++refusals;
  // The oldest stands for all: it has been due the longest.
  const auto oldest = std::min_element(
      asked.begin(), asked.end(), [](const AskedProof& a, const AskedProof& b) {
        return a.receipt.receive_time_ms() < b.receipt.receive_time_ms();
      });
  const bool convicts =
      ((refusals >= kRefusalsMin && now - since >= kRefusalMs) ||
       (all >= kSilencesMin && now - since >= kSilenceMs)) &&
      IsDue(oldest->receipt.receive_time_ms(), now - kRefusalMs);
  Transaction transaction(db_.get(), "refused", /*durable=*/convicts);
  if (!transaction.begun().ok()) return transaction.begun();
  absl::Status put =
      PutMeta("refused", absl::StrCat(since, " ", refusals, " ", all));
  if (put.ok() && convicts) {
    ProofsHeard heard;
    heard.hello = hello;
    heard.asked = {*oldest};
    absl::StatusOr<std::optional<KnownCheckpoint>> known = NewestCheckpoint();
    if (!known.ok()) return known.status();
    heard.known = *std::move(known);
    put = KeepFinding(
        heard, {.kind = EvidenceKind::kRefused, .asked = 0, .proof = {}});
  }
  return put.ok() ? Commit(&transaction) : put;
}

absl::StatusOr<std::uint64_t> Outbox::CountEvidence() {
  Statement read =
      db_->Prepare("SELECT COUNT(*) FROM evidence WHERE resolved_ms = 0");
  return OnlyNumber(&read);
}

absl::StatusOr<std::vector<EvidenceItem>> Outbox::Evidence() {
  std::vector<EvidenceItem> items;
  Statement read = db_->Prepare(
      "SELECT id, kind, found_ms, resolved_ms, first_author, first_sequence, "
      "receipt, leaf_hash, hello, nonce, author, known, shown, proof "
      "FROM evidence ORDER BY id");
  for (;;) {
    const absl::StatusOr<bool> row = read.Step();
    if (!row.ok()) return row.status();
    if (!*row) return items;
    EvidenceItem item;
    item.id = read.Number(0);
    item.kind = static_cast<EvidenceKind>(read.Number(1));
    item.found_ms = static_cast<std::int64_t>(read.Number(2));
    item.resolved_ms = static_cast<std::int64_t>(read.Number(3));
    item.first_event.sequence = Sequence(read.Number(5));
    item.hello = std::string(read.Bytes(8));
    item.nonce = std::string(read.Bytes(9));
    item.known = std::string(read.Bytes(11));
    item.shown = std::string(read.Bytes(12));
    absl::string_view proof = read.Bytes(13);
    if (!AuthorId::FromBytes(read.Bytes(4), &item.first_event.author) ||
        !item.receipt.ParseFromString(std::string(read.Bytes(6))) ||
        !Hash::FromBytes(read.Bytes(7), &item.leaf_hash) ||
        !AuthorId::FromBytes(read.Bytes(10), &item.author) ||
        proof.size() % Hash::kSize != 0) {
      return Damaged("a piece of evidence");
    }
    for (; !proof.empty(); proof.remove_prefix(Hash::kSize)) {
      Hash::FromBytes(proof.substr(0, Hash::kSize), &item.proof.emplace_back());
    }
    items.push_back(std::move(item));
  }
}

}  // namespace thon::client
