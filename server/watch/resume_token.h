// Resume tokens: where a watch stood, said so that nobody else can have said
// it.
//
//   token := version(1) origin(8) position(8) queries(16) rows(8) mac(32)
//
// big-endian; `origin`, `queries` and `rows` are the first bytes of SHA-256 of
// the log's origin (with its epoch), of the normalised queries, and of the name
// of the fold that computed the rows. The mac is HMAC-SHA-256 over what stands
// before it.
#ifndef THON_WATCH_RESUME_TOKEN_H_
#define THON_WATCH_RESUME_TOKEN_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/ids.h"

namespace thon {

struct ResumePoint {
  std::uint64_t origin = 0;
  Position position;
  std::array<std::uint64_t, 2> queries{};
  std::uint64_t rows = 0;

  bool operator==(const ResumePoint&) const = default;
};

// The first eight bytes of the text's SHA-256.
std::uint64_t ShortHash(absl::string_view text);
// The first sixteen.
std::array<std::uint64_t, 2> LongHash(absl::string_view text);

// Thread-safety: const.
class ResumeTokens {
 public:
  // `key` is 32 secret bytes that stay the same for the log's whole life.
  explicit ResumeTokens(std::string key);

  std::string Seal(const ResumePoint& point) const;
  // kInvalidArgument: not sealed with this key, or mangled.
  absl::StatusOr<ResumePoint> Open(absl::string_view token) const;

 private:
  std::string Mac(absl::string_view message) const;

  const std::string key_;
};

}  // namespace thon

#endif  // THON_WATCH_RESUME_TOKEN_H_
