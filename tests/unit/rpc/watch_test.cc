// Goal: over the wire a watch is what watch_service.proto says: snapshot,
// changes, PROGRESS, a token that is good after a restart, and statuses with
// reasons for what is refused.
// Method: a real server with TLS over a small province; phones record, officers
// act, callers watch; what a caller holds is compared with what the query
// service answers as of the same position.
#include <gmock/gmock.h>

#include <map>
#include <optional>

#include "server/core/limits.h"
#include "server/watch/watch_hub.h"
#include "tests/support/watch_checkers.h"
#include "tests/unit/rpc/rpc_fixture.h"
#include "thon/v1/watch_service.grpc.pb.h"

namespace thon::testing {
namespace {

using grpc::StatusCode;

// A caller in one thread: reads when told to.
class WatchCaller {
 public:
  WatchCaller(v1::WatchService::Stub* stub, grpc::ClientContext* context,
              const v1::WatchRequest& request)
      : context_(context),
        request_(request),
        reader_(stub->Watch(context, request)) {}

  // Reads on until PROGRESS is at `position` or beyond. False: the call ended.
  bool ReadTo(std::uint64_t position) {
    while (progress_.position() < position) {
      v1::WatchResponse response;
      if (!reader_->Read(&response)) return false;
      for (const v1::WatchStarted& started : response.started()) {
        started_.push_back(started);
        if (started.clear()) tables_[started.query_id()].clear();
      }
      for (const v1::WatchedRow& row : response.rows()) {
        ++rows_heard_;
        if (row.removed()) {
          tables_[row.query_id()].erase(row.key());
        } else {
          tables_[row.query_id()][row.key()] = row.row();
        }
      }
      if (response.has_progress()) {
        progress_ = response.progress();
        for (const v1::WatchedTable& table : progress_.tables()) {
          EXPECT_EQ(table.digest(), DigestOf(tables_[table.query_id()]));
          EXPECT_EQ(table.row_count(), tables_[table.query_id()].size());
        }
      }
    }
    return true;
  }
  grpc::Status Leave() {
    context_->TryCancel();
    return End();
  }
  grpc::Status End() {
    v1::WatchResponse response;
    while (reader_->Read(&response)) {
    }
    return reader_->Finish();
  }
  template <typename Row>
  std::vector<Row> Rows(std::uint32_t query) {
    std::vector<Row> rows;
    for (const auto& [key, bytes] : tables_[query]) {
      EXPECT_TRUE(rows.emplace_back().ParseFromString(bytes));
    }
    return rows;
  }

  grpc::ClientContext* const context_;
  const v1::WatchRequest request_;
  std::unique_ptr<grpc::ClientReader<v1::WatchResponse>> reader_;
  std::map<std::uint32_t, WatchTable> tables_;
  std::vector<v1::WatchStarted> started_;
  v1::WatchProgress progress_;
  int rows_heard_ = 0;
};

class WatchTest : public RpcTest {
 protected:
  static constexpr std::uint32_t kQueries = v1::WatchedProjection_MAX;

  void SetUp() override {
    RpcTest::SetUp();
    province_.AdvanceTo("2023-06-01T10:00:00+07:00");
    phone_.emplace(EnrolledPhone(1, 1));
    Record(&*phone_, 4);
    watch_ = v1::WatchService::NewStub(channel_);
  }
  std::uint64_t Last() {
    return province_.engine().status().end.next_position.value - 1;
  }
  // A call on `token` for queries; the fixture keeps the context.
  std::unique_ptr<WatchCaller> Watch(const std::string& token,
                                     const v1::WatchRequest& request) {
    return std::make_unique<WatchCaller>(watch_.get(), As(token), request);
  }
  void AddQuery(v1::WatchRequest* request, std::uint32_t id,
                v1::WatchedProjection projection, std::uint64_t root) {
    v1::WatchQuery* const query = request->add_queries();
    query->set_query_id(id);
    query->set_projection(projection);
    query->set_root_unit_id(root);
  }
  v1::WatchRequest Everything(std::uint64_t root) {
    v1::WatchRequest request;
    for (std::uint32_t i = 1; i <= kQueries; ++i) {
      AddQuery(&request, i, static_cast<v1::WatchedProjection>(i), root);
    }
    request.mutable_queries(v1::WATCHED_PROJECTION_STANDINGS - 1)
        ->set_author(std::string(phone_->author().view()));
    return request;
  }
  // What the caller holds is what the queries answer as of the same position.
  void ExpectAsQueried(WatchCaller* caller, std::uint64_t root) {
    v1::ListTeamsRequest teams;
    teams.set_root_unit_id(root);
    teams.mutable_options()->mutable_as_of()->set_position(
        caller->progress_.position());
    v1::ListTeamsResponse listed;
    ASSERT_TRUE(query_->ListTeams(AsOperator(), teams, &listed).ok());
    const auto watched_teams = caller->Rows<v1::TeamRow>(2);
    ASSERT_EQ(watched_teams.size(),
              static_cast<std::size_t>(listed.teams_size()));
    for (int i = 0; i < listed.teams_size(); ++i) {
      EXPECT_EQ(watched_teams[static_cast<std::size_t>(i)].SerializeAsString(),
                listed.teams(i).SerializeAsString());
    }
    v1::ListDeterminationsRequest money;
    money.set_policy_id(Province::kPolicy);
    money.set_root_unit_id(root);
    *money.mutable_options() = teams.options();
    v1::ListDeterminationsResponse determined;
    ASSERT_TRUE(
        query_->ListDeterminations(AsOperator(), money, &determined).ok());
    const auto watched_money = caller->Rows<v1::DeterminationRow>(6);
    ASSERT_EQ(watched_money.size(),
              static_cast<std::size_t>(determined.rows_size()));
    for (int i = 0; i < determined.rows_size(); ++i) {
      EXPECT_EQ(watched_money[static_cast<std::size_t>(i)].SerializeAsString(),
                determined.rows(i).SerializeAsString());
    }
    v1::ListSyncHealthRequest health;
    health.set_root_unit_id(root);
    *health.mutable_options() = teams.options();
    v1::ListSyncHealthResponse heard;
    ASSERT_TRUE(query_->ListSyncHealth(AsOperator(), health, &heard).ok());
    EXPECT_EQ(caller->Rows<v1::SyncHealthRow>(7).size(),
              static_cast<std::size_t>(heard.rows_size()));
    v1::ListUnitsRequest units;
    units.set_root_unit_id(root);
    *units.mutable_options() = teams.options();
    v1::ListUnitsResponse map;
    ASSERT_TRUE(query_->ListUnits(AsOperator(), units, &map).ok());
    EXPECT_EQ(caller->Rows<v1::UnitRow>(1).size(),
              static_cast<std::size_t>(map.units_size()));
  }

  std::optional<TestPhone> phone_;
  std::unique_ptr<v1::WatchService::Stub> watch_;
};

TEST_F(WatchTest, ACallerHoldsWhatTheQueriesAnswer) {
  for (const std::uint64_t root : {0, 15, 132, 101, 102}) {
    const auto caller = Watch(operator_, Everything(root));
    ASSERT_TRUE(caller->ReadTo(Last()));
    ExpectAsQueried(caller.get(), root);
    ASSERT_EQ(caller->started_.size(), kQueries);
    EXPECT_EQ(caller->started_[0].reason(), v1::WATCH_START_REASON_FRESH);
    EXPECT_EQ(caller->Leave().error_code(), StatusCode::CANCELLED);
  }
}

TEST_F(WatchTest, WhatPhonesAndOfficersDoArrives) {
  const auto caller = Watch(operator_, Everything(101));
  ASSERT_TRUE(caller->ReadTo(Last()));
  const int before = caller->rows_heard_;
  ASSERT_TRUE(caller->ReadTo(Record(&*phone_, 3)));
  EXPECT_GT(caller->rows_heard_, before);
  province_.AdvanceTo("2023-08-02T10:00:00+07:00");
  province_.ApproveFunding();
  ASSERT_TRUE(caller->ReadTo(Last()));
  ExpectAsQueried(caller.get(), 101);
  caller->Leave();
}

TEST_F(WatchTest, ATokenIsGoodAfterTheServerStartedAgain) {
  const auto first = Watch(operator_, Everything(0));
  ASSERT_TRUE(first->ReadTo(Last()));
  first->Leave();
  Record(&*phone_, 3);
  server_.reset();
  province_.Restart();
  StartServer();
  watch_ = v1::WatchService::NewStub(channel_);
  v1::WatchRequest request = Everything(0);
  request.set_resume_token(first->progress_.resume_token());
  const auto second = Watch(operator_, request);
  second->tables_ = first->tables_;
  ASSERT_TRUE(second->ReadTo(Last()));
  for (const v1::WatchStarted& started : second->started_) {
    EXPECT_EQ(started.reason(), v1::WATCH_START_REASON_RESUMED);
  }
  EXPECT_LT(second->rows_heard_, first->rows_heard_)
      << "what did not change is not sent again";
  ExpectAsQueried(second.get(), 0);
  second->Leave();
}

TEST_F(WatchTest, AStoppingServerSaysComeBack) {
  const auto caller = Watch(operator_, Everything(0));
  ASSERT_TRUE(caller->ReadTo(Last()));
  server_->Stop(kCallSecondsMax);
  const grpc::Status end = caller->End();
  ExpectFault(end, StatusCode::UNAVAILABLE, "DRAINING");
  server_.reset();
  province_.Restart();
  StartServer();
}

TEST_F(WatchTest, WhatIsRefusedSaysWhy) {
  const std::string reader = OfficerToken(70, v1::ROLE_READER, 101);
  ExpectFault(Watch("", Everything(0))->End(), StatusCode::UNAUTHENTICATED,
              "UNAUTHENTICATED");
  ExpectFault(Watch("nobody's", Everything(0))->End(),
              StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED");
  for (const std::uint64_t root : {0, 15, 132, 102, 4711}) {
    ExpectFault(Watch(reader, Everything(root))->End(),
                StatusCode::PERMISSION_DENIED, "PERMISSION_DENIED");
  }
  v1::WatchRequest request;
  ExpectFault(Watch(reader, request)->End(), StatusCode::INVALID_ARGUMENT,
              "INVALID_FIELD");
  AddQuery(&request, 1, v1::WATCHED_PROJECTION_TEAMS, 101);
  request.mutable_queries(0)->add_fields("no_such_field");
  const grpc::Status field = Watch(reader, request)->End();
  ExpectFault(field, StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  EXPECT_EQ(FaultOf(field).field, "fields");
  request.mutable_queries(0)->clear_fields();
  request.set_resume_token("mangled");
  ExpectFault(Watch(reader, request)->End(), StatusCode::INVALID_ARGUMENT,
              "BAD_RESUME_TOKEN");
}

TEST_F(WatchTest, AGrantThatEndsEndsTheStream) {
  const std::string reader = OfficerToken(71, v1::ROLE_READER, 101);
  const auto caller = Watch(reader, Everything(101));
  ASSERT_TRUE(caller->ReadTo(Last()));
  v1::Event event;
  event.mutable_grant_revoked()->set_grant_id(71);
  const absl::StatusOr<v1::CommandOutcome> revoked = province_.Submit(event);
  ASSERT_THAT(revoked, IsOk());
  ASSERT_TRUE(revoked->effective()) << revoked->detail();
  ExpectFault(caller->End(), StatusCode::PERMISSION_DENIED, "GRANT_ENDED");
}

TEST_F(WatchTest, AnOfficersWatchesAreCounted) {
  const std::string reader = OfficerToken(72, v1::ROLE_READER, 101);
  v1::WatchRequest request;
  AddQuery(&request, 1, v1::WATCHED_PROJECTION_TEAMS, 101);
  std::vector<std::unique_ptr<WatchCaller>> callers;
  for (std::size_t i = 0; i < limits::kWatchesPerOfficerMax; ++i) {
    callers.push_back(Watch(reader, request));
    ASSERT_TRUE(callers.back()->ReadTo(1)) << i;
  }
  const grpc::Status refused = Watch(reader, request)->End();
  ExpectFault(refused, StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_WATCHES");
  for (const auto& caller : callers) caller->Leave();
}

// ---- Of a past moment ----

TEST_F(WatchTest, ThePastIsToldOnceAsALiveCallerHeldIt) {
  const auto live = Watch(operator_, Everything(101));
  ASSERT_TRUE(live->ReadTo(Last()));
  live->Leave();
  const v1::WatchProgress then = live->progress_;
  Record(&*phone_, 3);
  province_.AdvanceTo("2023-08-02T10:00:00+07:00");
  province_.ApproveFunding();

  v1::WatchRequest request = Everything(101);
  request.mutable_as_of()->set_position(then.position());
  const auto past = Watch(operator_, request);
  ASSERT_TRUE(past->ReadTo(then.position()));
  EXPECT_TRUE(past->End().ok());
  EXPECT_EQ(past->tables_, live->tables_);
  EXPECT_EQ(past->progress_.position(), then.position());
  EXPECT_EQ(past->progress_.local_date(), then.local_date());
  EXPECT_EQ(past->progress_.resume_token(), "");
  ASSERT_EQ(past->started_.size(), kQueries);
  for (const v1::WatchStarted& started : past->started_) {
    EXPECT_EQ(started.reason(), v1::WATCH_START_REASON_FRESH);
    EXPECT_EQ(started.position(), then.position());
  }
  ExpectAsQueried(past.get(), 101);
}

TEST_F(WatchTest, AMomentIsAPositionATimeADateOrTheNewest) {
  province_.AdvanceTo("2023-06-03T10:00:00+07:00");
  const auto told = [this](const v1::AsOf& moment) {
    v1::WatchRequest request = Everything(101);
    *request.mutable_as_of() = moment;
    const auto caller = Watch(operator_, request);
    const grpc::Status end = [&] {
      caller->ReadTo(UINT64_MAX);
      return caller->reader_->Finish();
    }();
    EXPECT_TRUE(end.ok()) << end.error_message();
    v1::ListTeamsRequest teams;
    *teams.mutable_options()->mutable_as_of() = moment;
    v1::ListTeamsResponse listed;
    EXPECT_TRUE(query_->ListTeams(AsOperator(), teams, &listed).ok());
    EXPECT_EQ(caller->progress_.position(), listed.position());
    return caller->progress_;
  };
  v1::AsOf moment;
  EXPECT_EQ(told(moment).position(), Last()) << "none: the newest rows";
  moment.set_date(Day("2023-06-02"));
  EXPECT_EQ(told(moment).local_date(), Day("2023-06-02"));
  moment.set_time_ms(Day("2023-06-01") * std::int64_t{86'400'000} +
                     5 * 3'600'000);  // Noon there.
  EXPECT_EQ(told(moment).local_date(), Day("2023-06-01"));
  moment.set_date(Day("2099-01-01"));
  EXPECT_EQ(told(moment).position(), Last());
  moment.set_date(Day("1999-01-01"));
  const v1::WatchProgress before = told(moment);
  EXPECT_EQ(before.position(), 0u);
  for (const v1::WatchedTable& table : before.tables()) {
    EXPECT_EQ(table.row_count(), 0u);
  }
}

TEST_F(WatchTest, AMomentThatTheRowsHaveNotReachedIsWaitedFor) {
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t position = Record(&*phone_, 2);
    v1::WatchRequest request = Everything(0);
    request.mutable_as_of()->set_position(position);
    const auto caller = Watch(operator_, request);
    ASSERT_TRUE(caller->ReadTo(position));
    EXPECT_EQ(caller->progress_.position(), position);
    EXPECT_TRUE(caller->End().ok());
  }
}

TEST_F(WatchTest, AMomentThatIsRefusedSaysWhy) {
  const std::string reader = OfficerToken(73, v1::ROLE_READER, 101);
  v1::WatchRequest request = Everything(101);
  request.mutable_as_of()->set_position(Last() + 1000);
  ExpectFault(Watch(reader, request)->End(), StatusCode::OUT_OF_RANGE,
              "BEYOND_END");
  request.mutable_as_of()->set_position(1);
  ExpectFault(Watch("nobody's", request)->End(), StatusCode::UNAUTHENTICATED,
              "UNAUTHENTICATED");
  EXPECT_TRUE(Watch(reader, request)->End().ok())
      << "the rights are those of today";
  request.set_resume_token("token");
  const grpc::Status both = Watch(reader, request)->End();
  ExpectFault(both, StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  EXPECT_EQ(FaultOf(both).field, "as_of");
  for (const std::uint64_t root : {0, 15, 132, 102, 4711}) {
    v1::WatchRequest elsewhere = Everything(root);
    elsewhere.mutable_as_of()->set_position(Last() + 1000);
    ExpectFault(Watch(reader, elsewhere)->End(), StatusCode::PERMISSION_DENIED,
                "PERMISSION_DENIED");
  }
}

// Streams that are opened and dropped leave nothing behind.
TEST_F(WatchTest, CallersThatVanishAreForgotten) {
  v1::WatchRequest request;
  AddQuery(&request, 1, v1::WATCHED_PROJECTION_TEAM_MONTHS, 0);
  for (int i = 0; i < 300; ++i) {
    request.clear_as_of();
    if (i % 2 == 0) request.mutable_as_of()->set_position(Last());
    const auto caller = Watch(operator_, request);
    if (i % 3 == 0) {
      ASSERT_TRUE(caller->ReadTo(1));
    }
    caller->Leave();
  }
  request.clear_as_of();
  const auto caller = Watch(operator_, request);
  ASSERT_TRUE(caller->ReadTo(Last()));
  caller->Leave();
  while (province_.engine().watches().stats().watches > 0) {
    province_.engine().watches().Poke();
  }
}

}  // namespace
}  // namespace thon::testing
