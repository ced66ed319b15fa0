#include "tools/thon/enrol_sheet.h"

#include <qrencode.h>

#include <cerrno>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/core/enrol_payload.h"
#include "server/core/text.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

constexpr int kQuietModules = 4;

constexpr char kHead[] = R"(<!DOCTYPE html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="robots" content="noindex">
<title>Phiếu đăng ký điện thoại (phone enrolment sheet)</title>
<style>
@page { size: A4; margin: 12mm; }
* { box-sizing: border-box; }
body { margin: 0; font: 11pt/1.35 "Noto Sans", "Segoe UI", Arial, sans-serif; color: #000; background: #fff; }
.page { display: grid; gap: 6mm; min-height: 272mm; break-after: page; page-break-after: always; }
.page:last-child { break-after: auto; page-break-after: auto; }
.n1 { grid-template: 1fr / 1fr; }
.n2 { grid-template: 1fr 1fr / 1fr; }
.n4 { grid-template: 1fr 1fr / 1fr 1fr; }
.card { border: 0.4mm solid #000; padding: 5mm; break-inside: avoid; page-break-inside: avoid; overflow-wrap: anywhere; }
.card h2 { margin: 0 0 1mm; font-size: 15pt; }
.n4 .card h2 { font-size: 12pt; }
.card svg { display: block; width: 70mm; height: 70mm; margin: 3mm auto; }
.n4 .card svg { width: 50mm; height: 50mm; }
.card dl { display: grid; grid-template-columns: auto 1fr; gap: 0.5mm 3mm; margin: 0; }
.card dt, .en { color: #444; font-size: 9pt; }
.card dd { margin: 0; }
.code { font: bold 14pt/1.4 "DejaVu Sans Mono", Consolas, monospace; letter-spacing: 0.05em; }
.n4 .code { font-size: 11pt; }
.print { font: 8pt/1.3 "DejaVu Sans Mono", Consolas, monospace; }
.card p { margin: 2mm 0 0; }
</style>
</head>
<body>
)";

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"},
                                    {"<", "&lt;"},
                                    {">", "&gt;"},
                                    {"\"", "&quot;"},
                                    {"'", "&#39;"}});
}

void AddLine(absl::string_view vietnamese, absl::string_view english,
             absl::string_view value, absl::string_view style,
             std::string* html) {
  absl::StrAppend(html, "<dt>", vietnamese, " (", english, ")</dt><dd");
  if (!style.empty()) absl::StrAppend(html, " class=\"", style, "\"");
  absl::StrAppend(html, ">", Escaped(value), "</dd>\n");
}

absl::Status AddCard(const SheetCard& card, const SheetOptions& options,
                     std::string* html) {
  const absl::StatusOr<std::string> qr = QrSvg(
      EnrolPayloadText({options.server, card.code, options.ca_fingerprint}));
  if (!qr.ok()) return qr.status();
  absl::StrAppend(html, "<section class=\"card\">\n<h2>",
                  Escaped(card.team_name), "</h2>\n<div>", Escaped(card.place),
                  "</div>\n", *qr, "<dl>\n");
  AddLine("Mã đăng ký", "code", GroupedEnrolCode(card.code), "code", html);
  AddLine("Dùng đến hết ngày", "last day", options.last_date.Vietnamese(), "",
          html);
  AddLine("Tổ", "team", absl::StrCat(card.team_id), "", html);
  AddLine("Thành viên", "member",
          absl::StrCat(card.member_id,
                       card.seat == v1::SEAT_UNSPECIFIED
                           ? ""
                           : absl::StrCat(" - ", SeatWord(card.seat))),
          "", html);
  AddLine("Máy chủ", "server", options.server, "", html);
  AddLine("Dấu vân tay chứng thực", "CA fingerprint",
          GroupedEnrolCode(options.ca_fingerprint), "print", html);
  absl::StrAppend(
      html,
      "</dl>\n<p>Mở ứng dụng Thôn, chọn Đăng ký rồi quét mã, hoặc gõ mã đăng "
      "ký. Mã dùng một lần, cho một điện thoại; giữ kín như mật khẩu, dùng "
      "xong "
      "thì hủy phiếu.</p>\n<p class=\"en\">Open Thôn, choose Enrol and scan, "
      "or "
      "type the code. It works once, for one phone. Keep it like a password "
      "and "
      "destroy the sheet when done.</p>\n</section>\n");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> QrSvg(absl::string_view text) {
  const std::string terminated(text);
  const std::unique_ptr<QRcode, void (*)(QRcode*)> code(
      QRcode_encodeString(terminated.c_str(), 0, QR_ECLEVEL_M, QR_MODE_8, 1),
      &QRcode_free);
  if (code == nullptr) {
    return errno == ERANGE
               ? absl::InvalidArgumentError(absl::StrCat(
                     text.size(), " bytes are more than a QR holds"))
               : absl::ErrnoToStatus(errno, "libqrencode makes no QR");
  }
  const int side = code->width + 2 * kQuietModules;
  std::string svg = absl::StrCat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", side, " ",
      side,
      "\" shape-rendering=\"crispEdges\" role=\"img\" aria-label=\"QR\"><rect "
      "width=\"",
      side, "\" height=\"", side, "\" fill=\"#fff\"/><path fill=\"#000\" d=\"");
  // A run of dark modules of a row is one rectangle.
  for (int y = 0; y < code->width; ++y) {
    const unsigned char* const row = code->data + y * code->width;
    for (int x = 0; x < code->width; ++x) {
      int run = 0;
      while (x + run < code->width && (row[x + run] & 1) != 0) ++run;
      if (run == 0) continue;
      absl::StrAppend(&svg, "M", x + kQuietModules, " ", y + kQuietModules, "h",
                      run, "v1h-", run, "z");
      x += run;
    }
  }
  absl::StrAppend(&svg, "\"/></svg>\n");
  return svg;
}

absl::StatusOr<std::string> EnrolSheetHtml(const std::vector<SheetCard>& cards,
                                           const SheetOptions& options) {
  std::string html = kHead;
  const auto per_page = static_cast<std::size_t>(options.per_page);
  for (std::size_t first = 0; first < cards.size(); first += per_page) {
    absl::StrAppend(&html, "<div class=\"page n", options.per_page, "\">\n");
    for (std::size_t i = first; i < first + per_page && i < cards.size(); ++i) {
      const absl::Status status = AddCard(cards[i], options, &html);
      if (!status.ok()) return status;
    }
    html += "</div>\n";
  }
  html += "</body>\n</html>\n";
  return html;
}

}  // namespace thon::cli
