// HTTP/1.1 on loopback, for benches: clients that keep their connections and
// ask for one thing after the other, and a server of one file to compare with.
#ifndef THON_TOOLS_BENCH_WEB_LOAD_H_
#define THON_TOOLS_BENCH_WEB_LOAD_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/mutex.h"

namespace thon::bench {

struct WebLoad {
  std::uint64_t answers = 0;
  std::uint64_t body_bytes = 0;
  std::int64_t us = 0;
};

// Asks 127.0.0.1:port for the paths in turn, each connection from another one
// on. kUnavailable: an answer that is not 200 and whole.
absl::StatusOr<WebLoad> LoadWeb(int port, const std::vector<std::string>& paths,
                                int connections, int seconds);

// The body of one answer.
absl::StatusOr<std::string> FetchWeb(int port, const std::string& path);

// Answers every request with one file, as plainly as can be: a thread a
// connection, sendfile.
class FileServer {
 public:
  static absl::StatusOr<std::unique_ptr<FileServer>> Start(
      const std::string& file);
  ~FileServer();

  int port() const { return port_; }

 private:
  FileServer(std::string file, int listener, int port)
      : file_(std::move(file)), listener_(listener), port_(port) {}
  void Accept();
  void Serve(int connection) const;

  const std::string file_;
  const int listener_;
  const int port_;
  std::thread accept_;
  Mutex mu_;
  std::vector<std::thread> serving_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon::bench

#endif  // THON_TOOLS_BENCH_WEB_LOAD_H_
