// Goal: roots, proofs and tiles of every tree of up to 300 leaves are those of
// the definitions, and a client needs nothing but the tiles to make them.
// Method: RFC 6962 (section 2.1) and tlog-tiles word for word, over ranges of
// leaves; each root of a range is computed once and remembered, because a
// hundred thousand proofs ask for the same ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/merkle.h"
#include "server/core/tile.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"

namespace thon::merkle {
namespace {

constexpr std::uint64_t kSizeMax = 300;

std::uint64_t SplitOf(std::uint64_t n) {
  std::uint64_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

// The recursive definitions over the leaves D[begin:end].
class Definition {
 public:
  Definition() {
    std::mt19937_64 random = SeededRandom();
    for (std::uint64_t i = 0; i < kSizeMax; ++i) {
      leaves_.push_back(HashLeaf(absl::StrCat(random(), ".", i)));
    }
  }
  const Hash& leaf(std::uint64_t index) const { return leaves_[index]; }

  Hash Mth(std::uint64_t begin, std::uint64_t end) {
    if (begin == end) return Sha256Of("");
    if (end - begin == 1) return leaves_[begin];
    const auto known = known_.find({begin, end});
    if (known != known_.end()) return known->second;
    const std::uint64_t k = SplitOf(end - begin);
    const Hash hash = Sha256Of(absl::StrCat(
        "\x01", Mth(begin, begin + k).view(), Mth(begin + k, end).view()));
    known_.emplace(std::make_pair(begin, end), hash);
    return hash;
  }

  std::vector<Hash> Path(std::uint64_t m, std::uint64_t begin,
                         std::uint64_t end) {
    if (end - begin == 1) return {};
    const std::uint64_t middle = begin + SplitOf(end - begin);
    std::vector<Hash> path;
    if (begin + m < middle) {
      path = Path(m, begin, middle);
      path.push_back(Mth(middle, end));
    } else {
      path = Path(begin + m - middle, middle, end);
      path.push_back(Mth(begin, middle));
    }
    return path;
  }

  std::vector<Hash> SubProof(std::uint64_t m, std::uint64_t begin,
                             std::uint64_t end, bool whole) {
    if (m == end - begin) {
      return whole ? std::vector<Hash>() : std::vector<Hash>{Mth(begin, end)};
    }
    const std::uint64_t middle = begin + SplitOf(end - begin);
    std::vector<Hash> proof;
    if (begin + m <= middle) {
      proof = SubProof(m, begin, middle, whole);
      proof.push_back(Mth(middle, end));
    } else {
      proof = SubProof(begin + m - middle, middle, end, false);
      proof.push_back(Mth(begin, middle));
    }
    return proof;
  }

  // The hashes of a tile of the tree of `size`: with i from 0 to 255, those
  // MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l]) that are whole.
  std::vector<Hash> Tile(int level, std::uint64_t n, std::uint64_t size) {
    std::uint64_t span = 1;
    for (int l = 0; l < level; ++l) span *= 256;
    std::vector<Hash> hashes;
    for (std::uint64_t i = 0; i < 256; ++i) {
      const std::uint64_t end = (n * 256 + i + 1) * span;
      if (end <= size) hashes.push_back(Mth(end - span, end));
    }
    return hashes;
  }

 private:
  std::vector<Hash> leaves_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Hash> known_;
};

class TreeDefinitionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Frontier frontier;
    for (std::uint64_t i = 0; i < kSizeMax; ++i) {
      frontier.Append(definition_.leaf(i), [this](NodeId id, const Hash& hash) {
        nodes_.emplace(id, hash);
      });
    }
  }

  NodeReader Reader() {
    return [this](NodeId id) -> absl::StatusOr<Hash> { return nodes_.at(id); };
  }

  Definition definition_;
  std::map<NodeId, Hash> nodes_;
};

TEST_F(TreeDefinitionTest, EveryRootAndInclusionProofOfEveryTree) {
  for (std::uint64_t size = 0; size <= kSizeMax; ++size) {
    const Hash root = definition_.Mth(0, size);
    ASSERT_THAT(RootAt(size, Reader()), IsOkAndHolds(root)) << size;
    for (std::uint64_t index = 0; index < size; ++index) {
      const std::vector<Hash> want = definition_.Path(index, 0, size);
      ASSERT_THAT(InclusionProof(index, size, Reader()), IsOkAndHolds(want))
          << index << " of " << size;
      ASSERT_THAT(
          RootFromInclusionProof(definition_.leaf(index), index, size, want),
          IsOkAndHolds(root))
          << index << " of " << size;
    }
  }
}

TEST_F(TreeDefinitionTest, EveryConsistencyProofBetweenAnyTwoTrees) {
  for (std::uint64_t size2 = 1; size2 <= kSizeMax; ++size2) {
    const Hash root2 = definition_.Mth(0, size2);
    for (std::uint64_t size1 = 1; size1 <= size2; ++size1) {
      const std::vector<Hash> want =
          definition_.SubProof(size1, 0, size2, true);
      ASSERT_THAT(ConsistencyProof(size1, size2, Reader()), IsOkAndHolds(want))
          << size1 << " to " << size2;
      const Hash root1 = definition_.Mth(0, size1);
      ASSERT_THAT(VerifyConsistency(size1, root1, size2, root2, want), IsOk())
          << size1 << " to " << size2;
      Hash other = root1;
      other.bytes[size2 % Hash::kSize] ^= 1;
      ASSERT_THAT(VerifyConsistency(size1, other, size2, root2, want),
                  StatusIs(absl::StatusCode::kDataLoss))
          << size1 << " to " << size2;
    }
  }
}

TEST_F(TreeDefinitionTest, EveryTileOfEveryTreeIsThere) {
  for (std::uint64_t size = 0; size <= kSizeMax; ++size) {
    std::vector<TileId> want;
    for (int level = 0; level <= 2; ++level) {
      for (std::uint64_t index = 0; index <= 2; ++index) {
        const std::vector<Hash> hashes = definition_.Tile(level, index, size);
        const int width = static_cast<int>(hashes.size());
        ASSERT_EQ(TileWidthAt(level, index, size), width)
            << level << " " << index << " of " << size;
        if (width == 0) continue;
        want.push_back({.level = level, .index = index, .width = width});
        for (std::uint64_t i = 0; i < hashes.size(); ++i) {
          ASSERT_EQ(nodes_.at({level * kTileHeight, index * 256 + i}),
                    hashes[i]);
        }
      }
    }
    std::vector<TileId> visited;
    ForEachTile(size, [&visited](const TileId& id) {
      visited.push_back(id);
      return true;
    });
    ASSERT_EQ(visited, want) << size;
  }
}

TEST_F(TreeDefinitionTest, TilesAloneGiveEveryProof) {
  for (const std::uint64_t size : {1, 2, 255, 256, 257, 300}) {
    std::map<std::pair<int, std::uint64_t>, std::vector<Hash>> tiles;
    ForEachTile(size, [&](const TileId& id) {
      tiles[{id.level, id.index}] = definition_.Tile(id.level, id.index, size);
      return true;
    });
    // A perfect subtree from the hashes of the one tile that holds its leaves.
    const NodeReader read = [&](NodeId id) -> absl::StatusOr<Hash> {
      const int below = id.level % kTileHeight;
      const std::uint64_t first = id.index << below;
      const std::vector<Hash>& hashes =
          tiles.at({id.level / kTileHeight, first / 256});
      const std::size_t count = std::size_t{1} << below;
      EXPECT_LE(first % 256 + count, hashes.size());
      return RootOf(absl::MakeConstSpan(hashes).subspan(first % 256, count));
    };
    EXPECT_THAT(RootAt(size, read), IsOkAndHolds(definition_.Mth(0, size)));
    for (std::uint64_t index = 0; index < size; ++index) {
      ASSERT_THAT(InclusionProof(index, size, read),
                  IsOkAndHolds(definition_.Path(index, 0, size)));
    }
    for (std::uint64_t size1 = 1; size1 <= size; ++size1) {
      ASSERT_THAT(ConsistencyProof(size1, size, read),
                  IsOkAndHolds(definition_.SubProof(size1, 0, size, true)));
    }
  }
}

TEST(TileWidthTest, PartialTilesOfAnyTreeAreAsWideAsTheSpecificationSays) {
  std::mt19937_64 random = SeededRandom();
  for (int round = 0; round < 1000; ++round) {
    const std::uint64_t size = random() >> random() % 64;
    std::uint64_t nodes = size;  // floor(size / 256**level)
    for (int level = 0; level <= 63; ++level) {
      ASSERT_EQ(TileWidthAt(level, nodes / 256, size),
                static_cast<int>(nodes % 256))
          << level << " of " << size;
      ASSERT_EQ(TileWidthAt(level, nodes / 256 + 1, size), 0);
      if (nodes >= 256) {
        ASSERT_EQ(TileWidthAt(level, nodes / 256 - 1, size), 256);
        ASSERT_EQ(TileWidthAt(level, 0, size), 256);
      }
      nodes /= 256;
    }
  }
}

TEST(TileWidthTest, AVisitThatHasSeenEnoughEnds) {
  int visits = 0;
  ForEachTile(UINT64_MAX, [&visits](const TileId&) { return ++visits < 3; });
  EXPECT_EQ(visits, 3);
}

}  // namespace
}  // namespace thon::merkle
