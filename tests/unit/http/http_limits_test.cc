// Each bound of the HTTP server is kept, answered as it should be and counted,
// and whoever runs into it disturbs nobody else.
//
// Method: real sockets of this machine, and limits small enough to be reached.
#include <poll.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tests/unit/http/http_fixture.h"

namespace thon::testing {
namespace {

using HttpLimitsTest = HttpTest;

constexpr absl::string_view kGet = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

std::string PostHead(std::size_t length, absl::string_view more = "") {
  return absl::StrCat("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ", length,
                      "\r\n", more, "\r\n");
}

// How often the request was refused for this.
std::uint64_t Refused(const HttpStats& stats, HttpRefusal refusal) {
  return stats.refused(refusal);
}

TEST_F(HttpLimitsTest, AHeadBeyondTheBoundIsAnswered431) {
  Start();
  RawClient client = Client();
  EXPECT_TRUE(client.Send("GET / HTTP/1.1\r\nHost: a\r\nX: "));
  client.Send(std::string(limits::kHttpHeaderBytesMax, 'a'));
  const RawResponse response = client.Read();
  EXPECT_EQ(response.status, 431);
  EXPECT_EQ(response.Header("connection"), "close");
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(Refused(stats(), HttpRefusal::kHeadTooLarge), 1u);
}

TEST_F(HttpLimitsTest, AHeadWithinTheBoundIsTaken) {
  Start();
  const std::string most(limits::kHttpHeaderBytesMax - 200, 'a');
  EXPECT_EQ(
      Ask(absl::StrCat("GET / HTTP/1.1\r\nHost: a\r\nX: ", most, "\r\n\r\n"))
          .status,
      200);
}

TEST_F(HttpLimitsTest, ATargetBeyondTheBoundIsAnswered414) {
  Start();
  EXPECT_EQ(Ask(absl::StrCat("GET /", std::string(3000, 'a'))).status, 414);
  EXPECT_EQ(Refused(stats(), HttpRefusal::kTargetTooLong), 1u);
}

TEST_F(HttpLimitsTest, MalformedRequestsAreAnsweredAndTheConnectionEnds) {
  Start();
  for (const char* const bad :
       {"nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n"
        "Host: a\r\n\r\n"}) {
    RawClient client = Client();
    client.Send(bad);
    const RawResponse response = client.Read();
    EXPECT_EQ(response.status, 400) << bad;
    EXPECT_EQ(response.Header("x-content-type-options"), "nosniff");
    EXPECT_TRUE(client.IsClosed()) << bad;
  }
  const RawResponse method = Ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.Header("allow"), "GET, HEAD, POST");
  EXPECT_EQ(Refused(stats(), HttpRefusal::kMalformed), 3u);
  EXPECT_EQ(Refused(stats(), HttpRefusal::kMethod), 1u);
  EXPECT_EQ(stats().requests, 0u);
  EXPECT_TRUE(IsEmpty());
}

// A slow loris sends a header now and then, and never the last.
TEST_F(HttpLimitsTest, ASlowHeadIsAnswered408HoweverItDrips) {
  options_.limits.head_ms_max = 200;
  Start();
  RawClient client = Client();
  ASSERT_TRUE(client.Send("GET / HTTP/1.1\r\nHost: a\r\n"));
  EXPECT_TRUE(Eventually([&] {
    client.SendSome("X: a\r\n");
    return Refused(stats(), HttpRefusal::kHeadTimeout) == 1;
  }));
  EXPECT_EQ(client.Read().status, 408);
  client.CloseSend();
  EXPECT_TRUE(IsEmpty());
}

TEST_F(HttpLimitsTest, ManySlowHeadsDisturbNobody) {
  options_.limits.head_ms_max = 30'000;
  Start();
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<RawClient>(server_->port()));
    slow.back()->Send("GET / HTTP/1.1\r\nX: ");
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Ask(kGet).status, 200);
  slow.clear();
  EXPECT_TRUE(IsEmpty());
}

TEST_F(HttpLimitsTest, ASlowBodyIsAnswered408) {
  options_.limits.body_ms_max = 200;
  Start();
  RawClient client = Client();
  ASSERT_TRUE(client.Send(PostHead(1000)));
  EXPECT_TRUE(Eventually([&] {
    client.SendSome("a");
    return Refused(stats(), HttpRefusal::kBodyTimeout) == 1;
  }));
  EXPECT_EQ(client.Read().status, 408);
}

// A browser that is cut off while it sends reports a broken network; it has to
// be able to send its body and read the answer.
TEST_F(HttpLimitsTest, ABodyBeyondTheBoundIsAnswered413AndDrained) {
  options_.limits.body_bytes_max = 10'000;
  Start();
  const std::string body(2'000'000, 'b');
  RawClient client = Client();
  EXPECT_TRUE(client.Send(PostHead(body.size())));
  EXPECT_TRUE(client.Send(body));
  EXPECT_EQ(client.Read().status, 413);
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(Refused(stats(), HttpRefusal::kBodyTooLarge), 1u);
  EXPECT_EQ(stats().requests, 0u);
}

TEST_F(HttpLimitsTest, ChunksBeyondTheBoundAreAnswered413AndDrained) {
  options_.limits.body_bytes_max = 10'000;
  Start();
  RawClient client = Client();
  EXPECT_TRUE(
      client.Send("POST / HTTP/1.1\r\nHost: a\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n"));
  const std::string chunk =
      absl::StrCat("3E8\r\n", std::string(1000, 'c'), "\r\n");
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(client.Send(chunk)) << i;
  EXPECT_EQ(client.Read().status, 413);
}

TEST_F(HttpLimitsTest, DrainingHasABoundToo) {
  options_.limits.body_bytes_max = 10'000;
  options_.limits.drain_bytes_max = 100'000;
  Start();
  RawClient client = Client();
  EXPECT_TRUE(client.Send(PostHead(1'000'000'000)));
  const std::string piece(100'000, 'b');
  bool sent = true;
  for (int i = 0; i < 1000 && sent; ++i) sent = client.Send(piece);
  EXPECT_FALSE(sent);
  EXPECT_TRUE(IsEmpty());
}

TEST_F(HttpLimitsTest, ABodyIsAskedForAfterItsHeadOnlyIfItIsTaken) {
  options_.limits.body_bytes_max = 10;
  Start();
  RawClient client = Client();
  ASSERT_TRUE(client.Send(PostHead(3, "Expect: 100-continue\r\n")));
  EXPECT_EQ(client.Read().status, 100);
  ASSERT_TRUE(client.Send("abc"));
  EXPECT_EQ(client.Read().body, "POST /a  3 abc");
  // Who does not wait is not told.
  ASSERT_TRUE(client.Send(PostHead(3, "Expect: 100-continue\r\n") + "abc"));
  EXPECT_EQ(client.Read().status, 200);
  ASSERT_TRUE(client.Send(PostHead(11, "Expect: 100-continue\r\n")));
  EXPECT_EQ(client.Read().status, 413);
  EXPECT_EQ(Ask(PostHead(3, "Expect: 200-ok\r\n")).status, 417);
}

TEST_F(HttpLimitsTest, BodiesTogetherHaveABound) {
  options_.limits.bodies_bytes_max = 100'000;
  Start();
  const std::string part(60'000, 'p');
  RawClient first = Client();
  ASSERT_TRUE(first.Send(PostHead(60'001) + part));
  ASSERT_TRUE(Eventually([&] { return stats().bytes_read > 60'000; }));
  RawClient second = Client();
  ASSERT_TRUE(second.Send(PostHead(60'001) + part));
  const RawResponse refused = second.Read();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Header("retry-after"), "5");
  EXPECT_EQ(Refused(stats(), HttpRefusal::kBodiesTooLarge), 1u);
  // What was refused or answered is given back.
  ASSERT_TRUE(first.Send("x"));
  EXPECT_EQ(first.Read().status, 200);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Ask(PostHead(60'000) + part).status, 200);
  }
}

TEST_F(HttpLimitsTest, AnIdleConnectionIsClosedWithoutAWord) {
  options_.limits.idle_ms_max = 1'000;
  Start();
  RawClient fresh = Client();
  RawClient used = Client();
  ASSERT_TRUE(used.Send(kGet));
  EXPECT_EQ(used.Read().status, 200);
  EXPECT_TRUE(fresh.IsClosed());
  EXPECT_TRUE(used.IsClosed());
  EXPECT_EQ(Refused(stats(), HttpRefusal::kIdle), 2u);
}

// An answer that takes its time is not idle.
TEST_F(HttpLimitsTest, WaitingForAnAnswerIsNotIdle) {
  options_.limits.idle_ms_max = 500;
  options_.limits.head_ms_max = 500;
  options_.limits.write_ms_max = 500;
  Start();
  RawClient client = Client();
  ASSERT_TRUE(client.Send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n"));
  RawClient other = Client();
  EXPECT_TRUE(other.IsClosed());
  RawClient another = Client();
  EXPECT_TRUE(another.IsClosed());
  AnswerLate();
  EXPECT_EQ(client.Read().body, "late");
}

TEST_F(HttpLimitsTest, WhoDoesNotReadIsDropped) {
  options_.limits.write_ms_max = 200;
  Start();
  RawClient client = Client();
  ASSERT_TRUE(client.Send("GET /big/50000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(Eventually(
      [&] { return Refused(stats(), HttpRefusal::kWriteTimeout) == 1; }));
  EXPECT_TRUE(IsEmpty());
}

// The bound is on standing still, not on the whole of a large answer.
TEST_F(HttpLimitsTest, WhoReadsSlowlyIsServed) {
  options_.limits.write_ms_max = 1'000;
  Start();
  RawClient client = Client();
  const std::int64_t begin = SteadyMs();
  ASSERT_TRUE(client.Send("GET /big/20000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  RawResponse response = client.ReadHead();
  EXPECT_EQ(response.Header("content-length"), "20000000");
  std::size_t size = 0;
  for (std::size_t more = 1; size < 20'000'000 && more > 0; size += more) {
    ::poll(nullptr, 0, 150);
    more = client.ReadSome(2'000'000);
  }
  EXPECT_EQ(size, 20'000'000u);
  EXPECT_GT(SteadyMs() - begin, options_.limits.write_ms_max);
}

TEST_F(HttpLimitsTest, ConnectionsBeyondTheBoundAreToldAndThenClosed) {
  options_.limits.connections_max = 3;
  Start();
  std::vector<std::unique_ptr<RawClient>> open;
  for (int i = 0; i < 3; ++i) {
    open.push_back(std::make_unique<RawClient>(server_->port()));
    open.back()->Send(kGet);
    EXPECT_EQ(open.back()->Read().status, 200);
  }
  const RawResponse refused = Ask(kGet);
  EXPECT_EQ(refused.status, 503);
  EXPECT_FALSE(refused.Header("retry-after").empty());
  // Beyond those that are told, connections are closed at once.
  for (int i = 0; i < 80; ++i) {
    open.push_back(std::make_unique<RawClient>(server_->port()));
  }
  EXPECT_TRUE(open.back()->IsClosed());
  EXPECT_GE(Refused(stats(), HttpRefusal::kConnections), 2u);
  // Whoever was there is served still, and there is room again.
  open[0]->Send(kGet);
  EXPECT_EQ(open[0]->Read().status, 200);
  open.clear();
  ASSERT_TRUE(IsEmpty());
  EXPECT_EQ(Ask(kGet).status, 200);
}

TEST_F(HttpLimitsTest, ConnectionsOfOneAddressHaveABound) {
  options_.limits.connections_per_peer_max = 2;
  Start();
  RawClient first = Client();
  RawClient second = Client();
  first.Send(kGet);
  second.Send(kGet);
  EXPECT_EQ(first.Read().status, 200);
  EXPECT_EQ(second.Read().status, 200);
  EXPECT_EQ(Ask(kGet).status, 503);
  EXPECT_EQ(Refused(stats(), HttpRefusal::kConnectionsPerPeer), 1u);
}

TEST_F(HttpLimitsTest, AForeignNameIsAnswered421) {
  options_.host_names = {"Thon.example.vn"};
  Start();
  EXPECT_EQ(Ask("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").status, 421);
  EXPECT_EQ(Ask("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .status,
            421);
  EXPECT_EQ(Ask("GET / HTTP/1.1\r\nHost: thon.example.vn:1\r\n\r\n").status,
            200);
  EXPECT_EQ(Refused(stats(), HttpRefusal::kHost), 2u);
}

}  // namespace
}  // namespace thon::testing
