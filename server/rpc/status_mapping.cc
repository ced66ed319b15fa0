#include "server/rpc/status_mapping.h"

#include <string>

#include "google/rpc/error_details.pb.h"
#include "server/core/error_info.h"

namespace thon {

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(std::string(status.message()));

  google::rpc::ErrorInfo info;
  info.set_domain(std::string(kErrorDomain));
  info.set_reason(ReasonOf(status));
  if (info.reason().empty()) {
    info.set_reason(absl::StatusCodeToString(status.code()));
  }
  details.add_details()->PackFrom(info);
  if (const auto delay_ms = RetryAfterOf(status); delay_ms.has_value()) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(*delay_ms / 1000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int>(*delay_ms % 1000) *
                                           1'000'000);
    details.add_details()->PackFrom(retry);
  }
  if (const std::string field = FieldOf(status); !field.empty()) {
    google::rpc::BadRequest bad;
    auto* const violation = bad.add_field_violations();
    violation->set_field(field);
    violation->set_description(std::string(status.message()));
    details.add_details()->PackFrom(bad);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()),
                      details.SerializeAsString());
}

grpc::Status InvalidField(absl::string_view field,
                          absl::string_view description) {
  return ToGrpc(WithField(
      WithReason(absl::InvalidArgumentError(description), "INVALID_FIELD"),
      field));
}

}  // namespace thon
