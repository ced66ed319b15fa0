#include "server/core/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"

namespace thon::merkle {
namespace {

// The largest power of two smaller than `count`: where RFC 6962 splits a tree.
// Requires count >= 2.
std::uint64_t SplitPoint(std::uint64_t count) {
  return std::bit_floor(count - 1);
}

Hash FoldBorder(absl::Span<const Hash> border) {
  if (border.empty()) return EmptyRoot();
  Hash root = border.back();
  for (std::size_t i = border.size() - 1; i > 0; --i) {
    root = HashNode(border[i - 1], root);
  }
  return root;
}

// The roots of the perfect subtrees that make up [begin, end), largest first.
// Requires `begin` to be a multiple of a power of two not below end - begin:
// true of every range that RFC 6962's recursion meets.
absl::StatusOr<std::vector<Hash>> ReadBorder(std::uint64_t begin,
                                             std::uint64_t end,
                                             const NodeReader& read) {
  std::vector<Hash> border;
  while (begin < end) {
    const int level = std::bit_width(end - begin) - 1;
    absl::StatusOr<Hash> hash = read(NodeId{level, begin >> level});
    if (!hash.ok()) return hash.status();
    border.push_back(*hash);
    begin += std::uint64_t{1} << level;
  }
  return border;
}

// Appends the root over the leaves [begin, end) to `*hashes`.
absl::Status AppendRangeRoot(std::uint64_t begin, std::uint64_t end,
                             const NodeReader& read,
                             std::vector<Hash>* hashes) {
  absl::StatusOr<std::vector<Hash>> border = ReadBorder(begin, end, read);
  if (!border.ok()) return border.status();
  hashes->push_back(FoldBorder(*border));
  return absl::OkStatus();
}

absl::Status WrongLength(absl::string_view kind, std::size_t length) {
  return absl::InvalidArgumentError(
      absl::StrCat(kind, " proof of ", length,
                   " hashes does not fit the tree sizes; ask for the proof "
                   "again with the sizes that it is checked against"));
}

absl::Status RootsDiffer(std::uint64_t size, const Hash& computed,
                         const Hash& given) {
  return absl::DataLossError(absl::StrCat(
      "the consistency proof leads to root ", computed.Hex(), " at size ", size,
      " but the given root is ", given.Hex(),
      "; the log has been changed or one of the roots is not its own"));
}

// The cases in which a consistency proof holds no hash.
absl::Status VerifyWithoutProof(std::uint64_t size1, const Hash& root1,
                                std::uint64_t size2, const Hash& root2,
                                absl::Span<const Hash> proof) {
  if (!proof.empty()) return WrongLength("consistency", proof.size());
  if (size1 == 0 && root1 != EmptyRoot()) {
    return RootsDiffer(0, EmptyRoot(), root1);
  }
  if (size1 == size2 && root1 != root2) {
    return RootsDiffer(size2, root1, root2);
  }
  return absl::OkStatus();
}

}  // namespace

Hash HashLeaf(absl::string_view entry) {
  return Sha256().Update(kLeafPrefix).Update(entry).Final();
}

Hash HashNode(const Hash& left, const Hash& right) {
  std::array<char, 1 + 2 * Hash::kSize> bytes;
  bytes[0] = static_cast<char>(kNodePrefix);
  std::copy(left.bytes.begin(), left.bytes.end(), bytes.begin() + 1);
  std::copy(right.bytes.begin(), right.bytes.end(),
            bytes.begin() + 1 + Hash::kSize);
  return Sha256Of(absl::string_view(bytes.data(), bytes.size()));
}

Hash EmptyRoot() { return Sha256Of(""); }

absl::StatusOr<Frontier> Frontier::Load(std::uint64_t size,
                                        const NodeReader& read) {
  absl::StatusOr<std::vector<Hash>> border = ReadBorder(0, size, read);
  if (!border.ok()) return border.status();
  Frontier frontier;
  frontier.size_ = size;
  frontier.border_ = *std::move(border);
  return frontier;
}

void Frontier::Append(const Hash& leaf,
                      const std::function<void(NodeId, const Hash&)>& emit) {
  Hash hash = leaf;
  NodeId id{0, size_};
  if (emit) emit(id, hash);
  // An odd index is a right child, and its left sibling is the border's last.
  while (id.index % 2 == 1) {
    hash = HashNode(border_.back(), hash);
    border_.pop_back();
    id = NodeId{id.level + 1, id.index / 2};
    if (emit) emit(id, hash);
  }
  border_.push_back(hash);
  ++size_;
}

Hash Frontier::Root() const { return FoldBorder(border_); }

absl::StatusOr<Hash> RootAt(std::uint64_t size, const NodeReader& read) {
  absl::StatusOr<std::vector<Hash>> border = ReadBorder(0, size, read);
  if (!border.ok()) return border.status();
  return FoldBorder(*border);
}

absl::StatusOr<std::vector<Hash>> InclusionProof(std::uint64_t index,
                                                 std::uint64_t size,
                                                 const NodeReader& read) {
  THON_CHECK(index < size);
  std::vector<Hash> proof;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end - begin > 1) {
    const std::uint64_t middle = begin + SplitPoint(end - begin);
    absl::Status status;
    if (index < middle) {
      status = AppendRangeRoot(middle, end, read, &proof);
      end = middle;
    } else {
      status = AppendRangeRoot(begin, middle, read, &proof);
      begin = middle;
    }
    if (!status.ok()) return status;
  }
  std::reverse(proof.begin(), proof.end());  // We came from the root.
  return proof;
}

absl::StatusOr<std::vector<Hash>> ConsistencyProof(std::uint64_t size1,
                                                   std::uint64_t size2,
                                                   const NodeReader& read) {
  THON_CHECK(size1 <= size2);
  std::vector<Hash> proof;
  if (size1 == 0 || size1 == size2) return proof;
  std::uint64_t begin = 0;
  std::uint64_t end = size2;
  while (end != size1) {
    const std::uint64_t middle = begin + SplitPoint(end - begin);
    absl::Status status;
    if (size1 <= middle) {
      status = AppendRangeRoot(middle, end, read, &proof);
      end = middle;
    } else {
      status = AppendRangeRoot(begin, middle, read, &proof);
      begin = middle;
    }
    if (!status.ok()) return status;
  }
  // [begin, size1) is a subtree of both trees. When it is the whole first
  // tree, the verifier has its hash already: root1.
  if (begin != 0) {
    absl::Status status = AppendRangeRoot(begin, size1, read, &proof);
    if (!status.ok()) return status;
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

absl::StatusOr<Hash> RootFromInclusionProof(const Hash& leaf,
                                            std::uint64_t index,
                                            std::uint64_t size,
                                            absl::Span<const Hash> proof) {
  if (index >= size) {
    return absl::InvalidArgumentError(
        absl::StrCat("leaf ", index, " is not in a tree of ", size,
                     " leaves; take a later tree head"));
  }
  // RFC 9162, 2.1.3.2: `node` and `last` are the indices, at the level
  // reached, of the leaf's ancestor and of the tree's last node.
  Hash hash = leaf;
  std::uint64_t node = index;
  std::uint64_t last = size - 1;
  for (const Hash& sibling : proof) {
    if (last == 0) return WrongLength("inclusion", proof.size());
    if (node % 2 == 1 || node == last) {
      hash = HashNode(sibling, hash);
      // A last node that is a left child has no sibling at its level.
      while (node % 2 == 0 && node != 0) {
        node /= 2;
        last /= 2;
      }
    } else {
      hash = HashNode(hash, sibling);
    }
    node /= 2;
    last /= 2;
  }
  if (last != 0) return WrongLength("inclusion", proof.size());
  return hash;
}

absl::Status VerifyConsistency(std::uint64_t size1, const Hash& root1,
                               std::uint64_t size2, const Hash& root2,
                               absl::Span<const Hash> proof) {
  if (size1 > size2) {
    return absl::InvalidArgumentError(
        absl::StrCat("a tree of ", size2, " leaves cannot extend one of ",
                     size1, "; give the smaller size first"));
  }
  if (size1 == 0 || size1 == size2) {
    return VerifyWithoutProof(size1, root1, size2, root2, proof);
  }
  // RFC 9162, 2.1.4.2. A first tree that is perfect is a node of the second,
  // and its root stands for the proof's first hash.
  std::size_t next = 0;
  Hash hash1 = root1;
  if (!std::has_single_bit(size1)) {
    if (proof.empty()) return WrongLength("consistency", 0);
    hash1 = proof[next++];
  }
  Hash hash2 = hash1;
  std::uint64_t node = size1 - 1;
  std::uint64_t last = size2 - 1;
  const int perfect_levels = std::countr_one(node);
  node >>= perfect_levels;
  last >>= perfect_levels;
  for (; next < proof.size(); ++next) {
    const Hash& sibling = proof[next];
    if (last == 0) return WrongLength("consistency", proof.size());
    if (node % 2 == 1 || node == last) {
      hash1 = HashNode(sibling, hash1);
      hash2 = HashNode(sibling, hash2);
      while (node % 2 == 0 && node != 0) {
        node /= 2;
        last /= 2;
      }
    } else {
      hash2 = HashNode(hash2, sibling);
    }
    node /= 2;
    last /= 2;
  }
  if (last != 0) return WrongLength("consistency", proof.size());
  if (hash1 != root1) return RootsDiffer(size1, hash1, root1);
  if (hash2 != root2) return RootsDiffer(size2, hash2, root2);
  return absl::OkStatus();
}

Hash RootOf(absl::Span<const Hash> leaves) {
  Frontier frontier;
  for (const Hash& leaf : leaves) frontier.Append(leaf);
  return frontier.Root();
}

std::vector<Hash> PathOf(absl::Span<const Hash> leaves, std::size_t index) {
  const NodeReader read = [leaves](NodeId id) -> absl::StatusOr<Hash> {
    return RootOf(
        leaves.subspan(id.index << id.level, std::size_t{1} << id.level));
  };
  absl::StatusOr<std::vector<Hash>> path =
      InclusionProof(index, leaves.size(), read);
  THON_CHECK(path.ok());  // The reader cannot fail.
  return *std::move(path);
}

}  // namespace thon::merkle
