// Goal: over the wire a phone hears how its own team stands, and shows a month
// from it with the server's engine. Method: a real server with TLS in this
// process; a raw stream that can break the rules, and libthon with its own
// transport.
#include <gmock/gmock.h>

#include <filesystem>
#include <string>

#include "tests/unit/rpc/rpc_fixture.h"
#include "thon/client.h"
#include "thon/grpc_transport.h"

namespace thon::testing {
namespace {

using TeamViewRpcTest = RpcTest;

v1::SyncRequest Ask(std::int32_t first_month, std::uint64_t min_position = 0) {
  v1::SyncRequest request;
  request.mutable_team_view()->set_first_month(first_month);
  request.mutable_team_view()->set_min_position(min_position);
  return request;
}

TEST_F(TeamViewRpcTest, TheViewHoldsWhatWasRecordedBeforeIt) {
  province_.AdvanceTo("2023-06-02T08:00:00+07:00");
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  const v1::Answer answer = call.Answer(phone.Next(3));
  const std::uint64_t last = answer.receipt().first_position() + 2;
  ASSERT_TRUE(call.Send(Ask(202306, last)));
  const v1::SyncResponse response = call.Read();
  ASSERT_TRUE(response.has_team_view());
  const v1::TeamView& view = response.team_view();
  EXPECT_GE(view.position(), last);
  EXPECT_EQ(view.end_sequence(), 4u);
  EXPECT_EQ(view.team().team_id(), 1u);
  ASSERT_EQ(view.months_size(), 1);
  EXPECT_GT(view.months(0).determinations_size(), 0);
  // A position of no log is not waited for.
  ASSERT_TRUE(call.Send(Ask(202306, UINT64_MAX)));
  EXPECT_TRUE(call.Read().has_team_view());
  // Standings and batches go on beside it.
  EXPECT_EQ(call.Answer(phone.Next()).code(), v1::ANSWER_CODE_RECORDED);
  call.CloseSend();
  EXPECT_TRUE(call.End().ok());
}

TEST_F(TeamViewRpcTest, AStreamThatIsHalfClosedStillHearsTheView) {
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  ASSERT_TRUE(call.Send(Ask(202305)));
  call.CloseSend();
  EXPECT_TRUE(call.Read().has_team_view());
  EXPECT_TRUE(call.End().ok());
}

TEST_F(TeamViewRpcTest, WhoIsNotEnrolledOrAsksForNoMonthIsToldSo) {
  TestPhone stranger(7);
  SyncCall first(sync_.get());
  first.Greet(stranger);
  first.Send(Ask(202305));
  ExpectFault(first.End(), grpc::StatusCode::UNAUTHENTICATED, "UNKNOWN_AUTHOR");

  TestPhone phone = EnrolledPhone(1);
  SyncCall second(sync_.get());
  second.Greet(phone);
  second.Send(Ask(202313));
  const grpc::Status status = second.End();
  ExpectFault(status, grpc::StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  EXPECT_EQ(FaultOf(status).field, "team_view");
}

// The server's simulated time, in one boot.
class SimClock final : public client::DeviceClock {
 public:
  std::int64_t WallMs() const override { return now_ms; }
  std::int64_t MonotonicMs() const override { return 1'000; }
  std::uint32_t Boot() const override { return 1; }
  std::int64_t now_ms = ParseInstant("2023-06-20T08:00:00+07:00")->ms;
};

TEST_F(TeamViewRpcTest, APhoneShowsItsMonthAndHearsWhatChanged) {
  province_.AdvanceTo("2023-06-20T08:00:00+07:00");
  client::GrpcOptions grpc;
  grpc.target = absl::StrCat("127.0.0.1:", server_->port());
  grpc.ca_pem = tls_.ca_certificate;
  ASSERT_OK_AND_ASSIGN(const auto transport, client::NewGrpcTransport(grpc));
  const SimClock clock;
  client::Options options;
  options.path = absl::StrCat(province_.directory(), "/phone.db");
  options.clock = &clock;
  options.app_version = "test";
  ASSERT_OK_AND_ASSIGN(const auto phone,
                       client::Client::Open(options, transport.get()));
  ASSERT_THAT(phone->Enrol(province_.CodeFor(TeamId(1), MemberId(11))), IsOk());
  const Month june = Month::Of(2023, 6);
  ASSERT_OK_AND_ASSIGN(client::MonthPreview preview, phone->PreviewMonth(june));
  EXPECT_FALSE(preview.has_view);
  v1::Event event;
  event.set_team_id(1);
  event.set_member_id(11);
  event.mutable_outreach_session()->set_attendees(12);
  ASSERT_THAT(phone->Record(event).status(), IsOk());
  ASSERT_THAT(phone->SyncOnce(60'000), IsOk());
  ASSERT_OK_AND_ASSIGN(preview, phone->PreviewMonth(june));
  ASSERT_TRUE(preview.has_view);
  EXPECT_TRUE(preview.own_events.empty()) << "the view waited for them";
  ASSERT_EQ(preview.policies.size(), 1u);
  EXPECT_EQ(preview.policies[0].determination.state(),
            v1::DETERMINATION_STATE_COVERED_UNFUNDED);

  province_.ApproveFunding();
  ASSERT_THAT(province_.Rows() == nullptr ? absl::InternalError("no rows")
                                          : absl::OkStatus(),
              IsOk());
  phone->WantTeamView();
  ASSERT_THAT(phone->SyncOnce(60'000), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto differences, phone->Differences());
  bool funded = false;
  for (const client::Difference& one : differences) {
    funded |= one.field == client::Difference::Field::kFunding;
    EXPECT_FALSE(one.text.vi.empty());
    EXPECT_FALSE(one.text.en.empty());
  }
  EXPECT_TRUE(funded);
  ASSERT_OK_AND_ASSIGN(preview, phone->PreviewMonth(june));
  EXPECT_EQ(preview.policies[0].determination.amount_vnd(),
            Province::kMonthVnd);
}

}  // namespace
}  // namespace thon::testing
