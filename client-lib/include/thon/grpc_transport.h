// The transport over gRPC. Linked as thon_client_grpc; nothing of gRPC shows.
#ifndef THON_GRPC_TRANSPORT_H_
#define THON_GRPC_TRANSPORT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "thon/transport.h"

namespace thon::client {

struct GrpcOptions {
  std::string target;  // "host:port".
  // Certificate authorities that may vouch for the server, PEM. Nothing else
  // is trusted: not the machine's own list.
  std::string ca_pem;
  // The name the certificate must hold, if it is not the target's host.
  std::string server_name;
  // Plain text, for tests and simulations on one machine. `ca_pem` must then be
  // empty and the target a loopback address.
  bool insecure_loopback = false;
  // Phones of one process and one target share a connection, if true. A fleet
  // that wants a connection for each phone says false.
  bool share_connection = true;
};

// Connects when first used.
// kInvalidArgument: no certificate authority, or plain text to another machine.
absl::StatusOr<std::unique_ptr<Transport>> NewGrpcTransport(
    const GrpcOptions& options);

}  // namespace thon::client

#endif  // THON_GRPC_TRANSPORT_H_
