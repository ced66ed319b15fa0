#include "server/http/sessions.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/core/error_info.h"

namespace thon {
namespace {

constexpr std::size_t kTokenBytesMax = 128;
constexpr std::size_t kAddressBytesMax = 64;
constexpr absl::string_view kAttributes = "; Path=/; HttpOnly; SameSite=Strict";

bool IsToken(absl::string_view text) {
  if (text.empty() || text.size() > kTokenBytesMax) return false;
  for (const char c : text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' &&
        c != '_' && c != '=') {
      return false;
    }
  }
  return true;
}

// Without the port that the scheme has anyway, in lower case.
std::string Normal(absl::string_view origin) {
  std::string text = absl::AsciiStrToLower(origin);
  if (absl::StartsWith(text, "https://")) {
    return std::string(absl::StripSuffix(text, ":443"));
  }
  return std::string(absl::StripSuffix(text, ":80"));
}

}  // namespace

bool Site::IsSecure(const HttpRequest& request) const {
  return request.secure || absl::StartsWith(public_url, "https://");
}

std::string Site::OriginOf(const HttpRequest& request) const {
  if (!public_url.empty()) return Normal(public_url);
  const absl::string_view host = request.Header("host");
  if (host.empty()) return "";
  return Normal(absl::StrCat(request.secure ? "https://" : "http://", host));
}

std::string Site::ClientOf(const HttpRequest& request) const {
  if (public_url.empty() || !IsLoopbackAddress(request.peer)) {
    return request.peer;
  }
  // The proxy adds what it saw at the end; what stands before is hearsay.
  absl::string_view client;
  for (const auto& [key, value] : request.headers) {
    if (key != "x-forwarded-for") continue;
    const absl::string_view list = value;
    const std::size_t comma = list.rfind(',');
    client = absl::StripAsciiWhitespace(
        comma == absl::string_view::npos ? list : list.substr(comma + 1));
  }
  if (client.empty() || client.size() > kAddressBytesMax) return request.peer;
  return std::string(client);
}

bool IsLoopbackAddress(absl::string_view address) {
  return absl::StartsWith(address, "127.") || address == "::1" ||
         absl::StartsWith(address, "::ffff:127.");
}

absl::string_view SessionCookieName(bool secure) {
  return secure ? "__Host-thon_session" : "thon_session";
}

std::string MakeSessionCookie(absl::string_view token, std::int64_t seconds,
                              bool secure) {
  return absl::StrCat(SessionCookieName(secure), "=", token, kAttributes,
                      "; Max-Age=", seconds, secure ? "; Secure" : "");
}

std::string ClearSessionCookie(bool secure) {
  return MakeSessionCookie("", 0, secure);
}

std::string SessionToken(const HttpRequest& request, const Site& site) {
  const absl::string_view wanted = SessionCookieName(site.IsSecure(request));
  for (const auto& [key, value] : request.headers) {
    if (key != "cookie") continue;
    for (const absl::string_view part : absl::StrSplit(value, ';')) {
      const std::pair<absl::string_view, absl::string_view> cookie =
          absl::StrSplit(absl::StripAsciiWhitespace(part),
                         absl::MaxSplits('=', 1));
      if (cookie.first == wanted && IsToken(cookie.second)) {
        return std::string(cookie.second);
      }
    }
  }
  return "";
}

absl::Status CheckSameOrigin(const HttpRequest& request, const Site& site) {
  const absl::Status other = WithReason(
      absl::PermissionDeniedError(
          "this was asked for by another site than the dashboard's; open the "
          "dashboard itself and try again there"),
      "CROSS_ORIGIN");
  const absl::string_view fetch_site = request.Header("sec-fetch-site");
  if (!fetch_site.empty() && fetch_site != "same-origin") return other;
  const absl::string_view origin = request.Header("origin");
  if (origin.empty()) return absl::OkStatus();
  if (origin == "null") {
    return fetch_site.empty() ? other : absl::OkStatus();
  }
  return Normal(origin) == site.OriginOf(request) ? absl::OkStatus() : other;
}

absl::StatusOr<std::string> BearerOf(const HttpRequest& request,
                                     const Site& site) {
  std::string token = SessionToken(request, site);
  if (token.empty()) return token;
  const absl::Status same = CheckSameOrigin(request, site);
  if (!same.ok()) return same;
  return token;
}

}  // namespace thon
