#include "server/rpc/generic_calls.h"

#include <grpc/grpc.h>
#include <grpc/slice.h>

#include "absl/strings/match.h"

namespace thon {

bool IsLegalMetadata(absl::string_view key, absl::string_view value) {
  const grpc_slice key_slice =
      grpc_slice_from_static_buffer(key.data(), key.size());
  if (key.empty() || grpc_header_key_is_legal(key_slice) == 0) return false;
  if (absl::EndsWith(key, "-bin")) return true;
  const grpc_slice value_slice =
      grpc_slice_from_static_buffer(value.data(), value.size());
  return grpc_header_nonbin_value_is_legal(value_slice) != 0;
}

}  // namespace thon
