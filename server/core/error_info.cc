#include "server/core/error_info.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace thon {
namespace {

constexpr char kReason[] = "thon.v1/reason";
constexpr char kRetryAfterMs[] = "thon.v1/retry_after_ms";
constexpr char kField[] = "thon.v1/field";

absl::Status With(absl::Status status, const char* type,
                  absl::string_view value) {
  status.SetPayload(type, absl::Cord(value));
  return status;
}

std::string Payload(const absl::Status& status, const char* type) {
  const auto payload = status.GetPayload(type);
  return payload.has_value() ? std::string(*payload) : std::string();
}

}  // namespace

absl::Status WithReason(absl::Status status, absl::string_view upper_snake) {
  return With(std::move(status), kReason, upper_snake);
}

absl::Status WithRetryAfter(absl::Status status, std::int64_t delay_ms) {
  return With(std::move(status), kRetryAfterMs, absl::StrCat(delay_ms));
}

absl::Status WithField(absl::Status status, absl::string_view field) {
  return With(std::move(status), kField, field);
}

std::string ReasonOf(const absl::Status& status) {
  return Payload(status, kReason);
}

std::optional<std::int64_t> RetryAfterOf(const absl::Status& status) {
  std::int64_t delay_ms = 0;
  if (!absl::SimpleAtoi(Payload(status, kRetryAfterMs), &delay_ms)) {
    return std::nullopt;
  }
  return delay_ms;
}

std::string FieldOf(const absl::Status& status) {
  return Payload(status, kField);
}

}  // namespace thon
