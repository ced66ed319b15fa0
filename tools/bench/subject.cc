#include "tools/bench/subject.h"

#include <utility>

#include "nlohmann/json.hpp"
#include "server/engine/engine.h"
#include "tools/bench/load.h"

namespace thon::bench {
namespace {

constexpr int kAuthors = 256;

}  // namespace

absl::Status Subject::Prepare(const BenchOptions& options) {
  if (!options.data.empty()) {
    directory_ = options.data;
    return absl::OkStatus();
  }
  folder_.emplace();
  directory_ = folder_->path();
  std::vector<Author> authors =
      MakeAuthors(kAuthors, options.batch, options.events);
  const absl::StatusOr<std::string> founded =
      FoundProvince(directory_, authors);
  if (!founded.ok()) return founded.status();
  const absl::StatusOr<std::unique_ptr<Engine>> engine = OpenEngine(directory_);
  if (!engine.ok()) return engine.status();
  return FillLog(engine->get(), &authors, options.events, options.batch);
}

absl::StatusOr<std::unique_ptr<EntryLog>> Subject::OpenLog() const {
  StorageOptions storage;
  storage.directory = directory_;
  return EntryLog::Open(storage);
}

nlohmann::ordered_json Figures(const char* bench, const EntryLog& log) {
  return {{"bench", bench},
          {"events", log.end().next_position.value - 1},
          {"entries", log.end().tree_size.value}};
}

std::uint64_t PerSecond(std::uint64_t count, std::int64_t us) {
  return us <= 0 ? 0 : count * 1'000'000 / static_cast<std::uint64_t>(us);
}

}  // namespace thon::bench
