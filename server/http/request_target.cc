#include "server/http/request_target.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "server/core/text.h"

namespace thon {
namespace {

int HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

const char* DecodePath(absl::string_view text, std::string* path) {
  bool ascii = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char byte = text[i];
    if (byte == '%') {
      const int high = i + 1 < text.size() ? HexValue(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
      if (high < 0 || low < 0) return "the path has a bad %XX";
      byte = static_cast<char>(high * 16 + low);
      i += 2;
      if (byte == '/') return "the path has an encoded slash";
    }
    if (byte == '\\') return "the path has a backslash";
    if (absl::ascii_iscntrl(static_cast<unsigned char>(byte))) {
      return "the path has a control character";
    }
    ascii = ascii && absl::ascii_isascii(static_cast<unsigned char>(byte));
    path->push_back(byte);
  }
  if (!ascii && !ToNfc(*path).ok()) return "the path is not UTF-8";
  for (const absl::string_view part : absl::StrSplit(*path, '/')) {
    if (part == "." || part == "..") return "the path has a part . or ..";
  }
  return nullptr;
}

// The name of a Host header, or empty if it is not well formed.
absl::string_view HostName(absl::string_view host) {
  absl::string_view name = host;
  absl::string_view port;
  if (absl::StartsWith(host, "[")) {
    const std::size_t end = host.find(']');
    if (end == absl::string_view::npos) return {};
    name = host.substr(0, end + 1);
    port = host.substr(end + 1);
  } else if (const std::size_t colon = host.find(':');
             colon != absl::string_view::npos) {
    name = host.substr(0, colon);
    port = host.substr(colon);
  }
  if (!port.empty() &&
      (port[0] != ':' || port.size() > 6 ||
       !std::all_of(port.begin() + 1, port.end(), [](char c) {
         return absl::ascii_isdigit(static_cast<unsigned char>(c));
       }))) {
    return {};
  }
  const bool bracketed = absl::StartsWith(name, "[");
  const bool visible =
      std::all_of(name.begin(), name.end(), [bracketed](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
               c == '-' || c == '_' ||
               (bracketed && (c == ':' || c == '[' || c == ']'));
      });
  return visible ? name : absl::string_view();
}

bool IsAddress(absl::string_view name) {
  unsigned char bytes[sizeof(in6_addr)];
  if (absl::StartsWith(name, "[")) {
    const std::string inner(name.substr(1, name.size() - 2));
    return ::inet_pton(AF_INET6, inner.c_str(), bytes) == 1;
  }
  return ::inet_pton(AF_INET, std::string(name).c_str(), bytes) == 1;
}

}  // namespace

const char* ReadTarget(absl::string_view text, RequestTarget* target) {
  for (const char byte : text) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(byte))) {
      return "the target has a byte that must be encoded";
    }
  }
  if (absl::StrContains(text, '#')) return "the target has a fragment";
  for (const absl::string_view scheme : {"http://", "https://"}) {
    if (!absl::StartsWithIgnoreCase(text, scheme)) continue;
    text.remove_prefix(scheme.size());
    const absl::string_view authority =
        text.substr(0, text.find_first_of("/?"));
    if (!IsHost(authority)) return "the target has a bad host";
    target->authority = std::string(authority);
    text.remove_prefix(authority.size());
    if (text.empty() || text[0] == '?') {
      target->path = "/";
      target->query = std::string(text.substr(text.empty() ? 0 : 1));
      return nullptr;
    }
    break;
  }
  if (!absl::StartsWith(text, "/")) return "the target is not a path";
  const std::size_t mark = text.find('?');
  if (mark != absl::string_view::npos) {
    target->query = std::string(text.substr(mark + 1));
  }
  return DecodePath(text.substr(0, mark), &target->path);
}

bool IsHost(absl::string_view host) { return !HostName(host).empty(); }

bool IsHostAllowed(absl::string_view host,
                   const std::vector<std::string>& names) {
  const std::string name = absl::AsciiStrToLower(HostName(host));
  if (name.empty()) return false;
  if (names.empty() || name == "localhost" || IsAddress(name)) return true;
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace thon
