// From absl::Status to what goes over the wire: google.rpc.Status with an
// ErrorInfo (domain "thon.v1", a stable reason), and BadRequest or RetryInfo
// where they help.
//
// A room below says the reason, the field or the delay as payloads of its
// status; without a reason the code's own name serves.
#ifndef THON_RPC_STATUS_MAPPING_H_
#define THON_RPC_STATUS_MAPPING_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace thon {

inline constexpr absl::string_view kErrorDomain = "thon.v1";

// The same code, message and details.
grpc::Status ToGrpc(const absl::Status& status);

// INVALID_ARGUMENT with the field in a BadRequest.
grpc::Status InvalidField(absl::string_view field,
                          absl::string_view description);

}  // namespace thon

#endif  // THON_RPC_STATUS_MAPPING_H_
