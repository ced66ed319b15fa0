// Goal: long work takes turns and leaves the other workers to short calls; when
// the pool stops every task is told.
// A state root is such work.
// Method: tasks that wait for each other and for calls beside them; rows in
// memory.
#include "server/rpc/turn_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/rpc/state_root_turns.h"

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

// Rows of two tables, and how many each reader has read.
class MemoryRows final : public RowReader {
 public:
  MemoryRows(const std::map<std::pair<Table, std::string>, std::string>* rows,
             std::vector<int>* reads)
      : rows_(rows), reads_(reads) {
    reads_->push_back(0);
  }
  std::optional<RowVersion> Get(Table, absl::string_view) const override {
    return std::nullopt;
  }
  void Scan(Table table, absl::string_view, absl::string_view start,
            const Visitor& visit) const override {
    for (auto row = rows_->lower_bound({table, std::string(start)});
         row != rows_->end() && row->first.first == table; ++row) {
      ++reads_->back();
      if (!visit(row->first.second, {row->second, Position(1)})) return;
    }
  }

 private:
  const std::map<std::pair<Table, std::string>, std::string>* const rows_;
  std::vector<int>* const reads_;
};

class StateRootTurnsTest : public ::testing::Test {
 protected:
  StateRootTurns Turns(std::size_t rows_per_turn) {
    StateRootTurns turns;
    turns.queue = &queue_;
    turns.projection = &projection_;
    turns.rows = [this] {
      return std::make_unique<MemoryRows>(&rows_, &reads_);
    };
    turns.cancelled = [this] { return cancelled_.load(); };
    turns.rows_per_turn = rows_per_turn;
    return turns;
  }
  absl::StatusOr<v1::StateRoot> Compute(std::size_t rows_per_turn) {
    reads_.clear();
    std::promise<absl::StatusOr<v1::StateRoot>> done;
    ComputeStateRootInTurns(Turns(rows_per_turn),
                            [&](absl::StatusOr<v1::StateRoot> root) {
                              done.set_value(std::move(root));
                            });
    return done.get_future().get();
  }

  const ProjectionTables projection_{
      "two", 3, {Table::kUnit, Table::kUnitByCode, Table::kMap}};
  std::map<std::pair<Table, std::string>, std::string> rows_;
  std::vector<int> reads_;  // Of each reader, the last turn's last.
  std::atomic<bool> cancelled_{false};
  WorkerPool pool_{2, 4};
  TurnQueue queue_{&pool_};
};

TEST_F(StateRootTurnsTest, TheRootIsTheSameInHoweverManyTurns) {
  for (const int count : {0, 1, 6, 7, 20}) {
    rows_.clear();
    for (int i = 0; i < count; ++i) {
      const Table table = i % 3 == 0 ? Table::kMap : Table::kUnit;
      rows_[{table, absl::StrCat("key ", i)}] = absl::StrCat("value ", i);
    }
    std::vector<int> reads;
    const absl::StatusOr<v1::StateRoot> whole = ComputeStateRoot(
        MemoryRows(&rows_, &reads), projection_, [] { return true; });
    ASSERT_TRUE(whole.ok());
    for (const std::size_t rows_per_turn : {1, 2, 3, 7, 100}) {
      const absl::StatusOr<v1::StateRoot> root = Compute(rows_per_turn);
      ASSERT_TRUE(root.ok()) << root.status();
      EXPECT_EQ(root->SerializeAsString(), whole->SerializeAsString())
          << count << " rows, " << rows_per_turn << " a turn";
      for (const int read : reads_) {
        EXPECT_LE(read, static_cast<int>(rows_per_turn) + 2)
            << "and the last of the turn before, in a table or two";
      }
    }
  }
}

TEST_F(StateRootTurnsTest, OthersTakeTheirTurnBetweenItsSteps) {
  for (int i = 0; i < 50; ++i) {
    rows_[{Table::kUnit, absl::StrCat("key ", i)}] = "value";
  }
  std::promise<void> asked;
  queue_.Post([&](bool) { asked.get_future().wait(); });
  std::promise<absl::StatusOr<v1::StateRoot>> done;
  ComputeStateRootInTurns(Turns(10), [&](absl::StatusOr<v1::StateRoot> root) {
    done.set_value(std::move(root));
  });
  std::promise<std::size_t> steps;
  queue_.Post([&](bool) { steps.set_value(reads_.size()); });
  asked.set_value();
  EXPECT_EQ(steps.get_future().get(), 1u) << "after its first step";
  EXPECT_TRUE(done.get_future().get().ok());
  EXPECT_GE(reads_.size(), 5u);
}

TEST_F(StateRootTurnsTest, WhoLeavesOrAStoppedPoolEndsIt) {
  cancelled_ = true;
  EXPECT_TRUE(absl::IsCancelled(Compute(1).status()));
  EXPECT_TRUE(reads_.empty());
  cancelled_ = false;
  pool_.Stop();
  EXPECT_TRUE(absl::IsUnavailable(Compute(1).status()));
}

}  // namespace
}  // namespace thon::testing
