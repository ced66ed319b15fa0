// The checkpoints that a log keeps, in memory and in its local facts.
//
//   key    "checkpoint/" origin "/" tree size as 16 hexadecimal digits
//   value  next_position(8) signed_time_ms(8) note      -- big-endian
//
// The newest limits::kCheckpointsKept are kept, before them the last of each
// day (UTC), and always the newest that is witnessed: while no policy says who
// must cosign, the newest that anybody has cosigned. A tree size is of one
// epoch only: an epoch begins with an entry, and nothing is signed under its
// origin that does not cover it.
//
// Thread-safety: none; whoever holds it locks it.
#ifndef THON_ENGINE_KEPT_CHECKPOINTS_H_
#define THON_ENGINE_KEPT_CHECKPOINTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/limits.h"
#include "server/core/note.h"
#include "server/core/signature.h"
#include "server/core/trust_policy.h"
#include "server/storage/entry_log.h"
#include "thon/v1/log.pb.h"

namespace thon {

class KeptCheckpoints {
 public:
  // `log_key` is what all were signed with. Tests keep fewer.
  explicit KeptCheckpoints(PublicKey log_key,
                           std::size_t count = limits::kCheckpointsKept)
      : log_key_(std::move(log_key)), count_(count) {}

  // Reads them. kDataLoss: one is no checkpoint, or the newest is not signed.
  absl::Status Load(const EntryLog& log);

  // Who must cosign; changes what is witnessed.
  void SetPolicy(TrustPolicy policy);
  const TrustPolicy& policy() const { return policy_; }

  // A checkpoint as it is kept: of these parts, with all that follows from
  // them. kInvalidArgument: the note is not a checkpoint.
  absl::StatusOr<v1::Checkpoint> Make(std::string note, Position next_position,
                                      std::int64_t signed_time_ms) const;
  static std::string KeyOf(const v1::Checkpoint& checkpoint);
  static std::string ValueOf(const v1::Checkpoint& checkpoint);

  // Adds one, or puts it in the place of the one of its size; what is not kept
  // any more is left out, and its keys are returned.
  std::vector<std::string> Put(v1::Checkpoint checkpoint);

  // Those of `origin`; nullptr if there is none.
  const v1::Checkpoint* Newest(absl::string_view origin) const;
  const v1::Checkpoint* Witnessed(absl::string_view origin) const;
  // Of any epoch; nullptr if there is none.
  const v1::Checkpoint* Largest() const;
  const v1::Checkpoint* Of(std::uint64_t tree_size) const;
  const v1::Checkpoint* Covering(std::uint64_t tree_size) const;
  // Below `below` (0: all), the largest first.
  std::vector<v1::Checkpoint> List(std::uint64_t below,
                                   std::size_t count_max) const;
  std::size_t size() const { return by_size_.size(); }

 private:
  bool IsWitnessed(const v1::Checkpoint& checkpoint) const;
  // As far as can be told without a policy.
  bool MayBeWitnessed(const v1::Checkpoint& checkpoint) const;

  const PublicKey log_key_;
  const std::size_t count_;
  TrustPolicy policy_;
  std::map<std::uint64_t, v1::Checkpoint> by_size_;
};

}  // namespace thon

#endif  // THON_ENGINE_KEPT_CHECKPOINTS_H_
