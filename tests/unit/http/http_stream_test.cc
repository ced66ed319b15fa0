// An answer in pieces is sent as it is made, stops when its browser does not
// read, and ends with it.
//
// Method: a source that makes a piece whenever the last one was taken, and
// browsers that read, stop reading, or leave.
#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/http/http_fixture.h"

namespace thon::testing {
namespace {

// Streams: /count/N, N pieces; /endless, pieces until the browser is gone;
// /silent, a head and nothing; /broken, a piece, and then it is broken off;
// /whole, no stream at all.
class Source final : public HttpStreamHandler {
 public:
  static constexpr std::size_t kPieceBytes = 32 * limits::kKiB;

  bool Takes(const HttpRequest& request) const override {
    return request.path.rfind("/stream", 0) == 0;
  }

  std::function<void()> Serve(HttpRequest request,
                              std::shared_ptr<HttpStream> stream) override {
    const std::string path = request.path.substr(7);
    ++begun;
    if (path == "/whole") {
      stream->Answer({415, {}, "whole"});
    } else {
      stream->Start(200, {{"content-type", "text/plain"}});
      int pieces = 1 << 30;
      if (path == "/silent") pieces = -1;
      if (path == "/broken") pieces = -2;
      if (path.rfind("/count/", 0) == 0) {
        EXPECT_TRUE(absl::SimpleAtoi(path.substr(7), &pieces));
      }
      Go(std::move(stream), pieces);
    }
    return [this] { ++gone; };
  }

  std::atomic<int> begun = 0;
  std::atomic<int> gone = 0;
  std::atomic<int> taken = 0;
  std::atomic<int> lost = 0;

 private:
  void Go(std::shared_ptr<HttpStream> stream, int pieces) {
    if (pieces == -1) return;
    if (pieces == 0) return stream->End();
    std::string piece = pieces == -2 ? "part" : std::string(kPieceBytes, 's');
    HttpStream* const to = stream.get();
    to->Write(std::move(piece), [this, stream, pieces](bool ok) {
      ++(ok ? taken : lost);
      if (ok && pieces == -2) return stream->Abort();
      if (ok) Go(stream, pieces - 1);
    });
  }
};

class HttpStreamTest : public HttpTest {
 protected:
  HttpStreamTest() { options_.stream_handlers = {source_}; }

  static std::string Get(absl::string_view path) {
    return absl::StrCat("GET /stream", path, " HTTP/1.1\r\nHost: a\r\n\r\n");
  }

  // Waits until the source makes no more pieces; how many it has made.
  int Stalled() {
    int last = -1;
    std::int64_t since = 0;
    EXPECT_TRUE(Eventually([&] {
      const int now = source_->taken;
      if (now != last) since = SteadyMs();
      last = now;
      return SteadyMs() - since > 300;
    }));
    return last;
  }

  const std::shared_ptr<Source> source_ = std::make_shared<Source>();
};

TEST_F(HttpStreamTest, APieceArrivesBeforeTheNextIsMade) {
  Start();
  RawClient client = Client();
  client.Send(Get("/count/3"));
  EXPECT_EQ(client.ReadHead().Header("transfer-encoding"), "chunked");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.ReadChunk().size(), Source::kPieceBytes);
  }
  EXPECT_EQ(client.ReadChunk(), "");
  // The connection goes on.
  client.Send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.Read().body, "GET /next  0 ");
  EXPECT_EQ(source_->gone, 0);
  EXPECT_EQ(stats().streams, 0u);
  EXPECT_EQ(stats().streams_started, 1u);
}

TEST_F(HttpStreamTest, TheHeadIsSentBeforeThereIsAPiece) {
  Start();
  RawClient client = Client();
  client.Send(Get("/silent"));
  EXPECT_EQ(client.ReadHead().status, 200);
  EXPECT_EQ(stats().streams, 1u);
  client.Close();
  EXPECT_TRUE(IsEmpty());
  EXPECT_EQ(source_->gone, 1);
}

TEST_F(HttpStreamTest, RequestsBehindAStreamWaitForItsEnd) {
  Start();
  RawClient client = Client();
  client.Send(Get("/count/20") + Get("/whole") + Get("/count/2"));
  EXPECT_EQ(client.Read().body.size(), 20 * Source::kPieceBytes);
  const RawResponse whole = client.Read();
  EXPECT_EQ(whole.status, 415);
  EXPECT_EQ(whole.body, "whole");
  EXPECT_EQ(client.Read().body.size(), 2 * Source::kPieceBytes);
}

TEST_F(HttpStreamTest, WhoStopsReadingStopsTheSource) {
  Start();
  RawClient client = Client();
  client.Send(Get("/endless"));
  ASSERT_EQ(client.ReadHead().status, 200);
  const int stalled = Stalled();
  // What the two sockets hold, and no more.
  EXPECT_LT(stalled * Source::kPieceBytes, 8 * limits::kMiB);
  EXPECT_EQ(source_->begun, 1);
  // It goes on where it stopped.
  for (int i = 0; i < stalled + 10; ++i) {
    ASSERT_EQ(client.ReadChunk().size(), Source::kPieceBytes);
  }
  EXPECT_GT(source_->taken, stalled);
}

TEST_F(HttpStreamTest, AReaderThatStandsStillLosesItsStream) {
  options_.limits.write_ms_max = 200;
  Start();
  RawClient client = Client();
  client.Send(Get("/endless"));
  EXPECT_TRUE(Eventually([&] { return source_->gone == 1; }));
  EXPECT_EQ(source_->lost, 1);
  EXPECT_EQ(stats().refused(HttpRefusal::kWriteTimeout), 1u);
  EXPECT_TRUE(IsEmpty());
}

// Ten seconds may lie between two pieces, or ten minutes.
TEST_F(HttpStreamTest, AQuietStreamIsNotIdle) {
  options_.limits.write_ms_max = 500;
  options_.limits.idle_ms_max = 500;
  options_.limits.head_ms_max = 500;
  Start();
  RawClient stream = Client();
  stream.Send(Get("/silent"));
  ASSERT_EQ(stream.ReadHead().status, 200);
  for (int i = 0; i < 4; ++i) {
    RawClient other = Client();
    EXPECT_TRUE(other.IsClosed());
  }
  EXPECT_EQ(stats().streams, 1u);
  EXPECT_EQ(source_->gone, 0);
}

TEST_F(HttpStreamTest, ABrokenStreamDoesNotLookComplete) {
  Start();
  RawClient client = Client();
  client.Send(Get("/broken"));
  const RawResponse response = client.Read();
  EXPECT_EQ(response.body, "part");
  EXPECT_FALSE(response.whole);
  EXPECT_TRUE(IsEmpty());
}

TEST_F(HttpStreamTest, InHttp10TheEndOfTheConnectionIsTheStreams) {
  Start();
  RawClient client = Client();
  client.Send("GET /stream/count/3 HTTP/1.0\r\n\r\n");
  const RawResponse response = client.Read();
  EXPECT_EQ(response.Header("transfer-encoding"), "");
  EXPECT_EQ(response.Header("connection"), "close");
  EXPECT_EQ(response.body, std::string(3 * Source::kPieceBytes, 's'));
  client.Close();
  EXPECT_TRUE(IsEmpty());
}

std::size_t OpenFiles() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

TEST_F(HttpStreamTest, AThousandStreamsOpenedAndDroppedLeaveNothing) {
  Start();
  ASSERT_TRUE(IsEmpty());
  const std::size_t files = OpenFiles();
  for (int i = 0; i < 1000; ++i) {
    RawClient client = Client();
    client.Send(Get(i % 2 == 0 ? "/endless" : "/silent"));
    if (i % 4 < 2) {
      EXPECT_EQ(client.ReadHead().status, 200);
    }
    if (i % 3 == 0) client.Reset();
  }
  EXPECT_TRUE(IsEmpty());
  // A connection that was reset before its request was read began no stream.
  EXPECT_EQ(source_->gone, source_->begun);
  EXPECT_GE(source_->begun, 500);
  EXPECT_EQ(stats().streams_started,
            static_cast<std::uint64_t>(source_->begun));
  EXPECT_TRUE(Eventually([&] { return OpenFiles() <= files; }));
}

TEST_F(HttpStreamTest, StopEndsEveryStream) {
  Start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<RawClient>(server_->port()));
    clients.back()->Send(Get(i % 2 == 0 ? "/endless" : "/silent"));
    ASSERT_EQ(clients.back()->ReadHead().status, 200);
  }
  server_->Stop();
  EXPECT_EQ(source_->gone, 100);
  EXPECT_EQ(stats().streams, 0u);
  EXPECT_EQ(stats().connections, 0u);
}

}  // namespace
}  // namespace thon::testing
