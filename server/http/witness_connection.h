// The way from a log to one of its witnesses: HTTP/1.1 with keep-alive, over
// TLS or, for tests and private networks, in plain text (a cosignature proves
// itself).
#ifndef THON_HTTP_WITNESS_CONNECTION_H_
#define THON_HTTP_WITNESS_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/limits.h"

namespace thon {

struct WitnessAnswer {
  int status = 0;
  std::string content_type;
  std::string body;
};

// Thread-safety: Post() is called by one thread; Interrupt() by any.
class WitnessTransport {
 public:
  virtual ~WitnessTransport() = default;
  // Sends add-checkpoint; blocks, but never for longer than its bound.
  // kUnavailable: not reached, or no whole answer in time. kResourceExhausted:
  // the answer is too long. kCancelled: interrupted.
  virtual absl::StatusOr<WitnessAnswer> Post(const std::string& body) = 0;
  // Ends a Post() under way, and all later ones.
  virtual void Interrupt() = 0;
};

struct WitnessUrl {
  bool tls = true;
  std::string host;  // Without the brackets of an IPv6 address.
  std::string port;
  std::string authority;  // For the Host header.
  std::string path;       // Of add-checkpoint.
};

// Reads a submission prefix, "https://HOST[:PORT][/PATH]" or "http://...".
// kInvalidArgument: says what is wrong.
absl::StatusOr<WitnessUrl> ParseWitnessUrl(absl::string_view url);

struct WitnessConnectionOptions {
  std::string url;      // The submission prefix.
  std::string ca_file;  // PEM; empty: the system's authorities.
  std::int64_t ms_max = limits::kWitnessMsMax;  // Of one Post().
  std::size_t answer_bytes_max = limits::kWitnessAnswerBytesMax;
};

// kInvalidArgument: the URL, or the file of authorities.
absl::StatusOr<std::unique_ptr<WitnessTransport>> MakeWitnessConnection(
    const WitnessConnectionOptions& options);

}  // namespace thon

#endif  // THON_HTTP_WITNESS_CONNECTION_H_
