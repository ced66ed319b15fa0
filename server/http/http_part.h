// A part of what the HTTP port serves, with paths of its own.
#ifndef THON_HTTP_HTTP_PART_H_
#define THON_HTTP_HTTP_PART_H_

#include "absl/strings/string_view.h"
#include "server/http/http_handler.h"

namespace thon {

// Thread-safety: every method may be called from any thread.
class HttpPart {
 public:
  virtual ~HttpPart() = default;

  // Whether requests for this path are the part's to answer.
  virtual bool Owns(absl::string_view path) const = 0;
  // Answers now or later, on any thread; must not block. The part outlives the
  // answer.
  virtual void Handle(HttpRequest request, HttpAnswer answer) = 0;
};

}  // namespace thon

#endif  // THON_HTTP_HTTP_PART_H_
