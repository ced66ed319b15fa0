// Pages of rows.
#ifndef THON_RPC_PAGING_H_
#define THON_RPC_PAGING_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/ids.h"

namespace thon {

// Where a list goes on: hexadecimal digits of position(8) and key.
struct PageToken {
  Position position;
  std::string key;
};

std::string EncodePageToken(const PageToken& token);
// kInvalidArgument: not a token of ours.
absl::StatusOr<PageToken> DecodePageToken(absl::string_view text);

// The page size wanted: 0 is the default, a larger one than the limit becomes
// the limit. kInvalidArgument: negative.
absl::StatusOr<int> PageSize(int wanted);

}  // namespace thon

#endif  // THON_RPC_PAGING_H_
