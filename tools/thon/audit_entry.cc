#include "tools/thon/audit_entry.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/merkle.h"
#include "server/core/tlog_proof.h"

namespace thon::cli {

absl::StatusOr<std::string> ReadLeaf(AuditClient* audit, std::uint64_t index) {
  v1::StreamEntriesRequest request;
  request.set_first_entry(index);
  request.set_end_entry(index + 1);
  std::string leaf;
  const absl::Status read = audit->StreamEntries(
      request, [&](const v1::StreamEntriesResponse& response) -> absl::Status {
        for (const v1::Entry& entry : response.entries()) {
          if (entry.entry_index() != index || !leaf.empty()) {
            return absl::DataLossError(
                absl::StrCat("the server sent entry ", entry.entry_index(),
                             " where ", index, " was asked for"));
          }
          leaf = entry.leaf();
        }
        return absl::OkStatus();
      });
  if (!read.ok()) return read;
  if (leaf.empty()) {
    return absl::DataLossError(
        absl::StrCat("the server did not send entry ", index));
  }
  return leaf;
}

absl::StatusOr<const CheckedEntry*> EntryChecker::At(std::uint64_t position) {
  for (const auto& [index, known] : entries_) {
    if (known.entry.trailer.first_position.value <= position &&
        position <= known.entry.trailer.last_position().value) {
      return &known;
    }
  }
  v1::GetInclusionProofRequest request;
  request.set_position(position);
  request.set_tree_size(checkpoint_.body.tree_size);
  absl::StatusOr<v1::InclusionProof> proof = audit_->GetInclusionProof(request);
  if (!proof.ok()) return proof.status();
  const std::uint64_t index = proof->entry_index();
  absl::StatusOr<std::string> leaf = ReadLeaf(audit_, index);
  if (!leaf.ok()) return leaf.status();
  std::vector<Hash> path;
  for (const std::string& hash : proof->path()) {
    path.emplace_back();
    if (!Hash::FromBytes(hash, &path.back())) {
      return absl::DataLossError("the server sent a malformed proof");
    }
  }
  const absl::StatusOr<Hash> root = merkle::RootFromInclusionProof(
      merkle::HashLeaf(*leaf), index, checkpoint_.body.tree_size, path);
  if (!root.ok() || *root != checkpoint_.body.root) {
    return absl::DataLossError(absl::StrCat(
        "entry ", index, " is not in the tree of the checkpoint: ",
        root.ok() ? absl::StrCat("its proof leads to ", root->Hex())
                  : std::string(root.status().message())));
  }
  CheckedEntry checked;
  v1::Entry entry;
  entry.set_entry_index(index);
  entry.set_leaf(*leaf);
  absl::StatusOr<DecodedEntry> decoded = DecodeEntry(entry);
  if (!decoded.ok()) return decoded.status();
  checked.entry = *std::move(decoded);
  checked.leaf = *std::move(leaf);
  checked.proof = *std::move(proof);
  if (position < checked.entry.trailer.first_position.value ||
      position > checked.entry.trailer.last_position().value) {
    return absl::DataLossError(
        absl::StrCat("entry ", index, " does not hold position ", position));
  }
  const absl::Status signature = CheckBatch(&checked);
  if (!signature.ok()) return signature;
  return &entries_.emplace(index, std::move(checked)).first->second;
}

absl::Status EntryChecker::CheckBatch(CheckedEntry* checked) {
  const absl::StatusOr<EntryView> view = ParseEntry(checked->leaf);
  if (!view.ok()) return view.status();
  checked->batch_hash = BatchHash(view->batch);
  const absl::StatusOr<Author> author =
      FindAuthor(checked->entry.batch.author());
  if (!author.ok()) return author.status();
  checked->by_server = author->server;
  if (VerifyBatchSignature(author->key, checked->batch_hash,
                           view->trailer.signature)) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat("the batch in entry ", checked->entry.index,
                   " is not signed by its author ",
                   HexEncode(checked->entry.batch.author())));
}

// An author's id is the hash of its key, so a key that the server names is
// checked by it. A server's author is one whose first event opens the log or an
// epoch.
absl::StatusOr<EntryChecker::Author> EntryChecker::FindAuthor(
    const std::string& author) {
  const auto known = authors_.find(author);
  if (known != authors_.end()) return known->second;
  v1::ListAuthorBatchesRequest request;
  request.set_author(author);
  request.set_page_size(1);
  const auto chain = audit_->ListAuthorBatches(request);
  if (!chain.ok()) return chain.status();
  Author found;
  if (!PublicKey::FromBytes(chain->public_key(), &found.key) ||
      found.key.author().view() != author) {
    return absl::DataLossError(
        absl::StrCat("the server names a key for author ", HexEncode(author),
                     " that is not its own"));
  }
  if (chain->batches_size() > 0) {
    const auto leaf = ReadLeaf(audit_, chain->batches(0).entry_index());
    if (!leaf.ok()) return leaf.status();
    v1::Entry entry;
    entry.set_entry_index(chain->batches(0).entry_index());
    entry.set_leaf(*leaf);
    const auto first = DecodeEntry(entry);
    if (!first.ok()) return first.status();
    found.server = first->batch.events_size() > 0 &&
                   (first->batch.events(0).has_log_opened() ||
                    first->batch.events(0).has_epoch_opened());
  }
  return authors_.emplace(author, found).first->second;
}

}  // namespace thon::cli
