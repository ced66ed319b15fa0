// One run of `thon`: its options, its output, its connection, and what it will
// do once the command line is understood.
#ifndef THON_TOOLS_THON_SESSION_H_
#define THON_TOOLS_THON_SESSION_H_

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/thon/client.h"
#include "tools/thon/proto_json.h"

namespace thon::cli {

enum ExitCode {
  kExitOk = 0,
  kExitRefused = 1,  // By the server, or by a check.
  kExitUsage = 2,    // The command line says something impossible.
  kExitCannotConnect = 3,
  kExitNotPermitted = 4,
};

// The code a program ends with after `status`.
ExitCode ExitCodeOf(const absl::Status& status);

// kInvalidArgument with reason USAGE: the command line is wrong.
absl::Status UsageError(absl::string_view message);
// kFailedPrecondition with reason CHECKS_FAILED: the report says why.
absl::Status ChecksFailed(absl::string_view message);

// Thread-safety: none; a run has one thread.
class Session {
 public:
  // Both streams outlive the session.
  Session(std::ostream* out, std::ostream* err) : out_(*out), err_(*err) {}

  ConnectionOptions connection;
  bool json = false;

  std::ostream& out() { return out_; }
  std::ostream& err() { return err_; }
  // One JSON value on standard output; the only one of a run.
  void Print(const Json& value);
  // A line for people, on standard error, so that --json stays clean.
  void Note(absl::string_view line);

  // The server, connected at the first use. The pointer lives as long as the
  // session.
  absl::StatusOr<Client*> client();
  // Uses this server instead of the one that the options name.
  void set_client(std::unique_ptr<Client> client) {
    client_ = std::move(client);
  }
  // SHA-256 of the certificate authority, for enrolment; "" without TLS.
  const std::string& ca_fingerprint() const { return ca_fingerprint_; }

  // What the parsed command does; set by the command's callback.
  void set_action(std::function<absl::Status()> action) {
    action_ = std::move(action);
  }
  // Does it, and says what went wrong.
  ExitCode Run();

 private:
  void Explain(const absl::Status& status);

  std::ostream& out_;
  std::ostream& err_;
  bool printed_ = false;
  std::unique_ptr<Client> client_;
  std::string ca_fingerprint_;
  std::function<absl::Status()> action_;
};

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_SESSION_H_
