// Goal: proofs, tiles, requests to witnesses, trust policies and receipt cards
// are read and judged as the specifications say.
// Method: tests/vectors/proof/*.json of a second implementation; what is read
// is written again and must be the same text.
#include "tests/unit/core/proof_vectors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/bytes.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "server/core/receipt_card.h"
#include "server/core/tile.h"
#include "server/core/tlog_proof.h"
#include "server/core/trust_policy.h"
#include "server/core/witness_request.h"
#include "tests/support/status_matchers.h"

namespace thon {
namespace {

// The leaf hashes of the entries that are the index in two bytes.
std::vector<Hash> LeavesTo(std::uint64_t size) {
  std::vector<Hash> leaves;
  for (std::uint64_t i = 0; i < size; ++i) {
    std::string entry;
    AppendBigEndian(static_cast<std::uint16_t>(i), &entry);
    leaves.push_back(merkle::HashLeaf(entry));
  }
  return leaves;
}

TEST(ProofVectorsTest, InclusionProofsHoldOrFailAsTheirs) {
  for (const Json& vector : Vectors("inclusion", "cases")) {
    SCOPED_TRACE(vector["name"]);
    const absl::StatusOr<Hash> root = merkle::RootFromInclusionProof(
        HashOf(vector["leaf_hash"]), NumberOf(vector["index"]),
        NumberOf(vector["size"]), HashesOf(vector["proof"]));
    const bool elsewhere = root.ok() && *root != HashOf(vector["root"]);
    ASSERT_EQ(elsewhere ? "DATA_LOSS" : Outcome(root.status()), vector["want"]);
  }
}

TEST(ProofVectorsTest, ConsistencyProofsHoldOrFailAsTheirs) {
  for (const Json& vector : Vectors("consistency", "cases")) {
    SCOPED_TRACE(vector["name"]);
    const absl::Status status = merkle::VerifyConsistency(
        NumberOf(vector["size1"]), HashOf(vector["root1"]),
        NumberOf(vector["size2"]), HashOf(vector["root2"]),
        HashesOf(vector["proof"]));
    ASSERT_EQ(Outcome(status), vector["want"]) << status;
  }
}

TEST(ProofVectorsTest, TilePathsAreReadAsTheirs) {
  for (const Json& vector : Vectors("tile", "paths")) {
    SCOPED_TRACE(vector["path"]);
    const auto path = vector["path"].get<std::string>();
    const absl::StatusOr<TileId> id = ParseTilePath(path);
    ASSERT_EQ(Outcome(id.status()), vector["want"]) << id.status();
    if (!id.ok()) continue;
    EXPECT_EQ(id->entries, vector["entries"]);
    EXPECT_EQ(id->level, vector["level"]);
    EXPECT_EQ(id->index, NumberOf(vector["index"]));
    EXPECT_EQ(id->width, vector["width"]);
    EXPECT_EQ(TilePath(*id), path);
  }
}

TEST(ProofVectorsTest, ATreeHasTheirTiles) {
  for (const Json& vector : Vectors("tile", "trees")) {
    SCOPED_TRACE(vector["tree_size"]);
    std::vector<std::string> paths;
    ForEachTile(NumberOf(vector["tree_size"]), [&paths](const TileId& id) {
      paths.push_back(TilePath(id));
      return true;
    });
    ASSERT_EQ(paths.size(), vector["count"].get<std::size_t>());
    const auto first = vector["first"].get<std::vector<std::string>>();
    const auto last = vector["last"].get<std::vector<std::string>>();
    EXPECT_TRUE(std::equal(first.begin(), first.end(), paths.begin()));
    EXPECT_TRUE(std::equal(last.rbegin(), last.rend(), paths.rbegin()));
    std::string all;
    for (const std::string& path : paths) absl::StrAppend(&all, path, "\n");
    EXPECT_EQ(Sha256Of(all), HashOf(vector["sha256_of_all"]));
  }
}

TEST(ProofVectorsTest, TilesHoldTheirHashes) {
  const std::vector<Hash> leaves = LeavesTo(70'000);
  std::map<merkle::NodeId, Hash> nodes;
  merkle::Frontier frontier;
  for (const Hash& leaf : leaves) {
    frontier.Append(leaf, [&nodes](merkle::NodeId id, const Hash& hash) {
      nodes.emplace(id, hash);
    });
  }
  for (const Json& vector : Vectors("tile", "contents")) {
    SCOPED_TRACE(vector["path"]);
    ASSERT_OK_AND_ASSIGN(const TileId id,
                         ParseTilePath(vector["path"].get<std::string>()));
    EXPECT_EQ(TileWidthAt(id.level, id.index, NumberOf(vector["tree_size"])),
              id.width);
    std::string tile;
    for (int i = 0; i < id.width; ++i) {
      const std::uint64_t place = id.index * 256 + static_cast<unsigned>(i);
      absl::StrAppend(&tile, nodes.at({id.level * kTileHeight, place}).view());
    }
    EXPECT_EQ(Sha256Of(tile), HashOf(vector["sha256"]));
  }
}

TEST(ProofVectorsTest, TilesAndBundlesAreReadAsTheirs) {
  for (const Json& vector : Vectors("tile", "tiles")) {
    SCOPED_TRACE(vector["name"]);
    const auto tile =
        ParseTile(Bytes(vector["bytes"]), vector["width"].get<int>());
    ASSERT_EQ(Outcome(tile.status()), vector["want"]) << tile.status();
    if (tile.ok()) {
      EXPECT_EQ(*tile, HashesOf(vector["hashes"]));
    }
  }
  for (const Json& vector : Vectors("tile", "bundles")) {
    SCOPED_TRACE(vector["name"]);
    const std::string bytes = Bytes(vector["bytes"]);
    const auto entries = ParseEntryBundle(bytes, vector["width"].get<int>());
    ASSERT_EQ(Outcome(entries.status()), vector["want"]) << entries.status();
    if (!entries.ok()) continue;
    std::string again;
    Json hexes = Json::array();
    for (const absl::string_view entry : *entries) {
      AppendToBundle(entry, &again);
      hexes.push_back(HexEncode(entry));
    }
    EXPECT_EQ(hexes, vector["entries"]);
    EXPECT_EQ(again, bytes);
  }
}

TEST(ProofVectorsTest, TlogProofsAreReadAndJudgedAsTheirs) {
  for (const Json& vector : Vectors("tlog_proof", "cases")) {
    SCOPED_TRACE(vector["name"]);
    const auto text = vector["proof"].get<std::string>();
    const absl::StatusOr<TlogProof> proof = ParseTlogProof(text);
    ASSERT_EQ(Outcome(proof.status()), vector["want"]) << proof.status();
    if (!proof.ok()) continue;
    EXPECT_EQ(proof->extra.has_value(), vector["extra"].is_string());
    if (proof->extra.has_value()) {
      EXPECT_EQ(*proof->extra, Bytes(vector["extra"]));
    }
    EXPECT_EQ(proof->index, NumberOf(vector["index"]));
    EXPECT_EQ(proof->path, HashesOf(vector["path"]));
    EXPECT_EQ(proof->checkpoint, vector["checkpoint"]);
    EXPECT_EQ(FormatTlogProof(*proof), text);
    const absl::Status verified =
        VerifyTlogProof(*proof, HashOf(vector["leaf_hash"]),
                        KeyOf(vector["vkey"]))
            .status();
    EXPECT_EQ(Outcome(verified), vector["want_verified"]) << verified;
  }
}

TEST(ProofVectorsTest, RequestsToWitnessesAreReadAsTheirs) {
  for (const Json& vector : Vectors("add_checkpoint", "cases")) {
    SCOPED_TRACE(vector["name"]);
    const auto body = vector["body"].get<std::string>();
    const absl::StatusOr<AddCheckpoint> request = ParseAddCheckpoint(body);
    ASSERT_EQ(Outcome(request.status()), vector["want"]) << request.status();
    if (!request.ok()) continue;
    EXPECT_EQ(request->old_size, NumberOf(vector["old_size"]));
    EXPECT_EQ(request->proof, HashesOf(vector["proof"]));
    EXPECT_EQ(request->checkpoint, vector["checkpoint"]);
    EXPECT_EQ(FormatAddCheckpoint(*request), body);
  }
}

TEST(ProofVectorsTest, ReceiptCardsAreReadAndJudgedAsTheirs) {
  for (const Json& vector : Vectors("receipt_card", "cases")) {
    SCOPED_TRACE(vector["name"]);
    const auto text = vector["card"].get<std::string>();
    const absl::StatusOr<v1::ReceiptCard> card = ParseReceiptCard(text);
    ASSERT_EQ(Outcome(card.status()), vector["want"]) << card.status();
    if (!card.ok()) continue;
    PublicKey log_key;
    ASSERT_TRUE(PublicKey::FromBytes(Bytes(vector["log_key"]), &log_key));
    const absl::Status verified = VerifyReceiptCard(*card, log_key);
    EXPECT_EQ(Outcome(verified), vector["want_verified"]) << verified;
    EXPECT_EQ(FormatReceiptCard(*card), text);
    if (!vector.contains("sequence")) continue;
    EXPECT_EQ(card->sequence(), NumberOf(vector["sequence"]));
    EXPECT_EQ(card->author(), Bytes(vector["author"]));
    EXPECT_EQ(card->leaf_hash(), Bytes(vector["leaf_hash"]));
    EXPECT_EQ(card->receipt().entry_index(), NumberOf(vector["entry_index"]));
  }
}

// The policy's lists, as the vectors hold them.
Json ToJson(const TrustPolicy& policy) {
  const auto name_of = [&policy](int place) {
    return policy.groups.at(static_cast<std::size_t>(place)).name;
  };
  Json logs = Json::array();
  for (const TrustPolicy::Log& log : policy.logs) {
    logs.push_back({{"vkey", FormatVerifierKey(log.key)}, {"url", log.url}});
  }
  Json witnesses = Json::array();
  Json groups = Json::array();
  for (const TrustPolicy::Group& group : policy.groups) {
    if (group.witness >= 0) {
      const auto& witness =
          policy.witnesses.at(static_cast<std::size_t>(group.witness));
      EXPECT_EQ(witness.name, group.name);
      witnesses.push_back({{"name", witness.name},
                           {"vkey", FormatVerifierKey(witness.key)},
                           {"url", witness.url}});
      continue;
    }
    Json members = Json::array();
    for (const int member : group.members) members.push_back(name_of(member));
    groups.push_back(
        {{"name", group.name}, {"k", group.k}, {"members", members}});
  }
  return {{"logs", logs},
          {"witnesses", witnesses},
          {"groups", groups},
          {"quorum", policy.quorum < 0 ? "none" : name_of(policy.quorum)}};
}

TEST(ProofVectorsTest, TrustPoliciesAreReadAsTheirs) {
  for (const Json& vector : Vectors("trust_policy", "policies")) {
    SCOPED_TRACE(vector["name"]);
    const absl::StatusOr<TrustPolicy> policy =
        ParseTrustPolicy(TextOf(vector, "policy"));
    ASSERT_EQ(Outcome(policy.status()), vector["want"]) << policy.status();
    if (policy.ok() && vector.contains("policy_hex")) {
      ASSERT_EQ(policy->witnesses.size(), 1u);
      EXPECT_EQ(policy->witnesses[0].name,
                Bytes(vector["witnesses"][0]["name_hex"]));
    } else if (policy.ok()) {
      const Json read = ToJson(*policy);
      for (const auto& [key, value] : read.items()) {
        EXPECT_EQ(value, vector[key]) << key;
      }
    } else {
      const int line = vector["line"].get<int>();
      EXPECT_THAT(policy,
                  StatusIs(absl::StatusCode::kInvalidArgument,
                           line == 0 ? "no quorum line"
                                     : absl::StrCat("line ", line, " of the")));
    }
  }
}

TEST(ProofVectorsTest, CosignaturesAreCountedAsTheirs) {
  for (const Json& vector : Vectors("trust_policy", "cosigned")) {
    SCOPED_TRACE(vector["name"]);
    ASSERT_OK_AND_ASSIGN(const TrustPolicy policy,
                         ParseTrustPolicy(vector["policy"].get<std::string>()));
    ASSERT_OK_AND_ASSIGN(const note::SignedNote checkpoint,
                         note::Parse(vector["note"].get<std::string>()));
    const CosignedBy by = CheckCosignatures(policy, checkpoint);
    EXPECT_EQ(Json(by.witnesses), vector["witnesses"]);
    Json times = Json::array();
    for (const std::int64_t time_s : by.times_s) {
      times.push_back(absl::StrCat(time_s));
    }
    EXPECT_EQ(times, vector["times_s"]);
    EXPECT_EQ(Json(by.bad), vector["bad"]);
    EXPECT_EQ(by.quorum, vector["quorum"]);
  }
}

TEST(TrustPolicyTest, APolicyOfTooManyNamesOrBytesIsRefused) {
  std::string text;
  for (std::size_t i = 0; i <= limits::kTrustPolicyNamesMax; ++i) {
    const note::VerifierKey key{.name = "w",
                                .type = note::KeyType::kCosignature,
                                .key = SigningKey::Generate().public_key()};
    absl::StrAppend(&text, "witness w", i, " ", FormatVerifierKey(key), "\n");
  }
  EXPECT_THAT(ParseTrustPolicy(absl::StrCat(text, "quorum none\n")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "line 257 of the trust policy: it is one name more"));
  EXPECT_THAT(
      ParseTrustPolicy(std::string(limits::kTrustPolicyBytesMax + 1, '\n')),
      StatusIs(absl::StatusCode::kInvalidArgument, "at most 65536"));
}

}  // namespace
}  // namespace thon
