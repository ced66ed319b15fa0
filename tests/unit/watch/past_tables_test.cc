// Goal: a watch of a past moment tells the tables of that moment, whatever
// happens meanwhile and however slowly it is read, and costs the hub nothing.
// Method: tables as of positions that a live watcher was told, of moments
// before the log, and of tables that are read while the world goes on.
// (watches_test.cc compares the past with every PROGRESS of its random runs.)
#include "server/watch/past_tables.h"

#include <gtest/gtest.h>

#include "server/core/error_info.h"
#include "tests/unit/watch/watches_fixture.h"

namespace thon::testing {
namespace {

using absl::StatusCode;
using PastTablesTest = WatchesTest;

v1::WatchRequest Everything() {
  v1::WatchRequest request;
  for (int i = 1; i <= v1::WatchedProjection_MAX; ++i) {
    v1::WatchQuery* const query = request.add_queries();
    query->set_query_id(static_cast<std::uint32_t>(i));
    query->set_projection(static_cast<v1::WatchedProjection>(i));
    if (i == v1::WATCHED_PROJECTION_STANDINGS) {
      query->set_author(std::string(WatchWorld::AuthorOf(101).view()));
    }
  }
  return request;
}

TEST_F(PastTablesTest, ThePastStaysWhatItWasWhileItIsRead) {
  for (int i = 0; i < 60; ++i) world_.Change();
  WatchClient client;
  client.request = Everything();
  const Position then = world_.end();
  std::map<std::uint32_t, WatchTable> before;
  const v1::WatchProgress told = Past(client, then, &before);
  EXPECT_FALSE(before[v1::WATCHED_PROJECTION_EVENTS].empty());

  PastTables slow(PastOptions(), client.Normal(), then);
  std::map<std::uint32_t, WatchTable> tables;
  v1::WatchResponse last;
  while (!slow.done()) {
    world_.Change();
    std::optional<v1::WatchResponse> page = slow.Step();
    if (!page.has_value()) continue;
    ApplyTo(*page, &tables);
    last = *std::move(page);
  }
  EXPECT_EQ(tables, before);
  for (int i = 0; i < told.tables_size(); ++i) {
    EXPECT_EQ(last.progress().tables(i).digest(), told.tables(i).digest());
  }
}

TEST_F(PastTablesTest, BeforeTheLogThereIsNothing) {
  WatchClient client;
  client.request = Everything();
  std::map<std::uint32_t, WatchTable> tables;
  const v1::WatchProgress progress = Past(client, Position(0), &tables);
  EXPECT_EQ(progress.local_date(), 0);
  for (const auto& [id, table] : tables) EXPECT_TRUE(table.empty()) << id;
  EXPECT_EQ(progress.tables_size(), v1::WatchedProjection_MAX);
}

TEST_F(PastTablesTest, TheMapIsThatOfTheLastDayOpenedThen) {
  const Position before = world_.end();
  world_.MoveTeam(101, 52, world_.today());
  WatchClient client;
  client.request = RequestOf(v1::WATCHED_PROJECTION_TEAMS, 31);
  std::map<std::uint32_t, WatchTable> then;
  std::map<std::uint32_t, WatchTable> now;
  Past(client, before, &then);
  Past(client, world_.end(), &now);
  EXPECT_EQ(then[1].size(), 3u);
  EXPECT_EQ(now[1].size(), 2u);
}

TEST_F(PastTablesTest, AMomentComesWithoutAToken) {
  v1::WatchRequest request = RequestOf(v1::WATCHED_PROJECTION_TEAMS, 31);
  request.mutable_as_of()->set_position(1);
  EXPECT_TRUE(NormaliseWatch(request)->past);
  request.set_resume_token("token");
  const absl::Status refused = NormaliseWatch(request).status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(refused), "as_of");
}

TEST_F(PastTablesTest, AWatchOfThePastIsCountedAndEndsWithItsGrant) {
  Start(world_.Options());
  v1::WatchRequest request = RequestOf(v1::WATCHED_PROJECTION_TEAMS, 31);
  request.mutable_as_of()->set_position(world_.end().value);
  WatchClient* const past = NewClient(request, 3);
  EXPECT_NE(past->id, 0u);
  EXPECT_EQ(watches_->size(), 1u);
  EXPECT_EQ(watches_->feed_count(), 0u);
  Ask(past);
  Take(world_.ChangeMonth(101));
  Round();
  EXPECT_FALSE(watches_->Step()) << "its pages are made elsewhere";
  Take(world_.Grant(3, 3, 31, true));
  Round();
  EXPECT_EQ(past->id, 0u);
  EXPECT_EQ(past->trace.calls[0].end.code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(watches_->size(), 0u);
  // What it might see then does not matter, what it may see now does.
  EXPECT_EQ(NewClient(request, 3)->trace.calls[0].end.code(),
            StatusCode::kPermissionDenied);
  for (std::size_t i = 0; i < limits::kWatchesPerOfficerMax; ++i) {
    NewClient(request, 1);
  }
  EXPECT_EQ(NewClient(request, 1)->trace.calls[0].end.code(),
            StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace thon::testing
