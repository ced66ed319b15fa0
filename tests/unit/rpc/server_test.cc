// Goal: the server as a whole: what answers beside our services, what it does
// with what is no message or no caller, how it starts and how it ends.
// Method: a real server with TLS in this process, and calls by name with raw
// bytes.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>

#include "server/core/limits.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace thon::testing {
namespace {

using grpc::StatusCode;
using ::testing::HasSubstr;
using ServerTest = RpcTest;

// A call by name with raw bytes, so that a test can send what no stub would.
struct RawReply {
  grpc::Status status;
  std::string bytes;
};
RawReply RawCall(const std::shared_ptr<grpc::Channel>& channel,
                 grpc::ClientContext* context, const std::string& method,
                 const std::string& bytes) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  const auto call = stub.PrepareCall(context, method, &queue);
  RawReply reply;
  void* tag = nullptr;
  bool ok = false;
  const auto step = [&] { return queue.Next(&tag, &ok) && ok; };
  call->StartCall(nullptr);
  if (step()) {
    call->WriteLast(request, grpc::WriteOptions(), nullptr);
    if (step()) {
      grpc::ByteBuffer response;
      call->Read(&response, nullptr);
      if (step()) {
        std::vector<grpc::Slice> slices;
        response.Dump(&slices);
        for (const grpc::Slice& part : slices) {
          reply.bytes.append(reinterpret_cast<const char*>(part.begin()),
                             part.size());
        }
      }
    }
  }
  call->Finish(&reply.status, nullptr);
  step();
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return reply;
}

TEST_F(ServerTest, HealthAndReflectionAnswer) {
  const RawReply health =
      RawCall(channel_, As(""), "/grpc.health.v1.Health/Check", "");
  EXPECT_TRUE(health.status.ok()) << health.status.error_message();
  EXPECT_EQ(health.bytes, std::string("\x08\x01", 2)) << "SERVING";

  // ServerReflectionRequest{list_services: ""}.
  const RawReply services =
      RawCall(channel_, As(""),
              "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
              std::string("\x3a\x00", 2));
  EXPECT_TRUE(services.status.ok()) << services.status.error_message();
  for (const char* name : {"thon.v1.SyncService", "thon.v1.QueryService",
                           "thon.v1.CommandService", "thon.v1.PolicyService",
                           "thon.v1.AuditService", "thon.v1.AdminService"}) {
    EXPECT_THAT(services.bytes, HasSubstr(name));
  }
}

TEST_F(ServerTest, AMessageAboveTheLimitIsRefusedBeforeItIsRead) {
  v1::PutDocumentRequest request;
  request.set_content(std::string(limits::kRequestBytesMax + 1, 'x'));
  v1::PutDocumentResponse response;
  EXPECT_EQ(
      command_->PutDocument(AsOperator(), request, &response).error_code(),
      StatusCode::RESOURCE_EXHAUSTED);
  SyncCall call(sync_.get());
  v1::SealedBatch large;
  large.set_batch(request.content());
  call.Send(std::move(large));
  EXPECT_FALSE(call.End().ok());
}

TEST_F(ServerTest, BytesThatAreNoMessageEndTheCallAndNothingElse) {
  const std::string garbage(40, '\xff');
  EXPECT_FALSE(
      RawCall(channel_, AsOperator(), "/thon.v1.QueryService/GetTeam", garbage)
          .status.ok());
  EXPECT_FALSE(
      RawCall(channel_, AsOperator(), "/thon.v1.CommandService/Submit", garbage)
          .status.ok());
  // On a stream they end what the phone says; it has asked for nothing.
  const RawReply sync =
      RawCall(channel_, As(""), "/thon.v1.SyncService/Sync", garbage);
  EXPECT_EQ(sync.bytes, "");
  EXPECT_EQ(RawCall(channel_, AsOperator(), "/thon.v1.NoService/Call", "")
                .status.error_code(),
            StatusCode::UNIMPLEMENTED);
  v1::ServerStatus status;
  EXPECT_TRUE(
      query_->GetStatus(AsOperator(), v1::GetStatusRequest(), &status).ok());
}

TEST_F(ServerTest, PlainTextAndAnotherAuthorityReachNobody) {
  const std::string target = absl::StrCat("127.0.0.1:", server_->port());
  v1::ServerStatus status;
  auto plain = v1::QueryService::NewStub(
      grpc::CreateChannel(target, grpc::InsecureChannelCredentials()));
  EXPECT_EQ(plain->GetStatus(AsOperator(), v1::GetStatusRequest(), &status)
                .error_code(),
            StatusCode::UNAVAILABLE);
  const SystemClock clock;
  ASSERT_OK_AND_ASSIGN(const TlsFiles other,
                       LoadOrMakeTls(province_.directory() + "/other-tls",
                                     {"127.0.0.1"}, clock.Now()));
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = other.ca_certificate;
  auto stranger = v1::QueryService::NewStub(
      grpc::CreateChannel(target, grpc::SslCredentials(ssl)));
  EXPECT_EQ(stranger->GetStatus(AsOperator(), v1::GetStatusRequest(), &status)
                .error_code(),
            StatusCode::UNAVAILABLE);
}

TEST_F(ServerTest, ATakenPortIsSaid) {
  RpcOptions options;
  options.listen = absl::StrCat("127.0.0.1:", server_->port());
  options.tls = &tls_;
  EXPECT_THAT(RpcServer::Start(options, &province_.engine()),
              StatusIs(absl::StatusCode::kUnavailable, "port is taken"));
  v1::ServerStatus status;
  EXPECT_TRUE(
      query_->GetStatus(AsOperator(), v1::GetStatusRequest(), &status).ok())
      << "who failed to start has not drained the engine of who runs";
}

TEST_F(ServerTest, WhoWaitsForRowsThatAreNotThereIsNotKept) {
  v1::GetTeamRequest request;
  request.set_team_id(1);
  request.mutable_options()->set_min_position(1'000'000);
  v1::GetTeamResponse response;
  EXPECT_EQ(query_->GetTeam(AsOperator(), request, &response).error_code(),
            StatusCode::OUT_OF_RANGE)
      << "the log does not reach so far";

  // A phone's question waits for its rows, but not beyond the server's end.
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  v1::SyncRequest standings;
  standings.mutable_standings()->set_first_sequence(1);
  standings.mutable_standings()->set_end_sequence(2);
  standings.mutable_standings()->set_min_position(1'000'000);
  ASSERT_TRUE(call.Send(standings));
  server_->Stop(kCallSecondsMax);
  ExpectFault(call.End(), StatusCode::UNAVAILABLE, "DRAINING");
}

}  // namespace
}  // namespace thon::testing
