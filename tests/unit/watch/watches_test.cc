// Goal: whatever changes, however slowly callers read, and wherever they leave
// and come back, each of them holds its queries' rows at every PROGRESS.
// Method: one thread. A seed chooses what changes, when a round is run, who has
// a turn, asks, leaves and resumes; afterwards each caller's trace is held
// against the named promises, whose truth is a look at every row there is.
#include "server/watch/watches.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "server/core/error_info.h"
#include "tests/support/seed.h"
#include "tests/unit/watch/watches_fixture.h"

namespace thon::testing {
namespace {

using absl::StatusCode;

// ---- Everything at once ----

class WatchesRandomTest : public WatchesTest,
                          public ::testing::WithParamInterface<int> {
 protected:
  void OneStep() {
    const std::uint64_t pick = world_.Draw(100);
    if (pick < 40) {
      Take(world_.Change());
    } else if (pick < 55) {
      Round();
    } else if (pick < 75) {
      for (std::uint64_t i = world_.Draw(6); i > 0; --i) watches_->Step();
    } else if (pick < 90) {
      if (!clients_.empty()) {
        Ask(clients_[world_.Draw(clients_.size())].get());
      }
    } else if (pick < 93) {
      if (clients_.size() < 16) {
        const std::uint64_t officer = 1 + world_.Draw(WatchWorld::kOfficers);
        const std::uint64_t team = 101 + world_.Draw(12);
        if (world_.Draw(3) == 0) {
          NewClient(WatchWorld::PhoneRequest(team),
                    Viewer::Phone(WatchWorld::AuthorOf(team)));
        } else {
          NewClient(world_.AnyRequest(officer), officer);
        }
      }
    } else if (pick < 97) {
      if (clients_.empty()) return;
      WatchClient* const client = clients_[world_.Draw(clients_.size())].get();
      if (client->id != 0) {
        Close(client);
      } else {
        Open(client);
      }
    } else {
      world_.clock().Advance(static_cast<std::int64_t>(world_.Draw(4000)));
      watches_->WakeDue();
    }
  }
};

TEST_P(WatchesRandomTest, EveryCallerHoldsItsQueriesAtEveryProgress) {
  WatchOptions options = world_.Options();
  // Small, so that callers lag, pages split and feeds overflow.
  options.page_bytes = 700;
  options.page_rows = 9;
  options.feed_keys = 12;
  options.feeds_bytes = 16 * 1024;
  Start(options);
  world_.Reseed(100 + static_cast<std::uint64_t>(GetParam()));
  for (int step = 0; step < 900; ++step) OneStep();
  // Nobody who read slowly here promises PROGRESS in time.
  for (const auto& client : clients_) {
    for (WatchCall& call : client->trace.calls) call.read_on = false;
  }
  for (const auto& client : clients_) {
    if (client->id == 0) Open(client.get());
    client->trace.calls.back().read_on = false;
  }
  Settle();
  // What the last changes did not touch is told with the next PROGRESS.
  world_.clock().Advance(14'000);
  watches_->WakeDue();
  Settle();
  for (const auto& client : clients_) {
    if (client->id != 0) {
      EXPECT_EQ(client->told, world_.end()) << "the last change arrives";
    }
    const WatchBounds bounds = {900 + 5 * 150, 9, {16 * 5 * 12, 16 * 1024}};
    EXPECT_THAT(CheckWatchBounded(client->trace, bounds), IsOk());
  }
  CheckAll();
  for (const auto& client : clients_) ExpectPastAsLive(*client);
}
INSTANTIATE_TEST_SUITE_P(Runs, WatchesRandomTest, ::testing::Range(0, 6));

TEST_F(WatchesTest, AWatchGoesOnAfterTheServerStartedAgain) {
  Start(world_.Options());
  for (int i = 0; i < 8; ++i) {
    const std::uint64_t officer = 1 + world_.Draw(2);
    NewClient(world_.AnyRequest(officer), officer);
  }
  for (int i = 0; i < 40; ++i) Take(world_.Change());
  Settle();
  std::set<const WatchClient*> went_on;
  for (const auto& client : clients_) {
    if (client->id == 0) continue;
    went_on.insert(client.get());
    Close(client.get());
  }
  watches_.reset();
  world_.Reopen();
  for (int i = 0; i < 40; ++i) world_.Change();
  Start(world_.Options());
  for (const auto& client : clients_) Open(client.get());
  Settle();
  for (const auto& client : clients_) {
    if (client->id == 0) {
      // The grant of officer 2 for one district comes and goes.
      EXPECT_EQ(client->trace.calls.back().end.code(),
                StatusCode::kPermissionDenied);
      EXPECT_FALSE(
          world_.Granted(client->viewer, client->Normal(), world_.end()));
      continue;
    }
    EXPECT_EQ(client->told, world_.end());
    if (!went_on.contains(client.get())) continue;
    for (const v1::WatchStartReason reason : Reasons(*client)) {
      EXPECT_EQ(reason, v1::WATCH_START_REASON_RESUMED);
    }
  }
  CheckAll();
}

// ---- Each promise by itself ----

TEST_F(WatchesTest, ProgressComesWhileNothingHappens) {
  Start(world_.Options());
  WatchClient* const client =
      NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAMS, 21));
  Settle();
  const std::size_t heard = client->trace.calls[0].heard.size();
  for (int i = 0; i < 5; ++i) {
    world_.clock().Advance(14'000);
    watches_->WakeDue();
    Settle();
  }
  EXPECT_EQ(client->trace.calls[0].heard.size(), heard + 5);
  CheckAll();
}

TEST_F(WatchesTest, AChangeOutsideTheScopeIsNotTold) {
  Start(world_.Options());
  WatchClient* const client =
      NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAM_MONTHS, 31));
  Settle();
  const std::size_t heard = client->trace.calls[0].heard.size();
  Take(world_.ChangeMonth(112));  // Of commune 34.
  Settle();
  EXPECT_EQ(client->trace.calls[0].heard.size(), heard);
  Take(world_.ChangeMonth(101));
  Settle();
  ASSERT_EQ(client->trace.calls[0].heard.size(), heard + 1);
  EXPECT_EQ(client->trace.calls[0].heard.back().response.rows_size(), 1);
  CheckAll();
}

TEST_F(WatchesTest, ATeamThatMovesAwayLeavesAsARemovalAndItsMonthsWithAReason) {
  Start(world_.Options());
  v1::WatchRequest request = RequestOf(v1::WATCHED_PROJECTION_TEAMS, 31);
  *request.add_queries() =
      RequestOf(v1::WATCHED_PROJECTION_TEAM_MONTHS, 31).queries(0);
  request.mutable_queries(1)->set_query_id(2);
  Take(world_.ChangeMonth(101));
  WatchClient* const client = NewClient(request);
  Settle();
  Take(world_.MoveTeam(101, 52, world_.today()));
  Settle();
  const v1::WatchResponse& last = client->trace.calls[0].heard.back().response;
  ASSERT_EQ(last.started_size(), 1);
  EXPECT_EQ(last.started(0).query_id(), 2u);
  EXPECT_EQ(last.started(0).reason(), v1::WATCH_START_REASON_STRUCTURE_CHANGED);
  ASSERT_EQ(last.rows_size(), 1) << last.ShortDebugString();
  EXPECT_EQ(last.rows(0).query_id(), 1u);
  EXPECT_TRUE(last.rows(0).removed());
  CheckAll();
}

TEST_F(WatchesTest, ADayThatMovesATeamRestartsWhoFollowsToday) {
  Start(world_.Options());
  WatchClient* const today =
      NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAMS, 31));
  v1::WatchRequest fixed = RequestOf(v1::WATCHED_PROJECTION_TEAMS, 31);
  fixed.mutable_queries(0)->set_structure_date(world_.today().days);
  WatchClient* const then = NewClient(fixed);
  Take(world_.MoveTeam(101, 52, world_.today().Next()));
  Settle();
  Take(world_.OpenDay());
  Settle();
  EXPECT_EQ(Reasons(*today).back(), v1::WATCH_START_REASON_STRUCTURE_CHANGED);
  EXPECT_EQ(Reasons(*then).size(), 1u);
  CheckAll();
}

TEST_F(WatchesTest, AVillageThatMovesRestartsBothCommunes) {
  Start(world_.Options());
  std::vector<WatchClient*> moved;
  for (const std::uint64_t root : {31, 32}) {
    moved.push_back(NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAMS, root)));
  }
  WatchClient* const above =
      NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAMS, 21));
  Settle();
  Take(world_.MoveVillage(41, 32));
  Settle();
  for (const WatchClient* const client : moved) {
    EXPECT_EQ(Reasons(*client).back(),
              v1::WATCH_START_REASON_STRUCTURE_CHANGED);
  }
  EXPECT_EQ(Reasons(*above).size(), 1u) << "nothing left the district";
  CheckAll();
}

TEST_F(WatchesTest, AGrantThatEndsEndsTheStreamAndAnotherOneRestartsIt) {
  Start(world_.Options());
  WatchClient* const client =
      NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAMS, 31), 3);
  WatchClient* const other =
      NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAMS, 31), 1);
  Settle();
  Take(world_.Grant(3, 33, 21, false));
  Settle();
  EXPECT_EQ(Reasons(*client).back(), v1::WATCH_START_REASON_GRANT_CHANGED);
  Take(world_.Grant(3, 34, 34, false));
  Settle();
  EXPECT_EQ(Reasons(*client).size(), 2u) << "a grant elsewhere changes nothing";
  Take(world_.Grant(3, 3, 31, true));
  Take(world_.Grant(3, 33, 21, true));
  Settle();
  EXPECT_EQ(client->id, 0u);
  EXPECT_EQ(client->trace.calls[0].end.code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(client->trace.calls[0].end), "GRANT_ENDED");
  EXPECT_NE(other->id, 0u);
  EXPECT_EQ(Reasons(*other).size(), 1u);
  CheckAll();
}

TEST_F(WatchesTest, WhoMayNotReadTheRootHearsNothing) {
  Start(world_.Options());
  for (const std::uint64_t root : {0, 15, 21, 32, 999}) {
    const WatchClient* const client =
        NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAMS, root), 3);
    EXPECT_EQ(client->trace.calls[0].end.code(), StatusCode::kPermissionDenied)
        << root;
    EXPECT_EQ(client->id, 0u);
  }
}

TEST_F(WatchesTest, WhoLagsBeyondTheBudgetStartsAgainAndIsToldWhy) {
  WatchOptions options = world_.Options();
  options.feed_keys = 4;
  Start(options);
  WatchClient* const slow =
      NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAM_MONTHS, 0));
  Settle();
  for (std::uint64_t team = 101; team <= 103; ++team) {
    Take(world_.ChangeMonth(team));
    Round();
  }
  EXPECT_LE(watches_->kept_keys(), 4u);
  Settle();
  EXPECT_EQ(Reasons(*slow).size(), 1u) << "three keys are within the budget";
  for (std::uint64_t team = 101; team <= 112; ++team) {
    Take(world_.ChangeMonth(team));
    Round();
    EXPECT_LE(watches_->kept_keys(), 4u);
  }
  Settle();
  ASSERT_EQ(Reasons(*slow).size(), 2u);
  EXPECT_EQ(Reasons(*slow).back(), v1::WATCH_START_REASON_LAGGED);
  CheckAll();
}

TEST_F(WatchesTest, WhatEverybodyWasToldIsNotKept) {
  Start(world_.Options());
  NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAM_MONTHS, 0));
  Settle();
  for (int i = 0; i < 30; ++i) {
    Take(world_.ChangeMonth(101 + world_.Draw(12)));
    Settle();
  }
  EXPECT_LE(watches_->kept_keys(), 1u);
}

TEST_F(WatchesTest, KeysThatTheHubCouldNotKeepCostSnapshotsAndNothingElse) {
  Start(world_.Options());
  for (int i = 0; i < 4; ++i) NewClient(world_.AnyRequest(1));
  Settle();
  for (int i = 0; i < 30; ++i) world_.Change();
  Round(true);
  Settle();
  for (const auto& client : clients_) {
    EXPECT_EQ(Reasons(*client).back(), v1::WATCH_START_REASON_LAGGED);
  }
  CheckAll();
}

TEST_F(WatchesTest, EverythingWithATinyBudgetWorksSlowlyAndBounded) {
  WatchOptions options = world_.Options();
  options.page_bytes = 1;
  options.page_rows = 1;
  options.feed_keys = 1;
  options.feed_bytes = 1;
  options.feeds_bytes = 1;
  Start(options);
  v1::WatchRequest request;
  for (int i = 1; i <= v1::WatchedProjection_MAX; ++i) {
    if (i == v1::WATCHED_PROJECTION_STANDINGS) continue;
    v1::WatchQuery* const query = request.add_queries();
    query->set_query_id(static_cast<std::uint32_t>(i));
    query->set_projection(static_cast<v1::WatchedProjection>(i));
  }
  WatchClient* const client = NewClient(request);
  client->trace.calls[0].read_on = false;
  for (int i = 0; i < 400; ++i) {
    Take(world_.Change());
    if (i % 40 == 0) Round();
    Ask(client);
    watches_->Step();
  }
  Settle();
  world_.clock().Advance(14'000);
  watches_->WakeDue();
  Settle();
  EXPECT_EQ(client->told, world_.end());
  EXPECT_THAT(CheckWatchBounded(client->trace, {2500, 1, {0, 0}}), IsOk());
  CheckAll();
}

// With a watcher that stopped reading in the middle of its snapshot, who waits
// for a change waits no more turns than without.
TEST_F(WatchesTest, AWatcherThatNeverReadsCostsTheOthersNoTurns) {
  const auto measure = [this](bool with_stuck) {
    clients_.clear();
    WatchOptions options = world_.Options();
    options.page_bytes = 300;
    Start(options);
    for (int i = 0; i < 60; ++i) {
      NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAM_MONTHS,
                          31 + static_cast<std::uint64_t>(i % 4)));
    }
    Settle();
    if (with_stuck) {
      Ask(NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAM_MONTHS, 0)));
      while (watches_->Step()) {
      }
    }
    std::vector<std::int64_t> turns;
    for (int i = 0; i < 60; ++i) {
      Take(world_.ChangeMonth(101 + static_cast<std::uint64_t>(i % 12)));
      for (int k = 0; k < 60; ++k)
        Ask(clients_[static_cast<std::size_t>(k)].get());
      Round();
      std::int64_t turn = 0;
      while (watches_->Step()) ++turn;
      turns.push_back(turn);
    }
    return turns;
  };
  const std::vector<std::int64_t> without = measure(false);
  const std::vector<std::int64_t> with = measure(true);
  EXPECT_THAT(CheckWatchFair(with, without, 0), IsOk());
}

// ---- Limits ----

TEST_F(WatchesTest, AnOfficerHasNoMoreWatchesThanTheLimit) {
  Start(world_.Options());
  for (std::size_t i = 0; i < limits::kWatchesPerOfficerMax; ++i) {
    EXPECT_NE(NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAMS, 31), 3)->id,
              0u);
  }
  const WatchClient* const one_more =
      NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAMS, 31), 3);
  EXPECT_EQ(one_more->trace.calls[0].end.code(),
            StatusCode::kResourceExhausted);
  EXPECT_TRUE(RetryAfterOf(one_more->trace.calls[0].end).has_value());
  EXPECT_NE(NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAMS, 31), 1)->id, 0u)
      << "another officer";
  Close(clients_[0].get());
  EXPECT_NE(NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAMS, 31), 3)->id, 0u);
}

}  // namespace
}  // namespace thon::testing
