// Goal: libthon's phones of one team hear of one another's work and of what an
// officer decides, each time as changes, with figures as the server holds them.
// Method: a real server with TLS in this process, and libthon with its own
// transport.
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "server/projections/row_keys.h"
#include "tests/unit/rpc/rpc_fixture.h"
#include "thon/client.h"
#include "thon/grpc_transport.h"

namespace thon::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The server's simulated time, in one boot.
class SimClock final : public client::DeviceClock {
 public:
  std::int64_t WallMs() const override { return now_ms; }
  std::int64_t MonotonicMs() const override { return now_ms - kBegin; }
  std::uint32_t Boot() const override { return 1; }
  static constexpr std::int64_t kBegin = 1'600'000'000'000;
  std::int64_t now_ms = ParseInstant("2023-06-20T08:00:00+07:00")->ms;
};

class FollowedClientTest : public RpcTest {
 protected:
  struct LibPhone {
    std::unique_ptr<client::Transport> transport;
    std::unique_ptr<client::Client> client;
    std::vector<client::FollowedChange> changes;
  };

  void SetUp() override {
    RpcTest::SetUp();
    province_.AdvanceTo("2023-06-20T08:00:00+07:00");
  }

  std::unique_ptr<LibPhone> Open(const std::string& name) {
    auto phone = std::make_unique<LibPhone>();
    client::GrpcOptions grpc;
    grpc.target = absl::StrCat("127.0.0.1:", server_->port());
    grpc.ca_pem = tls_.ca_certificate;
    auto transport = client::NewGrpcTransport(grpc);
    EXPECT_THAT(transport.status(), IsOk());
    phone->transport = *std::move(transport);
    client::Options options;
    options.path = absl::StrCat(province_.directory(), "/", name, ".db");
    options.clock = &clock_;
    options.app_version = "test";
    options.on_followed = [phone =
                               phone.get()](const client::FollowedChange& one) {
      phone->changes.push_back(one);
    };
    auto client =
        client::Client::Open(std::move(options), phone->transport.get());
    EXPECT_THAT(client.status(), IsOk());
    phone->client = *std::move(client);
    return phone;
  }
  std::unique_ptr<LibPhone> OpenAndEnrol(const std::string& name,
                                         std::uint64_t team) {
    auto phone = Open(name);
    EXPECT_THAT(phone->client->Enrol(
                    province_.CodeFor(TeamId(team), MemberId(10 * team + 1))),
                IsOk());
    return phone;
  }
  client::Recorded Record(LibPhone& phone, std::uint64_t team,
                          std::int64_t attendees, std::int32_t claimed = 0) {
    v1::Event event;
    event.set_team_id(team);
    event.set_member_id(10 * team + 1);
    event.set_claimed_date(claimed);
    event.mutable_outreach_session()->set_attendees(attendees);
    clock_.now_ms += 3'600'000;  // Another session.
    province_.AdvanceTo(Instant(clock_.now_ms));
    const auto recorded = phone.client->Record(event);
    EXPECT_THAT(recorded.status(), IsOk());
    return *recorded;
  }
  static client::FollowedTeam Held(LibPhone& phone) {
    const auto held = phone.client->Followed();
    EXPECT_THAT(held.status(), IsOk());
    EXPECT_TRUE(held->has_value());
    return held->value_or(client::FollowedTeam());
  }

  SimClock clock_;
};

TEST_F(FollowedClientTest, TwoPhonesOfATeamSeeWhatTheOtherDid) {
  auto one = OpenAndEnrol("one", 1);
  auto two = OpenAndEnrol("two", 1);
  auto stranger = OpenAndEnrol("stranger", 2);
  Record(*one, 1, 5);
  ASSERT_THAT(one->client->SyncOnce(60'000), IsOk());
  client::FollowedTeam held = Held(*one);
  ASSERT_TRUE(held.team.has_value());
  EXPECT_EQ(held.team->team_id(), 1u);
  ASSERT_EQ(held.months.size(), 1u);
  EXPECT_EQ(held.months[0].row().activities(), 1);
  EXPECT_EQ(held.months[0].row().people_reached(), 5);
  ASSERT_FALSE(held.determinations.empty());

  Record(*two, 1, 7);
  ASSERT_THAT(two->client->SyncOnce(60'000), IsOk());
  Record(*stranger, 2, 9);
  ASSERT_THAT(stranger->client->SyncOnce(60'000), IsOk());
  EXPECT_EQ(Held(*stranger).team->team_id(), 2u);

  // The first has nothing to send; it is opened anew and hears what changed.
  one.reset();  // One process a file.
  one = Open("one");
  ASSERT_THAT(one->client->SyncOnce(60'000), IsOk());
  ASSERT_EQ(one->changes.size(), 1u);
  EXPECT_FALSE(one->changes[0].team) << "its row has not changed";
  EXPECT_THAT(one->changes[0].months, ElementsAre(Month(202306)));
  EXPECT_THAT(one->changes[0].standings, IsEmpty());
  held = Held(*one);
  const auto row =
      GetRow<v1::TeamMonth>(*province_.Rows(), Table::kTeamMonth,
                            keys::TeamMonth(TeamId(1), Month(202306)));
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(held.months[0].row().SerializeAsString(), row->SerializeAsString());
  EXPECT_EQ(row->people_reached(), 12);
}

TEST_F(FollowedClientTest, WhatAnOfficerDecidesReachesThePhone) {
  auto phone = OpenAndEnrol("one", 1);
  // 150 days back: a person must decide.
  const client::Recorded held = Record(*phone, 1, 5, Day("2023-01-20"));
  ASSERT_THAT(phone->client->SyncOnce(60'000), IsOk());
  auto standing = phone->client->StandingOf(held.name);
  ASSERT_THAT(standing.status(), IsOk());
  ASSERT_TRUE(standing->has_value());
  EXPECT_EQ((*standing)->standing(), v1::STANDING_HELD);

  v1::Event event;
  v1::HeldDecided* const decided = event.mutable_held_decided();
  decided->set_author(std::string(held.name.author.view()));
  decided->set_first_sequence(1);
  decided->set_last_sequence(1);
  decided->set_counted(true);
  decided->set_period_month(202306);
  decided->set_reason("đã kiểm tra");
  ASSERT_TRUE(province_.Submit(event)->effective());
  event.Clear();
  event.set_team_id(1);
  event.mutable_plan_assigned()->set_task_id(77);
  event.mutable_plan_assigned()->set_due_date(Day("2023-06-30"));
  ASSERT_TRUE(province_.Submit(event)->effective());
  (void)province_.Rows();

  phone->changes.clear();
  ASSERT_THAT(phone->client->SyncOnce(60'000), IsOk());
  standing = phone->client->StandingOf(held.name);
  ASSERT_TRUE(standing->has_value());
  EXPECT_EQ((*standing)->standing(), v1::STANDING_COUNTED);
  ASSERT_EQ(phone->changes.size(), 1u);
  ASSERT_EQ(phone->changes[0].standings.size(), 1u);
  EXPECT_TRUE(phone->changes[0].standings[0] == held.name);
  EXPECT_THAT(phone->changes[0].tasks, ElementsAre(77u));
  ASSERT_EQ(Held(*phone).tasks.size(), 1u);
  EXPECT_EQ(Held(*phone).tasks[0].row().due_date(), Day("2023-06-30"));
}

TEST_F(FollowedClientTest, ARevokedPhoneStillBringsItsEventsIn) {
  auto phone = OpenAndEnrol("one", 1);
  Record(*phone, 1, 5);
  ASSERT_THAT(phone->client->SyncOnce(60'000), IsOk());
  v1::Event event;
  event.mutable_author_revoked()->set_author(
      std::string(phone->client->State().author.view()));
  event.mutable_author_revoked()->set_reason("mất máy");
  ASSERT_TRUE(province_.Submit(event)->effective());
  const client::Recorded later = Record(*phone, 1, 6);
  ASSERT_THAT(phone->client->SyncOnce(60'000), IsOk());
  EXPECT_EQ(phone->client->Pending()->events(), 0u);
  const auto standing = phone->client->StandingOf(later.name);
  ASSERT_THAT(standing.status(), IsOk());
  EXPECT_EQ(phone->client->AnswerOf(later.name)->state,
            client::EventAnswer::State::kRecorded);
}

}  // namespace
}  // namespace thon::testing
