// Moments as auditors name them, as entries of the log: a day, an instant or a
// position.
#ifndef THON_TOOLS_THON_AUDIT_MOMENTS_H_
#define THON_TOOLS_THON_AUDIT_MOMENTS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "tools/thon/client.h"

namespace thon::cli {

// The position of a moment ("2023-10-13", an instant, "120"); with "" the
// newest rows. `option` is named in errors.
absl::StatusOr<std::uint64_t> PositionOfMoment(Client* client,
                                               absl::string_view option,
                                               const std::string& text);

// The entry that holds a position.
absl::StatusOr<std::uint64_t> EntryOfPosition(Client* client,
                                              std::uint64_t position);

// --from: the first entry of a day, the first received at or after an instant,
// the one that holds a position; "" is 0.
absl::StatusOr<std::uint64_t> FirstEntryFrom(Client* client,
                                             const std::string& text);
// --to: one past the last entry of a day, received at or before an instant, or
// holding a position. Requires: text is not "".
absl::StatusOr<std::uint64_t> EndEntryTo(Client* client,
                                         const std::string& text);

inline constexpr char kFromHelp[] =
    "From a day (2023-10-13), an instant (RFC 3339) or a position on";
inline constexpr char kToHelp[] =
    "Up to a day's end (2023-10-13), an instant (RFC 3339) or a position";

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_AUDIT_MOMENTS_H_
