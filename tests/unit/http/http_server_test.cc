// Requests are answered once each, in order, with the headers that keep a page
// safe, over plain TCP and TLS, and the server stops whatever is open.
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "server/rpc/tls.h"
#include "tests/unit/http/http_fixture.h"

namespace thon::testing {
namespace {

using HttpServerTest = HttpTest;

std::string Get(absl::string_view path, absl::string_view more = "") {
  return absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: a\r\n", more, "\r\n");
}

TEST_F(HttpServerTest, AnswersARequest) {
  Start();
  const RawResponse response = Ask(
      "POST /x%20y?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "POST /x y q=1 3 abc");
  EXPECT_EQ(response.Header("x-peer"), "127.0.0.1");
  EXPECT_TRUE(IsEmpty());
  EXPECT_EQ(stats().requests, 1u);
  EXPECT_EQ(stats().responses[2], 1u);
  EXPECT_EQ(stats().accepted, 1u);
}

TEST_F(HttpServerTest, EveryAnswerKeepsThePageSafe) {
  Start();
  for (const std::string& request : {Get("/"), std::string("bad\r\n\r\n")}) {
    const RawResponse response = Ask(request);
    EXPECT_EQ(response.Header("content-security-policy"),
              "default-src 'none'; script-src 'self'; style-src 'self'; "
              "img-src 'self' data:; connect-src 'self'; worker-src 'self'; "
              "form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    EXPECT_EQ(response.Header("x-content-type-options"), "nosniff");
    EXPECT_EQ(response.Header("referrer-policy"), "no-referrer");
    EXPECT_EQ(response.Header("cross-origin-opener-policy"), "same-origin");
    EXPECT_EQ(response.Header("cross-origin-resource-policy"), "same-origin");
    EXPECT_EQ(response.Header("strict-transport-security"), "");
    EXPECT_TRUE(absl::EndsWith(response.Header("date"), " GMT"));
  }
}

// The handler of this test offers another length, another policy and a header
// with a line break.
TEST_F(HttpServerTest, AHandlerCannotBreakTheHead) {
  Start();
  const RawResponse response = Ask(Get("/"));
  int lengths = 0;
  for (const auto& [name, value] : response.headers) {
    lengths += name == "content-length" ? 1 : 0;
    EXPECT_NE(name, "x-injected");
    EXPECT_NE(name, "x-split");
    EXPECT_FALSE(absl::StrContains(value, "*")) << name;
  }
  EXPECT_EQ(lengths, 1);
  EXPECT_EQ(response.Header("content-length"), "9");
}

TEST_F(HttpServerTest, HeadHasTheLengthAndNoBody) {
  Start();
  RawClient client = Client();
  client.Send("HEAD /big/1000 HTTP/1.1\r\nHost: a\r\n\r\n" + Get("/b"));
  const RawResponse head = client.Read(/*head_only=*/true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Header("content-length"), "1000");
  EXPECT_EQ(client.Read().body, "GET /b  0 ");
}

TEST_F(HttpServerTest, NotModifiedHasNoBody) {
  Start();
  RawClient client = Client();
  client.Send(Get("/none") + Get("/b"));
  const RawResponse none = client.Read();
  EXPECT_EQ(none.status, 304);
  EXPECT_EQ(none.Header("content-length"), "");
  EXPECT_EQ(client.Read().body, "GET /b  0 ");
}

TEST_F(HttpServerTest, AConnectionServesManyRequests) {
  Start();
  RawClient client = Client();
  for (int i = 0; i < 100; ++i) {
    client.Send(Get(absl::StrCat("/", i)));
    EXPECT_EQ(client.Read().body, absl::StrCat("GET /", i, "  0 "));
  }
  client.Send(Get("/last", "Connection: close\r\n"));
  EXPECT_EQ(client.Read().Header("connection"), "close");
  EXPECT_TRUE(client.IsClosed());
  client.Close();
  EXPECT_TRUE(IsEmpty());
  EXPECT_EQ(stats().accepted, 1u);
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  Start();
  RawClient client = Client();
  std::string all = Get("/late");
  for (int i = 0; i < 50; ++i) {
    absl::StrAppend(&all, "POST /", i,
                    " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  }
  ASSERT_TRUE(client.Send(all));
  ASSERT_TRUE(Eventually([&] { return late() == 1; }));
  // Not one of them is begun before its turn.
  EXPECT_EQ(stats().requests, 1u);
  AnswerLate();
  EXPECT_EQ(client.Read().body, "late");
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.Read().body, absl::StrCat("POST /", i, "  3 abc"));
  }
}

// Requests that come before their turn wait in the sender's own buffers.
TEST_F(HttpServerTest, PipelinedBytesHaveABound) {
  Start();
  RawClient client = Client();
  ASSERT_TRUE(client.Send(Get("/late")));
  ASSERT_TRUE(Eventually([&] { return late() == 1; }));
  const std::size_t sent = client.SendUntilFull(Get("/b"), 64 * limits::kMiB);
  EXPECT_LT(stats().bytes_read, 200 * limits::kKiB);
  EXPECT_LT(sent, 64 * limits::kMiB);
  AnswerLate();
  EXPECT_EQ(client.Read().body, "late");
  EXPECT_EQ(client.Read().body, "GET /b  0 ");
}

TEST_F(HttpServerTest, HalfClosedSendersAreAnswered) {
  Start();
  RawClient client = Client();
  client.Send(Get("/late") + Get("/b"));
  client.CloseSend();
  ASSERT_TRUE(Eventually([&] { return late() == 1; }));
  AnswerLate();
  EXPECT_EQ(client.Read().body, "late");
  EXPECT_EQ(client.Read().body, "GET /b  0 ");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(HttpServerTest, Http10IsAnsweredAndClosed) {
  Start();
  RawClient client = Client();
  client.Send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const RawResponse response = client.Read();
  EXPECT_EQ(response.body, "GET /a  0 ");
  EXPECT_EQ(response.Header("connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(HttpServerTest, HundredsOfConnectionsAreServedAtOnce) {
  options_.limits.connections_per_peer_max = 1000;
  Start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 500; ++i) {
    clients.push_back(std::make_unique<RawClient>(server_->port()));
  }
  for (int i = 0; i < 500; ++i) clients[i]->Send(Get(absl::StrCat("/", i)));
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(clients[i]->Read().body, absl::StrCat("GET /", i, "  0 "));
  }
  EXPECT_EQ(stats().connections, 500u);
  clients.clear();
  EXPECT_TRUE(IsEmpty());
}

TEST_F(HttpServerTest, AnswersThatComeTooLateAreDropped) {
  Start();
  for (int i = 0; i < 10; ++i) {
    RawClient client = Client();
    client.Send(Get("/late"));
    ASSERT_TRUE(Eventually([&] { return late() == std::size_t(i + 1); }));
    client.Reset();
  }
  EXPECT_TRUE(IsEmpty());
  AnswerLate();
  EXPECT_EQ(stats().responses[2], 0u);
}

TEST_F(HttpServerTest, StopEndsWhatIsOpenAndAnswersMayComeAfterIt) {
  Start();
  RawClient idle = Client();
  RawClient half = Client();
  half.Send("GET / HT");
  RawClient waiting = Client();
  waiting.Send(Get("/late"));
  RawClient unread = Client();
  unread.Send(Get("/big/50000000"));
  ASSERT_TRUE(Eventually([&] {
    return late() == 1 && stats().connections == 4 && stats().bytes_written > 0;
  }));
  server_->Stop();
  EXPECT_EQ(stats().connections, 0u);
  EXPECT_TRUE(idle.IsClosed());
  EXPECT_TRUE(half.IsClosed());
  EXPECT_TRUE(waiting.IsClosed());
  AnswerLate();
  server_->Stop();
  const int port = server_->port();
  server_.reset();
  AnswerLate();

  // The port is free again at once.
  options_.listen = absl::StrCat("127.0.0.1:", port);
  ASSERT_OK_AND_ASSIGN(server_, HttpServer::Start(options_));
  EXPECT_EQ(Ask(Get("/")).status, 200);
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
  Start();
  HttpServerOptions other = options_;
  other.listen = absl::StrCat("127.0.0.1:", server_->port());
  EXPECT_THAT(HttpServer::Start(other),
              StatusIs(absl::StatusCode::kUnavailable));
  other.listen = "192.0.2.1:0";  // Nobody's.
  EXPECT_THAT(HttpServer::Start(other),
              StatusIs(absl::StatusCode::kUnavailable));
  for (const char* const bad : {"", "7480", ":7480", "a:", "a:x", "a:70000"}) {
    other.listen = bad;
    EXPECT_THAT(HttpServer::Start(other),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << bad;
  }
}

class HttpTlsTest : public HttpTest {
 protected:
  void SetUp() override {
    first_ = MakeTls("first");
    options_.tls = &first_;
  }

  TlsFiles MakeTls(absl::string_view name) {
    absl::StatusOr<TlsFiles> tls =
        LoadOrMakeTls(absl::StrCat(::testing::TempDir(), "thon_http_tls_",
                                   ::getpid(), "_", name),
                      {"localhost"}, clock_.Now());
    EXPECT_THAT(tls, IsOk());
    return *tls;
  }

  RawClient TlsClient() { return RawClient(server_->port(), /*tls=*/true); }

  const std::string directory_ =
      absl::StrCat(::testing::TempDir(), "thon_http_tls_", ::getpid());
  TlsFiles first_;
};

TEST_F(HttpTlsTest, AnswersOverTlsAndSaysGoodbye) {
  Start();
  RawClient client = TlsClient();
  ASSERT_TRUE(client.Send(Get("/a") + Get("/b")));
  const RawResponse response = client.Read();
  EXPECT_EQ(response.body, "GET /a  0 ");
  EXPECT_EQ(response.Header("strict-transport-security"), "max-age=31536000");
  EXPECT_EQ(client.Read().body, "GET /b  0 ");
  ASSERT_TRUE(client.Send(Get("/big/3000000", "Connection: close\r\n")));
  EXPECT_EQ(client.Read().body.size(), 3'000'000u);
  EXPECT_TRUE(client.IsClosed());
  client.Close();
  EXPECT_TRUE(IsEmpty());
}

TEST_F(HttpTlsTest, WhatIsNotTlsIsCounted) {
  options_.limits.handshake_ms_max = 200;
  Start();
  RawClient plain = Client();
  plain.Send(Get("/"));
  RawClient silent = Client();
  EXPECT_TRUE(silent.IsClosed());
  EXPECT_TRUE(Eventually(
      [&] { return stats().refused(HttpRefusal::kHandshake) == 2; }));
  EXPECT_EQ(stats().requests, 0u);
}

TEST_F(HttpTlsTest, ARefusalIsReadOverTlsToo) {
  options_.limits.body_bytes_max = 1000;
  Start();
  RawClient client = TlsClient();
  EXPECT_TRUE(client.Send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"));
  EXPECT_TRUE(client.Send(std::string(1'000'000, 'a')));
  EXPECT_EQ(client.Read().status, 413);
}

TEST_F(HttpTlsTest, TheCertificateIsSwappedWithoutARestart) {
  Start();
  RawClient before = TlsClient();
  ASSERT_TRUE(before.Send(Get("/a")));
  EXPECT_EQ(before.Read().status, 200);
  const TlsFiles second = MakeTls("second");
  TlsFiles mixed = first_;
  mixed.server_key = second.server_key;
  EXPECT_THAT(server_->SetTls(mixed),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(server_->SetTls(second), IsOk());
  RawClient after = TlsClient();
  ASSERT_TRUE(after.Send(Get("/b")));
  EXPECT_EQ(after.Read().body, "GET /b  0 ");
  EXPECT_NE(before.Certificate(), after.Certificate());
  ASSERT_TRUE(before.Send(Get("/c")));
  EXPECT_EQ(before.Read().body, "GET /c  0 ");
}

TEST_F(HttpTlsTest, APairThatDoesNotMatchIsRefusedAtTheStart) {
  const TlsFiles second = MakeTls("second");
  TlsFiles mixed = first_;
  mixed.server_key = second.server_key;
  options_.tls = &mixed;
  options_.listen = "127.0.0.1:0";
  options_.clock = &clock_;
  options_.handler = [](HttpRequest, HttpAnswer) {};
  EXPECT_THAT(HttpServer::Start(options_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace thon::testing
