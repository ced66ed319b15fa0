// One pack, or several of one log that continue each other.
//
// The tree that is verified is the largest of the newest epoch: an epoch before
// may have been longer when its end was lost. The trees of the other packs are
// verified by themselves, and each must be a prefix of it but for a declared
// loss.
#ifndef THON_TOOLS_VERIFY_PACK_SET_H_
#define THON_TOOLS_VERIFY_PACK_SET_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/merkle.h"
#include "tools/verify/pack.h"

namespace thon::verify {

// An origin is NAME "/" NUMBER: the name is the log, the number the epoch; 0 if
// it has none.
absl::string_view LogOf(absl::string_view origin);
std::uint64_t EpochOf(absl::string_view origin);

// Thread-safety: const methods from any thread.
class PackSet {
 public:
  // As Pack::Open(). kInvalidArgument also: of different logs.
  static absl::StatusOr<std::unique_ptr<PackSet>> Open(
      const std::vector<std::string>& paths);

  // By epoch, then by tree size; the one that counts last.
  const std::vector<std::unique_ptr<Pack>>& packs() const { return packs_; }
  const Pack& main() const { return *packs_.back(); }
  std::uint64_t tree_size() const { return main().manifest().tree_size; }

  // The entries that the packs hold without a gap, from the lowest on.
  std::uint64_t first_entry() const { return first_entry_; }
  std::uint64_t end_entry() const { return end_entry_; }

  // The pack that gives bundle `index`: the last in packs() that has it;
  // nullptr if none does.
  const Pack* PackOfBundle(std::uint64_t index) const;
  // As it lies in its pack, with its width there.
  struct Bundle {
    const Pack* pack = nullptr;
    TileId id;
    std::string bytes;
  };
  absl::StatusOr<Bundle> ReadBundle(std::uint64_t index) const;
  // The first bundle at or behind `index` that a pack has; nullopt: none has.
  std::optional<std::uint64_t> NextBundle(std::uint64_t index) const;

 private:
  std::vector<std::unique_ptr<Pack>> packs_;
  std::uint64_t first_entry_ = 0;
  std::uint64_t end_entry_ = 0;
};

// Nodes of a pack's tree from its tiles as they are: what was not verified
// before is not verified here. Keeps the tiles it read last.
//
// Thread-safety: none. The pack must outlive it.
class TileNodes {
 public:
  explicit TileNodes(const Pack* pack) : pack_(pack) {}

  // kNotFound: not in the tree, or its tile is not in the pack.
  absl::StatusOr<Hash> Node(merkle::NodeId id);
  // The root over the first `size` entries.
  absl::StatusOr<Hash> RootAt(std::uint64_t size);
  absl::StatusOr<Hash> Leaf(std::uint64_t index) { return Node({0, index}); }

 private:
  struct Kept {
    TileId id;
    std::vector<Hash> hashes;
  };
  absl::StatusOr<const std::vector<Hash>*> Tile(int level, std::uint64_t index);

  const Pack* const pack_;
  std::vector<Kept> kept_;
  std::size_t next_ = 0;
};

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_PACK_SET_H_
