// Files of a directory, read into memory once, for browsers.
//
// Each has an entity tag made from its bytes, so a browser asks again each time
// ("no-cache") and mostly hears 304: a new version of the page is there with
// the next reload. What gets smaller by it is kept gzipped too.
//
// Thread-safety: Answer() may be called from any thread.
#ifndef THON_HTTP_STATIC_FILES_H_
#define THON_HTTP_STATIC_FILES_H_

#include <cstddef>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/http/http_handler.h"

namespace thon {

class StaticFiles {
 public:
  // Holds nothing: every path is unknown.
  StaticFiles() = default;

  // Reads regular files below `directory`, but names that begin with a dot.
  // kNotFound: there is no such directory, or no index.html in it.
  // kResourceExhausted: too many files, or too large. kUnavailable: one cannot
  // be read.
  static absl::StatusOr<StaticFiles> Load(const std::string& directory);

  bool empty() const { return files_.empty(); }

  // Answers GET and HEAD (405 to others): the file at the request's path, or
  // index.html at "/" (the page keeps its own addresses behind "#"); else 404.
  HttpResponse Answer(const HttpRequest& request) const;

 private:
  struct File {
    std::string type;
    std::string plain;
    std::string gzip;  // Empty: not smaller.
    std::string tag;   // Without quotes.
  };

  const File* Find(absl::string_view path) const;

  std::map<std::string, File> files_;  // By path, "/app.js".
};

// A status with a short text, for what is not a page.
HttpResponse TextResponse(int status, absl::string_view text);
// 405, naming what is possible ("GET, HEAD").
HttpResponse MethodNotAllowed(absl::string_view allowed);
// Whether an Accept-Encoding header takes gzip.
bool AcceptsGzip(absl::string_view accept_encoding);

}  // namespace thon

#endif  // THON_HTTP_STATIC_FILES_H_
