// Makes commit groups for a log, and knows what a log that took them holds.
#ifndef THON_TESTS_UNIT_STORAGE_LOG_BUILDER_H_
#define THON_TESTS_UNIT_STORAGE_LOG_BUILDER_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/storage/entry_log.h"

namespace thon {

// The model of a log: what was appended to it, in order. Copyable, so that a
// test can go back to the state in front of a group that failed.
class LogBuilder {
 public:
  explicit LogBuilder(std::uint64_t seed, std::size_t authors = 3);

  // The next group: `entries` batches of about `batch_bytes` each, by authors
  // chosen at random. The model counts it as appended.
  NewGroup Next(std::size_t entries, std::size_t batch_bytes = 300);

  const std::vector<std::string>& entries() const { return entries_; }
  const std::vector<std::uint64_t>& group_starts() const {
    return group_starts_;
  }
  LogEnd end() const { return end_; }
  Hash root() const { return frontier_.Root(); }
  std::uint64_t size() const { return entries_.size(); }

  // The first way in which `log` is not this model, entry by entry; "" if it
  // is. This is the checker of the crash tests.
  std::string DifferenceFrom(const EntryLog& log) const;

  struct Author {
    AuthorId id;
    AuthorState state;
  };
  const std::vector<Author>& authors() const { return authors_; }

 private:
  std::string NextBatch(Author* author, std::size_t bytes,
                        std::uint16_t* events);

  std::mt19937_64 random_;
  std::vector<Author> authors_;
  std::vector<std::string> entries_;
  std::vector<std::uint64_t> group_starts_;
  LogEnd end_;
  merkle::Frontier frontier_;
};

// A directory below the test's temporary one that is gone after the test.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(absl::string_view name);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string Sub(absl::string_view name) const;

 private:
  std::string path_;
};

// Small buffers: tests open many logs.
StorageOptions SmallOptions(const std::string& directory);

}  // namespace thon

#endif  // THON_TESTS_UNIT_STORAGE_LOG_BUILDER_H_
