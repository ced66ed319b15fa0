#include "server/http/login_links.h"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/error_info.h"
#include "server/core/limits.h"

namespace thon {
namespace {

constexpr std::int64_t kWindowMs = 60'000;
constexpr std::size_t kCodeBytes = 32;

std::string NewCode() {
  THON_CHECK(sodium_init() >= 0);
  std::string random(kCodeBytes, '\0');
  randombytes_buf(random.data(), random.size());
  std::string code = absl::WebSafeBase64Escape(random);
  // Padding would be escaped in an address.
  while (!code.empty() && code.back() == '=') code.pop_back();
  return code;
}

}  // namespace

void LoginLinks::Serve(std::string base_url) {
  MutexLock lock(&mu_);
  base_url_ = std::move(base_url);
  refusal_.clear();
}

void LoginLinks::Refuse(std::string why) {
  MutexLock lock(&mu_);
  refusal_ = std::move(why);
}

void LoginLinks::DropExpired() {
  const Instant now = clock_->Now();
  // Not from the front only: a clock that was set back leaves them unordered.
  links_.erase(
      std::remove_if(links_.begin(), links_.end(),
                     [now](const Link& link) { return link.expires <= now; }),
      links_.end());
}

absl::StatusOr<LoginLink> LoginLinks::Make(OfficerId officer, Date last_date) {
  const std::string code = NewCode();
  MutexLock lock(&mu_);
  if (!refusal_.empty()) {
    return WithReason(absl::FailedPreconditionError(absl::StrCat(
                          "this server serves no dashboard: ", refusal_)),
                      "NO_DASHBOARD");
  }
  DropExpired();
  const auto is_theirs = [officer](const Link& link) {
    return link.officer == officer;
  };
  const auto theirs = std::count_if(links_.begin(), links_.end(), is_theirs);
  if (static_cast<std::size_t>(theirs) >= limits::kLoginLinksPerOfficerMax) {
    links_.erase(std::find_if(links_.begin(), links_.end(), is_theirs));
  } else if (links_.size() >= limits::kLoginLinksMax) {
    return WithRetryAfter(
        WithReason(absl::ResourceExhaustedError(
                       "too many log-in links wait to be used; try again in "
                       "ten minutes"),
                   "TOO_MANY_LOGIN_LINKS"),
        limits::kLoginLinkMsMax);
  }
  Link link;
  link.hash = Sha256Of(code);
  link.officer = officer;
  link.last_date = last_date;
  link.expires = Instant(clock_->Now().ms + limits::kLoginLinkMsMax);
  links_.push_back(link);
  return LoginLink{absl::StrCat(base_url_, "/login/", code), link.expires};
}

void LoginLinks::Forget(OfficerId officer) {
  MutexLock lock(&mu_);
  ++forgets_;
  links_.erase(std::remove_if(links_.begin(), links_.end(),
                              [officer](const Link& link) {
                                return link.officer == officer;
                              }),
               links_.end());
}

// All are looked at, in a time that depends only on how many there are.
std::deque<LoginLinks::Link>::const_iterator LoginLinks::Find(
    absl::string_view code) const {
  const Hash hash = Sha256Of(code);
  const Instant now = clock_->Now();
  auto found = links_.end();
  for (auto it = links_.begin(); it != links_.end(); ++it) {
    const bool same = ConstantTimeEqual(it->hash.view(), hash.view());
    if (same && now < it->expires) found = it;
  }
  return found;
}

bool LoginLinks::IsWaiting(absl::string_view code) const {
  MutexLock lock(&mu_);
  return Find(code) != links_.end();
}

absl::StatusOr<LoginLinks::Redeemed> LoginLinks::Redeem(
    absl::string_view code) {
  MutexLock lock(&mu_);
  const auto found = Find(code);
  if (found == links_.end()) {
    return absl::NotFoundError("the log-in link is wrong, used or too old");
  }
  Redeemed redeemed{found->officer, found->last_date, forgets_};
  links_.erase(found);
  return redeemed;
}

bool LoginLinks::Stands(const Redeemed& redeemed) const {
  MutexLock lock(&mu_);
  return redeemed.forgets == forgets_;
}

bool LoginFailures::IsOver(const Window& window, Instant now) const {
  return now.ms - window.begin.ms >= kWindowMs || now < window.begin;
}

bool LoginFailures::IsBlocked(absl::string_view peer) const {
  MutexLock lock(&mu_);
  const auto it = windows_.find(std::string(peer));
  return it != windows_.end() && !IsOver(it->second, clock_->Now()) &&
         it->second.failures >= limits::kLoginFailuresPerMinuteMax;
}

bool LoginFailures::Count(absl::string_view peer) {
  const Instant now = clock_->Now();
  MutexLock lock(&mu_);
  if (windows_.size() >= limits::kLoginPeersMax) {
    for (auto it = windows_.begin(); it != windows_.end();) {
      it = IsOver(it->second, now) ? windows_.erase(it) : std::next(it);
    }
    // So many at once: one of them is let off.
    if (windows_.size() >= limits::kLoginPeersMax) {
      windows_.erase(windows_.begin());
    }
  }
  Window& window = windows_[std::string(peer)];
  if (window.failures == 0 || IsOver(window, now)) window = {now, 0};
  return ++window.failures == limits::kLoginFailuresPerMinuteMax;
}

}  // namespace thon
