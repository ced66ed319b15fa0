// Goal: a request is taken in one form or refused by the field that is wrong;
// filters and fields choose what they say; the digest is the one that
// watch_service.proto defines.
// Method: requests by hand, and tables of a small world.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"
#include "server/watch/query.h"
#include "server/watch/query_digest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/watch_checkers.h"
#include "tests/unit/watch/watch_world.h"

namespace thon::testing {
namespace {

v1::WatchRequest One(v1::WatchedProjection projection) {
  v1::WatchRequest request;
  request.add_queries()->set_projection(projection);
  return request;
}

std::string FieldRefused(const v1::WatchRequest& request) {
  const absl::StatusOr<WatchQueries> queries = NormaliseWatch(request);
  if (queries.ok()) return "none";
  EXPECT_EQ(queries.status().code(), absl::StatusCode::kInvalidArgument);
  return FieldOf(queries.status());
}

TEST(WatchQueryTest, WhatIsWrongIsRefusedByItsField) {
  EXPECT_EQ(FieldRefused(v1::WatchRequest()), "queries");
  EXPECT_EQ(FieldRefused(One(v1::WATCHED_PROJECTION_UNSPECIFIED)),
            "projection");
  v1::WatchRequest request = One(v1::WATCHED_PROJECTION_TEAMS);
  request.mutable_queries(0)->set_policy_id("YB-2023");
  EXPECT_EQ(FieldRefused(request), "policy_id");
  request = One(v1::WATCHED_PROJECTION_UNITS);
  request.mutable_queries(0)->set_team_id(7);
  EXPECT_EQ(FieldRefused(request), "team_id");
  request = One(v1::WATCHED_PROJECTION_DETERMINATIONS);
  request.mutable_queries(0)->set_first_month(202313);
  EXPECT_EQ(FieldRefused(request), "first_month");
  request.mutable_queries(0)->set_first_month(202307);
  request.mutable_queries(0)->set_last_month(202306);
  EXPECT_EQ(FieldRefused(request), "last_month");
  request = One(v1::WATCHED_PROJECTION_STANDINGS);
  EXPECT_EQ(FieldRefused(request), "author") << "of one author";
  request.mutable_queries(0)->set_author("short");
  EXPECT_EQ(FieldRefused(request), "author");
  request.mutable_queries(0)->set_author(std::string(16, 'a'));
  EXPECT_EQ(FieldRefused(request), "none");
  request.mutable_queries(0)->set_projection(
      v1::WATCHED_PROJECTION_SYNC_HEALTH);
  EXPECT_EQ(FieldRefused(request), "none");
  request.mutable_queries(0)->set_projection(v1::WATCHED_PROJECTION_TASKS);
  EXPECT_EQ(FieldRefused(request), "author");
  request = One(v1::WATCHED_PROJECTION_TEAMS);
  request.mutable_queries(0)->add_fields("name");
  EXPECT_EQ(FieldRefused(request), "none");
  request.mutable_queries(0)->add_fields("names");
  EXPECT_EQ(FieldRefused(request), "fields");
  request = One(v1::WATCHED_PROJECTION_TEAMS);
  *request.add_queries() = request.queries(0);
  EXPECT_EQ(FieldRefused(request), "query_id");
  for (int i = 1; i < 20; ++i) {
    *request.add_queries() = request.queries(0);
    request.mutable_queries(i)->set_query_id(static_cast<std::uint32_t>(i));
  }
  EXPECT_EQ(FieldRefused(request), "queries");
  request = One(v1::WATCHED_PROJECTION_EVENTS);
  request.mutable_queries(0)->set_events_max(-1);
  EXPECT_EQ(FieldRefused(request), "events_max");
  request = One(v1::WATCHED_PROJECTION_TEAMS);
  request.set_resume_token(std::string(1000, 'x'));
  EXPECT_EQ(FieldRefused(request), "resume_token");
  request = One(v1::WATCHED_PROJECTION_EVENTS);
  for (std::uint32_t i = 0; i < 100; ++i) {
    request.mutable_queries(0)->add_payload_types(i);
  }
  EXPECT_EQ(FieldRefused(request), "queries");
}

TEST(WatchQueryTest, RequestsThatMeanTheSameAreTheSame) {
  v1::WatchRequest a = One(v1::WATCHED_PROJECTION_DETERMINATIONS);
  a.mutable_queries(0)->add_states(v1::DETERMINATION_STATE_HELD);
  a.mutable_queries(0)->add_states(v1::DETERMINATION_STATE_REJECTED);
  a.mutable_queries(0)->add_fields("month");
  a.mutable_queries(0)->add_fields("determination.state");
  v1::WatchRequest b = a;
  b.mutable_queries(0)->clear_states();
  b.mutable_queries(0)->add_states(v1::DETERMINATION_STATE_REJECTED);
  b.mutable_queries(0)->add_states(v1::DETERMINATION_STATE_HELD);
  b.mutable_queries(0)->add_states(v1::DETERMINATION_STATE_HELD);
  b.mutable_queries(0)->mutable_fields()->SwapElements(0, 1);
  EXPECT_EQ(NormaliseWatch(a)->canonical, NormaliseWatch(b)->canonical);
  b.mutable_queries(0)->add_states(v1::DETERMINATION_STATE_PAID);
  EXPECT_NE(NormaliseWatch(a)->canonical, NormaliseWatch(b)->canonical);
  b = a;
  b.mutable_queries(0)->set_query_id(9);
  EXPECT_NE(NormaliseWatch(a)->canonical, NormaliseWatch(b)->canonical);
  EXPECT_EQ(NormaliseWatch(a)->queries[0].canonical,
            NormaliseWatch(b)->queries[0].canonical);
}

TEST(WatchQueryTest, FieldsLeaveOutWhatIsNotShown) {
  WatchWorld world(3);
  const auto only = [&](v1::WatchRequest request) {
    const WatchQueries queries = *NormaliseWatch(request);
    return world.TableAt(queries.queries[0], world.end());
  };
  v1::WatchRequest request = One(v1::WATCHED_PROJECTION_POLICIES);
  v1::PolicyRow policy;
  policy.ParseFromString(only(request).begin()->second);
  EXPECT_EQ(policy.policy_id(), WatchWorld::kPolicy);
  EXPECT_EQ(policy.text(), "") << "unless asked for";
  request.mutable_queries(0)->add_fields("text");
  policy.ParseFromString(only(request).begin()->second);
  EXPECT_NE(policy.text(), "");
  EXPECT_EQ(policy.policy_id(), "");

  world.ChangeMonth(101);
  request = One(v1::WATCHED_PROJECTION_TEAM_MONTHS);
  request.mutable_queries(0)->add_fields("team_id");
  request.mutable_queries(0)->add_fields("row.activities");
  v1::WatchedMonth month;
  month.ParseFromString(only(request).begin()->second);
  EXPECT_EQ(month.team_id(), 101u);
  EXPECT_EQ(month.month(), 0);
  EXPECT_EQ(month.row().activities(), 1);
}

TEST(WatchQueryTest, FiltersTakeWhatTheySay) {
  WatchWorld world(4);
  const auto count = [&](const v1::WatchRequest& request) {
    const WatchQueries queries = *NormaliseWatch(request);
    return world.TableAt(queries.queries[0], world.end()).size();
  };
  v1::WatchRequest request = One(v1::WATCHED_PROJECTION_UNITS);
  EXPECT_EQ(count(request), 19u);
  request.mutable_queries(0)->add_levels(v1::UNIT_LEVEL_COMMUNE);
  EXPECT_EQ(count(request), 4u);
  request.mutable_queries(0)->set_root_unit_id(21);
  EXPECT_EQ(count(request), 2u);
  request.mutable_queries(0)->set_structure_date(Date::Of(2022, 1, 1).days);
  EXPECT_EQ(count(request), 0u) << "before the map begins";

  request = One(v1::WATCHED_PROJECTION_TEAMS);
  EXPECT_EQ(count(request), 12u);
  request.mutable_queries(0)->set_root_unit_id(31);
  EXPECT_EQ(count(request), 3u);
  request.mutable_queries(0)->set_team_id(102);
  EXPECT_EQ(count(request), 1u);
  request.mutable_queries(0)->set_team_id(112);
  EXPECT_EQ(count(request), 0u);

  request = One(v1::WATCHED_PROJECTION_ORGANISATIONS);
  EXPECT_EQ(count(request), 2u);
  request.mutable_queries(0)->set_root_unit_id(21);
  EXPECT_EQ(count(request), 1u);

  const std::uint64_t before = world.end().value;
  world.Decide(101, v1::DETERMINATION_STATE_HELD);
  world.Decide(112, v1::DETERMINATION_STATE_PROVISIONAL);
  request = One(v1::WATCHED_PROJECTION_DETERMINATIONS);
  EXPECT_EQ(count(request), 2u);
  request.mutable_queries(0)->add_states(v1::DETERMINATION_STATE_HELD);
  EXPECT_EQ(count(request), 1u);
  request.mutable_queries(0)->add_beneficiary_kinds(
      v1::BENEFICIARY_KIND_ORGANISATION);
  EXPECT_EQ(count(request), 0u);
  request = One(v1::WATCHED_PROJECTION_DETERMINATIONS);
  request.mutable_queries(0)->set_changed_since_position(before + 1);
  EXPECT_EQ(count(request), 1u);
  request.mutable_queries(0)->set_policy_id("other");
  EXPECT_EQ(count(request), 0u);
}

TEST(WatchQueryTest, TheFeedShowsTheNewestEventsOfTheScope) {
  WatchWorld world(5);
  const auto table = [&](const v1::WatchRequest& request) {
    const WatchQueries queries = *NormaliseWatch(request);
    return world.TableAt(queries.queries[0], world.end());
  };
  world.RecordEvents(101, 3);
  world.RecordEvents(112, 5);
  v1::WatchRequest request = One(v1::WATCHED_PROJECTION_EVENTS);
  request.mutable_queries(0)->set_events_max(4);
  std::map<std::string, std::string> rows = table(request);
  ASSERT_EQ(rows.size(), 4u);
  v1::WatchedEvent last;
  last.ParseFromString(rows.rbegin()->second);
  EXPECT_EQ(last.position(), world.end().value);
  EXPECT_EQ(last.team_id(), 112u);
  request.mutable_queries(0)->set_root_unit_id(31);
  rows = table(request);
  ASSERT_EQ(rows.size(), 3u);
  last.ParseFromString(rows.rbegin()->second);
  EXPECT_EQ(last.team_id(), 101u);
  while (world.end().value < limits::kEventWindowPositions + 20) {
    world.RecordEvents(112, 200);
  }
  EXPECT_EQ(table(request).size(), 0u) << "out of the window";
}

TEST(QueryDigestTest, IsTheSumOfTheRowsHashes) {
  WatchTable table;
  QueryDigest digest;
  EXPECT_EQ(digest.Bytes(), std::string(32, '\0'));
  for (int i = 0; i < 200; ++i) {
    const std::string key = absl::StrCat("key", i);
    const std::string row(static_cast<std::size_t>(i), 'r');
    table[key] = row;
    digest.Add(key, row);
    ASSERT_EQ(digest.Bytes(), DigestOf(table)) << i;
  }
  QueryDigest other;
  for (int i = 100; i < 200; ++i) {
    const std::string key = absl::StrCat("key", i);
    other.Add(key, table[key]);
  }
  for (int i = 0; i < 100; ++i) {
    const std::string key = absl::StrCat("key", i);
    digest.Remove(key, table[key]);
    table.erase(key);
  }
  EXPECT_EQ(digest.Bytes(), DigestOf(table));
  EXPECT_EQ(digest, other);
  digest -= other;
  EXPECT_EQ(digest, QueryDigest());
  digest -= other;
  digest += other;
  EXPECT_EQ(digest, QueryDigest());
}

// A row's key and bytes cannot be shifted into each other.
TEST(QueryDigestTest, TellsKeyFromRow) {
  QueryDigest a;
  QueryDigest b;
  a.Add("ab", "c");
  b.Add("a", "bc");
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace thon::testing
