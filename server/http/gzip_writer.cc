#include "server/http/gzip_writer.h"

#include <zlib.h>

#include <array>

#include "server/core/check.h"

namespace thon {
namespace {

// zlib's number for a gzip header around the largest window.
constexpr int kWindowBits = 15 + 16;
constexpr int kMemoryLevel = 8;
constexpr std::size_t kStepBytes = 16 * 1024;

}  // namespace

// Fast rather than small: whoever asks decides how often it is done, and
// signatures and hashes do not get smaller.
GzipWriter::GzipWriter() : stream_(std::make_unique<z_stream_s>()) {
  ok_ = deflateInit2(stream_.get(), Z_BEST_SPEED, Z_DEFLATED, kWindowBits,
                     kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK;
}

GzipWriter::~GzipWriter() {
  if (ok_) deflateEnd(stream_.get());
}

std::string GzipWriter::Add(absl::string_view piece, bool last) {
  THON_CHECK(ok_);
  std::string out;
  std::array<Bytef, kStepBytes> step;
  // zlib's interface is older than const.
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  stream_->avail_in = static_cast<uInt>(piece.size());
  do {
    stream_->next_out = step.data();
    stream_->avail_out = static_cast<uInt>(step.size());
    const int result = deflate(stream_.get(), last ? Z_FINISH : Z_NO_FLUSH);
    THON_CHECK(result != Z_STREAM_ERROR);
    out.append(reinterpret_cast<const char*>(step.data()),
               step.size() - stream_->avail_out);
  } while (stream_->avail_out == 0);
  return out;
}

}  // namespace thon
