// Goal: who opens a log-in link in time becomes the officer it was made for,
// once, and nobody else does; log-out ends exactly that session.
//
// Method: the web app on a real engine, asked as a browser would ask, with a
// clock of the test's.

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "tests/unit/http/web_fixture.h"

namespace thon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

class LoginTest : public WebTest {
 protected:
  LoginTest() { StartApp(); }

  void Later(std::int64_t ms) { clock_.Set(Instant(clock_.Now().ms + ms)); }
};

TEST_F(LoginTest, TheLinkIs256RandomBitsBelowTheAddress) {
  ASSERT_OK_AND_ASSIGN(const LoginLink one,
                       app_->links().Make(OfficerId(7), Date(0)));
  ASSERT_OK_AND_ASSIGN(const LoginLink two,
                       app_->links().Make(OfficerId(7), Date(0)));
  EXPECT_THAT(one.url, MatchesRegex("https://thon.test:7480/login/"
                                    "[A-Za-z0-9_-]{43}"));
  EXPECT_NE(one.url, two.url);
  EXPECT_EQ(one.expires.ms, clock_.Now().ms + limits::kLoginLinkMsMax);
}

TEST_F(LoginTest, LookingAtTheLinkShowsAButtonAndUsesNothingUp) {
  const std::string path = LinkPath();
  for (const char* method : {"GET", "HEAD", "GET"}) {
    const HttpResponse page = Ask(Request(method, path));
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(HeaderOf(page, "cache-control"), "no-store");
    EXPECT_THAT(HeaderOf(page, "set-cookie"), IsEmpty());
    EXPECT_THAT(page.body, HasSubstr("<form method=\"post\">"));
    EXPECT_THAT(page.body, HasSubstr("Đăng nhập"));
    EXPECT_THAT(page.body, Not(HasSubstr("<script")));
    EXPECT_THAT(page.body, Not(HasSubstr("style=")));
  }
  EXPECT_EQ(Ask(Request("POST", path)).status, 303);
}

TEST_F(LoginTest, TheButtonMakesASessionWhoseCookieOnlyTheBrowserHas) {
  const HttpResponse response = Ask(Request("POST", LinkPath()));
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(HeaderOf(response, "location"), "/");
  const std::string cookie = HeaderOf(response, "set-cookie");
  const std::string token = TokenOf(cookie);
  // To the end of tomorrow: 16 hours of today and 24 of tomorrow.
  EXPECT_EQ(cookie, absl::StrCat("__Host-thon_session=", token,
                                 "; Path=/; HttpOnly; SameSite=Strict; "
                                 "Max-Age=144000; Secure"));
  EXPECT_THAT(engine_->Authenticate(token), IsOkAndHolds(OfficerId(7)));
  EXPECT_THAT(engine_->TokenLastDate(token),
              IsOkAndHolds(Date::Of(2023, 6, 2)));
}

TEST_F(LoginTest, WithoutTlsTheCookieHasNeitherThePrefixNorSecure) {
  HttpRequest request = Request("POST", LinkPath());
  request.secure = false;
  Set(&request, "origin", "http://thon.test:7480");
  const std::string cookie = HeaderOf(Ask(request), "set-cookie");
  EXPECT_EQ(cookie, absl::StrCat("thon_session=", TokenOf(cookie),
                                 "; Path=/; HttpOnly; SameSite=Strict; "
                                 "Max-Age=144000"));
}

TEST_F(LoginTest, ALinkWorksOnce) {
  const std::string path = LinkPath();
  EXPECT_EQ(Ask(Request("POST", path)).status, 303);
  const HttpResponse again = Ask(Request("POST", path));
  EXPECT_EQ(again.status, 410);
  EXPECT_THAT(HeaderOf(again, "set-cookie"), IsEmpty());
  EXPECT_THAT(again.body, HasSubstr("thon login-link"));
  EXPECT_EQ(Get(path).status, 410);
}

TEST_F(LoginTest, ALinkWorksForTenMinutesAndNoLonger) {
  const std::string in_time = LinkPath();
  const std::string late = LinkPath();
  Later(limits::kLoginLinkMsMax - 1);
  EXPECT_EQ(Ask(Request("POST", in_time)).status, 303);
  Later(1);
  EXPECT_EQ(Get(late).status, 410);
  EXPECT_EQ(Ask(Request("POST", late)).status, 410);
}

TEST_F(LoginTest, WrongCodesGetNothing) {
  const std::string path = LinkPath();
  std::string other = path;
  other.back() = other.back() == 'A' ? 'B' : 'A';
  for (const std::string& wrong :
       {other, path.substr(0, path.size() - 1), path + "A",
        std::string("/login/"), std::string("/login")}) {
    const HttpResponse response = Ask(Request("POST", wrong));
    EXPECT_EQ(response.status, 410) << wrong;
    EXPECT_THAT(HeaderOf(response, "set-cookie"), IsEmpty());
  }
  EXPECT_EQ(Ask(Request("POST", path)).status, 303);
}

TEST_F(LoginTest, AnotherSiteCannotLogABrowserIn) {
  const std::string path = LinkPath();
  const auto ask = [&](const std::string& name, const std::string& value) {
    HttpRequest request = Request("POST", path);
    Set(&request, name, value);
    return Ask(request).status;
  };
  EXPECT_EQ(ask("origin", "https://evil.test"), 403);
  EXPECT_EQ(ask("origin", "http://thon.test:7480"), 403);
  EXPECT_EQ(ask("origin", "https://thon.test"), 403);
  EXPECT_EQ(ask("sec-fetch-site", "cross-site"), 403);
  EXPECT_EQ(ask("sec-fetch-site", "same-site"), 403);
  EXPECT_EQ(ask("sec-fetch-site", "none"), 403);
  // A form of a page that sends no referrer.
  EXPECT_EQ(ask("origin", "null"), 303);
}

TEST_F(LoginTest, TenWrongCodesAMinuteBlockTheirAddressAndNoOther) {
  const std::string path = LinkPath();
  for (int i = 0; i < limits::kLoginFailuresPerMinuteMax; ++i) {
    EXPECT_EQ(Ask(Request("POST", "/login/wrong")).status, 410);
  }
  const HttpResponse blocked = Ask(Request("POST", path));
  EXPECT_EQ(blocked.status, 429);
  EXPECT_EQ(HeaderOf(blocked, "retry-after"), "60");
  HttpRequest elsewhere = Request("POST", LinkPath());
  elsewhere.peer = "10.1.2.4";
  EXPECT_EQ(Ask(elsewhere).status, 303);
  Later(60'000);
  EXPECT_EQ(Ask(Request("POST", path)).status, 303) << "it was not used up";
}

TEST_F(LoginTest, ASessionEndsNoLaterThanTheTokenThatAskedForTheLink) {
  const Date today = Date::Of(2023, 6, 1);
  const HttpResponse response =
      Ask(Request("POST", LinkPath(OfficerId(7), today)));
  const std::string cookie = HeaderOf(response, "set-cookie");
  EXPECT_THAT(engine_->TokenLastDate(TokenOf(cookie)), IsOkAndHolds(today));
  EXPECT_THAT(cookie, HasSubstr("Max-Age=57600;"));
}

TEST_F(LoginTest, LinksOfAnOfficerWhoIsForgottenAreDead) {
  const std::string theirs = LinkPath(OfficerId(7));
  const std::string others = LinkPath(OfficerId(8));
  app_->links().Forget(OfficerId(7));
  EXPECT_EQ(Ask(Request("POST", theirs)).status, 410);
  EXPECT_EQ(Ask(Request("POST", others)).status, 303);
}

TEST_F(LoginTest, AnOfficerWhoIsForgottenInTheMiddleIsNotLoggedIn) {
  ASSERT_OK_AND_ASSIGN(const LoginLink link,
                       app_->links().Make(OfficerId(7), Date(0)));
  const std::string code = link.url.substr(link.url.rfind('/') + 1);
  ASSERT_OK_AND_ASSIGN(const LoginLinks::Redeemed redeemed,
                       app_->links().Redeem(code));
  EXPECT_TRUE(app_->links().Stands(redeemed));
  app_->links().Forget(OfficerId(7));
  EXPECT_FALSE(app_->links().Stands(redeemed));
}

TEST_F(LoginTest, LinksThatWaitAreBounded) {
  const std::string first = LinkPath(OfficerId(7));
  for (std::size_t i = 0; i < limits::kLoginLinksPerOfficerMax; ++i) {
    LinkPath(OfficerId(7));
  }
  EXPECT_EQ(Get(first).status, 410) << "the oldest makes room";
  std::uint64_t officer = 100;
  absl::Status status;
  for (std::size_t i = 0; i <= limits::kLoginLinksMax && status.ok(); ++i) {
    status = app_->links().Make(OfficerId(officer++), Date(0)).status();
  }
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
  Later(limits::kLoginLinkMsMax);
  EXPECT_THAT(app_->links().Make(OfficerId(7), Date(0)).status(), IsOk());
}

TEST_F(LoginTest, ANewLogInEndsTheBrowsersOldSession) {
  const std::string old_token = LogIn();
  const std::string elsewhere = LogIn();
  HttpRequest request = Request("POST", LinkPath());
  Set(&request, "cookie",
      absl::StrCat("x=1; __Host-thon_session=", old_token, "; y"));
  const HttpResponse response = Ask(request);
  EXPECT_EQ(response.status, 303);
  // The engine takes one after the other.
  EXPECT_TRUE(Works(LogIn()));
  EXPECT_FALSE(Works(old_token));
  EXPECT_TRUE(Works(elsewhere));
}

TEST_F(LoginTest, WhileTheServerStopsALinkSaysTryLater) {
  const std::string path = LinkPath();
  engine_->Drain();
  const HttpResponse response = Ask(Request("POST", path));
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(HeaderOf(response, "set-cookie"), IsEmpty());
}

TEST_F(LoginTest, TheServersLogHearsWhoCameAndNoSecret) {
  std::vector<std::string> notes;
  app_options_.note = [&notes](const std::string& text) {
    notes.push_back(text);
  };
  StartApp();
  const std::string token = LogIn();
  HttpRequest request = Request("POST", "/logout");
  Set(&request, "cookie", absl::StrCat("__Host-thon_session=", token));
  EXPECT_EQ(Ask(request).status, 204);
  for (int i = 0; i <= limits::kLoginFailuresPerMinuteMax; ++i) {
    Ask(Request("POST", "/login/wrong"));
  }
  EXPECT_EQ(notes,
            (std::vector<std::string>{
                "officer 7 logged in from 10.1.2.3, up to 2023-06-02",
                "officer 7 logged out",
                "too many wrong log-in links from 10.1.2.3: blocked for a "
                "minute"}));
}

// ---- Log-out ----

TEST_F(LoginTest, LogOutEndsThisSessionAndClearsItsCookie) {
  const std::string mine = LogIn();
  const std::string other = LogIn();
  HttpRequest request = Request("POST", "/logout");
  Set(&request, "cookie", absl::StrCat("__Host-thon_session=", mine));
  const HttpResponse response = Ask(request);
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(HeaderOf(response, "set-cookie"),
            "__Host-thon_session=; Path=/; HttpOnly; SameSite=Strict; "
            "Max-Age=0; Secure");
  EXPECT_FALSE(Works(mine));
  EXPECT_TRUE(Works(other));
  EXPECT_EQ(Ask(request).status, 204) << "twice is no mistake";
}

TEST_F(LoginTest, ACookieThatIsNobodysDoesNotTroubleTheLog) {
  engine_->Drain();  // What asks it for anything fails from here on.
  HttpRequest request = Request("POST", "/logout");
  Set(&request, "cookie", "__Host-thon_session=0123456789abcdef");
  const HttpResponse response = Ask(request);
  EXPECT_EQ(response.status, 204);
  EXPECT_THAT(HeaderOf(response, "set-cookie"), HasSubstr("Max-Age=0"));
}

TEST_F(LoginTest, AFormThatLogsOutComesBackToThePage) {
  HttpRequest request = Request("POST", "/logout");
  Set(&request, "accept", "text/html,application/xhtml+xml;q=0.9");
  EXPECT_EQ(Ask(request).status, 303);
}

TEST_F(LoginTest, NeitherAnotherSiteNorAMereLinkLogsOut) {
  const std::string mine = LogIn();
  HttpRequest request = Request("POST", "/logout");
  Set(&request, "cookie", absl::StrCat("__Host-thon_session=", mine));
  Set(&request, "origin", "https://evil.test");
  EXPECT_EQ(Ask(request).status, 403);
  HttpRequest link = Request("GET", "/logout");
  Set(&link, "cookie", absl::StrCat("__Host-thon_session=", mine));
  const HttpResponse looked = Ask(link);
  EXPECT_EQ(looked.status, 405);
  EXPECT_EQ(HeaderOf(looked, "allow"), "POST");
  EXPECT_TRUE(Works(mine));
}

// ---- Whose call it is ----

TEST_F(LoginTest, TheCookieSpeaksForItsOfficerOnThePageItself) {
  HttpRequest request = Request("POST", "/thon.v1.QueryService/GetTeam");
  EXPECT_THAT(app_->BearerOf(request), IsOkAndHolds(std::string()));
  Set(&request, "cookie", "thon_session=insecure; __Host-thon_session=a-b_c=");
  EXPECT_THAT(app_->BearerOf(request), IsOkAndHolds(std::string("a-b_c=")));
  Set(&request, "sec-fetch-site", "cross-site");
  EXPECT_THAT(app_->BearerOf(request).status(),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(LoginTest, ACookieThatIsNoTokenIsNobodys) {
  HttpRequest request = Request("POST", "/thon.v1.QueryService/GetTeam");
  for (const std::string& value :
       {std::string(), std::string("a b"), std::string("\x80"),
        std::string("a\"b"), std::string(129, 'a')}) {
    Set(&request, "cookie", absl::StrCat("__Host-thon_session=", value));
    EXPECT_THAT(app_->BearerOf(request), IsOkAndHolds(std::string())) << value;
  }
}

TEST(SameOriginTest, KnowsTheSchemesOwnPortsAndAnyCase) {
  HttpRequest request;
  request.secure = true;
  request.headers = {{"host", "Thon.Test"},
                     {"origin", "https://thon.test:443"}};
  EXPECT_THAT(CheckSameOrigin(request, Site()), IsOk());
  request.secure = false;
  EXPECT_THAT(CheckSameOrigin(request, Site()),
              StatusIs(absl::StatusCode::kPermissionDenied));
  request.headers = {{"host", "thon.test:80"}, {"origin", "http://thon.test"}};
  EXPECT_THAT(CheckSameOrigin(request, Site()), IsOk());
}

TEST(SameOriginTest, BehindAProxyThePublicAddressCounts) {
  const Site site = {"https://thon.test"};
  HttpRequest request;  // In plain text from the proxy.
  request.headers = {{"host", "127.0.0.1:7480"},
                     {"origin", "https://thon.test"}};
  EXPECT_THAT(CheckSameOrigin(request, site), IsOk());
  EXPECT_TRUE(site.IsSecure(request));
  request.headers[1].second = "http://127.0.0.1:7480";
  EXPECT_THAT(CheckSameOrigin(request, site),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST(ClientTest, IsWhomTheProxyOnThisMachineSaw) {
  const Site direct;
  const Site proxied = {"https://thon.test"};
  HttpRequest request;
  request.peer = "127.0.0.1";
  request.headers = {{"x-forwarded-for", "6.6.6.6, 10.0.0.9"}};
  EXPECT_EQ(proxied.ClientOf(request), "10.0.0.9");
  EXPECT_EQ(direct.ClientOf(request), "127.0.0.1") << "nobody's word for it";
  request.peer = "10.1.2.3";
  EXPECT_EQ(proxied.ClientOf(request), "10.1.2.3") << "not the proxy";
  request.peer = "::1";
  request.headers = {};
  EXPECT_EQ(proxied.ClientOf(request), "::1");
}

TEST(SameOriginTest, NullNeedsTheBrowsersWordAndSilenceIsNoBrowser) {
  HttpRequest request;
  request.headers = {{"host", "thon.test"}, {"origin", "null"}};
  EXPECT_THAT(CheckSameOrigin(request, Site()),
              StatusIs(absl::StatusCode::kPermissionDenied));
  request.headers = {{"host", "thon.test"}};
  EXPECT_THAT(CheckSameOrigin(request, Site()), IsOk());
}

}  // namespace
}  // namespace thon::testing
