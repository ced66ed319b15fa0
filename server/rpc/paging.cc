#include "server/rpc/paging.h"

#include <algorithm>

#include "server/core/bytes.h"
#include "server/core/error_info.h"
#include "server/core/hash.h"
#include "server/core/limits.h"

namespace thon {

std::string EncodePageToken(const PageToken& token) {
  std::string raw;
  AppendBigEndian(token.position.value, &raw);
  raw += token.key;
  return HexEncode(raw);
}

absl::StatusOr<PageToken> DecodePageToken(absl::string_view text) {
  PageToken token;
  std::string raw;
  absl::string_view rest;
  if (text.size() <= 2 * limits::kTextBytesMax && HexDecode(text, &raw)) {
    rest = raw;
  }
  if (!ConsumeBigEndian(&rest, &token.position.value)) {
    return WithField(
        WithReason(absl::InvalidArgumentError(
                       "not a page token of this server; start without one"),
                   "INVALID_FIELD"),
        "page_token");
  }
  token.key = std::string(rest);
  return token;
}

absl::StatusOr<int> PageSize(int wanted) {
  if (wanted < 0) {
    return WithField(
        WithReason(absl::InvalidArgumentError("a page size is not negative"),
                   "INVALID_FIELD"),
        "page_size");
  }
  if (wanted == 0) return limits::kPageSizeDefault;
  return std::min(wanted, limits::kPageSizeMax);
}

}  // namespace thon
