// Goal: long work takes turns and leaves the other workers to short calls; when
// the pool stops every task is told.
// Method: tasks that wait for each other and for calls beside them.
#include "server/rpc/turn_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <vector>

namespace thon::testing {
namespace {

TEST(TurnQueueTest, WorkOfManyTakesTurnsOneAtATime) {
  constexpr int kWorks = 20;
  constexpr int kPieces = 5;
  Mutex mu;
  CondVar changed;
  std::vector<int> order;
  std::atomic<int> at_once{0};
  {
    WorkerPool pool(3, 1);
    TurnQueue queue(&pool);
    std::function<void(int, int)> piece = [&](int work, int left) {
      queue.Post([&, work, left](bool runs) {
        EXPECT_TRUE(runs);
        EXPECT_EQ(++at_once, 1);
        {
          MutexLock lock(&mu);
          order.push_back(work);
          changed.NotifyAll();
        }
        if (left > 1) piece(work, left - 1);
        --at_once;
      });
    };
    // The first turn waits until all have asked for one.
    bool begun = false;
    bool asked = false;
    queue.Post([&](bool) {
      MutexLock lock(&mu);
      begun = true;
      changed.NotifyAll();
      while (!asked) changed.Wait(&mu);
    });
    {
      MutexLock lock(&mu);
      while (!begun) changed.Wait(&mu);
    }
    for (int i = 0; i < kWorks; ++i) piece(i, kPieces);
    // However much of it waits, a call has room and a worker.
    bool called = false;
    EXPECT_TRUE(pool.TryPost([&] {
      MutexLock lock(&mu);
      called = true;
      changed.NotifyAll();
    }));
    {
      MutexLock lock(&mu);
      while (!called) changed.Wait(&mu);
      EXPECT_TRUE(order.empty());
      asked = true;
      changed.NotifyAll();
      while (order.size() < kWorks * kPieces) changed.Wait(&mu);
    }
    pool.Stop();
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    EXPECT_EQ(order[i], static_cast<int>(i) % kWorks);
  }
}

TEST(TurnQueueTest, AStoppedPoolTellsEveryTask) {
  WorkerPool pool(1, 1);
  TurnQueue queue(&pool);
  pool.Stop();
  int told = 0;
  for (int i = 0; i < 3; ++i) {
    queue.Post([&](bool runs) {
      EXPECT_FALSE(runs);
      ++told;
    });
  }
  EXPECT_EQ(told, 3);
}

}  // namespace
}  // namespace thon::testing
