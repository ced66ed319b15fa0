// The numbers that name things. Each kind is a type of its own, so that a
// position cannot be passed where an entry index is meant.
//
//   position     number of an event in the log: 1, 2, 3, ... without gaps. Also
//                the version of everything computed from the log.
//   entry index  number of an entry in the log: 0, 1, 2, ... The Merkle tree's
//                leaf index.
//   sequence     an author's own number for an event: dense, from 1.
//
// Ids of units, teams, members, organisations and officers are surrogates:
// never zero, below 2^53, so that JavaScript and SQLite hold them exactly.
#ifndef THON_CORE_IDS_H_
#define THON_CORE_IDS_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace thon {

template <typename Tag>
struct Number {
  std::uint64_t value = 0;

  constexpr Number() = default;
  constexpr explicit Number(std::uint64_t v) : value(v) {}
  constexpr Number Next() const { return Number(value + 1); }
  constexpr bool operator==(const Number&) const = default;
  constexpr auto operator<=>(const Number&) const = default;
};

using Position = Number<struct PositionTag>;
using EntryIndex = Number<struct EntryIndexTag>;
using Sequence = Number<struct SequenceTag>;

using UnitId = Number<struct UnitIdTag>;
using TeamId = Number<struct TeamIdTag>;
using MemberId = Number<struct MemberIdTag>;
using OrganisationId = Number<struct OrganisationIdTag>;
using OfficerId = Number<struct OfficerIdTag>;

inline constexpr std::uint64_t kSurrogateIdEnd = std::uint64_t{1} << 53;

constexpr bool IsSurrogateId(std::uint64_t id) {
  return id != 0 && id < kSurrogateIdEnd;
}

// An author: the first 16 bytes of the SHA-256 of its Ed25519 public key.
struct AuthorId {
  static constexpr std::size_t kSize = 16;
  std::array<std::uint8_t, kSize> bytes{};

  bool operator==(const AuthorId&) const = default;
  auto operator<=>(const AuthorId&) const = default;

  absl::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  // Requires nothing; returns false and leaves `*id` unchanged unless `raw` is
  // 16 bytes long.
  static bool FromBytes(absl::string_view raw, AuthorId* id);
  // 32 lower-case hexadecimal digits.
  std::string Hex() const;
};

}  // namespace thon

#endif  // THON_CORE_IDS_H_
