#include "server/rpc/turn_queue.h"

#include <utility>

namespace thon {

void TurnQueue::Post(Task task) {
  {
    MutexLock lock(&mu_);
    tasks_.push_back(std::move(task));
    if (turn_posted_) return;
    turn_posted_ = true;
  }
  PostTurn();
}

void TurnQueue::PostTurn() {
  if (pool_->PostContinuation([this] { TakeTurn(); })) return;
  std::deque<Task> dropped;
  {
    MutexLock lock(&mu_);
    dropped.swap(tasks_);
    turn_posted_ = false;
  }
  for (const Task& task : dropped) task(false);
}

void TurnQueue::TakeTurn() {
  Task task;
  {
    MutexLock lock(&mu_);
    task = std::move(tasks_.front());
    tasks_.pop_front();
  }
  task(true);
  {
    MutexLock lock(&mu_);
    turn_posted_ = !tasks_.empty();
    if (!turn_posted_) return;
  }
  PostTurn();
}

}  // namespace thon
