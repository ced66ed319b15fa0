#include "client-lib/src/trust.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/entry.h"
#include "server/core/receipt.h"

namespace thon::client {
namespace {

absl::Status NotTrusted(absl::string_view what) {
  return absl::PermissionDeniedError(
      absl::StrCat(what, "; keep everything, and ask the operator"));
}

// "thon.yenbai.gov.vn/3" is ("thon.yenbai.gov.vn", 3).
bool SplitOrigin(absl::string_view origin, absl::string_view* name,
                 std::uint64_t* epoch) {
  const std::size_t slash = origin.rfind('/');
  if (slash == absl::string_view::npos) return false;
  *name = origin.substr(0, slash);
  return absl::SimpleAtoi(origin.substr(slash + 1), epoch);
}

// The epoch that `link` opens after `before`.
absl::StatusOr<v1::EpochOpened> VerifyLink(const v1::EpochLink& link,
                                           absl::string_view old_origin,
                                           PublicKey* log_key) {
  if (link.old_origin() != old_origin ||
      !Follows(old_origin, link.new_origin())) {
    return NotTrusted("the epochs do not lead from the known one");
  }
  const absl::StatusOr<EntryView> entry = ParseEntry(link.leaf());
  if (!entry.ok()) return NotTrusted("an epoch's entry cannot be read");
  v1::Batch batch;
  if (ParseBatch(entry->batch, &batch) != BatchFault::kNone) {
    return NotTrusted("an epoch's batch cannot be read");
  }
  for (const v1::Event& event : batch.events()) {
    if (!event.has_epoch_opened()) continue;
    const v1::EpochOpened& opened = event.epoch_opened();
    PublicKey server_author;
    if (opened.old_origin() != link.old_origin() ||
        opened.new_origin() != link.new_origin() ||
        opened.first_lost_position() == 0 ||
        !PublicKey::FromBytes(opened.log_key(), log_key) ||
        !PublicKey::FromBytes(opened.server_author_key(), &server_author)) {
      continue;
    }
    const BatchDigest digest = DigestBatch(entry->batch);
    if (batch.author() != server_author.author().view() ||
        !VerifyBatchSignature(server_author, digest.hash,
                              entry->trailer.signature)) {
      return NotTrusted("an epoch is not signed by its server");
    }
    if (link.receipt().origin() != link.new_origin() ||
        !VerifyReceipt(link.receipt(), *log_key,
                       LeafHash(digest, entry->trailer))
             .ok()) {
      return NotTrusted("an epoch's receipt does not verify");
    }
    return opened;
  }
  return NotTrusted("an epoch's entry does not open it");
}

}  // namespace

bool Follows(absl::string_view old_origin, absl::string_view new_origin) {
  absl::string_view old_name, new_name;
  std::uint64_t old_epoch = 0, new_epoch = 0;
  return SplitOrigin(old_origin, &old_name, &old_epoch) &&
         SplitOrigin(new_origin, &new_name, &new_epoch) &&
         old_name == new_name && new_epoch > old_epoch;
}

absl::StatusOr<std::vector<Epoch>> VerifyHello(const v1::ServerHello& hello,
                                               absl::string_view nonce,
                                               const AuthorId& author,
                                               absl::Span<const Epoch> known) {
  PublicKey log_key;
  Signature signature;
  if (known.empty() || !PublicKey::FromBytes(hello.log_key(), &log_key) ||
      !Signature::FromBytes(hello.signature(), &signature) ||
      hello.origin().size() > UINT16_MAX ||
      (!hello.last_batch_hash().empty() &&
       hello.last_batch_hash().size() != Hash::kSize)) {
    return NotTrusted("the server's hello is malformed");
  }
  if (!Verify(
          log_key, kHelloContext,
          HelloStatement(nonce, author.view(), hello.origin(), hello.log_key(),
                         hello.server_time_ms(), hello.next_sequence(),
                         hello.last_batch_hash(), hello.durable_position()),
          signature)) {
    return NotTrusted("the server's hello is not signed for this call");
  }
  std::vector<Epoch> added;
  Epoch last = known.back();
  for (const v1::EpochLink& link : hello.epochs()) {
    if (last.origin == hello.origin()) break;
    Epoch next;
    const absl::StatusOr<v1::EpochOpened> opened =
        VerifyLink(link, last.origin, &next.log_key);
    if (!opened.ok()) return opened.status();
    next.origin = opened->new_origin();
    next.lost_from = Position(opened->first_lost_position());
    next.tree_size = opened->old_size();
    added.push_back(next);
    last = next;
  }
  if (last.origin != hello.origin()) {
    return NotTrusted(absl::StrCat("this is the log ", hello.origin(),
                                   ", this phone belongs to ", last.origin));
  }
  if (last.log_key != log_key) {
    return NotTrusted("the log's key is not the one this phone knows");
  }
  return added;
}

absl::Status VerifyBatchReceipt(absl::string_view batch,
                                absl::string_view signature,
                                std::uint64_t event_count,
                                const v1::Receipt& receipt,
                                absl::Span<const Epoch> known) {
  Signature own;
  if (!Signature::FromBytes(signature, &own) ||
      receipt.event_count() != event_count || receipt.first_position() == 0) {
    return NotTrusted("the receipt is about another batch");
  }
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i].origin != receipt.origin()) continue;
    // Each later epoch says from where everything before it was lost.
    for (std::size_t later = i + 1; later < known.size(); ++later) {
      if (receipt.first_position() + event_count >
          known[later].lost_from.value) {
        return NotTrusted("the receipt is of a part of the log that was lost");
      }
    }
    const absl::Status verified = VerifyReceipt(
        receipt, known[i].log_key, LeafHash(batch, TrailerOf(receipt, own)));
    return verified.ok() ? verified : NotTrusted(verified.message());
  }
  return NotTrusted(absl::StrCat("the receipt is of the log ", receipt.origin(),
                                 ", which is not known"));
}

absl::Status VerifyEnrolment(const v1::EnrolResponse& response,
                             const PublicKey& key,
                             absl::Span<const Epoch> known) {
  PublicKey log_key;
  if (response.author() != key.author().view() || response.origin().empty() ||
      !PublicKey::FromBytes(response.log_key(), &log_key)) {
    return NotTrusted("the enrolment is malformed");
  }
  if (!known.empty()) {
    if (response.origin() == known.back().origin) {
      if (log_key != known.back().log_key) {
        return NotTrusted("the log's key is not the one this phone knows");
      }
    } else if (!Follows(known.back().origin, response.origin())) {
      return NotTrusted(absl::StrCat("this is the log ", response.origin(),
                                     ", this phone belongs to ",
                                     known.back().origin));
    }
  }
  const absl::StatusOr<EntryView> entry = ParseEntry(response.enrolment_leaf());
  v1::Batch batch;
  if (!entry.ok() || ParseBatch(entry->batch, &batch) != BatchFault::kNone) {
    return NotTrusted("the enrolment's entry cannot be read");
  }
  bool named = false;
  for (const v1::Event& event : batch.events()) {
    named |= event.has_author_enrolled() &&
             event.author_enrolled().public_key() == key.view();
  }
  if (!named) return NotTrusted("the enrolment's entry is about another key");
  // One enrolled in an earlier epoch has a receipt under that epoch's key.
  for (const Epoch& epoch : known) {
    if (epoch.origin == response.enrolment_receipt().origin()) {
      log_key = epoch.log_key;
    }
  }
  const absl::Status verified =
      VerifyReceipt(response.enrolment_receipt(), log_key,
                    LeafHash(entry->batch, entry->trailer));
  return verified.ok() ? verified : NotTrusted(verified.message());
}

absl::Status CheckSealed(absl::string_view batch, absl::string_view signature,
                         const PublicKey& key) {
  v1::Batch parsed;
  if (ParseBatch(batch, &parsed) != BatchFault::kNone) {
    return absl::InvalidArgumentError("the batch cannot be sent as it is");
  }
  for (const v1::Event& event : parsed.events()) {
    if (absl::Status good = CheckEvent(event); !good.ok()) return good;
  }
  Signature own;
  if (parsed.author() != key.author().view() ||
      !Signature::FromBytes(signature, &own) ||
      !VerifyBatchSignature(key, BatchHash(batch), own)) {
    return absl::InvalidArgumentError("the batch's bytes are damaged");
  }
  return absl::OkStatus();
}

std::string PossessionStatement(absl::string_view code,
                                absl::string_view predecessor) {
  return absl::StrCat(Sha256Of(code).view(), predecessor);
}

std::string ClientHelloStatement(absl::string_view nonce,
                                 absl::string_view origin) {
  return absl::StrCat(nonce, origin);
}

}  // namespace thon::client
