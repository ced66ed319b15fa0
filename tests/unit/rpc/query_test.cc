// Goal: a query answers with the rows of the moment asked for, in pages of one
// moment, and tells a caller nothing of what lies outside the grant.
// Method: a real server with TLS over a small province whose figures are known:
// team 1 is listed and funded, team 2 is listed, team 3 is neither.
#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "server/core/limits.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace thon::testing {
namespace {

using grpc::StatusCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class QueryTest : public RpcTest {
 protected:
  void SetUp() override {
    RpcTest::SetUp();
    v1::Event event;
    v1::OrganisationRegistered* const organisation =
        event.mutable_organisation_registered();
    organisation->set_organisation_id(900);
    organisation->set_name("Sở Thông tin");
    organisation->set_kind(v1::ORGANISATION_KIND_DEPARTMENT);
    organisation->set_unit_id(Province::kProvinceUnit);
    organisation->set_registered_date(Day("2023-01-01"));
    const absl::StatusOr<v1::CommandOutcome> outcome = province_.Submit(event);
    ASSERT_THAT(outcome, IsOk());
    ASSERT_TRUE(outcome->effective()) << outcome->detail();
    province_.AdvanceTo("2023-06-01T10:00:00+07:00");
    for (const std::uint64_t team : {1u, 3u}) {
      phones_.push_back(EnrolledPhone(team, team));
      recorded_ = Record(&phones_.back(), 4);
    }
    district_reader_ = OfficerToken(70, v1::ROLE_READER, 132);
    reader_101_ = OfficerToken(71, v1::ROLE_READER, 101);
    reader_102_ = OfficerToken(72, v1::ROLE_READER, 102);
    ASSERT_THAT(
        province_.engine().AwaitRows(
            Position(province_.engine().status().end.next_position.value - 1),
            60'000),
        IsOk());
  }

  // Calls a query as the operator; the reply. The status is OK.
  template <typename Request, typename Response>
  Response Ask(grpc::Status (v1::QueryService::Stub::*method)(
                   grpc::ClientContext*, const Request&, Response*),
               const Request& request) {
    Response response;
    const grpc::Status status =
        (query_.get()->*method)(AsOperator(), request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  template <typename Request, typename Response>
  grpc::Status StatusAs(const std::string& token,
                        grpc::Status (v1::QueryService::Stub::*method)(
                            grpc::ClientContext*, const Request&, Response*),
                        const Request& request) {
    Response response;
    return (query_.get()->*method)(As(token), request, &response);
  }

  std::vector<TestPhone> phones_;  // Of teams 1 and 3.
  std::uint64_t recorded_ = 0;     // Position of the last event.
  std::string district_reader_;
  std::string reader_101_;
  std::string reader_102_;
};
using Stub = v1::QueryService::Stub;

// ---- What is asked is answered
// -------------------------------------------------

TEST_F(QueryTest, AUnitComesByIdOrByCodeWithItsAncestors) {
  v1::GetUnitRequest request;
  request.set_unit_id(101);
  const v1::GetUnitResponse by_id = Ask(&Stub::GetUnit, request);
  EXPECT_EQ(by_id.unit().unit_id(), 101u);
  ASSERT_EQ(by_id.path_size(), 2);
  EXPECT_EQ(by_id.path(0).unit_id(), 15u);
  EXPECT_EQ(by_id.path(1).unit_id(), 132u);
  EXPECT_GE(by_id.position(), recorded_);
  request.Clear();
  request.set_code("04771");
  EXPECT_EQ(Ask(&Stub::GetUnit, request).unit().unit_id(), 101u);

  request.set_unit_id(101);
  const grpc::Status both = StatusAs(operator_, &Stub::GetUnit, request);
  ExpectFault(both, StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  EXPECT_EQ(FaultOf(both).field, "unit_id");
  request.Clear();
  request.set_code("99999");
  ExpectFault(StatusAs(operator_, &Stub::GetUnit, request),
              StatusCode::NOT_FOUND, "NOT_FOUND");
}

TEST_F(QueryTest, UnitsOfALevelBelowAUnit) {
  v1::ListUnitsRequest request;
  request.set_root_unit_id(132);
  request.set_level(v1::UNIT_LEVEL_COMMUNE);
  const v1::ListUnitsResponse communes = Ask(&Stub::ListUnits, request);
  ASSERT_EQ(communes.units_size(), 2);
  EXPECT_EQ(communes.units(0).unit_id(), 101u);
  EXPECT_EQ(communes.units(1).unit_id(), 102u);
  request.clear_level();
  request.set_root_unit_id(101);
  EXPECT_EQ(Ask(&Stub::ListUnits, request).units_size(), 3)
      << "the commune and its two villages";
  request.set_structure_date(Day("2022-01-01"));
  EXPECT_EQ(Ask(&Stub::ListUnits, request).units_size(), 0)
      << "before the map begins";
}

TEST_F(QueryTest, ATeamComesWithItsPathMembersAndPhones) {
  v1::GetTeamRequest request;
  request.set_team_id(1);
  const v1::GetTeamResponse team = Ask(&Stub::GetTeam, request);
  EXPECT_EQ(team.team().members_size(), 2);
  ASSERT_EQ(team.path_size(), 4);
  EXPECT_EQ(team.path(0).unit_id(), 15u);
  EXPECT_EQ(team.path(3).unit_id(), 1001u);
  ASSERT_EQ(team.authors_size(), 1);
  EXPECT_EQ(team.authors(0).author(), phones_[0].author().view());
  ASSERT_EQ(team.sync_health_size(), 1);
  EXPECT_EQ(team.sync_health(0).last_sequence(), 4u);
}

TEST_F(QueryTest, OrganisationsOfASubtree) {
  v1::ListOrganisationsRequest request;
  const v1::ListOrganisationsResponse all =
      Ask(&Stub::ListOrganisations, request);
  ASSERT_EQ(all.organisations_size(), 1);
  EXPECT_EQ(all.organisations(0).name(), "Sở Thông tin");
  request.set_root_unit_id(132);
  EXPECT_EQ(Ask(&Stub::ListOrganisations, request).organisations_size(), 0)
      << "the province's own is not the district's";
}

TEST_F(QueryTest, MonthsOfActivityOfATeam) {
  v1::ListTeamMonthsRequest request;
  request.set_team_id(1);
  const v1::ListTeamMonthsResponse months = Ask(&Stub::ListTeamMonths, request);
  ASSERT_EQ(months.months_size(), 1);
  EXPECT_EQ(months.months(0).month(), 202306);
  EXPECT_EQ(months.months(0).row().active_days(), 1);
  request.set_first_month(202307);
  EXPECT_EQ(Ask(&Stub::ListTeamMonths, request).months_size(), 0);
  request.set_organisation_id(900);
  ExpectFault(StatusAs(operator_, &Stub::ListTeamMonths, request),
              StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  request.clear_team_id();
  request.clear_first_month();
  EXPECT_EQ(Ask(&Stub::ListTeamMonths, request).months_size(), 0);
  request.set_organisation_id(901);
  ExpectFault(StatusAs(operator_, &Stub::ListTeamMonths, request),
              StatusCode::NOT_FOUND, "NOT_FOUND");
}

TEST_F(QueryTest, ADeterminationComesWithTheStepsThatLedToIt) {
  province_.AdvanceTo("2023-10-12T10:00:00+07:00");
  province_.ApproveFunding();
  v1::GetDeterminationRequest request;
  request.set_policy_id(Province::kPolicy);
  request.set_beneficiary_id(1);
  request.set_month(202306);
  request.set_explain(true);
  const v1::GetDeterminationResponse funded =
      Ask(&Stub::GetDetermination, request);
  EXPECT_EQ(funded.row().determination().state(),
            v1::DETERMINATION_STATE_PROVISIONAL);
  EXPECT_EQ(funded.row().determination().amount_vnd(), Province::kMonthVnd);
  EXPECT_FALSE(funded.derivation().rule().empty());
  EXPECT_TRUE(funded.derivation().holds());

  request.clear_policy_id();  // The only policy about this month.
  request.clear_explain();
  const v1::GetDeterminationResponse same =
      Ask(&Stub::GetDetermination, request);
  EXPECT_EQ(same.row().SerializeAsString(), funded.row().SerializeAsString());
  EXPECT_FALSE(same.has_derivation());

  request.set_beneficiary_id(3);
  EXPECT_EQ(
      Ask(&Stub::GetDetermination, request).row().determination().amount_vnd(),
      0);
  request.set_month(202313);
  const grpc::Status bad =
      StatusAs(operator_, &Stub::GetDetermination, request);
  ExpectFault(bad, StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  EXPECT_EQ(FaultOf(bad).field, "month");
  request.set_month(201901);
  const v1::GetDeterminationResponse none =
      Ask(&Stub::GetDetermination, request);
  EXPECT_EQ(none.row().determination().state(),
            v1::DETERMINATION_STATE_NOT_COVERED);
  EXPECT_EQ(none.row().determination().reasons(0),
            v1::REASON_CODE_OUTSIDE_PERIOD);
}

TEST_F(QueryTest, SumsAreThoseOfTheRowsListed) {
  province_.AdvanceTo("2023-10-12T10:00:00+07:00");
  province_.ApproveFunding();
  v1::ListDeterminationsRequest list;
  list.set_policy_id(Province::kPolicy);
  const v1::ListDeterminationsResponse rows =
      Ask(&Stub::ListDeterminations, list);
  v1::SummarizeDeterminationsRequest summarize;
  summarize.set_policy_id(Province::kPolicy);
  const v1::SummarizeDeterminationsResponse sums =
      Ask(&Stub::SummarizeDeterminations, summarize);
  std::int64_t listed_vnd = 0;
  std::int64_t summed_vnd = 0;
  std::int64_t summed_count = 0;
  for (const v1::DeterminationRow& row : rows.rows()) {
    listed_vnd += row.determination().amount_vnd();
  }
  for (const v1::DeterminationSum& sum : sums.sums()) {
    summed_vnd += sum.amount_vnd();
    summed_count += sum.count();
  }
  EXPECT_EQ(summed_count, rows.rows_size());
  EXPECT_EQ(summed_vnd, listed_vnd);
  EXPECT_EQ(summed_vnd, 5 * Province::kMonthVnd) << "June to October";

  list.set_state(v1::DETERMINATION_STATE_PROVISIONAL);
  EXPECT_EQ(Ask(&Stub::ListDeterminations, list).rows_size(), 5);
  list.set_first_month(202307);
  list.set_last_month(202308);
  EXPECT_EQ(Ask(&Stub::ListDeterminations, list).rows_size(), 2);
  list.set_root_unit_id(102);
  EXPECT_EQ(Ask(&Stub::ListDeterminations, list).rows_size(), 0);
  list.set_policy_id("");
  const grpc::Status nameless =
      StatusAs(operator_, &Stub::ListDeterminations, list);
  ExpectFault(nameless, StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  EXPECT_EQ(FaultOf(nameless).field, "policy_id");
}

TEST_F(QueryTest, PoliciesListsAndFundingsThatOneMayRead) {
  province_.AdvanceTo("2023-10-12T10:00:00+07:00");
  province_.ApproveFunding();
  const v1::ListPoliciesResponse all =
      Ask(&Stub::ListPolicies, v1::ListPoliciesRequest());
  ASSERT_EQ(all.policies_size(), 1);
  EXPECT_EQ(all.policies(0).policy_id(), Province::kPolicy);
  ASSERT_EQ(all.fundings_size(), 1);
  EXPECT_EQ(all.fundings(0).team_ids_size(), 0) << "sets are left out";
  ASSERT_EQ(all.lists_size(), 1);

  v1::ListPoliciesResponse part;
  ASSERT_TRUE(
      query_->ListPolicies(As(reader_102_), v1::ListPoliciesRequest(), &part)
          .ok());
  EXPECT_EQ(part.policies_size(), 0);
  EXPECT_EQ(part.fundings_size(), 0);
  EXPECT_EQ(part.lists_size(), 0);
}

TEST_F(QueryTest, StandingsAndHealthOfAuthors) {
  v1::ListStandingsRequest request;
  request.set_author(std::string(phones_[0].author().view()));
  const v1::ListStandingsResponse all = Ask(&Stub::ListStandings, request);
  EXPECT_EQ(all.first_sequence(), 1u);
  EXPECT_EQ(all.end_sequence(), 5u);
  request.set_first_sequence(3);
  request.set_end_sequence(4);
  const v1::ListStandingsResponse one = Ask(&Stub::ListStandings, request);
  EXPECT_EQ(one.first_sequence(), 3u);
  EXPECT_EQ(one.end_sequence(), 4u);
  for (const v1::EventStanding& standing : one.exceptions()) {
    EXPECT_EQ(standing.sequence(), 3u);
  }
  request.set_end_sequence(2);
  const grpc::Status backwards =
      StatusAs(operator_, &Stub::ListStandings, request);
  ExpectFault(backwards, StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  EXPECT_EQ(FaultOf(backwards).field, "end_sequence");
  request.set_author("short");
  ExpectFault(StatusAs(operator_, &Stub::ListStandings, request),
              StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  request.set_author(std::string(16, 'a'));
  ExpectFault(StatusAs(operator_, &Stub::ListStandings, request),
              StatusCode::NOT_FOUND, "NOT_FOUND");

  v1::ListSyncHealthRequest health;
  health.set_root_unit_id(101);
  const v1::ListSyncHealthResponse rows = Ask(&Stub::ListSyncHealth, health);
  ASSERT_EQ(rows.rows_size(), 1);
  EXPECT_EQ(rows.rows(0).author(), phones_[0].author().view());
}

// ---- Of which moment --------------------------------------------------------

TEST_F(QueryTest, ThePastIsReadByDateTimeOrPosition) {
  province_.AdvanceTo("2023-10-12T10:00:00+07:00");
  province_.Rows();  // The projector has caught up.
  const std::uint64_t before = province_.engine().rows_position().value;
  province_.ApproveFunding();
  province_.AdvanceTo("2023-10-14T10:00:00+07:00");
  v1::GetDeterminationRequest request;
  request.set_policy_id(Province::kPolicy);
  request.set_beneficiary_id(1);
  request.set_month(202306);
  const auto vnd = [&] {
    return Ask(&Stub::GetDetermination, request)
        .row()
        .determination()
        .amount_vnd();
  };
  v1::AsOf* const as_of = request.mutable_options()->mutable_as_of();
  as_of->set_date(Day("2023-10-11"));
  EXPECT_EQ(vnd(), 0);
  as_of->set_date(Day("2023-10-12"));
  EXPECT_EQ(vnd(), Province::kMonthVnd);
  as_of->set_time_ms(ParseInstant("2023-10-12T09:00:00+07:00")->ms);
  EXPECT_EQ(vnd(), 0);
  as_of->set_time_ms(ParseInstant("2023-10-12T11:00:00+07:00")->ms);
  EXPECT_EQ(vnd(), Province::kMonthVnd);
  as_of->set_position(before);
  const v1::GetDeterminationResponse past =
      Ask(&Stub::GetDetermination, request);
  EXPECT_EQ(past.position(), before);
  EXPECT_EQ(past.row().determination().amount_vnd(), 0);
  as_of->set_date(Day("2000-01-01"));
  EXPECT_EQ(Ask(&Stub::GetDetermination, request).position(), 0u)
      << "before the log began";
  as_of->set_position(1'000'000);
  EXPECT_EQ(StatusAs(operator_, &Stub::GetDetermination, request).error_code(),
            StatusCode::OUT_OF_RANGE)
      << "a position of another history";
}

TEST_F(QueryTest, WhoPassesAPositionSeesHerOwnWrite) {
  v1::ListStandingsRequest request;
  request.set_author(std::string(phones_[0].author().view()));
  for (int i = 0; i < 50; ++i) {
    const std::uint64_t position = Record(&phones_[0], 1);
    request.mutable_options()->set_min_position(position);
    const v1::ListStandingsResponse reply = Ask(&Stub::ListStandings, request);
    ASSERT_GE(reply.position(), position);
    ASSERT_EQ(reply.end_sequence(), phones_[0].next());
  }
}

TEST_F(QueryTest, AllPagesOfAListAreOfOneMoment) {
  v1::ListTeamsRequest request;
  request.set_page_size(1);
  v1::ListTeamsResponse page = Ask(&Stub::ListTeams, request);
  ASSERT_EQ(page.teams_size(), 1);
  const std::uint64_t position = page.position();
  std::vector<std::uint64_t> teams = {page.teams(0).team_id()};

  v1::Event event;
  v1::TeamFounded* const founded = event.mutable_team_founded();
  founded->set_team_id(4);
  founded->set_unit_id(102);
  founded->set_level(v1::UNIT_LEVEL_COMMUNE);
  founded->set_founded_date(Day("2023-05-01"));
  founded->set_name("Tổ công nghệ số cộng đồng xã Thác Bà");
  founded->mutable_document()->set_number("13/QĐ-UBND");
  founded->mutable_document()->set_issue_date(Day("2023-05-01"));
  founded->mutable_document()->set_issuer("UBND xã");
  const absl::StatusOr<v1::CommandOutcome> outcome = province_.Submit(event);
  ASSERT_THAT(outcome, IsOk());
  ASSERT_TRUE(outcome->effective()) << outcome->detail();

  while (!page.next_page_token().empty()) {
    request.set_page_token(page.next_page_token());
    page = Ask(&Stub::ListTeams, request);
    EXPECT_EQ(page.position(), position);
    for (const v1::TeamRow& team : page.teams()) {
      teams.push_back(team.team_id());
    }
    ASSERT_LE(teams.size(), 10u);
  }
  EXPECT_THAT(teams, ElementsAre(1, 2, 3));
  request.clear_page_token();
  request.set_page_size(100'000);  // Becomes the limit.
  EXPECT_EQ(Ask(&Stub::ListTeams, request).teams_size(), 4);
}

TEST_F(QueryTest, PagesOfDeterminationsHoldEachRowOnce) {
  v1::ListDeterminationsRequest request;
  request.set_policy_id(Province::kPolicy);
  const v1::ListDeterminationsResponse whole =
      Ask(&Stub::ListDeterminations, request);
  ASSERT_GT(whole.rows_size(), 2);
  request.set_page_size(2);
  std::vector<std::string> rows;
  for (;;) {
    const v1::ListDeterminationsResponse page =
        Ask(&Stub::ListDeterminations, request);
    for (const v1::DeterminationRow& row : page.rows()) {
      rows.push_back(row.SerializeAsString());
    }
    if (page.next_page_token().empty()) break;
    request.set_page_token(page.next_page_token());
    ASSERT_LE(static_cast<int>(rows.size()), whole.rows_size());
  }
  std::vector<std::string> expected;
  for (const v1::DeterminationRow& row : whole.rows()) {
    expected.push_back(row.SerializeAsString());
  }
  EXPECT_EQ(rows, expected);
}

TEST_F(QueryTest, APageThatCannotBeIsRefused) {
  v1::ListTeamsRequest request;
  request.set_page_size(-1);
  const grpc::Status negative = StatusAs(operator_, &Stub::ListTeams, request);
  ExpectFault(negative, StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  EXPECT_EQ(FaultOf(negative).field, "page_size");
  request.clear_page_size();
  for (const std::string& token :
       {std::string("xyz"), std::string("00ff"), std::string(5000, 'a')}) {
    request.set_page_token(token);
    const grpc::Status bad = StatusAs(operator_, &Stub::ListTeams, request);
    ExpectFault(bad, StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
    EXPECT_EQ(FaultOf(bad).field, "page_token");
  }
  request.set_page_token("00000000ffffffff");
  EXPECT_EQ(StatusAs(operator_, &Stub::ListTeams, request).error_code(),
            StatusCode::OUT_OF_RANGE);
}

// ---- To whom
// ------------------------------------------------------------------

TEST_F(QueryTest, AReaderSeesTheSubtreeOfTheGrantAndNothingElse) {
  v1::GetTeamRequest team;
  team.set_team_id(1);
  EXPECT_TRUE(StatusAs(reader_101_, &Stub::GetTeam, team).ok());
  EXPECT_TRUE(StatusAs(district_reader_, &Stub::GetTeam, team).ok());
  EXPECT_EQ(StatusAs(reader_102_, &Stub::GetTeam, team).error_code(),
            StatusCode::PERMISSION_DENIED);

  v1::ListTeamsRequest teams;
  teams.set_root_unit_id(101);
  EXPECT_TRUE(StatusAs(reader_101_, &Stub::ListTeams, teams).ok());
  EXPECT_EQ(StatusAs(reader_102_, &Stub::ListTeams, teams).error_code(),
            StatusCode::PERMISSION_DENIED);
  teams.set_root_unit_id(132);
  EXPECT_EQ(StatusAs(reader_101_, &Stub::ListTeams, teams).error_code(),
            StatusCode::PERMISSION_DENIED)
      << "the district is above the commune";
  teams.clear_root_unit_id();
  EXPECT_EQ(StatusAs(district_reader_, &Stub::ListTeams, teams).error_code(),
            StatusCode::PERMISSION_DENIED);
  v1::ServerStatus status;
  EXPECT_TRUE(
      query_->GetStatus(As(reader_101_), v1::GetStatusRequest(), &status).ok());
}

// What a caller without the grant hears of a thing that exists.
template <typename Expect>
void SameWords(const grpc::Status& existing, const grpc::Status& missing,
               Expect&& expect) {
  expect(existing);
  EXPECT_EQ(existing.error_code(), missing.error_code());
  EXPECT_EQ(existing.error_message(), missing.error_message());
  EXPECT_EQ(existing.error_details(), missing.error_details());
}

TEST_F(QueryTest, WithoutPermissionWhatExistsAndWhatDoesNotAreTheSame) {
  const auto denied = [](const grpc::Status& status) {
    EXPECT_EQ(status.error_code(), StatusCode::PERMISSION_DENIED);
  };
  const auto unit = [&](std::uint64_t id) {
    v1::GetUnitRequest request;
    request.set_unit_id(id);
    return StatusAs(reader_102_, &Stub::GetUnit, request);
  };
  SameWords(unit(101), unit(5555), denied);
  const auto code = [&](const char* text) {
    v1::GetUnitRequest request;
    request.set_code(text);
    return StatusAs(reader_102_, &Stub::GetUnit, request);
  };
  SameWords(code("04771"), code("99999"), denied);
  const auto team = [&](std::uint64_t id) {
    v1::GetTeamRequest request;
    request.set_team_id(id);
    return StatusAs(reader_102_, &Stub::GetTeam, request);
  };
  SameWords(team(1), team(5555), denied);
  const auto months = [&](std::uint64_t id) {
    v1::ListTeamMonthsRequest request;
    request.set_team_id(id);
    return StatusAs(reader_102_, &Stub::ListTeamMonths, request);
  };
  SameWords(months(1), months(5555), denied);
  const auto organisation = [&](std::uint64_t id) {
    v1::ListTeamMonthsRequest request;
    request.set_organisation_id(id);
    return StatusAs(reader_102_, &Stub::ListTeamMonths, request);
  };
  SameWords(organisation(900), organisation(901), denied);
  const auto determination = [&](std::uint64_t id) {
    v1::GetDeterminationRequest request;
    request.set_policy_id(Province::kPolicy);
    request.set_beneficiary_id(id);
    request.set_month(202306);
    return StatusAs(reader_102_, &Stub::GetDetermination, request);
  };
  SameWords(determination(1), determination(5555), denied);
  const auto standings = [&](const std::string& author) {
    v1::ListStandingsRequest request;
    request.set_author(author);
    return StatusAs(reader_102_, &Stub::ListStandings, request);
  };
  SameWords(standings(std::string(phones_[0].author().view())),
            standings(std::string(16, 'a')), denied);
  const auto list = [&](std::uint64_t root) {
    v1::ListUnitsRequest request;
    request.set_root_unit_id(root);
    return StatusAs(reader_102_, &Stub::ListUnits, request);
  };
  SameWords(list(101), list(5555), denied);
  const auto health = [&](std::uint64_t root) {
    v1::ListSyncHealthRequest request;
    request.set_root_unit_id(root);
    return StatusAs(reader_102_, &Stub::ListSyncHealth, request);
  };
  SameWords(health(101), health(5555), denied);
  const auto outcome = [&](const std::string& key) {
    v1::GetCommandOutcomeRequest request;
    request.set_officer_id(1);
    request.set_idempotency_key(key);
    return StatusAs(reader_102_, &Stub::GetCommandOutcome, request);
  };
  SameWords(outcome("command-1/0"), outcome("never/0"), denied);
}

TEST_F(QueryTest, AGrantThatEndedOpensNothing) {
  v1::Event event;
  event.mutable_grant_revoked()->set_grant_id(71);
  event.mutable_grant_revoked()->set_reason("chuyển công tác");
  const absl::StatusOr<v1::CommandOutcome> revoked = province_.Submit(event);
  ASSERT_THAT(revoked, IsOk());
  ASSERT_TRUE(revoked->effective()) << revoked->detail();
  v1::GetTeamRequest team;
  team.set_team_id(1);
  EXPECT_EQ(StatusAs(reader_101_, &Stub::GetTeam, team).error_code(),
            StatusCode::PERMISSION_DENIED);
}

}  // namespace
}  // namespace thon::testing
