#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/core/error_info.h"
#include "server/core/hash.h"
#include "server/core/text.h"
#include "tools/thon/client.h"
#include "tools/thon/files.h"

namespace thon::cli {
namespace {

absl::Status Usage(absl::string_view message) {
  return WithReason(absl::InvalidArgumentError(message), "USAGE");
}

absl::StatusOr<std::string> ReadTrimmed(const std::string& path,
                                        absl::string_view advice) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (text.ok()) return Trim(*text);
  return absl::Status(text.status().code(),
                      absl::StrCat(text.status().message(), "; ", advice));
}

// HOST of HOST:PORT, without the brackets of an IPv6 address.
std::string HostOf(absl::string_view address) {
  const std::size_t colon = address.rfind(':');
  return absl::StrReplaceAll(address.substr(0, colon), {{"[", ""}, {"]", ""}});
}

bool IsLoopback(absl::string_view address) {
  const std::string host = HostOf(address);
  if (host == "localhost" || host == "::1") return true;
  // 127.x.y.z, all digits: "127.example.org" is somebody else's.
  return absl::StartsWith(host, "127.") &&
         host.find_first_not_of("0123456789.") == std::string::npos;
}

bool IsAddress(absl::string_view address) {
  const std::size_t colon = address.rfind(':');
  int port = 0;
  return colon != absl::string_view::npos && colon > 0 &&
         absl::SimpleAtoi(address.substr(colon + 1), &port) && port > 0 &&
         port < 65536;
}

absl::StatusOr<Endpoint> LocalEndpoint(const ConnectionOptions& options) {
  const std::string advice = absl::StrCat("is --data ", options.data,
                                          " the directory of a running thond?");
  Endpoint endpoint;
  absl::StatusOr<std::string> address =
      ReadTrimmed(options.data + "/endpoint", advice);
  if (!address.ok()) {
    // A directory without it is a server that does not run.
    if (absl::IsNotFound(address.status())) {
      return absl::UnavailableError(address.status().message());
    }
    return address.status();
  }
  endpoint.address = *std::move(address);
  if (!options.insecure) {
    absl::StatusOr<std::string> ca =
        ReadTrimmed(options.ca_file.empty() ? options.data + "/tls/ca.crt"
                                            : options.ca_file,
                    advice);
    if (!ca.ok()) return ca.status();
    endpoint.ca_certificate = *ca + "\n";
  }
  // A token given by name is another person's than the operator's.
  absl::StatusOr<std::string> token =
      ReadTrimmed(options.token_file.empty() ? options.data + "/operator.token"
                                             : options.token_file,
                  "give your own token with --token-file");
  if (!token.ok()) return token.status();
  endpoint.token = *std::move(token);
  return endpoint;
}

absl::StatusOr<Endpoint> RemoteEndpoint(const ConnectionOptions& options) {
  Endpoint endpoint;
  endpoint.address = options.server;
  if (!options.insecure) {
    if (options.ca_file.empty()) {
      return Usage(
          "--server needs --ca FILE, the server's certificate authority "
          "(DATA/tls/ca.crt there)");
    }
    absl::StatusOr<std::string> ca =
        ReadTrimmed(options.ca_file, "ask the operator for DATA/tls/ca.crt");
    if (!ca.ok()) return ca.status();
    endpoint.ca_certificate = *ca + "\n";
  }
  if (!options.token_file.empty()) {
    absl::StatusOr<std::string> token = ReadTrimmed(
        options.token_file, "the operator makes one with thon admin token");
    if (!token.ok()) return token.status();
    endpoint.token = *std::move(token);
  }
  return endpoint;
}

}  // namespace

absl::StatusOr<Endpoint> FindEndpoint(const ConnectionOptions& options) {
  if (options.server.empty() && options.data.empty()) {
    return Usage(
        "no server named: give --data DIR (or THON_DATA) for one on this "
        "machine, or --server HOST:PORT --ca FILE --token-file FILE");
  }
  absl::StatusOr<Endpoint> endpoint =
      options.server.empty() ? LocalEndpoint(options) : RemoteEndpoint(options);
  if (!endpoint.ok()) return endpoint;
  if (!IsAddress(endpoint->address)) {
    return Usage(absl::StrCat("\"", endpoint->address, "\" is not HOST:PORT"));
  }
  if (options.insecure && !IsLoopback(endpoint->address)) {
    return Usage(absl::StrCat("--insecure is for this machine alone, and ",
                              endpoint->address,
                              " is another; leave it out and give --ca FILE"));
  }
  return endpoint;
}

std::string CertificateFingerprint(const std::string& pem) {
  constexpr absl::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  const std::size_t begin = pem.find(kBegin.data(), 0, kBegin.size());
  if (begin == std::string::npos) return "";
  const std::size_t from = begin + kBegin.size();
  const std::size_t end = pem.find("-----END", from);
  if (end == std::string::npos) return "";
  const std::string base64 = absl::StrReplaceAll(
      pem.substr(from, end - from), {{"\n", ""}, {"\r", ""}, {" ", ""}});
  std::string der;
  if (!absl::Base64Unescape(base64, &der)) return "";
  return Sha256Of(der).Hex();
}

}  // namespace thon::cli
