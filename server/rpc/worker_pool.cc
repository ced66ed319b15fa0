#include "server/rpc/worker_pool.h"

#include <utility>

namespace thon {

WorkerPool::WorkerPool(int threads, std::size_t tasks_max)
    : tasks_max_(tasks_max) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

WorkerPool::~WorkerPool() { Stop(); }

bool WorkerPool::TryPost(std::function<void()> task) {
  MutexLock lock(&mu_);
  if (stopped_ || tasks_.size() >= tasks_max_) return false;
  tasks_.push_back(std::move(task));
  posted_.NotifyOne();
  return true;
}

bool WorkerPool::PostContinuation(std::function<void()> task) {
  MutexLock lock(&mu_);
  if (stopped_) return false;
  tasks_.push_back(std::move(task));
  posted_.NotifyOne();
  return true;
}

void WorkerPool::Stop() {
  {
    MutexLock lock(&mu_);
    stopped_ = true;
    posted_.NotifyAll();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void WorkerPool::Work() {
  for (;;) {
    std::function<void()> task;
    {
      MutexLock lock(&mu_);
      while (tasks_.empty() && !stopped_) posted_.Wait(&mu_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace thon
