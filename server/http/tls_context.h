// What TLS needs, made from the server's certificate and key.
#ifndef THON_HTTP_TLS_CONTEXT_H_
#define THON_HTTP_TLS_CONTEXT_H_

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "absl/status/statusor.h"
#include "server/rpc/tls.h"

namespace thon {

// TLS 1.2 and newer, HTTP/1.1 by ALPN, no renegotiation. kFailedPrecondition:
// the certificate and the key cannot be used together.
absl::StatusOr<std::shared_ptr<boost::asio::ssl::context>> MakeTlsContext(
    const TlsFiles& tls);

}  // namespace thon

#endif  // THON_HTTP_TLS_CONTEXT_H_
