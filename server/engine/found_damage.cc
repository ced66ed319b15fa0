#include "server/engine/found_damage.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/bytes.h"
#include "server/core/merkle.h"
#include "thon/v1/log.pb.h"

namespace thon {
namespace {

// Entries whose stored hashes are held at once.
constexpr std::uint64_t kPieceEntries = 4096;

absl::Status CheckSigned(const KeptCheckpoints& kept, std::uint64_t tree_size,
                         const Hash& root) {
  const v1::Checkpoint* checkpoint = kept.Of(tree_size);
  if (checkpoint == nullptr || checkpoint->root_hash() == root.view()) {
    return absl::OkStatus();
  }
  return RootDamage(tree_size, "the signed checkpoint");
}

}  // namespace

std::string EncodeFoundDamage(const EntryRange& entries) {
  std::string value;
  AppendBigEndian(entries.first.value, &value);
  AppendBigEndian(entries.last.value, &value);
  return value;
}

EntryRange DecodeFoundDamage(absl::string_view value) {
  EntryRange range;
  if (ConsumeBigEndian(&value, &range.first.value) &&
      ConsumeBigEndian(&value, &range.last.value) && value.empty() &&
      range.first <= range.last) {
    return range;
  }
  return {EntryIndex(0), EntryIndex(UINT64_MAX)};
}

absl::Status CheckAgain(const EntryLog& log, const KeptCheckpoints& kept,
                        const EntryRange& range) {
  const std::uint64_t log_size = log.end().tree_size.value;
  const merkle::NodeReader nodes = [&log](merkle::NodeId node) {
    return log.Node(node);
  };
  if (range.first.value >= log_size) return absl::OkStatus();
  const std::uint64_t size = std::min(range.last.value, log_size - 1) + 1;
  absl::StatusOr<merkle::Frontier> frontier =
      merkle::Frontier::Load(range.first.value, nodes);
  if (!frontier.ok()) return frontier.status();
  const absl::Status before =
      CheckSigned(kept, frontier->size(), frontier->Root());
  if (!before.ok()) return before;
  while (frontier->size() < size) {
    const EntryIndex end(std::min(frontier->size() + kPieceEntries, size));
    const absl::Status checked = CheckLeaves(log, end, &*frontier).status();
    if (!checked.ok()) return checked;
  }
  const absl::Status behind = CheckSigned(kept, size, frontier->Root());
  if (!behind.ok()) return behind;
  const absl::StatusOr<std::vector<Hash>> proof =
      merkle::ConsistencyProof(size, log_size, nodes);
  if (!proof.ok()) return proof.status();
  const absl::Status leads = merkle::VerifyConsistency(
      size, frontier->Root(), log_size, log.root(), *proof);
  return leads.ok() ? leads : RootDamage(size, "the stored tree");
}

}  // namespace thon
