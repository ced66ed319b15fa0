#include "server/core/signature.h"

#include <sodium.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/hash.h"

namespace thon {
namespace {

static_assert(PublicKey::kSize == crypto_sign_PUBLICKEYBYTES);
static_assert(Signature::kSize == crypto_sign_BYTES);
static_assert(SigningKey::kSeedSize == crypto_sign_SEEDBYTES);

// Signing and verifying would work without it; random seeds and the choice of
// the fastest implementation need it.
void InitSodium() {
  static const int result = sodium_init();
  THON_CHECK(result >= 0);
}

const unsigned char* Bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

bool PublicKey::FromBytes(absl::string_view raw, PublicKey* key) {
  if (raw.size() != kSize) return false;
  std::copy(raw.begin(), raw.end(), key->bytes.begin());
  return true;
}

AuthorId PublicKey::author() const {
  const Hash hash = Sha256Of(view());
  AuthorId id;
  std::copy_n(hash.bytes.begin(), AuthorId::kSize, id.bytes.begin());
  return id;
}

bool Signature::FromBytes(absl::string_view raw, Signature* signature) {
  if (raw.size() != kSize) return false;
  std::copy(raw.begin(), raw.end(), signature->bytes.begin());
  return true;
}

SigningKey SigningKey::Generate() {
  InitSodium();
  SigningKey key;
  static_assert(sizeof(key.secret_) == crypto_sign_SECRETKEYBYTES);
  THON_CHECK(crypto_sign_keypair(key.public_key_.bytes.data(),
                                 key.secret_.data()) == 0);
  return key;
}

absl::StatusOr<SigningKey> SigningKey::FromSeed(absl::string_view seed) {
  if (seed.size() != kSeedSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("a signing key's seed is ", kSeedSize, " bytes, not ",
                     seed.size(), "; give the key file as it was written"));
  }
  InitSodium();
  SigningKey key;
  THON_CHECK(crypto_sign_seed_keypair(
                 key.public_key_.bytes.data(), key.secret_.data(),
                 reinterpret_cast<const unsigned char*>(seed.data())) == 0);
  return key;
}

SigningKey::SigningKey(SigningKey&& other) noexcept
    : public_key_(other.public_key_), secret_(other.secret_) {
  sodium_memzero(other.secret_.data(), other.secret_.size());
}

SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
  if (this != &other) {
    public_key_ = other.public_key_;
    secret_ = other.secret_;
    sodium_memzero(other.secret_.data(), other.secret_.size());
  }
  return *this;
}

SigningKey::~SigningKey() { sodium_memzero(secret_.data(), secret_.size()); }

std::string SigningKey::seed() const {
  // libsodium's secret key is the seed followed by the public key.
  return std::string(reinterpret_cast<const char*>(secret_.data()), kSeedSize);
}

Signature SigningKey::Sign(absl::string_view context,
                           absl::string_view message) const {
  InitSodium();
  const std::string signed_text = absl::StrCat(context, message);
  Signature signature;
  THON_CHECK(crypto_sign_detached(signature.bytes.data(), nullptr,
                                  Bytes(signed_text), signed_text.size(),
                                  secret_.data()) == 0);
  return signature;
}

bool Verify(const PublicKey& key, absl::string_view context,
            absl::string_view message, const Signature& signature) {
  InitSodium();
  const std::string signed_text = absl::StrCat(context, message);
  return crypto_sign_verify_detached(signature.bytes.data(), Bytes(signed_text),
                                     signed_text.size(), key.bytes.data()) == 0;
}

}  // namespace thon
