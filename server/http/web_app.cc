#include "server/http/web_app.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/civil.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/engine/engine_stats.h"
#include "server/http/pages.h"
#include "server/http/reader_token.h"

namespace thon {
namespace {

constexpr absl::string_view kLoginPath = "/login/";
constexpr int kWorkers = 1;

bool IsRead(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

// Of "HOST:PORT", "HOST" or "[V6]:PORT".
bool IsLoopbackHost(absl::string_view host) {
  if (absl::ConsumePrefix(&host, "[")) {
    return host.substr(0, host.find(']')) == "::1";
  }
  host = host.substr(0, host.find(':'));
  return host == "localhost" ||
         (absl::StartsWith(host, "127.") &&
          host.find_first_not_of("0123456789.") == absl::string_view::npos);
}

HttpResponse JsonResponse(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers = {{"content-type", "application/json"},
                      {"cache-control", "no-store"}};
  response.body = std::move(body) + "\n";
  return response;
}

HttpResponse SeeOther(absl::string_view where) {
  HttpResponse response;
  response.status = 303;
  response.headers = {{"location", std::string(where)},
                      {"cache-control", "no-store"}};
  return response;
}

}  // namespace

absl::StatusOr<std::unique_ptr<WebApp>> WebApp::Make(WebAppOptions options) {
  absl::StatusOr<StaticFiles> files = StaticFiles::Load(options.dashboard);
  if (absl::IsNotFound(files.status())) files = StaticFiles();
  if (!files.ok()) return files.status();
  return std::unique_ptr<WebApp>(
      new WebApp(std::move(options), *std::move(files)));
}

WebApp::WebApp(WebAppOptions options, StaticFiles files)
    : options_(std::move(options)),
      files_(std::move(files)),
      rows_needed_(options_.engine->log().end().next_position.value - 1),
      links_(options_.clock),
      failures_(options_.clock),
      metrics_(options_.engine, &counts_, options_.data),
      pool_(kWorkers, limits::kMetricsWaitingMax) {}

absl::StatusOr<std::string> WebApp::BearerOf(const HttpRequest& request) const {
  return ::thon::BearerOf(request, options_.site);
}

void WebApp::Handle(HttpRequest request, HttpAnswer answer) {
  const absl::string_view path = request.path;
  if (path == "/login" || absl::StartsWith(path, kLoginPath)) {
    return Login(request, answer);
  }
  if (path == "/logout") {
    if (request.method != "POST") return answer(MethodNotAllowed("POST"));
    return Logout(request, answer);
  }
  const bool is_own = path == "/healthz" || path == "/readyz" ||
                      path == "/metrics" || path == kPageStylePath;
  if (is_own && !IsRead(request)) return answer(MethodNotAllowed("GET, HEAD"));
  if (path == "/healthz") {
    return answer(JsonResponse(200, R"({"alive":true})"));
  }
  if (path == "/readyz") return answer(Ready());
  if (path == "/metrics") {
    return AnswerMetrics(std::move(request), std::move(answer));
  }
  if (path == kPageStylePath) return answer(PageStyle());
  for (HttpPart* const part : options_.parts) {
    if (!part->Owns(path)) continue;
    return part->Handle(std::move(request), std::move(answer));
  }
  if (files_.empty()) {
    if (!IsRead(request)) return answer(MethodNotAllowed("GET, HEAD"));
    if (path != "/") return answer(TextResponse(404, "there is no such file"));
    return answer(NoDashboardPage(options_.dashboard));
  }
  answer(files_.Answer(request));
}

// ---- Log-in and log-out ----

void WebApp::Note(const std::string& text) const {
  if (options_.note) options_.note(text);
}

void WebApp::Login(const HttpRequest& request, const HttpAnswer& answer) {
  const absl::string_view code = absl::StripPrefix(request.path, kLoginPath);
  if (IsRead(request)) {
    return answer(links_.IsWaiting(code) ? LoginPage() : DeadLinkPage());
  }
  if (request.method != "POST") {
    return answer(MethodNotAllowed("GET, HEAD, POST"));
  }
  // Else a stranger's page could log a browser in as the stranger.
  if (!CheckSameOrigin(request, options_.site).ok()) {
    ++counts_.cross_origin;
    return answer(ForeignLoginPage());
  }
  const std::string client = options_.site.ClientOf(request);
  if (failures_.IsBlocked(client)) {
    ++counts_.too_many;
    return answer(TooManyLoginsPage());
  }
  const absl::StatusOr<LoginLinks::Redeemed> redeemed = links_.Redeem(code);
  if (!redeemed.ok()) {
    if (failures_.Count(client)) {
      Note(absl::StrCat("too many wrong log-in links from ", client,
                        ": blocked for a minute"));
    }
    ++counts_.wrong_code;
    return answer(DeadLinkPage());
  }
  BeginSession(request, *redeemed, answer);
}

void WebApp::BeginSession(const HttpRequest& request,
                          const LoginLinks::Redeemed& redeemed,
                          const HttpAnswer& answer) {
  const TimeZone zone = TimeZone::VietNam();
  const Instant now = options_.clock->Now();
  Date last_date(zone.DateOf(now).days + limits::kSessionDaysMax);
  if (redeemed.last_date != Date(0)) {
    last_date = std::min(last_date, redeemed.last_date);
  }
  // Until when the token works, and so the cookie.
  const std::int64_t seconds =
      std::max<std::int64_t>(0, zone.StartOf(last_date.Next()).ms - now.ms) /
      1000;
  // This browser's session until now ends with the new one's beginning.
  const std::string old_token = SessionToken(request, options_.site);
  const bool secure = options_.site.IsSecure(request);
  Engine* const engine = options_.engine;
  const auto ignore = [](const absl::StatusOr<bool>&) {};
  engine->CreateToken(
      redeemed.officer, last_date,
      [this, engine, redeemed, old_token, secure, seconds, ignore,
       client = options_.site.ClientOf(request), last_date,
       answer](absl::StatusOr<std::string> token) {
        if (!token.ok()) {
          return answer(LoginUnavailablePage(token.status().message()));
        }
        if (!links_.Stands(redeemed)) {
          // Somebody's tokens were ended meanwhile; perhaps this officer's.
          engine->RevokeToken(*token, ignore);
          return answer(DeadLinkPage());
        }
        if (!old_token.empty()) engine->RevokeToken(old_token, ignore);
        ++counts_.logged_in;
        Note(absl::StrCat("officer ", redeemed.officer.value,
                          " logged in from ", client, ", up to ",
                          last_date.Iso()));
        HttpResponse response = SeeOther("/");
        response.headers.emplace_back(
            "set-cookie", MakeSessionCookie(*token, seconds, secure));
        answer(std::move(response));
      });
}

void WebApp::Logout(const HttpRequest& request, const HttpAnswer& answer) {
  if (!CheckSameOrigin(request, options_.site).ok()) {
    return answer(TextResponse(403, "log out on the dashboard itself"));
  }
  const bool form = absl::StrContains(request.Header("accept"), "text/html");
  const std::string clear = ClearSessionCookie(options_.site.IsSecure(request));
  const auto done = [form, clear, answer] {
    HttpResponse response;
    response.status = 204;
    if (form) response = SeeOther("/");
    response.headers.emplace_back("set-cookie", clear);
    answer(std::move(response));
  };
  const std::string token = SessionToken(request, options_.site);
  if (token.empty()) return done();
  // The committer is not troubled with what strangers send.
  const absl::StatusOr<OfficerId> officer =
      options_.engine->Authenticate(token);
  if (!officer.ok()) return done();
  options_.engine->RevokeToken(token, [this, done, clear, officer, answer](
                                          const absl::StatusOr<bool>& ended) {
    if (ended.ok()) {
      counts_.logged_out += *ended ? 1 : 0;
      if (*ended) {
        Note(absl::StrCat("officer ", officer->value, " logged out"));
      }
      return done();
    }
    // The browser forgets it in any case.
    HttpResponse response = TextResponse(503, ended.status().message());
    response.headers.emplace_back("set-cookie", clear);
    answer(std::move(response));
  });
}

// ---- For those who watch the machine ----

HttpResponse WebApp::Ready() const {
  const EngineStatus status = options_.engine->status();
  std::vector<std::string> reasons;
  if (status.rows_position < rows_needed_) reasons.push_back("ROWS_BEHIND");
  if (options_.engine->stats().projector_stopped) {
    reasons.push_back("PROJECTOR_STOPPED");
  }
  if (options_.engine->stats().log_damaged) {
    reasons.push_back("LOG_DAMAGED");
  }
  if (status.commit_state != CommitState::kOpen) {
    reasons.emplace_back(CommitStateName(status.commit_state));
  }
  if (draining_ && status.commit_state != CommitState::kDraining) {
    reasons.emplace_back(CommitStateName(CommitState::kDraining));
  }
  std::string list;
  for (const std::string& reason : reasons) {
    absl::StrAppend(&list, list.empty() ? "" : ",", "\"", reason, "\"");
  }
  HttpResponse response = JsonResponse(
      reasons.empty() ? 200 : 503,
      absl::StrCat("{\"ready\":", reasons.empty() ? "true" : "false",
                   ",\"reasons\":[", list,
                   "],\"rows_position\":", status.rows_position.value,
                   ",\"next_position\":", status.end.next_position.value, "}"));
  if (!reasons.empty()) response.headers.emplace_back("retry-after", "5");
  return response;
}

bool WebApp::MayReadMetrics(const HttpRequest& request) const {
  const absl::string_view token = BearerHeader(request);
  if (!token.empty()) {
    if (!options_.metrics_token.empty() &&
        ConstantTimeEqual(token, options_.metrics_token)) {
      return true;
    }
    return ReaderOf(*options_.engine, request).has_value();
  }
  // Behind a proxy of this machine everybody comes from loopback.
  return !options_.metrics_closed && options_.site.public_url.empty() &&
         IsLoopbackAddress(request.peer) &&
         IsLoopbackHost(request.Header("host")) &&
         request.Header("forwarded").empty() &&
         request.Header("x-forwarded-for").empty() &&
         request.Header("via").empty();
}

void WebApp::AnswerMetrics(HttpRequest request, HttpAnswer answer) {
  const auto work = [this, request = std::move(request), answer] {
    if (!MayReadMetrics(request)) {
      HttpResponse refused = TextResponse(
          401,
          "metrics are for this machine itself, for officers with READER on "
          "the whole log, and for whoever has the --metrics-token-file's word "
          "(authorization: Bearer ...)");
      refused.headers.emplace_back("www-authenticate", "Bearer");
      return answer(std::move(refused));
    }
    HttpResponse response;
    response.headers = {
        {"content-type", "text/plain; version=0.0.4; charset=utf-8"},
        {"cache-control", "no-store"}};
    response.body = metrics_.Text();
    answer(std::move(response));
  };
  if (!pool_.TryPost(work)) {
    answer(TextResponse(503, "too many ask for metrics at once"));
  }
}

}  // namespace thon
