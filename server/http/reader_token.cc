#include "server/http/reader_token.h"

#include "absl/status/statusor.h"
#include "absl/strings/match.h"

namespace thon {

absl::string_view BearerHeader(const HttpRequest& request) {
  constexpr absl::string_view kBearer = "bearer ";
  const absl::string_view value = request.Header("authorization");
  if (!absl::StartsWithIgnoreCase(value, kBearer)) return {};
  return value.substr(kBearer.size());
}

std::optional<OfficerId> ReaderOf(const Engine& engine,
                                  const HttpRequest& request) {
  const absl::string_view token = BearerHeader(request);
  if (token.empty()) return std::nullopt;
  const absl::StatusOr<OfficerId> officer = engine.Authenticate(token);
  if (!officer.ok() ||
      !engine.Authorise(*officer, v1::ROLE_READER, UnitId(0)).ok()) {
    return std::nullopt;
  }
  return *officer;
}

}  // namespace thon
