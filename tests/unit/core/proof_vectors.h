// How the tests of tests/vectors/proof read its JSON (tests/vectors/README.md).
#ifndef THON_TESTS_UNIT_CORE_PROOF_VECTORS_H_
#define THON_TESTS_UNIT_CORE_PROOF_VECTORS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/hash.h"
#include "server/core/note.h"

namespace thon {

using Json = nlohmann::json;

// The list `list` of tests/vectors/proof/`file`.json, which is not empty.
inline Json Vectors(absl::string_view file, absl::string_view list) {
  const std::string path =
      absl::StrCat(THON_SOURCE_DIR "/tests/vectors/proof/", file, ".json");
  std::ifstream stream(path);
  EXPECT_TRUE(stream) << path;
  const Json cases = Json::parse(stream).at(std::string(list));
  EXPECT_FALSE(cases.empty()) << path << " " << list;
  return cases;
}

inline std::string Bytes(const Json& hex) {
  std::string raw;
  EXPECT_TRUE(HexDecode(hex.get<std::string>(), &raw)) << hex;
  return raw;
}

// The text under `key`, or the bytes in hexadecimal under `key`_hex.
inline std::string TextOf(const Json& vector, const std::string& key) {
  const auto hex = vector.find(key + "_hex");
  return hex == vector.end() ? vector.at(key).get<std::string>() : Bytes(*hex);
}

inline Hash HashOf(const Json& hex) {
  Hash hash;
  EXPECT_TRUE(Hash::FromBytes(Bytes(hex), &hash)) << hex;
  return hash;
}

inline std::vector<Hash> HashesOf(const Json& list) {
  std::vector<Hash> hashes;
  for (const Json& hex : list) hashes.push_back(HashOf(hex));
  return hashes;
}

inline std::uint64_t NumberOf(const Json& decimal) {
  std::uint64_t number = 0;
  EXPECT_TRUE(absl::SimpleAtoi(decimal.get<std::string>(), &number)) << decimal;
  return number;
}

inline note::VerifierKey KeyOf(const Json& vkey) {
  const absl::StatusOr<note::VerifierKey> key =
      note::ParseVerifierKey(vkey.get<std::string>());
  EXPECT_TRUE(key.ok()) << vkey << key.status();
  return key.ok() ? *key : note::VerifierKey();
}

// What a vector calls a status: "" if it is OK.
inline std::string Outcome(const absl::Status& status) {
  return status.ok() ? "" : absl::StatusCodeToString(status.code());
}

}  // namespace thon

#endif  // THON_TESTS_UNIT_CORE_PROOF_VECTORS_H_
