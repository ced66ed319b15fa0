// A path that is handed over leads nowhere but down.
#include "server/http/request_target.h"

#include <gtest/gtest.h>

#include <string>

namespace thon {
namespace {

// The path as it is handed over, or "refused".
std::string Path(absl::string_view text) {
  RequestTarget target;
  return ReadTarget(text, &target) == nullptr ? target.path : "refused";
}

TEST(RequestTarget, DecodesPathsAndLeavesQueriesAlone) {
  RequestTarget target;
  ASSERT_EQ(ReadTarget("/%C4%91i/a.b?x=%2F/../", &target), nullptr);
  EXPECT_EQ(target.path, "/đi/a.b");
  EXPECT_EQ(target.query, "x=%2F/../");
  EXPECT_EQ(Path("/"), "/");
  EXPECT_EQ(Path("/.well-known/a"), "/.well-known/a");
  EXPECT_EQ(Path("/..a/b.."), "/..a/b..");
  EXPECT_EQ(Path("/%41+b"), "/A+b");
  RequestTarget absolute;
  ASSERT_EQ(ReadTarget("https://Thon.vn:7480?a", &absolute), nullptr);
  EXPECT_EQ(absolute.authority, "Thon.vn:7480");
  EXPECT_EQ(absolute.path, "/");
  EXPECT_EQ(absolute.query, "a");
}

TEST(RequestTarget, RefusesPathsThatLeadElsewhere) {
  for (const char* const bad :
       {"",           "a",          "*",         "/a/..",
        "/..",        "/../a",      "/./a",      "/a/.",
        "/%2e%2e/a",  "/.%2E",      "/a%2Fb",    "/a%5cb",
        "/a\\b",      "/a%00",      "/a%0a",     "/a%7f",
        "/a%",        "/a%4",       "/a%zz",     "/a#b",
        "/a b",       "/\xc3\xa9",  "/%ff",      "/%c0%ae%c0%ae",
        "/%ed%a0%80", "http://",    "http:///a", "http://a b/",
        "ftp://a/b",  "http://u@a/"}) {
    EXPECT_EQ(Path(bad), "refused") << bad;
  }
}

TEST(RequestTarget, KnowsAHostFromWhatIsNone) {
  for (const char* const good :
       {"a", "a.b-c_d:1", "[::1]", "[::1]:65535", "10.0.0.1:80", "a:"}) {
    EXPECT_TRUE(IsHost(good)) << good;
  }
  for (const char* const bad : {"", ":1", "a:b", "a:123456", "[::1", "[::1]x",
                                "a/b", "a b", "a,b", "u@a", "a:1:2"}) {
    EXPECT_FALSE(IsHost(bad)) << bad;
  }
}

}  // namespace
}  // namespace thon
