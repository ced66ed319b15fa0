// Ed25519 signatures (RFC 8032), through libsodium.
//
// Every signed message of the project starts with a context, a short text that
// ends in a newline, so that a signature given for one purpose is worth nothing
// for another. The contexts are listed here and nowhere else.
#ifndef THON_CORE_SIGNATURE_H_
#define THON_CORE_SIGNATURE_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/ids.h"

namespace thon {

struct PublicKey {
  static constexpr std::size_t kSize = 32;
  std::array<std::uint8_t, kSize> bytes{};

  bool operator==(const PublicKey&) const = default;
  absl::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  static bool FromBytes(absl::string_view raw, PublicKey* key);
  AuthorId author() const;  // The first 16 bytes of SHA-256(key).
};

struct Signature {
  static constexpr std::size_t kSize = 64;
  std::array<std::uint8_t, kSize> bytes{};

  bool operator==(const Signature&) const = default;
  absl::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  static bool FromBytes(absl::string_view raw, Signature* signature);
};

// A private key. Not copyable; wiped when destroyed; never printed.
//
// Thread-safety: const methods may run on any thread.
class SigningKey {
 public:
  static constexpr std::size_t kSeedSize = 32;

  static SigningKey Generate();
  // kInvalidArgument unless `seed` is 32 bytes.
  static absl::StatusOr<SigningKey> FromSeed(absl::string_view seed);

  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  const PublicKey& public_key() const { return public_key_; }
  std::string seed() const;  // For the key's own file, nothing else.
  Signature Sign(absl::string_view context, absl::string_view message) const;

 private:
  SigningKey() = default;
  PublicKey public_key_;
  std::array<std::uint8_t, 64> secret_{};
};

// True if `signature` is `key`'s over context || message. Any thread.
bool Verify(const PublicKey& key, absl::string_view context,
            absl::string_view message, const Signature& signature);

inline constexpr absl::string_view kBatchContext = "thon.v1 batch\n";
inline constexpr absl::string_view kReceiptContext = "thon.v1 receipt\n";
inline constexpr absl::string_view kHelloContext = "thon.v1 hello\n";
inline constexpr absl::string_view kEnrolContext = "thon.v1 enrol\n";
inline constexpr absl::string_view kSuccessorContext = "thon.v1 successor\n";
// A checkpoint is a C2SP signed note, whose format has no room for a context;
// its text begins with the origin, which no context does.

}  // namespace thon

#endif  // THON_CORE_SIGNATURE_H_
