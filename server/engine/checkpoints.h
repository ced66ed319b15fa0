// The log's signed tree heads: when they are signed, which are kept, and which
// witnesses cosigned them.
//
// Before one is signed, every leaf that it adds is hashed again from the
// entry's bytes on disk, and the root is computed from these; it must be the
// root that the committer computed. Entries that earlier checkpoints cover are
// hashed again in the background, from the first to the last, from every start
// on. Where the disk holds something else, nothing is ever signed again by this
// process, and the reason names the entry.
//
// A checkpoint is signed when somebody asks for one, and at the latest
// `every_ms` after the log grew (limits::kCheckpointMsMax is the promise that
// receipts make). Cosignatures come later or never; nothing waits for them.
//
// Threads: any, except where said. Callbacks run on the checkpoints' thread,
// must not block, and run exactly once, also at the end (kUnavailable).
#ifndef THON_ENGINE_CHECKPOINTS_H_
#define THON_ENGINE_CHECKPOINTS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/note.h"
#include "server/core/trust_policy.h"
#include "thon/v1/log.pb.h"

namespace thon {

class Checkpoints {
 public:
  virtual ~Checkpoints() = default;

  // Signs one that covers all that is durable now, unless the newest does.
  // kDataLoss: the disk; kUnavailable: stopping, or the disk failed.
  virtual void Sign(
      std::function<void(absl::StatusOr<v1::Checkpoint>)> done) = 0;

  // The newest signed, with the cosignatures it has by now; of this epoch.
  // kNotFound: none yet. kDataLoss: nothing is signed any more; names the
  // entry.
  virtual absl::StatusOr<v1::Checkpoint> Newest() const = 0;
  // The newest whose cosignatures satisfy the quorum. kNotFound.
  virtual absl::StatusOr<v1::Checkpoint> Witnessed() const = 0;
  // The smallest kept one of at least `tree_size`. kNotFound.
  virtual absl::StatusOr<v1::Checkpoint> Covering(
      std::uint64_t tree_size) const = 0;
  // Kept ones below `tree_size` (0: all), the largest first; at most count_max.
  virtual absl::StatusOr<std::vector<v1::Checkpoint>> List(
      std::uint64_t below_tree_size, std::size_t count_max) const = 0;

  // Adds cosignatures to the kept checkpoint of this size; lines of keys that
  // the witness policy does not name, and lines that do not verify, are left
  // out. kNotFound: no such checkpoint. Durable when `done` runs.
  virtual void AddCosignatures(std::uint64_t tree_size,
                               std::vector<note::SignatureLine> lines,
                               std::function<void(absl::Status)> done) = 0;
  // Who must cosign; `quorum none` until it is set. Set once, before serving.
  virtual void SetWitnessPolicy(TrustPolicy policy) = 0;

  // `signed_one` runs after each new checkpoint until the engine is drained.
  // Set once, before serving.
  virtual void OnSigned(
      std::function<void(const v1::Checkpoint&)> signed_one) = 0;

  // Why nothing is signed any more. OK: it is.
  virtual absl::Status health() const = 0;
  // How far the background check of old entries has come, for metrics.
  virtual std::uint64_t entries_checked() const = 0;
};

}  // namespace thon

#endif  // THON_ENGINE_CHECKPOINTS_H_
