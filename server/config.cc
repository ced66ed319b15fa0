#include "server/config.h"

#include <CLI/CLI.hpp>

#include "server/core/version.h"

namespace thon {
namespace {

bool IsLoopback(const std::string& listen) {
  return listen.rfind("127.", 0) == 0 || listen.rfind("localhost:", 0) == 0 ||
         listen.rfind("[::1]:", 0) == 0;
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
  app.add_option("--tls-name", config->tls_names,
                 "Further names or addresses for the server's certificate");
  app.add_flag("--insecure-loopback", config->insecure_loopback,
               "No TLS; only with a loopback --listen");
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
