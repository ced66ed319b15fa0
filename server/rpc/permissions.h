// Who may call what, beyond the engine's Authorise().
#ifndef THON_RPC_PERMISSIONS_H_
#define THON_RPC_PERMISSIONS_H_

#include "absl/status/status.h"
#include "server/engine/engine.h"
#include "thon/v1/event.pb.h"

namespace thon {

// OK if the officer holds a grant of `role` or a higher one for any subtree on
// the last day opened. For what has no place on the map: a document's parts, a
// policy's check, the server's state. Else kPermissionDenied.
absl::Status HoldsAnyGrant(const Engine& engine, OfficerId officer,
                           v1::Role role);

}  // namespace thon

#endif  // THON_RPC_PERMISSIONS_H_
