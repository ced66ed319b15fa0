#include "server/core/ids.h"

#include <algorithm>

#include "server/core/hash.h"

namespace thon {

bool AuthorId::FromBytes(absl::string_view raw, AuthorId* id) {
  if (raw.size() != kSize) return false;
  std::copy(raw.begin(), raw.end(), id->bytes.begin());
  return true;
}

std::string AuthorId::Hex() const { return HexEncode(view()); }

}  // namespace thon
