// The data directory that a bench reads: the one given, or one made for it.
#ifndef THON_TOOLS_BENCH_SUBJECT_H_
#define THON_TOOLS_BENCH_SUBJECT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json_fwd.hpp"
#include "server/storage/entry_log.h"
#include "tools/bench/bench_log.h"
#include "tools/bench/benches.h"

namespace thon::bench {

class Subject {
 public:
  absl::Status Prepare(const BenchOptions& options);

  const std::string& directory() const { return directory_; }
  absl::StatusOr<std::unique_ptr<EntryLog>> OpenLog() const;

 private:
  std::optional<Folder> folder_;
  std::string directory_;
};

// The bench's name, and how much the log holds.
nlohmann::ordered_json Figures(const char* bench, const EntryLog& log);

std::uint64_t PerSecond(std::uint64_t count, std::int64_t us);

}  // namespace thon::bench

#endif  // THON_TOOLS_BENCH_SUBJECT_H_
