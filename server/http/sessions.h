// The dashboard's session: a cookie whose value is an ordinary bearer token of
// the officer. The engine keeps it hashed, so a session outlives a restart of
// the server and ends with the token.
//
// A cookie is sent by the browser whoever asks it to, so what a request does by
// its cookie is done only if the request comes from the page itself:
//   Sec-Fetch-Site   says so in every browser of today; "same-origin", nothing
//                    else, will do.
//   Origin           must be the server's own if it names one. It is "null" for
//                    a form of a page that sends no referrer, as ours; then
//                    Sec-Fetch-Site has to speak.
//   neither          is no browser's doing: whoever can send the cookie without
//                    a browser has stolen it already. SameSite=Strict guards
//                    the browsers that know neither header.
#ifndef THON_HTTP_SESSIONS_H_
#define THON_HTTP_SESSIONS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/http/http_handler.h"

namespace thon {

// How browsers reach the server.
struct Site {
  // "https://thon.yenbai.gov.vn", without a slash at the end, when something
  // stands between them and this server; empty: as the request says.
  std::string public_url;

  // Whether the browser is talked to over TLS.
  bool IsSecure(const HttpRequest& request) const;
  // "https://HOST:PORT" of a request; empty if it has no Host.
  std::string OriginOf(const HttpRequest& request) const;
  // Whose request it is: the peer, or, where a proxy on this machine stands
  // between, the address that the proxy saw.
  std::string ClientOf(const HttpRequest& request) const;
};

// "__Host-thon_session" over TLS: a cookie that no neighbour can set. The
// prefix needs TLS, so it is "thon_session" without.
absl::string_view SessionCookieName(bool secure);

// Values of Set-Cookie headers.
std::string MakeSessionCookie(absl::string_view token, std::int64_t seconds,
                              bool secure);
std::string ClearSessionCookie(bool secure);

// Whether an address without a port is this machine's own.
bool IsLoopbackAddress(absl::string_view address);

// The token in a request's session cookie; empty if there is none, or one that
// cannot be a token of ours.
std::string SessionToken(const HttpRequest& request, const Site& site);

// OK, or kPermissionDenied with the reason CROSS_ORIGIN.
absl::Status CheckSameOrigin(const HttpRequest& request, const Site& site);

// The token by whose right a request without an authorization header calls;
// empty: nobody's. kPermissionDenied: it has a session, but comes from another
// origin.
absl::StatusOr<std::string> BearerOf(const HttpRequest& request,
                                     const Site& site);

}  // namespace thon

#endif  // THON_HTTP_SESSIONS_H_
