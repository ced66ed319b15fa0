// Proofs for receipts, at the end of an exchange. Whatever the server says of
// them, or does not, costs the phone no work: only the phone's own file can end
// the exchange here.
#include <algorithm>
#include <utility>

#include "absl/numeric/bits.h"
#include "client-lib/src/client_impl.h"
#include "client-lib/src/evidence_text.h"
#include "server/core/receipt_card.h"

namespace thon::client {
namespace {

// A day's exchange is to stay below 16 KiB.
constexpr std::uint64_t kExchangeBytes = 15 * limits::kKiB;
// However much was said: so many proofs, and twice as many for each batch that
// was answered, so that a phone comes to an end with them.
constexpr std::size_t kProofsLeast = 2;
constexpr std::size_t kHashBytes = Hash::kSize + 2;  // With tag and length.
// Of a checkpoint with some cosignatures, in its message.
constexpr std::size_t kCheckpointBytes = 600;
constexpr std::size_t kProofOverhead = 20;  // Question and answer, no hashes.

}  // namespace

// What was received before it is asked for: what is due, so that a server owes
// what it is asked for; with a wish, everything.
std::int64_t ClientImpl::ProofsBeforeMs() const {
  if (!hello_.has_value()) return 0;
  const std::int64_t now = hello_->hello.server_time_ms();
  return proofs_wish_ ? now + 1 : now - limits::kCheckpointMsMax;
}

std::size_t ClientImpl::ProofsAllowed() const {
  std::size_t allowed = kProofsLeast + 2 * exchange_batches_;
  const std::uint64_t levels = absl::bit_width(
      std::max(known_checkpoint_.has_value() ? known_checkpoint_->tree_size : 0,
               std::uint64_t{255}));
  const std::uint64_t fixed = kCheckpointBytes + levels * kHashBytes;
  if (exchange_bytes_ + fixed < kExchangeBytes) {
    allowed = std::max<std::size_t>(
        allowed,
        proofs_asked_count_ + (kExchangeBytes - exchange_bytes_ - fixed) /
                                  (kProofOverhead + levels * kHashBytes));
  }
  return std::min(limits::kProofsPerRequestMax,
                  allowed - std::min(allowed, proofs_asked_count_));
}

bool ClientImpl::ProofsWanted() {
  if (!options_.proofs || !hello_.has_value() || ProofsAllowed() == 0) {
    return false;
  }
  const absl::StatusOr<bool> unproven = outbox_->HasUnproven(ProofsBeforeMs());
  return unproven.ok() && *unproven;
}

absl::StatusOr<v1::SyncRequest> ClientImpl::ProofsRequest() {
  absl::StatusOr<std::optional<KnownCheckpoint>> known =
      outbox_->NewestCheckpoint();
  if (!known.ok()) return known.status();
  known_checkpoint_ = *std::move(known);
  absl::StatusOr<std::vector<AskedProof>> asked =
      outbox_->Unproven(ProofsBeforeMs(), ProofsAllowed());
  if (!asked.ok()) return asked.status();
  proofs_asked_ = *std::move(asked);
  proofs_asked_count_ += proofs_asked_.size();
  v1::SyncRequest request;
  v1::ProofsRequest* const proofs = request.mutable_proofs();
  if (known_checkpoint_.has_value()) {
    proofs->set_known_tree_size(known_checkpoint_->tree_size);
  }
  for (const AskedProof& one : proofs_asked_) {
    // Two receipts of one entry: one of them will not verify.
    if (proofs->entry_indices_size() > 0 &&
        *proofs->entry_indices().rbegin() == one.entry_index) {
      continue;
    }
    proofs->add_entry_indices(one.entry_index);
  }
  return request;
}

void ClientImpl::AskProofs() {
  absl::StatusOr<v1::SyncRequest> request;
  {
    const MutexLock lock(&mu_);
    request = ProofsRequest();
    if (!request.ok()) {
      session_.Distrust(request.status(), Now(), random_());
      return;
    }
    ++totals_.proof_rounds;
  }
  OnStep("send proofs request");
  if (!SendOrEnd(*request)) return;
  const MutexLock lock(&mu_);
  session_.Sent(Now());
}

absl::Status ClientImpl::TakeProofs(const v1::Proofs& proofs) {
  if (!session_.asks_proofs() || !hello_.has_value()) return absl::OkStatus();
  ProofsHeard heard;
  heard.hello = *hello_;
  heard.asked = std::exchange(proofs_asked_, {});
  heard.known = known_checkpoint_;
  heard.shown = proofs.checkpoint().note();
  const Epoch& epoch = outbox_->epochs().back();
  heard.verdict = CheckProofs(proofs, epoch, heard.known, heard.asked,
                              heard.hello.hello.server_time_ms());
  heard.witnessed = heard.verdict.checkpoint.has_value() &&
                    IsWitnessed(trust_policy_, epoch, heard.shown);
  const bool good = heard.verdict.proven.size() == heard.asked.size();
  const std::size_t count = heard.verdict.proven.size();
  absl::Status kept;
  if (heard.verdict.unavailable) {
    kept = outbox_->SaveProofsHeard(heard.hello);
    if (kept.ok()) kept = outbox_->NoteRefusal(heard.hello, true, heard.asked);
  } else {
    kept = outbox_->KeepProofs(heard);
    if (kept.ok()) totals_.proofs += count;
  }
  session_.ProofsHeard(good && kept.ok(), Now());
  // On a full disk they are asked for again.
  return absl::IsResourceExhausted(kept) ? absl::OkStatus() : kept;
}

absl::Status ClientImpl::EndProofs() {
  if (!session_.proofs_refused() || !hello_.has_value()) {
    return absl::OkStatus();
  }
  return outbox_->NoteRefusal(*hello_, session_.proofs_refusal_said(),
                              std::exchange(proofs_asked_, {}));
}

absl::StatusOr<std::string> ClientImpl::ReceiptCardOf(
    const EventName& name) const {
  const MutexLock lock(&mu_);
  const absl::StatusOr<v1::ReceiptCard> card = outbox_->ReceiptCardOf(name);
  if (!card.ok()) return card.status();
  return FormatReceiptCard(*card);
}

absl::StatusOr<std::vector<EvidenceItem>> ClientImpl::Evidence() const {
  const MutexLock lock(&mu_);
  absl::StatusOr<std::vector<EvidenceItem>> items = outbox_->Evidence();
  if (!items.ok()) return items.status();
  for (EvidenceItem& item : *items) SayEvidence(&item);
  return items;
}

absl::StatusOr<std::string> ClientImpl::ExportEvidence(std::uint64_t id) const {
  const absl::StatusOr<std::vector<EvidenceItem>> items = Evidence();
  if (!items.ok()) return items.status();
  const auto found =
      std::find_if(items->begin(), items->end(),
                   [id](const EvidenceItem& item) { return item.id == id; });
  if (found == items->end()) {
    return absl::NotFoundError("no such piece of evidence");
  }
  const MutexLock lock(&mu_);
  return EvidenceFile(*found, outbox_->key().key.public_key(),
                      outbox_->epochs());
}

}  // namespace thon::client
