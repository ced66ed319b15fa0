// gRPC-Web over the HTTP server: a bridge to the services of this process that
// knows none of them by name.
//
// Takes POSTs of "application/grpc-web" and "application/grpc-web-text" (with
// "+proto" or not) at "/package.Service/Method": one request message, any
// number of response messages. Text mode is base64, each piece padded, so that
// a reader can decode what it has.
//
// Outcomes. Not a POST: 405. Another content type: 415. All else is HTTP 200
// with a gRPC status:
//   INTERNAL           a frame too short or too long, bytes behind it, flags
//                      that mean nothing, text that is not base64
//   UNIMPLEMENTED      an unknown method; none or two messages; a compressed
//                      message
//   RESOURCE_EXHAUSTED a message beyond kRequestBytesMax
//   INVALID_ARGUMENT   a grpc-timeout or a header that gRPC's metadata cannot
//                      carry
//   UNAVAILABLE        the server is stopping
//   what the authorizer or the service says, its details included
//
// Headers become metadata, except what concerns HTTP or the browser (host,
// cookie, origin, accept, user-agent, x-forwarded-for, sec-*, grpc-* ...).
//
// A message is read from the service when the socket has taken the one before:
// a browser that does not read holds its own stream back, and nobody else's.
#ifndef THON_HTTP_GRPC_WEB_H_
#define THON_HTTP_GRPC_WEB_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/http/http_stream.h"
#include "server/rpc/generic_calls.h"

namespace thon {

// The bearer token that a request's cookie stands for; empty if it has none.
// An error ends the call with its code and message. Asked only for requests
// that have no authorization header of their own. Must not block.
using GrpcWebAuthorizer =
    std::function<absl::StatusOr<std::string>(const HttpRequest&)>;

struct GrpcWebStats {
  std::uint64_t open = 0;       // Calls that have not ended.
  std::uint64_t abandoned = 0;  // Ended because the browser was gone.
  // Ended, by gRPC status code.
  std::array<std::uint64_t, 17> ended = {};
};

// Thread-safety: as HttpStreamHandler; stats() from any thread.
class GrpcWebBridge : public HttpStreamHandler {
 public:
  virtual GrpcWebStats stats() const = 0;
};

// `calls` may be closed while the bridge lives.
std::shared_ptr<GrpcWebBridge> MakeGrpcWebBridge(
    std::shared_ptr<GenericCalls> calls, GrpcWebAuthorizer authorizer);

}  // namespace thon

#endif  // THON_HTTP_GRPC_WEB_H_
