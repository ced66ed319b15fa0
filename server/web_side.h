// The web side of thond: the dashboard, gRPC-Web, tiles, the witness and
// /metrics on one port, beside the gRPC server. Nothing of it is there with
// --http off.
#ifndef THON_WEB_SIDE_H_
#define THON_WEB_SIDE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config.h"
#include "server/core/clock.h"
#include "server/engine/engine.h"
#include "server/http/grpc_web.h"
#include "server/http/http_server.h"
#include "server/http/web_app.h"
#include "server/proof_side.h"
#include "server/rpc/server.h"
#include "server/rpc/tls.h"

namespace thon {

// The host of HOST:PORT by which this machine reaches it.
std::string HostOf(const std::string& listen);

// Life: Prepare(), then the RpcServer with links(), then Start(), Announce();
// at the end SetDraining(), RpcServer::Stop() so that streams hear why they
// end, Stop(), and only then may the RpcServer and the engine go.
class WebSide {
 public:
  // `config` and the pointers are not owned and outlive the object.
  // kUnavailable, kResourceExhausted: a file that is named cannot be used.
  static absl::StatusOr<std::unique_ptr<WebSide>> Prepare(const Config& config,
                                                          Engine* engine,
                                                          ProofSide* proof,
                                                          const Clock* clock);

  ~WebSide() { Stop(); }

  // Makes log-in links; null with --http off.
  LoginLinkMaker* links();

  // Opens the port. Where nobody asked for one and the default is taken, the
  // server does without and says so: phones come first. `tls` may be null.
  absl::Status Start(RpcServer* rpc, const TlsFiles* tls);
  // Writes DATA/http (the address for browsers) and the port file; without a
  // port, removes a DATA/http that was left behind.
  absl::Status Announce() const;
  // For people; empty: no port is open.
  const std::string& url() const { return url_; }

  void SetDraining();
  // Closes the port and every connection. Repeating it does nothing.
  void Stop();

 private:
  explicit WebSide(const Config& config) : config_(config) {}  // Kept.

  const Config& config_;
  const Clock* clock_ = nullptr;
  ProofSide* proof_ = nullptr;
  std::unique_ptr<WebApp> app_;
  std::shared_ptr<GrpcWebBridge> bridge_;
  std::unique_ptr<HttpServer> server_;
  std::string url_;
};

}  // namespace thon

#endif  // THON_WEB_SIDE_H_
