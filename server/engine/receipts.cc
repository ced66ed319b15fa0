#include "server/engine/receipts.h"

#include <utility>

#include "server/core/check.h"
#include "server/core/merkle.h"

namespace thon {

GroupReceipts::GroupReceipts(SignedGroup group) : group_(std::move(group)) {
  levels_.push_back(group_.leaves);
  while (levels_.back().size() >= 2) {
    const std::vector<Hash>& below = levels_.back();
    std::vector<Hash> level;
    level.reserve(below.size() / 2);
    for (std::size_t i = 0; i + 1 < below.size(); i += 2) {
      level.push_back(merkle::HashNode(below[i], below[i + 1]));
    }
    levels_.push_back(std::move(level));
  }
}

v1::Receipt GroupReceipts::Of(std::size_t offset,
                              const EntryTrailer& trailer) const {
  THON_CHECK(offset < group_.leaves.size());
  v1::Receipt receipt;
  receipt.set_origin(group_.origin);
  receipt.set_entry_index(group_.first_entry.value + offset);
  receipt.set_first_position(trailer.first_position.value);
  receipt.set_event_count(trailer.event_count);
  receipt.set_receive_time_ms(trailer.receive_time.ms);
  receipt.set_group_first_entry(group_.first_entry.value);
  receipt.set_group_size(static_cast<std::uint32_t>(group_.leaves.size()));
  const absl::StatusOr<std::vector<Hash>> path = merkle::InclusionProof(
      offset, group_.leaves.size(),
      [this](merkle::NodeId node) -> absl::StatusOr<Hash> {
        return levels_[static_cast<std::size_t>(node.level)]
                      [static_cast<std::size_t>(node.index)];
      });
  THON_CHECK(path.ok());
  for (const Hash& hash : *path) receipt.add_path(std::string(hash.view()));
  receipt.set_signature(std::string(group_.signature.view()));
  return receipt;
}

absl::StatusOr<v1::Receipt> RebuildReceipt(const EntryLog& log,
                                           EntryIndex index) {
  const absl::StatusOr<std::string> entry = log.ReadEntry(index);
  if (!entry.ok()) return entry.status();
  const absl::StatusOr<EntryView> view = ParseEntry(*entry);
  if (!view.ok()) return view.status();
  absl::StatusOr<EntryLog::StoredGroup> stored = log.FindGroup(index);
  if (!stored.ok()) return stored.status();
  absl::StatusOr<std::vector<Hash>> leaves =
      log.LeafHashes(stored->first_entry,
                     EntryIndex(stored->first_entry.value + stored->size));
  if (!leaves.ok()) return leaves.status();
  if (index < stored->first_entry ||
      index.value - stored->first_entry.value >= leaves->size()) {
    return absl::DataLossError(
        "an entry lies outside its commit group; restore the log");
  }
  const GroupReceipts receipts({.origin = std::move(stored->origin),
                                .first_entry = stored->first_entry,
                                .leaves = *std::move(leaves),
                                .signature = stored->signature});
  return receipts.Of(
      static_cast<std::size_t>(index.value - stored->first_entry.value),
      view->trailer);
}

}  // namespace thon
