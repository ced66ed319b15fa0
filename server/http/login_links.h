// One-time log-in links: https://HOST:PORT/login/CODE.
//
// A code is 256 random bits and works once, within kLoginLinkMsMax of being
// made, as long as the server runs. What is kept is its SHA-256, in memory.
#ifndef THON_HTTP_LOGIN_LINKS_H_
#define THON_HTTP_LOGIN_LINKS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/clock.h"
#include "server/core/hash.h"
#include "server/core/mutex.h"
#include "server/rpc/login_link_maker.h"

namespace thon {

class LoginLinks final : public LoginLinkMaker {
 public:
  // Real time; not owned, outlives the object.
  explicit LoginLinks(const Clock* clock) : clock_(clock) {}

  // From now on links can be made, below `base_url` ("https://HOST:PORT").
  void Serve(std::string base_url);
  // Links cannot be made, and the answer says `why`. So it is at first.
  void Refuse(std::string why);

  absl::StatusOr<LoginLink> Make(OfficerId officer, Date last_date) override;
  void Forget(OfficerId officer) override;

  // Whether the code would be taken now. Uses nothing up.
  bool IsWaiting(absl::string_view code) const;

  struct Redeemed {
    OfficerId officer;
    Date last_date;  // As given to Make().
    std::uint64_t forgets = 0;
  };
  // Takes the code: it works for nobody else. kNotFound: wrong, used, or too
  // old.
  absl::StatusOr<Redeemed> Redeem(absl::string_view code);
  // Whether nobody was forgotten since the code was taken. To be asked when the
  // session's token has been made: if not, the token must end.
  bool Stands(const Redeemed& redeemed) const;

 private:
  struct Link {
    Hash hash;  // Of the code.
    OfficerId officer;
    Date last_date;
    Instant expires;
  };

  void DropExpired() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::deque<Link>::const_iterator Find(absl::string_view code) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Clock* const clock_;
  mutable Mutex mu_;
  std::string base_url_ ABSL_GUARDED_BY(mu_);
  std::string refusal_ ABSL_GUARDED_BY(mu_) = "the server is starting";
  std::deque<Link> links_ ABSL_GUARDED_BY(mu_);  // Oldest first.
  std::uint64_t forgets_ ABSL_GUARDED_BY(mu_) = 0;
};

// Counts wrong codes by address. Thread-safety: any thread.
class LoginFailures {
 public:
  explicit LoginFailures(const Clock* clock) : clock_(clock) {}

  // Whether this address has tried too many.
  bool IsBlocked(absl::string_view peer) const;
  // True: with this one the address is blocked.
  bool Count(absl::string_view peer);

 private:
  struct Window {
    Instant begin;
    int failures = 0;
  };

  bool IsOver(const Window& window, Instant now) const;

  const Clock* const clock_;
  mutable Mutex mu_;
  std::map<std::string, Window> windows_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon

#endif  // THON_HTTP_LOGIN_LINKS_H_
