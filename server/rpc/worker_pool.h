// A few threads for calls that read the disk, so that gRPC's own threads never
// block: two of those that block stall every stream of the server.
#ifndef THON_RPC_WORKER_POOL_H_
#define THON_RPC_WORKER_POOL_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "server/core/mutex.h"

namespace thon {

// Thread-safety: every method may be called from any thread.
class WorkerPool {
 public:
  WorkerPool(int threads, std::size_t tasks_max);
  ~WorkerPool();  // As Stop().

  // Runs `task` on one of the threads. False: too many are waiting, or the pool
  // has stopped; the task will not run.
  [[nodiscard]] bool TryPost(std::function<void()> task);
  // As TryPost, but for the continuation of a call that was already let in: it
  // is never turned away for room. False only after Stop().
  [[nodiscard]] bool PostContinuation(std::function<void()> task);

  // Runs what was posted, then joins. Repeating it does nothing.
  void Stop();

 private:
  void Work();

  const std::size_t tasks_max_;
  std::vector<std::thread> threads_;
  Mutex mu_;
  CondVar posted_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mu_);
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace thon

#endif  // THON_RPC_WORKER_POOL_H_
