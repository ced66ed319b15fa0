// Goal: proofs, requests to witnesses and receipt cards are read without a
// fault whatever they hold; a proof that the tree gives holds; and no proof
// holds for another leaf, another root, or with another hash in it.
// Method: every reader gets the input; then the input builds a small tree,
// takes a proof from it, and says how to damage it.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/merkle.h"
#include "server/core/receipt_card.h"
#include "server/core/tlog_proof.h"
#include "server/core/witness_request.h"
#include "tests/fuzz/input.h"

namespace thon {
namespace {

using merkle::RootFromInclusionProof;
using merkle::VerifyConsistency;

PublicKey LogKey() {
  static const PublicKey key =
      SigningKey::FromSeed(std::string(32, '\1'))->public_key();
  return key;
}

void ReadProof(absl::string_view text) {
  const absl::StatusOr<TlogProof> proof = ParseTlogProof(text);
  if (!proof.ok()) return;
  THON_CHECK(FormatTlogProof(*proof) == text);
  THON_CHECK(!proof->extra.has_value() || !proof->extra->empty());
  // Nobody finds a leaf for the hash of nothing.
  THON_CHECK(
      !VerifyTlogProof(*proof, Hash(),
                       LogVerifierKey("thon.example/yen-bai/1", LogKey()))
           .ok());
}

void ReadRequest(absl::string_view text) {
  const absl::StatusOr<AddCheckpoint> request = ParseAddCheckpoint(text);
  if (request.ok()) THON_CHECK(FormatAddCheckpoint(*request) == text);
}

void ReadCard(absl::string_view text) {
  const absl::StatusOr<v1::ReceiptCard> card = ParseReceiptCard(text);
  if (!card.ok()) return;
  THON_CHECK(ParseReceiptCard(FormatReceiptCard(*card)).ok() ||
             FormatReceiptCard(*card).size() > 1200);
  (void)VerifyReceiptCard(*card, LogKey());
}

std::vector<Hash> HashesOf(Input* input) {
  std::vector<Hash> hashes(input->Below(66));
  for (Hash& hash : hashes) hash = input->HashOf();
  return hashes;
}

void Flip(std::uint64_t bit, Hash* hash) {
  hash->bytes[bit / 8 % Hash::kSize] ^= static_cast<std::uint8_t>(1 << bit % 8);
}

// Proofs of whatever the input says: they hardly ever hold.
void CheckAnything(Input input) {
  const std::uint64_t size1 = input.Number() >> input.Below(64);
  const std::uint64_t size2 = input.Number() >> input.Below(64);
  const std::vector<Hash> proof = HashesOf(&input);
  Hash root1 = input.HashOf();
  Hash root2 = input.HashOf();
  const auto led_to = RootFromInclusionProof(root1, size1, size2, proof);
  THON_CHECK(!led_to.ok() || (size1 < size2 && proof.size() <= 64));
  const auto holds = [&] {
    return VerifyConsistency(size1, root1, size2, root2, proof).ok();
  };
  if (!holds()) return;
  THON_CHECK(size1 <= size2);
  Flip(input.Number(1), &root1);
  THON_CHECK(!holds());
}

// Damages the proof as the input says. False: nothing was changed.
bool Damage(Input* input, std::vector<Hash>* proof) {
  const std::size_t at = input->Below(proof->size() + 1);
  const auto place = proof->begin() + static_cast<std::ptrdiff_t>(at);
  switch (input->Below(4)) {
    case 0:
      if (place == proof->end()) return false;
      Flip(input->Number(1), &*place);
      return true;
    case 1:
      if (place == proof->end()) return false;
      proof->erase(place);
      return true;
    case 2:
      proof->insert(place, input->HashOf());
      return true;
    default:
      if (at + 1 >= proof->size() || *place == *(place + 1)) return false;
      std::swap(*place, *(place + 1));
      return true;
  }
}

void ProveAndDamage(Input input) {
  const std::uint64_t size2 = 1 + input.Below(40);
  std::vector<Hash> leaves;
  for (std::uint64_t i = 0; i < size2; ++i) {
    leaves.push_back(merkle::HashLeaf(absl::StrCat(i)));
  }
  const auto all = absl::MakeConstSpan(leaves);
  const std::uint64_t index = input.Below(size2);
  const std::uint64_t size1 = 1 + input.Below(size2);
  const Hash root1 = merkle::RootOf(all.subspan(0, size1));
  const Hash root2 = merkle::RootOf(all);

  std::vector<Hash> proof = merkle::PathOf(all, index);
  const auto leads = [&](const Hash& leaf, std::uint64_t as) {
    const auto root = RootFromInclusionProof(leaf, as, size2, proof);
    return root.ok() && *root == root2;
  };
  THON_CHECK(leads(leaves[index], index));
  const std::uint64_t other = input.Below(size2);
  THON_CHECK(other == index || !leads(leaves[index], other));
  THON_CHECK(other == index || !leads(leaves[other], index));
  if (Damage(&input, &proof)) THON_CHECK(!leads(leaves[index], index));

  const merkle::NodeReader read = [&](merkle::NodeId id) {
    return absl::StatusOr<Hash>(merkle::RootOf(
        all.subspan(id.index << id.level, std::size_t{1} << id.level)));
  };
  proof = *merkle::ConsistencyProof(size1, size2, read);
  THON_CHECK(VerifyConsistency(size1, root1, size2, root2, proof).ok());
  Hash wrong = input.Below(2) == 0 ? root1 : root2;
  const bool old_root = wrong == root1;
  Flip(input.Number(1), &wrong);
  THON_CHECK(!VerifyConsistency(size1, old_root ? wrong : root1, size2,
                                old_root ? root2 : wrong, proof)
                  .ok());
  if (Damage(&input, &proof)) {
    THON_CHECK(!VerifyConsistency(size1, root1, size2, root2, proof).ok());
  }
}

}  // namespace
}  // namespace thon

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view text = thon::ViewOf(data, size);
  thon::ReadProof(text);
  thon::ReadRequest(text);
  thon::ReadCard(text);
  thon::CheckAnything(thon::Input(text));
  thon::ProveAndDamage(thon::Input(text));
  return 0;
}
