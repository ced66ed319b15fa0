// Reads the write-ahead log as bytes, before RocksDB replays it.
//
// RocksDB (7.8) ends a replay silently at some damage: a type byte that a flip
// made look "recycled", or a length that reaches beyond the end of the file.
// This room's promise is stronger: a flip in front of an acknowledged record is
// refused by name. What makes it cheap is that every write is synced before the
// next begins, so only the last record can be torn; a record that begins behind
// a damaged one proves that the damage is no tear.
//
// Format (RocksDB's, also of its MANIFEST): blocks of 32,768 bytes, in each
// fragments `crc32c(4) length(2) type(1) payload`, little-endian, the checksum
// masked and over type and payload; type 1 is a whole record, 2, 3 and 4 are
// its first, middle and last part. Less than 7 bytes at a block's end are zero.
#ifndef THON_STORAGE_WAL_SCAN_H_
#define THON_STORAGE_WAL_SCAN_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rocksdb/file_system.h"

namespace thon {

struct WalScan {
  std::uint64_t size = 0;
  // End of the last whole record in front of the first damage.
  std::uint64_t good_end = 0;
  bool has_records = false;
  // Bytes behind good_end that are no whole record: torn, or damaged.
  bool damaged = false;
  // Behind the damage another record begins.
  bool records_after = false;
};

// CRC-32C (Castagnoli) of `data`, for tests.
std::uint32_t Crc32c(absl::string_view data);

WalScan ScanWalBytes(absl::string_view content);

// Looks at the write-ahead logs and the MANIFEST in `directory`. A torn tail is
// cut off and kept beside it as NAME.torn until the log has been opened.
//
// kDataLoss: damage in front of an acknowledged record; the message names file
// and byte. kUnavailable: input or output.
absl::Status PrepareSyncedWals(rocksdb::FileSystem& fs,
                               const std::string& directory);

// For a database whose log is not synced, and whose damage only costs time:
// cuts the last log with records off in front of its first damage, so that what
// is replayed is a prefix of what was written. False: another log is damaged,
// and a replay would skip what it held.
absl::StatusOr<bool> CutUnsyncedWals(rocksdb::FileSystem& fs,
                                     const std::string& directory);

// Deletes the NAME.torn files.
void ForgetTornWals(rocksdb::FileSystem& fs, const std::string& directory);

}  // namespace thon

#endif  // THON_STORAGE_WAL_SCAN_H_
