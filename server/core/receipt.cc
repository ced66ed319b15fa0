#include "server/core/receipt.h"

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/core/bytes.h"
#include "server/core/check.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"

namespace thon {
namespace {

// "\u2014 ": an em dash and a space begin each signature line of a note.
constexpr absl::string_view kSignatureLine = "\xe2\x80\x94 ";
constexpr std::uint8_t kNoteEd25519 = 0x01;

void AppendLengthPrefixed(absl::string_view text, std::string* out) {
  THON_CHECK(text.size() <= UINT16_MAX);
  AppendBigEndian(static_cast<std::uint16_t>(text.size()), out);
  out->append(text.data(), text.size());
}

std::string GroupStatement(absl::string_view origin, EntryIndex first_entry,
                           std::uint32_t group_size, const Hash& root) {
  std::string out;
  AppendLengthPrefixed(origin, &out);
  AppendBigEndian(first_entry.value, &out);
  AppendBigEndian(group_size, &out);
  out.append(root.view().data(), Hash::kSize);
  return out;
}

// The first four bytes of SHA-256(name || "\n" || algorithm || key).
std::string NoteKeyId(absl::string_view name, const PublicKey& key) {
  const Hash hash = Sha256()
                        .Update(name)
                        .Update("\n")
                        .Update(kNoteEd25519)
                        .Update(key.view())
                        .Final();
  return std::string(hash.view().substr(0, 4));
}

}  // namespace

Signature SignGroup(const SigningKey& log_key, absl::string_view origin,
                    EntryIndex first_entry, absl::Span<const Hash> leaves) {
  return log_key.Sign(kReceiptContext,
                      GroupStatement(origin, first_entry,
                                     static_cast<std::uint32_t>(leaves.size()),
                                     merkle::RootOf(leaves)));
}

v1::Receipt MakeReceipt(const SignedGroup& group, std::size_t offset,
                        const EntryTrailer& trailer) {
  THON_CHECK(offset < group.leaves.size());
  v1::Receipt receipt;
  receipt.set_origin(group.origin);
  receipt.set_entry_index(group.first_entry.value + offset);
  receipt.set_first_position(trailer.first_position.value);
  receipt.set_event_count(trailer.event_count);
  receipt.set_receive_time_ms(trailer.receive_time.ms);
  receipt.set_group_first_entry(group.first_entry.value);
  receipt.set_group_size(static_cast<std::uint32_t>(group.leaves.size()));
  for (const Hash& hash : merkle::PathOf(group.leaves, offset)) {
    receipt.add_path(std::string(hash.view()));
  }
  receipt.set_signature(std::string(group.signature.view()));
  return receipt;
}

absl::Status VerifyReceipt(const v1::Receipt& receipt, const PublicKey& log_key,
                           const Hash& leaf_hash) {
  Signature signature;
  if (!Signature::FromBytes(receipt.signature(), &signature) ||
      receipt.origin().size() > UINT16_MAX ||
      receipt.entry_index() < receipt.group_first_entry() ||
      receipt.event_count() == 0 ||
      receipt.event_count() > limits::kBatchEventsMax ||
      receipt.path_size() > 64) {
    return absl::InvalidArgumentError("the receipt is malformed");
  }
  std::vector<Hash> path(static_cast<std::size_t>(receipt.path_size()));
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!Hash::FromBytes(receipt.path(static_cast<int>(i)), &path[i])) {
      return absl::InvalidArgumentError("the receipt's path is malformed");
    }
  }
  const absl::StatusOr<Hash> root = merkle::RootFromInclusionProof(
      leaf_hash, receipt.entry_index() - receipt.group_first_entry(),
      receipt.group_size(), path);
  if (!root.ok()) return root.status();
  if (!Verify(log_key, kReceiptContext,
              GroupStatement(receipt.origin(),
                             EntryIndex(receipt.group_first_entry()),
                             receipt.group_size(), *root),
              signature)) {
    return absl::PermissionDeniedError(
        "the receipt is not signed by the log's key");
  }
  return absl::OkStatus();
}

EntryTrailer TrailerOf(const v1::Receipt& receipt, const Signature& signature) {
  return {.signature = signature,
          .first_position = Position(receipt.first_position()),
          .event_count = static_cast<std::uint16_t>(receipt.event_count()),
          .receive_time = Instant(receipt.receive_time_ms())};
}

std::string HelloStatement(absl::string_view nonce, absl::string_view author,
                           absl::string_view origin, absl::string_view log_key,
                           std::int64_t server_time_ms,
                           std::uint64_t next_sequence,
                           absl::string_view last_batch_hash,
                           std::uint64_t durable_position) {
  std::string out;
  AppendLengthPrefixed(nonce, &out);
  AppendLengthPrefixed(author, &out);
  AppendLengthPrefixed(origin, &out);
  AppendLengthPrefixed(log_key, &out);
  AppendBigEndian(server_time_ms, &out);
  AppendBigEndian(next_sequence, &out);
  AppendLengthPrefixed(last_batch_hash, &out);
  AppendBigEndian(durable_position, &out);
  return out;
}

std::string MakeCheckpointNote(const SigningKey& log_key,
                               absl::string_view origin,
                               std::uint64_t tree_size, const Hash& root) {
  const std::string text = absl::StrCat(origin, "\n", tree_size, "\n",
                                        absl::Base64Escape(root.view()), "\n");
  const Signature signature = log_key.Sign("", text);
  const std::string blob =
      absl::StrCat(NoteKeyId(origin, log_key.public_key()), signature.view());
  return absl::StrCat(text, "\n", kSignatureLine, origin, " ",
                      absl::Base64Escape(blob), "\n");
}

absl::StatusOr<CheckpointBody> VerifyCheckpointNote(absl::string_view note,
                                                    const PublicKey& log_key) {
  const absl::Status malformed =
      absl::InvalidArgumentError("the checkpoint is not a signed note");
  const std::size_t split = note.rfind("\n\n");
  if (split == absl::string_view::npos || note.back() != '\n') return malformed;
  const absl::string_view text = note.substr(0, split + 1);
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  CheckpointBody body;
  std::string root;
  if (lines.size() < 4 || lines[0].empty() ||
      !absl::SimpleAtoi(lines[1], &body.tree_size) ||
      lines[1] != absl::StrCat(body.tree_size) ||
      !absl::Base64Unescape(lines[2], &root) ||
      !Hash::FromBytes(root, &body.root)) {
    return malformed;
  }
  body.origin = std::string(lines[0]);
  const std::string prefix = absl::StrCat(kSignatureLine, body.origin, " ");
  const std::string key_id = NoteKeyId(body.origin, log_key);
  for (absl::string_view line :
       absl::StrSplit(note.substr(split + 2), '\n', absl::SkipEmpty())) {
    std::string blob;
    Signature signature;
    if (line.substr(0, prefix.size()) != prefix ||
        !absl::Base64Unescape(line.substr(prefix.size()), &blob) ||
        blob.size() != 4 + Signature::kSize || blob.substr(0, 4) != key_id ||
        !Signature::FromBytes(blob.substr(4), &signature)) {
      continue;
    }
    if (Verify(log_key, "", text, signature)) return body;
  }
  return absl::PermissionDeniedError(
      "no signature of the checkpoint is the log key's");
}

}  // namespace thon
