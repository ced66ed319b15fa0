// Goal: our tree is the tree of RFC 6962 that others compute.
// Method: tests/vectors/merkle.json, written by an implementation in another
// language; good vectors must pass, each bad one must fail in its own way.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "server/core/merkle.h"
#include "tests/support/status_matchers.h"

namespace thon::merkle {
namespace {

using nlohmann::json;

Hash HashFrom(const json& hex) {
  std::string raw;
  Hash hash;
  EXPECT_TRUE(HexDecode(hex.get<std::string>(), &raw)) << hex;
  EXPECT_TRUE(Hash::FromBytes(raw, &hash)) << hex;
  return hash;
}

std::vector<Hash> HashesFrom(const json& list) {
  std::vector<Hash> hashes;
  for (const json& hex : list) hashes.push_back(HashFrom(hex));
  return hashes;
}

class MerkleVectorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file(THON_SOURCE_DIR "/tests/vectors/merkle.json");
    ASSERT_TRUE(file) << "tests/vectors/merkle.json is missing";
    vectors_ = json::parse(file);
    for (const json& hex : vectors_["leaves"]) {
      std::string entry;
      ASSERT_TRUE(HexDecode(hex.get<std::string>(), &entry));
      leaves_.push_back(HashLeaf(entry));
    }
  }

  json vectors_;
  std::vector<Hash> leaves_;
};

// "OK", "INVALID_ARGUMENT" or "DATA_LOSS".
std::string Outcome(const absl::Status& status) {
  return absl::StatusCodeToString(status.code());
}

std::string Wanted(const json& vector) {
  const auto want_error = vector["want_error"].get<std::string>();
  return want_error.empty() ? "OK" : want_error;
}

TEST_F(MerkleVectorsTest, RootsAreTheirs) {
  ASSERT_EQ(vectors_["roots"].size(), leaves_.size() + 1);
  for (const json& vector : vectors_["roots"]) {
    const auto size = vector["size"].get<std::size_t>();
    EXPECT_EQ(RootOf(absl::MakeConstSpan(leaves_).subspan(0, size)),
              HashFrom(vector["root"]))
        << size;
  }
}

TEST_F(MerkleVectorsTest, InclusionProofsPassOrFailAsTheirs) {
  ASSERT_GT(vectors_["inclusion"].size(), 50u);
  for (const json& vector : vectors_["inclusion"]) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    const auto index = vector["index"].get<std::uint64_t>();
    const auto size = vector["size"].get<std::uint64_t>();
    const std::vector<Hash> proof = HashesFrom(vector["proof"]);
    const absl::StatusOr<Hash> root = RootFromInclusionProof(
        HashFrom(vector["leaf_hash"]), index, size, proof);
    if (root.ok() && *root != HashFrom(vector["root"])) {
      EXPECT_EQ(Wanted(vector), "DATA_LOSS");
    } else {
      EXPECT_EQ(Outcome(root.status()), Wanted(vector));
    }
    if (Wanted(vector) == "OK") {
      EXPECT_EQ(PathOf(absl::MakeConstSpan(leaves_).subspan(0, size), index),
                proof);
    }
  }
}

TEST_F(MerkleVectorsTest, ConsistencyProofsPassOrFailAsTheirs) {
  ASSERT_GT(vectors_["consistency"].size(), 50u);
  for (const json& vector : vectors_["consistency"]) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    const absl::Status status = VerifyConsistency(
        vector["size1"].get<std::uint64_t>(), HashFrom(vector["root1"]),
        vector["size2"].get<std::uint64_t>(), HashFrom(vector["root2"]),
        HashesFrom(vector["proof"]));
    EXPECT_EQ(Outcome(status), Wanted(vector)) << status;
  }
}

}  // namespace
}  // namespace thon::merkle
