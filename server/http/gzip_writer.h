// Gzip, piece by piece (RFC 1952), through zlib.
#ifndef THON_HTTP_GZIP_WRITER_H_
#define THON_HTTP_GZIP_WRITER_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

struct z_stream_s;

namespace thon {

// Thread-safety: none.
class GzipWriter {
 public:
  GzipWriter();
  ~GzipWriter();
  GzipWriter(const GzipWriter&) = delete;
  GzipWriter& operator=(const GzipWriter&) = delete;

  // False: zlib has no memory; then nothing may be added.
  bool ok() const { return ok_; }
  // What there is to send after `piece` (at most 4 GiB); it may be nothing. The
  // last one ends the stream.
  std::string Add(absl::string_view piece, bool last);

 private:
  std::unique_ptr<z_stream_s> stream_;
  bool ok_ = false;
};

}  // namespace thon

#endif  // THON_HTTP_GZIP_WRITER_H_
