// Where rows and places go that do not fit into memory: an SQLite database in
// a temporary file that has no name any more and is gone with the process.
#ifndef THON_TOOLS_VERIFY_TEMP_ROWS_H_
#define THON_TOOLS_VERIFY_TEMP_ROWS_H_

#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"
#include "server/projections/row_overlay.h"

struct sqlite3;
struct sqlite3_stmt;

namespace thon::verify {

// Thread-safety: none. Rows hold their newest value only.
class TempRows {
 public:
  // `directory`: "" for the system's. kUnavailable: no temporary file.
  static absl::StatusOr<std::unique_ptr<TempRows>> Open(
      const std::string& directory, std::size_t cache_bytes);
  ~TempRows();
  TempRows(const TempRows&) = delete;
  TempRows& operator=(const TempRows&) = delete;

  // Stores every new row of `overlay` and makes what is stored its base.
  void Take(RowOverlay* overlay);
  // What is stored. Must not outlive this object.
  std::unique_ptr<RowReader> Rows() const;

  // Which entry begins with this number of the author's.
  void PutPlace(const AuthorId& author, Sequence first, EntryIndex entry);
  // The entry that holds the number, if there is one: the last that begins at
  // or before it.
  std::optional<EntryIndex> FindPlace(const AuthorId& author,
                                      Sequence sequence) const;

  // The first error there was (the disk is full); final. What was read since is
  // not to be believed.
  const absl::Status& status() const { return status_; }
  std::uint64_t rows_written() const { return rows_written_; }

 private:
  friend class TempRowReader;
  using PlaceKey = std::pair<AuthorId, Sequence>;
  struct FreeStatement {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, FreeStatement>;

  TempRows() = default;
  absl::Status Prepare(std::size_t cache_bytes);
  Statement Compile(const char* sql) const;
  void Run(const char* sql) const;
  void Note(int result) const;
  void FlushPlaces();

  std::string file_;
  sqlite3* db_ = nullptr;
  mutable absl::Status status_;
  Statement put_, drop_, put_place_, find_place_, get_;
  std::map<PlaceKey, EntryIndex> places_;  // Not stored yet.
  // Tables that a row was ever stored in: the others need no question, and
  // while all rows fit into memory that is every one.
  std::bitset<256> stored_;
  bool places_stored_ = false;
  std::uint64_t rows_written_ = 0;
};

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_TEMP_ROWS_H_
