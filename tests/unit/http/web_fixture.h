// A web app on a real engine, asked without a socket.
#ifndef THON_TESTS_UNIT_HTTP_WEB_FIXTURE_H_
#define THON_TESTS_UNIT_HTTP_WEB_FIXTURE_H_

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/http/web_app.h"
#include "tests/unit/engine/engine_fixture.h"

namespace thon::testing {

inline constexpr char kTestUrl[] = "https://thon.test:7480";

inline std::string HeaderOf(const HttpResponse& response,
                            absl::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (absl::string_view(key) == name) return value;
  }
  return "";
}

class WebTest : public EngineTest {
 protected:
  // 1 June 2023, 8:00 in the morning, real time.
  WebTest() {
    options_.storage.directory = directory_.path() + "/data";
    std::filesystem::create_directories(options_.storage.directory);
    Open();
    AwaitAllRows();
    app_options_.engine = engine_.get();
    app_options_.clock = &clock_;
    app_options_.data = options_.storage.directory;
    app_options_.dashboard = directory_.path() + "/dashboard";
  }
  ~WebTest() override { app_.reset(); }

  void WriteFile(const std::string& name, const std::string& bytes) {
    const std::filesystem::path path =
        std::filesystem::path(app_options_.dashboard) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }

  // With a dashboard of one page, unless there are files already.
  void StartApp() {
    if (!std::filesystem::exists(app_options_.dashboard)) {
      WriteFile("index.html", "<!doctype html><title>Thôn</title>");
    }
    ASSERT_OK_AND_ASSIGN(app_, WebApp::Make(app_options_));
    app_->links().Serve(kTestUrl);
  }

  // As a browser asks over TLS, from the page itself.
  static HttpRequest Request(std::string method, std::string path) {
    HttpRequest request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.headers = {{"host", "thon.test:7480"}};
    if (request.method == "POST") {
      request.headers.emplace_back("origin", kTestUrl);
      request.headers.emplace_back("sec-fetch-site", "same-origin");
    }
    request.peer = "10.1.2.3";
    request.secure = true;
    return request;
  }
  static void Set(HttpRequest* request, const std::string& name,
                  const std::string& value) {
    for (auto& [key, old] : request->headers) {
      if (key == name) {
        old = value;
        return;
      }
    }
    request->headers.emplace_back(name, value);
  }

  HttpResponse Ask(HttpRequest request) {
    Arrived<HttpResponse> arrived;
    app_->Handle(std::move(request), arrived.callback());
    return arrived.Get();
  }
  HttpResponse Get(const std::string& path) {
    return Ask(Request("GET", path));
  }

  // The path of a new link.
  std::string LinkPath(OfficerId officer = OfficerId(7),
                       Date last_date = Date(0)) {
    const absl::StatusOr<LoginLink> link =
        app_->links().Make(officer, last_date);
    EXPECT_THAT(link.status(), IsOk());
    return link.ok() ? std::string(absl::StripPrefix(link->url, kTestUrl)) : "";
  }
  // Logs in; the session's token.
  std::string LogIn(OfficerId officer = OfficerId(7)) {
    const HttpResponse response = Ask(Request("POST", LinkPath(officer)));
    EXPECT_EQ(response.status, 303);
    return TokenOf(HeaderOf(response, "set-cookie"));
  }
  static std::string TokenOf(absl::string_view cookie) {
    const std::size_t begin = cookie.find('=') + 1;
    return std::string(cookie.substr(begin, cookie.find(';') - begin));
  }
  bool Works(const std::string& token) {
    return engine_->Authenticate(token).ok();
  }

  WebAppOptions app_options_;
  std::unique_ptr<WebApp> app_;
};

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_HTTP_WEB_FIXTURE_H_
