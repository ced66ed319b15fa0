// The digest of a table: the sum, modulo 2^256, of one SHA-256 a row. It does
// not depend on the order, and a change costs two hashes.
#ifndef THON_WATCH_QUERY_DIGEST_H_
#define THON_WATCH_QUERY_DIGEST_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace thon {

// A number modulo 2^256.
//
// Thread-safety: none.
class QueryDigest {
 public:
  bool operator==(const QueryDigest&) const = default;

  // Adds the row's hash, or takes it away again.
  void Add(absl::string_view key, absl::string_view row);
  void Remove(absl::string_view key, absl::string_view row);

  QueryDigest& operator+=(const QueryDigest& other);
  QueryDigest& operator-=(const QueryDigest& other);

  // 32 bytes, big-endian.
  std::string Bytes() const;

 private:
  std::array<std::uint64_t, 4> words_{};  // The least significant first.
};

}  // namespace thon

#endif  // THON_WATCH_QUERY_DIGEST_H_
