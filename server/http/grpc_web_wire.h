// gRPC-Web's bytes: frames, text mode, trailers, and which headers are
// metadata. Pure.
#ifndef THON_HTTP_GRPC_WEB_WIRE_H_
#define THON_HTTP_GRPC_WEB_WIRE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/http/http_handler.h"
#include "server/rpc/generic_calls.h"

namespace thon {

// What a request's content-type asks for.
enum class GrpcWebMode { kNone, kBinary, kText };

// Of "application/grpc-web", "application/grpc-web-text", each with "+proto" or
// not, and parameters; anything else is kNone.
GrpcWebMode GrpcWebModeOf(absl::string_view content_type);
// How to answer: as `accept` says if it names gRPC-Web, else as was asked.
GrpcWebMode GrpcWebAnswerMode(absl::string_view accept, GrpcWebMode asked);
absl::string_view GrpcWebContentType(GrpcWebMode mode);

// The one message of a request's body. Errors have the code and message that
// the call ends with (grpc_web.h). `encoding` is the grpc-encoding header.
absl::StatusOr<std::string> ReadGrpcWebMessage(absl::string_view body,
                                               GrpcWebMode mode,
                                               absl::string_view encoding);

// A message, or the trailers, as they are sent.
std::string GrpcWebMessageFrame(absl::string_view message, GrpcWebMode mode);
std::string GrpcWebTrailersFrame(const GenericCallStatus& status,
                                 GrpcWebMode mode);

// grpc-status, grpc-message and the trailers: as headers of an answer that has
// nothing else, and as lines of a trailers frame.
HttpHeaders GrpcWebTrailers(const GenericCallStatus& status);

// Metadata as headers: "-bin" values in base64.
HttpHeaders HeadersOf(const CallMetadata& metadata);

// The headers that are metadata. kInvalidArgument: one cannot be.
absl::StatusOr<CallMetadata> MetadataOf(const HttpHeaders& headers);

// "100m" is 100 ms; none for an empty text. What is below a millisecond is
// rounded up. kInvalidArgument: not 1 to 8 digits and one of H M S m u n.
absl::StatusOr<std::optional<std::int64_t>> ReadGrpcTimeout(
    absl::string_view text);

}  // namespace thon

#endif  // THON_HTTP_GRPC_WEB_WIRE_H_
