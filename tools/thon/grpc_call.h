// gRPC calls as statuses: what the parts of the client share.
#ifndef THON_TOOLS_THON_GRPC_CALL_H_
#define THON_TOOLS_THON_GRPC_CALL_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace thon::cli {

// The same code and message, with the reason, fields and delay that the server
// named.
absl::Status FromGrpc(const grpc::Status& status);

// The token goes with the call.
void AddToken(const std::string& token, grpc::ClientContext* context);

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> CallUnary(
    Stub& stub, const std::string& token,
    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                 Response*),
    const Request& request, int seconds) {
  grpc::ClientContext context;
  AddToken(token, &context);
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(seconds));
  Response response;
  const absl::Status status =
      FromGrpc((stub.*method)(&context, request, &response));
  if (!status.ok()) return status;
  return response;
}

// Calls `visit` for each response until it fails; its error is returned, and
// the call cancelled. No deadline.
template <typename Stub, typename Request, typename Response, typename Visit>
absl::Status CallStream(Stub& stub, const std::string& token,
                        std::unique_ptr<grpc::ClientReader<Response>> (
                            Stub::*method)(grpc::ClientContext*,
                                           const Request&),
                        const Request& request, const Visit& visit) {
  grpc::ClientContext context;
  AddToken(token, &context);
  const std::unique_ptr<grpc::ClientReader<Response>> reader =
      (stub.*method)(&context, request);
  Response response;
  absl::Status status;
  while (status.ok() && reader->Read(&response)) status = visit(response);
  if (status.ok()) return FromGrpc(reader->Finish());
  context.TryCancel();
  while (reader->Read(&response)) {
  }
  reader->Finish();
  return status;
}

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_GRPC_CALL_H_
