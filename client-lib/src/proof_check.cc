#include "client-lib/src/proof_check.h"

#include <algorithm>
#include <utility>

#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "server/core/note.h"

namespace thon::client {
namespace {

// False: too many, or one is no hash.
bool ReadHashes(const google::protobuf::RepeatedPtrField<std::string>& raw,
                std::vector<Hash>* hashes) {
  if (static_cast<std::size_t>(raw.size()) > limits::kProofHashesMax) {
    return false;
  }
  hashes->clear();
  for (const std::string& one : raw) {
    if (!Hash::FromBytes(one, &hashes->emplace_back())) return false;
  }
  return true;
}

// What of the hashes can be kept as evidence.
std::vector<Hash> Readable(
    const google::protobuf::RepeatedPtrField<std::string>& raw) {
  std::vector<Hash> hashes;
  for (const std::string& one : raw) {
    Hash hash;
    if (hashes.size() == limits::kProofHashesMax ||
        !Hash::FromBytes(one, &hash)) {
      break;
    }
    hashes.push_back(hash);
  }
  return hashes;
}

// Whether what was shown names a later epoch than the hello's. Nobody's
// signature is asked for: that epoch's key is not known yet, and whoever makes
// it up gains what an empty answer gives.
bool IsOfLaterEpoch(const absl::StatusOr<note::SignedNote>& shown,
                    const Epoch& epoch) {
  if (!shown.ok()) return false;
  const absl::StatusOr<CheckpointBody> body = ParseCheckpointText(shown->text);
  return body.ok() && Follows(epoch.origin, body->origin);
}

// What is wrong with the checkpoint beside the known one; nothing: it extends
// it.
std::optional<Finding> Compare(const v1::Proofs& proofs,
                               const CheckpointBody& shown,
                               const KnownCheckpoint& known) {
  if (shown.tree_size < known.tree_size) {
    return Finding{
        .kind = EvidenceKind::kShrunk, .asked = std::nullopt, .proof = {}};
  }
  if (shown.tree_size == known.tree_size) {
    if (shown.root == known.root) return std::nullopt;
    return Finding{.kind = EvidenceKind::kTwoHistories,
                   .asked = std::nullopt,
                   .proof = {}};
  }
  std::vector<Hash> path;
  if (ReadHashes(proofs.consistency(), &path) &&
      merkle::VerifyConsistency(known.tree_size, known.root, shown.tree_size,
                                shown.root, path)
          .ok()) {
    return std::nullopt;
  }
  return Finding{.kind = EvidenceKind::kNotExtended,
                 .asked = std::nullopt,
                 .proof = Readable(proofs.consistency())};
}

}  // namespace

bool IsDue(std::int64_t receive_time_ms, std::int64_t server_time_ms) {
  return server_time_ms - limits::kCheckpointMsMax > receive_time_ms;
}

ProofsVerdict CheckProofs(const v1::Proofs& proofs, const Epoch& epoch,
                          const std::optional<KnownCheckpoint>& known,
                          absl::Span<const AskedProof> asked,
                          std::int64_t server_time_ms) {
  ProofsVerdict verdict;
  const auto due = [&](std::size_t i) {
    return IsDue(asked[i].receipt.receive_time_ms(), server_time_ms);
  };
  if (proofs.checkpoint().note().empty()) {
    verdict.unavailable = true;
    return verdict;
  }
  // The note alone is signed; the message's other fields are a convenience.
  const absl::StatusOr<note::SignedNote> signed_note =
      note::Parse(proofs.checkpoint().note());
  absl::StatusOr<CheckpointBody> body =
      signed_note.ok()
          ? VerifyCheckpointNote(*signed_note,
                                 LogVerifierKey(epoch.origin, epoch.log_key))
          : absl::StatusOr<CheckpointBody>(signed_note.status());
  if (!body.ok()) {
    if (IsOfLaterEpoch(signed_note, epoch)) {
      verdict.unavailable = true;
      return verdict;
    }
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (!due(i)) continue;
      verdict.findings.push_back(
          {.kind = EvidenceKind::kNoCheckpoint, .asked = i, .proof = {}});
    }
    return verdict;
  }
  if (known.has_value()) {
    std::optional<Finding> contradiction = Compare(proofs, *body, *known);
    if (contradiction.has_value()) {
      verdict.findings.push_back(*std::move(contradiction));
      return verdict;
    }
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const AskedProof& one = asked[i];
    if (one.entry_index >= body->tree_size) {
      if (due(i)) {
        verdict.findings.push_back(
            {.kind = EvidenceKind::kNotCovered, .asked = i, .proof = {}});
      }
      continue;
    }
    const auto found =
        std::find_if(proofs.proofs().begin(), proofs.proofs().end(),
                     [&](const v1::EntryProof& proof) {
                       return proof.entry_index() == one.entry_index;
                     });
    if (found == proofs.proofs().end()) {
      if (due(i)) {
        verdict.findings.push_back(
            {.kind = EvidenceKind::kNoProof, .asked = i, .proof = {}});
      }
      continue;
    }
    std::vector<Hash> path;
    bool leads = ReadHashes(found->path(), &path);
    if (leads) {
      const absl::StatusOr<Hash> root = merkle::RootFromInclusionProof(
          one.leaf_hash, one.entry_index, body->tree_size, path);
      leads = root.ok() && *root == body->root;
    }
    if (leads) {
      verdict.proven.push_back({.asked = i, .path = std::move(path)});
    } else {
      verdict.findings.push_back({.kind = EvidenceKind::kWrongProof,
                                  .asked = i,
                                  .proof = Readable(found->path())});
    }
  }
  // The first one has nothing to extend: it is believed if it keeps a promise,
  // or a root of no tree would stand in the way of every later one.
  if (known.has_value() || !verdict.proven.empty()) {
    verdict.checkpoint = *std::move(body);
  }
  return verdict;
}

bool IsWitnessed(const TrustPolicy& policy, const Epoch& epoch,
                 absl::string_view note) {
  if (policy.quorum < 0) return false;
  const note::VerifierKey key = LogVerifierKey(epoch.origin, epoch.log_key);
  const bool known_log =
      policy.logs.empty() ||
      std::any_of(policy.logs.begin(), policy.logs.end(),
                  [&](const TrustPolicy::Log& log) { return log.key == key; });
  if (!known_log) return false;
  const absl::StatusOr<note::SignedNote> parsed = note::Parse(note);
  return parsed.ok() && CheckCosignatures(policy, *parsed).quorum;
}

}  // namespace thon::client
