// What the admin service asks of whoever serves the dashboard: links that log
// an officer in. Known here as an interface, so that rpc knows no HTTP.
#ifndef THON_RPC_LOGIN_LINK_MAKER_H_
#define THON_RPC_LOGIN_LINK_MAKER_H_

#include <string>

#include "absl/status/statusor.h"
#include "server/core/civil.h"
#include "server/core/ids.h"

namespace thon {

struct LoginLink {
  std::string url;  // Holds the secret: shown once, never logged.
  Instant expires;
};

// Thread-safety: every method may be called from any thread.
class LoginLinkMaker {
 public:
  virtual ~LoginLinkMaker() = default;

  // A link that logs `officer` in, once. The session ends with `last_date` at
  // the latest (0: as late as any session), so that who has a token for a time
  // has no session beyond it. kFailedPrecondition: no dashboard is served.
  // kResourceExhausted: too many links wait.
  virtual absl::StatusOr<LoginLink> Make(OfficerId officer, Date last_date) = 0;

  // Links of the officer that nobody has used yet stop working, and so does a
  // log-in that is under way. Called before the officer's tokens end, and again
  // when they have: in between one of them may have made a link.
  virtual void Forget(OfficerId officer) = 0;
};

}  // namespace thon

#endif  // THON_RPC_LOGIN_LINK_MAKER_H_
