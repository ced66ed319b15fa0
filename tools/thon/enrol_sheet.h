// The sheet that an officer prints and cuts: a card a phone, with its one-time
// code as text and as a QR (server/core/enrol_payload.h says what is in it).
//
// One HTML page that needs nothing else: no script, no font, no picture from
// elsewhere, and a policy in it that would forbid them. It holds secrets; who
// writes it makes it readable by its owner only.
#ifndef THON_TOOLS_THON_ENROL_SHEET_H_
#define THON_TOOLS_THON_ENROL_SHEET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "thon/v1/event.pb.h"

namespace thon::cli {

// One phone's. No name of a person.
struct SheetCard {
  std::uint64_t team_id = 0;
  std::string team_name;
  std::string place;  // "Thôn Nà Xá, Xã Vĩnh Kiên (04771)".
  std::uint64_t member_id = 0;
  v1::Seat seat = v1::SEAT_UNSPECIFIED;
  std::string code;
};

struct SheetOptions {
  std::string server;          // HOST:PORT, as phones reach it.
  std::string ca_fingerprint;  // 64 hexadecimal digits.
  Date last_date;              // Last day of the codes.
  int per_page = 1;            // 1, 2 or 4.
};

// A QR as an SVG element of a page, with the quiet zone of four modules around
// it. Level M: readable with 15 % of it soiled.
// kInvalidArgument: more text than a QR holds.
absl::StatusOr<std::string> QrSvg(absl::string_view text);

// The page. Errors are those of QrSvg().
absl::StatusOr<std::string> EnrolSheetHtml(const std::vector<SheetCard>& cards,
                                           const SheetOptions& options);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_ENROL_SHEET_H_
