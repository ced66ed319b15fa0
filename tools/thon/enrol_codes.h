// One-time codes: made here, recorded as hashes.
#ifndef THON_TOOLS_THON_ENROL_CODES_H_
#define THON_TOOLS_THON_ENROL_CODES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/thon/client.h"
#include "tools/thon/enrol_file.h"

namespace thon::cli {

struct IssuedCode {
  CodeHolder holder;
  std::string code;
};

// The last day of codes that can be used for `days` days after the server's
// today.
absl::StatusOr<std::int32_t> LastCodeDate(Client* client, int days);

// Records the codes, 256 a command. Returns the last position. An error says
// which codes are not issued; those before are.
absl::StatusOr<std::uint64_t> RecordCodes(Client* client,
                                          const std::vector<IssuedCode>& codes,
                                          std::int32_t last_date);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_ENROL_CODES_H_
