// The bridge over the province's own services says what gRPC itself says.
//
// Method: a province behind its gRPC server and, in the same process, an HTTP
// server with TLS; the same questions go both ways. Every method that the
// services have is called with nonsense, so that a new one is tried, too.
#include <google/protobuf/descriptor.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "google/rpc/error_details.pb.h"
#include "server/http/grpc_web.h"
#include "server/http/grpc_web_wire.h"
#include "server/http/http_server.h"
#include "tests/unit/http/raw_client.h"
#include "tests/unit/rpc/rpc_fixture.h"
#include "thon/v1/watch_service.grpc.pb.h"

namespace thon::testing {
namespace {

struct WebAnswer {
  int code = -1;  // gRPC's; -1: the answer was cut off.
  std::string message;
  std::string details;
  std::vector<std::string> messages;
};

class GrpcWebServicesTest : public RpcTest {
 protected:
  ~GrpcWebServicesTest() override { http_.reset(); }

  void SetUp() override {
    RpcTest::SetUp();
    bridge_ = MakeGrpcWebBridge(
        server_->calls(), [](const HttpRequest&) { return std::string(); });
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    options.tls = &tls_;
    options.clock = &clock_;
    options.stream_handlers = {bridge_};
    options.handler = [](HttpRequest, HttpAnswer answer) { answer({}); };
    ASSERT_OK_AND_ASSIGN(http_, HttpServer::Start(std::move(options)));
  }

  static std::string Post(absl::string_view method, absl::string_view message,
                          absl::string_view token, absl::string_view more) {
    const std::string frame =
        GrpcWebMessageFrame(message, GrpcWebMode::kBinary);
    return absl::StrCat(
        "POST /", method,
        " HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
        "application/grpc-web\r\n",
        token.empty() ? ""
                      : absl::StrCat("Authorization: Bearer ", token, "\r\n"),
        more, "Content-Length: ", frame.size(), "\r\n\r\n", frame);
  }

  WebAnswer Ask(absl::string_view method, absl::string_view message,
                absl::string_view token, absl::string_view more = "") {
    RawClient client(http_->port(), /*tls=*/true);
    client.Send(Post(method, message, token, more));
    return AnswerOf(client.Read());
  }

  // Wherever the status stands: in the head, or in a frame of its own.
  static WebAnswer AnswerOf(const RawResponse& response) {
    WebAnswer answer;
    if (!response.whole) return answer;
    EXPECT_EQ(response.status, 200);
    std::map<std::string, std::string> trailers(response.headers.begin(),
                                                response.headers.end());
    absl::string_view body = response.body;
    while (body.size() >= 5) {
      std::size_t size = 0;
      for (int i = 1; i < 5; ++i) {
        size = size << 8 | static_cast<unsigned char>(body[i]);
      }
      const std::string payload(body.substr(5, size));
      if (body[0] == 0) {
        answer.messages.push_back(payload);
      } else {
        for (const absl::string_view line : absl::StrSplit(payload, "\r\n")) {
          const std::vector<std::string> parts =
              absl::StrSplit(line, absl::MaxSplits(": ", 1));
          if (parts.size() == 2) trailers[parts[0]] = parts[1];
        }
      }
      body.remove_prefix(5 + size);
    }
    EXPECT_TRUE(absl::SimpleAtoi(trailers["grpc-status"], &answer.code));
    answer.message = trailers["grpc-message"];
    EXPECT_TRUE(absl::Base64Unescape(trailers["grpc-status-details-bin"],
                                     &answer.details));
    return answer;
  }

  bool NothingIsLeft() {
    return Eventually([this] {
      return http_->stats().connections == 0 && bridge_->stats().open == 0 &&
             server_->calls()->open() == 0;
    });
  }

  SystemClock clock_;
  std::shared_ptr<GrpcWebBridge> bridge_;
  std::unique_ptr<HttpServer> http_;
};

TEST_F(GrpcWebServicesTest, AnswersAreThoseOfGrpc) {
  v1::GetTeamRequest request;
  request.set_team_id(1);
  v1::GetTeamResponse native;
  ASSERT_TRUE(query_->GetTeam(AsOperator(), request, &native).ok());
  const WebAnswer web = Ask("thon.v1.QueryService/GetTeam",
                            request.SerializeAsString(), operator_);
  EXPECT_EQ(web.code, 0);
  ASSERT_EQ(web.messages.size(), 1u);
  v1::GetTeamResponse bridged;
  ASSERT_TRUE(bridged.ParseFromString(web.messages[0]));
  EXPECT_EQ(bridged.SerializeAsString(), native.SerializeAsString());
}

TEST_F(GrpcWebServicesTest, ErrorsAreThoseOfGrpcWithTheirDetails) {
  v1::GetTeamRequest request;
  request.set_team_id(999);
  const std::string bytes = request.SerializeAsString();
  for (const std::string& token : {operator_, std::string("nobody's")}) {
    v1::GetTeamResponse response;
    const grpc::Status native = query_->GetTeam(As(token), request, &response);
    ASSERT_FALSE(native.ok());
    const WebAnswer web = Ask("thon.v1.QueryService/GetTeam", bytes, token);
    EXPECT_EQ(web.code, native.error_code());
    EXPECT_EQ(web.details, native.error_details());
    google::rpc::Status status;
    ASSERT_TRUE(status.ParseFromString(web.details));
    EXPECT_EQ(status.message(), native.error_message());
    ASSERT_GE(status.details_size(), 1);
    google::rpc::ErrorInfo info;
    EXPECT_TRUE(status.details(0).UnpackTo(&info));
    EXPECT_EQ(info.domain(), "thon.v1");
    EXPECT_TRUE(web.messages.empty());
  }
  EXPECT_EQ(Ask("thon.v1.QueryService/GetTeam", bytes, "").code, 16);
}

TEST_F(GrpcWebServicesTest, WhatThereIsNotIsUnimplemented) {
  for (const char* const method :
       {"thon.v1.QueryService/Nothing", "thon.v1.NoService/GetTeam",
        "thon.v1.QueryService", "thon.v1.QueryService/GetTeam/x", ""}) {
    EXPECT_EQ(Ask(method, "", operator_).code, 12) << method;
  }
}

TEST_F(GrpcWebServicesTest, EveryMethodTakesNonsenseAndLeavesNothing) {
  const auto* const pool = google::protobuf::DescriptorPool::generated_pool();
  int methods = 0;
  for (const char* const name :
       {"QueryService", "WatchService", "CommandService", "PolicyService",
        "AuditService", "AdminService", "SyncService"}) {
    const auto* const service =
        pool->FindServiceByName(absl::StrCat("thon.v1.", name));
    ASSERT_NE(service, nullptr) << name;
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string method =
          absl::StrCat(service->full_name(), "/", service->method(i)->name());
      const int code =
          Ask(method, "\xff\xff\xff", operator_, "Grpc-Timeout: 20S\r\n").code;
      // To gRPC, what cannot be read is the end of a stream of requests.
      EXPECT_GE(code, service->method(i)->client_streaming() ? 0 : 1) << method;
      ++methods;
    }
  }
  EXPECT_GT(methods, 30);
  EXPECT_TRUE(NothingIsLeft());
}

std::string WatchOfTeams() {
  v1::WatchRequest request;
  v1::WatchQuery* const query = request.add_queries();
  query->set_query_id(1);
  query->set_projection(v1::WATCHED_PROJECTION_TEAMS);
  return request.SerializeAsString();
}

TEST_F(GrpcWebServicesTest, WatchesThatAreDroppedLeaveNothing) {
  const std::string request = WatchOfTeams();
  for (int i = 0; i < 200; ++i) {
    RawClient client(http_->port(), /*tls=*/true);
    client.Send(Post("thon.v1.WatchService/Watch", request, operator_, ""));
    if (i % 2 == 0) {
      EXPECT_EQ(client.ReadHead().status, 200);
      EXPECT_FALSE(client.ReadChunk().empty());
    }
  }
  EXPECT_TRUE(NothingIsLeft());
}

// The other order, the web side first, is what every other test ends with.
TEST_F(GrpcWebServicesTest, AServerThatStopsSaysSoToItsWatchers) {
  RawClient client(http_->port(), /*tls=*/true);
  client.Send(
      Post("thon.v1.WatchService/Watch", WatchOfTeams(), operator_, ""));
  ASSERT_EQ(client.ReadHead().status, 200);
  ASSERT_FALSE(client.ReadChunk().empty());
  const std::shared_ptr<GenericCalls> calls = server_->calls();
  server_->Stop(5);
  EXPECT_EQ(calls->open(), 0u);
  std::string last;
  for (std::string chunk = client.ReadChunk(); !chunk.empty();
       chunk = client.ReadChunk()) {
    last = chunk;
  }
  EXPECT_TRUE(absl::StrContains(last, "grpc-status: 14\r\n")) << last;
  // Who comes now is told, too.
  EXPECT_EQ(Ask("thon.v1.QueryService/GetTeam", "", operator_).code, 14);
}

}  // namespace
}  // namespace thon::testing
