// Goal: the auditors' calls are for who may read the whole log, for as long as
// they may, within their bounds; what cannot be is refused with its field, and
// nothing that is sent harms the server.
// Method: a real server with TLS; requests made wrong one field at a time, and
// random bytes read as requests.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>

#include "server/core/limits.h"
#include "tests/unit/rpc/audit_fixture.h"

namespace thon::testing {
namespace {

using grpc::StatusCode;

class AuditLimitsTest : public AuditTest {
 protected:
  void SetUp() override {
    AuditTest::SetUp();
    MakeHistory(20);
    size_ = province_.engine().log().end().tree_size.value;
    next_ = province_.engine().log().end().next_position.value;
  }

  // Calls every method with an empty request; the codes.
  std::vector<StatusCode> AllAs(const std::string& token) {
    std::vector<StatusCode> codes;
    const auto unary = [&](auto method, auto request, auto response) {
      codes.push_back(
          (audit_.get()->*method)(As(token), request, &response).error_code());
    };
    using Stub = v1::AuditService::Stub;
    unary(&Stub::GetCheckpoint, v1::GetCheckpointRequest(), v1::Checkpoint());
    unary(&Stub::ListCheckpoints, v1::ListCheckpointsRequest(),
          v1::ListCheckpointsResponse());
    unary(&Stub::GetInclusionProof, v1::GetInclusionProofRequest(),
          v1::InclusionProof());
    unary(&Stub::GetConsistencyProof, v1::GetConsistencyProofRequest(),
          v1::ConsistencyProof());
    unary(&Stub::ListStateRoots, v1::ListStateRootsRequest(),
          v1::ListStateRootsResponse());
    v1::ComputeStateRootRequest root;
    root.set_projection("units");
    unary(&Stub::ComputeStateRoot, root, v1::StateRoot());
    v1::ListAuthorBatchesRequest chain;
    chain.set_author(std::string(phones_[0].author().view()));
    unary(&Stub::ListAuthorBatches, chain, v1::ListAuthorBatchesResponse());
    unary(&Stub::ListDeterminationChanges,
          v1::ListDeterminationChangesRequest(),
          v1::ListDeterminationChangesResponse());
    codes.push_back(
        Stream(v1::StreamEntriesRequest(), token).status.error_code());
    v1::StreamRowsRequest rows;
    rows.set_projection("units");
    codes.push_back(Rows(rows, token).error_code());
    return codes;
  }

  grpc::Status Rows(const v1::StreamRowsRequest& request,
                    const std::string& token) {
    const auto stream = audit_->StreamRows(As(token), request);
    v1::StreamRowsResponse response;
    while (stream->Read(&response)) {
    }
    return stream->Finish();
  }

  std::uint64_t size_ = 0;
  std::uint64_t next_ = 0;
};

TEST_F(AuditLimitsTest, OnlyWhoMayReadTheWholeLogReadsAnyOfIt) {
  const std::string whole = OfficerToken(60, v1::ROLE_READER, 0);
  const std::string part = OfficerToken(61, v1::ROLE_OPERATOR, 132);
  for (const StatusCode code : AllAs(whole)) EXPECT_EQ(code, StatusCode::OK);
  for (const StatusCode code : AllAs(part)) {
    EXPECT_EQ(code, StatusCode::PERMISSION_DENIED);
  }
  for (const StatusCode code : AllAs("")) {
    EXPECT_EQ(code, StatusCode::UNAUTHENTICATED);
  }
}

TEST_F(AuditLimitsTest, AStreamRequestThatCannotBeIsRefusedWithItsField) {
  struct Case {
    const char* what;
    std::function<void(v1::StreamEntriesRequest*)> set;
    StatusCode code;
    const char* reason;
    const char* field;
  };
  const std::vector<Case> cases = {
      {"two beginnings",
       [](auto* r) {
         r->set_first_entry(1);
         r->set_first_position(1);
       },
       StatusCode::INVALID_ARGUMENT, "INVALID_FIELD", "first_position"},
      {"two ends",
       [](auto* r) {
         r->set_end_entry(1);
         r->set_end_position(1);
       },
       StatusCode::INVALID_ARGUMENT, "INVALID_FIELD", "end_position"},
      {"an end of what has none",
       [](auto* r) {
         r->set_follow(true);
         r->set_end_entry(1);
       },
       StatusCode::INVALID_ARGUMENT, "INVALID_FIELD", "follow"},
      {"an author of 15 bytes",
       [](auto* r) { r->add_authors(std::string(15, 'a')); },
       StatusCode::INVALID_ARGUMENT, "INVALID_FIELD", "authors"},
      {"no such kind", [](auto* r) { r->add_kinds("HouseholdVisit"); },
       StatusCode::INVALID_ARGUMENT, "INVALID_FIELD", "kinds"},
      {"a field of Event that is no payload",
       [](auto* r) { r->add_kinds("team_id"); }, StatusCode::INVALID_ARGUMENT,
       "INVALID_FIELD", "kinds"},
      {"team 0", [](auto* r) { r->add_team_ids(0); },
       StatusCode::INVALID_ARGUMENT, "INVALID_FIELD", "team_ids"},
      {"too many teams",
       [](auto* r) {
         for (int i = 1; i <= 65; ++i) r->add_team_ids(i);
       },
       StatusCode::INVALID_ARGUMENT, "INVALID_FIELD", "team_ids"},
      {"beyond the end", [](auto* r) { r->set_first_entry(1'000'000); },
       StatusCode::OUT_OF_RANGE, "BEYOND_END", "first_entry"},
      {"a position beyond the end",
       [](auto* r) { r->set_first_position(1'000'000); },
       StatusCode::OUT_OF_RANGE, "BEYOND_END", "first_position"},
      {"the last number there is",
       [](auto* r) { r->set_first_entry(UINT64_MAX); },
       StatusCode::OUT_OF_RANGE, "BEYOND_END", "first_entry"},
      {"following beyond the end",
       [](auto* r) {
         r->set_first_entry(1'000'000);
         r->set_follow(true);
       },
       StatusCode::OUT_OF_RANGE, "BEYOND_END", "first_entry"},
      {"an end beyond the end", [](auto* r) { r->set_end_entry(1'000'000); },
       StatusCode::INVALID_ARGUMENT, "INVALID_FIELD", "end_entry"},
      {"an end position beyond the end",
       [](auto* r) { r->set_end_position(1'000'000); },
       StatusCode::INVALID_ARGUMENT, "INVALID_FIELD", "end_position"},
      {"backwards",
       [](auto* r) {
         r->set_first_entry(5);
         r->set_end_entry(4);
       },
       StatusCode::INVALID_ARGUMENT, "INVALID_FIELD", "end_entry"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    v1::StreamEntriesRequest request;
    one.set(&request);
    const StreamedEntries streamed = Stream(request);
    ExpectFault(streamed.status, one.code, one.reason);
    EXPECT_EQ(FaultOf(streamed.status).field, one.field);
    EXPECT_TRUE(streamed.entries.empty());
  }
}

TEST_F(AuditLimitsTest, WhatLiesBeyondTheLogIsNotFound) {
  v1::GetInclusionProofRequest inclusion;
  v1::InclusionProof proof;
  inclusion.set_entry_index(1'000'000);
  ExpectFault(audit_->GetInclusionProof(AsOperator(), inclusion, &proof),
              StatusCode::NOT_FOUND, "BEYOND_END");
  inclusion.set_position(1'000'000);
  ExpectFault(audit_->GetInclusionProof(AsOperator(), inclusion, &proof),
              StatusCode::NOT_FOUND, "BEYOND_END");
  inclusion.set_position(0);
  ExpectFault(audit_->GetInclusionProof(AsOperator(), inclusion, &proof),
              StatusCode::NOT_FOUND, "BEYOND_END");
  inclusion.set_entry_index(3);
  inclusion.set_tree_size(3);
  ExpectFault(audit_->GetInclusionProof(AsOperator(), inclusion, &proof),
              StatusCode::NOT_FOUND, "BEYOND_END");
  inclusion.set_tree_size(UINT64_MAX);
  ExpectFault(audit_->GetInclusionProof(AsOperator(), inclusion, &proof),
              StatusCode::NOT_FOUND, "BEYOND_END");
  v1::GetConsistencyProofRequest consistency;
  v1::ConsistencyProof extends;
  consistency.set_first_tree_size(2);
  consistency.set_second_tree_size(1'000'000);
  ExpectFault(audit_->GetConsistencyProof(AsOperator(), consistency, &extends),
              StatusCode::NOT_FOUND, "BEYOND_END");
  consistency.set_second_tree_size(1);
  ExpectFault(audit_->GetConsistencyProof(AsOperator(), consistency, &extends),
              StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  v1::GetCheckpointRequest head;
  v1::Checkpoint checkpoint;
  head.set_min_tree_size(1'000'000);
  ExpectFault(audit_->GetCheckpoint(AsOperator(), head, &checkpoint),
              StatusCode::NOT_FOUND, "BEYOND_END");
  v1::ComputeStateRootRequest compute;
  v1::StateRoot root;
  compute.set_projection("no_such");
  ExpectFault(audit_->ComputeStateRoot(AsOperator(), compute, &root),
              StatusCode::NOT_FOUND, "NOT_FOUND");
  compute.set_projection("units");
  compute.set_position(1'000'000);
  ExpectFault(audit_->ComputeStateRoot(AsOperator(), compute, &root),
              StatusCode::NOT_FOUND, "BEYOND_END");
  v1::StreamRowsRequest rows;
  rows.set_projection("units");
  rows.set_position(1'000'000);
  ExpectFault(Rows(rows, operator_), StatusCode::NOT_FOUND, "BEYOND_END");
  rows.set_position(0);
  rows.set_table(43);
  ExpectFault(Rows(rows, operator_), StatusCode::INVALID_ARGUMENT,
              "INVALID_FIELD");
  v1::ListAuthorBatchesRequest chain;
  v1::ListAuthorBatchesResponse batches;
  chain.set_author(std::string(16, 'x'));
  ExpectFault(audit_->ListAuthorBatches(AsOperator(), chain, &batches),
              StatusCode::NOT_FOUND, "NOT_FOUND");
  v1::ListDeterminationChangesRequest diff;
  v1::ListDeterminationChangesResponse changes;
  diff.set_first_position(1'000'000);
  ExpectFault(audit_->ListDeterminationChanges(AsOperator(), diff, &changes),
              StatusCode::NOT_FOUND, "BEYOND_END");
}

TEST_F(AuditLimitsTest, RandomBytesReadAsRequestsHarmNothing) {
  const auto garbage = [&](google::protobuf::Message* message) {
    std::string bytes;
    for (std::uint64_t n = random_() % 40; n-- > 0;) {
      bytes.push_back(static_cast<char>(random_() % (n % 3 == 0 ? 256 : 64)));
    }
    message->ParsePartialFromString(bytes);
  };
  const auto call = [&](auto method, auto request, auto response) {
    garbage(&request);
    const StatusCode code =
        (audit_.get()->*method)(AsOperator(), request, &response).error_code();
    EXPECT_NE(code, StatusCode::INTERNAL) << request.ShortDebugString();
    EXPECT_NE(code, StatusCode::UNKNOWN) << request.ShortDebugString();
  };
  using Stub = v1::AuditService::Stub;
  for (int round = 0; round < 100; ++round) {
    call(&Stub::GetCheckpoint, v1::GetCheckpointRequest(), v1::Checkpoint());
    call(&Stub::ListCheckpoints, v1::ListCheckpointsRequest(),
         v1::ListCheckpointsResponse());
    call(&Stub::GetInclusionProof, v1::GetInclusionProofRequest(),
         v1::InclusionProof());
    call(&Stub::GetConsistencyProof, v1::GetConsistencyProofRequest(),
         v1::ConsistencyProof());
    call(&Stub::ListStateRoots, v1::ListStateRootsRequest(),
         v1::ListStateRootsResponse());
    call(&Stub::ListAuthorBatches, v1::ListAuthorBatchesRequest(),
         v1::ListAuthorBatchesResponse());
    call(&Stub::ListDeterminationChanges, v1::ListDeterminationChangesRequest(),
         v1::ListDeterminationChangesResponse());
    v1::StreamEntriesRequest entries;
    garbage(&entries);
    entries.set_follow(false);
    Stream(entries);
    v1::StreamRowsRequest rows;
    garbage(&rows);
    Rows(rows, operator_);
  }
  EXPECT_TRUE(Stream(v1::StreamEntriesRequest()).status.ok());
}

TEST_F(AuditLimitsTest, OneStreamMoreThanAllIsRefusedUntilOneEnds) {
  v1::StreamEntriesRequest request;
  request.set_follow(true);
  std::vector<grpc::ClientContext*> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::StreamEntriesResponse>>>
      streams;
  v1::StreamEntriesResponse response;
  for (std::size_t i = 0; i < limits::kAuditStreamsMax; ++i) {
    contexts.push_back(AsOperator());
    streams.push_back(audit_->StreamEntries(contexts.back(), request));
    ASSERT_TRUE(streams.back()->Read(&response));  // It has been let in.
  }
  const StreamedEntries refused = Stream(request);
  ExpectFault(refused.status, StatusCode::RESOURCE_EXHAUSTED,
              "TOO_MANY_STREAMS");
  EXPECT_TRUE(FaultOf(refused.status).retry_ms.has_value());
  contexts[0]->TryCancel();
  while (streams[0]->Read(&response)) {
  }
  streams[0]->Finish();
  request.set_follow(false);
  grpc::Status again;
  do {  // The server hears of the end a moment later.
    again = Stream(request).status;
  } while (again.error_code() == StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(again.ok()) << again.error_message();
  for (grpc::ClientContext* const context : contexts) context->TryCancel();
}

TEST_F(AuditLimitsTest, ATokenOrAGrantThatIsTakenBackEndsAStreamThatFollows) {
  const std::string by_token = OfficerToken(62, v1::ROLE_READER, 0);
  const std::string by_grant = OfficerToken(63, v1::ROLE_READER, 0);
  v1::StreamEntriesRequest request;
  request.set_follow(true);
  const auto first = audit_->StreamEntries(As(by_token), request);
  const auto second = audit_->StreamEntries(As(by_grant), request);
  v1::StreamEntriesResponse response;
  ASSERT_TRUE(first->Read(&response));
  ASSERT_TRUE(second->Read(&response));
  v1::RevokeTokensRequest revoke;
  revoke.set_officer_id(62);
  v1::RevokeTokensResponse revoked;
  ASSERT_TRUE(admin_->RevokeTokens(AsOperator(), revoke, &revoked).ok());
  v1::Event event;
  event.mutable_grant_revoked()->set_grant_id(63);
  const auto outcome = province_.Submit(event);
  ASSERT_THAT(outcome, IsOk());
  ASSERT_TRUE(outcome->effective()) << outcome->detail();
  const auto begun = std::chrono::steady_clock::now();
  while (first->Read(&response)) {
  }
  EXPECT_EQ(first->Finish().error_code(), StatusCode::UNAUTHENTICATED);
  while (second->Read(&response)) {
  }
  EXPECT_EQ(second->Finish().error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(90))
      << "the calls' own deadline did not end them";
}

TEST_F(AuditLimitsTest, ReadersThatDoNotReadDelayNobody) {
  for (int i = 0; i < 60; ++i) Record(&phones_[0], 256);
  std::vector<grpc::ClientContext*> contexts;
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  std::vector<std::unique_ptr<v1::AuditService::Stub>> stubs;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::StreamEntriesResponse>>>
      streams;
  for (int i = 0; i < 12; ++i) {
    channels.push_back(Connect());
    stubs.push_back(v1::AuditService::NewStub(channels.back()));
    contexts.push_back(AsOperator());
    streams.push_back(stubs.back()->StreamEntries(contexts.back(),
                                                  v1::StreamEntriesRequest()));
    v1::StreamEntriesResponse response;
    ASSERT_TRUE(streams.back()->Read(&response));  // And never again.
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(Stream(v1::StreamEntriesRequest()).status.ok());
    v1::Checkpoint checkpoint;
    EXPECT_TRUE(audit_
                    ->GetCheckpoint(AsOperator(), v1::GetCheckpointRequest(),
                                    &checkpoint)
                    .ok());
    v1::ServerStatus status;
    EXPECT_TRUE(
        query_->GetStatus(AsOperator(), v1::GetStatusRequest(), &status).ok());
  }
  for (grpc::ClientContext* const context : contexts) context->TryCancel();
}

}  // namespace
}  // namespace thon::testing
