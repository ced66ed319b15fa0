// Goal: whoever knows c2sp.org/tlog-tiles and nothing of this project reads the
// whole log over HTTP, at every size for which a checkpoint was signed, and
// gets nothing that no checkpoint covers.
//
// Method: a real engine that phones write to; every tile and bundle of its tree
// is asked for and compared with bytes made here from the entries alone, whole
// and in pieces over a socket; paths that are not the specification's; a disk
// that holds something else than was signed.

#include "server/http/tiles.h"

#include <zlib.h>

#include <algorithm>

#include "server/core/checkpoint.h"
#include "server/core/tile.h"
#include "server/engine/checkpoints.h"
#include "server/http/http_server.h"
#include "tests/support/log_surgeon.h"
#include "tests/unit/http/raw_client.h"
#include "tests/unit/http/web_fixture.h"

namespace thon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Gunzip(const std::string& packed) {
  z_stream stream = {};
  THON_CHECK(inflateInit2(&stream, 15 + 16) == Z_OK);
  std::string plain(limits::kBundleBytesMax, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0u) << "bytes behind the end";
  plain.resize(stream.total_out);
  inflateEnd(&stream);
  return plain;
}

class TilesTest : public WebTest {
 protected:
  TilesTest() {
    // Only when a test asks.
    options_.checkpoint_ms = 1'000'000'000;
    operator_token_ = engine_->new_operator_token();
    engine_.reset();
    Open();
    EnrolKey(phone_);
  }
  ~TilesTest() override {
    server_.reset();
    app_.reset();
    tiles_.reset();
  }

  void GrowTo(std::uint64_t size, int events = 1,
              const std::string& place = "nhà văn hoá") {
    std::vector<Arrived<Answered>> offered;
    for (std::uint64_t i = engine_->log().end().tree_size.value; i < size;
         ++i) {
      offered.push_back(Offer(phone_, phone_.Next(events, place)));
    }
    for (Arrived<Answered>& answered : offered) {
      ASSERT_THAT(answered.Get().status, IsOk());
    }
    ASSERT_EQ(engine_->log().end().tree_size.value, size);
  }
  absl::StatusOr<v1::Checkpoint> Sign() {
    Arrived<absl::StatusOr<v1::Checkpoint>> arrived;
    engine_->checkpoints().Sign(arrived.callback());
    return arrived.Get();
  }
  void GrowAndSign(std::uint64_t size) {
    GrowTo(size);
    ASSERT_OK_AND_ASSIGN(const v1::Checkpoint checkpoint, Sign());
    ASSERT_EQ(checkpoint.tree_size(), size);
  }

  void StartTiles() {
    tiles_options_.engine = engine_.get();
    tiles_ = std::make_shared<Tiles>(tiles_options_);
    app_options_.engine = engine_.get();
    app_options_.parts = {tiles_.get()};
    StartApp();
  }
  void StartServer() {
    StartTiles();
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    options.clock = &clock_;
    options.handler = [this](HttpRequest request, HttpAnswer answer) {
      app_->Handle(std::move(request), std::move(answer));
    };
    options.stream_handlers = {tiles_};
    ASSERT_OK_AND_ASSIGN(server_, HttpServer::Start(std::move(options)));
  }
  static std::string RawGet(const std::string& path,
                            const std::string& headers = "",
                            const std::string& method = "GET") {
    return absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: localhost\r\n",
                        headers, "\r\n");
  }
  RawResponse Fetch(const std::string& path, const std::string& headers = "") {
    RawClient client(server_->port());
    client.Send(RawGet(path, headers));
    return client.Read();
  }

  // What a tile or bundle must be, from the entries alone.
  static std::string Expected(const std::vector<std::string>& entries,
                              const TileId& id) {
    std::string bytes;
    const std::size_t first = id.index * 256;
    const std::size_t end = first + static_cast<std::size_t>(id.width);
    for (std::size_t i = first; id.entries && i < end; ++i) {
      const std::string& entry = entries[i];
      bytes.push_back(static_cast<char>(entry.size() >> 8));
      bytes.push_back(static_cast<char>(entry.size() & 0xff));
      bytes += entry;
    }
    if (id.entries) return bytes;
    std::size_t span = 1;
    for (int level = 0; level < id.level; ++level) span *= 256;
    for (std::size_t i = first; i < end; ++i) {
      std::vector<Hash> leaves;
      for (std::size_t leaf = i * span; leaf < (i + 1) * span; ++leaf) {
        leaves.push_back(merkle::HashLeaf(entries[leaf]));
      }
      bytes += std::string(merkle::RootOf(leaves).view());
    }
    return bytes;
  }
  void ExpectTile(const std::vector<std::string>& entries, const TileId& id) {
    const std::string path = "/" + TilePath(id);
    const HttpResponse response = Get(path);
    ASSERT_EQ(response.status, 200) << path << response.body;
    EXPECT_EQ(HeaderOf(response, "content-type"), "application/octet-stream");
    EXPECT_EQ(HeaderOf(response, "cache-control"),
              "public, max-age=31536000, immutable");
    EXPECT_EQ(response.body, Expected(entries, id)) << path;
  }

  Phone phone_{3};
  std::string operator_token_;
  TilesOptions tiles_options_;
  std::shared_ptr<Tiles> tiles_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(TilesTest, TheCheckpointIsSignedAndFresh) {
  StartTiles();
  // The first one is made for who asks first.
  const HttpResponse response = Get("/checkpoint");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(HeaderOf(response, "content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(HeaderOf(response, "cache-control"), "public, max-age=5");
  ASSERT_OK_AND_ASSIGN(const CheckpointBody body,
                       VerifyCheckpointNote(response.body, log_key()));
  EXPECT_EQ(body.origin, "thon.example/test/1");
  EXPECT_EQ(body.tree_size, engine_->log().end().tree_size.value);
  EXPECT_EQ(body.root, engine_->log().root());
  EXPECT_EQ(
      Get("/log.vkey").body,
      note::FormatVerifierKey(LogVerifierKey(body.origin, log_key())) + "\n");
  EXPECT_EQ(Get("/checkpoint/witnessed").status, 404);
  EXPECT_EQ(Get("/checkpoint/").status, 404);
  EXPECT_EQ(Get("/checkpoints").status, 404);
}

TEST_F(TilesTest, TheNewestWitnessedCheckpointIsServedWhenItsQuorumIsThere) {
  const SigningKey witness = *SigningKey::FromSeed(Sha256Of("w").view());
  const note::VerifierKey key{.name = "w.example",
                              .type = note::KeyType::kCosignature,
                              .key = witness.public_key()};
  ASSERT_OK_AND_ASSIGN(
      const TrustPolicy policy,
      ParseTrustPolicy(absl::StrCat("witness w ", note::FormatVerifierKey(key),
                                    "\nquorum w\n")));
  engine_->checkpoints().SetWitnessPolicy(policy);
  StartTiles();
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint first, Sign());
  EXPECT_EQ(Get("/checkpoint/witnessed").status, 404);
  Arrived<absl::Status> added;
  engine_->checkpoints().AddCosignatures(
      first.tree_size(),
      {note::Cosign(witness, key.name, note::Parse(first.note())->text, 77)},
      added.callback());
  ASSERT_THAT(added.Get(), IsOk());
  GrowAndSign(first.tree_size() + 3);
  const std::string witnessed = Get("/checkpoint/witnessed").body;
  ASSERT_OK_AND_ASSIGN(const note::SignedNote note, note::Parse(witnessed));
  EXPECT_EQ(note.text, note::Parse(first.note())->text);
  EXPECT_EQ(note::Verify(note, key).time_s, 77);
  EXPECT_NE(Get("/checkpoint").body, witnessed);
}

TEST_F(TilesTest, EveryTileOfTheTreeIsServedAtEveryWidthItHad) {
  StartTiles();
  GrowAndSign(600);
  const std::vector<std::string> entries = Entries();
  int tiles = 0;
  ForEachTile(600, [&](const TileId& id) {
    TileId partial = id;
    const bool all = id.index == 0 || id.width < 256;
    for (int width = all ? 1 : id.width; width <= id.width; ++width) {
      partial.width = width;
      ExpectTile(entries, partial);
      if (id.level == 0 && width % 50 == 0) {
        partial.entries = true;
        ExpectTile(entries, partial);
        partial.entries = false;
      }
      ++tiles;
    }
    return true;
  });
  EXPECT_GT(tiles, 300);
  EXPECT_EQ(tiles_->stats().not_found, 0u);
}

TEST_F(TilesTest, NothingBeyondTheTreeIsServed) {
  StartTiles();
  GrowAndSign(300);
  for (const char* path :
       {"/tile/0/001.p/45", "/tile/0/001.p/255", "/tile/0/001", "/tile/0/002",
        "/tile/0/002.p/1", "/tile/1/000", "/tile/1/000.p/2", "/tile/1/001.p/1",
        "/tile/2/000.p/1", "/tile/63/000", "/tile/63/000.p/1",
        "/tile/entries/001", "/tile/entries/001.p/45", "/tile/entries/002.p/1",
        "/tile/0/x018/x446/x744/x073/x709/x551/615",
        "/tile/7/x018/x446/x744/x073/x709/x551/615.p/1",
        "/tile/entries/x018/x446/x744/x073/x709/x551/615"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
    EXPECT_EQ(HeaderOf(Get(path), "cache-control"), "no-store");
  }
  for (const char* path : {"/tile/0/001.p/44", "/tile/0/000", "/tile/1/000.p/1",
                           "/tile/entries/001.p/44", "/tile/entries/000"}) {
    EXPECT_EQ(Get(path).status, 200) << path;
  }
}

TEST_F(TilesTest, PathsThatAreNotTheSpecificationsAreNotFound) {
  StartTiles();
  GrowAndSign(300);
  for (const char* path : {"/tile",
                           "/tile/",
                           "/tile/0",
                           "/tile/0/",
                           "/tile/00/000",
                           "/tile/64/000",
                           "/tile/-1/000",
                           "/tile/+0/000",
                           "/tile/0/0",
                           "/tile/0/00",
                           "/tile/0/0000",
                           "/tile/0/x000/000",
                           "/tile/0/000/000",
                           "/tile/0/x000",
                           "/tile/0/000.p",
                           "/tile/0/000.p/",
                           "/tile/0/000.p/0",
                           "/tile/0/000.p/01",
                           "/tile/0/000.p/256",
                           "/tile/0/000.p/1/",
                           "/tile/0/000.P/1",
                           "/tile/0/000/",
                           "/tile//0/000",
                           "/tile/0//000",
                           "/tile/0/00a",
                           "/tile/entries",
                           "/tile/entries/",
                           "/tile/Entries/000",
                           "/tile/entries/0/000",
                           "/tile/0/entries/000",
                           "/tile/data/000",
                           "/tile/0/ 00",
                           "/tile/0/000.p/1.p/1",
                           "/tile/0/x999/x999/x999/x999/x999/x999/x999/999",
                           "/tile/99999999999999999999/000"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
  HttpRequest query = Request("GET", "/tile/0/000");
  query.query = "a=b";
  EXPECT_EQ(Ask(query).status, 200);
}

TEST_F(TilesTest, EntriesAreServedOnceACheckpointCoversThem) {
  StartTiles();
  GrowAndSign(20);
  GrowTo(30);
  EXPECT_EQ(Get("/tile/0/000.p/20").status, 200);
  EXPECT_EQ(Get("/tile/0/000.p/21").status, 404);
  EXPECT_EQ(Get("/tile/entries/000.p/30").status, 404);
  ASSERT_THAT(Sign(), IsOk());
  EXPECT_EQ(Get("/tile/0/000.p/20").status, 200);
  EXPECT_EQ(Get("/tile/0/000.p/30").status, 200);
  // Also after a restart, before anything is signed again.
  app_.reset();
  tiles_.reset();
  Reopen();
  StartTiles();
  EXPECT_EQ(Get("/tile/entries/000.p/30").status, 200);
  EXPECT_EQ(Get("/tile/entries/000.p/31").status, 404);
}

TEST_F(TilesTest, OnlyReadingIsPossible) {
  StartTiles();
  GrowAndSign(20);
  for (const char* path : {"/checkpoint", "/checkpoint/witnessed", "/log.vkey",
                           "/tile/0/000.p/9", "/tile/entries/000.p/9"}) {
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
      const HttpResponse response = Ask(Request(method, path));
      EXPECT_EQ(response.status, 405) << method << path;
      EXPECT_EQ(HeaderOf(response, "allow"), "GET, HEAD");
    }
  }
}

TEST_F(TilesTest, WhoReadsAClosedLogsEntriesIsRecorded) {
  tiles_options_.closed = true;
  StartTiles();
  GrowAndSign(600);
  const auto fetch = [this](const std::string& path) {
    HttpRequest request = Request("HEAD", path);
    Set(&request, "authorization", "Bearer " + operator_token_);
    EXPECT_EQ(Ask(request).status, 200) << path;
  };
  const auto reads = [this] {
    // Behind whatever was handed to the committer.
    Arrived<absl::StatusOr<bool>> passed;
    engine_->RevokeToken("nobody's", passed.callback());
    EXPECT_THAT(passed.Get(), IsOk());
    std::vector<v1::AccessRecorded> found;
    for (const v1::Event& event : Events()) {
      if (event.has_access_recorded()) found.push_back(event.access_recorded());
    }
    return found;
  };
  fetch("/tile/0/000");
  EXPECT_EQ(Get("/tile/entries/001").status, 401);
  EXPECT_TRUE(reads().empty());
  fetch("/tile/entries/001");
  fetch("/tile/entries/002.p/88");
  ASSERT_EQ(reads().size(), 1u);
  EXPECT_EQ(reads()[0].kind(), v1::ACCESS_KIND_ENTRIES);
  EXPECT_EQ(reads()[0].filter(), "tiles");
  EXPECT_NE(reads()[0].officer_id(), 0u);
  EXPECT_GT(reads()[0].first_position(), 256u);
  EXPECT_EQ(reads()[0].last_position(), 0u);
  fetch("/tile/entries/000");
  fetch("/tile/entries/001");
  ASSERT_EQ(reads().size(), 2u);
  EXPECT_EQ(reads()[1].first_position(), 1u);
}

TEST_F(TilesTest, ClosedTilesNeedAReadersToken) {
  tiles_options_.closed = true;
  StartTiles();
  GrowAndSign(20);
  ASSERT_FALSE(operator_token_.empty());
  for (const char* path :
       {"/tile/0/000.p/9", "/tile/entries/000.p/9", "/tile/0/009"}) {
    HttpRequest request = Request("GET", path);
    HttpResponse response = Ask(request);
    EXPECT_EQ(response.status, 401);
    EXPECT_EQ(HeaderOf(response, "www-authenticate"), "Bearer");
    Set(&request, "authorization", "Bearer wrong");
    EXPECT_EQ(Ask(request).status, 401);
    Set(&request, "authorization", "Bearer " + operator_token_);
    response = Ask(request);
    EXPECT_EQ(response.status, request.path == "/tile/0/009" ? 404 : 200);
    EXPECT_THAT(
        HeaderOf(response, "cache-control"),
        ::testing::AnyOf("private, max-age=31536000, immutable", "no-store"));
  }
  EXPECT_EQ(Get("/checkpoint").status, 200);
  EXPECT_EQ(Get("/log.vkey").status, 200);
}

TEST_F(TilesTest, TooManyAtOnceAreToldToComeBack) {
  tiles_options_.waiting_max = 0;
  StartServer();
  GrowAndSign(20);
  const HttpResponse response = Get("/tile/0/000.p/9");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(HeaderOf(response, "retry-after"), "5");
  EXPECT_EQ(Fetch("/tile/entries/000.p/9").status, 503);
  EXPECT_EQ(tiles_->stats().busy, 2u);
  EXPECT_EQ(Get("/checkpoint").status, 200);
}

// ---- Over a socket ----

TEST_F(TilesTest, BundlesComeWholeInPiecesAndCompressed) {
  tiles_options_.piece_bytes = 4000;
  StartServer();
  GrowAndSign(300);
  const std::vector<std::string> entries = Entries();
  for (const TileId& id : {TileId{.entries = true},
                           TileId{.entries = true, .index = 1, .width = 44},
                           TileId{.entries = true, .width = 1}}) {
    const std::string path = "/" + TilePath(id);
    const std::string expected = Expected(entries, id);
    const RawResponse plain = Fetch(path);
    EXPECT_EQ(plain.status, 200);
    EXPECT_TRUE(plain.whole);
    EXPECT_EQ(plain.body, expected);
    EXPECT_EQ(plain.Header("content-encoding"), "");
    EXPECT_EQ(plain.Header("vary"), "accept-encoding");
    EXPECT_EQ(plain.Header("content-type"), "application/octet-stream");
    EXPECT_EQ(plain.Header("cache-control"),
              "public, max-age=31536000, immutable");
    EXPECT_EQ(plain.Header("x-content-type-options"), "nosniff");
    const RawResponse packed = Fetch(path, "Accept-Encoding: gzip\r\n");
    EXPECT_TRUE(packed.whole);
    EXPECT_EQ(packed.Header("content-encoding"), "gzip");
    EXPECT_EQ(Gunzip(packed.body), expected);
    if (id.width == 256) {
      EXPECT_LT(packed.body.size(), plain.body.size());
      EXPECT_EQ(plain.Header("transfer-encoding"), "chunked");
    }
    const RawResponse refused = Fetch(path, "Accept-Encoding: gzip;q=0\r\n");
    EXPECT_EQ(refused.body, expected);
  }
}

TEST_F(TilesTest, OneConnectionReadsAWholeLogAlsoByHead) {
  StartServer();
  GrowAndSign(300);
  const std::vector<std::string> entries = Entries();
  RawClient client(server_->port());
  for (int round = 0; round < 3; ++round) {
    client.Send(RawGet("/checkpoint") +
                RawGet("/tile/entries/000", "", "HEAD") +
                RawGet("/tile/entries/000") + RawGet("/tile/0/000"));
    EXPECT_EQ(client.Read().status, 200);
    const RawResponse head = client.Read(/*head_only=*/true);
    EXPECT_EQ(head.status, 200);
    const std::string bundle = Expected(entries, {.entries = true});
    EXPECT_EQ(head.Header("content-length"), absl::StrCat(bundle.size()));
    EXPECT_EQ(client.Read().body, bundle);
    EXPECT_EQ(client.Read().body, Expected(entries, {}));
  }
}

TEST_F(TilesTest, AReaderThatDoesNotReadCostsNoMoreThanAPiece) {
  tiles_options_.piece_bytes = 100'000;
  StartServer();
  GrowTo(256, /*events=*/50, std::string(1000, 'x'));
  ASSERT_THAT(Sign(), IsOk());
  const std::string bundle = Expected(Entries(), {.entries = true});
  ASSERT_GT(bundle.size(), 10'000'000u);
  RawClient client(server_->port());
  client.Send(RawGet("/tile/entries/000"));
  const RawResponse head = client.ReadHead();
  EXPECT_EQ(head.status, 200);
  // What the sockets hold has left; the rest is still on the disk.
  std::uint64_t before = 0;
  int rests = 0;
  ASSERT_TRUE(Eventually([&] {
    const std::uint64_t now = tiles_->stats().bundle_bytes;
    rests = now == before && now > 0 ? rests + 1 : 0;
    before = now;
    return rests == 50;
  }));
  EXPECT_LT(tiles_->stats().bundle_bytes, bundle.size() - 1'000'000);
  std::string read;
  for (;;) {
    const std::string chunk = client.ReadChunk();
    if (chunk.empty()) break;
    read += chunk;
  }
  EXPECT_EQ(read, bundle);
  // One that goes away in the middle is forgotten.
  RawClient gone(server_->port());
  gone.Send(RawGet("/tile/entries/000"));
  EXPECT_EQ(gone.ReadHead().status, 200);
  gone.Reset();
  EXPECT_TRUE(Eventually([this] { return server_->stats().streams == 0; }));
}

// ---- Damage ----

TEST_F(TilesTest, ADamagedLogSaysSoAndWhere) {
  GrowAndSign(200);
  AwaitAllRows();
  engine_.reset();
  const LogSurgeon surgeon(options_.storage.directory + "/log");
  const std::string key = std::string("\0\0\0\0\0\0\0\x07", 8);
  std::string bytes = surgeon.Get("entries", key);
  bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 0x10);
  surgeon.Put("entries", key, bytes);
  Open();
  StartTiles();
  ASSERT_TRUE(
      Eventually([this] { return !engine_->checkpoints().health().ok(); }));
  const HttpResponse response = Get("/checkpoint");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("entry 7"));
  EXPECT_THAT(Get("/readyz").body, HasSubstr("\"LOG_DAMAGED\""));
  EXPECT_EQ(Get("/readyz").status, 503);
  // What can be read is still there for who looks into it.
  EXPECT_EQ(Get("/tile/0/000.p/200").status, 200);
}

}  // namespace
}  // namespace thon::testing
