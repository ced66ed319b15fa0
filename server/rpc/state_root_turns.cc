#include "server/rpc/state_root_turns.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace thon {
namespace {

// Where the work stands between its turns. Each turn holds it; turns of one
// work never overlap, because the next is posted at the end of the last.
class Work : public std::enable_shared_from_this<Work> {
 public:
  Work(StateRootTurns turns,
       std::function<void(absl::StatusOr<v1::StateRoot>)> done)
      : turns_(std::move(turns)), done_(std::move(done)) {}

  void PostTurn() {
    turns_.queue->Post(
        [self = shared_from_this()](bool runs) { self->TakeTurn(runs); });
  }

 private:
  void TakeTurn(bool runs) {
    if (!runs) {
      return done_(absl::UnavailableError("the server is stopping"));
    }
    if (turns_.cancelled()) return done_(absl::CancelledError("nobody waits"));
    if (!Step()) return PostTurn();
    v1::StateRoot root;
    root.set_projection(turns_.projection->name);
    root.set_version(turns_.projection->version);
    root.set_root(std::string(builder_.Root().view()));
    root.set_row_count(builder_.row_count());
    done_(std::move(root));
  }

  // True: no row is left.
  bool Step() {
    const std::unique_ptr<RowReader> rows = turns_.rows();
    const std::vector<Table>& tables = turns_.projection->tables;
    std::size_t left = turns_.rows_per_turn;
    for (; table_ < tables.size(); ++table_) {
      const std::optional<std::string> last = last_key_;
      const std::string start = last.value_or("");
      rows->Scan(tables[table_], "", start,
                 [&](absl::string_view key, const RowVersion& row) {
                   if (last.has_value() && key == start) return true;
                   builder_.Add(tables[table_], key, row.value);
                   last_key_ = std::string(key);
                   return --left > 0;
                 });
      if (left == 0) return false;
      last_key_.reset();
    }
    return true;
  }

  const StateRootTurns turns_;
  const std::function<void(absl::StatusOr<v1::StateRoot>)> done_;
  StateRootBuilder builder_;
  std::size_t table_ = 0;
  // Of that table's rows, the last that was read.
  std::optional<std::string> last_key_;
};

}  // namespace

void ComputeStateRootInTurns(
    StateRootTurns turns,
    std::function<void(absl::StatusOr<v1::StateRoot>)> done) {
  std::make_shared<Work>(std::move(turns), std::move(done))->PostTurn();
}

}  // namespace thon
