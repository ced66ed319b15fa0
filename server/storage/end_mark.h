// DATA/log/END: how far the log has been durable, in a file beside it.
//
// A log cannot tell a torn last write from an acknowledged one whose bytes were
// damaged later. END can: it is written at most once a second, behind the
// commits and in nobody's way, and again when the log is closed, and never says
// more than what is durable. A log that ends before its END has lost something.
#ifndef THON_STORAGE_END_MARK_H_
#define THON_STORAGE_END_MARK_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "rocksdb/file_system.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/mutex.h"

namespace thon {

struct EndMark {
  // RocksDB's number of the last write: covers the local facts too.
  std::uint64_t write_number = 0;
  EntryIndex tree_size;
  Position next_position;
  Hash root;
  bool operator==(const EndMark&) const = default;
};

std::string EncodeEndMark(const EndMark& mark);
std::optional<EndMark> DecodeEndMark(absl::string_view content);

// nullopt: there is no mark, as in a new or restored log. kDataLoss: damaged.
absl::StatusOr<std::optional<EndMark>> ReadEndMark(
    rocksdb::FileSystem& fs, const std::string& log_directory);

// Keeps END up to date.
//
// Thread-safety: Note() may be called from any thread. It has one thread of its
// own, which ends with the object; the destructor writes the last mark.
class EndMarkWriter {
 public:
  EndMarkWriter(std::shared_ptr<rocksdb::FileSystem> fs,
                const std::string& log_directory);
  ~EndMarkWriter();
  EndMarkWriter(const EndMarkWriter&) = delete;
  EndMarkWriter& operator=(const EndMarkWriter&) = delete;

  // Everything up to `mark` is durable.
  void Note(const EndMark& mark) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);

  const std::shared_ptr<rocksdb::FileSystem> fs_;
  const std::string path_;
  Mutex mu_;
  CondVar changed_;
  EndMark mark_ ABSL_GUARDED_BY(mu_);
  bool dirty_ ABSL_GUARDED_BY(mu_) = false;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // Last: it uses the others.
};

}  // namespace thon

#endif  // THON_STORAGE_END_MARK_H_
