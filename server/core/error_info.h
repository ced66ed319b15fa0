// What a status tells a program besides its code: a stable reason, when to come
// back, which field was wrong. They travel as payloads of the status and leave
// the server as google.rpc details.
#ifndef THON_CORE_ERROR_INFO_H_
#define THON_CORE_ERROR_INFO_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace thon {

// Each returns `status` with the payload added. Requires !status.ok().
absl::Status WithReason(absl::Status status, absl::string_view upper_snake);
absl::Status WithRetryAfter(absl::Status status, std::int64_t delay_ms);
absl::Status WithField(absl::Status status, absl::string_view field);

// Empty or nullopt where the payload is absent.
std::string ReasonOf(const absl::Status& status);
std::optional<std::int64_t> RetryAfterOf(const absl::Status& status);
std::string FieldOf(const absl::Status& status);

}  // namespace thon

#endif  // THON_CORE_ERROR_INFO_H_
