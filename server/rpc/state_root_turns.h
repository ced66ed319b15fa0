// A root over all rows of a projection, computed in turns: other work on the
// queue goes on between its steps.
#ifndef THON_RPC_STATE_ROOT_TURNS_H_
#define THON_RPC_STATE_ROOT_TURNS_H_

#include <cstddef>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "server/projections/projection.h"
#include "server/projections/state_root.h"
#include "server/rpc/turn_queue.h"
#include "thon/v1/event.pb.h"

namespace thon {

struct StateRootTurns {
  // Rows of one step: some tens of milliseconds.
  static constexpr std::size_t kRowsPerTurn = 4096;

  // Not owned, as `projection`: both outlive the work.
  TurnQueue* queue = nullptr;
  const ProjectionTables* projection = nullptr;
  // The rows as of one position, always the same one; asked for in each step.
  std::function<std::unique_ptr<RowReader>()> rows;
  // Whether nobody waits any more; asked before each step.
  std::function<bool()> cancelled;
  std::size_t rows_per_turn = kRowsPerTurn;
};

// Calls `done` once, in a turn, with what ComputeStateRoot() would give.
// kCancelled: nobody waits. kUnavailable: the queue's pool has stopped.
void ComputeStateRootInTurns(
    StateRootTurns turns,
    std::function<void(absl::StatusOr<v1::StateRoot>)> done);

}  // namespace thon

#endif  // THON_RPC_STATE_ROOT_TURNS_H_
