// What the QR of an enrolment sheet says, and how a person types the code below
// it. An app that scans a sheet reads the text with ParseEnrolPayload(),
// connects to `server` trusting only the certificate authority of
// `ca_fingerprint`, and gives `code` to Client::Enrol().
//
//   THON1/HOST:PORT/CODE/FINGERPRINT
//
//   THON1        the format; a reader refuses another.
//   HOST:PORT    where phones reach the server, in capitals; names of hosts
//                have no case.
//   CODE         the one-time code, 26 letters A to Z and digits 2 to 7.
//   FINGERPRINT  SHA-256 of the certificate authority's DER, 64 hexadecimal
//                digits in capitals.
//
// The letters are those of a QR's alphanumeric mode (but for an IPv6 address),
// which makes the QR small enough for a cheap camera. Nothing of a person is in
// it. Pure.
#ifndef THON_CORE_ENROL_PAYLOAD_H_
#define THON_CORE_ENROL_PAYLOAD_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace thon {

struct EnrolPayload {
  std::string server;          // "host:port", lower case.
  std::string code;            // As the log's hash was made of it.
  std::string ca_fingerprint;  // 64 hexadecimal digits, lower case.

  bool operator==(const EnrolPayload&) const = default;
};

// Requires a payload that ParseEnrolPayload() would give.
std::string EnrolPayloadText(const EnrolPayload& payload);

// Blanks around the text do not matter, nor does case. kInvalidArgument:
// another format or version, a part that is missing or not of its form.
absl::StatusOr<EnrolPayload> ParseEnrolPayload(absl::string_view text);

// A code as it is printed: "ABCD EFGH ...", groups of four.
std::string GroupedEnrolCode(absl::string_view code);

// A code as a person types it, in any case, with blanks and dashes, and with 0
// and 1 for O and I, which it never holds: the code. kInvalidArgument: other
// letters, or not 26 of them.
absl::StatusOr<std::string> TypedEnrolCode(absl::string_view text);

}  // namespace thon

#endif  // THON_CORE_ENROL_PAYLOAD_H_
