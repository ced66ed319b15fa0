// Goal: the dashboard's files reach browsers whole, gzipped where they may be,
// and not again while they are the same.
//
// Method: a directory of the test's; what comes gzipped is inflated again with
// zlib.

#include "server/http/static_files.h"

#include <zlib.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "tests/unit/http/web_fixture.h"

namespace thon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string Inflate(const std::string& gzip) {
  z_stream stream = {};
  THON_CHECK(inflateInit2(&stream, 15 + 16) == Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data()));
  stream.avail_in = static_cast<uInt>(gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

class StaticFilesTest : public WebTest {
 protected:
  StaticFilesTest() : script_(10'000, 'x') {
    WriteFile("index.html", "<!doctype html><title>Thôn</title>");
    WriteFile("app.js", script_);
    WriteFile("deep/picture.png", "\x89PNG" + script_);
    WriteFile(".secret", "hidden");
    WriteFile("deep/.git/config", "hidden");
    StartApp();
  }

  HttpResponse Get(const std::string& path, const std::string& encodings = "",
                   const std::string& tag = "") {
    HttpRequest request = Request("GET", path);
    if (!encodings.empty()) Set(&request, "accept-encoding", encodings);
    if (!tag.empty()) Set(&request, "if-none-match", tag);
    return Ask(std::move(request));
  }

  const std::string script_;
};

TEST_F(StaticFilesTest, AFileComesWithItsTypeAndATag) {
  const HttpResponse response = Get("/app.js");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, script_);
  EXPECT_EQ(HeaderOf(response, "content-type"),
            "text/javascript; charset=utf-8");
  EXPECT_EQ(HeaderOf(response, "cache-control"), "no-cache");
  EXPECT_EQ(HeaderOf(response, "vary"), "accept-encoding");
  EXPECT_EQ(HeaderOf(response, "etag").size(), 34u);
  EXPECT_EQ(HeaderOf(Get("/deep/picture.png"), "content-type"), "image/png");
}

TEST_F(StaticFilesTest, ItComesGzippedToWhoTakesIt) {
  for (const char* encodings : {"gzip", "br, gzip;q=0.5", "deflate, *"}) {
    const HttpResponse response = Get("/app.js", encodings);
    EXPECT_EQ(HeaderOf(response, "content-encoding"), "gzip") << encodings;
    EXPECT_LT(response.body.size(), 100u);
    EXPECT_EQ(Inflate(response.body), script_);
  }
  for (const char* encodings : {"br", "gzip;q=0", "identity", "*;q=0, br",
                                "gzip;q=0.0, *", "gzip;q=x"}) {
    const HttpResponse response = Get("/app.js", encodings);
    EXPECT_THAT(HeaderOf(response, "content-encoding"), IsEmpty()) << encodings;
    EXPECT_EQ(response.body, script_);
  }
  EXPECT_THAT(HeaderOf(Get("/deep/picture.png", "gzip"), "content-encoding"),
              IsEmpty());
}

TEST_F(StaticFilesTest, WhoHasItHearsOnlyThat) {
  const std::string tag = HeaderOf(Get("/app.js"), "etag");
  const std::string gzip_tag = HeaderOf(Get("/app.js", "gzip"), "etag");
  EXPECT_NE(tag, gzip_tag);
  for (const std::string& header :
       {tag, gzip_tag, absl::StrCat("\"other\", W/", tag), std::string("*")}) {
    const HttpResponse response = Get("/app.js", "gzip", header);
    EXPECT_EQ(response.status, 304) << header;
    EXPECT_THAT(response.body, IsEmpty());
    EXPECT_THAT(HeaderOf(response, "etag"), Not(IsEmpty()));
  }
  EXPECT_EQ(Get("/app.js", "", "\"other\"").status, 200);
  EXPECT_EQ(Get("/", "", tag).status, 200);
}

TEST_F(StaticFilesTest, WhatIsNotThereOrHiddenIs404) {
  for (const char* path :
       {"/none", "/none.js", "/.secret", "/deep/.git/config", "/deep", "/deep/",
        "/app.js/", "/thon.v1.QueryService/GetTeam", "//app.js"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
}

TEST_F(StaticFilesTest, ThePageIsAtTheRoot) {
  EXPECT_EQ(Get("/").body, Get("/index.html").body);
  EXPECT_EQ(HeaderOf(Get("/"), "content-type"), "text/html; charset=utf-8");
  const HttpResponse posted = Ask(Request("POST", "/"));
  EXPECT_EQ(posted.status, 405);
  EXPECT_EQ(HeaderOf(posted, "allow"), "GET, HEAD");
}

TEST_F(StaticFilesTest, ADirectoryThatIsNoDashboardIsRefused) {
  for (std::size_t i = 0; i <= limits::kStaticFilesMax; ++i) {
    WriteFile(absl::StrCat("many/", i), "x");
  }
  EXPECT_THAT(WebApp::Make(app_options_).status(),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(StaticFilesTest, WithoutADashboardThePageSaysHowToBuildIt) {
  app_options_.dashboard = directory_.path() + "/<none>";
  StartApp();
  std::filesystem::remove_all(app_options_.dashboard);
  ASSERT_OK_AND_ASSIGN(app_, WebApp::Make(app_options_));
  EXPECT_FALSE(app_->has_dashboard());
  const HttpResponse page = Get("/");
  EXPECT_EQ(page.status, 503);
  EXPECT_THAT(page.body, HasSubstr("--target dashboard"));
  EXPECT_THAT(page.body, HasSubstr("Chưa có bảng theo dõi"));
  EXPECT_THAT(page.body, HasSubstr("/&lt;none&gt;"));
  EXPECT_EQ(Get("/app.js").status, 404);
  const HttpResponse style = Get("/thond.css");
  EXPECT_EQ(HeaderOf(style, "content-type"), "text/css; charset=utf-8");
  EXPECT_THAT(app_->links().Make(OfficerId(7), Date(0)).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace thon::testing
