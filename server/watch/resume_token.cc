#include "server/watch/resume_token.h"

#include <sodium.h>

#include <utility>

#include "server/core/bytes.h"
#include "server/core/check.h"
#include "server/core/error_info.h"
#include "server/core/hash.h"

namespace thon {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMacBytes = crypto_auth_hmacsha256_BYTES;
constexpr std::size_t kTokenBytes = 1 + 8 + 8 + 16 + 8 + kMacBytes;

}  // namespace

std::uint64_t ShortHash(absl::string_view text) { return LongHash(text)[0]; }

std::array<std::uint64_t, 2> LongHash(absl::string_view text) {
  const Hash hash = Sha256Of(text);
  absl::string_view rest = hash.view();
  std::array<std::uint64_t, 2> words{};
  for (std::uint64_t& word : words) ConsumeBigEndian(&rest, &word);
  return words;
}

ResumeTokens::ResumeTokens(std::string key) : key_(std::move(key)) {
  THON_CHECK(key_.size() == crypto_auth_hmacsha256_KEYBYTES);
}

std::string ResumeTokens::Mac(absl::string_view message) const {
  std::string mac(kMacBytes, '\0');
  crypto_auth_hmacsha256(reinterpret_cast<unsigned char*>(mac.data()),
                         reinterpret_cast<const unsigned char*>(message.data()),
                         message.size(),
                         reinterpret_cast<const unsigned char*>(key_.data()));
  return mac;
}

std::string ResumeTokens::Seal(const ResumePoint& point) const {
  std::string token;
  token.reserve(kTokenBytes);
  AppendBigEndian(kVersion, &token);
  AppendBigEndian(point.origin, &token);
  AppendBigEndian(point.position.value, &token);
  for (const std::uint64_t word : point.queries) AppendBigEndian(word, &token);
  AppendBigEndian(point.rows, &token);
  token += Mac(token);
  return token;
}

absl::StatusOr<ResumePoint> ResumeTokens::Open(absl::string_view token) const {
  const absl::Status refused =
      WithField(WithReason(absl::InvalidArgumentError(
                               "not a resume token of this log; start the "
                               "watch without one"),
                           "BAD_RESUME_TOKEN"),
                "resume_token");
  if (token.size() != kTokenBytes) return refused;
  const absl::string_view message = token.substr(0, kTokenBytes - kMacBytes);
  if (!ConstantTimeEqual(token.substr(message.size()), Mac(message))) {
    return refused;
  }
  absl::string_view rest = message;
  std::uint8_t version = 0;
  ResumePoint point;
  ConsumeBigEndian(&rest, &version);
  ConsumeBigEndian(&rest, &point.origin);
  ConsumeBigEndian(&rest, &point.position.value);
  for (std::uint64_t& word : point.queries) ConsumeBigEndian(&rest, &word);
  ConsumeBigEndian(&rest, &point.rows);
  if (version != kVersion) return refused;
  return point;
}

}  // namespace thon
