#include "server/http/response_head.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace thon {
namespace {

// The page loads nothing but its own files, talks to its own server, and is
// nobody's frame.
constexpr absl::string_view kSafety =
    "content-security-policy: default-src 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'\r\n"
    "x-content-type-options: nosniff\r\n"
    "referrer-policy: no-referrer\r\n"
    "cross-origin-opener-policy: same-origin\r\n"
    "cross-origin-resource-policy: same-origin\r\n";
// A year, as long as a server certificate is valid.
constexpr absl::string_view kSecureOnly =
    "strict-transport-security: max-age=31536000\r\n";

constexpr absl::string_view kOwned[] = {
    "connection",
    "content-length",
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "date",
    "keep-alive",
    "referrer-policy",
    "strict-transport-security",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-content-type-options",
};

bool IsAllowed(absl::string_view name, absl::string_view value) {
  const auto harmless = [](char c) {
    return c == '\t' || !absl::ascii_iscntrl(static_cast<unsigned char>(c));
  };
  return !name.empty() &&
         std::all_of(
             name.begin(), name.end(),
             [](char c) {
               return absl::ascii_isgraph(static_cast<unsigned char>(c)) &&
                      c != ':';
             }) &&
         std::all_of(value.begin(), value.end(), harmless) &&
         !std::binary_search(std::begin(kOwned), std::end(kOwned), name);
}

}  // namespace

std::string ResponseHead(int status, const HttpHeaders& headers,
                         const ResponseFraming& framing) {
  std::string head =
      absl::StrCat("HTTP/1.1 ", status, " ", StatusText(status), "\r\n");
  absl::StrAppend(&head, "date: ",
                  absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT",
                                   absl::FromUnixMillis(framing.now.ms),
                                   absl::UTCTimeZone()),
                  "\r\n");
  for (const auto& [name, value] : headers) {
    const std::string lower = absl::AsciiStrToLower(name);
    if (IsAllowed(lower, value)) {
      absl::StrAppend(&head, lower, ": ", value, "\r\n");
    }
  }
  absl::StrAppend(&head, kSafety, framing.secure ? kSecureOnly : "");
  if (framing.length.has_value() && HasBody(status)) {
    absl::StrAppend(&head, "content-length: ", *framing.length, "\r\n");
  } else if (framing.chunked) {
    absl::StrAppend(&head, "transfer-encoding: chunked\r\n");
  }
  absl::StrAppend(&head, framing.keep_alive ? "" : "connection: close\r\n",
                  "\r\n");
  return head;
}

bool HasBody(int status) { return status != 204 && status != 304; }

absl::string_view StatusText(int status) {
  const auto text = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  return absl::string_view(text.data(), text.size());
}

}  // namespace thon
