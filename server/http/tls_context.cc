#include "server/http/tls_context.h"

#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>

#include "absl/strings/str_cat.h"

namespace thon {
namespace {

namespace ssl = boost::asio::ssl;

constexpr unsigned char kProtocols[] = "\x08http/1.1";

int SelectProtocol(SSL* /*ssl*/, const unsigned char** chosen,
                   unsigned char* chosen_size, const unsigned char* offered,
                   unsigned int offered_size, void* /*argument*/) {
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_size, kProtocols,
                            sizeof(kProtocols) - 1, offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

absl::StatusOr<std::shared_ptr<ssl::context>> MakeTlsContext(
    const TlsFiles& tls) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  // Thousands of connections are at rest most of the time.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(native, &SelectProtocol, nullptr);

  boost::system::error_code error;
  context->use_certificate_chain(boost::asio::buffer(tls.server_certificate),
                                 error);
  if (!error) {
    context->use_private_key(boost::asio::buffer(tls.server_key),
                             ssl::context::pem, error);
  }
  if (error || SSL_CTX_check_private_key(native) != 1) {
    return absl::FailedPreconditionError(
        absl::StrCat("the server's certificate and key cannot be used together",
                     error ? ": " : "", error ? error.message() : ""));
  }
  return context;
}

}  // namespace thon
