// Goal: over the wire a dashboard gets a team's events in pages of one moment,
// hears nothing of a unit that it may not read, and is told who it is.
// Method: a real server with TLS, officers with tokens, and a raw phone.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/unit/rpc/rpc_fixture.h"

namespace thon::testing {
namespace {

using grpc::StatusCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TeamEventsRpcTest : public RpcTest {
 protected:
  grpc::Status List(const std::string& token,
                    const v1::ListTeamEventsRequest& request,
                    v1::ListTeamEventsResponse* response) {
    return query_->ListTeamEvents(As(token), request, response);
  }
  v1::GetViewerResponse Viewer(const std::string& token) {
    v1::GetViewerResponse response;
    const grpc::Status status =
        query_->GetViewer(As(token), v1::GetViewerRequest(), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  std::string TokenOf(std::uint64_t officer) {
    v1::CreateTokenRequest request;
    request.set_officer_id(officer);
    v1::CreateTokenResponse response;
    EXPECT_TRUE(admin_->CreateToken(AsOperator(), request, &response).ok());
    return response.token();
  }
};

TEST_F(TeamEventsRpcTest, PagesGoOnAtTheMomentOfTheFirst) {
  province_.AdvanceTo("2023-06-01T10:00:00+07:00");
  TestPhone phone = EnrolledPhone(1);
  const std::uint64_t last = Record(&phone, 5);
  v1::ListTeamEventsRequest request;
  request.set_team_id(1);
  request.set_page_size(2);
  request.mutable_options()->set_min_position(last);
  v1::ListTeamEventsResponse first;
  ASSERT_TRUE(List(operator_, request, &first).ok());
  ASSERT_EQ(first.events_size(), 2);
  EXPECT_EQ(first.events(0).position(), last);
  EXPECT_EQ(first.events(0).type(), "outreach_session");
  EXPECT_EQ(first.events(0).event().outreach_session().attendees(), 7);
  EXPECT_EQ(first.events(0).member_id(), 11u);
  EXPECT_EQ(first.events(0).standing(), "COUNTED");

  Record(&phone, 3);  // Newer than the first page: not in the next ones.
  request.set_page_token(first.next_page_token());
  request.clear_options();
  v1::ListTeamEventsResponse second;
  ASSERT_TRUE(List(operator_, request, &second).ok());
  EXPECT_EQ(second.position(), first.position());
  ASSERT_EQ(second.events_size(), 2);
  EXPECT_EQ(second.events(0).position(), last - 2);
}

TEST_F(TeamEventsRpcTest, OnlyAReaderOfTheTeamsUnitHearsOfIt) {
  EnrolledPhone(1);
  const std::string of_101 = OfficerToken(71, v1::ROLE_READER, 101);
  const std::string of_102 = OfficerToken(72, v1::ROLE_READER, 102);
  v1::ListTeamEventsRequest request;
  v1::ListTeamEventsResponse response;
  request.set_team_id(1);
  EXPECT_TRUE(List(of_101, request, &response).ok());
  EXPECT_EQ(List(of_102, request, &response).error_code(),
            StatusCode::PERMISSION_DENIED);
  request.set_team_id(99);
  EXPECT_EQ(List(of_102, request, &response).error_code(),
            StatusCode::PERMISSION_DENIED)
      << "whether or not the team exists";
  ExpectFault(List(operator_, request, &response), StatusCode::NOT_FOUND,
              "NOT_FOUND");
  request.set_organisation_id(1);
  ExpectFault(List(operator_, request, &response), StatusCode::INVALID_ARGUMENT,
              "INVALID_FIELD");
  request.Clear();
  ExpectFault(List(operator_, request, &response), StatusCode::INVALID_ARGUMENT,
              "INVALID_FIELD");
  request.set_team_id(1);
  for (const char* token : {"x", "00", "00000000000000010000000000000000"}) {
    request.set_page_token(token);
    const grpc::Status refused = List(operator_, request, &response);
    ExpectFault(refused, StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
    EXPECT_EQ(FaultOf(refused).field, "page_token") << token;
  }
  request.clear_page_token();
  request.set_page_size(-1);
  EXPECT_EQ(FaultOf(List(operator_, request, &response)).field, "page_size");
}

TEST_F(TeamEventsRpcTest, AViewerIsToldTheGrantsThatHoldToday) {
  province_.AdvanceTo("2023-06-01T10:00:00+07:00");
  const v1::GetViewerResponse first = Viewer(operator_);
  EXPECT_EQ(first.officer_id(), 1u);
  EXPECT_GT(first.position(), 0u);
  ASSERT_EQ(first.grants_size(), 1);
  EXPECT_EQ(first.grants(0).role(), v1::ROLE_OPERATOR);
  EXPECT_EQ(first.grants(0).unit_id(), 0u);
  EXPECT_THAT(first.units(), IsEmpty()) << "the whole log is no unit";

  const std::string reader = OfficerToken(70, v1::ROLE_READER, 132);
  v1::Event event;
  v1::GrantIssued* const grant = event.mutable_grant_issued();
  grant->set_grant_id(71);
  grant->set_officer_id(70);
  grant->set_role(v1::ROLE_OFFICER);
  grant->set_unit_id(101);
  grant->set_from_date(Day("2023-06-02"));
  grant->set_to_date(Day("2023-06-03"));
  ASSERT_TRUE(province_.Submit(event)->effective());
  const auto ids = [&] {
    std::vector<std::uint64_t> units;
    const v1::GetViewerResponse viewer = Viewer(reader);
    EXPECT_EQ(viewer.officer_id(), 70u);
    EXPECT_EQ(viewer.grants_size(), viewer.units_size());
    for (int i = 0; i < viewer.grants_size(); ++i) {
      EXPECT_EQ(viewer.grants(i).unit_id(), viewer.units(i).unit_id());
      units.push_back(viewer.units(i).unit_id());
    }
    return units;
  };
  EXPECT_THAT(ids(), ElementsAre(132)) << "the other begins tomorrow";
  province_.AdvanceTo("2023-06-03T10:00:00+07:00");
  EXPECT_THAT(ids(), ElementsAre(132, 101));
  province_.AdvanceTo("2023-06-04T10:00:00+07:00");
  EXPECT_THAT(ids(), ElementsAre(132)) << "the other has ended";
  event.Clear();
  event.mutable_grant_revoked()->set_grant_id(70);
  ASSERT_TRUE(province_.Submit(event)->effective());
  EXPECT_THAT(ids(), IsEmpty()) << "the token is good, and allows nothing";
}

TEST_F(TeamEventsRpcTest, AViewerNeedsATokenAndNoGrant) {
  const v1::GetViewerResponse nobody = Viewer(TokenOf(4711));
  EXPECT_EQ(nobody.officer_id(), 4711u);
  EXPECT_THAT(nobody.grants(), IsEmpty());
  v1::GetViewerResponse response;
  EXPECT_EQ(query_->GetViewer(As("nonsense"), v1::GetViewerRequest(), &response)
                .error_code(),
            StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(
      query_->GetViewer(As(""), v1::GetViewerRequest(), &response).error_code(),
      StatusCode::UNAUTHENTICATED);
}

}  // namespace
}  // namespace thon::testing
