// Goal: a phone sees its own team's rows and its own standings and nothing
// else, as long as it is the team's phone; an officer sees an author's
// standings where the author's team stands. Method: watches over a small world,
// each right taken away in turn.
#include "server/watch/viewer.h"

#include <gtest/gtest.h>

#include "server/core/error_info.h"
#include "tests/unit/watch/watches_fixture.h"

namespace thon::testing {
namespace {

using absl::StatusCode;

class ViewerTest : public WatchesTest {
 protected:
  static Viewer Phone(std::uint64_t team) {
    return Viewer::Phone(WatchWorld::AuthorOf(team));
  }
  StatusCode CodeFor(const v1::WatchRequest& request, const Viewer& viewer) {
    WatchClient* const client = NewClient(request, viewer);
    return client->trace.calls[0].end.code();
  }
  static v1::WatchRequest StandingsOf(std::uint64_t team, std::uint64_t root) {
    v1::WatchRequest request =
        RequestOf(v1::WATCHED_PROJECTION_STANDINGS, root);
    request.mutable_queries(0)->set_author(
        std::string(WatchWorld::AuthorOf(team).view()));
    return request;
  }
};

TEST_F(ViewerTest, APhoneFollowsItsTeamAndItself) {
  Start(world_.Options());
  WatchClient* const phone =
      NewClient(WatchWorld::PhoneRequest(101), Phone(101));
  WatchClient* const other =
      NewClient(WatchWorld::PhoneRequest(102), Phone(102));
  Settle();
  const std::size_t heard = other->trace.calls[0].heard.size();
  Take(world_.ChangeMonth(101));
  Take(world_.Decide(101, v1::DETERMINATION_STATE_HELD));
  Take(world_.ChangeTask(101));
  while (world_.TableAt(phone->Normal().queries[3], world_.end()).empty()) {
    Take(world_.ChangeStandings(101));
  }
  Settle();
  std::set<std::uint32_t> changed;
  for (const v1::WatchedRow& row :
       phone->trace.calls[0].heard.back().response.rows()) {
    changed.insert(row.query_id());
  }
  EXPECT_EQ(changed, (std::set<std::uint32_t>{2, 3, 4, 5}));
  EXPECT_EQ(other->trace.calls[0].heard.size(), heard)
      << "another team's phone hears nothing of it";
  CheckAll();
}

TEST_F(ViewerTest, APhoneMaySeeNothingElse) {
  Start(world_.Options());
  for (int i = 1; i <= v1::WatchedProjection_MAX; ++i) {
    const auto projection = static_cast<v1::WatchedProjection>(i);
    for (const std::uint64_t team : {0, 101, 102}) {
      v1::WatchRequest request = RequestOf(projection, 0);
      if (projection == v1::WATCHED_PROJECTION_STANDINGS) {
        request = StandingsOf(team == 0 ? 999 : team, 0);
      } else {
        request.mutable_queries(0)->set_team_id(team);
        if (!NormaliseWatch(request).ok()) continue;
      }
      const bool own =
          team == 101 && (projection == v1::WATCHED_PROJECTION_TEAMS ||
                          projection == v1::WATCHED_PROJECTION_TEAM_MONTHS ||
                          projection == v1::WATCHED_PROJECTION_DETERMINATIONS ||
                          projection == v1::WATCHED_PROJECTION_STANDINGS ||
                          projection == v1::WATCHED_PROJECTION_TASKS);
      EXPECT_EQ(CodeFor(request, Phone(101)),
                own ? StatusCode::kOk : StatusCode::kPermissionDenied)
          << request.ShortDebugString();
      EXPECT_EQ(CodeFor(request, Viewer()), StatusCode::kPermissionDenied);
    }
  }
  v1::WatchRequest both = WatchWorld::PhoneRequest(101);
  *both.add_queries() = RequestOf(v1::WATCHED_PROJECTION_UNITS, 0).queries(0);
  both.mutable_queries(5)->set_query_id(9);
  EXPECT_EQ(CodeFor(both, Phone(101)), StatusCode::kPermissionDenied);
  EXPECT_EQ(CodeFor(WatchWorld::PhoneRequest(999), Phone(999)),
            StatusCode::kPermissionDenied)
      << "nobody enrolled it";
}

TEST_F(ViewerTest, APhoneThatIsRevokedOrOfAnotherTeamHearsNothingMore) {
  Start(world_.Options());
  for (const bool revoked : {true, false}) {
    const std::uint64_t team = revoked ? 101 : 102;
    WatchClient* const phone =
        NewClient(WatchWorld::PhoneRequest(team), Phone(team));
    WatchClient* const stays =
        NewClient(WatchWorld::PhoneRequest(103), Phone(103));
    Settle();
    Take(world_.PutPhone(team, revoked, revoked ? team : 104));
    Take(world_.ChangeTask(team));
    Settle();
    EXPECT_EQ(phone->id, 0u);
    EXPECT_EQ(phone->trace.calls[0].end.code(), StatusCode::kPermissionDenied);
    EXPECT_EQ(ReasonOf(phone->trace.calls[0].end), "GRANT_ENDED");
    EXPECT_NE(stays->id, 0u);
    EXPECT_EQ(CodeFor(WatchWorld::PhoneRequest(team), Phone(team)),
              StatusCode::kPermissionDenied);
  }
}

TEST_F(ViewerTest, StandingsAreReadWhereTheAuthorsTeamStands) {
  Start(world_.Options());
  const Viewer district = Viewer::Officer(OfficerId(2));  // 21: 31 and 32.
  const Viewer commune = Viewer::Officer(OfficerId(3));   // 31.
  EXPECT_EQ(CodeFor(StandingsOf(101, 0), commune), StatusCode::kOk);
  EXPECT_EQ(CodeFor(StandingsOf(104, 0), district), StatusCode::kOk);
  EXPECT_EQ(CodeFor(StandingsOf(104, 0), commune),
            StatusCode::kPermissionDenied);
  EXPECT_EQ(CodeFor(StandingsOf(999, 0), district),
            StatusCode::kPermissionDenied)
      << "whether or not there is such an author";
  EXPECT_EQ(CodeFor(StandingsOf(999, 0), Viewer::Officer(OfficerId(1))),
            StatusCode::kOk);
  // Below a root that may be read, whose rows they are decides.
  WatchClient* const elsewhere = NewClient(StandingsOf(112, 31), commune);
  WatchClient* const moved = NewClient(StandingsOf(102, 0), commune);
  while (world_.TableAt(moved->Normal().queries[0], world_.end()).empty()) {
    Take(world_.ChangeStandings(102));
    Take(world_.ChangeStandings(112));
  }
  Settle();
  EXPECT_NE(moved->id, 0u);
  Take(world_.MoveTeam(102, 52, world_.today()));
  Settle();
  EXPECT_EQ(moved->id, 0u) << "its team left what may be read";
  EXPECT_EQ(moved->trace.calls[0].end.code(), StatusCode::kPermissionDenied);
  for (const Heard& heard : elsewhere->trace.calls[0].heard) {
    EXPECT_TRUE(heard.response.rows().empty());
  }
  CheckAll();
}

TEST_F(ViewerTest, PhonesLeaveRoomForOfficers) {
  absl::Status refused;
  Watches watches(world_.Options(), {[](WatchId, const SharedPage&) {},
                                     [&](WatchId, absl::Status why) {
                                       refused = std::move(why);
                                     }});
  v1::WatchRequest request = WatchWorld::PhoneRequest(101);
  request.mutable_queries()->DeleteSubrange(1, 4);
  WatchId id = 0;
  while (watches.Add(++id, Phone(101), *NormaliseWatch(request))) {
    ASSERT_LE(id, limits::kWatchesMax);
  }
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(RetryAfterOf(refused).has_value());
  EXPECT_TRUE(watches.Add(++id, Viewer::Officer(OfficerId(1)),
                          *NormaliseWatch(request)));
  watches.Remove(id);
}

}  // namespace
}  // namespace thon::testing
