#include "tools/thon/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace thon::cli {
namespace {

absl::Status FileError(int error, const std::string& path,
                       absl::string_view what) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", what, " ", path));
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::FILE* const file = path == "-" ? stdin : std::fopen(path.c_str(), "rbe");
  if (file == nullptr) return FileError(errno, path, "open");
  std::string content;
  char buffer[1 << 16];
  std::size_t size = 0;
  while ((size = std::fread(buffer, 1, sizeof(buffer), file)) > 0) {
    content.append(buffer, size);
    if (content.size() > kFileBytesMax) break;
  }
  const int error = std::ferror(file) != 0 ? errno : 0;
  if (file != stdin) std::fclose(file);
  if (error != 0) return FileError(error, path, "read");
  if (content.size() > kFileBytesMax) {
    return absl::ResourceExhaustedError(
        absl::StrCat(path, " is larger than 64 MiB; split it"));
  }
  return content;
}

absl::Status WriteNewSecretFile(const std::string& path,
                                absl::string_view content) {
  const int fd =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return FileError(errno, path, "create");
  int error = 0;
  while (!content.empty() && error == 0) {
    const ssize_t size = write(fd, content.data(), content.size());
    if (size < 0) {
      error = errno == EINTR ? 0 : errno;
    } else {
      content.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  if (error == 0 && fsync(fd) != 0) error = errno;
  if (close(fd) != 0 && error == 0) error = errno;
  return error == 0 ? absl::OkStatus() : FileError(error, path, "write");
}

bool DirectoryExists(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

}  // namespace thon::cli
