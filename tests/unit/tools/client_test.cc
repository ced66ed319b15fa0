// Over the wire: the token goes along, and what the server says of a failure
// arrives whole.
//
// Method: a gRPC server of two calls on loopback, in plain text.
#include "tools/thon/client.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "server/core/error_info.h"
#include "server/core/hash.h"
#include "tests/support/status_matchers.h"
#include "thon/v1/audit_service.grpc.pb.h"
#include "thon/v1/query_service.grpc.pb.h"

namespace thon::cli {
namespace {

using ::testing::HasSubstr;

class Query final : public v1::QueryService::Service {
 public:
  grpc::Status GetStatus(grpc::ServerContext* context,
                         const v1::GetStatusRequest*,
                         v1::ServerStatus* response) override {
    const auto& metadata = context->client_metadata();
    const auto it = metadata.find("authorization");
    if (it != metadata.end()) {
      response->set_origin(std::string(it->second.data(), it->second.size()));
    }
    return grpc::Status::OK;
  }
  grpc::Status GetUnit(grpc::ServerContext*, const v1::GetUnitRequest*,
                       v1::GetUnitResponse*) override {
    google::rpc::Status details;
    google::rpc::ErrorInfo info;
    info.set_reason("INVALID_FIELD");
    details.add_details()->PackFrom(info);
    google::rpc::BadRequest bad;
    bad.add_field_violations()->set_field("unit_id");
    bad.add_field_violations()->set_field("code");
    details.add_details()->PackFrom(bad);
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(2);
    retry.mutable_retry_delay()->set_nanos(500'000'000);
    details.add_details()->PackFrom(retry);
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                        "give exactly one of them",
                        details.SerializeAsString());
  }
};

class Audit final : public v1::AuditService::Service {
 public:
  grpc::Status StreamEntries(
      grpc::ServerContext*, const v1::StreamEntriesRequest* request,
      grpc::ServerWriter<v1::StreamEntriesResponse>* writer) override {
    std::uint64_t index = request->first_entry();
    while (index < request->end_entry()) {
      v1::StreamEntriesResponse response;
      for (int i = 0; i < 3 && index < request->end_entry(); ++i) {
        response.add_entries()->set_entry_index(index++);
      }
      if (!writer->Write(response)) break;
    }
    return grpc::Status::OK;
  }
};

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port);
    builder.RegisterService(&query_);
    builder.RegisterService(&audit_);
    server_ = builder.BuildAndStart();
    Endpoint endpoint;
    endpoint.address = absl::StrCat("127.0.0.1:", port);
    endpoint.token = "abc";
    client_ = Client::Connect(endpoint);
  }
  ~ClientTest() override { server_->Shutdown(); }

  Query query_;
  Audit audit_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, TheTokenGoesAlong) {
  const absl::StatusOr<v1::ServerStatus> status = client_->GetStatus();
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(status->origin(), "Bearer abc");
}

TEST_F(ClientTest, AFailureKeepsReasonFieldsAndWhenToComeBack) {
  const absl::StatusOr<v1::GetUnitResponse> unit =
      client_->GetUnit(v1::GetUnitRequest());
  ASSERT_THAT(unit, StatusIs(absl::StatusCode::kInvalidArgument,
                             HasSubstr("exactly one")));
  EXPECT_EQ(ReasonOf(unit.status()), "INVALID_FIELD");
  EXPECT_EQ(FieldOf(unit.status()), "unit_id, code");
  EXPECT_EQ(RetryAfterOf(unit.status()), 2500);
}

TEST_F(ClientTest, AStreamIsReadToItsEndOrUntilItsReaderFails) {
  v1::StreamEntriesRequest request;
  request.set_first_entry(5);
  request.set_end_entry(15);
  std::uint64_t next = 5;
  EXPECT_THAT(client_->StreamEntries(request,
                                     [&](const v1::Entry& entry) {
                                       EXPECT_EQ(entry.entry_index(), next++);
                                       return absl::OkStatus();
                                     }),
              IsOk());
  EXPECT_EQ(next, 15u);
  EXPECT_THAT(
      client_->StreamEntries(
          request, [](const v1::Entry&) { return absl::DataLossError("bad"); }),
      StatusIs(absl::StatusCode::kDataLoss));
}

class EndpointTest : public ::testing::Test {
 protected:
  std::string File(const std::string& name, const std::string& content) {
    const std::string path = absl::StrCat(
        ::testing::TempDir(), "thon_endpoint_", getpid(), "_", name);
    std::ofstream(path) << content;
    files_.push_back(path);
    return path;
  }
  ~EndpointTest() override {
    for (const std::string& path : files_) std::remove(path.c_str());
  }
  std::vector<std::string> files_;
};

TEST_F(EndpointTest, ARemoteServerNeedsItsAuthority) {
  ConnectionOptions options;
  options.server = "thon.example.org:8443";
  EXPECT_THAT(FindEndpoint(options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--ca")));
  options.ca_file = File("ca.crt", "PEM\n");
  options.token_file = File("token", " secret \n");
  const absl::StatusOr<Endpoint> endpoint = FindEndpoint(options);
  ASSERT_THAT(endpoint, IsOk());
  EXPECT_EQ(endpoint->ca_certificate, "PEM\n");
  EXPECT_EQ(endpoint->token, "secret");
}

TEST_F(EndpointTest, PlainTextStaysOnThisMachine) {
  ConnectionOptions options;
  options.insecure = true;
  for (const char* here : {"127.0.0.1:80", "localhost:80", "[::1]:80"}) {
    options.server = here;
    EXPECT_THAT(FindEndpoint(options), IsOk()) << here;
  }
  for (const char* elsewhere :
       {"10.0.0.1:80", "127.example.org:80", "localhost.example.org:80",
        "127.0.0.1", "127.0.0.1:0", "127.0.0.1:x"}) {
    options.server = elsewhere;
    EXPECT_THAT(FindEndpoint(options),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << elsewhere;
  }
}

TEST(FingerprintTest, ItIsTheHashOfTheCertificatesBytes) {
  // "hello", as if it were a certificate.
  EXPECT_EQ(CertificateFingerprint("-----BEGIN CERTIFICATE-----\naGVs\nbG8=\n"
                                   "-----END CERTIFICATE-----\n"),
            Sha256Of("hello").Hex());
  EXPECT_EQ(CertificateFingerprint("nothing"), "");
}

}  // namespace
}  // namespace thon::cli
