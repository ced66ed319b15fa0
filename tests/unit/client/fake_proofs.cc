// How the fake server answers a question for proofs, honestly or not.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/core/checkpoint.h"
#include "server/core/merkle.h"
#include "server/core/note.h"
#include "tests/unit/client/fake_server.h"

namespace thon::client {

std::vector<Hash> FakeServer::ShownLeaves() const {
  std::vector<Hash> leaves;
  for (std::size_t i = 0; i < log_.leaves.size(); ++i) {
    if (faults.dropped_entry == i) continue;
    leaves.push_back(faults.replaced_entry == i
                         ? merkle::HashLeaf("another entry")
                         : merkle::HashLeaf(log_.leaves[i]));
  }
  if (leaves.size() > faults.checkpoint_size_max) {
    leaves.resize(faults.checkpoint_size_max);
  }
  return leaves;
}

v1::SyncResponse FakeServer::ProofsFor(const v1::ProofsRequest& request) const {
  v1::SyncResponse response;
  v1::Proofs* const proofs = response.mutable_proofs();
  if (faults.no_checkpoint) return response;
  const std::vector<Hash> leaves = ShownLeaves();
  const std::uint64_t size = leaves.size();
  std::map<merkle::NodeId, Hash> nodes;
  merkle::Frontier tree;
  for (const Hash& leaf : leaves) {
    tree.Append(leaf,
                [&](merkle::NodeId id, const Hash& hash) { nodes[id] = hash; });
  }
  const merkle::NodeReader read =
      [&](merkle::NodeId id) -> absl::StatusOr<Hash> { return nodes.at(id); };
  const Hash root =
      faults.invent_root ? Sha256Of("no tree of any leaves") : tree.Root();
  const SigningKey forger = SigningKey::Generate();
  note::SignedNote note;
  note.text =
      CheckpointText({.origin = origin_, .tree_size = size, .root = root});
  note.signatures.push_back(note::Sign(
      faults.forge_checkpoint ? forger : log_key_, origin_, note.text));
  for (const auto& [name, key] : witnesses) {
    note.signatures.push_back(
        note::Cosign(*key, name, note.text, now_ms / 1000));
  }
  v1::Checkpoint* const checkpoint = proofs->mutable_checkpoint();
  checkpoint->set_origin(origin_);
  checkpoint->set_tree_size(size);
  checkpoint->set_root_hash(std::string(root.view()));
  checkpoint->set_note(note::Format(note));
  if (request.known_tree_size() > size) return response;
  if (request.known_tree_size() > 0 && request.known_tree_size() < size) {
    const std::vector<Hash> path =
        *merkle::ConsistencyProof(request.known_tree_size(), size, read);
    for (const Hash& hash : path) {
      proofs->add_consistency(std::string(hash.view()));
    }
  }
  for (const std::uint64_t index : request.entry_indices()) {
    if (index >= size || faults.drop_proofs) continue;
    v1::EntryProof* const proof = proofs->add_proofs();
    proof->set_entry_index(index);
    const std::vector<Hash> path = *merkle::InclusionProof(index, size, read);
    for (const Hash& hash : path) {
      proof->add_path(std::string(hash.view()));
    }
    if (faults.bend_paths && proof->path_size() > 0) {
      (*proof->mutable_path(0))[0] ^= 1;
    }
  }
  return response;
}

}  // namespace thon::client
