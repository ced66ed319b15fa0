#include "server/http/pages.h"

#include "absl/strings/str_cat.h"

namespace thon {
namespace {

// The Vietnamese and the English of one page; both are HTML.
struct Words {
  absl::string_view title_vi;
  absl::string_view title_en;
  std::string body_vi;
  std::string body_en;
};

constexpr absl::string_view kStyle =
    ":root{color-scheme:light dark;font:18px/1.5 system-ui,sans-serif}\n"
    "body{max-width:34rem;margin:12vh auto;padding:0 1.25rem}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem}\n"
    "section+section{margin-top:2.5rem;padding-top:1.5rem;"
    "border-top:1px solid #8888}\n"
    "button{font:inherit;font-weight:600;padding:.6rem 1.6rem;"
    "border:0;border-radius:.4rem;background:#0b5cad;color:#fff;"
    "cursor:pointer}\n"
    "button:focus-visible{outline:3px solid #f5a623;outline-offset:2px}\n"
    "code{font:.9em/1.4 ui-monospace,monospace;overflow-wrap:anywhere}\n"
    "pre{overflow-x:auto;padding:.75rem;border:1px solid #8888;"
    "border-radius:.4rem}\n";

HttpResponse Page(int status, const Words& words, absl::string_view form = "") {
  HttpResponse response;
  response.status = status;
  response.headers = {{"content-type", "text/html; charset=utf-8"},
                      {"cache-control", "no-store"}};
  response.body = absl::StrCat(
      "<!doctype html>\n<html lang=\"vi\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n"
      "<meta name=\"robots\" content=\"noindex\">\n"
      "<link rel=\"icon\" href=\"/favicon.svg\" "
      "type=\"image/svg+xml\">\n<title>",
      words.title_vi, " · Thôn</title>\n<link rel=\"stylesheet\" href=\"",
      kPageStylePath, "\">\n</head>\n<body>\n<main>\n<section>\n<h1>",
      words.title_vi, "</h1>\n", words.body_vi, form,
      "</section>\n<section lang=\"en\">\n<h1>", words.title_en, "</h1>\n",
      words.body_en, "</section>\n</main>\n</body>\n</html>\n");
  return response;
}

constexpr absl::string_view kNewLink = "<pre>thon login-link</pre>\n";

}  // namespace

std::string EscapeHtml(absl::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

HttpResponse PageStyle() {
  HttpResponse response;
  response.headers = {{"content-type", "text/css; charset=utf-8"},
                      {"cache-control", "max-age=3600"}};
  response.body = std::string(kStyle);
  return response;
}

HttpResponse LoginPage() {
  return Page(200,
              {"Đăng nhập", "Log in",
               "<p>Liên kết này dùng được một lần. Bấm nút để mở bảng theo dõi "
               "trên máy "
               "này.</p>\n",
               "<p>This link works once. Press the button to open the "
               "dashboard on this "
               "machine.</p>\n"},
              "<form method=\"post\"><button type=\"submit\">Đăng nhập (log "
              "in)</button></form>\n");
}

HttpResponse DeadLinkPage() {
  return Page(
      410,
      {"Liên kết không còn dùng được", "This link no longer works",
       absl::StrCat("<p>Liên kết đã được dùng, đã quá mười phút, hoặc máy chủ "
                    "đã khởi động lại. Nếu bạn đã đăng nhập trên máy này, <a "
                    "href=\"/\">mở bảng theo dõi</a>. Nếu chưa, xin người quản "
                    "trị một liên kết mới, hoặc tự tạo bằng mã truy cập của "
                    "mình:</p>\n",
                    kNewLink),
       absl::StrCat("<p>It was used, or is older than ten minutes, or the "
                    "server was restarted. If you are logged in on this "
                    "machine already, <a href=\"/\">open the dashboard</a>. If "
                    "not, ask the operator for a new link, or make one with "
                    "your own token:</p>\n",
                    kNewLink)});
}

HttpResponse ForeignLoginPage() {
  return Page(
      403, {"Không đăng nhập từ trang khác", "Not from another site",
            "<p>Yêu cầu đăng nhập này đến từ một trang web khác, nên máy chủ "
            "không thực hiện. Hãy tự mở liên kết rồi bấm nút trên trang "
            "đó.</p>\n",
            "<p>Another web site asked for this log-in, so nothing was done. "
            "Open the link yourself and press the button there.</p>\n"});
}

HttpResponse TooManyLoginsPage() {
  HttpResponse response = Page(
      429, {"Thử quá nhiều lần", "Too many attempts",
            "<p>Địa chỉ của bạn đã thử nhiều liên kết sai. Chờ một phút rồi "
            "thử lại; liên kết chưa bị dùng.</p>\n",
            "<p>Many wrong links came from your address. Wait a minute, "
            "then try again; the link was not used up.</p>\n"});
  response.headers.emplace_back("retry-after", "60");
  return response;
}

HttpResponse LoginUnavailablePage(absl::string_view reason) {
  const std::string why = absl::StrCat("<pre>", EscapeHtml(reason), "</pre>\n");
  return Page(
      503,
      {"Chưa đăng nhập được", "Cannot log in now",
       absl::StrCat("<p>Máy chủ đang không ghi được. Thử lại sau với một liên "
                    "kết mới.</p>\n",
                    why),
       absl::StrCat("<p>The server cannot record anything now. Try again later "
                    "with a new link.</p>\n",
                    why)});
}

HttpResponse NoDashboardPage(absl::string_view directory) {
  const std::string how = absl::StrCat(
      "<pre>tools/setup run\ncmake --preset release\ncmake --build --preset "
      "release --target dashboard\nthond --dashboard "
      "build/release/share/thon/dashboard …</pre>\n<p><code>",
      EscapeHtml(directory), "</code></p>\n");
  return Page(
      503,
      {"Chưa có bảng theo dõi", "No dashboard here yet",
       absl::StrCat("<p>Máy chủ đang chạy, nhưng trong thư mục dưới đây không "
                    "có trang bảng theo dõi. Tạo trang như sau rồi khởi động "
                    "lại máy chủ:</p>\n",
                    how),
       absl::StrCat("<p>The server runs, but the folder named below holds no "
                    "dashboard. Build it like this and restart the "
                    "server:</p>\n",
                    how)});
}

}  // namespace thon
