// What thond's HTTP port serves besides gRPC-Web:
//
//   GET  /healthz     200 while the process answers.
//   GET  /readyz      200, or 503 with the reasons: ROWS_BEHIND (rows have not
//                     reached what the log held at the start),
//                     PROJECTOR_STOPPED, LOG_DAMAGED (nothing is signed any
//                     more), DISK_LOW, DISK_FAILED, LOG_RESTORED, DRAINING.
//                     JSON.
//   GET  /metrics     Prometheus' text; see MetricsAccess.
//   GET  /login/CODE  a page with one button, or 410.
//   POST /login/CODE  takes the code: a session's cookie and 303 to "/". 410
//                     wrong, used or too old; 403 from another site; 429 too
//                     many wrong ones from this address.
//   POST /logout      ends the session's token and no other; 204, or 303 to "/"
//                     for a form. 403 from another site.
//   parts             what WebAppOptions::parts own: tiles, the witness.
//   GET  the rest     the dashboard's files, or a page that says how to build
//                     them.
//
// No code and no token is ever logged.
#ifndef THON_HTTP_WEB_APP_H_
#define THON_HTTP_WEB_APP_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/clock.h"
#include "server/core/ids.h"
#include "server/engine/engine.h"
#include "server/http/http_handler.h"
#include "server/http/http_part.h"
#include "server/http/login_links.h"
#include "server/http/metrics.h"
#include "server/http/sessions.h"
#include "server/http/static_files.h"
#include "server/rpc/worker_pool.h"

namespace thon {

struct WebAppOptions {
  Engine* engine = nullptr;  // Neither is owned; both outlive the app.
  const Clock* clock = nullptr;
  std::string data;  // The data directory, for the log's size.
  // Of the dashboard. Without an index.html in it every page says how to make
  // one.
  std::string dashboard;
  Site site;
  // Who may read /metrics: whoever has this word as a bearer token; an officer
  // with READER on the whole log; and, unless `metrics_closed`, whoever asks
  // from this machine itself (from loopback, for a loopback name, through no
  // proxy that says so).
  std::string metrics_token;  // Empty: none.
  bool metrics_closed = false;
  // Asked in this order, after the app's own paths and before the dashboard's.
  // Not owned; they outlive the app.
  std::vector<HttpPart*> parts;
  // If set: told who logs in and out, from where, and who tries too often, in
  // words for the server's log and without any secret. Any thread.
  std::function<void(const std::string&)> note;
};

// Thread-safety: every method may be called from any thread.
class WebApp {
 public:
  // kResourceExhausted, kUnavailable: the dashboard's directory cannot be
  // served (static_files.h).
  static absl::StatusOr<std::unique_ptr<WebApp>> Make(WebAppOptions options);

  // Answers on the caller's thread, the engine's or one of its own. Requires:
  // the app outlives the answer, so the HTTP server stops first.
  void Handle(HttpRequest request, HttpAnswer answer);

  // For the gRPC-Web bridge; as sessions.h.
  absl::StatusOr<std::string> BearerOf(const HttpRequest& request) const;

  // Makes the links that /login takes. Serve() it when the port is known, if
  // has_dashboard().
  LoginLinks& links() { return links_; }
  bool has_dashboard() const { return !files_.empty(); }
  // Where else figures come from. To be called with {} before they go.
  void SetSources(MetricsSources sources) {
    metrics_.SetSources(std::move(sources));
  }

  // /readyz says DRAINING from now on.
  void SetDraining() { draining_ = true; }

 private:
  WebApp(WebAppOptions options, StaticFiles files);

  void Login(const HttpRequest& request, const HttpAnswer& answer);
  void BeginSession(const HttpRequest& request,
                    const LoginLinks::Redeemed& redeemed,
                    const HttpAnswer& answer);
  void Logout(const HttpRequest& request, const HttpAnswer& answer);
  void AnswerMetrics(HttpRequest request, HttpAnswer answer);
  void Note(const std::string& text) const;
  HttpResponse Ready() const;
  bool MayReadMetrics(const HttpRequest& request) const;

  const WebAppOptions options_;
  const StaticFiles files_;
  const Position rows_needed_;  // The log's last at the start.
  LoginLinks links_;
  LoginFailures failures_;
  LoginCounts counts_;
  Metrics metrics_;
  std::atomic<bool> draining_{false};
  WorkerPool pool_;  // Last: its tasks use the rest.
};

}  // namespace thon

#endif  // THON_HTTP_WEB_APP_H_
