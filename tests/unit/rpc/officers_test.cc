// Goal: what officers, officials, auditors and operators call is permitted by
// the log's grants alone, and a refusal says what to do.
// Method: a real server with TLS in this process; officers with grants and
// tokens made through the API.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "server/core/checkpoint.h"
#include "server/core/limits.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace thon::testing {
namespace {

using grpc::StatusCode;
using ::testing::HasSubstr;
using OfficersTest = RpcTest;

v1::Event SuspendTeam(std::uint64_t team, absl::string_view from) {
  v1::Event event;
  event.mutable_team_suspended()->set_team_id(team);
  event.mutable_team_suspended()->set_from_date(Day(from));
  event.mutable_team_suspended()->set_reason("thiên tai");
  event.mutable_team_suspended()->mutable_document()->set_number("5/QĐ-UBND");
  event.mutable_team_suspended()->mutable_document()->set_issue_date(Day(from));
  return event;
}

v1::SubmitRequest Submission(const v1::Event& event, const std::string& key) {
  v1::SubmitRequest request;
  *request.add_events() = event;
  request.set_idempotency_key(key);
  return request;
}

std::string ReadPolicy() {
  std::ifstream file(THON_SOURCE_DIR "/deploy/policies/yen-bai-2023.yaml");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// ---- Who calls ------------------------------------------------------------

TEST_F(OfficersTest, WithoutAGoodTokenNobodyIsAnybody) {
  v1::ServerStatus status;
  const v1::GetStatusRequest request;
  ExpectFault(query_->GetStatus(As(""), request, &status),
              StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED");
  ExpectFault(query_->GetStatus(As("no-such-token"), request, &status),
              StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED");
  ExpectFault(query_->GetStatus(As(operator_ + "x"), request, &status),
              StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED");
  grpc::ClientContext* const basic = As("");
  basic->AddMetadata("authorization", "Basic " + operator_);
  ExpectFault(query_->GetStatus(basic, request, &status),
              StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED");
  EXPECT_TRUE(query_->GetStatus(AsOperator(), request, &status).ok());
  EXPECT_EQ(status.origin(), "thon.example/test/1");
  EXPECT_EQ(status.commit_state(), "OPEN");
  EXPECT_TRUE(status.simulated_time());
}

TEST_F(OfficersTest, ATokenEndsWithItsLastDayAndWhenItIsRevoked) {
  const std::string token = OfficerToken(7, v1::ROLE_READER, 15);
  v1::ServerStatus status;
  EXPECT_TRUE(
      query_->GetStatus(As(token), v1::GetStatusRequest(), &status).ok());

  v1::CreateTokenRequest expired;
  expired.set_officer_id(7);
  expired.set_last_date(Day("2020-01-01"));
  v1::CreateTokenResponse made;
  // An expired token is refused when it is made or when it is used.
  if (admin_->CreateToken(AsOperator(), expired, &made).ok()) {
    ExpectFault(
        query_->GetStatus(As(made.token()), v1::GetStatusRequest(), &status),
        StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED");
  }

  v1::RevokeTokensRequest revoke;
  revoke.set_officer_id(7);
  v1::RevokeTokensResponse revoked;
  ASSERT_TRUE(admin_->RevokeTokens(AsOperator(), revoke, &revoked).ok());
  EXPECT_GE(revoked.count(), 1);
  ExpectFault(query_->GetStatus(As(token), v1::GetStatusRequest(), &status),
              StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED");
}

TEST_F(OfficersTest, ATokenWithoutAGrantOpensNothing) {
  v1::CreateTokenRequest request;
  request.set_officer_id(50);
  v1::CreateTokenResponse made;
  ASSERT_TRUE(admin_->CreateToken(AsOperator(), request, &made).ok());
  v1::ServerStatus status;
  ExpectFault(
      query_->GetStatus(As(made.token()), v1::GetStatusRequest(), &status),
      StatusCode::PERMISSION_DENIED, "PERMISSION_DENIED");
}

// ---- Commands ---------------------------------------------------------------

TEST_F(OfficersTest, AnOfficerActsInTheGrantedSubtreeAndNowhereElse) {
  const std::string officer = OfficerToken(7, v1::ROLE_OFFICER, 102);
  const std::string reader = OfficerToken(8, v1::ROLE_READER, 15);
  v1::SubmitResponse response;
  ExpectFault(command_->Submit(As(officer),
                               Submission(SuspendTeam(1, "2023-05-30"), "a"),
                               &response),
              StatusCode::PERMISSION_DENIED, "PERMISSION_DENIED");
  ExpectFault(
      command_->Submit(
          As(reader), Submission(SuspendTeam(3, "2023-05-30"), "a"), &response),
      StatusCode::PERMISSION_DENIED, "PERMISSION_DENIED");
  const std::uint64_t before =
      province_.engine().status().end.next_position.value;
  const grpc::Status done = command_->Submit(
      As(officer), Submission(SuspendTeam(3, "2023-05-30"), "a"), &response);
  ASSERT_TRUE(done.ok()) << done.error_message();
  ASSERT_EQ(response.outcomes_size(), 1);
  EXPECT_TRUE(response.outcomes(0).effective());
  EXPECT_EQ(response.position(), before) << "what was refused left no trace";
}

TEST_F(OfficersTest, TheSameKeyGivesTheFirstOutcomeAndRecordsNothing) {
  v1::SubmitResponse first;
  v1::SubmitResponse second;
  const v1::SubmitRequest request =
      Submission(SuspendTeam(2, "2023-05-30"), "once");
  ASSERT_TRUE(command_->Submit(AsOperator(), request, &first).ok());
  const std::uint64_t end = province_.engine().status().end.next_position.value;
  const grpc::Status again = command_->Submit(AsOperator(), request, &second);
  ASSERT_TRUE(again.ok()) << again.error_message();
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  EXPECT_EQ(province_.engine().status().end.next_position.value, end);

  v1::GetCommandOutcomeRequest ask;
  ask.set_idempotency_key("once/0");
  v1::CommandOutcome outcome;
  ASSERT_TRUE(query_->GetCommandOutcome(AsOperator(), ask, &outcome).ok());
  EXPECT_TRUE(outcome.effective());
  EXPECT_EQ(outcome.position(), first.position());
  ask.set_idempotency_key("never/0");
  ExpectFault(query_->GetCommandOutcome(AsOperator(), ask, &outcome),
              StatusCode::NOT_FOUND, "NOT_FOUND");
}

TEST_F(OfficersTest, WhoDecidesOnWhatChangedSinceIsToldSo) {
  const std::uint64_t seen = province_.engine().rows_position().value;
  v1::SubmitResponse response;
  ASSERT_TRUE(command_
                  ->Submit(AsOperator(),
                           Submission(SuspendTeam(2, "2023-05-30"), "first"),
                           &response)
                  .ok());
  v1::Event rename;
  rename.mutable_team_renamed()->set_team_id(2);
  rename.mutable_team_renamed()->set_name("Tổ mới");
  rename.mutable_team_renamed()->set_effective_date(Day("2023-05-30"));
  v1::SubmitRequest late = Submission(rename, "second");
  late.set_seen_position(seen);
  const grpc::Status stale = command_->Submit(AsOperator(), late, &response);
  ExpectFault(stale, StatusCode::FAILED_PRECONDITION, "FAILED_PRECONDITION");
  EXPECT_THAT(stale.error_message(), HasSubstr("events[0]"));
}

TEST_F(OfficersTest, ACheckRecordsNothing) {
  v1::SubmitRequest request = Submission(SuspendTeam(2, "2023-05-30"), "check");
  request.set_check_only(true);
  const std::uint64_t end = province_.engine().status().end.next_position.value;
  v1::SubmitResponse response;
  EXPECT_TRUE(command_->Submit(AsOperator(), request, &response).ok());
  EXPECT_EQ(response.outcomes_size(), 0);
  *request.mutable_events(0) = SuspendTeam(999, "2023-05-30");
  EXPECT_EQ(command_->Submit(AsOperator(), request, &response).error_code(),
            StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(province_.engine().status().end.next_position.value, end);
}

TEST_F(OfficersTest, ACommandThatCannotBeIsRefusedWithItsPlace) {
  v1::SubmitResponse response;
  v1::SubmitRequest request = Submission(SuspendTeam(2, "2023-05-30"), "two");
  *request.add_events() = SuspendTeam(999, "2023-05-30");
  const grpc::Status second =
      command_->Submit(AsOperator(), request, &response);
  EXPECT_EQ(second.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(second.error_message(), HasSubstr("events[1]"));

  EXPECT_EQ(command_->Submit(AsOperator(), v1::SubmitRequest(), &response)
                .error_code(),
            StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(
      command_
          ->Submit(AsOperator(), Submission(SuspendTeam(2, "2023-05-30"), ""),
                   &response)
          .error_code(),
      StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(command_
                ->Submit(AsOperator(),
                         Submission(SuspendTeam(2, "2023-05-30"),
                                    std::string(61, 'k')),
                         &response)
                .error_code(),
            StatusCode::INVALID_ARGUMENT);
  v1::Event own;
  own.mutable_day_opened()->set_local_date(Day("2023-06-02"));
  EXPECT_EQ(command_->Submit(AsOperator(), Submission(own, "own"), &response)
                .error_code(),
            StatusCode::INVALID_ARGUMENT)
      << "only the server opens days";
}

TEST_F(OfficersTest, ADocumentIsRecordedOnceAndOnlyForWhoMayUseIt) {
  const std::string content(100'000, 'd');
  v1::PutDocumentRequest request;
  request.set_content(content);
  request.set_document_hash(std::string(Sha256Of(content).view()));
  request.set_part_count(3);
  v1::PutDocumentResponse first;
  v1::PutDocumentResponse second;
  const std::string reader = OfficerToken(8, v1::ROLE_READER, 15);
  ExpectFault(command_->PutDocument(As(reader), request, &first),
              StatusCode::PERMISSION_DENIED, "PERMISSION_DENIED");
  const grpc::Status put = command_->PutDocument(AsOperator(), request, &first);
  ASSERT_TRUE(put.ok()) << put.error_message();
  const std::uint64_t end = province_.engine().status().end.next_position.value;
  ASSERT_TRUE(command_->PutDocument(AsOperator(), request, &second).ok());
  EXPECT_EQ(province_.engine().status().end.next_position.value, end);
  EXPECT_EQ(second.position(), first.position());

  request.set_document_hash("short");
  const grpc::Status bad = command_->PutDocument(AsOperator(), request, &first);
  ExpectFault(bad, StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  EXPECT_EQ(FaultOf(bad).field, "document_hash");
  request.set_document_hash(std::string(32, 'h'));
  EXPECT_EQ(command_->PutDocument(AsOperator(), request, &first).error_code(),
            StatusCode::INVALID_ARGUMENT)
      << "the hash is not the content's";
}

// ---- Policies ---------------------------------------------------------------

TEST_F(OfficersTest, APolicysFaultsComeWithTheirLines) {
  v1::CheckPolicyRequest request;
  request.set_yaml(ReadPolicy());
  request.set_file_name("yen-bai-2023.yaml");
  v1::CheckPolicyResponse good;
  ASSERT_TRUE(policy_->CheckPolicy(AsOperator(), request, &good).ok());
  EXPECT_EQ(good.policy_id(), "YB-2023");
  for (const v1::PolicyFinding& finding : good.findings()) {
    EXPECT_NE(finding.severity(), v1::POLICY_SEVERITY_ERROR)
        << finding.message();
  }

  request.set_yaml(request.yaml() + "\nunknown_field: 1\n");
  v1::CheckPolicyResponse bad;
  ASSERT_TRUE(policy_->CheckPolicy(AsOperator(), request, &bad).ok());
  int errors = 0;
  for (const v1::PolicyFinding& finding : bad.findings()) {
    if (finding.severity() != v1::POLICY_SEVERITY_ERROR) continue;
    ++errors;
    EXPECT_GT(finding.line(), 100);
    EXPECT_THAT(finding.message(), HasSubstr("unknown_field"));
  }
  EXPECT_EQ(errors, 1);

  v1::PublishPolicyRequest publish;
  publish.set_yaml(request.yaml());
  publish.set_file_name("draft.yaml");
  publish.set_issuer_unit_id(15);
  publish.set_idempotency_key("publish-bad");
  v1::PublishPolicyResponse response;
  const std::uint64_t end = province_.engine().status().end.next_position.value;
  const grpc::Status refused =
      policy_->PublishPolicy(AsOperator(), publish, &response);
  ExpectFault(refused, StatusCode::INVALID_ARGUMENT, "INVALID_POLICY");
  EXPECT_EQ(FaultOf(refused).field, "yaml");
  EXPECT_THAT(refused.error_message(), HasSubstr("draft.yaml:"));
  EXPECT_EQ(province_.engine().status().end.next_position.value, end);
}

TEST_F(OfficersTest, ANewVersionOfAPolicyIsPublishedByWhoMay) {
  v1::PublishPolicyRequest request;
  std::string yaml = ReadPolicy();
  const std::size_t at = yaml.find("\nversion: 1");
  ASSERT_NE(at, std::string::npos);
  yaml.replace(at, 11, "\nversion: 2");
  request.set_yaml(yaml);
  request.set_file_name("yen-bai-2023.yaml");
  request.set_issuer_unit_id(15);
  request.set_idempotency_key("publish-2");
  v1::PublishPolicyResponse response;
  const std::string commune = OfficerToken(7, v1::ROLE_OFFICER, 101);
  ExpectFault(policy_->PublishPolicy(As(commune), request, &response),
              StatusCode::PERMISSION_DENIED, "PERMISSION_DENIED");
  const grpc::Status done =
      policy_->PublishPolicy(AsOperator(), request, &response);
  ASSERT_TRUE(done.ok()) << done.error_message();
  EXPECT_EQ(response.policy_id(), "YB-2023");
  EXPECT_EQ(response.version(), 2);
  EXPECT_GT(response.position(), 0u);
  v1::ListPoliciesResponse list;
  ASSERT_TRUE(
      query_->ListPolicies(AsOperator(), v1::ListPoliciesRequest(), &list)
          .ok());
  EXPECT_EQ(list.policies_size(), 2);

  request.set_yaml(std::string(256 * limits::kKiB + 1, '#'));
  ExpectFault(policy_->PublishPolicy(AsOperator(), request, &response),
              StatusCode::INVALID_ARGUMENT, "TOO_LARGE");
}

// ---- Auditors
// -----------------------------------------------------------------

TEST_F(OfficersTest, AnAuditorResumesTheStreamWhereItBroke) {
  TestPhone phone = EnrolledPhone(1);
  Record(&phone, 30);
  const History whole = province_.ReadHistory();
  const auto read = [&](std::uint64_t first, std::uint64_t end,
                        std::size_t at_most) {
    v1::StreamEntriesRequest request;
    request.set_first_entry(first);
    request.set_end_entry(end);
    grpc::ClientContext* const context = AsOperator();
    const auto stream = audit_->StreamEntries(context, request);
    std::vector<std::string> entries;
    v1::StreamEntriesResponse response;
    while (entries.size() < at_most && stream->Read(&response)) {
      for (const v1::Entry& entry : response.entries()) {
        EXPECT_EQ(entry.entry_index(), first + entries.size());
        entries.push_back(entry.leaf());
      }
    }
    if (entries.size() >= at_most) {
      context->TryCancel();
    } else {
      EXPECT_TRUE(stream->Finish().ok());
    }
    return entries;
  };
  EXPECT_EQ(read(0, 0, SIZE_MAX), whole.entries);
  std::vector<std::string> parts = read(0, 5, SIZE_MAX);
  EXPECT_EQ(parts.size(), 5u);
  // Reading is recorded, so the log has grown since.
  const std::uint64_t size = whole.entries.size();
  for (std::string& entry : read(5, size, SIZE_MAX)) {
    parts.push_back(std::move(entry));
  }
  EXPECT_EQ(parts, whole.entries);
  EXPECT_TRUE(read(size, size, SIZE_MAX).empty());

  v1::Checkpoint checkpoint;
  ASSERT_TRUE(
      audit_
          ->GetCheckpoint(AsOperator(), v1::GetCheckpointRequest(), &checkpoint)
          .ok());
  ASSERT_OK_AND_ASSIGN(const CheckpointBody body,
                       VerifyCheckpointNote(checkpoint.note(), whole.log_key));
  EXPECT_GE(body.tree_size, whole.entries.size());
}

TEST_F(OfficersTest, ARangeBeyondTheLogAndACallerWithoutTheWholeAreRefused) {
  const auto status = [&](const std::string& token, std::uint64_t first,
                          std::uint64_t end) {
    v1::StreamEntriesRequest request;
    request.set_first_entry(first);
    request.set_end_entry(end);
    const auto stream = audit_->StreamEntries(As(token), request);
    v1::StreamEntriesResponse response;
    EXPECT_FALSE(stream->Read(&response));
    return stream->Finish();
  };
  const std::uint64_t size = province_.ReadHistory().entries.size();
  // Reading is recorded, so the log grows a little by itself.
  ExpectFault(status(operator_, 0, size + 1'000), StatusCode::INVALID_ARGUMENT,
              "INVALID_FIELD");
  ExpectFault(status(operator_, size + 1'000, 0), StatusCode::OUT_OF_RANGE,
              "BEYOND_END");
  ExpectFault(status(operator_, 5, 4), StatusCode::INVALID_ARGUMENT,
              "INVALID_FIELD");
  ExpectFault(status("", 0, 0), StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED");
  const std::string district = OfficerToken(7, v1::ROLE_OFFICER, 132);
  EXPECT_EQ(status(district, 0, 0).error_code(), StatusCode::PERMISSION_DENIED);
  v1::Checkpoint checkpoint;
  EXPECT_EQ(
      audit_
          ->GetCheckpoint(As(district), v1::GetCheckpointRequest(), &checkpoint)
          .error_code(),
      StatusCode::PERMISSION_DENIED);
}

// ---- Operators
// ------------------------------------------------------------------

TEST_F(OfficersTest, OnlyAnOperatorOfTheWholeLogRunsTheServer) {
  const std::string officer = OfficerToken(7, v1::ROLE_OFFICER, 0);
  const std::string part = OfficerToken(8, v1::ROLE_OPERATOR, 15);
  for (const std::string& token : {officer, part}) {
    v1::CreateBackupResponse backup;
    EXPECT_EQ(
        admin_->CreateBackup(As(token), v1::CreateBackupRequest(), &backup)
            .error_code(),
        StatusCode::PERMISSION_DENIED);
    v1::OpenEpochResponse epoch;
    EXPECT_EQ(admin_->OpenEpoch(As(token), v1::OpenEpochRequest(), &epoch)
                  .error_code(),
              StatusCode::PERMISSION_DENIED);
    v1::AdvanceClockResponse clock;
    EXPECT_EQ(admin_->AdvanceClock(As(token), v1::AdvanceClockRequest(), &clock)
                  .error_code(),
              StatusCode::PERMISSION_DENIED);
    v1::CreateTokenResponse made;
    EXPECT_EQ(admin_->CreateToken(As(token), v1::CreateTokenRequest(), &made)
                  .error_code(),
              StatusCode::PERMISSION_DENIED);
    v1::RevokeTokensResponse revoked;
    EXPECT_EQ(
        admin_->RevokeTokens(As(token), v1::RevokeTokensRequest(), &revoked)
            .error_code(),
        StatusCode::PERMISSION_DENIED);
  }
}

TEST_F(OfficersTest, ABackupLandsBelowTheBackupDirectoryAndNowhereElse) {
  v1::CreateBackupRequest request;
  v1::CreateBackupResponse response;
  for (const char* name : {"../outside", "a/b", ".", "..", "tên"}) {
    request.set_name(name);
    const grpc::Status status =
        admin_->CreateBackup(AsOperator(), request, &response);
    ExpectFault(status, StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
    EXPECT_EQ(FaultOf(status).field, "name");
  }
  request.set_name("before-update");
  const grpc::Status made =
      admin_->CreateBackup(AsOperator(), request, &response);
  ASSERT_TRUE(made.ok()) << made.error_message();
  EXPECT_EQ(response.path(), province_.directory() + "/backups/before-update");
  EXPECT_TRUE(std::filesystem::is_directory(response.path()));
  EXPECT_FALSE(admin_->CreateBackup(AsOperator(), request, &response).ok())
      << "a backup is never written over";
}

TEST_F(OfficersTest, TheSimulatedClockGoesForwardOnly) {
  v1::AdvanceClockRequest request;
  v1::AdvanceClockResponse response;
  request.set_to_time_ms(ParseInstant("2023-06-05T08:00:00+07:00")->ms);
  ASSERT_TRUE(admin_->AdvanceClock(AsOperator(), request, &response).ok());
  EXPECT_EQ(response.server_time_ms(), request.to_time_ms());
  EXPECT_EQ(province_.engine().status().local_date.Iso(), "2023-06-05");
  EXPECT_GE(province_.engine().rows_position().value, response.position());
  request.set_to_time_ms(request.to_time_ms() - 1);
  EXPECT_EQ(admin_->AdvanceClock(AsOperator(), request, &response).error_code(),
            StatusCode::INVALID_ARGUMENT);
}

TEST_F(OfficersTest, AnEpochIsNotOpenedWithoutNeed) {
  v1::OpenEpochResponse response;
  EXPECT_EQ(admin_->OpenEpoch(AsOperator(), v1::OpenEpochRequest(), &response)
                .error_code(),
            StatusCode::FAILED_PRECONDITION);
  v1::OpenEpochRequest forced;
  forced.set_force(true);
  const grpc::Status done = admin_->OpenEpoch(AsOperator(), forced, &response);
  ASSERT_TRUE(done.ok()) << done.error_message();
  EXPECT_EQ(response.old_origin(), "thon.example/test/1");
  EXPECT_EQ(response.new_origin(), "thon.example/test/2");
}

TEST_F(OfficersTest, ATokenIsForAnOfficersNumber) {
  v1::CreateTokenRequest request;
  v1::CreateTokenResponse response;
  const grpc::Status zero =
      admin_->CreateToken(AsOperator(), request, &response);
  ExpectFault(zero, StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  EXPECT_EQ(FaultOf(zero).field, "officer_id");
  request.set_officer_id(std::uint64_t{1} << 53);
  ExpectFault(admin_->CreateToken(AsOperator(), request, &response),
              StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
}

}  // namespace
}  // namespace thon::testing
