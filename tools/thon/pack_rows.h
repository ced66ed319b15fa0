// The rows of an audit pack on their way: cut into files, hashed, and compared
// with the state root, before the first file of the pack is written.
#ifndef THON_TOOLS_THON_PACK_ROWS_H_
#define THON_TOOLS_THON_PACK_ROWS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/projections/state_root.h"
#include "thon/v1/audit_service.pb.h"
#include "tools/thon/pack_sink.h"

namespace thon::cli {

// A file that the manifest lists.
struct PackFile {
  std::string path;  // Within the pack.
  std::uint64_t size = 0;
  std::string sha256;  // Hexadecimal.
};

// Thread-safety: none.
class PackRows {
 public:
  // Keeps files in `directory` until it is deleted; it must not exist, or be
  // what an interrupted run left.
  explicit PackRows(std::string directory);
  ~PackRows();
  PackRows(const PackRows&) = delete;
  PackRows& operator=(const PackRows&) = delete;

  // kDataLoss: not in the order of table and key, or of another projection.
  absl::Status Add(const v1::StateRow& row);
  // Requires: nothing is added any more. kDataLoss: the rows do not have the
  // root that `said` names.
  absl::Status Finish(const v1::StateRoot& said);

  const std::vector<PackFile>& files() const { return files_; }
  std::uint64_t row_count() const { return root_.row_count(); }
  // Copies all files into the pack.
  absl::Status CopyTo(PackSink* sink) const;

 private:
  absl::Status Flush();
  std::string KeptPath(const PackFile& file) const;

  const std::string directory_;
  const ProjectionTables* const tables_;
  StateRootBuilder root_;
  std::vector<PackFile> files_;
  std::uint32_t table_ = 0;
  std::uint64_t file_number_ = 0;  // Of the table.
  std::string last_key_;
  bool any_ = false;
  std::string buffer_;
};

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_PACK_ROWS_H_
