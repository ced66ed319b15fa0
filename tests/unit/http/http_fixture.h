// An HTTP server on a port of this machine, what it serves, and what calls it.
#ifndef THON_TESTS_UNIT_HTTP_HTTP_FIXTURE_H_
#define THON_TESTS_UNIT_HTTP_HTTP_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/mutex.h"
#include "server/engine/system_clock.h"
#include "server/http/http_server.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/http/raw_client.h"

namespace thon::testing {

// Serves: /late, whose answers wait for AnswerLate(); /big/N, N bytes; and
// everything else, which says what it was asked.
class HttpTest : public ::testing::Test {
 protected:
  ~HttpTest() override { server_.reset(); }

  // Starts a server with `options_`.
  void Start() {
    options_.listen = "127.0.0.1:0";
    options_.clock = &clock_;
    options_.handler = [this](HttpRequest request, HttpAnswer answer) {
      Handle(std::move(request), std::move(answer));
    };
    ASSERT_OK_AND_ASSIGN(server_, HttpServer::Start(options_));
  }

  RawClient Client() { return RawClient(server_->port()); }
  HttpStats stats() const { return server_->stats(); }

  // One request on a connection of its own.
  RawResponse Ask(absl::string_view bytes) {
    RawClient client(server_->port());
    client.Send(bytes);
    return client.Read();
  }

  std::size_t late() {
    MutexLock lock(&mu_);
    return late_.size();
  }
  void AnswerLate() {
    std::vector<HttpAnswer> answers;
    {
      MutexLock lock(&mu_);
      answers.swap(late_);
    }
    for (const HttpAnswer& answer : answers) answer({200, {}, "late"});
  }

  // Nothing is left of what came: neither connection nor stream.
  bool IsEmpty() {
    return Eventually([this] {
      const HttpStats now = stats();
      return now.connections == 0 && now.streams == 0;
    });
  }

  HttpServerOptions options_;
  SystemClock clock_;
  std::unique_ptr<HttpServer> server_;

 private:
  void Handle(HttpRequest request, HttpAnswer answer) {
    HttpResponse response;
    std::size_t size = 0;
    if (request.path == "/late") {
      MutexLock lock(&mu_);
      late_.push_back(std::move(answer));
      return;
    }
    if (request.path.rfind("/big/", 0) == 0 &&
        absl::SimpleAtoi(request.path.substr(5), &size)) {
      response.body.assign(size, 'b');
    } else if (request.path == "/none") {
      response.status = 304;
      response.body = "not sent";
    } else {
      response.body =
          absl::StrCat(request.method, " ", request.path, " ", request.query,
                       " ", request.body.size(), " ", request.body);
    }
    response.headers = {{"x-peer", request.peer},
                        {"Content-Length", "7"},
                        {"x-split", "a\r\nx-injected: b"},
                        {"content-security-policy", "default-src *"}};
    answer(std::move(response));
  }

  Mutex mu_;
  std::vector<HttpAnswer> late_;
};

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_HTTP_HTTP_FIXTURE_H_
