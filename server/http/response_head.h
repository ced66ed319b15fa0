// The head of an answer as text, with the headers that every answer has.
#ifndef THON_HTTP_RESPONSE_HEAD_H_
#define THON_HTTP_RESPONSE_HEAD_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/http/http_handler.h"

namespace thon {

struct ResponseFraming {
  // Of the body, also where it is not sent (HEAD). None: in chunks if
  // `chunked`, otherwise up to the connection's end, or no body at all.
  std::optional<std::size_t> length;
  bool chunked = false;
  bool keep_alive = true;
  bool secure = false;
  Instant now;
};

// Headers of `headers` that belong to the server, or that would break the
// head's lines, are left out.
std::string ResponseHead(int status, const HttpHeaders& headers,
                         const ResponseFraming& framing);

// Whether an answer of this status has a body: not 204 and 304.
bool HasBody(int status);

// What stands beside a status in plain answers of the server: "Not Found".
absl::string_view StatusText(int status);

}  // namespace thon

#endif  // THON_HTTP_RESPONSE_HEAD_H_
