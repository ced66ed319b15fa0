#include "tools/thon/pack_sink.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace thon::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kTemporarySuffix[] = ".thon-part";

absl::Status FileError(int error, absl::string_view what,
                       const std::string& path) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", what, " ", path));
}

absl::Status SyncPath(const std::string& path, bool whole_file_system) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FileError(errno, "open", path);
  const int result = whole_file_system ? syncfs(fd) : fsync(fd);
  const int error = errno;
  close(fd);
  return result == 0 ? absl::OkStatus() : FileError(error, "sync", path);
}

absl::Status WriteFile(const std::string& path, absl::string_view bytes) {
  const int fd =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return FileError(errno, "create", path);
  int error = 0;
  while (!bytes.empty() && error == 0) {
    const ssize_t size = write(fd, bytes.data(), bytes.size());
    if (size < 0) {
      error = errno == EINTR ? 0 : errno;
    } else {
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  if (close(fd) != 0 && error == 0) error = errno;
  return error == 0 ? absl::OkStatus() : FileError(error, "write", path);
}

// What both forms share: two names, and what becomes of them.
class NamedSink : public PackSink {
 public:
  explicit NamedSink(std::string path)
      : path_(std::move(path)), temporary_(path_ + kTemporarySuffix) {}

  void Keep() override { kept_ = true; }
  const std::string& temporary_path() const override { return temporary_; }

 protected:
  // For the destructors of the forms, once they hold nothing open any more.
  void RemoveUnlessKept() {
    std::error_code ignored;
    if (!kept_) fs::remove_all(temporary_, ignored);
  }

  absl::Status Rename() {
    // A folder is not renamed over a folder that holds something, but a file is
    // over a file: look once more.
    std::error_code error;
    if (fs::exists(path_, error)) {
      return absl::AlreadyExistsError(absl::StrCat(
          path_, " appeared meanwhile; the pack is whole at ", temporary_));
    }
    fs::rename(temporary_, path_, error);
    if (error) return FileError(error.value(), "rename to", path_);
    kept_ = true;
    std::string parent = fs::path(path_).parent_path().string();
    if (parent.empty()) parent = ".";
    return SyncPath(parent, false);
  }

 private:
  const std::string path_;
  const std::string temporary_;
  bool kept_ = false;
};

class FolderSink final : public NamedSink {
 public:
  using NamedSink::NamedSink;
  ~FolderSink() override { RemoveUnlessKept(); }

  absl::Status Begin() {
    std::error_code error;
    fs::create_directory(temporary_path(), error);
    if (error) return FileError(error.value(), "create", temporary_path());
    return absl::OkStatus();
  }

  absl::Status Add(absl::string_view path, absl::string_view bytes) override {
    const std::string whole = absl::StrCat(temporary_path(), "/", path);
    const std::string parent = fs::path(whole).parent_path().string();
    if (parent != last_parent_) {
      std::error_code error;
      fs::create_directories(parent, error);
      if (error) return FileError(error.value(), "create", parent);
      last_parent_ = parent;
    }
    return WriteFile(whole, bytes);
  }

  absl::Status Finish() override {
    // One sync instead of one a file.
    absl::Status synced = SyncPath(temporary_path(), true);
    return synced.ok() ? Rename() : synced;
  }

 private:
  std::string last_parent_;
};

class TarSink final : public NamedSink {
 public:
  TarSink(std::string path, std::int64_t made_at_s)
      : NamedSink(std::move(path)), made_at_s_(made_at_s) {}
  ~TarSink() override {
    if (archive_ != nullptr) archive_write_free(archive_);
    RemoveUnlessKept();
  }

  absl::Status Begin() {
    archive_ = archive_write_new();
    if (archive_ == nullptr ||
        archive_write_set_format_ustar(archive_) != ARCHIVE_OK ||
        archive_write_add_filter_none(archive_) != ARCHIVE_OK ||
        archive_write_open_filename(archive_, temporary_path().c_str()) !=
            ARCHIVE_OK) {
      return Failed("create");
    }
    return absl::OkStatus();
  }

  absl::Status Add(absl::string_view path, absl::string_view bytes) override {
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(
        archive_entry_new(), &archive_entry_free);
    archive_entry_set_pathname(entry.get(), std::string(path).c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_mtime(entry.get(), made_at_s_, 0);
    if (archive_write_header(archive_, entry.get()) != ARCHIVE_OK ||
        archive_write_data(archive_, bytes.data(), bytes.size()) !=
            static_cast<la_ssize_t>(bytes.size()) ||
        archive_write_finish_entry(archive_) != ARCHIVE_OK) {
      return Failed("write");
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    if (archive_write_close(archive_) != ARCHIVE_OK) return Failed("write");
    absl::Status synced = SyncPath(temporary_path(), false);
    return synced.ok() ? Rename() : synced;
  }

 private:
  absl::Status Failed(absl::string_view what) {
    const char* const why =
        archive_ == nullptr ? nullptr : archive_error_string(archive_);
    return absl::UnavailableError(
        absl::StrCat("cannot ", what, " ", temporary_path(), ": ",
                     why == nullptr ? "no memory" : why));
  }

  const std::int64_t made_at_s_;
  archive* archive_ = nullptr;
};

}  // namespace

absl::StatusOr<std::unique_ptr<PackSink>> PackSink::Create(
    PackForm form, const std::string& path, std::int64_t made_at_s) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(path, error))) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, " is there already; nothing is overwritten"));
  }
  fs::remove_all(path + kTemporarySuffix, error);
  if (form == PackForm::kTar) {
    auto sink = std::make_unique<TarSink>(path, made_at_s);
    const absl::Status begun = sink->Begin();
    if (!begun.ok()) return begun;
    return sink;
  }
  auto sink = std::make_unique<FolderSink>(path);
  const absl::Status begun = sink->Begin();
  if (!begun.ok()) return begun;
  return sink;
}

}  // namespace thon::cli
