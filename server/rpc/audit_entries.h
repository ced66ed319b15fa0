// StreamEntries: the log's entries to an auditor, from any entry or position,
// filtered, and on as the log grows.
#ifndef THON_RPC_AUDIT_ENTRIES_H_
#define THON_RPC_AUDIT_ENTRIES_H_

#include <grpcpp/support/server_callback.h>

#include "server/rpc/audit_shared.h"
#include "thon/v1/audit_service.pb.h"

namespace thon {

// The stream deletes itself. `shared` is not owned and outlives it.
grpc::ServerWriteReactor<v1::StreamEntriesResponse>* StartEntryStream(
    AuditShared* shared, const grpc::CallbackServerContext& context,
    const v1::StreamEntriesRequest& request);

}  // namespace thon

#endif  // THON_RPC_AUDIT_ENTRIES_H_
