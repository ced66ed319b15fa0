// StreamRows: a projection's rows as of a position, in the order in which its
// state root covers them.
#ifndef THON_RPC_AUDIT_ROWS_H_
#define THON_RPC_AUDIT_ROWS_H_

#include <grpcpp/support/server_callback.h>

#include "server/rpc/audit_shared.h"
#include "thon/v1/audit_service.pb.h"

namespace thon {

// The stream deletes itself. `shared` is not owned and outlives it.
grpc::ServerWriteReactor<v1::StreamRowsResponse>* StartRowStream(
    AuditShared* shared, const grpc::CallbackServerContext& context,
    const v1::StreamRowsRequest& request);

}  // namespace thon

#endif  // THON_RPC_AUDIT_ROWS_H_
