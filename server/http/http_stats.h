// What the HTTP server has counted since it started.
#ifndef THON_HTTP_HTTP_STATS_H_
#define THON_HTTP_HTTP_STATS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace thon {

// Why a request or a connection was refused or ended.
enum class HttpRefusal {
  kConnections,         // Too many in all: 503, or closed at once.
  kConnectionsPerPeer,  // Too many of one address: likewise.
  kHandshake,           // TLS failed, or took too long: closed.
  kHeadTooLarge,        // 431.
  kTargetTooLong,       // 414.
  kHeadTimeout,         // 408.
  kMalformed,           // 400, 501 or 505.
  kMethod,              // 405.
  kHost,                // 421.
  kExpectation,         // 417.
  kBodyTooLarge,        // 413.
  kBodyTimeout,         // 408.
  kBodiesTooLarge,      // All bodies together: 503.
  kIdle,                // Closed.
  kWriteTimeout,        // The browser does not read: closed.
};
inline constexpr std::size_t kHttpRefusals = 15;

// The reason as it stands in /metrics: "head_too_large".
absl::string_view HttpRefusalName(HttpRefusal refusal);

struct HttpStats {
  std::uint64_t connections = 0;  // Open now.
  std::uint64_t streams = 0;   // Requests that stream handlers are answering.
  std::uint64_t accepted = 0;  // Connections.
  std::uint64_t requests = 0;  // Complete, and handed over.
  std::uint64_t streams_started = 0;
  std::uint64_t bytes_read = 0;     // Within TLS.
  std::uint64_t bytes_written = 0;  // Likewise.
  // By the status' first digit: [2] is 2xx.
  std::array<std::uint64_t, 6> responses = {};
  std::array<std::uint64_t, kHttpRefusals> refusals = {};  // By HttpRefusal.

  std::uint64_t refused(HttpRefusal refusal) const {
    return refusals[static_cast<std::size_t>(refusal)];
  }
};

}  // namespace thon

#endif  // THON_HTTP_HTTP_STATS_H_
