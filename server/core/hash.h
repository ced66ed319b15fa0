// SHA-256, the one hash of the project (FIPS 180-4), through OpenSSL.
#ifndef THON_CORE_HASH_H_
#define THON_CORE_HASH_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace thon {

struct Hash {
  static constexpr std::size_t kSize = 32;
  std::array<std::uint8_t, kSize> bytes{};

  bool operator==(const Hash&) const = default;
  auto operator<=>(const Hash&) const = default;

  absl::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  bool is_zero() const { return *this == Hash{}; }
  // False, and `*hash` unchanged, unless `raw` is 32 bytes long.
  static bool FromBytes(absl::string_view raw, Hash* hash);
  std::string Hex() const;  // 64 lower-case digits.
};

// A hash in the making. Copyable: a copy goes on from the same prefix, which is
// how a batch hash and a leaf hash share one pass over the batch.
//
// Thread-safety: none.
class Sha256 {
 public:
  Sha256();
  Sha256& Update(absl::string_view data);
  Sha256& Update(std::uint8_t byte);
  // The hash of all that was given. The object may not be used afterwards.
  Hash Final();

 private:
  // SHA256_CTX of OpenSSL, kept opaque so that its header stays in the .cc.
  alignas(8) std::array<std::uint8_t, 112> state_;
};

Hash Sha256Of(absl::string_view data);

// Compares in a time that depends only on the lengths. For secrets.
bool ConstantTimeEqual(absl::string_view a, absl::string_view b);

std::string HexEncode(absl::string_view raw);
// False unless `hex` is an even number of hexadecimal digits, either case.
bool HexDecode(absl::string_view hex, std::string* raw);

}  // namespace thon

#endif  // THON_CORE_HASH_H_
