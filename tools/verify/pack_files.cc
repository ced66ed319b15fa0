#include "tools/verify/pack_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/core/limits.h"
#include "tools/verify/pack_tar.h"

namespace thon::verify {

absl::Status CheckPackPath(absl::string_view path) {
  const auto refuse = [&](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the pack has a file whose path ", why, ": \"",
        absl::CHexEscape(path.substr(0, limits::kPackPathBytesMax)), "\""));
  };
  if (path.empty()) return refuse("is empty");
  if (path.size() > limits::kPackPathBytesMax) return refuse("is too long");
  if (path.front() == '/') return refuse("is absolute");
  for (const char c : path) {
    if (c <= ' ' || c > '~') return refuse("is not plain ASCII");
  }
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part == "..") return refuse("leads out of the pack");
    if (part.empty() || part == ".") return refuse("is not in its plain form");
  }
  return absl::OkStatus();
}

namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(FileDescriptor&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void Swap(FileDescriptor* other) { std::swap(fd_, other->fd_); }

 private:
  int fd_;
};

absl::Status OfErrno(absl::string_view what, int error) {
  const std::string text = absl::StrCat(what, ": ", std::strerror(error));
  if (error == ENOENT) return absl::NotFoundError(text);
  if (error == EACCES) return absl::PermissionDeniedError(text);
  return absl::UnavailableError(text);
}

class FolderFiles final : public PackFiles {
 public:
  explicit FolderFiles(FileDescriptor root) : root_(std::move(root)) {}

  absl::Status Walk(const Visitor& visit) override {
    return WalkFolder(root_.get(), "", visit);
  }

  absl::StatusOr<std::string> Read(const std::string& path,
                                   Extent extent) const override {
    const std::vector<std::string> parts = absl::StrSplit(path, '/');
    FileDescriptor at(dup(root_.get()));
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const int kind = i + 1 < parts.size() ? O_DIRECTORY : O_NONBLOCK;
      FileDescriptor next(openat(at.get(), parts[i].c_str(),
                                 O_RDONLY | O_NOFOLLOW | O_CLOEXEC | kind));
      if (next.get() < 0) return OfErrno(path, errno);
      at.Swap(&next);
    }
    struct stat now {};
    if (fstat(at.get(), &now) != 0) return OfErrno(path, errno);
    if (!S_ISREG(now.st_mode) ||
        static_cast<std::uint64_t>(now.st_size) != extent.size) {
      return absl::DataLossError(
          absl::StrCat(path, ": changed while it was read"));
    }
    return ReadAt(at.get(), path, {0, extent.size});
  }

 private:
  static absl::Status WalkFolder(int fd, const std::string& prefix,
                                 const Visitor& visit) {
    // fdopendir() takes its own descriptor over.
    FileDescriptor own(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (own.get() < 0) return OfErrno(prefix, errno);
    DIR* const folder = fdopendir(own.get());
    if (folder == nullptr) return OfErrno(prefix, errno);
    own.release();
    const std::unique_ptr<DIR, int (*)(DIR*)> closer(folder, closedir);
    while (true) {
      errno = 0;
      const dirent* const entry = readdir(folder);
      if (entry == nullptr) {
        return errno == 0 ? absl::OkStatus() : OfErrno(prefix, errno);
      }
      const absl::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      const absl::Status visited =
          VisitName(fd, absl::StrCat(prefix, name), entry->d_name, visit);
      if (!visited.ok()) return visited;
    }
  }

  static absl::Status VisitName(int fd, const std::string& path,
                                const char* name, const Visitor& visit) {
    const absl::Status checked = CheckPackPath(path);
    if (!checked.ok()) return checked;
    struct stat found {};
    if (fstatat(fd, name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
      return OfErrno(path, errno);
    }
    if (S_ISREG(found.st_mode)) {
      return visit(path, {0, static_cast<std::uint64_t>(found.st_size)});
    }
    if (!S_ISDIR(found.st_mode)) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": is not a regular file; a pack holds nothing else"));
    }
    const FileDescriptor below(
        openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (below.get() < 0) return OfErrno(path, errno);
    return WalkFolder(below.get(), absl::StrCat(path, "/"), visit);
  }

  const FileDescriptor root_;
};

}  // namespace

absl::StatusOr<std::string> ReadAt(int fd, absl::string_view path,
                                   Extent extent) {
  std::string bytes(extent.size, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t more = pread(fd, bytes.data() + done, bytes.size() - done,
                               static_cast<off_t>(extent.offset + done));
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return OfErrno(path, errno);
    if (more == 0) {
      return absl::DataLossError(
          absl::StrCat(path, ": ends early; it was cut while it was read"));
    }
    done += static_cast<std::size_t>(more);
  }
  return bytes;
}

absl::StatusOr<std::unique_ptr<PackFiles>> PackFiles::Open(
    const std::string& path) {
  FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return OfErrno(path, errno);
  struct stat found {};
  if (fstat(fd.get(), &found) != 0) return OfErrno(path, errno);
  if (S_ISDIR(found.st_mode)) {
    return std::make_unique<FolderFiles>(std::move(fd));
  }
  if (!S_ISREG(found.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is neither a folder nor a tar file"));
  }
  return NewTarFiles(fd.release(), static_cast<std::uint64_t>(found.st_size));
}

}  // namespace thon::verify
