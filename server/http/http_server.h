// The HTTP/1.1 server: sockets, TLS, requests within bounds, answers.
//
// Words: a connection's peer is its address without the port. A request is
// handed over when its head and body are complete; requests of one connection
// are answered one after the other, also when they were sent at once.
//
// Refused here, before anything is handed over: what is beyond the limits, and
// what two readers could understand differently (two lengths, a length beside
// chunks, folded header lines, bare newlines, NUL, a path with ".." or an
// encoded slash). Such an answer is text with the status that http_stats.h
// names, and the connection ends once the browser could read it.
//
// Every answer has the headers that keep a page safe: CSP, nosniff,
// no-referrer, same-origin opener and resources, and HSTS over TLS. A handler
// may not replace them.
#ifndef THON_HTTP_HTTP_SERVER_H_
#define THON_HTTP_HTTP_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/clock.h"
#include "server/core/limits.h"
#include "server/http/http_handler.h"
#include "server/http/http_stats.h"
#include "server/http/http_stream.h"
#include "server/rpc/tls.h"

namespace thon {

// Bounds of one server; tests take smaller ones.
struct HttpLimits {
  std::size_t connections_max = limits::kHttpConnectionsMax;
  std::size_t connections_per_peer_max = limits::kHttpConnectionsPerPeerMax;
  std::size_t head_bytes_max = limits::kHttpHeaderBytesMax;
  std::size_t target_bytes_max = limits::kHttpTargetBytesMax;
  std::size_t body_bytes_max = limits::kHttpBodyBytesMax;
  // Bodies of all requests that are being read or answered.
  std::size_t bodies_bytes_max = 32 * limits::kHttpBodyBytesMax;
  std::int64_t head_ms_max = limits::kHttpHeaderMsMax;
  std::int64_t body_ms_max = limits::kHttpBodyMsMax;
  std::int64_t idle_ms_max = limits::kHttpIdleMsMax;
  std::int64_t write_ms_max = limits::kHttpWriteMsMax;  // Without progress.
  std::int64_t handshake_ms_max = limits::kHttpHandshakeMsMax;
  // How long, and how much, a refused browser may go on sending so that it
  // comes to read the answer.
  std::int64_t drain_ms_max = limits::kHttpHeaderMsMax;
  std::size_t drain_bytes_max = 4 * limits::kHttpBodyBytesMax;
  int send_buffer_bytes = limits::kHttpSendBufferBytes;
};

struct HttpServerOptions {
  std::string listen;             // HOST:PORT or [V6]:PORT; port 0: a free one.
  const TlsFiles* tls = nullptr;  // Read by Start(). Null: plain text; the
                                  // caller has checked that `listen` is
                                  // loopback.
  const Clock* clock = nullptr;   // Not owned; for the date header. Required.
  HttpHandler handler;            // What no stream handler takes. Required.
  // Asked first, in this order.
  std::vector<std::shared_ptr<HttpStreamHandler>> stream_handlers;
  // Names that a Host header may have, besides addresses and "localhost";
  // empty: any. Against pages that point their own name at this server.
  std::vector<std::string> host_names;
  HttpLimits limits;
};

// Thread-safety: every method may be called from any thread, and Stop() from
// any but the server's own.
class HttpServer {
 public:
  // Starts two threads. kUnavailable: the port is taken or the address is not
  // this machine's. kInvalidArgument: `listen` is not HOST:PORT.
  // kFailedPrecondition: the certificate and key cannot be used together.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      HttpServerOptions options);
  virtual ~HttpServer() = default;  // As Stop().

  virtual int port() const = 0;
  virtual HttpStats stats() const = 0;

  // Serves these to connections from now on; open ones keep theirs.
  // kFailedPrecondition: certificate and key cannot be used together, or the
  // server is plain; nothing changes.
  virtual absl::Status SetTls(const TlsFiles& tls) = 0;

  // Closes the port and every connection, tells every stream that its browser
  // is gone, and waits for the threads. Answers that come later are dropped.
  // Repeating it does nothing.
  //
  // RpcServer::Stop() may come before it (then streams end with their status,
  // and the browsers read it) or after it.
  virtual void Stop() = 0;
};

}  // namespace thon

#endif  // THON_HTTP_HTTP_SERVER_H_
