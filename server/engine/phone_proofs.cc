#include "server/engine/phone_proofs.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "server/engine/proofs.h"

namespace thon {
namespace {

// The nodes near the root serve many paths.
merkle::NodeReader Remembering(const EntryLog& log,
                               std::map<merkle::NodeId, Hash>* nodes) {
  return [&log, nodes](merkle::NodeId id) -> absl::StatusOr<Hash> {
    const auto held = nodes->find(id);
    if (held != nodes->end()) return held->second;
    const absl::StatusOr<Hash> hash = log.Node(id);
    if (hash.ok()) nodes->emplace(id, *hash);
    return hash;
  };
}

absl::Status Prove(std::uint64_t entry, std::uint64_t tree_size,
                   const Hash& root, const merkle::NodeReader& read,
                   v1::EntryProof* proof) {
  const absl::StatusOr<Hash> leaf = read({0, entry});
  if (!leaf.ok()) return leaf.status();
  const absl::StatusOr<std::vector<Hash>> path =
      CheckedInclusionPath(read, EntryIndex(entry), tree_size, *leaf, root);
  if (!path.ok()) return path.status();
  proof->set_entry_index(entry);
  for (const Hash& hash : *path) proof->add_path(std::string(hash.view()));
  return absl::OkStatus();
}

absl::Status Connect(std::uint64_t known_size, std::uint64_t tree_size,
                     const Hash& root, const merkle::NodeReader& read,
                     v1::Proofs* proofs) {
  const absl::StatusOr<Hash> known_root = merkle::RootAt(known_size, read);
  if (!known_root.ok()) return known_root.status();
  const absl::StatusOr<std::vector<Hash>> path =
      CheckedConsistencyPath(read, known_size, *known_root, tree_size, root);
  if (!path.ok()) return path.status();
  for (const Hash& hash : *path) {
    proofs->add_consistency(std::string(hash.view()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckProofsRequest(const v1::ProofsRequest& request) {
  const auto& entries = request.entry_indices();
  if (static_cast<std::size_t>(entries.size()) > limits::kProofsPerRequestMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("at most ", limits::kProofsPerRequestMax, " entries"));
  }
  if (std::adjacent_find(entries.begin(), entries.end(),
                         std::greater_equal<>()) != entries.end()) {
    return absl::InvalidArgumentError("entries ascend, and each is named once");
  }
  return absl::OkStatus();
}

void CheckpointFor(const v1::ProofsRequest& request, const EntryLog& log,
                   Checkpoints* checkpoints,
                   std::function<void(absl::StatusOr<v1::Checkpoint>)> done) {
  // As far as the log reaches: what is beyond it no checkpoint covers.
  const std::uint64_t durable = log.end().tree_size.value;
  std::uint64_t wanted = 1;
  if (request.known_tree_size() <= durable) {
    wanted = std::max(wanted, request.known_tree_size());
  }
  for (const std::uint64_t entry : request.entry_indices()) {
    if (entry < durable) wanted = std::max(wanted, entry + 1);
  }
  absl::StatusOr<v1::Checkpoint> newest = checkpoints->Newest();
  if (absl::IsNotFound(newest.status()) ||
      (newest.ok() && newest->tree_size() < wanted)) {
    return checkpoints->Sign(std::move(done));
  }
  done(std::move(newest));
}

absl::StatusOr<v1::Proofs> BuildProofs(const v1::ProofsRequest& request,
                                       const EntryLog& log,
                                       v1::Checkpoint checkpoint) {
  v1::Proofs proofs;
  const std::uint64_t size = checkpoint.tree_size();
  Hash root;
  if (!Hash::FromBytes(checkpoint.root_hash(), &root)) {
    return absl::InternalError("a checkpoint without a root");
  }
  *proofs.mutable_checkpoint() = std::move(checkpoint);
  const std::uint64_t known = request.known_tree_size();
  if (known > size) return proofs;
  std::map<merkle::NodeId, Hash> nodes;
  const merkle::NodeReader read = Remembering(log, &nodes);
  if (known > 0 && known < size) {
    const absl::Status connected = Connect(known, size, root, read, &proofs);
    if (!connected.ok()) return connected;
  }
  for (const std::uint64_t entry : request.entry_indices()) {
    if (entry >= size) break;
    const absl::Status proven =
        Prove(entry, size, root, read, proofs.add_proofs());
    if (!proven.ok()) return proven;
  }
  return proofs;
}

}  // namespace thon
