// What an operator can set, by flags or by a configuration file whose keys are
// the flags' names. A flag wins over the file.
#ifndef THON_CONFIG_H_
#define THON_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "server/core/limits.h"

namespace thon {

struct Config {
  std::string data;                       // The data directory. Required.
  std::string listen = "127.0.0.1:7443";  // gRPC: HOST:PORT; port 0 picks one.
  std::string origin;                     // Of a new log, without the epoch.
  // HTTP: HOST:PORT of the dashboard, gRPC-Web and /metrics; "off". By default
  // on loopback, on a free port if `listen` has port 0.
  std::string http = "127.0.0.1:7480";
  bool http_given = false;         // Not the default: must be possible.
  bool http_insecure = false;      // HTTP in plain text, on loopback only.
  std::string http_port_file;      // The bound port is written there.
  std::string public_url;          // How browsers reach it, if otherwise.
  std::string dashboard;           // Directory of the page's files.
  std::string metrics_token_file;  // Who may read /metrics; web_app.h.
  std::string tiles = "public";    // Who may read them: auth, off.
  int checkpoint_seconds = limits::kCheckpointSecondsDefault;
  std::string witness_logs;             // Policy: logs to witness. Empty: none.
  std::string witness_name;             // Of the witness's key; NAME/witness.
  std::string witness_policy;           // Policy: who witnesses this log.
  std::string witness_ca;               // PEM, for their TLS.
  std::vector<std::string> tls_names;   // More names for the certificate.
  bool insecure_loopback = false;       // Plain text, on loopback only.
  std::string backup_dir;               // Default: DATA/backups.
  std::string port_file;                // The bound port is written there.
  bool simulate = false;                // Receive time is simulated.
  std::string sim_start;                // RFC 3339; of a new simulated log.
  std::string log_level = "info";       // trace debug info warn error off.
  std::string log_format = "text";      // text or json.
  bool rebuild_rows = false;            // Fold all rows again before serving.
  bool new_operator_token = false;      // Write officer 1 a new token.
  std::int64_t disk_reserve_bytes = 0;  // 0: the default of limits.h.
  int drain_seconds = 20;               // Longest graceful stop.
};

// Parses a command line. Returns true if the program goes on; otherwise
// `*exit_code` is what it should exit with: 0 after --help or --version, 2
// after a mistake, which has been said on the standard error.
bool ParseConfig(int argc, char** argv, Config* config, int* exit_code);

}  // namespace thon

#endif  // THON_CONFIG_H_
