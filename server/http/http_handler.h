// What the HTTP server hands to the parts that answer, and what they give back.
//
// Words: a request is complete when it is handed over, its head and body within
// the bounds of limits.h; an answer is whole, or a stream of pieces
// (gRPC-Web's, grpc_web.h, and bundles of entries, tiles.h).
#ifndef THON_HTTP_HTTP_HANDLER_H_
#define THON_HTTP_HTTP_HANDLER_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace thon {

// Names in lower case.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  // "GET"
  std::string path;    // Decoded, begins with "/", without "." and ".." parts.
  std::string query;   // As sent, behind the "?"; empty if there is none.
  HttpHeaders headers;
  std::string body;
  std::string peer;     // The address, without the port.
  bool secure = false;  // Over TLS.

  // The first header of this name (in lower case); empty if there is none.
  // Valid while the request is.
  absl::string_view Header(absl::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (absl::string_view(key) == name) return value;
    }
    return absl::string_view();
  }
};

struct HttpResponse {
  int status = 200;
  // Without content-length, date and connection, which the server adds, as it
  // adds the headers that every answer has (CSP, nosniff, HSTS over TLS).
  HttpHeaders headers;
  std::string body;
};

// Answers once, on any thread, also after the handler has returned.
using HttpAnswer = std::function<void(HttpResponse)>;

// Called on the server's threads; must not block. What takes time is done
// elsewhere, and answers from there.
using HttpHandler = std::function<void(HttpRequest, HttpAnswer)>;

}  // namespace thon

#endif  // THON_HTTP_HTTP_HANDLER_H_
