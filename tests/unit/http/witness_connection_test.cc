// Goal: a log reaches its witnesses over the network and is held up by none:
// connections are kept, certificates are checked, and silence, floods and
// nonsense end within their bounds.
//
// Method: the project's own HTTP server as the witness, over TLS and plain; a
// socket that accepts and says what the test wants.

#include "server/http/witness_connection.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "server/engine/system_clock.h"
#include "server/rpc/tls.h"
#include "tests/unit/http/http_fixture.h"

namespace thon::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class WitnessConnectionTest : public HttpTest {
 protected:
  std::unique_ptr<WitnessTransport> Make(const std::string& url,
                                         const std::string& ca_file = "") {
    absl::StatusOr<std::unique_ptr<WitnessTransport>> made =
        MakeWitnessConnection({.url = url,
                               .ca_file = ca_file,
                               .ms_max = ms_max_,
                               .answer_bytes_max = 10'000});
    EXPECT_THAT(made.status(), IsOk());
    return made.ok() ? *std::move(made) : nullptr;
  }
  std::string Url(const std::string& scheme = "http") {
    return absl::StrCat(scheme, "://localhost:", server_->port(), "/w");
  }

  std::int64_t ms_max_ = 20'000;
};

TEST_F(WitnessConnectionTest, PostsToAddCheckpointAndKeepsTheConnection) {
  Start();
  const auto transport = Make(Url());
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(const WitnessAnswer answer, transport->Post("body"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "POST /w/add-checkpoint  4 body");
  }
  EXPECT_EQ(stats().accepted, 1u);
}

TEST_F(WitnessConnectionTest, AConnectionThatWasClosedMeanwhileIsMadeAgain) {
  options_.limits.idle_ms_max = 500;
  Start();
  const auto transport = Make(Url());
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(transport->Post("body").status(), IsOk());
    EXPECT_TRUE(IsEmpty());
  }
  EXPECT_EQ(stats().accepted, 3u);
}

TEST_F(WitnessConnectionTest, AnAnswerThatIsTooLongIsNotRead) {
  Start();
  const auto transport = Make(Url());
  // The server says what it was asked.
  EXPECT_THAT(transport->Post(std::string(20'000, 'b')).status(),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(transport->Post("short").status(), IsOk());
}

TEST_F(WitnessConnectionTest, SilenceEndsInTimeAndAtOnceWhenInterrupted) {
  // Accepts, and says nothing: its queue of connections is all there is.
  const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(listening, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listening, 8), 0);
  ASSERT_EQ(
      ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size),
      0);
  for (const char* scheme : {"http", "https"}) {
    const std::string url =
        absl::StrCat(scheme, "://127.0.0.1:", ntohs(address.sin_port));
    ms_max_ = 100;
    EXPECT_THAT(Make(url)->Post("body").status(),
                StatusIs(absl::StatusCode::kUnavailable, "in time"));
    ms_max_ = 1'000'000;
    const auto transport = Make(url);
    std::thread interrupter([&] { transport->Interrupt(); });
    EXPECT_THAT(transport->Post("body").status(),
                StatusIs(absl::StatusCode::kCancelled));
    interrupter.join();
    EXPECT_THAT(transport->Post("body").status(),
                StatusIs(absl::StatusCode::kCancelled));
  }
  ::close(listening);
}

TEST_F(WitnessConnectionTest, NobodyThereIsUnavailable) {
  Start();
  const std::string url = Url();
  server_.reset();
  EXPECT_THAT(Make(url)->Post("body").status(),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Make("http://name.invalid:1")->Post("body").status(),
              StatusIs(absl::StatusCode::kUnavailable));
}

class WitnessTlsTest : public WitnessConnectionTest {
 protected:
  void SetUp() override {
    tls_ = MakeTls("server");
    options_.tls = &tls_;
    Start();
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }
  TlsFiles MakeTls(const std::string& name) {
    absl::StatusOr<TlsFiles> tls =
        LoadOrMakeTls(directory_ + "/" + name, {"localhost"}, clock_.Now());
    EXPECT_THAT(tls.status(), IsOk());
    return *tls;
  }

  const std::string directory_ =
      absl::StrCat(::testing::TempDir(), "thon_witness_tls_", ::getpid());
  TlsFiles tls_;
};

TEST_F(WitnessTlsTest, TheAuthorityThatIsNamedIsTheOneThatIsTrusted) {
  const std::string ca = directory_ + "/server/ca.crt";
  const auto transport = Make(Url("https"), ca);
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const WitnessAnswer answer, transport->Post("body"));
    EXPECT_EQ(answer.status, 200);
  }
  EXPECT_EQ(stats().accepted, 1u);
  // Another one's, and the system's.
  MakeTls("other");
  for (const std::string& wrong :
       {directory_ + "/other/ca.crt", std::string()}) {
    EXPECT_THAT(Make(Url("https"), wrong)->Post("body").status(),
                StatusIs(absl::StatusCode::kUnavailable, "TLS"));
  }
}

TEST_F(WitnessTlsTest, TheNameMustBeTheCertificates) {
  const std::string ca = directory_ + "/server/ca.crt";
  const std::string other =
      absl::StrCat("https://127.0.0.2:", server_->port(), "/w");
  EXPECT_THAT(Make(other, ca)->Post("body").status(),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(WitnessTlsTest, AFileWithoutAuthoritiesIsRefusedAtTheStart) {
  const std::string empty = directory_ + "/empty.crt";
  std::ofstream(empty) << "nothing\n";
  for (const std::string& file : {empty, directory_ + "/missing.crt"}) {
    EXPECT_THAT(
        MakeWitnessConnection({.url = "https://localhost", .ca_file = file})
            .status(),
        StatusIs(absl::StatusCode::kInvalidArgument, file));
  }
}

TEST(WitnessUrlTest, SubmissionPrefixesAreRead) {
  struct Case {
    const char* url;
    bool tls;
    const char* host;
    const char* port;
    const char* authority;
    const char* path;
  };
  for (const Case& c :
       std::vector<Case>{{"https://w.example", true, "w.example", "443",
                          "w.example", "/add-checkpoint"},
                         {"https://w.example/", true, "w.example", "443",
                          "w.example", "/add-checkpoint"},
                         {"https://w.example:8443/witness", true, "w.example",
                          "8443", "w.example:8443", "/witness/add-checkpoint"},
                         {"http://127.0.0.1:1/a/b/", false, "127.0.0.1", "1",
                          "127.0.0.1:1", "/a/b/add-checkpoint"},
                         {"https://[::1]:7/w", true, "::1", "7", "[::1]:7",
                          "/w/add-checkpoint"}}) {
    ASSERT_OK_AND_ASSIGN(const WitnessUrl url, ParseWitnessUrl(c.url));
    EXPECT_EQ(url.tls, c.tls);
    EXPECT_EQ(url.host, c.host);
    EXPECT_EQ(url.port, c.port);
    EXPECT_EQ(url.authority, c.authority);
    EXPECT_EQ(url.path, c.path);
  }
  for (const char* url :
       {"", "w.example", "ftp://w.example", "https://", "https:///w",
        "https://:1", "https://w.example:", "https://w.example:x",
        "https://w.example:123456", "https://a@w.example", "https://w/?q",
        "https://w/#f", "https://w w", "https://[::1", "https://[::1]x"}) {
    EXPECT_THAT(ParseWitnessUrl(url).status(),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << url;
  }
}

}  // namespace
}  // namespace thon::testing
