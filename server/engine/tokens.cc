#include "server/engine/tokens.h"

#include <sodium.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/core/bytes.h"
#include "server/core/check.h"

namespace thon {
namespace {

constexpr absl::string_view kPrefix = "token/";  // Then the hash's 32 bytes.
constexpr std::size_t kTokenBytesMax = 128;
constexpr std::size_t kForgottenMax = 4;

std::string LocalKey(const Hash& hash) {
  return absl::StrCat(kPrefix, hash.view());
}

}  // namespace

absl::Status TokenTable::Load() {
  std::map<Hash, Token> tokens;
  const absl::Status status = log_->ScanLocal(
      kPrefix, [&](absl::string_view key, absl::string_view value) {
        Hash hash;
        Token token;
        if (Hash::FromBytes(key.substr(kPrefix.size()), &hash) &&
            ConsumeBigEndian(&value, &token.officer.value) &&
            ConsumeBigEndian(&value, &token.last_date.days)) {
          tokens[hash] = token;
        }
        return true;
      });
  if (!status.ok()) return status;
  MutexLock lock(&mu_);
  tokens_ = std::move(tokens);
  return absl::OkStatus();
}

bool TokenTable::empty() const {
  MutexLock lock(&mu_);
  return tokens_.empty();
}

absl::StatusOr<std::string> TokenTable::Create(OfficerId officer,
                                               Date last_date) {
  std::string secret(32, '\0');
  THON_CHECK(sodium_init() >= 0);
  randombytes_buf(secret.data(), secret.size());
  std::string plain = absl::WebSafeBase64Escape(secret);
  const Hash hash = Sha256Of(plain);
  std::string value;
  AppendBigEndian(officer.value, &value);
  AppendBigEndian(last_date.days, &value);
  const absl::Status stored = log_->PutLocal(LocalKey(hash), value);
  if (!stored.ok()) return stored;
  MutexLock lock(&mu_);
  tokens_[hash] = {officer, last_date};
  return plain;
}

absl::Status TokenTable::ForgetExpired(Date today) {
  std::vector<Hash> expired;
  {
    MutexLock lock(&mu_);
    for (const auto& [hash, token] : tokens_) {
      if (expired.size() == kForgottenMax) break;
      if (token.last_date < today) expired.push_back(hash);
    }
  }
  for (const Hash& hash : expired) {
    const absl::Status deleted = log_->DeleteLocal(LocalKey(hash));
    if (!deleted.ok()) return deleted;
    MutexLock lock(&mu_);
    tokens_.erase(hash);
  }
  return absl::OkStatus();
}

absl::StatusOr<int> TokenTable::Revoke(OfficerId officer) {
  std::vector<Hash> theirs;
  {
    MutexLock lock(&mu_);
    for (const auto& [hash, token] : tokens_) {
      if (token.officer == officer) theirs.push_back(hash);
    }
  }
  int count = 0;
  for (const Hash& hash : theirs) {
    const absl::Status deleted = log_->DeleteLocal(LocalKey(hash));
    if (!deleted.ok()) return deleted;
    MutexLock lock(&mu_);
    tokens_.erase(hash);
    ++count;
  }
  return count;
}

absl::StatusOr<bool> TokenTable::RevokeOne(absl::string_view token) {
  if (token.empty() || token.size() > kTokenBytesMax) return false;
  const Hash hash = Sha256Of(token);
  {
    MutexLock lock(&mu_);
    if (tokens_.find(hash) == tokens_.end()) return false;
  }
  const absl::Status deleted = log_->DeleteLocal(LocalKey(hash));
  if (!deleted.ok()) return deleted;
  MutexLock lock(&mu_);
  tokens_.erase(hash);
  return true;
}

absl::StatusOr<TokenTable::Token> TokenTable::Find(absl::string_view token,
                                                   Date today) const {
  const absl::Status nobody =
      absl::UnauthenticatedError("the token is not valid, or has expired");
  if (token.empty() || token.size() > kTokenBytesMax) return nobody;
  const Hash hash = Sha256Of(token);
  MutexLock lock(&mu_);
  const auto it = tokens_.find(hash);
  if (it == tokens_.end() || it->second.last_date < today) return nobody;
  return it->second;
}

absl::StatusOr<OfficerId> TokenTable::Authenticate(absl::string_view token,
                                                   Date today) const {
  const absl::StatusOr<Token> found = Find(token, today);
  if (!found.ok()) return found.status();
  return found->officer;
}

absl::StatusOr<Date> TokenTable::LastDate(absl::string_view token,
                                          Date today) const {
  const absl::StatusOr<Token> found = Find(token, today);
  if (!found.ok()) return found.status();
  return found->last_date;
}

}  // namespace thon
