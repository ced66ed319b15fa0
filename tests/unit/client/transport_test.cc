// Goal: the conversation works over real gRPC, and a server that falls silent
// or is not there never holds the phone for ever. Method: the fake server
// behind a gRPC service on loopback.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "server/core/error_info.h"
#include "server/core/mutex.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/fake_server.h"
#include "tests/unit/client/phone.h"
#include "thon/client.h"
#include "thon/grpc_transport.h"
#include "thon/v1/sync_service.grpc.pb.h"

namespace thon::client {
namespace {

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  info.set_reason(ReasonOf(status));
  details.add_details()->PackFrom(info);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(7);
  details.add_details()->PackFrom(retry);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()),
                      details.SerializeAsString());
}

class Service final : public v1::SyncService::Service {
 public:
  FakeServer fake;  // Under mu_, but between calls.

  grpc::Status Enrol(grpc::ServerContext*, const v1::EnrolRequest* request,
                     v1::EnrolResponse* response) override {
    const MutexLock lock(&mu_);
    const absl::StatusOr<v1::EnrolResponse> enrolled = fake.Enrol(*request);
    if (enrolled.ok()) *response = *enrolled;
    return ToGrpc(enrolled.status());
  }

  grpc::Status Sync(grpc::ServerContext*,
                    grpc::ServerReaderWriter<v1::SyncResponse, v1::SyncRequest>*
                        stream) override {
    FakeServer::Stream state;
    v1::SyncRequest request;
    while (stream->Read(&request)) {
      std::optional<absl::Status> end;
      std::vector<v1::SyncResponse> responses;
      {
        const MutexLock lock(&mu_);
        responses = fake.Take(&state, request, &end);
      }
      for (const v1::SyncResponse& one : responses) stream->Write(one);
      if (end.has_value()) return ToGrpc(*end);
    }
    return grpc::Status::OK;
  }

 private:
  Mutex mu_;
};

class TransportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    GrpcOptions options;
    options.target = absl::StrCat("127.0.0.1:", port);
    options.insecure_loopback = true;
    auto transport = NewGrpcTransport(options);
    ASSERT_TRUE(transport.ok()) << transport.status();
    transport_ = *std::move(transport);
    Open(20'000);
  }
  void TearDown() override {
    client_.reset();
    if (server_ != nullptr) server_->Shutdown();
  }
  void Open(std::int64_t reply_timeout_ms) {
    client_.reset();
    Options phone;
    phone.path = folder_ / "phone.db";
    phone.reply_timeout_ms = reply_timeout_ms;
    phone.backoff_first_ms = 1;
    phone.backoff_max_ms = 2;
    auto opened = Client::Open(phone, transport_.get());
    ASSERT_TRUE(opened.ok()) << opened.status();
    client_ = *std::move(opened);
  }

  Folder folder_;
  Service service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Client> client_;
};

TEST_F(TransportTest, AThousandEventsArriveOverGrpc) {
  ASSERT_THAT(client_->Enrol("code"), IsOk());
  std::vector<v1::Event> events(1000, Session(7, 1));
  ASSERT_TRUE(client_->RecordAll(events).ok());
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(client_->Record(events[0]).ok());
  ASSERT_THAT(client_->SyncOnce(60'000), IsOk());
  EXPECT_EQ(client_->Pending()->events(), 0u);
  EXPECT_EQ(service_.fake.Events().size(), 2000u);
}

TEST_F(TransportTest, ASmallStepNeverBlocksAndTheNextGoesOn) {
  ASSERT_THAT(client_->Enrol("code"), IsOk());
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(client_->Record(Session(7, 1)).ok());
  }
  while (!client_->Step(1).even) {
  }
  EXPECT_EQ(service_.fake.Events().size(), 50u);
  EXPECT_EQ(client_->Totals().streams, 1u);
}

TEST_F(TransportTest, ReasonAndRetryDelayComeThrough) {
  service_.fake.faults.log_restored = true;
  auto stream = transport_->Sync(10'000);
  v1::SyncRequest hello;
  hello.mutable_hello();
  ASSERT_TRUE(stream->Send(hello));
  v1::SyncResponse response;
  ASSERT_EQ(stream->Receive(10'000, &response), SyncStream::Got::kEnded);
  const absl::Status status = stream->Finish();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReasonOf(status), "LOG_RESTORED");
  EXPECT_EQ(RetryAfterOf(status), 7'000);
}

TEST_F(TransportTest, ASilentServerAndADeadStreamAreGivenUp) {
  ASSERT_THAT(client_->Enrol("code"), IsOk());
  ASSERT_TRUE(client_->Record(Session(7, 1)).ok());
  service_.fake.faults.silent = true;
  Open(50);
  EXPECT_THAT(client_->SyncOnce(60'000),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  service_.fake.faults.silent = false;
  Open(20'000);
  EXPECT_THAT(client_->SyncOnce(60'000), IsOk());
}

TEST_F(TransportTest, AServerThatIsGoneIsUnavailable) {
  ASSERT_THAT(client_->Enrol("code"), IsOk());
  server_->Shutdown();
  server_.reset();
  ASSERT_TRUE(client_->Record(Session(7, 1)).ok());
  EXPECT_THAT(client_->SyncOnce(60'000),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(client_->State().condition, Condition::kNoConnection);
}

TEST(GrpcOptionsTest, PlainTextIsOnlyForThisMachine) {
  GrpcOptions options;
  options.target = "sync.example.vn:443";
  EXPECT_THAT(NewGrpcTransport(options),
              StatusIs(absl::StatusCode::kInvalidArgument, "ca_pem"));
  options.insecure_loopback = true;
  EXPECT_THAT(NewGrpcTransport(options),
              StatusIs(absl::StatusCode::kInvalidArgument, "loopback"));
}

}  // namespace
}  // namespace thon::client
