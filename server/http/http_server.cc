#include "server/http/http_server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/mutex.h"
#include "server/http/http_connection.h"
#include "server/http/tls_context.h"

namespace thon {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr int kThreads = 2;
// Connections beyond the limit that are told so; more are closed at once.
constexpr std::size_t kSurplusMax = 64;
// Until the next try when the process has no file descriptor left.
constexpr int kAcceptAgainMs = 100;
constexpr std::size_t kPrefixBytes = 8;  // Of an IPv6 address: one network.

asio::ip::address PlainAddress(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  if (address.is_v6()) {
    asio::ip::address_v6 without_scope = address.to_v6();
    without_scope.scope_id(0);
    return without_scope;
  }
  return address;
}

// Who counts as one peer: an IPv4 address, or an IPv6 network of /64, which
// one household has.
std::string PeerKey(const asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const auto bytes = address.to_v6().to_bytes();
  return std::string(reinterpret_cast<const char*>(bytes.data()), kPrefixBytes);
}

absl::StatusOr<std::pair<std::string, std::string>> HostAndPort(
    const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  int port = 0;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(listen.substr(colon + 1), &port) || port < 0 ||
      port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", listen, "\" is not HOST:PORT, for example 127.0.0.1:7480"));
  }
  std::string host = listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return std::pair(host, absl::StrCat(port));
}

class HttpServerImpl final : public HttpServer {
 public:
  explicit HttpServerImpl(HttpServerOptions options)
      : shared_(std::make_shared<HttpShared>(std::move(options))),
        work_(asio::make_work_guard(shared_->io)),
        acceptor_strand_(asio::make_strand(shared_->io)),
        acceptor_(acceptor_strand_),
        again_(acceptor_strand_) {}

  ~HttpServerImpl() override { Stop(); }

  absl::Status Open() {
    const HttpServerOptions& options = shared_->options;
    THON_CHECK(options.handler != nullptr && options.clock != nullptr);
    if (options.tls != nullptr) {
      auto made = MakeTlsContext(*options.tls);
      if (!made.ok()) return made.status();
      MutexLock lock(&mu_);
      tls_ = *std::move(made);
    }
    const auto address = HostAndPort(options.listen);
    if (!address.ok()) return address.status();
    error_code error;
    tcp::resolver resolver(shared_->io);
    const auto found = resolver.resolve(
        address->first, address->second,
        tcp::resolver::passive | tcp::resolver::numeric_service, error);
    if (!error) Bind(found.begin()->endpoint(), &error);
    if (error) {
      return absl::UnavailableError(absl::StrCat(
          "cannot listen on ", options.listen, ": ", error.message(),
          "; the port is taken, or the address is not this machine's"));
    }
    port_ = acceptor_.local_endpoint(error).port();
    asio::post(acceptor_strand_, [this] { Accept(); });
    for (int i = 0; i < kThreads; ++i) {
      threads_.emplace_back([this] { shared_->io.run(); });
    }
    return absl::OkStatus();
  }

  int port() const override { return port_; }

  HttpStats stats() const override {
    const HttpCounters& counters = shared_->counters;
    HttpStats stats;
    stats.connections = shared_->connection_count();
    stats.streams = counters.streams;
    stats.accepted = counters.accepted;
    stats.requests = counters.requests;
    stats.streams_started = counters.streams_started;
    stats.bytes_read = counters.bytes_read;
    stats.bytes_written = counters.bytes_written;
    for (std::size_t i = 0; i < stats.responses.size(); ++i) {
      stats.responses[i] = counters.responses[i];
    }
    for (std::size_t i = 0; i < kHttpRefusals; ++i) {
      stats.refusals[i] = counters.refusals[i];
    }
    return stats;
  }

  absl::Status SetTls(const TlsFiles& tls) override {
    auto made = MakeTlsContext(tls);
    if (!made.ok()) return made.status();
    MutexLock lock(&mu_);
    if (tls_ == nullptr) {
      return absl::FailedPreconditionError("the server speaks plain text");
    }
    tls_ = *std::move(made);
    return absl::OkStatus();
  }

  void Stop() override {
    {
      MutexLock lock(&mu_);
      if (stopped_) return;
      stopped_ = true;
    }
    asio::post(acceptor_strand_, [this] {
      closed_ = true;
      error_code ignored;
      acceptor_.close(ignored);
      again_.cancel();
    });
    if (!threads_.empty()) shared_->CloseAll();
    shared_->StopPosts();
    work_.reset();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void Bind(const tcp::endpoint& endpoint, error_code* error) {
    acceptor_.open(endpoint.protocol(), *error);
    // For a restart within TCP's wait; not SO_REUSEPORT: two servers on one
    // port would share it silently.
    if (!*error)
      acceptor_.set_option(tcp::acceptor::reuse_address(true), *error);
    if (!*error && endpoint.address().is_v6() &&
        endpoint.address().is_unspecified()) {
      acceptor_.set_option(asio::ip::v6_only(false), *error);
    }
    if (!*error) acceptor_.bind(endpoint, *error);
    if (!*error)
      acceptor_.listen(tcp::acceptor::max_listen_connections, *error);
  }

  void Accept() {
    if (closed_) return;
    acceptor_.async_accept(
        asio::make_strand(shared_->io),
        [this](const error_code& error, tcp::socket socket) {
          if (closed_) return;
          if (!error) {
            Take(std::move(socket));
          } else if (error != asio::error::connection_aborted) {
            again_.expires_after(std::chrono::milliseconds(kAcceptAgainMs));
            again_.async_wait([this](const error_code&) { Accept(); });
            return;
          }
          Accept();
        });
  }

  void Take(tcp::socket socket) {
    ++shared_->counters.accepted;
    error_code error;
    const tcp::endpoint endpoint = socket.remote_endpoint(error);
    if (error) return;  // It has left already.
    const asio::ip::address address = PlainAddress(endpoint.address());
    const std::string key = PeerKey(address);

    // Some beyond the limit are told why; what is beyond that is closed.
    const HttpLimits& limits = shared_->options.limits;
    const std::size_t all = shared_->connection_count();
    const std::size_t of_peer = shared_->CountOf(key);
    std::optional<HttpRefusal> surplus;
    if (of_peer >= limits.connections_per_peer_max) {
      surplus = HttpRefusal::kConnectionsPerPeer;
    }
    if (all >= limits.connections_max) surplus = HttpRefusal::kConnections;
    if (all >= limits.connections_max + kSurplusMax ||
        of_peer >= limits.connections_per_peer_max + kSurplusMax) {
      shared_->Count(*surplus);
      return;
    }
    std::shared_ptr<asio::ssl::context> tls;
    {
      MutexLock lock(&mu_);
      tls = tls_;
    }
    auto connection = std::make_shared<HttpConnection>(
        shared_.get(), std::move(socket), std::move(tls), address.to_string(),
        key, surplus);
    if (shared_->Add(connection, key)) connection->Start();
  }

  const std::shared_ptr<HttpShared> shared_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::strand<asio::io_context::executor_type> acceptor_strand_;
  tcp::acceptor acceptor_;  // On its strand, as the next two.
  asio::steady_timer again_;
  bool closed_ = false;
  std::vector<std::thread> threads_;
  int port_ = 0;

  Mutex mu_;
  std::shared_ptr<asio::ssl::context> tls_ ABSL_GUARDED_BY(mu_);
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    HttpServerOptions options) {
  auto server = std::make_unique<HttpServerImpl>(std::move(options));
  const absl::Status status = server->Open();
  if (!status.ok()) return status;
  return server;
}

}  // namespace thon
