// Goal: the hub keeps the promises while a writer publishes, callers ask from
// threads of their own, and others come and go; it never waits for a caller,
// and nobody is called after leaving.
// Method: real threads over the real row store; run under ThreadSanitizer.
// Afterwards each caller's trace is held against the named promises. The clock
// stands still, so that nothing fails by it.
#include "server/watch/watch_hub.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "server/core/error_info.h"
#include "server/core/mutex.h"
#include "tests/support/status_matchers.h"
#include "tests/support/watch_checkers.h"
#include "tests/unit/watch/watch_client.h"
#include "tests/unit/watch/watch_world.h"

namespace thon::testing {
namespace {

// A caller that asks for the next response as soon as it has the last.
class Follower final : public WatchHub::Watcher {
 public:
  Follower(WatchHub* hub, WatchWorld* world, WatchClient* client)
      : hub_(hub), world_(world), client_(client) {}

  void Begin() {
    client_->Begin();
    client_->trace.calls.back().read_on = false;
    {
      MutexLock lock(&mu_);
      in_call_ = true;
      ended_ = absl::OkStatus();
    }
    const WatchId id =
        hub_->Subscribe(client_->viewer, client_->Normal(), this);
    {
      MutexLock lock(&mu_);
      client_->id = id;
    }
    hub_->Request(id);
  }
  void Leave() {
    hub_->Unsubscribe(client_->id);
    MutexLock lock(&mu_);
    in_call_ = false;
    client_->Leave(0, ended_);
  }
  // Waits until PROGRESS reaches `position`, or the call ends. A change that
  // the queries do not see is told with the next PROGRESS, so time passes.
  void AwaitTold(Position position) {
    while (true) {
      {
        MutexLock lock(&mu_);
        if (client_->told >= position || !ended_.ok()) return;
        changed_.WaitFor(&mu_, 5);
        if (client_->told >= position || !ended_.ok()) return;
      }
      world_->clock().Advance(14'000);
      hub_->Poke();
    }
  }
  absl::Status AwaitEnd() {
    MutexLock lock(&mu_);
    while (ended_.ok()) changed_.Wait(&mu_);
    return ended_;
  }

 private:
  void OnResponse(SharedPage page) override {
    WatchId id = 0;
    {
      MutexLock lock(&mu_);
      EXPECT_TRUE(in_call_) << "a call after leaving";
      client_->Hear(page->response(), 0,
                    Position(world_->log().end().next_position.value - 1));
      id = client_->id;
      changed_.NotifyAll();
    }
    // The caller may not know its number yet; then it asks first of all.
    if (id != 0) hub_->Request(id);
  }
  void OnEnd(const absl::Status& reason) override {
    MutexLock lock(&mu_);
    EXPECT_TRUE(in_call_) << "a call after leaving";
    ended_ = reason;
    changed_.NotifyAll();
  }

  WatchHub* const hub_;
  WatchWorld* const world_;
  WatchClient* const client_;
  Mutex mu_;
  CondVar changed_;
  bool in_call_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status ended_ ABSL_GUARDED_BY(mu_);
};

class WatchHubTest : public ::testing::Test {
 protected:
  WatchOptions Options() {
    WatchOptions options = world_.Options();
    options.round_ms = 0;  // Its clock stands still.
    options.page_bytes = 2000;
    options.feed_keys = 200;
    return options;
  }
  WatchClient* NewClient(v1::WatchRequest request, std::uint64_t officer) {
    clients_.push_back(std::make_unique<WatchClient>());
    clients_.back()->viewer = Viewer::Officer(OfficerId(officer));
    clients_.back()->request = std::move(request);
    return clients_.back().get();
  }
  void Publish(WatchHub* hub, const WatchWorld::Written& written) {
    hub->Publish(written, world_.end());
  }
  static v1::WatchRequest TeamsOf(std::uint64_t root) {
    v1::WatchRequest request;
    v1::WatchQuery* const query = request.add_queries();
    query->set_projection(v1::WATCHED_PROJECTION_TEAMS);
    query->set_root_unit_id(root);
    return request;
  }
  void CheckAll() {
    for (const auto& client : clients_) {
      client->LookInto(world_);
      EXPECT_THAT(CheckWatch(client->trace), IsOk())
          << client->request.ShortDebugString();
    }
  }

  WatchWorld world_{11};
  std::vector<std::unique_ptr<WatchClient>> clients_;
};

TEST_F(WatchHubTest, CallersComeAndGoWhileRowsChange) {
  WatchHub hub(Options());
  for (std::size_t i = 0; i < 6; ++i) {
    const std::uint64_t officer = 1 + i % 2;
    // The last two ask what two others do, and share their pages.
    NewClient(i < 4 ? world_.AnyRequest(officer) : clients_[i - 4]->request,
              officer);
  }
  std::vector<std::unique_ptr<Follower>> followers;
  for (const auto& client : clients_) {
    followers.push_back(
        std::make_unique<Follower>(&hub, &world_, client.get()));
  }
  Mutex mu;
  Position published;
  std::thread writer([&] {
    for (int i = 0; i < 400; ++i) {
      const WatchWorld::Written written = world_.Change();
      hub.Publish(written, world_.end());
      MutexLock lock(&mu);
      published = world_.end();
    }
  });
  const auto so_far = [&] {
    MutexLock lock(&mu);
    return published;
  };
  std::vector<std::thread> callers;
  for (const auto& follower : followers) {
    callers.emplace_back([&so_far, follower = follower.get()] {
      for (int call = 0; call < 12; ++call) {
        follower->Begin();
        follower->AwaitTold(so_far());
        follower->Leave();
      }
    });
  }
  writer.join();
  for (std::thread& caller : callers) caller.join();
  for (const auto& follower : followers) {
    follower->Begin();
    follower->AwaitTold(world_.end());
    follower->Leave();
  }
  for (const auto& client : clients_) {
    // Unless its right has ended.
    if (client->trace.calls.back().end.ok()) {
      EXPECT_EQ(client->told, world_.end());
    }
  }
  CheckAll();
}

TEST_F(WatchHubTest, ACallerWhoNeverAsksHoldsNobodyUp) {
  WatchHub hub(Options());
  Follower reads(&hub, &world_, NewClient(TeamsOf(0), 1));
  class Silent final : public WatchHub::Watcher {
    void OnResponse(SharedPage) override { ADD_FAILURE(); }
    void OnEnd(const absl::Status&) override { ADD_FAILURE(); }
  } silent;
  const WatchId id = hub.Subscribe(Viewer::Officer(OfficerId(1)),
                                   *NormaliseWatch(TeamsOf(0)), &silent);
  reads.Begin();
  for (int i = 0; i < 100; ++i) Publish(&hub, world_.Change());
  reads.AwaitTold(world_.end());
  hub.Unsubscribe(id);
  reads.Leave();
  CheckAll();
}

// A caller of past moments, on the test's own thread.
class Historian final : public WatchHub::Watcher {
 public:
  bool AwaitBegun() {
    MutexLock lock(&mu_);
    while (!begun_ && ended_.ok()) changed_.Wait(&mu_);
    return begun_;
  }
  absl::Status AwaitEnd() {
    MutexLock lock(&mu_);
    while (ended_.ok()) changed_.Wait(&mu_);
    return ended_;
  }

 private:
  void OnResponse(SharedPage) override {
    ADD_FAILURE() << "the pages are the caller's own";
  }
  void OnBegun() override {
    MutexLock lock(&mu_);
    begun_ = true;
    changed_.NotifyAll();
  }
  void OnEnd(const absl::Status& reason) override {
    MutexLock lock(&mu_);
    ended_ = reason;
    changed_.NotifyAll();
  }

  Mutex mu_;
  CondVar changed_;
  bool begun_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status ended_ ABSL_GUARDED_BY(mu_);
};

TEST_F(WatchHubTest, ThePastIsReadBesideTheHubWhileRowsChange) {
  WatchHub hub(Options());
  Follower live(&hub, &world_, NewClient(TeamsOf(0), 1));
  live.Begin();
  for (int i = 0; i < 50; ++i) Publish(&hub, world_.Change());
  const Position then = world_.end();
  v1::WatchRequest request;
  for (int i = 0; i < 5; ++i) {
    request = world_.AnyRequest(1);
    request.mutable_as_of()->set_position(then.value);
    const WatchQueries queries = *NormaliseWatch(request);
    Historian historian;
    const WatchId id =
        hub.Subscribe(Viewer::Officer(OfficerId(1)), queries, &historian);
    hub.Request(id);
    ASSERT_TRUE(historian.AwaitBegun());
    std::map<std::uint32_t, WatchTable> tables;
    std::thread writer([&] {
      for (int k = 0; k < 60; ++k) Publish(&hub, world_.Change());
    });
    const std::unique_ptr<PastTables> past = hub.PastAt(queries, then);
    while (!past->done()) {
      const std::optional<v1::WatchResponse> page = past->Step();
      if (!page.has_value()) continue;
      for (const v1::WatchedRow& row : page->rows()) {
        tables[row.query_id()][row.key()] = row.row();
      }
    }
    writer.join();
    hub.Unsubscribe(id);
    for (std::size_t q = 0; q < queries.ids.size(); ++q) {
      EXPECT_EQ(tables[queries.ids[q]],
                world_.TableAt(queries.queries[q], then));
    }
  }
  live.AwaitTold(world_.end());
  live.Leave();
  CheckAll();
}

TEST_F(WatchHubTest, ACallerOfThePastIsSentAwayWithTheOthers) {
  WatchHub hub(Options());
  v1::WatchRequest request = TeamsOf(21);
  request.mutable_as_of()->set_position(1);
  Historian historian;
  const WatchId id = hub.Subscribe(Viewer::Officer(OfficerId(2)),
                                   *NormaliseWatch(request), &historian);
  ASSERT_TRUE(historian.AwaitBegun());
  Historian stays;
  const WatchId other = hub.Subscribe(Viewer::Officer(OfficerId(1)),
                                      *NormaliseWatch(request), &stays);
  ASSERT_TRUE(stays.AwaitBegun());
  Publish(&hub, world_.Grant(2, 2, 21, true));
  EXPECT_EQ(historian.AwaitEnd().code(), absl::StatusCode::kPermissionDenied);
  hub.Unsubscribe(id);
  hub.Drain();
  EXPECT_EQ(stays.AwaitEnd().code(), absl::StatusCode::kUnavailable);
  hub.Unsubscribe(other);
}

TEST_F(WatchHubTest, AChangeOutsideTheScopeMovesTheBookmark) {
  WatchHub hub(Options());
  Follower follower(&hub, &world_, NewClient(TeamsOf(21), 1));
  follower.Begin();
  follower.AwaitTold(world_.end());
  Publish(&hub, world_.ChangeMonth(112));
  follower.AwaitTold(world_.end());
  follower.Leave();
  CheckAll();
}

TEST_F(WatchHubTest, ADrainedHubSendsEverybodyAway) {
  WatchHub hub(Options());
  Follower before(&hub, &world_, NewClient(TeamsOf(0), 1));
  before.Begin();
  before.AwaitTold(world_.end());
  hub.Drain();
  EXPECT_EQ(before.AwaitEnd().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(RetryAfterOf(before.AwaitEnd()).has_value());
  before.Leave();
  Follower after(&hub, &world_, NewClient(TeamsOf(0), 1));
  after.Begin();
  EXPECT_EQ(after.AwaitEnd().code(), absl::StatusCode::kUnavailable);
  after.Leave();
}

TEST_F(WatchHubTest, NobodyWatchingCostsNothing) {
  WatchHub hub(Options());
  for (int i = 0; i < 50; ++i) Publish(&hub, world_.Change());
  EXPECT_EQ(hub.stats().rounds, 0u);
  EXPECT_EQ(hub.stats().position, Position(0));
}

TEST_F(WatchHubTest, MoreKeysThanTheHubKeepsAreASnapshot) {
  WatchOptions options = Options();
  options.changed_keys = 3;
  WatchHub hub(options);
  Follower follower(&hub, &world_, NewClient(TeamsOf(0), 1));
  follower.Begin();
  follower.AwaitTold(world_.end());
  RowStore::EntryRows all;
  for (int i = 0; i < 20; ++i) {
    const WatchWorld::Written written = world_.ChangeMonth(101);
    all.versions.insert(all.versions.end(), written[0].versions.begin(),
                        written[0].versions.end());
  }
  hub.Publish({all}, world_.end());
  follower.AwaitTold(world_.end());
  follower.Leave();
  const v1::WatchResponse& last =
      clients_[0]->trace.calls[0].heard.back().response;
  bool lagged = false;
  for (const Heard& heard : clients_[0]->trace.calls[0].heard) {
    for (const v1::WatchStarted& started : heard.response.started()) {
      lagged = lagged || started.reason() == v1::WATCH_START_REASON_LAGGED;
    }
  }
  EXPECT_TRUE(lagged) << last.ShortDebugString();
  CheckAll();
}

}  // namespace
}  // namespace thon::testing
