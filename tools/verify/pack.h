// One audit pack (FORMAT.md): its manifest and an index of its files.
//
// Opening refuses what is no pack before anything is allocated from what it
// claims: files that the form does not know, paths that come twice, sizes that
// no such file can have. What is missing or wrong inside the form is not
// refused but found by the checks.
#ifndef THON_TOOLS_VERIFY_PACK_H_
#define THON_TOOLS_VERIFY_PACK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/tile.h"
#include "tools/verify/manifest.h"
#include "tools/verify/pack_files.h"

namespace thon::verify {

inline constexpr std::size_t kOlderCheckpointsMax = 100'000;
inline constexpr std::size_t kRowsFilesMax = 1'000'000;

// Thread-safety: const methods from any thread.
class Pack {
 public:
  // kInvalidArgument: refused; names what and where. kNotFound,
  // kPermissionDenied, kUnavailable: cannot be read.
  static absl::StatusOr<std::unique_ptr<Pack>> Open(const std::string& path);

  const std::string& path() const { return path_; }
  const Manifest& manifest() const { return manifest_; }

  // A tile or bundle of the tree of manifest().tree_size. kNotFound: it is not
  // in the pack. kDataLoss, kUnavailable: it cannot be read.
  absl::StatusOr<std::string> ReadTile(const TileId& id) const;
  bool HasTile(const TileId& id) const;

  // "checkpoint". kNotFound: there is none.
  absl::StatusOr<std::string> ReadCheckpoint() const;

  // Files of checkpoints/ by their size, ascending.
  const std::map<std::uint64_t, Extent>& older_checkpoints() const {
    return older_;
  }
  // Files of rows/ by (table, number), ascending.
  using RowsFiles = std::map<std::pair<int, std::uint64_t>, Extent>;
  const RowsFiles& rows_files() const { return rows_; }
  static std::string OlderCheckpointPath(std::uint64_t size);
  static std::string RowsPath(int table, std::uint64_t number);
  absl::StatusOr<std::string> Read(const std::string& path,
                                   Extent extent) const {
    return files_->Read(path, extent);
  }

  // The first bundle at or behind `index` that is there; nullopt: none is.
  std::optional<std::uint64_t> NextBundle(std::uint64_t index) const;

  std::uint64_t file_count() const { return file_count_; }
  std::uint64_t byte_count() const { return byte_count_; }

 private:
  using TileKey = std::pair<int, std::uint64_t>;  // Level, -1 for a bundle.
  static TileKey KeyOf(const TileId& id) {
    return {id.entries ? -1 : id.level, id.index};
  }

  explicit Pack(std::string path) : path_(std::move(path)) {}
  absl::Status Index();
  absl::Status ReadManifest(const std::string& path, Extent extent);
  absl::Status Admit(const std::string& path, Extent extent);
  absl::Status AdmitTile(const std::string& path, Extent extent);
  absl::Status AdmitNumbered(const std::string& path, Extent extent);

  const std::string path_;
  std::unique_ptr<PackFiles> files_;
  bool has_manifest_ = false;
  Manifest manifest_;
  std::optional<Extent> checkpoint_;
  absl::flat_hash_map<TileKey, Extent> tiles_;
  std::vector<std::uint64_t> bundles_;  // Ascending.
  std::map<std::uint64_t, Extent> older_;
  RowsFiles rows_;
  std::uint64_t file_count_ = 0;
  std::uint64_t byte_count_ = 0;
};

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_PACK_H_
