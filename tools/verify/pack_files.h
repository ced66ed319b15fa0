// The files of an audit pack, found once and then read at their places: of a
// folder, or of one uncompressed tar.
//
// What a pack may not be is refused while it is walked, and before a byte of a
// file is read: links, devices, sparse files, anything but regular files;
// absolute paths, "..", paths of more than 100 bytes; a tar that is truncated,
// padded beyond what tar pads, compressed, or has headers of which two readers
// could think differently. Memory does not grow with what sizes claim.
//
// kInvalidArgument, from all: the pack is refused; the message names the file.
#ifndef THON_TOOLS_VERIFY_PACK_FILES_H_
#define THON_TOOLS_VERIFY_PACK_FILES_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace thon::verify {

// Where a file is. `offset` means something only in a tar.
struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// Thread-safety: Read() from any thread once Walk() has returned.
class PackFiles {
 public:
  // kNotFound, kPermissionDenied: the file system's.
  static absl::StatusOr<std::unique_ptr<PackFiles>> Open(
      const std::string& path);
  virtual ~PackFiles() = default;

  // Calls `visit` with each file's path and extent, in a tar in its order; each
  // path once, or as often as the tar has it. Ends with `visit`'s first error.
  // During the walk, Read() works on files that were visited.
  using Visitor =
      std::function<absl::Status(const std::string& path, Extent extent)>;
  virtual absl::Status Walk(const Visitor& visit) = 0;

  // The file whole. Requires: `size` is within what the caller can hold.
  // kDataLoss: it is not there any more, or has another size.
  virtual absl::StatusOr<std::string> Read(const std::string& path,
                                           Extent extent) const = 0;
};

// OK if `path` is relative, has 1 to 100 bytes of printable ASCII, and no part
// that is empty, "." or "..".
absl::Status CheckPackPath(absl::string_view path);

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_PACK_FILES_H_
