// Small files, read and written whole.
#ifndef THON_TOOLS_THON_FILES_H_
#define THON_TOOLS_THON_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace thon::cli {

inline constexpr std::size_t kFileBytesMax = 64u << 20;

// "-" is standard input. kNotFound, kPermissionDenied, kUnavailable: cannot be
// read. kResourceExhausted: more than 64 MiB.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Writes a file that only its owner can read (mode 0600), synced before this
// returns, so that what it holds may be acted on. kAlreadyExists: it is there;
// it is left as it is.
absl::Status WriteNewSecretFile(const std::string& path,
                                absl::string_view content);

bool DirectoryExists(const std::string& path);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_FILES_H_
