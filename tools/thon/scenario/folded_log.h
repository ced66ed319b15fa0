// A log's beginning, decoded and folded in memory: what a recording is made of.
#ifndef THON_TOOLS_THON_SCENARIO_FOLDED_LOG_H_
#define THON_TOOLS_THON_SCENARIO_FOLDED_LOG_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/log.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon::scenario {

// One entry and what became of the commands in it.
struct FoldedEntry {
  AuthorId author;
  v1::Batch batch;
  Instant received;
  Position first;
  Position last;
  bool server = false;  // A server's author recorded it.
  // One an event; nullopt: no officer's command, or its key was used before.
  std::vector<std::optional<v1::CommandOutcome>> outcomes;
};

// Thread-safety: none.
class FoldedLog {
 public:
  FoldedLog();
  ~FoldedLog();
  FoldedLog(FoldedLog&&) noexcept;

  // Folds entries in order, the log's first one first. kDataLoss: one of them
  // does not parse.
  static absl::StatusOr<FoldedLog> Read(
      const std::vector<std::string>& entries);

  const std::vector<FoldedEntry>& entries() const { return entries_; }
  // Behind the last entry.
  const RowReader& rows() const;
  const EventSource& events() const;
  // The bytes of a document that is complete; nullptr if it is not.
  const std::string* FindDocument(absl::string_view hash) const;

 private:
  class Rows;
  class Events;

  void KeepParts(const v1::Batch& batch);

  std::vector<FoldedEntry> entries_;
  std::unique_ptr<Rows> rows_;
  std::unique_ptr<Events> events_;
  std::map<std::string, std::map<int, std::string>> parts_;
  std::map<std::string, std::string> documents_;
};

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_FOLDED_LOG_H_
