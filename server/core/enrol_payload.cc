#include "server/core/enrol_payload.h"

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace thon {
namespace {

constexpr absl::string_view kFormat = "THON1";
constexpr absl::string_view kCodeLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t kCodeLength = 26;
constexpr std::size_t kFingerprintLength = 64;
constexpr std::size_t kGroup = 4;

bool Has(absl::string_view letters, char c) {
  return letters.find(c) != absl::string_view::npos;
}

bool IsServer(absl::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || colon == 0) return false;
  const absl::string_view host = text.substr(0, colon);
  const absl::string_view port_text = text.substr(colon + 1);
  const bool letters = std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           Has(".-_:[]", c);
  });
  const bool digits =
      std::all_of(port_text.begin(), port_text.end(), [](char c) {
        return absl::ascii_isdigit(static_cast<unsigned char>(c));
      });
  int port = 0;
  return letters && digits && absl::SimpleAtoi(port_text, &port) && port > 0 &&
         port < 65536;
}

bool IsFingerprint(absl::string_view text) {
  return text.size() == kFingerprintLength &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

bool IsCode(absl::string_view text) {
  return text.size() == kCodeLength &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return Has(kCodeLetters, c); });
}

}  // namespace

std::string EnrolPayloadText(const EnrolPayload& payload) {
  return absl::AsciiStrToUpper(absl::StrCat(kFormat, "/", payload.server, "/",
                                            payload.code, "/",
                                            payload.ca_fingerprint));
}

absl::StatusOr<EnrolPayload> ParseEnrolPayload(absl::string_view text) {
  const std::string upper =
      absl::AsciiStrToUpper(absl::StripAsciiWhitespace(text));
  const std::vector<std::string> parts = absl::StrSplit(upper, '/');
  if (parts.size() != 4 || parts[0] != kFormat) {
    return absl::InvalidArgumentError(absl::StrCat(
        "this is no enrolment code of Thôn (", kFormat,
        "/server/code/fingerprint); scan the QR of an enrolment sheet"));
  }
  if (!IsServer(parts[1])) {
    return absl::InvalidArgumentError(
        absl::StrCat("the server \"", parts[1], "\" is not HOST:PORT"));
  }
  if (!IsCode(parts[2])) {
    return absl::InvalidArgumentError(
        "the one-time code is not 26 letters A to Z and digits 2 to 7");
  }
  if (!IsFingerprint(parts[3])) {
    return absl::InvalidArgumentError(
        "the certificate authority's fingerprint is not 64 hexadecimal digits");
  }
  return EnrolPayload{absl::AsciiStrToLower(parts[1]), parts[2],
                      absl::AsciiStrToLower(parts[3])};
}

std::string GroupedEnrolCode(absl::string_view code) {
  std::string grouped;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (i != 0 && i % kGroup == 0) grouped.push_back(' ');
    grouped.push_back(code[i]);
  }
  return grouped;
}

absl::StatusOr<std::string> TypedEnrolCode(absl::string_view text) {
  std::string code;
  for (const char c : text) {
    if (c == ' ' || c == '-' || c == '\t' || c == '\n' || c == '\r') continue;
    const char upper = absl::ascii_toupper(static_cast<unsigned char>(c));
    code.push_back(upper == '0' ? 'O' : upper == '1' ? 'I' : upper);
  }
  if (IsCode(code)) return code;
  return absl::InvalidArgumentError(
      absl::StrCat("a code has 26 letters A to Z and digits 2 to 7, this has ",
                   code.size(), " letters; type it again"));
}

}  // namespace thon
