#include "server/engine/proofs.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"
#include "server/core/merkle.h"
#include "server/core/tlog_proof.h"

namespace thon {
namespace {

merkle::NodeReader NodesOf(const EntryLog& log) {
  return [&log](merkle::NodeId node) { return log.Node(node); };
}

absl::Status Beyond(absl::string_view field, absl::string_view what,
                    std::uint64_t number, std::uint64_t size) {
  return WithField(
      WithReason(absl::NotFoundError(absl::StrCat(
                     what, " ", number, " is beyond the ", size,
                     " entries there are; ask GetCheckpoint for the size")),
                 "BEYOND_END"),
      field);
}

absl::Status CheckSize(const EntryLog& log, absl::string_view field,
                       std::uint64_t tree_size) {
  const std::uint64_t end = log.end().tree_size.value;
  return tree_size <= end ? absl::OkStatus()
                          : Beyond(field, "a tree of size", tree_size, end);
}

absl::Status CheckEntry(const EntryLog& log, EntryIndex entry,
                        std::uint64_t tree_size) {
  const absl::Status size = CheckSize(log, "tree_size", tree_size);
  if (!size.ok()) return size;
  if (entry.value < tree_size) return absl::OkStatus();
  return Beyond("entry_index", "entry", entry.value, tree_size);
}

absl::Status CheckSizes(const EntryLog& log, std::uint64_t first_size,
                        std::uint64_t second_size) {
  const absl::Status second = CheckSize(log, "second_tree_size", second_size);
  if (!second.ok()) return second;
  const absl::Status first = CheckSize(log, "first_tree_size", first_size);
  if (!first.ok()) return first;
  if (first_size <= second_size) return absl::OkStatus();
  return WithField(
      WithReason(absl::InvalidArgumentError(absl::StrCat(
                     "the first tree has ", first_size, " entries, the second ",
                     second_size, "; the first must not be the larger")),
                 "INVALID_FIELD"),
      "first_tree_size");
}

absl::Status DamagedTree(absl::string_view what, absl::string_view how) {
  return absl::DataLossError(
      absl::StrCat("the tree on disk is damaged: ", what, " does not hold (",
                   how, "); restore a backup, and keep this disk as evidence"));
}

std::string BytesOf(const Hash& hash) { return std::string(hash.view()); }

}  // namespace

absl::StatusOr<std::vector<Hash>> InclusionPath(const EntryLog& log,
                                                EntryIndex entry,
                                                std::uint64_t tree_size) {
  const absl::Status there = CheckEntry(log, entry, tree_size);
  if (!there.ok()) return there;
  return merkle::InclusionProof(entry.value, tree_size, NodesOf(log));
}

absl::StatusOr<std::vector<Hash>> ConsistencyPath(const EntryLog& log,
                                                  std::uint64_t first_size,
                                                  std::uint64_t second_size) {
  const absl::Status there = CheckSizes(log, first_size, second_size);
  if (!there.ok()) return there;
  return merkle::ConsistencyProof(first_size, second_size, NodesOf(log));
}

absl::StatusOr<std::vector<Hash>> CheckedInclusionPath(
    const merkle::NodeReader& read, EntryIndex entry, std::uint64_t tree_size,
    const Hash& leaf, const Hash& root) {
  absl::StatusOr<std::vector<Hash>> path =
      merkle::InclusionProof(entry.value, tree_size, read);
  if (!path.ok()) return path.status();
  const absl::StatusOr<Hash> leads =
      merkle::RootFromInclusionProof(leaf, entry.value, tree_size, *path);
  if (!leads.ok()) return leads.status();
  if (*leads == root) return path;
  return DamagedTree(
      absl::StrCat("the proof of entry ", entry.value, " in the tree of ",
                   tree_size, " entries"),
      absl::StrCat("it leads to ", leads->Hex(), ", the root is ", root.Hex()));
}

absl::StatusOr<std::vector<Hash>> CheckedConsistencyPath(
    const merkle::NodeReader& read, std::uint64_t first_size,
    const Hash& first_root, std::uint64_t second_size,
    const Hash& second_root) {
  absl::StatusOr<std::vector<Hash>> path =
      merkle::ConsistencyProof(first_size, second_size, read);
  if (!path.ok()) return path.status();
  const absl::Status extends = merkle::VerifyConsistency(
      first_size, first_root, second_size, second_root, *path);
  if (extends.ok()) return path;
  return DamagedTree(absl::StrCat("the proof from ", first_size, " to ",
                                  second_size, " entries"),
                     extends.message());
}

absl::StatusOr<v1::InclusionProof> ProveInclusion(const EntryLog& log,
                                                  EntryIndex entry,
                                                  std::uint64_t tree_size) {
  const absl::Status there = CheckEntry(log, entry, tree_size);
  if (!there.ok()) return there;
  const merkle::NodeReader nodes = NodesOf(log);
  const absl::StatusOr<Hash> leaf = log.Node({0, entry.value});
  if (!leaf.ok()) return leaf.status();
  const absl::StatusOr<Hash> root = merkle::RootAt(tree_size, nodes);
  if (!root.ok()) return root.status();
  const absl::StatusOr<std::vector<Hash>> path =
      CheckedInclusionPath(nodes, entry, tree_size, *leaf, *root);
  if (!path.ok()) return path.status();
  v1::InclusionProof proof;
  proof.set_entry_index(entry.value);
  proof.set_tree_size(tree_size);
  proof.set_leaf_hash(BytesOf(*leaf));
  for (const Hash& hash : *path) proof.add_path(BytesOf(hash));
  proof.set_root_hash(BytesOf(*root));
  return proof;
}

absl::StatusOr<v1::ConsistencyProof> ProveConsistency(
    const EntryLog& log, std::uint64_t first_size, std::uint64_t second_size) {
  const absl::Status there = CheckSizes(log, first_size, second_size);
  if (!there.ok()) return there;
  const merkle::NodeReader nodes = NodesOf(log);
  const absl::StatusOr<Hash> first = merkle::RootAt(first_size, nodes);
  if (!first.ok()) return first.status();
  const absl::StatusOr<Hash> second = merkle::RootAt(second_size, nodes);
  if (!second.ok()) return second.status();
  const absl::StatusOr<std::vector<Hash>> path =
      CheckedConsistencyPath(nodes, first_size, *first, second_size, *second);
  if (!path.ok()) return path.status();
  v1::ConsistencyProof proof;
  proof.set_first_tree_size(first_size);
  proof.set_second_tree_size(second_size);
  for (const Hash& hash : *path) proof.add_path(BytesOf(hash));
  proof.set_first_root_hash(BytesOf(*first));
  proof.set_second_root_hash(BytesOf(*second));
  return proof;
}

absl::Status AttachCheckpoint(const v1::Checkpoint& checkpoint,
                              v1::InclusionProof* proof) {
  if (checkpoint.tree_size() != proof->tree_size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a checkpoint of ", checkpoint.tree_size(),
                     " entries for a proof in a tree of ", proof->tree_size()));
  }
  if (checkpoint.root_hash() != proof->root_hash()) {
    return absl::DataLossError(absl::StrCat(
        "the tree on disk of ", proof->tree_size(),
        " entries is not the one whose checkpoint was signed; restore a "
        "backup, and keep this disk as evidence"));
  }
  TlogProof text;
  text.index = proof->entry_index();
  for (const std::string& hash : proof->path()) {
    text.path.emplace_back();
    Hash::FromBytes(hash, &text.path.back());
  }
  text.checkpoint = checkpoint.note();
  *proof->mutable_checkpoint() = checkpoint;
  proof->set_tlog_proof(FormatTlogProof(text));
  return absl::OkStatus();
}

}  // namespace thon
