// Opens a log's or a row store's RocksDB behind the storage room's back, to
// plant what that room must find.
#ifndef THON_TESTS_SUPPORT_LOG_SURGEON_H_
#define THON_TESTS_SUPPORT_LOG_SURGEON_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace thon::testing {

// Requires: nobody has the database open. Any failure stops the test program.
class LogSurgeon {
 public:
  // `path` is DATA/log or DATA/rows.
  explicit LogSurgeon(std::string path) : path_(std::move(path)) {}

  std::vector<std::string> Families() const;
  // Keys of a family in order.
  std::vector<std::string> Keys(const std::string& family) const;
  std::string Get(const std::string& family, absl::string_view key) const;
  void Put(const std::string& family, absl::string_view key,
           absl::string_view value) const;
  void Delete(const std::string& family, absl::string_view key) const;
  void AddFamily(const std::string& family) const;
  // Writes everything into table files and empties the write-ahead log.
  void Flush() const;

 private:
  const std::string path_;
};

// Files of `directory` whose name ends in `suffix`, sorted, as full paths.
std::vector<std::string> FilesEndingIn(const std::string& directory,
                                       const std::string& suffix);
std::string ReadWhole(const std::string& path);
void WriteWhole(const std::string& path, absl::string_view content);
// Replaces directory `to` by a copy of `from`.
void CopyTree(const std::string& from, const std::string& to);

}  // namespace thon::testing

#endif  // THON_TESTS_SUPPORT_LOG_SURGEON_H_
