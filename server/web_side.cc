#include "server/web_side.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/output.h"

namespace thon {
namespace {

constexpr std::size_t kMetricsTokenBytesMin = 16;

// "thon.vn" of "https://thon.vn:8443"; empty for an empty text.
std::string HostOfUrl(const std::string& url) {
  const std::size_t begin = url.find("://");
  if (begin == std::string::npos) return "";
  const std::string host = url.substr(begin + 3);
  const std::size_t colon = host.rfind(':');
  const bool has_port =
      colon != std::string::npos && host.find(']', colon) == std::string::npos;
  return has_port ? host.substr(0, colon) : host;
}

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return absl::UnavailableError(
        absl::StrCat("cannot read --metrics-token-file ", path));
  }
  const std::string text((std::istreambuf_iterator<char>(file)),
                         std::istreambuf_iterator<char>());
  const std::string token(absl::StripAsciiWhitespace(text));
  if (token.size() < kMetricsTokenBytesMin) {
    return absl::UnavailableError(absl::StrCat(
        "--metrics-token-file ", path, " needs a word of at least ",
        kMetricsTokenBytesMin, " characters, e.g. of `openssl rand -hex 32`"));
  }
  return token;
}

}  // namespace

std::string HostOf(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  std::string host = listen.substr(0, colon);
  if (host == "0.0.0.0" || host == "[::]" || host.empty()) host = "127.0.0.1";
  return host;
}

absl::StatusOr<std::unique_ptr<WebSide>> WebSide::Prepare(const Config& config,
                                                          Engine* engine,
                                                          ProofSide* proof,
                                                          const Clock* clock) {
  auto web = std::unique_ptr<WebSide>(new WebSide(config));
  if (config.http.empty()) return web;
  web->clock_ = clock;
  web->proof_ = proof;
  WebAppOptions options;
  options.engine = engine;
  options.clock = clock;
  options.data = config.data;
  options.dashboard = config.dashboard;
  options.site.public_url = config.public_url;
  options.parts = proof->parts();
  options.note = [](const std::string& text) {
    spdlog::info("{}", Quoted(text));
  };
  if (!config.metrics_token_file.empty()) {
    absl::StatusOr<std::string> token = ReadToken(config.metrics_token_file);
    if (!token.ok()) return token.status();
    options.metrics_token = *std::move(token);
    options.metrics_closed = true;
  }
  absl::StatusOr<std::unique_ptr<WebApp>> app =
      WebApp::Make(std::move(options));
  if (!app.ok()) return app.status();
  web->app_ = *std::move(app);
  return web;
}

LoginLinkMaker* WebSide::links() {
  return app_ == nullptr ? nullptr : &app_->links();
}

absl::Status WebSide::Start(RpcServer* rpc, const TlsFiles* tls) {
  if (app_ == nullptr) return absl::OkStatus();
  bridge_ = MakeGrpcWebBridge(rpc->calls(),
                              [app = app_.get()](const HttpRequest& request) {
                                return app->BearerOf(request);
                              });
  HttpServerOptions options;
  options.listen = config_.http;
  options.tls = config_.http_insecure ? nullptr : tls;
  options.clock = clock_;
  options.handler = [app = app_.get()](HttpRequest request, HttpAnswer answer) {
    app->Handle(std::move(request), std::move(answer));
  };
  options.stream_handlers = {bridge_};
  if (proof_->tiles() != nullptr) {
    options.stream_handlers.push_back(proof_->tiles());
  }
  options.host_names = config_.tls_names;
  options.host_names.push_back(HostOf(config_.http));
  if (!config_.public_url.empty()) {
    options.host_names.push_back(HostOfUrl(config_.public_url));
    // Behind a proxy all browsers are one peer.
    options.limits.connections_per_peer_max = options.limits.connections_max;
  }
  absl::StatusOr<std::unique_ptr<HttpServer>> server =
      HttpServer::Start(std::move(options));
  if (!server.ok()) {
    if (config_.http_given) return server.status();
    spdlog::warn("no dashboard: {}; name another address with --http",
                 Quoted(server.status().message()));
    app_->links().Refuse("its port was taken; give thond another --http");
    return absl::OkStatus();
  }
  server_ = *std::move(server);
  url_ = config_.public_url;
  if (url_.empty()) {
    std::string host = HostOf(config_.http);
    // Who listens everywhere is known by name.
    const bool everywhere = config_.http.rfind(host, 0) != 0;
    if (everywhere && !config_.tls_names.empty()) host = config_.tls_names[0];
    url_ = absl::StrCat(config_.http_insecure ? "http://" : "https://", host,
                        ":", server_->port());
  }
  if (app_->has_dashboard()) {
    app_->links().Serve(url_);
  } else {
    spdlog::warn("no dashboard in {}: its address says how to build it",
                 Quoted(config_.dashboard));
    app_->links().Refuse(
        absl::StrCat("there is none in ", config_.dashboard,
                     "; build it (cmake --build --preset release --target "
                     "dashboard) or name another --dashboard, and restart"));
  }
  MetricsSources sources;
  sources.sync_streams = [rpc] { return rpc->stream_count(); };
  sources.http = [http = server_.get()] { return http->stats(); };
  sources.grpc_web = [bridge = bridge_] { return bridge->stats(); };
  proof_->AddSources(&sources);
  app_->SetSources(std::move(sources));
  return absl::OkStatus();
}

absl::Status WebSide::Announce() const {
  const std::string path = config_.data + "/http";
  if (server_ == nullptr) {
    std::error_code none;
    std::filesystem::remove(path, none);
    return absl::OkStatus();
  }
  absl::Status status = WriteText(path, url_ + "\n");
  if (status.ok() && !config_.http_port_file.empty()) {
    status =
        WriteText(config_.http_port_file, absl::StrCat(server_->port(), "\n"));
  }
  spdlog::info("the dashboard is on {}", Quoted(url_));
  return status;
}

void WebSide::SetDraining() {
  if (app_ != nullptr) app_->SetDraining();
}

void WebSide::Stop() {
  if (server_ == nullptr) return;
  server_->Stop();
  app_->SetSources({});
  server_.reset();
  bridge_.reset();
}

}  // namespace thon
