// Goal: SHA-256 is SHA-256, however it is fed, and hexadecimal is exact.
// Method: the vectors of FIPS 180-4 and NIST, then cut at every place.
#include "server/core/hash.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/seed.h"

namespace thon {
namespace {

TEST(Sha256Test, AgreesWithPublishedVectors) {
  EXPECT_EQ(Sha256Of("").Hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Of("abc").Hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                .Hex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256Of(std::string(1'000'000, 'a')).Hex(),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, PiecesGiveTheHashOfTheWhole) {
  std::mt19937_64 random = SeededRandom();
  std::string text;
  for (int i = 0; i < 200; ++i) text.push_back(static_cast<char>(random()));
  const Hash whole = Sha256Of(text);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Sha256 pieces;
    pieces.Update(absl::string_view(text).substr(0, cut));
    pieces.Update(absl::string_view(text).substr(cut));
    EXPECT_EQ(pieces.Final(), whole) << "cut at " << cut;
  }
  Sha256 bytes;
  for (const char c : text) bytes.Update(static_cast<std::uint8_t>(c));
  EXPECT_EQ(bytes.Final(), whole);
}

TEST(Sha256Test, ACopyGoesOnFromTheSamePrefix) {
  Sha256 first;
  first.Update("common ");
  Sha256 second = first;
  first.Update("one");
  second.Update("two");
  EXPECT_EQ(first.Final(), Sha256Of("common one"));
  EXPECT_EQ(second.Final(), Sha256Of("common two"));
}

TEST(HashTest, ReadsExactlyThirtyTwoBytes) {
  Hash hash;
  EXPECT_TRUE(hash.is_zero());
  const std::string raw(32, '\xff');
  ASSERT_TRUE(Hash::FromBytes(raw, &hash));
  EXPECT_EQ(hash.view(), raw);
  EXPECT_EQ(hash.Hex(), std::string(64, 'f'));
  EXPECT_FALSE(hash.is_zero());
  EXPECT_FALSE(Hash::FromBytes(std::string(31, 'a'), &hash));
  EXPECT_FALSE(Hash::FromBytes(std::string(33, 'a'), &hash));
  EXPECT_EQ(hash.view(), raw);
}

TEST(HashTest, ConstantTimeEqualComparesAllBytes) {
  EXPECT_TRUE(ConstantTimeEqual("", ""));
  EXPECT_TRUE(ConstantTimeEqual("secret", "secret"));
  EXPECT_FALSE(ConstantTimeEqual("secret", "secreT"));
  EXPECT_FALSE(ConstantTimeEqual("secret", "Secret"));
  EXPECT_FALSE(ConstantTimeEqual("secret", "secre"));
}

TEST(HexTest, EveryByteGoesThereAndBack) {
  std::string raw;
  for (int i = 0; i < 256; ++i) raw.push_back(static_cast<char>(i));
  std::string back;
  ASSERT_TRUE(HexDecode(HexEncode(raw), &back));
  EXPECT_EQ(back, raw);
  EXPECT_EQ(HexEncode(absl::string_view("\x00\x0f\xf0", 3)), "000ff0");
}

TEST(HexTest, RefusesWhatIsNotHexadecimal) {
  std::string raw = "kept";
  EXPECT_FALSE(HexDecode("0", &raw));
  EXPECT_FALSE(HexDecode("0g", &raw));
  EXPECT_FALSE(HexDecode("0x10", &raw));
  EXPECT_FALSE(HexDecode(" 1", &raw));
  EXPECT_EQ(raw, "kept");
  ASSERT_TRUE(HexDecode("aBcD", &raw));
  EXPECT_EQ(raw, "\xab\xcd");
  ASSERT_TRUE(HexDecode("", &raw));
  EXPECT_EQ(raw, "");
}

}  // namespace
}  // namespace thon
