// Teams and units as a command line names them. A village has no official code,
// so that it, and the team that stands on it, is named below its commune:
// "04771/Thôn Nà Xá".
#ifndef THON_TOOLS_THON_PLACE_OPTION_H_
#define THON_TOOLS_THON_PLACE_OPTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "thon/v1/rows.pb.h"
#include "tools/thon/client.h"

namespace thon::cli {

inline constexpr char kTeamHelp[] =
    "A team: its number (4211), or its commune's code and its village "
    "(\"04771/Thôn Nà Xá\"; \"04771/\" is the commune's own team)";

// The unit of "04771" or "04771/" (a code), "04771/Thôn Nà Xá" (a village by
// its full name) or "id:600001", on `date` (0: the last day opened). `name` is
// the option, for messages. Reason USAGE: it is none of these. kNotFound: there
// is no such unit on that day; the message says what may have been meant.
absl::StatusOr<std::uint64_t> PlaceOption(Client* client,
                                          absl::string_view name,
                                          const std::string& text,
                                          std::int32_t date);

struct SeenTeam {
  v1::TeamRow team;
  std::uint64_t position = 0;  // As of which it was read.
};

// The team that kTeamHelp describes; by its place only one that has not ended.
// Reason USAGE: it is not so written. kNotFound: there is none, or there are
// several, whose numbers the message gives.
absl::StatusOr<SeenTeam> TeamOption(Client* client, absl::string_view name,
                                    const std::string& text);

// "Tổ (team) 4211: Tổ công nghệ số cộng đồng thôn Nà Xá".
std::string ShowTeam(const v1::TeamRow& team);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_PLACE_OPTION_H_
