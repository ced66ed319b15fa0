#include "tools/verify/pack_tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace thon::verify {
namespace {

constexpr std::uint64_t kBlock = 512;
// A tar ends in two blocks of zeros and may be filled up to a record of 20.
constexpr std::uint64_t kEndBytesMin = 2 * kBlock;
constexpr std::uint64_t kEndBytesMax = 22 * kBlock;
constexpr std::uint64_t kPaxBytesMax = 64 * 1024;

std::uint64_t Padded(std::uint64_t size) {
  return (size + kBlock - 1) / kBlock * kBlock;
}

absl::Status Refuse(absl::string_view path, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", why));
}

// A field of a header up to its first NUL.
absl::string_view Field(const std::string& header, std::size_t at,
                        std::size_t size) {
  const absl::string_view field = absl::string_view(header).substr(at, size);
  return field.substr(0, field.find('\0'));
}

std::optional<std::uint64_t> Octal(absl::string_view digits) {
  while (!digits.empty() && digits.back() == ' ') digits.remove_suffix(1);
  if (digits.empty()) return std::nullopt;
  std::uint64_t value = 0;  // At most 12 digits of 3 bits.
  for (const char c : digits) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value << 3 | static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

struct FreeArchive {
  void operator()(archive* a) const { archive_read_free(a); }
};

class TarFiles final : public PackFiles {
 public:
  TarFiles(int fd, std::uint64_t size) : fd_(fd), size_(size) {}
  ~TarFiles() override { close(fd_); }

  absl::Status Walk(const Visitor& visit) override;
  absl::StatusOr<std::string> Read(const std::string& path,
                                   Extent extent) const override {
    return ReadAt(fd_, path, extent);
  }

 private:
  // What an entry is, if a pack may have it.
  struct Member {
    std::string name;  // As the tar spells it.
    std::string path;  // Without "./" and a folder's last slash; "" for ".".
    bool folder = false;
  };
  absl::StatusOr<Member> CheckEntry(archive_entry* entry) const;
  absl::StatusOr<Extent> Place(const Member& member, std::uint64_t begin,
                               std::uint64_t size) const;
  absl::Status CheckEnd(std::uint64_t end) const;

  const int fd_;
  const std::uint64_t size_;
};

absl::StatusOr<TarFiles::Member> TarFiles::CheckEntry(
    archive_entry* entry) const {
  const char* const raw = archive_entry_pathname(entry);
  if (raw == nullptr) return Refuse("the tar", "has a path that is no text");
  Member member;
  member.name = raw;
  absl::string_view path = member.name;
  // As `tar cf PACK.tar .` writes it.
  if (path == "." || path == "./") path = "";
  absl::ConsumePrefix(&path, "./");
  member.folder = archive_entry_filetype(entry) == AE_IFDIR;
  if (member.folder) absl::ConsumeSuffix(&path, "/");
  member.path = std::string(path);
  if (!member.folder || !member.path.empty()) {
    const absl::Status checked = CheckPackPath(member.path);
    if (!checked.ok()) return checked;
  }
  if (archive_entry_hardlink(entry) != nullptr ||
      archive_entry_symlink(entry) != nullptr ||
      (!member.folder && archive_entry_filetype(entry) != AE_IFREG)) {
    return Refuse(member.path,
                  "is not a regular file; a pack holds nothing else");
  }
  if (member.folder && archive_entry_size(entry) != 0) {
    return Refuse(member.path, "is a folder that has bytes");
  }
  if (archive_entry_sparse_count(entry) != 0) {
    return Refuse(member.path, "is a sparse file");
  }
  if (!archive_entry_size_is_set(entry) || archive_entry_size(entry) < 0) {
    return Refuse(member.path, "has no size");
  }
  if (static_cast<std::uint64_t>(archive_entry_size(entry)) > size_) {
    return Refuse(member.path,
                  "claims more bytes than the tar has; it is truncated");
  }
  return member;
}

// Where the data of an entry is whose headers begin at `begin`: behind the
// first header of a regular file. The plain header itself must name the file
// and its size, so that every reader of tar sees the same pack.
absl::StatusOr<Extent> TarFiles::Place(const Member& member,
                                       std::uint64_t begin,
                                       std::uint64_t size) const {
  const std::string& path = member.path;
  std::uint64_t at = begin;
  while (at + kBlock <= size_) {
    const absl::StatusOr<std::string> header = ReadAt(fd_, path, {at, kBlock});
    if (!header.ok()) return header.status();
    const std::optional<std::uint64_t> octal = Octal(Field(*header, 124, 12));
    const char type = (*header)[156];
    if (!octal.has_value() || *octal > size_) {
      return Refuse(path, "has a broken header");
    }
    if (type == 'x' || type == 'g') {
      const absl::StatusOr<std::string> text =
          ReadAt(fd_, path, {at + kBlock, std::min(*octal, kPaxBytesMax)});
      if (!text.ok()) return text.status();
      if (*octal > kPaxBytesMax ||
          absl::string_view(*text).find(" path=") != absl::string_view::npos ||
          absl::string_view(*text).find(" size=") != absl::string_view::npos ||
          absl::string_view(*text).find(" GNU.") != absl::string_view::npos) {
        return Refuse(path, "has a pax header that a pack may not have");
      }
      at += kBlock + Padded(*octal);
      continue;
    }
    if ((member.folder ? type != '5' : type != '0' && type != '\0') ||
        Field(*header, 257, 5) != absl::string_view("ustar") ||
        Field(*header, 0, 100) != absl::string_view(member.name) ||
        !Field(*header, 345, 155).empty() || *octal != size ||
        // The checksum's end is the one thing that no checksum covers.
        header->compare(154, 2, std::string("\0 ", 2)) != 0) {
      return Refuse(path, "has a header that is not a plain ustar header");
    }
    return Extent{at + kBlock, size};
  }
  return Refuse(path, "the tar is truncated");
}

absl::Status TarFiles::CheckEnd(std::uint64_t end) const {
  if (end > size_ || size_ - end < kEndBytesMin) {
    return Refuse("the tar", "is truncated: it does not end as a tar does");
  }
  const std::uint64_t left = size_ - end;
  if (left > kEndBytesMax) {
    return Refuse("the tar", absl::StrCat("is padded: ", left,
                                          " bytes behind its last file"));
  }
  const absl::StatusOr<std::string> tail = ReadAt(fd_, "the tar", {end, left});
  if (!tail.ok()) return tail.status();
  if (tail->find_first_not_of('\0') != std::string::npos) {
    return Refuse("the tar", "has something behind its end");
  }
  return absl::OkStatus();
}

absl::Status TarFiles::Walk(const Visitor& visit) {
  if (size_ == 0) return Refuse("the tar", "is empty");
  const std::unique_ptr<archive, FreeArchive> tar(archive_read_new());
  // Plain tar and nothing around it: nothing is ever decompressed.
  if (archive_read_support_format_tar(tar.get()) != ARCHIVE_OK ||
      lseek(fd_, 0, SEEK_SET) != 0 ||
      archive_read_open_fd(tar.get(), fd_, 64 * kBlock) != ARCHIVE_OK) {
    return Refuse("the file",
                  "is no tar; give the folder, or a tar that is not "
                  "compressed (gunzip, unzip it first)");
  }
  std::uint64_t begin = 0;
  while (true) {
    archive_entry* entry = nullptr;
    const int got = archive_read_next_header(tar.get(), &entry);
    if (got == ARCHIVE_EOF) return CheckEnd(begin);
    if (got != ARCHIVE_OK) {
      const char* const why = archive_error_string(tar.get());
      return Refuse("the tar",
                    absl::StrCat("is damaged or truncated at byte ", begin,
                                 ": ", why == nullptr ? "" : why));
    }
    const absl::StatusOr<Member> member = CheckEntry(entry);
    if (!member.ok()) return member.status();
    const std::string& path = member->path;
    const auto size = static_cast<std::uint64_t>(archive_entry_size(entry));
    const absl::StatusOr<Extent> extent = Place(*member, begin, size);
    if (!extent.ok()) return extent.status();
    if (extent->size > size_ - extent->offset) {
      return Refuse(path, "the tar is truncated");
    }
    if (!member->folder) {
      const absl::Status visited = visit(path, *extent);
      if (!visited.ok()) return visited;
    }
    const std::uint64_t end = extent->offset + size;
    begin = extent->offset + Padded(size);
    if (begin > size_) return Refuse(path, "the tar is truncated");
    const absl::StatusOr<std::string> padding =
        ReadAt(fd_, path, {end, begin - end});
    if (!padding.ok()) return padding.status();
    if (padding->find_first_not_of('\0') != std::string::npos) {
      return Refuse(path, "has something hidden behind its end");
    }
  }
}

}  // namespace

std::unique_ptr<PackFiles> NewTarFiles(int fd, std::uint64_t size) {
  return std::make_unique<TarFiles>(fd, size);
}

}  // namespace thon::verify
