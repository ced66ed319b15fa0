// The bridge hands over what was sent, says what was answered, and passes
// deadlines, cancellation and backpressure on.
//
// Method: a gRPC server in this process whose one generic service does what the
// method's name says; browsers as raw sockets that post frames.
#include "server/http/grpc_web.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "server/http/grpc_web_wire.h"
#include "server/rpc/in_process_calls.h"
#include "tests/unit/http/generic_service.h"
#include "tests/unit/http/http_fixture.h"

namespace thon::testing {
namespace {

// What a body of frames says.
struct Frames {
  std::vector<std::string> messages;
  std::string trailers;
  bool good = true;
};

Frames Parse(std::string body) {
  Frames frames;
  while (!body.empty()) {
    std::size_t size = 0;
    for (int i = 1; i < 5 && body.size() >= 5; ++i) {
      size = size << 8 | static_cast<unsigned char>(body[i]);
    }
    if (body.size() < 5 + size) {
      frames.good = false;
      return frames;
    }
    const std::string payload = body.substr(5, size);
    if (static_cast<unsigned char>(body[0]) == 0x80) {
      frames.trailers = payload;
    } else {
      frames.messages.push_back(payload);
    }
    body.erase(0, 5 + size);
  }
  return frames;
}

class GrpcWebTest : public HttpTest {
 protected:
  void SetUp() override {
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(&service_);
    builder.SetMaxReceiveMessageSize(
        static_cast<int>(limits::kRequestBytesMax));
    grpc_ = builder.BuildAndStart();
    ASSERT_NE(grpc_, nullptr);
    calls_ = std::make_shared<InProcessCalls>(grpc_.get());
    bridge_ = MakeGrpcWebBridge(
        calls_, [](const HttpRequest& request) -> absl::StatusOr<std::string> {
          const absl::string_view cookie = request.Header("cookie");
          if (cookie == "foreign") {
            return absl::PermissionDeniedError("another site");
          }
          return std::string(cookie);
        });
    options_.stream_handlers = {bridge_};
    Start();
  }

  void TearDown() override {
    server_->Stop();
    calls_->Close(0);
    grpc_->Shutdown();
    EXPECT_EQ(service_.seen.open, 0);
    EXPECT_EQ(bridge_->stats().open, 0u);
  }

  static std::string Post(absl::string_view method, absl::string_view body,
                          absl::string_view more = "",
                          absl::string_view type = "application/grpc-web") {
    return absl::StrCat("POST /test.Service/", method,
                        " HTTP/1.1\r\nHost: a\r\nContent-Type: ", type,
                        "\r\nX-Grpc-Web: 1\r\nContent-Length: ", body.size(),
                        "\r\n", more, "\r\n", body);
  }
  static std::string Frame(absl::string_view message) {
    return GrpcWebMessageFrame(message, GrpcWebMode::kBinary);
  }

  RawResponse CallOf(absl::string_view method, absl::string_view message,
                     absl::string_view more = "") {
    return Ask(Post(method, Frame(message), more));
  }
  // The status of an answer that has nothing else.
  std::string StatusOfBody(absl::string_view body,
                           absl::string_view more = "") {
    const RawResponse response = Ask(Post("Echo", body, more));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "");
    return response.Header("grpc-status");
  }

  // No call and no connection is left anywhere.
  bool NothingIsLeft() {
    return IsEmpty() && Eventually([this] {
             return service_.seen.open == 0 && calls_->open() == 0 &&
                    bridge_->stats().open == 0;
           });
  }

  GenericService service_;
  std::unique_ptr<grpc::Server> grpc_;
  std::shared_ptr<InProcessCalls> calls_;
  std::shared_ptr<GrpcWebBridge> bridge_;
};

TEST_F(GrpcWebTest, AUnaryCallInBinary) {
  const RawResponse response = CallOf("Echo", std::string("a\0b", 3));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("content-type"), "application/grpc-web+proto");
  EXPECT_EQ(response.Header("grpc-accept-encoding"), "identity");
  EXPECT_EQ(response.Header("cache-control"), "no-store");
  EXPECT_EQ(response.Header("access-control-allow-origin"), "");
  EXPECT_EQ(response.Header("x-content-type-options"), "nosniff");
  EXPECT_TRUE(response.whole);
  const Frames frames = Parse(response.body);
  EXPECT_TRUE(frames.good);
  EXPECT_EQ(frames.messages, std::vector<std::string>{std::string("a\0b", 3)});
  EXPECT_EQ(frames.trailers,
            "grpc-status: 0\r\nx-trailer: end\r\nx-trailer-bin: /wA\r\n");
  EXPECT_EQ(bridge_->stats().ended[0], 1u);
}

TEST_F(GrpcWebTest, AnEmptyMessageIsAMessage) {
  EXPECT_EQ(Parse(CallOf("Echo", "").body).messages,
            std::vector<std::string>{""});
}

TEST_F(GrpcWebTest, AStreamInTextCanBeDecodedPieceByPiece) {
  RawClient client = Client();
  client.Send(Post("Count", absl::Base64Escape(Frame("3")), "",
                   "application/grpc-web-text"));
  EXPECT_EQ(client.ReadHead().Header("content-type"),
            "application/grpc-web-text+proto");
  std::string body;
  for (int i = 0; i < 4; ++i) {
    const std::string chunk = client.ReadChunk();
    EXPECT_EQ(chunk.size() % 4, 0u);
    std::string piece;
    ASSERT_TRUE(absl::Base64Unescape(chunk, &piece)) << chunk;
    EXPECT_TRUE(Parse(piece).good);
    body += piece;
  }
  EXPECT_EQ(client.ReadChunk(), "");
  const Frames frames = Parse(body);
  EXPECT_EQ(frames.messages.size(), 3u);
  EXPECT_TRUE(absl::StartsWith(frames.trailers, "grpc-status: 0\r\n"));
}

TEST_F(GrpcWebTest, AStreamWithoutMessagesEndsWell) {
  const RawResponse response = CallOf("Count", "0");
  const Frames frames = Parse(response.body);
  EXPECT_TRUE(frames.messages.empty());
  EXPECT_TRUE(absl::StartsWith(frames.trailers, "grpc-status: 0\r\n"));
}

// Where the status stands depends on whether the service sent its head first.
TEST_F(GrpcWebTest, AnErrorKeepsItsMessageAndDetails) {
  const std::string trailers =
      "grpc-status: 9\r\n"
      "grpc-message: kh%C3%B4ng %C4%91%C6%B0%E1%BB%A3c: 100%25%0A\r\n";
  const RawResponse early = CallOf("Fail", "x");
  EXPECT_EQ(early.status, 200);
  std::string all = Parse(early.body).trailers;
  if (all.empty()) {
    for (const auto& [name, value] : early.headers) {
      absl::StrAppend(&all, name, ": ", value, "\r\n");
    }
  }
  const RawResponse late = CallOf("FailLate", "x");
  EXPECT_EQ(Parse(late.body).messages, std::vector<std::string>{"x"});
  for (const std::string& text : {all, Parse(late.body).trailers}) {
    EXPECT_TRUE(absl::StrContains(text, trailers)) << text;
    EXPECT_TRUE(absl::StrContains(
        text, absl::StrCat("grpc-status-details-bin: ", "ZGV0YWlsc/8", "\r\n")))
        << text;
    EXPECT_TRUE(absl::StrContains(text, "x-why: test\r\n")) << text;
  }
}

TEST_F(GrpcWebTest, MetadataGoesBothWays) {
  const RawResponse response = CallOf("Echo", "x",
                                      "X-Own: one\r\nX-Data-Bin: /wA=,AQ\r\n"
                                      "Authorization: Bearer own\r\n");
  EXPECT_EQ(response.Header("seen-x-own"), "one");
  EXPECT_EQ(response.Header("seen-authorization"), "Bearer own");
  std::vector<std::string> data;
  for (const auto& [name, value] : response.headers) {
    if (name == "seen-x-data-bin") data.push_back(value);
  }
  EXPECT_EQ(data, (std::vector<std::string>{"/wA", "AQ"}));
}

TEST_F(GrpcWebTest, WhatConcernsHttpDoesNotReachTheService) {
  const RawResponse response = CallOf(
      "Names", "x",
      "Cookie: token\r\nOrigin: http://a\r\nX-Forwarded-For: 1.2.3.4\r\n"
      "Forwarded: for=1.2.3.4\r\nTE: trailers\r\nUser-Agent: browser\r\n"
      "Sec-Fetch-Site: same-origin\r\nX-User-Agent: grpc-web-javascript/0.1\r\n"
      "Accept-Language: vi\r\nGrpc-Encoding: identity\r\nX-Own: 1\r\n");
  const std::string names = Parse(response.body).messages.at(0);
  for (const char* const name :
       {"cookie", "origin", "forwarded", "te ", "browser", "sec-fetch",
        "x-user-agent", "accept-language", "x-grpc-web", "host", "content-"}) {
    EXPECT_FALSE(absl::StrContains(names, name)) << names;
  }
  EXPECT_TRUE(absl::StrContains(names, "x-own"));
}

TEST_F(GrpcWebTest, TheCookieBecomesATokenUnlessThereIsOne) {
  EXPECT_EQ(CallOf("Echo", "x", "Cookie: t1\r\n").Header("seen-authorization"),
            "Bearer t1");
  EXPECT_EQ(CallOf("Echo", "x", "Cookie: t1\r\nAuthorization: Bearer t2\r\n")
                .Header("seen-authorization"),
            "Bearer t2");
  EXPECT_EQ(CallOf("Echo", "x").Header("seen-authorization"), "");
  const RawResponse refused = CallOf("Echo", "x", "Cookie: foreign\r\n");
  EXPECT_EQ(refused.Header("grpc-status"), "7");
  EXPECT_EQ(refused.Header("grpc-message"), "another site");
}

TEST_F(GrpcWebTest, MalformedFramesHaveTheRightStatus) {
  EXPECT_EQ(StatusOfBody(""), "12");
  EXPECT_EQ(StatusOfBody("abc"), "13");
  EXPECT_EQ(StatusOfBody(Frame("abc").substr(0, 7)), "13");
  EXPECT_EQ(StatusOfBody(Frame("abc") + Frame("abc")), "12");
  EXPECT_EQ(StatusOfBody(Frame("abc") + "tail"), "13");
  EXPECT_EQ(StatusOfBody(std::string("\x80\0\0\0\0", 5)), "13");
  EXPECT_EQ(StatusOfBody(std::string("\1\0\0\0\0", 5)), "13");
  EXPECT_EQ(
      StatusOfBody(std::string("\1\0\0\0\0", 5), "Grpc-Encoding: gzip\r\n"),
      "12");
  EXPECT_EQ(StatusOfBody(std::string("\0\x7f\0\0\0", 5)), "8");
  EXPECT_EQ(StatusOfBody(Frame("x"), "Grpc-Timeout: soon\r\n"), "3");
  EXPECT_EQ(StatusOfBody(Frame("x"), "X-Own: \x80\r\n"), "3");
  EXPECT_EQ(StatusOfBody(Frame("x"), "X~Own: a\r\n"), "3");
  EXPECT_EQ(StatusOfBody(Frame("x"), "X-Own-Bin: *\r\n"), "3");
  const RawResponse text =
      Ask(Post("Echo", "no base64!", "", "application/grpc-web-text"));
  EXPECT_EQ(text.Header("grpc-status"), "13");
  EXPECT_EQ(service_.seen.open, 0);
  EXPECT_EQ(bridge_->stats().ended[13], 6u);
}

TEST_F(GrpcWebTest, OtherMethodsAndContentsAreRefusedByHttp) {
  EXPECT_EQ(Ask(Post("Echo", Frame("x"), "", "application/grpc")).status, 415);
  EXPECT_EQ(Ask(Post("Echo", "{}", "", "application/json")).status, 415);
  EXPECT_EQ(
      Ask(Post("Echo", Frame("x"), "", "application/grpc-web+json")).status,
      415);
  EXPECT_EQ(Ask("GET /test.Service/Echo HTTP/1.1\r\nHost: a\r\n"
                "Content-Type: application/grpc-web\r\n\r\n")
                .status,
            405);
  const RawResponse options =
      Ask("OPTIONS /test.Service/Echo HTTP/1.1\r\nHost: a\r\n"
          "Origin: http://b\r\nAccess-Control-Request-Method: POST\r\n\r\n");
  EXPECT_EQ(options.status, 405);
  for (const auto& [name, value] : options.headers) {
    EXPECT_FALSE(absl::StartsWith(name, "access-control-")) << value;
  }
}

TEST_F(GrpcWebTest, OddPathsAreUnknownMethods) {
  for (const char* const path : {"/", "/a", "/a/b/c", "/test.Service/",
                                 "/%c4%91/a", "/test.Service/a%20b"}) {
    const std::string frame = Frame("x");
    const RawResponse response = Ask(absl::StrCat(
        "POST ", path,
        " HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web\r\n"
        "Content-Length: ",
        frame.size(), "\r\n\r\n", frame));
    std::string status = response.Header("grpc-status");
    if (status.empty()) status = Parse(response.body).trailers.substr(13, 2);
    EXPECT_EQ(status, "12") << path;
  }
}

TEST_F(GrpcWebTest, ADeadlineEndsTheCall) {
  const RawResponse response = CallOf("Wait", "x", "Grpc-Timeout: 100m\r\n");
  EXPECT_EQ(response.Header("grpc-status"), "4");
  EXPECT_TRUE(Eventually([&] { return service_.seen.cancelled == 1; }));
  EXPECT_EQ(CallOf("Wait", "x", "Grpc-Timeout: 0n\r\n").Header("grpc-status"),
            "4");
  EXPECT_TRUE(NothingIsLeft());
}

TEST_F(GrpcWebTest, AHeadIsPassedOnBeforeThereIsAMessage) {
  RawClient client = Client();
  client.Send(Post("Head", Frame("x"), "X-Own: 1\r\n"));
  const RawResponse head = client.ReadHead();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Header("seen-x-own"), "1");
  EXPECT_EQ(service_.seen.open, 1);
}

TEST_F(GrpcWebTest, ABrowserThatLeavesCancelsItsCall) {
  for (const char* const method : {"Wait", "Head", "Endless"}) {
    const int cancelled = service_.seen.cancelled;
    RawClient client = Client();
    client.Send(Post(method, Frame("x")));
    ASSERT_TRUE(Eventually([&] { return service_.seen.open == 1; }));
    client.Close();
    EXPECT_TRUE(Eventually([&] { return service_.seen.cancelled > cancelled; }))
        << method;
    EXPECT_TRUE(NothingIsLeft()) << method;
  }
  EXPECT_EQ(bridge_->stats().abandoned, 3u);
}

TEST_F(GrpcWebTest, AReaderThatStopsHoldsTheServiceBack) {
  RawClient client = Client();
  client.Send(Post("Endless", Frame("x")));
  ASSERT_EQ(client.ReadHead().status, 200);
  int last = -1;
  std::int64_t since = 0;
  ASSERT_TRUE(Eventually([&] {
    const int now = service_.seen.written;
    if (now != last) since = SteadyMs();
    last = now;
    return SteadyMs() - since > 300;
  }));
  EXPECT_LT(last * GenericService::kPieceBytes, 8 * limits::kMiB);
  // Others are served meanwhile.
  EXPECT_EQ(Parse(CallOf("Echo", "y").body).messages,
            std::vector<std::string>{"y"});
  // It goes on where it stopped.
  for (int i = 0; i < last + 10; ++i) {
    ASSERT_EQ(client.ReadChunk().size(), GenericService::kPieceBytes + 5);
  }
  EXPECT_GT(service_.seen.written, last);
}

TEST_F(GrpcWebTest, AThousandStreamsOpenedAndDroppedLeaveNothing) {
  for (int i = 0; i < 1000; ++i) {
    const char* const methods[] = {"Endless", "Wait", "Head", "Echo"};
    RawClient client = Client();
    client.Send(Post(methods[i % 4], Frame("x")));
    if (i % 8 == 0) {
      EXPECT_EQ(client.ReadHead().status, 200);
    }
    if (i % 3 == 0) client.Reset();
  }
  EXPECT_TRUE(NothingIsLeft());
}

TEST_F(GrpcWebTest, CallsOfOneConnectionFollowEachOther) {
  RawClient client = Client();
  std::string all;
  for (int i = 0; i < 50; ++i) all += Post("Echo", Frame(absl::StrCat(i)));
  client.Send(all);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(Parse(client.Read().body).messages,
              std::vector<std::string>{absl::StrCat(i)});
  }
}

TEST_F(GrpcWebTest, CallsThatAreClosedFirstAreAnsweredStill) {
  RawClient waiting = Client();
  waiting.Send(Post("Wait", Frame("x")));
  RawClient unread = Client();
  unread.Send(Post("Endless", Frame("x")));
  ASSERT_TRUE(Eventually([&] { return service_.seen.open == 2; }));
  calls_->Close(50);
  EXPECT_EQ(calls_->open(), 0u);
  EXPECT_EQ(waiting.Read().Header("grpc-status"), "1");
  EXPECT_EQ(CallOf("Echo", "x").Header("grpc-status"), "14");
  // The one that had not been read ends with its status, too.
  const RawResponse rest = unread.Read();
  EXPECT_TRUE(rest.whole);
  EXPECT_TRUE(
      absl::StartsWith(Parse(rest.body).trailers, "grpc-status: 1\r\n"));
}

TEST_F(GrpcWebTest, StoppingTheHttpServerCancelsItsCalls) {
  std::vector<std::unique_ptr<RawClient>> clients;
  const char* const methods[] = {"Endless", "Wait", "Head"};
  for (int i = 0; i < 60; ++i) {
    clients.push_back(std::make_unique<RawClient>(server_->port()));
    clients.back()->Send(Post(methods[i % 3], Frame("x")));
  }
  ASSERT_TRUE(Eventually([&] { return service_.seen.open == 60; }));
  server_->Stop();
  EXPECT_TRUE(Eventually(
      [&] { return service_.seen.open == 0 && calls_->open() == 0; }));
  EXPECT_EQ(bridge_->stats().abandoned, 60u);
}

}  // namespace
}  // namespace thon::testing
