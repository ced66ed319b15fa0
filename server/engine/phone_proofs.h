// What a phone's ProofsRequest is answered with (sync_service.proto).
#ifndef THON_ENGINE_PHONE_PROOFS_H_
#define THON_ENGINE_PHONE_PROOFS_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/engine/checkpoints.h"
#include "server/storage/entry_log.h"
#include "thon/v1/log.pb.h"
#include "thon/v1/sync_service.pb.h"

namespace thon {

// kInvalidArgument: more than limits::kProofsPerRequestMax entries, or they do
// not ascend.
absl::Status CheckProofsRequest(const v1::ProofsRequest& request);

// The newest checkpoint; where it covers less than the request names and the
// log has, one that is signed now. Runs `done` once: at once, or on the
// checkpoints' thread, where it must not block. Errors as Checkpoints::Newest()
// and Sign().
void CheckpointFor(const v1::ProofsRequest& request, const EntryLog& log,
                   Checkpoints* checkpoints,
                   std::function<void(absl::StatusOr<v1::Checkpoint>)> done);

// Proofs under `checkpoint`, which is this log's; reads the disk. Each has been
// checked against the checkpoint's root: what a damaged disk gives is never
// sent, for a phone would keep it as evidence. kDataLoss: such damage.
absl::StatusOr<v1::Proofs> BuildProofs(const v1::ProofsRequest& request,
                                       const EntryLog& log,
                                       v1::Checkpoint checkpoint);

}  // namespace thon

#endif  // THON_ENGINE_PHONE_PROOFS_H_
