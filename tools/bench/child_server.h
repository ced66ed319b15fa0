// A thond of its own for a bench, on a directory that is ready.
#ifndef THON_TOOLS_BENCH_CHILD_SERVER_H_
#define THON_TOOLS_BENCH_CHILD_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/fleet/process.h"

namespace thon::bench {

// Thread-safety: any thread. The server ends with the object.
class ChildServer {
 public:
  // Starts the thond that lies beside this program. kUnavailable: it does not
  // come up within a minute.
  static absl::StatusOr<std::unique_ptr<ChildServer>> Start(
      const std::string& directory, bool tls);

  // A connection of its own for each call.
  std::shared_ptr<grpc::Channel> Connect() const;
  const std::string& token() const { return token_; }
  // Of 127.0.0.1: plain HTTP, or HTTPS if it was started with TLS.
  int http_port() const { return http_port_; }

  // Memory that the server holds, as the operating system counts it.
  std::int64_t ResidentBytes() const;
  // Time on processors that it took since it started, in user mode and in the
  // kernel.
  std::int64_t CpuUs() const;

  // Stops gracefully, so that the directory can be opened.
  void Stop() { process_->Stop(); }

 private:
  ChildServer() = default;

  std::unique_ptr<fleet::Process> process_;
  std::string endpoint_;
  std::string ca_pem_;  // Empty: plain text.
  std::string token_;
  int http_port_ = 0;
};

}  // namespace thon::bench

#endif  // THON_TOOLS_BENCH_CHILD_SERVER_H_
