// Goal: neither mutated requests nor requests that race, nor what is sent over
// HTTP, make a witness cosign what it must not.
//
// Method: thousands of requests that differ from a good one in one thing;
// threads that submit at once, of one history and of two; the HTTP face over a
// socket.

#include <atomic>
#include <random>
#include <thread>

#include "tests/support/seed.h"
#include "tests/unit/http/http_fixture.h"
#include "tests/unit/http/witness_fixture.h"

namespace thon::testing {
namespace {

using ::testing::IsEmpty;

// Every request changes one thing of a good one. Only a cosignature of the
// log's own text may come of it.
TEST_F(WitnessTest, NoMutationOfARequestGetsAnythingElseCosigned) {
  std::mt19937_64 random(TestSeed());
  log_.GrowTo(40);
  ASSERT_EQ(Status(log_.Request(0, 13)), 200);
  const std::string good = log_.Request(13);
  const std::string text =
      log_.Checkpoint().substr(0, log_.Checkpoint().find("\n\n") + 1);
  int cosigned = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string body = good;
    const std::size_t at = random() % body.size();
    switch (random() % 4) {
      case 0:
        body[at] = static_cast<char>(body[at] ^ (1 << random() % 8));
        break;
      case 1:
        body.erase(at, 1 + random() % 8);
        break;
      case 2:
        body.insert(at, 1, static_cast<char>(random()));
        break;
      default:
        std::swap(body[at], body[random() % body.size()]);
    }
    // A fresh witness each time costs little, and has not moved on.
    ASSERT_OK_AND_ASSIGN(const auto fresh, Witness::Make([&] {
                           WitnessOptions options = Options();
                           options.store = [](const std::string&,
                                              const std::string&) {
                             return absl::OkStatus();
                           };
                           return options;
                         }()));
    const HttpResponse response = fresh->Add(body);
    ASSERT_THAT((std::vector<int>{200, 400, 403, 404, 409, 422}),
                ::testing::Contains(response.status))
        << response.body;
    if (response.status != 200) continue;
    ++cosigned;
    const absl::StatusOr<note::SignedNote> record =
        note::Parse(fresh->Record(RecordPath(kOrigin)).body);
    ASSERT_THAT(record.status(), IsOk());
    EXPECT_EQ(record->text, text) << body;
  }
  // Only what leaves the request's meaning as it is: nearly none.
  EXPECT_LT(cosigned, 300);
}

TEST_F(WitnessTest, ConcurrentSubmissionsNeverRollBack) {
  log_.GrowTo(400);
  constexpr int kThreads = 4;
  // Every thread submits from what it was told; some are overtaken.
  std::vector<std::thread> threads;
  std::atomic<int> cosigned{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t, &cosigned] {
      std::uint64_t old_size = 0;
      for (std::size_t size = static_cast<std::size_t>(t) + 1; size <= 400;
           size += kThreads) {
        for (;;) {
          if (old_size > size) break;
          const HttpResponse response =
              witness_->Add(log_.Request(old_size, size));
          if (response.status == 200) {
            old_size = size;
            ++cosigned;
            break;
          }
          const int told = ToldSize(response);
          ASSERT_GE(told, 0) << response.status << response.body;
          // Never back.
          ASSERT_GE(static_cast<std::uint64_t>(told), old_size);
          old_size = static_cast<std::uint64_t>(told);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(cosigned, 0);
  EXPECT_EQ(ToldSize(Add(log_.Request(0))), 400);
  Start();
  EXPECT_EQ(ToldSize(Add(log_.Request(0))), 400);
  EXPECT_THAT(EvidenceFiles(), IsEmpty());
}

// Two histories sent at once by many: one of them is cosigned, and only one.
TEST_F(WitnessTest, OfTwoHistoriesThatRaceOneIsCosigned) {
  for (int round = 0; round < 20; ++round) {
    records_.FailWith(absl::OkStatus());
    TestLog first(kOrigin);
    TestLog second(kOrigin);
    first.GrowTo(8);
    second.GrowTo(8, "other ");
    TestRecords records;
    WitnessOptions options = Options();
    options.load = [&](const std::string& key) { return records.Load(key); };
    options.store = [&](const std::string& key, const std::string& value) {
      std::this_thread::yield();
      return records.Store(key, value);
    };
    options.warn = [](const std::string&) {};
    ASSERT_OK_AND_ASSIGN(const auto witness, Witness::Make(std::move(options)));
    std::atomic<int> firsts{0};
    std::atomic<int> seconds{0};
    std::thread one([&] {
      for (int i = 0; i < 5; ++i) {
        firsts += witness->Add(first.Request(0)).status == 200 ? 1 : 0;
      }
    });
    std::thread two([&] {
      for (int i = 0; i < 5; ++i) {
        seconds += witness->Add(second.Request(0)).status == 200 ? 1 : 0;
      }
    });
    one.join();
    two.join();
    EXPECT_EQ(firsts + seconds, 1);
  }
}

class WitnessHttpTest : public WitnessTest {
 protected:
  WitnessHttpTest() : part_(witness_.get()) {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    options.clock = &clock_;
    options.handler = [this](HttpRequest request, HttpAnswer answer) {
      if (!part_.Owns(request.path)) return answer({418, {}, ""});
      part_.Handle(std::move(request), std::move(answer));
    };
    absl::StatusOr<std::unique_ptr<HttpServer>> server =
        HttpServer::Start(std::move(options));
    THON_CHECK(server.ok());
    server_ = *std::move(server);
  }
  ~WitnessHttpTest() override { server_.reset(); }

  static std::string Post(const std::string& path, const std::string& body) {
    return absl::StrCat("POST ", path,
                        " HTTP/1.1\r\nHost: localhost\r\nContent-Length: ",
                        body.size(), "\r\n\r\n", body);
  }
  RawResponse Ask(const std::string& bytes) {
    RawClient client(server_->port());
    client.Send(bytes);
    return client.Read();
  }
  RawResponse Get(const std::string& path) {
    return Ask(
        absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  }

  WitnessPart part_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(WitnessHttpTest, TheInterfaceIsTheSpecifications) {
  log_.GrowTo(9);
  RawClient client(server_->port());
  const std::string monitor =
      absl::StrCat("/witness/", RecordPath(kOrigin), "/checkpoint");
  EXPECT_EQ(Get(monitor).status, 404);
  // Two on one connection.
  client.Send(Post("/witness/add-checkpoint", log_.Request(0, 4)));
  EXPECT_EQ(client.Read().status, 200);
  client.Send(Post("/witness/add-checkpoint", log_.Request(0)));
  const RawResponse conflict = client.Read();
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(conflict.Header("content-type"), "text/x.tlog.size");
  EXPECT_EQ(conflict.body, "4\n");
  client.Send(Post("/witness/add-checkpoint", log_.Request(4)));
  const RawResponse added = client.Read();
  EXPECT_EQ(added.status, 200);
  const RawResponse record = Get(monitor);
  EXPECT_EQ(record.status, 200);
  EXPECT_EQ(record.body, log_.Checkpoint() + added.body);
  EXPECT_EQ(Get("/witness.vkey").body,
            note::FormatVerifierKey(witness_->verifier_key()) + "\n");
}

TEST_F(WitnessHttpTest, OtherPathsAndMethodsAreRefused) {
  EXPECT_EQ(Get("/witness/add-checkpoint").status, 405);
  EXPECT_EQ(Get("/witness/add-checkpoint").Header("allow"), "POST");
  EXPECT_EQ(Get("/witness").status, 404);
  EXPECT_EQ(Get("/witness/").status, 404);
  EXPECT_EQ(Get("/witness/checkpoint").status, 404);
  EXPECT_EQ(Get("/witness/sign-subtree").status, 404);
  EXPECT_EQ(Get(absl::StrCat("/witness/", std::string(64, 'A'), "/checkpoint"))
                .status,
            404);
  EXPECT_EQ(Ask(Post("/witness.vkey", "")).status, 405);
  EXPECT_EQ(Get("/witnesses").status, 418);
}

}  // namespace
}  // namespace thon::testing
