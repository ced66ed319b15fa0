// The server's certificates: a certificate authority of its own, made at the
// first start, and a server certificate signed by it.
//
//   DATA/tls/ca.key ca.crt           P-256, 10 years
//   DATA/tls/server.key server.crt   P-256, 397 days, names and addresses in
//   SAN
//
// Keys have mode 0600. An operator may put certificates of another authority in
// their place: what is there and valid is used, never overwritten.
#ifndef THON_RPC_TLS_H_
#define THON_RPC_TLS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/civil.h"

namespace thon {

struct TlsFiles {
  std::string ca_certificate;      // PEM; what clients pin.
  std::string server_certificate;  // PEM.
  std::string server_key;          // PEM; never logged.
  std::string ca_fingerprint;      // SHA-256 of the CA's DER, hexadecimal.
};

// Loads DATA/tls, and makes what is missing. The server certificate is made
// again when fewer than 30 days are left or `names` are not all in it, as long
// as its authority's key is there.
//
// kUnavailable: cannot read or write. kFailedPrecondition: a file is there but
// cannot be used; the message says which and what to do.
absl::StatusOr<TlsFiles> LoadOrMakeTls(const std::string& directory,
                                       const std::vector<std::string>& names,
                                       Instant now);

}  // namespace thon

#endif  // THON_RPC_TLS_H_
