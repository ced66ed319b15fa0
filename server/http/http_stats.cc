#include "server/http/http_stats.h"

namespace thon {
namespace {

constexpr absl::string_view kNames[kHttpRefusals] = {
    "connections",
    "connections_per_peer",
    "handshake",
    "head_too_large",
    "target_too_long",
    "head_timeout",
    "malformed",
    "method",
    "host",
    "expectation",
    "body_too_large",
    "body_timeout",
    "bodies_too_large",
    "idle",
    "write_timeout",
};

}  // namespace

absl::string_view HttpRefusalName(HttpRefusal refusal) {
  return kNames[static_cast<std::size_t>(refusal)];
}

}  // namespace thon
