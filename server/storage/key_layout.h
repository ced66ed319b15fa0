// Keys and values of both databases, as bytes. The grammar is FORMAT.md's.
//
// A sealed value ends in the first four bytes of SHA-256(key || value), so that
// a value that was changed behind RocksDB's checksums, or that stands under
// another key, is seen. Values that the log's own hashes cover are not sealed.
#ifndef THON_STORAGE_KEY_LAYOUT_H_
#define THON_STORAGE_KEY_LAYOUT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/merkle.h"
#include "server/projections/tables.h"
#include "server/storage/entry_log.h"
#include "server/storage/row_store.h"

namespace thon {

inline constexpr std::uint32_t kLogFormat = 1;
inline constexpr std::uint32_t kRowsFormat = 1;

std::string Seal(absl::string_view key, std::string value);
// Takes the seal off; false if it is not the right one.
bool Unseal(absl::string_view key, absl::string_view* value);

// DATA/log. Decoders return nullopt for bytes that no encoder wrote.

inline constexpr absl::string_view kFormatKey = "format";
inline constexpr absl::string_view kEndKey = "end";

std::string EncodeFormat(absl::string_view key, std::uint32_t format);
std::optional<std::uint32_t> DecodeFormat(absl::string_view key,
                                          absl::string_view value);

struct EndRecord {
  LogEnd end;
  Hash root;
};
std::string EncodeEnd(const EndRecord& record);
std::optional<EndRecord> DecodeEnd(absl::string_view value);

std::string IndexKey(EntryIndex index);
std::optional<EntryIndex> DecodeIndexKey(absl::string_view key);

struct LeafRecord {
  Hash hash;
  Position first_position;
  Instant receive_time;
};
std::string EncodeLeaf(const LeafRecord& record);
std::optional<LeafRecord> DecodeLeaf(absl::string_view value);

// Levels whose perfect subtrees are stored: every 8th. Level 0 is the leaves'
// own table.
inline constexpr int kStoredLevelStep = 8;
std::string NodeKey(merkle::NodeId node);

std::string AuthorBatchKey(const AuthorId& author, Sequence first);
struct AuthorBatchRecord {
  EntryIndex entry;
  std::uint16_t event_count = 0;
};
std::string EncodeAuthorBatch(const AuthorBatchRecord& record);
std::optional<AuthorBatchRecord> DecodeAuthorBatch(absl::string_view value);

std::string EncodeAuthor(const AuthorId& author, const AuthorState& state);
std::optional<AuthorState> DecodeAuthor(absl::string_view key,
                                        absl::string_view value);

std::string EncodeGroup(const EntryLog::StoredGroup& group);
std::optional<EntryLog::StoredGroup> DecodeGroup(absl::string_view key,
                                                 absl::string_view value);

// DATA/rows.

inline constexpr absl::string_view kRowsMetaKey{"\0state", 6};
struct RowsMeta {
  RowsEnd end;
  std::string signature;
};
std::string EncodeRowsMeta(const RowsMeta& meta);
std::optional<RowsMeta> DecodeRowsMeta(absl::string_view value);
// The format number, readable in every version of the record.
std::optional<std::uint32_t> DecodeRowsFormat(absl::string_view value);

// Keys of a table that begin with `prefix` begin with these bytes.
std::string RowPrefix(Table table, absl::string_view prefix);
// All versions of one row, and nothing else, begin with these bytes. Stems have
// the order of (table, key).
std::string RowStem(Table table, absl::string_view key);
void AppendRowStem(Table table, absl::string_view key, std::string* out);
// Behind every version of the row with this stem, before every other row.
std::string RowStemEnd(absl::string_view stem);
void AppendRowPosition(Position position, std::string* stem);
inline constexpr std::size_t kRowPositionBytes = 8;

// Splits a stored key; `*key` is the row's own key. False if malformed.
bool DecodeRowKey(absl::string_view stored, std::string* key,
                  Position* position);

}  // namespace thon

#endif  // THON_STORAGE_KEY_LAYOUT_H_
