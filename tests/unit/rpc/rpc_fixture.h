// A province behind a real gRPC server with TLS on a port of this machine, and
// what calls it: officers with tokens, and phones reduced to a key and a chain.
#ifndef THON_TESTS_UNIT_RPC_RPC_FIXTURE_H_
#define THON_TESTS_UNIT_RPC_RPC_FIXTURE_H_

#include <grpc/support/time.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/entry.h"
#include "server/core/receipt.h"
#include "server/engine/system_clock.h"
#include "server/rpc/server.h"
#include "server/rpc/tls.h"
#include "tests/support/province.h"
#include "tests/support/status_matchers.h"
#include "tests/support/wire_phone.h"
#include "thon/v1/admin_service.grpc.pb.h"
#include "thon/v1/audit_service.grpc.pb.h"
#include "thon/v1/command_service.grpc.pb.h"
#include "thon/v1/policy_service.grpc.pb.h"
#include "thon/v1/query_service.grpc.pb.h"

namespace thon::testing {

class RpcTest : public ::testing::Test {
 protected:
  RpcTest()
      : province_(absl::StrCat(::testing::TempDir(), "thon_rpc_", ::getpid())) {
  }
  ~RpcTest() override {
    server_.reset();  // Before the engine.
  }

  void SetUp() override {
    province_.SetUp();
    operator_ = province_.engine().new_operator_token();
    ASSERT_FALSE(operator_.empty());
    StartServer();
  }

  void StartServer() {
    const SystemClock clock;
    ASSERT_OK_AND_ASSIGN(
        tls_, LoadOrMakeTls(province_.directory() + "/tls",
                            {"localhost", "127.0.0.1"}, clock.Now()));
    RpcOptions options;
    options.listen = "127.0.0.1:0";
    options.tls = &tls_;
    options.backup_dir = province_.directory() + "/backups";
    options.links = login_links_;
    ASSERT_OK_AND_ASSIGN(server_,
                         RpcServer::Start(options, &province_.engine()));
    channel_ = Connect();
    sync_ = v1::SyncService::NewStub(channel_);
    query_ = v1::QueryService::NewStub(channel_);
    command_ = v1::CommandService::NewStub(channel_);
    policy_ = v1::PolicyService::NewStub(channel_);
    audit_ = v1::AuditService::NewStub(channel_);
    admin_ = v1::AdminService::NewStub(channel_);
  }

  // A connection of its own.
  std::shared_ptr<grpc::Channel> Connect() const {
    grpc::SslCredentialsOptions ssl;
    ssl.pem_root_certs = tls_.ca_certificate;
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // A window that stays.
    return grpc::CreateCustomChannel(
        absl::StrCat("127.0.0.1:", server_->port()), grpc::SslCredentials(ssl),
        arguments);
  }

  // The context of a call with a token; it lives as long as the test.
  grpc::ClientContext* As(const std::string& token) {
    contexts_.push_back(std::make_unique<grpc::ClientContext>());
    grpc::ClientContext* const context = contexts_.back().get();
    context->set_deadline(
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                     gpr_time_from_seconds(kCallSecondsMax, GPR_TIMESPAN)));
    if (!token.empty()) {
      context->AddMetadata("authorization", absl::StrCat("Bearer ", token));
    }
    return context;
  }
  grpc::ClientContext* AsOperator() { return As(operator_); }

  // A token of a new officer with this grant, through the API itself.
  std::string OfficerToken(std::uint64_t officer, v1::Role role,
                           std::uint64_t unit) {
    v1::Event event;
    v1::GrantIssued* const grant = event.mutable_grant_issued();
    grant->set_grant_id(officer);
    grant->set_officer_id(officer);
    grant->set_role(role);
    grant->set_unit_id(unit);
    grant->set_from_date(Day("2023-01-01"));
    const absl::StatusOr<v1::CommandOutcome> granted = province_.Submit(event);
    EXPECT_THAT(granted, IsOk());
    EXPECT_TRUE(granted->effective()) << granted->detail();
    v1::CreateTokenRequest request;
    request.set_officer_id(officer);
    v1::CreateTokenResponse response;
    const grpc::Status made =
        admin_->CreateToken(AsOperator(), request, &response);
    EXPECT_TRUE(made.ok()) << made.error_message();
    return response.token();
  }

  // A phone whose key is enrolled over the wire.
  TestPhone EnrolledPhone(std::uint64_t seed, std::uint64_t team = 1) {
    TestPhone phone(seed, team, 10 * team + 1);
    const std::string code =
        province_.CodeFor(TeamId(team), MemberId(10 * team + 1));
    v1::EnrolResponse response;
    const grpc::Status status =
        sync_->Enrol(As(""), phone.EnrolRequest(code), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.author(), phone.author().view());
    return phone;
  }

  // Records `count` events of a phone over the wire; the last position.
  std::uint64_t Record(TestPhone* phone, int count) {
    SyncCall call(sync_.get());
    call.Greet(*phone);
    const v1::Answer answer = call.Answer(phone->Next(count));
    EXPECT_EQ(answer.code(), v1::ANSWER_CODE_RECORDED)
        << answer.ShortDebugString();
    call.CloseSend();
    EXPECT_TRUE(call.End().ok());
    return answer.receipt().first_position() + answer.receipt().event_count() -
           1;
  }

  // Whether the receipt proves the batch.
  absl::Status Verify(const v1::Receipt& receipt,
                      const v1::SealedBatch& sealed) {
    Signature signature;
    if (!Signature::FromBytes(sealed.signature(), &signature)) {
      return absl::InvalidArgumentError("signature");
    }
    return VerifyReceipt(
        receipt, province_.ReadHistory().log_key,
        LeafHash(sealed.batch(), TrailerOf(receipt, signature)));
  }

  Province province_;
  TlsFiles tls_;
  std::unique_ptr<RpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::SyncService::Stub> sync_;
  std::unique_ptr<v1::QueryService::Stub> query_;
  std::unique_ptr<v1::CommandService::Stub> command_;
  std::unique_ptr<v1::PolicyService::Stub> policy_;
  std::unique_ptr<v1::AuditService::Stub> audit_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
  LoginLinkMaker* login_links_ = nullptr;  // To be set before SetUp().
  std::string operator_;                   // The first operator's token.

 private:
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts_;
};

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_RPC_RPC_FIXTURE_H_
