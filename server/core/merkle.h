// The Merkle tree of RFC 6962 (section 2.1), as arithmetic: no storage here.
//
//   leaf hash      SHA-256(0x00 || entry bytes)
//   interior node  SHA-256(0x01 || left || right)
//   node (level, index): the root of the perfect subtree over the leaves
//                  [index << level, (index + 1) << level). Level 0 is leaves.
//
// Sizes and indices are counts of leaves, from 0; ranges are half-open.
#ifndef THON_CORE_MERKLE_H_
#define THON_CORE_MERKLE_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/core/hash.h"

namespace thon::merkle {

inline constexpr std::uint8_t kLeafPrefix = 0x00;
inline constexpr std::uint8_t kNodePrefix = 0x01;

Hash HashLeaf(absl::string_view entry);
Hash HashNode(const Hash& left, const Hash& right);
// The root of a tree without leaves: SHA-256 of nothing.
Hash EmptyRoot();

// A perfect subtree's place in the tree.
struct NodeId {
  int level = 0;
  std::uint64_t index = 0;
  bool operator==(const NodeId&) const = default;
  auto operator<=>(const NodeId&) const = default;
};

// Gives the hash of a perfect subtree that lies wholly inside the tree. An
// error ends the computation and is returned from it.
using NodeReader = std::function<absl::StatusOr<Hash>(NodeId)>;

// Grows a tree leaf by leaf, holding only the roots of the perfect subtrees
// along its right border (at most 64 hashes).
class Frontier {
 public:
  Frontier() = default;
  // The frontier of a tree of `size` leaves whose nodes `read` can give.
  static absl::StatusOr<Frontier> Load(std::uint64_t size,
                                       const NodeReader& read);

  // Appends a leaf. Calls `emit`, when given, for the leaf and for every
  // perfect subtree that it completes, lowest level first.
  void Append(const Hash& leaf,
              const std::function<void(NodeId, const Hash&)>& emit = nullptr);

  std::uint64_t size() const { return size_; }
  Hash Root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> border_;  // Largest subtree first; one per bit of size_.
};

// Root of the first `size` leaves.
absl::StatusOr<Hash> RootAt(std::uint64_t size, const NodeReader& read);

// The audit path of leaf `index` in the tree of `size` leaves (RFC 6962,
// 2.1.1), leaf side first. Requires index < size.
absl::StatusOr<std::vector<Hash>> InclusionProof(std::uint64_t index,
                                                 std::uint64_t size,
                                                 const NodeReader& read);

// The consistency proof between two sizes (RFC 6962, 2.1.2); empty when
// size1 is 0 or equals size2. Requires size1 <= size2.
absl::StatusOr<std::vector<Hash>> ConsistencyProof(std::uint64_t size1,
                                                   std::uint64_t size2,
                                                   const NodeReader& read);

// The root that `proof` leads to from `leaf`, the leaf at `index`.
// kInvalidArgument: index >= size, or the proof has the wrong length.
absl::StatusOr<Hash> RootFromInclusionProof(const Hash& leaf,
                                            std::uint64_t index,
                                            std::uint64_t size,
                                            absl::Span<const Hash> proof);

// OK if `proof` shows that the tree (size2, root2) extends (size1, root1).
// kInvalidArgument: malformed. kDataLoss: well formed but the roots differ;
// the message holds the computed and the given root.
absl::Status VerifyConsistency(std::uint64_t size1, const Hash& root1,
                               std::uint64_t size2, const Hash& root2,
                               absl::Span<const Hash> proof);

// The root over `leaves` alone, for trees small enough to be held in memory.
Hash RootOf(absl::Span<const Hash> leaves);
// The path of `index` in the tree over `leaves` alone. Requires index < size.
std::vector<Hash> PathOf(absl::Span<const Hash> leaves, std::size_t index);

}  // namespace thon::merkle

#endif  // THON_CORE_MERKLE_H_
