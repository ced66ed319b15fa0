// Goal: signatures are Ed25519 over context || message and nothing else passes.
// Method: vectors of RFC 8032, then every bit and every part changed in turn.
#include "server/core/signature.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "server/core/hash.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"

namespace thon {
namespace {

std::string FromHex(absl::string_view hex) {
  std::string raw;
  EXPECT_TRUE(HexDecode(hex, &raw));
  return raw;
}

SigningKey KeyFromTestSeed(std::uint64_t salt) {
  std::mt19937_64 random = SeededRandom(salt);
  std::string seed;
  for (int i = 0; i < 32; ++i) seed.push_back(static_cast<char>(random()));
  absl::StatusOr<SigningKey> key = SigningKey::FromSeed(seed);
  EXPECT_THAT(key, IsOk());
  return *std::move(key);
}

TEST(SignatureTest, AgreesWithRfc8032) {
  struct Vector {
    const char* seed;
    const char* public_key;
    const char* message;
    const char* signature;
  };
  const Vector kVectors[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb882"
       "1590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1"
       "e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
       "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b"
       "538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
  };
  for (const Vector& vector : kVectors) {
    ASSERT_OK_AND_ASSIGN(const SigningKey key,
                         SigningKey::FromSeed(FromHex(vector.seed)));
    EXPECT_EQ(HexEncode(key.public_key().view()), vector.public_key);
    const Signature signature = key.Sign("", FromHex(vector.message));
    EXPECT_EQ(HexEncode(signature.view()), vector.signature);
    EXPECT_TRUE(
        Verify(key.public_key(), "", FromHex(vector.message), signature));
  }
}

TEST(SignatureTest, IsOverContextThenMessage) {
  const SigningKey key = KeyFromTestSeed(1);
  const Signature signature = key.Sign("thon.v1 batch\n", "message");
  EXPECT_EQ(signature, key.Sign("", "thon.v1 batch\nmessage"));
  EXPECT_TRUE(Verify(key.public_key(), kBatchContext, "message", signature));
}

TEST(SignatureTest, IsWorthNothingForAnotherPurpose) {
  const std::vector<absl::string_view> contexts = {
      kBatchContext, kReceiptContext, kHelloContext, kEnrolContext,
      kSuccessorContext};
  const SigningKey key = KeyFromTestSeed(2);
  for (const absl::string_view signed_for : contexts) {
    EXPECT_EQ(signed_for.back(), '\n');
    const Signature signature = key.Sign(signed_for, "message");
    for (const absl::string_view used_for : contexts) {
      EXPECT_EQ(Verify(key.public_key(), used_for, "message", signature),
                used_for == signed_for);
    }
  }
}

TEST(SignatureTest, NoBitOfAnyPartMayChange) {
  const SigningKey key = KeyFromTestSeed(3);
  const std::string message = "a message of some bytes";
  const Signature signature = key.Sign(kBatchContext, message);
  for (std::size_t bit = 0; bit < Signature::kSize * 8; ++bit) {
    Signature changed = signature;
    changed.bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(Verify(key.public_key(), kBatchContext, message, changed));
  }
  for (std::size_t bit = 0; bit < PublicKey::kSize * 8; ++bit) {
    PublicKey changed = key.public_key();
    changed.bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(Verify(changed, kBatchContext, message, signature));
  }
  for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
    std::string changed = message;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(Verify(key.public_key(), kBatchContext, changed, signature));
  }
  EXPECT_FALSE(Verify(key.public_key(), kBatchContext, "", signature));
}

TEST(SignatureTest, KeysOfSmallOrderVerifyNothing) {
  PublicKey identity;
  identity.bytes[0] = 1;
  Signature signature;
  signature.bytes[0] = 1;
  EXPECT_FALSE(Verify(identity, kBatchContext, "message", signature));
  EXPECT_FALSE(Verify(PublicKey(), kBatchContext, "message", Signature()));
}

TEST(SigningKeyTest, SeedMakesTheSameKeyAgain) {
  const SigningKey key = SigningKey::Generate();
  ASSERT_EQ(key.seed().size(), SigningKey::kSeedSize);
  ASSERT_OK_AND_ASSIGN(const SigningKey again,
                       SigningKey::FromSeed(key.seed()));
  EXPECT_EQ(again.public_key(), key.public_key());
  EXPECT_EQ(again.Sign(kHelloContext, "x"), key.Sign(kHelloContext, "x"));
}

TEST(SigningKeyTest, GeneratedKeysDiffer) {
  EXPECT_NE(SigningKey::Generate().seed(), SigningKey::Generate().seed());
}

TEST(SigningKeyTest, SeedOfAnotherLengthIsRefused) {
  for (const std::size_t size : {0u, 31u, 33u, 64u}) {
    EXPECT_THAT(SigningKey::FromSeed(std::string(size, 's')),
                StatusIs(absl::StatusCode::kInvalidArgument, "32 bytes"));
  }
}

TEST(SigningKeyTest, MovingTakesTheSecretAway) {
  SigningKey key = KeyFromTestSeed(4);
  const std::string seed = key.seed();
  SigningKey moved = std::move(key);
  EXPECT_EQ(moved.seed(), seed);
  EXPECT_EQ(key.seed(), std::string(32, '\0'));  // NOLINT: after the move.
  SigningKey assigned = KeyFromTestSeed(5);
  assigned = std::move(moved);
  EXPECT_EQ(assigned.seed(), seed);
  EXPECT_EQ(moved.seed(), std::string(32, '\0'));  // NOLINT: after the move.
  EXPECT_TRUE(Verify(assigned.public_key(), kHelloContext, "x",
                     assigned.Sign(kHelloContext, "x")));
}

TEST(PublicKeyTest, AuthorIsTheStartOfTheKeysHash) {
  const SigningKey key = KeyFromTestSeed(6);
  EXPECT_EQ(key.public_key().author().Hex(),
            Sha256Of(key.public_key().view()).Hex().substr(0, 32));
}

TEST(PublicKeyTest, KeysAndSignaturesHaveOneLength) {
  PublicKey key;
  Signature signature;
  EXPECT_TRUE(PublicKey::FromBytes(std::string(32, 'k'), &key));
  EXPECT_EQ(key.view(), std::string(32, 'k'));
  EXPECT_FALSE(PublicKey::FromBytes(std::string(31, 'x'), &key));
  EXPECT_FALSE(PublicKey::FromBytes(std::string(33, 'x'), &key));
  EXPECT_EQ(key.view(), std::string(32, 'k'));
  EXPECT_TRUE(Signature::FromBytes(std::string(64, 's'), &signature));
  EXPECT_EQ(signature.view(), std::string(64, 's'));
  EXPECT_FALSE(Signature::FromBytes(std::string(63, 'x'), &signature));
  EXPECT_FALSE(Signature::FromBytes(std::string(65, 'x'), &signature));
  EXPECT_EQ(signature.view(), std::string(64, 's'));
}

}  // namespace
}  // namespace thon
