// Goal: our digest of a table is the one that a page computes.
// Method: tests/vectors/query_digest.json, written by an implementation in
// another language; server/dashboard's tests read the same file.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "server/core/hash.h"
#include "server/watch/query_digest.h"

namespace thon {
namespace {

using nlohmann::json;

std::string BytesOf(const json& hex) {
  std::string raw;
  EXPECT_TRUE(HexDecode(hex.get<std::string>(), &raw)) << hex;
  return raw;
}

std::string RowOf(const json& step) {
  if (step.contains("row")) return BytesOf(step["row"]);
  std::string row;
  const auto size = step["row_size"].get<int>();
  for (int i = 0; i < size; ++i) row.push_back(static_cast<char>(i * 7 % 256));
  return row;
}

TEST(QueryDigestVectorsTest, EveryStepGivesTheirDigest) {
  std::ifstream file(THON_SOURCE_DIR "/tests/vectors/query_digest.json");
  ASSERT_TRUE(file) << "tests/vectors/query_digest.json is missing";
  const json vectors = json::parse(file);
  ASSERT_GT(vectors["steps"].size(), 40u);
  QueryDigest digest;
  for (const json& step : vectors["steps"]) {
    const std::string key = BytesOf(step["key"]);
    if (step["do"] == "add") {
      digest.Add(key, RowOf(step));
    } else {
      ASSERT_EQ(step["do"], "remove");
      digest.Remove(key, RowOf(step));
    }
    ASSERT_EQ(digest.Bytes(), BytesOf(step["digest"])) << step;
  }
  EXPECT_NE(digest, QueryDigest());
}

}  // namespace
}  // namespace thon
