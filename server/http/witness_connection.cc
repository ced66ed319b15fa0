#include "server/http/witness_connection.h"

#include <openssl/ssl.h>

#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/version.h"
#include "server/engine/system_clock.h"

namespace thon {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr absl::string_view kAddCheckpoint = "/add-checkpoint";

class WitnessConnection final : public WitnessTransport {
 public:
  WitnessConnection(WitnessUrl url, std::shared_ptr<asio::ssl::context> tls,
                    const WitnessConnectionOptions& options)
      : url_(std::move(url)), tls_(std::move(tls)), options_(options) {}

  absl::StatusOr<WitnessAnswer> Post(const std::string& body) override {
    const std::int64_t deadline_ms = SteadyMs() + options_.ms_max;
    // A connection that rested may have been closed meanwhile: then once more.
    if (socket_.has_value()) {
      absl::StatusOr<WitnessAnswer> answer = Exchange(body, deadline_ms);
      if (answer.ok() || absl::IsResourceExhausted(answer.status())) {
        return answer;
      }
    }
    const absl::Status connected = Connect(deadline_ms);
    if (!connected.ok()) {
      Close();
      return connected;
    }
    return Exchange(body, deadline_ms);
  }

  void Interrupt() override {
    interrupted_ = true;
    asio::post(io_, [] {});
  }

 private:
  // What an operation that may outlive our patience reports to.
  struct Outcome {
    bool done = false;
    error_code error;
  };

  // Runs what was started until it is done. Something that is not in time is
  // cut off, and has ended when this returns, but for a look-up of a name.
  absl::Status Wait(const std::shared_ptr<Outcome>& outcome,
                    std::int64_t deadline_ms, absl::string_view what,
                    bool is_lookup = false) {
    io_.restart();
    for (;;) {
      const std::int64_t left_ms = deadline_ms - SteadyMs();
      if (outcome->done || interrupted_ || left_ms <= 0) break;
      io_.run_one_for(std::chrono::milliseconds(left_ms));
      if (io_.stopped()) io_.restart();
    }
    if (outcome->done) {
      if (!outcome->error) return absl::OkStatus();
      if (outcome->error == http::error::body_limit ||
          outcome->error == http::error::header_limit) {
        return absl::ResourceExhaustedError("the answer is too long");
      }
      return absl::UnavailableError(
          absl::StrCat("cannot ", what, ": ", outcome->error.message()));
    }
    error_code ignored;
    if (socket_.has_value()) Lowest().close(ignored);
    io_.restart();
    while (!is_lookup && !outcome->done) io_.run_one();
    if (interrupted_) return absl::CancelledError("the server stops");
    return absl::UnavailableError(absl::StrCat("cannot ", what, " in time"));
  }

  static auto Reporter(const std::shared_ptr<Outcome>& outcome) {
    return [outcome](const error_code& error, auto&&...) {
      outcome->error = error;
      outcome->done = true;
    };
  }

  tcp::socket& Lowest() { return socket_->next_layer(); }

  absl::Status Connect(std::int64_t deadline_ms) {
    Close();
    tcp::resolver resolver(io_);
    const auto found = std::make_shared<tcp::resolver::results_type>();
    auto outcome = std::make_shared<Outcome>();
    resolver.async_resolve(
        url_.host, url_.port,
        [outcome, found](const error_code& error,
                         const tcp::resolver::results_type& results) {
          *found = results;
          outcome->error = error;
          outcome->done = true;
        });
    absl::Status status = Wait(outcome, deadline_ms, "find its address",
                               /*is_lookup=*/true);
    if (!status.ok()) return status;

    socket_.emplace(io_, *tls_);
    outcome = std::make_shared<Outcome>();
    asio::async_connect(Lowest(), *found, Reporter(outcome));
    status = Wait(outcome, deadline_ms, "connect");
    if (!status.ok() || !url_.tls) return status;

    error_code is_name;
    asio::ip::make_address(url_.host, is_name);
    if (is_name && SSL_set_tlsext_host_name(socket_->native_handle(),
                                            url_.host.c_str()) != 1) {
      return absl::UnavailableError("cannot name the host to TLS");
    }
    socket_->set_verify_mode(asio::ssl::verify_peer);
    socket_->set_verify_callback(asio::ssl::host_name_verification(url_.host));
    outcome = std::make_shared<Outcome>();
    socket_->async_handshake(asio::ssl::stream_base::client, Reporter(outcome));
    return Wait(outcome, deadline_ms, "agree on TLS");
  }

  absl::StatusOr<WitnessAnswer> Exchange(const std::string& body,
                                         std::int64_t deadline_ms) {
    return url_.tls ? ExchangeOn(*socket_, body, deadline_ms)
                    : ExchangeOn(Lowest(), body, deadline_ms);
  }

  template <typename Stream>
  absl::StatusOr<WitnessAnswer> ExchangeOn(Stream& stream,
                                           const std::string& body,
                                           std::int64_t deadline_ms) {
    http::request<http::string_body> request(http::verb::post, url_.path, 11);
    request.set(http::field::host, url_.authority);
    request.set(http::field::user_agent, absl::StrCat("thond/", kVersion));
    request.set(http::field::content_type, "text/plain; charset=utf-8");
    request.body() = body;
    request.prepare_payload();
    auto outcome = std::make_shared<Outcome>();
    http::async_write(stream, request, Reporter(outcome));
    absl::Status status = Wait(outcome, deadline_ms, "send");
    http::response_parser<http::string_body> parser;
    parser.body_limit(options_.answer_bytes_max);
    parser.header_limit(limits::kHttpHeaderBytesMax);
    boost::beast::flat_buffer buffer;
    if (status.ok()) {
      outcome = std::make_shared<Outcome>();
      http::async_read_header(stream, buffer, parser, Reporter(outcome));
      status = Wait(outcome, deadline_ms, "read its answer");
    }
    // Of a length that is told, Beast's own limit does not hold in answers.
    if (status.ok() &&
        parser.content_length().value_or(0) > options_.answer_bytes_max) {
      status = absl::ResourceExhaustedError("the answer is too long");
    }
    if (status.ok() && !parser.is_done()) {
      outcome = std::make_shared<Outcome>();
      http::async_read(stream, buffer, parser, Reporter(outcome));
      status = Wait(outcome, deadline_ms, "read its answer");
    }
    if (!status.ok()) {
      Close();
      return status;
    }
    WitnessAnswer answer;
    answer.status = parser.get().result_int();
    const auto type = parser.get()[http::field::content_type];
    answer.content_type = std::string(type.data(), type.size());
    answer.body = std::move(parser.get().body());
    // More than the answer: who knows what the next one would begin with.
    if (!parser.keep_alive() || buffer.size() > 0) Close();
    return answer;
  }

  void Close() {
    if (!socket_.has_value()) return;
    error_code ignored;
    Lowest().close(ignored);
    socket_.reset();
  }

  const WitnessUrl url_;
  const std::shared_ptr<asio::ssl::context> tls_;
  const WitnessConnectionOptions options_;
  std::atomic<bool> interrupted_{false};
  asio::io_context io_{1};
  // Without TLS only its lower half is used.
  std::optional<asio::ssl::stream<tcp::socket>> socket_;
};

}  // namespace

absl::StatusOr<WitnessUrl> ParseWitnessUrl(absl::string_view url) {
  const auto wrong = [url](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("the witness's address ", url, " ", what,
                     "; it is https://HOST[:PORT][/PATH]"));
  };
  WitnessUrl parsed;
  absl::string_view rest = url;
  if (absl::ConsumePrefix(&rest, "http://")) {
    parsed.tls = false;
  } else if (!absl::ConsumePrefix(&rest, "https://")) {
    return wrong("is neither https nor http");
  }
  for (const char c : rest) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      return wrong("has a character that must be encoded");
    }
  }
  if (rest.find_first_of("?#@") != absl::string_view::npos) {
    return wrong("has a query, a fragment or a user");
  }
  const absl::string_view authority = rest.substr(0, rest.find('/'));
  absl::string_view path = rest.substr(authority.size());
  while (absl::ConsumeSuffix(&path, "/")) {
  }
  absl::string_view host = authority;
  absl::string_view port;
  if (absl::StartsWith(authority, "[")) {
    const std::size_t end = authority.find(']');
    if (end == absl::string_view::npos) return wrong("has a bad host");
    host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
  } else if (const std::size_t colon = authority.find(':');
             colon != absl::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  if (host.empty()) return wrong("has no host");
  if (!port.empty() &&
      (!absl::ConsumePrefix(&port, ":") || port.empty() || port.size() > 5 ||
       port.find_first_not_of("0123456789") != absl::string_view::npos)) {
    return wrong("has a bad port");
  }
  parsed.host = std::string(host);
  parsed.port = port.empty() ? (parsed.tls ? "443" : "80") : std::string(port);
  parsed.authority = std::string(authority);
  parsed.path = absl::StrCat(path, kAddCheckpoint);
  return parsed;
}

absl::StatusOr<std::unique_ptr<WitnessTransport>> MakeWitnessConnection(
    const WitnessConnectionOptions& options) {
  absl::StatusOr<WitnessUrl> url = ParseWitnessUrl(options.url);
  if (!url.ok()) return url.status();
  auto tls =
      std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(tls->native_handle(), TLS1_2_VERSION);
  error_code error;
  if (options.ca_file.empty()) {
    tls->set_default_verify_paths(error);
  } else {
    tls->load_verify_file(options.ca_file, error);
  }
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot use the authorities in ",
                     options.ca_file.empty() ? "the system" : options.ca_file,
                     " (PEM): ", error.message()));
  }
  return std::make_unique<WitnessConnection>(*std::move(url), std::move(tls),
                                             options);
}

}  // namespace thon
