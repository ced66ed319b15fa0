// The gRPC server: the services on one port, with TLS, health and reflection.
#ifndef THON_RPC_SERVER_H_
#define THON_RPC_SERVER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/engine/engine.h"
#include "server/rpc/generic_calls.h"
#include "server/rpc/login_link_maker.h"
#include "server/rpc/tls.h"

namespace thon {

struct RpcOptions {
  std::string listen;             // HOST:PORT; port 0 picks a free one.
  const TlsFiles* tls = nullptr;  // Null: plain text; the caller has checked
                                  // that `listen` is loopback.
  std::string backup_dir;
  std::string tls_dir;  // Copied with each backup; empty: none.
  // Makes log-in links; null: no dashboard. Not owned; outlives the server.
  LoginLinkMaker* links = nullptr;
};

class RpcServer {
 public:
  // `engine` is not owned and outlives the server. kUnavailable: the port is
  // taken or the address is not this machine's.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(
      const RpcOptions& options, Engine* engine);
  virtual ~RpcServer() = default;  // As Stop(0), if it was not called.

  virtual int port() const = 0;
  // Sync streams that have not ended.
  virtual std::size_t stream_count() const = 0;
  // Calls to the services from within this process. Stop() closes them; they
  // may be kept longer, and then start nothing any more.
  virtual std::shared_ptr<GenericCalls> calls() const = 0;

  // Says "not serving", ends streams so that phones come back later, drains the
  // engine, lets calls finish for at most `seconds`, then cancels them. Blocks;
  // repeating it does nothing.
  virtual void Stop(int seconds) = 0;
};

}  // namespace thon

#endif  // THON_RPC_SERVER_H_
