// Goal: roots and proofs are those of RFC 6962, and no altered proof passes.
// Method: a slow reference copied from the RFC's recursive definitions, for
// every tree size up to 300; every index and every pair of sizes up to 64;
// then each proof is damaged in every simple way.
#include "server/core/merkle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"

namespace thon::merkle {
namespace {

constexpr std::uint64_t kSizeMax = 300;
constexpr std::uint64_t kProofSizeMax = 64;

using Leaves = absl::Span<const Hash>;

// RFC 6962, 2.1, word for word.
std::size_t SplitOf(std::size_t n) {
  std::size_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

Hash Mth(Leaves d) {
  if (d.empty()) return Sha256Of("");
  if (d.size() == 1) return d[0];
  const std::size_t k = SplitOf(d.size());
  const Hash left = Mth(d.subspan(0, k));
  const Hash right = Mth(d.subspan(k));
  return Sha256Of(absl::StrCat("\x01", left.view(), right.view()));
}

std::vector<Hash> Path(std::size_t m, Leaves d) {
  if (d.size() == 1) return {};
  const std::size_t k = SplitOf(d.size());
  std::vector<Hash> path;
  if (m < k) {
    path = Path(m, d.subspan(0, k));
    path.push_back(Mth(d.subspan(k)));
  } else {
    path = Path(m - k, d.subspan(k));
    path.push_back(Mth(d.subspan(0, k)));
  }
  return path;
}

std::vector<Hash> SubProof(std::size_t m, Leaves d, bool whole) {
  if (m == d.size()) {
    return whole ? std::vector<Hash>() : std::vector<Hash>{Mth(d)};
  }
  const std::size_t k = SplitOf(d.size());
  std::vector<Hash> proof;
  if (m <= k) {
    proof = SubProof(m, d.subspan(0, k), whole);
    proof.push_back(Mth(d.subspan(k)));
  } else {
    proof = SubProof(m - k, d.subspan(k), false);
    proof.push_back(Mth(d.subspan(0, k)));
  }
  return proof;
}

Hash FlipBit(Hash hash, std::size_t bit) {
  hash.bytes[bit / 8 % Hash::kSize] ^= static_cast<std::uint8_t>(1 << bit % 8);
  return hash;
}

// A log of kSizeMax random entries, grown by one Frontier into `nodes_`.
class MerkleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::mt19937_64 random = SeededRandom();
    for (std::uint64_t i = 0; i < kSizeMax; ++i) {
      leaves_.push_back(HashLeaf(absl::StrCat(random(), random())));
      frontier_.Append(leaves_.back(), [this](NodeId id, const Hash& hash) {
        EXPECT_TRUE(nodes_.emplace(id, hash).second) << "given twice";
      });
    }
  }

  // Reads what Append() gave out; counts, and refuses nodes that it did not.
  NodeReader Reader() {
    return [this](NodeId id) -> absl::StatusOr<Hash> {
      ++reads_;
      const auto node = nodes_.find(id);
      if (node == nodes_.end()) {
        return absl::NotFoundError(
            absl::StrCat("no node (", id.level, ", ", id.index, ")"));
      }
      return node->second;
    };
  }
  Leaves First(std::uint64_t size) const {
    return absl::MakeConstSpan(leaves_).subspan(0, size);
  }

  std::vector<Hash> leaves_;
  std::map<NodeId, Hash> nodes_;
  Frontier frontier_;
  int reads_ = 0;
};

TEST(MerkleHashTest, LeavesNodesAndNothingHashApart) {
  EXPECT_EQ(HashLeaf("x"), Sha256Of(absl::string_view("\0x", 2)));
  EXPECT_EQ(HashLeaf("").Hex(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(EmptyRoot(), Sha256Of(""));
  const Hash a = Sha256Of("a");
  const Hash b = Sha256Of("b");
  EXPECT_EQ(HashNode(a, b), Sha256Of(absl::StrCat("\x01", a.view(), b.view())));
  EXPECT_NE(HashNode(a, b), HashNode(b, a));
  EXPECT_NE(HashNode(a, b), HashLeaf(absl::StrCat(a.view(), b.view())));
}

TEST_F(MerkleTest, AppendGivesEveryPerfectSubtreeOnce) {
  std::size_t expected = 0;
  for (int level = 0; (kSizeMax >> level) > 0; ++level) {
    for (std::uint64_t index = 0; index < (kSizeMax >> level); ++index) {
      const auto node = nodes_.find(NodeId{level, index});
      ASSERT_NE(node, nodes_.end()) << level << " " << index;
      EXPECT_EQ(node->second,
                Mth(First(kSizeMax).subspan(index << level, 1ull << level)));
      ++expected;
    }
  }
  EXPECT_EQ(nodes_.size(), expected);
}

TEST_F(MerkleTest, AppendGivesLowerLevelsFirst) {
  Frontier frontier;
  std::vector<NodeId> given;
  for (int i = 0; i < 4; ++i) {
    frontier.Append(leaves_[i],
                    [&](NodeId id, const Hash&) { given.push_back(id); });
  }
  EXPECT_EQ(given,
            (std::vector<NodeId>{
                {0, 0}, {0, 1}, {1, 0}, {0, 2}, {0, 3}, {1, 1}, {2, 0}}));
}

TEST_F(MerkleTest, EveryRootIsTheReferencesRoot) {
  Frontier growing;
  for (std::uint64_t size = 0; size <= kSizeMax; ++size) {
    SCOPED_TRACE(size);
    const Hash want = Mth(First(size));
    EXPECT_EQ(growing.size(), size);
    EXPECT_EQ(growing.Root(), want);
    EXPECT_EQ(RootOf(First(size)), want);
    EXPECT_THAT(RootAt(size, Reader()), IsOkAndHolds(want));
    if (size < kSizeMax) growing.Append(leaves_[size]);
  }
}

TEST_F(MerkleTest, ALoadedFrontierGrowsOnLikeTheOneThatWasSaved) {
  for (std::uint64_t size = 0; size <= kSizeMax; ++size) {
    ASSERT_OK_AND_ASSIGN(Frontier loaded, Frontier::Load(size, Reader()));
    ASSERT_EQ(loaded.size(), size);
    ASSERT_EQ(loaded.Root(), Mth(First(size)));
    const std::uint64_t end = std::min(size + 5, kSizeMax);
    for (std::uint64_t i = size; i < end; ++i) {
      loaded.Append(leaves_[i], [this](NodeId id, const Hash& hash) {
        EXPECT_EQ(nodes_.at(id), hash);
      });
    }
    ASSERT_EQ(loaded.Root(), Mth(First(end)));
  }
}

TEST_F(MerkleTest, EveryInclusionProofIsTheReferencesAndLeadsToTheRoot) {
  for (std::uint64_t size = 1; size <= kSizeMax; ++size) {
    const Hash root = Mth(First(size));
    // Beyond kProofSizeMax, both ends and a few leaves between.
    const std::uint64_t step = size <= kProofSizeMax ? 1 : size / 7;
    for (std::uint64_t i = 0; i < size + step - 1; i += step) {
      const std::uint64_t index = std::min(i, size - 1);
      SCOPED_TRACE(absl::StrCat("leaf ", index, " of ", size));
      ASSERT_OK_AND_ASSIGN(const std::vector<Hash> proof,
                           InclusionProof(index, size, Reader()));
      ASSERT_EQ(proof, Path(index, First(size)));
      ASSERT_EQ(PathOf(First(size), index), proof);
      ASSERT_THAT(RootFromInclusionProof(leaves_[index], index, size, proof),
                  IsOkAndHolds(root));
    }
  }
}

TEST_F(MerkleTest, NoDamagedInclusionProofLeadsToTheRoot) {
  for (std::uint64_t size = 1; size <= kProofSizeMax; ++size) {
    const Hash root = Mth(First(size));
    for (std::uint64_t index = 0; index < size; ++index) {
      SCOPED_TRACE(absl::StrCat("leaf ", index, " of ", size));
      const Hash& leaf = leaves_[index];
      std::vector<Hash> proof = Path(index, First(size));
      const auto computed = [&] {
        return RootFromInclusionProof(leaf, index, size, proof);
      };
      for (std::size_t i = 0; i < proof.size(); ++i) {
        const Hash kept = proof[i];
        proof[i] = FlipBit(kept, size * 31 + index * 7 + i);
        ASSERT_THAT(computed(), IsOkAndHolds(::testing::Ne(root)));
        proof[i] = kept;
      }
      for (std::size_t i = 1; i < proof.size(); ++i) {
        std::swap(proof[i - 1], proof[i]);
        ASSERT_THAT(computed(), IsOkAndHolds(::testing::Ne(root)));
        std::swap(proof[i - 1], proof[i]);
      }
      ASSERT_THAT(
          RootFromInclusionProof(FlipBit(leaf, index), index, size, proof),
          IsOkAndHolds(::testing::Ne(root)));
      proof.push_back(root);
      ASSERT_THAT(computed(), StatusIs(absl::StatusCode::kInvalidArgument));
      proof.pop_back();
      if (proof.empty()) continue;
      proof.pop_back();
      ASSERT_THAT(computed(), StatusIs(absl::StatusCode::kInvalidArgument));
    }
  }
}

TEST_F(MerkleTest, AProofIsForItsOwnIndexOnly) {
  for (std::uint64_t size = 1; size <= kProofSizeMax; ++size) {
    const Hash root = Mth(First(size));
    for (std::uint64_t index = 0; index < size; ++index) {
      const std::vector<Hash> proof = Path(index, First(size));
      for (std::uint64_t other = 0; other < size; ++other) {
        if (other == index) continue;
        const absl::StatusOr<Hash> computed =
            RootFromInclusionProof(leaves_[index], other, size, proof);
        ASSERT_FALSE(computed.ok() && *computed == root)
            << index << " passes as " << other << " of " << size;
      }
    }
  }
}

TEST_F(MerkleTest, ALeafBeyondTheTreeIsRefused) {
  for (const std::uint64_t size : {0, 1, 2, 5}) {
    EXPECT_THAT(RootFromInclusionProof(leaves_[0], size, size, {}),
                StatusIs(absl::StatusCode::kInvalidArgument, "not in a tree"));
  }
}

TEST_F(MerkleTest, EveryConsistencyProofIsTheReferencesAndPasses) {
  for (std::uint64_t size2 = 0; size2 <= kProofSizeMax; ++size2) {
    for (std::uint64_t size1 = 0; size1 <= size2; ++size1) {
      SCOPED_TRACE(absl::StrCat(size1, " to ", size2));
      ASSERT_OK_AND_ASSIGN(const std::vector<Hash> proof,
                           ConsistencyProof(size1, size2, Reader()));
      ASSERT_EQ(proof, size1 == 0 ? std::vector<Hash>()
                                  : SubProof(size1, First(size2), true));
      ASSERT_THAT(VerifyConsistency(size1, Mth(First(size1)), size2,
                                    Mth(First(size2)), proof),
                  IsOk());
    }
  }
}

TEST_F(MerkleTest, NoDamagedConsistencyProofPasses) {
  for (std::uint64_t size2 = 1; size2 <= kProofSizeMax; ++size2) {
    const Hash root2 = Mth(First(size2));
    for (std::uint64_t size1 = 1; size1 < size2; ++size1) {
      SCOPED_TRACE(absl::StrCat(size1, " to ", size2));
      const Hash root1 = Mth(First(size1));
      std::vector<Hash> proof = SubProof(size1, First(size2), true);
      const auto verified = [&] {
        return VerifyConsistency(size1, root1, size2, root2, proof);
      };
      for (std::size_t i = 0; i < proof.size(); ++i) {
        const Hash kept = proof[i];
        proof[i] = FlipBit(kept, size1 * 31 + size2 * 7 + i);
        ASSERT_THAT(verified(), StatusIs(absl::StatusCode::kDataLoss));
        proof[i] = kept;
      }
      for (std::size_t i = 1; i < proof.size(); ++i) {
        std::swap(proof[i - 1], proof[i]);
        ASSERT_THAT(verified(), StatusIs(absl::StatusCode::kDataLoss));
        std::swap(proof[i - 1], proof[i]);
      }
      proof.push_back(root1);
      ASSERT_THAT(verified(), StatusIs(absl::StatusCode::kInvalidArgument));
      proof.pop_back();
      proof.pop_back();
      ASSERT_THAT(verified(), StatusIs(absl::StatusCode::kInvalidArgument));
    }
  }
}

TEST_F(MerkleTest, WrongRootsAreDataLossAndBothRootsAreNamed) {
  for (std::uint64_t size2 = 0; size2 <= kProofSizeMax; ++size2) {
    const Hash root2 = Mth(First(size2));
    for (std::uint64_t size1 = 0; size1 <= size2; ++size1) {
      SCOPED_TRACE(absl::StrCat(size1, " to ", size2));
      const Hash root1 = Mth(First(size1));
      ASSERT_OK_AND_ASSIGN(const std::vector<Hash> proof,
                           ConsistencyProof(size1, size2, Reader()));
      ASSERT_THAT(
          VerifyConsistency(size1, FlipBit(root1, size2), size2, root2, proof),
          StatusIs(absl::StatusCode::kDataLoss));
      if (size1 == 0 && size2 != 0) continue;  // All trees extend the empty.
      const Hash bad = FlipBit(root2, size1);
      const absl::Status status =
          VerifyConsistency(size1, root1, size2, bad, proof);
      ASSERT_THAT(status, StatusIs(absl::StatusCode::kDataLoss, root2.Hex()));
      ASSERT_THAT(status, StatusIs(absl::StatusCode::kDataLoss, bad.Hex()));
    }
  }
}

TEST_F(MerkleTest, ATreeCannotShrink) {
  EXPECT_THAT(
      VerifyConsistency(5, Mth(First(5)), 4, Mth(First(4)), {}),
      StatusIs(absl::StatusCode::kInvalidArgument, "smaller size first"));
}

TEST_F(MerkleTest, ARewrittenLogHasNoConsistencyProof) {
  std::vector<Hash> rewritten(leaves_.begin(), leaves_.begin() + 50);
  rewritten[20] = HashLeaf("another event");
  for (std::uint64_t size1 = 21; size1 < 50; ++size1) {
    EXPECT_THAT(VerifyConsistency(size1, Mth(First(size1)), 50, Mth(rewritten),
                                  SubProof(size1, rewritten, true)),
                StatusIs(absl::StatusCode::kDataLoss));
  }
}

TEST_F(MerkleTest, AReadersErrorIsReturned) {
  const NodeReader broken = [](NodeId) -> absl::StatusOr<Hash> {
    return absl::DataLossError("node lost");
  };
  const auto is_lost = StatusIs(absl::StatusCode::kDataLoss, "node lost");
  EXPECT_THAT(RootAt(3, broken), is_lost);
  EXPECT_THAT(InclusionProof(1, 3, broken), is_lost);
  EXPECT_THAT(ConsistencyProof(2, 3, broken), is_lost);
  EXPECT_THAT(ConsistencyProof(3, 5, broken), is_lost);
  EXPECT_THAT(Frontier::Load(3, broken), is_lost);
}

TEST_F(MerkleTest, ProofsReadFewNodes) {
  ASSERT_OK_AND_ASSIGN(const std::vector<Hash> proof,
                       InclusionProof(123, kSizeMax, Reader()));
  EXPECT_LE(reads_, 18);  // At most two a level of a tree of nine.
}

TEST(MerkleSizeTest, SizesBeyondAllMemoryTakeFewReads) {
  int reads = 0;
  const NodeReader read = [&reads](NodeId id) -> absl::StatusOr<Hash> {
    ++reads;
    return Sha256Of(absl::StrCat(id.level, ".", id.index));
  };
  const std::uint64_t size = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t index = size / 3;
  // The reader's nodes belong to no tree, so only lengths can be compared.
  ASSERT_OK_AND_ASSIGN(const std::vector<Hash> path,
                       InclusionProof(index, size, read));
  EXPECT_EQ(path.size(), 64u);
  EXPECT_THAT(RootFromInclusionProof(Hash(), index, size, path), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::vector<Hash> proof,
                       ConsistencyProof(size - 1, size, read));
  EXPECT_THAT(VerifyConsistency(size - 1, Hash(), size, Hash(), proof),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_LT(reads, 400);
}

TEST(MerkleDeathTest, AskingForAProofOfNoLeafIsOurOwnBug) {
  const NodeReader read = [](NodeId) -> absl::StatusOr<Hash> { return Hash(); };
  EXPECT_DEATH((void)InclusionProof(3, 3, read), "index < size");
  EXPECT_DEATH((void)ConsistencyProof(4, 3, read), "size1 <= size2");
  EXPECT_DEATH((void)PathOf({}, 0), "index < size");
}

}  // namespace
}  // namespace thon::merkle
