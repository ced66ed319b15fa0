// The target of a request line: which host, which path, which query.
#ifndef THON_HTTP_REQUEST_TARGET_H_
#define THON_HTTP_REQUEST_TARGET_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace thon {

struct RequestTarget {
  std::string authority;  // Of a target "http://HOST/PATH"; otherwise empty.
  std::string path;       // Decoded; begins with "/".
  std::string query;      // As sent, behind the "?".
};

// Reads "/PATH?QUERY" or "http://HOST/PATH?QUERY". Null, or why it is refused:
// bytes outside of ASCII's visible ones, a fragment, a bad %XX, and in the
// decoded path a control character, a backslash, an encoded slash, a part "."
// or "..", or what is not UTF-8. `target` is then undefined.
const char* ReadTarget(absl::string_view text, RequestTarget* target);

// Whether a Host header ("NAME", "NAME:PORT", "[V6]:PORT") is well formed, and
// its name is an address, "localhost" or one of `names` (in lower case; empty:
// any). A page of a foreign name that resolves to this machine has that name.
bool IsHost(absl::string_view host);
bool IsHostAllowed(absl::string_view host,
                   const std::vector<std::string>& names);

}  // namespace thon

#endif  // THON_HTTP_REQUEST_TARGET_H_
