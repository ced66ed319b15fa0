// Long work on the worker pool that must not crowd out short calls: it is cut
// into small tasks, and only one of them at a time is in the pool.
#ifndef THON_RPC_TURN_QUEUE_H_
#define THON_RPC_TURN_QUEUE_H_

#include <deque>
#include <functional>

#include "server/core/mutex.h"
#include "server/rpc/worker_pool.h"

namespace thon {

// Tasks run in the order in which they were posted: who posts the next piece of
// its work when one is done takes turns with all others.
//
// Thread-safety: Post() may be called from any thread, also from a task.
class TurnQueue {
 public:
  // True: on a worker, in turn. False: the pool has stopped, nothing more runs;
  // the task is called all the same, once, so that it can let go.
  using Task = std::function<void(bool runs)>;

  // `pool` is not owned and outlives the last task.
  explicit TurnQueue(WorkerPool* pool) : pool_(pool) {}

  // The number of tasks is whoever calls to bound.
  void Post(Task task);

 private:
  // Puts the next turn into the pool; drops all tasks if it has stopped.
  void PostTurn();
  void TakeTurn();

  WorkerPool* const pool_;
  Mutex mu_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mu_);
  bool turn_posted_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace thon

#endif  // THON_RPC_TURN_QUEUE_H_
