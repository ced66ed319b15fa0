// The digest of a table, as watch_service.proto defines it: the sum, modulo
// 2^256, of one SHA-256 a row. It does not depend on the order, and a change
// costs two hashes.
#ifndef THON_CORE_TABLE_DIGEST_H_
#define THON_CORE_TABLE_DIGEST_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace thon {

// A number modulo 2^256.
//
// Thread-safety: none.
class TableDigest {
 public:
  bool operator==(const TableDigest&) const = default;

  // Adds the row's hash, or takes it away again.
  void Add(absl::string_view key, absl::string_view row);
  void Remove(absl::string_view key, absl::string_view row);

  TableDigest& operator+=(const TableDigest& other);
  TableDigest& operator-=(const TableDigest& other);

  // 32 bytes, big-endian.
  std::string Bytes() const;

 private:
  std::array<std::uint64_t, 4> words_{};  // The least significant first.
};

}  // namespace thon

#endif  // THON_CORE_TABLE_DIGEST_H_
