// A pack as one uncompressed tar. Private to pack_files.cc.
#ifndef THON_TOOLS_VERIFY_PACK_TAR_H_
#define THON_TOOLS_VERIFY_PACK_TAR_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/verify/pack_files.h"

namespace thon::verify {

// Takes `fd`, a regular file of `size` bytes, over.
std::unique_ptr<PackFiles> NewTarFiles(int fd, std::uint64_t size);

// The bytes at the extent, whole. kDataLoss: the file ends before.
absl::StatusOr<std::string> ReadAt(int fd, absl::string_view path,
                                   Extent extent);

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_PACK_TAR_H_
