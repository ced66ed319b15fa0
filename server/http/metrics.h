// What /metrics says, in Prometheus' text format.
//
// Every name begins with "thon_"; RUNBOOK.md says which to watch. Labels have a
// few fixed values, or are the names that the operator gave the witnesses: no
// team, officer or address is in them, so that whoever may watch the machine
// learns nothing of people.
#ifndef THON_HTTP_METRICS_H_
#define THON_HTTP_METRICS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "server/core/mutex.h"
#include "server/engine/engine.h"
#include "server/http/grpc_web.h"
#include "server/http/http_stats.h"
#include "server/http/tiles.h"
#include "server/http/witness.h"
#include "server/http/witness_client.h"

namespace thon {

// What became of log-ins.
struct LoginCounts {
  std::atomic<std::uint64_t> logged_in{0};
  std::atomic<std::uint64_t> logged_out{0};
  std::atomic<std::uint64_t> wrong_code{0};
  std::atomic<std::uint64_t> too_many{0};
  std::atomic<std::uint64_t> cross_origin{0};
};

// Where figures come from besides the engine; each may be empty.
struct MetricsSources {
  std::function<std::size_t()> sync_streams;
  std::function<HttpStats()> http;
  std::function<GrpcWebStats()> grpc_web;
  std::function<TilesStats()> tiles;
  std::function<WitnessStats()> witness;
  std::function<std::vector<WitnessState>()> witnesses;
};

// Thread-safety: every method may be called from any thread.
class Metrics {
 public:
  // None is owned; all outlive it. `data` is the data directory.
  Metrics(Engine* engine, const LoginCounts* logins, std::string data);

  void SetSources(MetricsSources sources);

  // Reads the disk: not for a thread that serves others.
  std::string Text();

 private:
  // What costs a scan, and is at most kScanMs old.
  struct Scanned {
    std::int64_t steady_ms = 0;
    std::uint64_t heard_day = 0;
    std::uint64_t heard_two_weeks = 0;
    std::uint64_t phones = 0;
    std::uint64_t log_bytes = 0;
  };

  Scanned Scan();

  Engine* const engine_;
  const LoginCounts* const logins_;
  const std::string data_;
  Mutex scan_mu_;
  Scanned scanned_ ABSL_GUARDED_BY(scan_mu_);
  Mutex mu_;
  MetricsSources sources_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon

#endif  // THON_HTTP_METRICS_H_
