// Data directories for the benches: a small province with the authors' teams, a
// policy that covers all their months, and the authors enrolled.
#ifndef THON_TOOLS_BENCH_BENCH_LOG_H_
#define THON_TOOLS_BENCH_BENCH_LOG_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/engine/engine.h"
#include "tools/bench/load.h"

namespace thon::bench {

// A folder of its own below the machine's temporary files; removed at the end.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Makes the directory's log and founds what `authors` need; the operator's
// token is in DIRECTORY/operator.token. Returns the log's origin. The authors'
// teams lie evenly in `communes` communes.
absl::StatusOr<std::string> FoundProvince(const std::string& directory,
                                          const std::vector<Author>& authors,
                                          int communes = 1);
std::uint64_t BenchProvince();
// Of the commune with that index.
std::uint64_t BenchCommune(std::uint64_t index);

// Makes officers who may read everything; their tokens.
absl::StatusOr<std::vector<std::string>> MakeReaders(
    const std::string& directory, int officers);

// Opens the engine on the directory again, with the clock it was made with.
absl::StatusOr<std::unique_ptr<Engine>> OpenEngine(
    const std::string& directory);

// Records `events` events of the authors, through admission, committer and
// projector, without a network. Returns when the rows hold them all.
absl::Status FillLog(Engine* engine, std::vector<Author>* authors,
                     std::uint64_t events, int events_per_batch);

// Publishes a policy of the province. Returns when the rows hold what it says.
absl::Status PublishPolicy(Engine* engine, const std::string& id,
                           const std::string& text);

// Records the author's next batch and waits until it is durable.
absl::Status SendBatch(Engine* engine, Author* author);

}  // namespace thon::bench

#endif  // THON_TOOLS_BENCH_BENCH_LOG_H_
