// OpenSSL's context functions are the only ones whose state can be copied
// without an allocation. They are deprecated since 3.0, not removed.
#define OPENSSL_API_COMPAT 0x10100000L

#include "server/core/hash.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "server/core/check.h"

namespace thon {
namespace {

static_assert(std::is_trivially_copyable_v<SHA256_CTX>);
static_assert(Hash::kSize == SHA256_DIGEST_LENGTH);

// The value of a hexadecimal digit, or -1.
int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool Hash::FromBytes(absl::string_view raw, Hash* hash) {
  if (raw.size() != kSize) return false;
  std::copy(raw.begin(), raw.end(), hash->bytes.begin());
  return true;
}

std::string Hash::Hex() const { return HexEncode(view()); }

// The state goes in and out of the opaque bytes by memcpy: the compiler removes
// most of it, and no object is looked at through another type.
Sha256::Sha256() {
  static_assert(sizeof(SHA256_CTX) == sizeof(state_));
  SHA256_CTX context;
  THON_CHECK(SHA256_Init(&context) == 1);
  std::memcpy(state_.data(), &context, sizeof(context));
}

Sha256& Sha256::Update(absl::string_view data) {
  if (data.empty()) return *this;
  SHA256_CTX context;
  std::memcpy(&context, state_.data(), sizeof(context));
  THON_CHECK(SHA256_Update(&context, data.data(), data.size()) == 1);
  std::memcpy(state_.data(), &context, sizeof(context));
  return *this;
}

Sha256& Sha256::Update(std::uint8_t byte) {
  const char c = static_cast<char>(byte);
  return Update(absl::string_view(&c, 1));
}

Hash Sha256::Final() {
  SHA256_CTX context;
  std::memcpy(&context, state_.data(), sizeof(context));
  Hash hash;
  THON_CHECK(SHA256_Final(hash.bytes.data(), &context) == 1);
  return hash;
}

Hash Sha256Of(absl::string_view data) { return Sha256().Update(data).Final(); }

bool ConstantTimeEqual(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() &&
         CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string HexEncode(absl::string_view raw) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(raw.size() * 2);
  for (const char c : raw) {
    const auto byte = static_cast<std::uint8_t>(c);
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 0x0f]);
  }
  return hex;
}

bool HexDecode(absl::string_view hex, std::string* raw) {
  if (hex.size() % 2 != 0) return false;
  std::string decoded;
  decoded.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = DigitValue(hex[i]);
    const int low = DigitValue(hex[i + 1]);
    if (high < 0 || low < 0) return false;
    decoded.push_back(static_cast<char>(high * 16 + low));
  }
  *raw = std::move(decoded);
  return true;
}

}  // namespace thon
