// The few pages that thond makes itself, Vietnamese first: log-in, and what
// went wrong. No script, no state; their style is at kPageStylePath.
#ifndef THON_HTTP_PAGES_H_
#define THON_HTTP_PAGES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/http/http_handler.h"

namespace thon {

inline constexpr absl::string_view kPageStylePath = "/thond.css";

HttpResponse PageStyle();

// Asks to press a button that POSTs to the page's own address. So a program
// that only looks at links (a mail scanner) does not use one up.
HttpResponse LoginPage();
// 410: the link is wrong, used or too old.
HttpResponse DeadLinkPage();
// 403: the button was not ours.
HttpResponse ForeignLoginPage();
// 429: too many wrong links from this address.
HttpResponse TooManyLoginsPage();
// 503: `reason` is why, for the operator.
HttpResponse LoginUnavailablePage(absl::string_view reason);
// 503: says how the dashboard is built. `directory` is where it was looked for.
HttpResponse NoDashboardPage(absl::string_view directory);

// For text between tags and in quoted attributes.
std::string EscapeHtml(absl::string_view text);

}  // namespace thon

#endif  // THON_HTTP_PAGES_H_
