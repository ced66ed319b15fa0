#include "server/storage/key_layout.h"

#include <utility>

#include "server/core/bytes.h"
#include "server/core/check.h"

namespace thon {
namespace {

constexpr std::size_t kSealBytes = 4;
constexpr std::uint8_t kServerFlag = 1;
constexpr std::uint8_t kRevokedFlag = 2;

std::string SealOf(absl::string_view key, absl::string_view value) {
  const Hash hash = Sha256().Update(key).Update(value).Final();
  return std::string(hash.view().substr(0, kSealBytes));
}

// Takes `T::kSize` bytes off the front into a Hash, PublicKey or Signature.
template <typename T>
bool ConsumeBytes(absl::string_view* in, T* out) {
  if (in->size() < T::kSize || !T::FromBytes(in->substr(0, T::kSize), out)) {
    return false;
  }
  in->remove_prefix(T::kSize);
  return true;
}

void AppendView(absl::string_view view, std::string* out) {
  out->append(view.data(), view.size());
}

void AppendEscaped(absl::string_view raw, std::string* out) {
  for (const char c : raw) {
    out->push_back(c);
    if (c == '\0') out->push_back('\xff');
  }
}

}  // namespace

std::string Seal(absl::string_view key, std::string value) {
  value += SealOf(key, value);
  return value;
}

bool Unseal(absl::string_view key, absl::string_view* value) {
  if (value->size() < kSealBytes) return false;
  const absl::string_view body = value->substr(0, value->size() - kSealBytes);
  if (value->substr(body.size()) != SealOf(key, body)) return false;
  *value = body;
  return true;
}

std::string EncodeFormat(absl::string_view key, std::uint32_t format) {
  std::string value;
  AppendBigEndian(format, &value);
  return Seal(key, std::move(value));
}

std::optional<std::uint32_t> DecodeFormat(absl::string_view key,
                                          absl::string_view value) {
  std::uint32_t format = 0;
  if (!Unseal(key, &value) || !ConsumeBigEndian(&value, &format) ||
      !value.empty()) {
    return std::nullopt;
  }
  return format;
}

std::string EncodeEnd(const EndRecord& record) {
  std::string value;
  AppendBigEndian(record.end.tree_size.value, &value);
  AppendBigEndian(record.end.next_position.value, &value);
  AppendBigEndian(record.end.last_receive_time.ms, &value);
  AppendView(record.root.view(), &value);
  return Seal(kEndKey, std::move(value));
}

std::optional<EndRecord> DecodeEnd(absl::string_view value) {
  EndRecord record;
  if (!Unseal(kEndKey, &value) ||
      !ConsumeBigEndian(&value, &record.end.tree_size.value) ||
      !ConsumeBigEndian(&value, &record.end.next_position.value) ||
      !ConsumeBigEndian(&value, &record.end.last_receive_time.ms) ||
      !ConsumeBytes(&value, &record.root) || !value.empty()) {
    return std::nullopt;
  }
  return record;
}

std::string IndexKey(EntryIndex index) {
  std::string key;
  AppendBigEndian(index.value, &key);
  return key;
}

std::optional<EntryIndex> DecodeIndexKey(absl::string_view key) {
  EntryIndex index;
  if (!ConsumeBigEndian(&key, &index.value) || !key.empty()) {
    return std::nullopt;
  }
  return index;
}

std::string EncodeLeaf(const LeafRecord& record) {
  std::string value(record.hash.view());
  AppendBigEndian(record.first_position.value, &value);
  AppendBigEndian(record.receive_time.ms, &value);
  return value;
}

std::optional<LeafRecord> DecodeLeaf(absl::string_view value) {
  LeafRecord record;
  if (!ConsumeBytes(&value, &record.hash) ||
      !ConsumeBigEndian(&value, &record.first_position.value) ||
      !ConsumeBigEndian(&value, &record.receive_time.ms) || !value.empty()) {
    return std::nullopt;
  }
  return record;
}

std::string NodeKey(merkle::NodeId node) {
  std::string key;
  AppendBigEndian(static_cast<std::uint8_t>(node.level), &key);
  AppendBigEndian(node.index, &key);
  return key;
}

std::string AuthorBatchKey(const AuthorId& author, Sequence first) {
  std::string key(author.view());
  AppendBigEndian(first.value, &key);
  return key;
}

std::string EncodeAuthorBatch(const AuthorBatchRecord& record) {
  std::string value;
  AppendBigEndian(record.entry.value, &value);
  AppendBigEndian(record.event_count, &value);
  return value;
}

std::optional<AuthorBatchRecord> DecodeAuthorBatch(absl::string_view value) {
  AuthorBatchRecord record;
  if (!ConsumeBigEndian(&value, &record.entry.value) ||
      !ConsumeBigEndian(&value, &record.event_count) || !value.empty()) {
    return std::nullopt;
  }
  return record;
}

std::string EncodeAuthor(const AuthorId& author, const AuthorState& state) {
  std::string value(state.key.view());
  AppendBigEndian(state.next_sequence.value, &value);
  AppendView(state.last_batch_hash.view(), &value);
  AppendBigEndian(static_cast<std::uint8_t>((state.server ? kServerFlag : 0) |
                                            (state.revoked ? kRevokedFlag : 0)),
                  &value);
  AppendBigEndian(state.quota_day, &value);
  AppendBigEndian(state.quota_used, &value);
  AppendBigEndian(state.fork_year, &value);
  AppendBigEndian(state.forks_recorded, &value);
  AppendBigEndian(state.forks_seen, &value);
  return Seal(author.view(), std::move(value));
}

std::optional<AuthorState> DecodeAuthor(absl::string_view key,
                                        absl::string_view value) {
  AuthorState state;
  std::uint8_t flags = 0;
  if (!Unseal(key, &value) || !ConsumeBytes(&value, &state.key) ||
      !ConsumeBigEndian(&value, &state.next_sequence.value) ||
      !ConsumeBytes(&value, &state.last_batch_hash) ||
      !ConsumeBigEndian(&value, &flags) ||
      !ConsumeBigEndian(&value, &state.quota_day) ||
      !ConsumeBigEndian(&value, &state.quota_used) ||
      !ConsumeBigEndian(&value, &state.fork_year) ||
      !ConsumeBigEndian(&value, &state.forks_recorded) ||
      !ConsumeBigEndian(&value, &state.forks_seen) || !value.empty()) {
    return std::nullopt;
  }
  state.server = (flags & kServerFlag) != 0;
  state.revoked = (flags & kRevokedFlag) != 0;
  return state;
}

std::string EncodeGroup(const EntryLog::StoredGroup& group) {
  THON_CHECK(group.origin.size() <= UINT16_MAX);
  std::string value;
  AppendBigEndian(group.size, &value);
  AppendBigEndian(static_cast<std::uint16_t>(group.origin.size()), &value);
  value += group.origin;
  AppendView(group.signature.view(), &value);
  return Seal(IndexKey(group.first_entry), std::move(value));
}

std::optional<EntryLog::StoredGroup> DecodeGroup(absl::string_view key,
                                                 absl::string_view value) {
  EntryLog::StoredGroup group;
  const std::optional<EntryIndex> first = DecodeIndexKey(key);
  std::uint16_t origin_size = 0;
  if (!first.has_value() || !Unseal(key, &value) ||
      !ConsumeBigEndian(&value, &group.size) ||
      !ConsumeBigEndian(&value, &origin_size) || value.size() < origin_size) {
    return std::nullopt;
  }
  group.first_entry = *first;
  group.origin = std::string(value.substr(0, origin_size));
  value.remove_prefix(origin_size);
  if (!ConsumeBytes(&value, &group.signature) || !value.empty() ||
      group.size == 0) {
    return std::nullopt;
  }
  return group;
}

std::string EncodeRowsMeta(const RowsMeta& meta) {
  std::string value;
  AppendBigEndian(kRowsFormat, &value);
  AppendBigEndian(meta.end.next_entry.value, &value);
  AppendBigEndian(meta.end.position.value, &value);
  value += meta.signature;
  return Seal(kRowsMetaKey, std::move(value));
}

std::optional<std::uint32_t> DecodeRowsFormat(absl::string_view value) {
  std::uint32_t format = 0;
  if (!Unseal(kRowsMetaKey, &value) || !ConsumeBigEndian(&value, &format)) {
    return std::nullopt;
  }
  return format;
}

std::optional<RowsMeta> DecodeRowsMeta(absl::string_view value) {
  RowsMeta meta;
  std::uint32_t format = 0;
  if (!Unseal(kRowsMetaKey, &value) || !ConsumeBigEndian(&value, &format) ||
      format != kRowsFormat ||
      !ConsumeBigEndian(&value, &meta.end.next_entry.value) ||
      !ConsumeBigEndian(&value, &meta.end.position.value)) {
    return std::nullopt;
  }
  meta.signature = std::string(value);
  return meta;
}

std::string RowPrefix(Table table, absl::string_view prefix) {
  std::string out;
  out.reserve(1 + prefix.size() + 2 + kRowPositionBytes);
  out.push_back(static_cast<char>(table));
  AppendEscaped(prefix, &out);
  return out;
}

void AppendRowStem(Table table, absl::string_view key, std::string* out) {
  out->push_back(static_cast<char>(table));
  AppendEscaped(key, out);
  out->append(2, '\0');
}

std::string RowStem(Table table, absl::string_view key) {
  std::string stem;
  // Numbers in keys are mostly zeros, of which each is two bytes.
  stem.reserve(1 + 2 * key.size() + 2 + kRowPositionBytes);
  AppendRowStem(table, key, &stem);
  return stem;
}

std::string RowStemEnd(absl::string_view stem) {
  std::string end(stem);
  end.back() = '\x01';
  return end;
}

void AppendRowPosition(Position position, std::string* stem) {
  AppendBigEndian(~position.value, stem);
}

bool DecodeRowKey(absl::string_view stored, std::string* key,
                  Position* position) {
  if (stored.size() < 1 + 2 + kRowPositionBytes) return false;
  absl::string_view inverted = stored.substr(stored.size() - kRowPositionBytes);
  std::uint64_t bits = 0;
  ConsumeBigEndian(&inverted, &bits);
  *position = Position(~bits);
  absl::string_view escaped =
      stored.substr(1, stored.size() - 1 - 2 - kRowPositionBytes);
  if (stored.substr(1 + escaped.size(), 2) != absl::string_view("\0\0", 2)) {
    return false;
  }
  key->clear();
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    key->push_back(escaped[i]);
    if (escaped[i] != '\0') continue;
    if (++i == escaped.size() || escaped[i] != '\xff') return false;
  }
  return true;
}

}  // namespace thon
