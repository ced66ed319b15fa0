#include "server/storage/wal_scan.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/storage/rocks.h"

namespace thon {
namespace {

constexpr std::size_t kBlockSize = 32768;
constexpr std::size_t kHeaderSize = 7;
constexpr std::uint8_t kFull = 1;
constexpr std::uint8_t kFirst = 2;
constexpr std::uint8_t kLast = 4;

using Crc32cTables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Crc32cTables MakeTables() {
  Crc32cTables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
    }
    tables[0][i] = crc;
  }
  for (std::uint32_t i = 0; i < 256; ++i) {
    for (std::size_t t = 1; t < 8; ++t) {
      const std::uint32_t before = tables[t - 1][i];
      tables[t][i] = before >> 8 ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Crc32cTables kTables = MakeTables();

std::uint32_t Little32(const char* p) {
  const auto byte = [p](int i) -> std::uint32_t {
    return static_cast<std::uint8_t>(p[i]);
  };
  return byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
}

struct Fragment {
  std::uint8_t type = 0;
  std::size_t size = 0;  // With its header.
};

// The fragment at the front of `rest`, the remainder of a block.
std::optional<Fragment> ParseFragment(absl::string_view rest) {
  if (rest.size() < kHeaderSize) return std::nullopt;
  const std::size_t length =
      Little32(rest.data() + 3) >> 8 & 0xffff;  // Bytes 4 and 5.
  const auto type = static_cast<std::uint8_t>(rest[6]);
  if (type < kFull || type > kLast || kHeaderSize + length > rest.size()) {
    return std::nullopt;
  }
  const std::uint32_t crc = Crc32c(rest.substr(6, 1 + length));
  const std::uint32_t masked = (crc >> 15 | crc << 17) + 0xa282ead8u;
  if (masked != Little32(rest.data())) return std::nullopt;
  return Fragment{type, kHeaderSize + length};
}

struct WalFile {
  std::uint64_t number = 0;
  std::string name;
  WalScan scan;
};

absl::StatusOr<std::vector<WalFile>> ScanWals(rocksdb::FileSystem& fs,
                                              const std::string& directory) {
  absl::StatusOr<std::vector<std::string>> names = ListFiles(fs, directory);
  if (!names.ok()) return names.status();
  std::vector<WalFile> files;
  for (const std::string& name : *names) {
    absl::string_view stem(name);
    std::uint64_t number = 0;
    if (!absl::ConsumeSuffix(&stem, ".log") ||
        !absl::SimpleAtoi(stem, &number)) {
      continue;
    }
    absl::StatusOr<std::string> content =
        ReadFile(fs, absl::StrCat(directory, "/", name));
    if (!content.ok()) return content.status();
    files.push_back({number, name, ScanWalBytes(*content)});
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  return files;
}

absl::Status DamagedAt(const std::string& path, const WalScan& scan) {
  return absl::DataLossError(absl::StrCat(
      path, " is damaged behind byte ", scan.good_end,
      ", in front of records that were acknowledged. Nothing was changed: keep "
      "a copy of the directory, check the disk, and restore the last backup"));
}

// Takes off what stands behind the last whole record; with `keep` it is put
// beside the file first.
absl::Status CutTail(rocksdb::FileSystem& fs, const std::string& directory,
                     const WalFile& file, bool keep) {
  const std::string path = absl::StrCat(directory, "/", file.name);
  absl::StatusOr<std::string> content = ReadFile(fs, path);
  if (!content.ok()) return content.status();
  const absl::string_view view(*content);
  absl::Status status;
  if (keep) {
    status = ReplaceFile(fs, path + ".torn", view.substr(file.scan.good_end));
  }
  if (status.ok()) {
    status = ReplaceFile(fs, path, view.substr(0, file.scan.good_end));
  }
  if (status.ok()) status = SyncDirectory(fs, directory);
  return status;
}

absl::Status CheckManifest(rocksdb::FileSystem& fs,
                           const std::string& directory) {
  absl::StatusOr<std::string> current =
      ReadFile(fs, absl::StrCat(directory, "/CURRENT"));
  if (!current.ok()) return current.status();
  const std::string path = absl::StrCat(
      directory, "/", absl::StripSuffix(absl::string_view(*current), "\n"));
  if (!Exists(fs, path)) {
    return absl::DataLossError(absl::StrCat(
        path, " is missing, or ", directory,
        "/CURRENT, which names it, is damaged: restore the last backup"));
  }
  absl::StatusOr<std::string> content = ReadFile(fs, path);
  if (!content.ok()) return content.status();
  const WalScan scan = ScanWalBytes(*content);
  if (scan.records_after) return DamagedAt(path, scan);
  return absl::OkStatus();
}

}  // namespace

std::uint32_t Crc32c(absl::string_view data) {
  std::uint32_t crc = 0xffffffffu;
  const char* p = data.data();
  std::size_t left = data.size();
  for (; left >= 8; left -= 8, p += 8) {
    const std::uint32_t low = crc ^ Little32(p);
    const std::uint32_t high = Little32(p + 4);
    crc = kTables[7][low & 0xff] ^ kTables[6][low >> 8 & 0xff] ^
          kTables[5][low >> 16 & 0xff] ^ kTables[4][low >> 24] ^
          kTables[3][high & 0xff] ^ kTables[2][high >> 8 & 0xff] ^
          kTables[1][high >> 16 & 0xff] ^ kTables[0][high >> 24];
  }
  for (; left > 0; --left, ++p) {
    crc = crc >> 8 ^ kTables[0][(crc ^ static_cast<std::uint8_t>(*p)) & 0xff];
  }
  return crc ^ 0xffffffffu;
}

WalScan ScanWalBytes(absl::string_view content) {
  WalScan scan;
  scan.size = content.size();
  bool in_record = false;  // A first fragment waits for its last.
  std::size_t at = 0;
  while (at < content.size()) {
    const std::size_t block_end =
        std::min(content.size(), (at / kBlockSize + 1) * kBlockSize);
    const std::size_t left_in_block = kBlockSize - at % kBlockSize;
    if (left_in_block < kHeaderSize) {  // Padding.
      for (std::size_t i = at; i < block_end; ++i) {
        if (content[i] != 0) scan.damaged = true;
      }
      at = block_end;
      continue;
    }
    const auto fragment = ParseFragment(content.substr(at, block_end - at));
    if (!fragment.has_value()) {
      // From here on search byte by byte for the next fragment.
      scan.damaged = true;
      in_record = false;
      ++at;
      continue;
    }
    const bool begins = fragment->type == kFull || fragment->type == kFirst;
    const bool ends = fragment->type == kFull || fragment->type == kLast;
    if (begins == in_record) scan.damaged = true;  // A part is missing.
    if (begins && scan.damaged) scan.records_after = true;
    if (begins) scan.has_records = true;
    in_record = !ends;
    at += fragment->size;
    if (ends && !scan.damaged) scan.good_end = at;
  }
  if (in_record) scan.damaged = true;
  return scan;
}

absl::Status PrepareSyncedWals(rocksdb::FileSystem& fs,
                               const std::string& directory) {
  if (absl::Status status = CheckManifest(fs, directory); !status.ok()) {
    return status;
  }
  absl::StatusOr<std::vector<WalFile>> files = ScanWals(fs, directory);
  if (!files.ok()) return files.status();
  const WalFile* torn = nullptr;
  for (const WalFile& file : *files) {
    if (torn != nullptr && file.scan.has_records) {
      return DamagedAt(absl::StrCat(directory, "/", torn->name), torn->scan);
    }
    if (!file.scan.damaged) continue;
    if (file.scan.records_after) {
      return DamagedAt(absl::StrCat(directory, "/", file.name), file.scan);
    }
    torn = &file;
  }
  if (torn == nullptr) return absl::OkStatus();
  return CutTail(fs, directory, *torn, /*keep=*/true);
}

absl::StatusOr<bool> CutUnsyncedWals(rocksdb::FileSystem& fs,
                                     const std::string& directory) {
  absl::StatusOr<std::vector<WalFile>> files = ScanWals(fs, directory);
  if (!files.ok()) return files.status();
  const WalFile* damaged = nullptr;
  for (const WalFile& file : *files) {
    if (damaged != nullptr && file.scan.has_records) return false;
    if (file.scan.damaged) damaged = &file;
  }
  if (damaged == nullptr) return true;
  const absl::Status status = CutTail(fs, directory, *damaged, /*keep=*/false);
  if (!status.ok()) return status;
  return true;
}

void ForgetTornWals(rocksdb::FileSystem& fs, const std::string& directory) {
  absl::StatusOr<std::vector<std::string>> names = ListFiles(fs, directory);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    if (!absl::EndsWith(name, ".torn")) continue;
    fs.DeleteFile(absl::StrCat(directory, "/", name), rocksdb::IOOptions(),
                  nullptr);
  }
}

}  // namespace thon
