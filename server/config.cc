#include "server/config.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <system_error>

#include "server/core/version.h"

namespace thon {
namespace {

constexpr char kHttpOff[] = "off";
// Half of what receipts promise: hashing again and a slow disk take the rest.
constexpr int kCheckpointSecondsMax = limits::kCheckpointMsMax / 2000;

bool IsLoopback(const std::string& listen) {
  return listen.rfind("127.", 0) == 0 || listen.rfind("localhost:", 0) == 0 ||
         listen.rfind("[::1]:", 0) == 0;
}

// DIR/../share/thon/dashboard of DIR/thond: where an installation and a build
// tree have it. Empty if nobody says where the program is.
std::string DefaultDashboard() {
  std::error_code error;
  const std::filesystem::path program =
      std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return "";
  return (program.parent_path().parent_path() / "share/thon/dashboard")
      .string();
}

void AddHttpOptions(CLI::App* app, Config* config) {
  app->add_option("--http", config->http,
                  "HOST:PORT for the dashboard, gRPC-Web, /metrics, /healthz "
                  "and /readyz; \"off\" for none. By default a free port if "
                  "--listen has port 0")
      ->capture_default_str();
  app->add_flag(
      "--http-insecure-loopback", config->http_insecure,
      "No TLS for --http, which must be loopback; gRPC keeps its TLS");
  app->add_option("--http-port-file", config->http_port_file,
                  "Write the port bound for --http there");
  app->add_option("--public-url", config->public_url,
                  "How browsers reach the dashboard if something stands before "
                  "it, e.g. https://thon.yenbai.gov.vn");
  app->add_option("--dashboard", config->dashboard,
                  "Directory of the dashboard's files (default: beside the "
                  "program, ../share/thon/dashboard)");
  app->add_option("--metrics-token-file", config->metrics_token_file,
                  "Whoever has the word in this file as a bearer token reads "
                  "/metrics; then loopback alone no longer opens it");
}

void AddProofOptions(CLI::App* app, Config* config) {
  app->add_option("--tiles", config->tiles,
                  "Who may read the log as C2SP tiles on --http: public, auth "
                  "(a token with READER on the whole log) or off. Checkpoints "
                  "are public with auth too")
      ->check(CLI::IsMember({"public", "auth", "off"}))
      ->capture_default_str();
  app->add_option("--checkpoint-seconds", config->checkpoint_seconds,
                  "Sign a checkpoint at the latest so long after the log grew")
      ->check(CLI::Range(1, kCheckpointSecondsMax))
      ->capture_default_str();
  app->add_option("--witness-logs", config->witness_logs,
                  "Witness other logs on --http: a C2SP trust policy whose "
                  "`log` lines name them (and `quorum none`)");
  app->add_option("--witness-name", config->witness_name,
                  "Name of the witness's key (default: the log's name, then "
                  "/witness)");
  app->add_option("--witness-policy", config->witness_policy,
                  "Have checkpoints witnessed: a C2SP trust policy whose "
                  "`witness` lines have addresses, and a quorum");
  app->add_option("--witness-ca", config->witness_ca,
                  "Authorities (PEM) of the witnesses' TLS (default: the "
                  "system's)");
}

// What is wrong with the options for proof is thrown.
void CheckProof(const Config& config) {
  if (!config.witness_logs.empty() && config.http.empty()) {
    throw CLI::ValidationError("--witness-logs", "needs an --http to serve on");
  }
  if (!config.witness_name.empty() && config.witness_logs.empty()) {
    throw CLI::ValidationError("--witness-name", "needs --witness-logs");
  }
  if (!config.witness_ca.empty() && config.witness_policy.empty()) {
    throw CLI::ValidationError("--witness-ca", "needs --witness-policy");
  }
}

// What is wrong with the options for HTTP is thrown.
void CheckHttp(const CLI::App& app, Config* config) {
  config->http_given = app.get_option("--http")->count() > 0;
  if (!config->http_given && config->listen.size() > 2 &&
      config->listen.compare(config->listen.size() - 2, 2, ":0") == 0) {
    config->http = "127.0.0.1:0";
  }
  if (config->http == kHttpOff) config->http.clear();
  config->http_insecure = config->http_insecure || config->insecure_loopback;
  if (config->http_insecure && !config->http.empty() &&
      !IsLoopback(config->http)) {
    throw CLI::ValidationError(
        "--http",
        "plain text is only possible on loopback: 127.0.0.1, localhost or "
        "[::1]");
  }
  std::string& url = config->public_url;
  while (!url.empty() && url.back() == '/') url.pop_back();
  const std::size_t host = url.find("://");
  const bool is_url =
      (url.rfind("https://", 0) == 0 || url.rfind("http://", 0) == 0) &&
      host + 3 < url.size() && url.find('/', host + 3) == std::string::npos;
  if (!url.empty() && !is_url) {
    throw CLI::ValidationError(
        "--public-url", "must be https://HOST or https://HOST:PORT, no path");
  }
  if (config->dashboard.empty()) config->dashboard = DefaultDashboard();
}

}  // namespace

bool ParseConfig(int argc, char** argv, Config* config, int* exit_code) {
  CLI::App app(
      "thond: the sync server of Thôn. Records what village teams do, computes "
      "what they are owed, and proves both.",
      "thond");
  app.set_version_flag("--version", kVersion);
  app.set_config("--config", "",
                 "Configuration file (TOML or INI); its keys are the names of "
                 "the flags below");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.add_option("--data", config->data,
                 "Data directory; made at the first start")
      ->required();
  app.add_option("--listen", config->listen,
                 "HOST:PORT for gRPC; port 0 picks a free one")
      ->capture_default_str();
  app.add_option("--origin", config->origin,
                 "Name of a new log, e.g. thon.yenbai.gov.vn; only read at the "
                 "first start");
  AddHttpOptions(&app, config);
  AddProofOptions(&app, config);
  app.add_option("--tls-name", config->tls_names,
                 "Further names or addresses for the server's certificate");
  app.add_flag("--insecure-loopback", config->insecure_loopback,
               "No TLS, neither for gRPC nor for HTTP; only with a loopback "
               "--listen and --http");
  app.add_option("--backup-dir", config->backup_dir,
                 "Where backups go (default: DATA/backups)");
  app.add_option("--port-file", config->port_file,
                 "Write the bound port there once the server answers");
  app.add_flag("--simulate", config->simulate,
               "Receive time is simulated and moves by Admin.AdvanceClock "
               "only; for a data directory made so");
  app.add_option(
      "--sim-start", config->sim_start,
      "Start of simulated time, e.g. 2023-05-20T00:00:00+07:00; only "
      "read at the first start");
  app.add_option("--log-level", config->log_level,
                 "trace, debug, info, warn, error or off")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  app.add_option("--log-format", config->log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.add_flag("--rebuild-rows", config->rebuild_rows,
               "Fold all rows again from the log before serving");
  app.add_flag("--new-operator-token", config->new_operator_token,
               "Write officer 1 a new token to DATA/operator.token: when all "
               "tokens have expired, or after a restore");
  app.add_option("--disk-reserve-bytes", config->disk_reserve_bytes,
                 "Free space below which nothing is recorded (default: 2 GiB)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--drain-seconds", config->drain_seconds,
                 "Longest graceful stop after SIGTERM")
      ->check(CLI::Range(1, 600))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
    if (config->insecure_loopback && !IsLoopback(config->listen)) {
      throw CLI::ValidationError(
          "--insecure-loopback",
          "plain text is only possible on loopback: listen on 127.0.0.1, "
          "localhost or [::1], or leave it out");
    }
    CheckHttp(app, config);
    CheckProof(*config);
    if (!config->sim_start.empty() && !config->simulate) {
      throw CLI::ValidationError("--sim-start", "needs --simulate");
    }
  } catch (const CLI::ParseError& error) {
    *exit_code = app.exit(error) == 0 ? 0 : 2;
    return false;
  }
  if (config->backup_dir.empty())
    config->backup_dir = config->data + "/backups";
  return true;
}

}  // namespace thon
