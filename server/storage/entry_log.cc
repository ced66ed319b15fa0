#include "server/storage/entry_log.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/limits.h"
#include "server/storage/entry_log_impl.h"

namespace thon {

using rocksdb::ReadOptions;
using rocksdb::WriteBatch;

absl::Status EntryLogImpl::Append(const NewGroup& group) {
  if (!write_error_.ok()) return write_error_;
  THON_CHECK(!group.entries.empty());
  std::size_t bytes = 4096 + group.authors.size() * 160;
  for (const NewEntry& entry : group.entries) bytes += entry.bytes.size() + 256;
  WriteBatch batch(bytes);
  const auto put = [this, &batch](Family family, absl::string_view key,
                                  absl::string_view value) {
    const rocksdb::Status status =
        batch.Put(database_->handle(family), ToSlice(key), ToSlice(value));
    THON_CHECK(status.ok());
  };

  merkle::Frontier frontier = frontier_;
  LogEnd next = end();
  const EntryIndex first_entry = next.tree_size;
  for (const NewEntry& entry : group.entries) {
    const absl::StatusOr<EntryView> view = ParseEntry(entry.bytes);
    THON_CHECK(view.ok());
    const EntryTrailer& trailer = view->trailer;
    THON_CHECK(trailer.first_position == next.next_position);
    THON_CHECK(trailer.receive_time >= next.last_receive_time);
    const std::string key = IndexKey(next.tree_size);
    put(Family::kEntries, key, entry.bytes);
    put(Family::kLeaves, key,
        EncodeLeaf(
            {entry.leaf_hash, trailer.first_position, trailer.receive_time}));
    put(Family::kAuthorBatches,
        AuthorBatchKey(entry.author, entry.first_sequence),
        EncodeAuthorBatch({next.tree_size, trailer.event_count}));
    if (keeps_tree_) {
      frontier.Append(
          entry.leaf_hash, [&put](merkle::NodeId node, const Hash& hash) {
            if (node.level == 0 || node.level % kStoredLevelStep != 0) {
              return;
            }
            put(Family::kNodes, NodeKey(node), hash.view());
          });
    }
    next.tree_size = next.tree_size.Next();
    next.next_position = trailer.end_position();
    next.last_receive_time = trailer.receive_time;
  }
  for (const auto& [author, state] : group.authors) {
    put(Family::kAuthors, author.view(), EncodeAuthor(author, state));
  }
  put(Family::kGroups, IndexKey(first_entry),
      EncodeGroup({first_entry,
                   static_cast<std::uint32_t>(group.entries.size()),
                   group.origin, group.signature}));
  const Hash root = keeps_tree_ ? frontier.Root() : Hash();
  put(Family::kMeta, kEndKey, EncodeEnd({next, root}));

  if (absl::Status status = Write(&batch); !status.ok()) return status;
  frontier_ = std::move(frontier);
  {
    MutexLock lock(&mu_);
    end_ = next;
    root_ = root;
  }
  NoteEnd();
  return absl::OkStatus();
}

absl::Status EntryLogImpl::Write(WriteBatch* batch) {
  if (!write_error_.ok()) return write_error_;
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status = database_->db().Write(options, batch);
  if (status.ok()) return absl::OkStatus();
  write_error_ = absl::UnavailableError(absl::StrCat(
      "the log at ", path_,
      " could not be written and takes nothing more; check the disk and start "
      "the server again: ",
      status.ToString()));
  return write_error_;
}

void EntryLogImpl::NoteEnd() {
  EndMark mark;
  mark.write_number = database_->db().GetLatestSequenceNumber();
  {
    MutexLock lock(&mu_);
    mark.tree_size = end_.tree_size;
    mark.next_position = end_.next_position;
    mark.root = root_;
  }
  end_mark_->Note(mark);
}

LogEnd EntryLogImpl::end() const {
  MutexLock lock(&mu_);
  return end_;
}

Hash EntryLogImpl::root() const {
  MutexLock lock(&mu_);
  return root_;
}

absl::StatusOr<std::string> EntryLogImpl::Get(Family family,
                                              absl::string_view key,
                                              absl::string_view what) const {
  std::string value;
  const rocksdb::Status status = database_->db().Get(
      ReadOptions(), database_->handle(family), ToSlice(key), &value);
  if (status.ok()) return value;
  if (status.IsNotFound()) {
    return absl::NotFoundError(absl::StrCat(what, " is not in ", path_));
  }
  return ToStatus(status, absl::StrCat(what, " in ", path_));
}

absl::Status EntryLogImpl::Damaged(absl::string_view what) const {
  return absl::DataLossError(
      absl::StrCat("the log at ", path_, " is damaged: ", what,
                   ". Keep a copy of the directory, check the disk, and "
                   "restore the last backup"));
}

absl::StatusOr<std::string> EntryLogImpl::ReadEntry(EntryIndex index) const {
  const std::string what = absl::StrCat("entry ", index.value);
  if (index >= end().tree_size) {
    return absl::NotFoundError(absl::StrCat(what, " is beyond the log's end"));
  }
  absl::StatusOr<std::string> bytes =
      Get(Family::kEntries, IndexKey(index), what);
  if (absl::IsNotFound(bytes.status())) {
    return Damaged(absl::StrCat(what, " is missing"));
  }
  return bytes;
}

absl::Status EntryLogImpl::ReadEntries(
    EntryIndex begin, EntryIndex end,
    const std::function<bool(EntryIndex, absl::string_view)>& visit) const {
  end = std::min(end, this->end().tree_size);
  if (begin >= end) return absl::OkStatus();
  const std::string upper_bytes = IndexKey(end);
  const rocksdb::Slice upper(upper_bytes);
  ReadOptions options;
  options.iterate_upper_bound = &upper;
  options.fill_cache = end.value - begin.value <= 64;
  if (end.value - begin.value > 64) options.readahead_size = 1 << 20;
  const std::unique_ptr<rocksdb::Iterator> it(database_->db().NewIterator(
      options, database_->handle(Family::kEntries)));
  EntryIndex next = begin;
  for (it->Seek(IndexKey(begin)); it->Valid(); it->Next()) {
    if (DecodeIndexKey(ToView(it->key())) != next) break;
    if (!visit(next, ToView(it->value()))) return absl::OkStatus();
    next = next.Next();
  }
  if (!it->status().ok()) {
    return ToStatus(it->status(),
                    absl::StrCat("entry ", next.value, " in ", path_));
  }
  if (next == end) return absl::OkStatus();
  return Damaged(absl::StrCat("entry ", next.value, " is missing"));
}

absl::StatusOr<LeafRecord> EntryLogImpl::ReadLeaf(EntryIndex index) const {
  const std::string what = absl::StrCat("the leaf of entry ", index.value);
  absl::StatusOr<std::string> value =
      Get(Family::kLeaves, IndexKey(index), what);
  if (absl::IsNotFound(value.status())) {
    return Damaged(absl::StrCat(what, " is missing"));
  }
  if (!value.ok()) return value.status();
  const std::optional<LeafRecord> record = DecodeLeaf(*value);
  if (!record.has_value()) return Damaged(what);
  return *record;
}

absl::StatusOr<EntryIndex> EntryLogImpl::PartitionPoint(
    const std::function<bool(const LeafRecord&)>& before) const {
  std::uint64_t low = 0;
  std::uint64_t high = end().tree_size.value;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const absl::StatusOr<LeafRecord> leaf = ReadLeaf(EntryIndex(middle));
    if (!leaf.ok()) return leaf.status();
    if (before(*leaf)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return EntryIndex(low);
}

absl::StatusOr<EntryIndex> EntryLogImpl::FindPosition(Position position) const {
  if (position.value == 0 || position >= end().next_position) {
    return absl::NotFoundError(
        absl::StrCat("position ", position.value, " is not in the log"));
  }
  const absl::StatusOr<EntryIndex> behind =
      PartitionPoint([position](const LeafRecord& leaf) {
        return leaf.first_position <= position;
      });
  if (!behind.ok()) return behind.status();
  if (behind->value == 0) return Damaged("entry 0 begins behind position 1");
  return EntryIndex(behind->value - 1);
}

absl::StatusOr<EntryIndex> EntryLogImpl::FindEvent(const AuthorId& author,
                                                   Sequence sequence) const {
  const std::unique_ptr<rocksdb::Iterator> it(database_->db().NewIterator(
      ReadOptions(), database_->handle(Family::kAuthorBatches)));
  it->SeekForPrev(AuthorBatchKey(author, sequence));
  const std::string what =
      absl::StrCat("event ", sequence.value, " of author ", author.Hex());
  if (!it->status().ok()) return ToStatus(it->status(), what);
  if (it->Valid() && absl::StartsWith(ToView(it->key()), author.view())) {
    const std::optional<AuthorBatchRecord> record =
        DecodeAuthorBatch(ToView(it->value()));
    absl::string_view rest =
        ToView(it->key()).substr(AuthorId::kSize);  // First sequence.
    const std::optional<EntryIndex> first = DecodeIndexKey(rest);
    if (!record.has_value() || !first.has_value()) {
      return Damaged(absl::StrCat("the index of ", what));
    }
    if (sequence.value - first->value < record->event_count &&
        record->entry < end().tree_size) {
      return record->entry;
    }
  }
  return absl::NotFoundError(absl::StrCat(what, " is not in the log"));
}

absl::StatusOr<std::optional<EntryIndex>> EntryLogImpl::FindReceived(
    Instant time) const {
  const absl::StatusOr<EntryIndex> behind = PartitionPoint(
      [time](const LeafRecord& leaf) { return leaf.receive_time <= time; });
  if (!behind.ok()) return behind.status();
  if (behind->value == 0) return std::optional<EntryIndex>();
  return std::optional<EntryIndex>(EntryIndex(behind->value - 1));
}

absl::StatusOr<std::vector<Hash>> EntryLogImpl::StoredHashes(
    int level, std::uint64_t first, std::uint64_t count) const {
  const Family family = level == 0 ? Family::kLeaves : Family::kNodes;
  const auto key_of = [level](std::uint64_t index) {
    return level == 0 ? IndexKey(EntryIndex(index)) : NodeKey({level, index});
  };
  const auto what = [level](std::uint64_t index) {
    return absl::StrCat("node ", index, " of level ", level, " of the tree");
  };
  std::vector<Hash> hashes;
  hashes.reserve(count);
  // A proof or a tile is asked for again; who goes over the log comes by once.
  ReadOptions options;
  options.fill_cache = count <= limits::kTileWidth;
  const std::unique_ptr<rocksdb::Iterator> it(
      database_->db().NewIterator(options, database_->handle(family)));
  for (it->Seek(key_of(first)); it->Valid() && hashes.size() < count;
       it->Next()) {
    const std::uint64_t index = first + hashes.size();
    Hash hash;
    if (ToView(it->key()) != absl::string_view(key_of(index)) ||
        !Hash::FromBytes(ToView(it->value()).substr(0, Hash::kSize), &hash)) {
      break;
    }
    hashes.push_back(hash);
  }
  if (!it->status().ok()) {
    return ToStatus(it->status(), what(first + hashes.size()));
  }
  if (hashes.size() < count) return Damaged(what(first + hashes.size()));
  return hashes;
}

absl::StatusOr<Hash> EntryLogImpl::ReadNode(merkle::NodeId node,
                                            std::uint64_t tree_size) const {
  if (node.level < 0 || node.level >= 64 ||
      node.index >= tree_size >> node.level) {
    return absl::NotFoundError(absl::StrCat("node ", node.index, " of level ",
                                            node.level, " is not complete"));
  }
  const int stored = node.level / kStoredLevelStep * kStoredLevelStep;
  const int above = node.level - stored;
  absl::StatusOr<std::vector<Hash>> hashes =
      StoredHashes(stored, node.index << above, std::uint64_t{1} << above);
  if (!hashes.ok()) return hashes.status();
  for (std::size_t size = hashes->size(); size > 1; size /= 2) {
    for (std::size_t i = 0; i < size / 2; ++i) {
      (*hashes)[i] = merkle::HashNode((*hashes)[2 * i], (*hashes)[2 * i + 1]);
    }
  }
  return hashes->front();
}

merkle::NodeReader EntryLogImpl::NodesBelow(std::uint64_t tree_size) const {
  return [this, tree_size](merkle::NodeId node) {
    return ReadNode(node, tree_size);
  };
}

absl::StatusOr<std::vector<Hash>> EntryLogImpl::LeafHashes(
    EntryIndex begin, EntryIndex end) const {
  if (begin > end || end > this->end().tree_size) {
    return absl::NotFoundError(absl::StrCat(
        "leaves ", begin.value, " to ", end.value, " are not all in the log"));
  }
  return StoredHashes(0, begin.value, end.value - begin.value);
}

absl::StatusOr<Hash> EntryLogImpl::Node(merkle::NodeId node) const {
  return ReadNode(node, end().tree_size.value);
}

absl::StatusOr<EntryLog::StoredGroup> EntryLogImpl::FindGroup(
    EntryIndex index) const {
  const std::string what =
      absl::StrCat("the commit group of entry ", index.value);
  if (index >= end().tree_size) {
    return absl::NotFoundError(absl::StrCat(what, " is beyond the log's end"));
  }
  const std::unique_ptr<rocksdb::Iterator> it(database_->db().NewIterator(
      ReadOptions(), database_->handle(Family::kGroups)));
  it->SeekForPrev(IndexKey(index));
  if (!it->status().ok()) return ToStatus(it->status(), what);
  if (!it->Valid()) return Damaged(absl::StrCat(what, " is missing"));
  std::optional<StoredGroup> group =
      DecodeGroup(ToView(it->key()), ToView(it->value()));
  if (!group.has_value() ||
      index.value - group->first_entry.value >= group->size) {
    return Damaged(what);
  }
  return *std::move(group);
}

absl::Status EntryLogImpl::ReadAuthors(
    const std::function<void(const AuthorId&, const AuthorState&)>& visit)
    const {
  const std::unique_ptr<rocksdb::Iterator> it(database_->db().NewIterator(
      ReadOptions(), database_->handle(Family::kAuthors)));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    AuthorId author;
    const std::optional<AuthorState> state =
        DecodeAuthor(ToView(it->key()), ToView(it->value()));
    if (!state.has_value() ||
        !AuthorId::FromBytes(ToView(it->key()), &author)) {
      return Damaged(
          absl::StrCat("the row of author ", HexEncode(ToView(it->key()))));
    }
    visit(author, *state);
  }
  return ToStatus(it->status(), absl::StrCat("the authors in ", path_));
}

absl::Status EntryLogImpl::PutLocal(absl::string_view key,
                                    absl::string_view value) {
  WriteBatch batch;
  const rocksdb::Status status =
      batch.Put(database_->handle(Family::kLocal), ToSlice(key),
                Seal(key, std::string(value)));
  THON_CHECK(status.ok());
  if (absl::Status written = Write(&batch); !written.ok()) return written;
  NoteEnd();
  return absl::OkStatus();
}

absl::Status EntryLogImpl::DeleteLocal(absl::string_view key) {
  WriteBatch batch;
  const rocksdb::Status status =
      batch.Delete(database_->handle(Family::kLocal), ToSlice(key));
  THON_CHECK(status.ok());
  if (absl::Status written = Write(&batch); !written.ok()) return written;
  NoteEnd();
  return absl::OkStatus();
}

absl::StatusOr<std::string> EntryLogImpl::GetLocal(
    absl::string_view key) const {
  const std::string what = absl::StrCat("the local fact \"", key, "\"");
  absl::StatusOr<std::string> value = Get(Family::kLocal, key, what);
  if (!value.ok()) return value;
  absl::string_view body = *value;
  if (!Unseal(key, &body)) return Damaged(what);
  return std::string(body);
}

absl::Status EntryLogImpl::ScanLocal(
    absl::string_view prefix,
    const std::function<bool(absl::string_view, absl::string_view)>& visit)
    const {
  const std::unique_ptr<rocksdb::Iterator> it(database_->db().NewIterator(
      ReadOptions(), database_->handle(Family::kLocal)));
  for (it->Seek(ToSlice(prefix));
       it->Valid() && absl::StartsWith(ToView(it->key()), prefix); it->Next()) {
    absl::string_view value = ToView(it->value());
    if (!Unseal(ToView(it->key()), &value)) {
      return Damaged(
          absl::StrCat("the local fact \"", ToView(it->key()), "\""));
    }
    if (!visit(ToView(it->key()), value)) return absl::OkStatus();
  }
  return ToStatus(it->status(), absl::StrCat("local facts in ", path_));
}

absl::StatusOr<std::uint64_t> EntryLogImpl::FreeBytes() const {
  std::uint64_t free = 0;
  const rocksdb::Status status = database_->file_system().GetFreeSpace(
      path_, rocksdb::IOOptions(), &free, nullptr);
  if (!status.ok()) return ToStatus(status, path_);
  return free;
}

absl::StatusOr<std::uint64_t> EntryLogImpl::CompactedBytes() {
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction =
      rocksdb::BottommostLevelCompaction::kForceOptimized;
  std::uint64_t bytes = 0;
  for (rocksdb::ColumnFamilyHandle* handle : database_->handles()) {
    const rocksdb::Status status =
        database_->db().CompactRange(options, handle, nullptr, nullptr);
    if (!status.ok()) return ToStatus(status, path_);
    rocksdb::ColumnFamilyMetaData data;
    database_->db().GetColumnFamilyMetaData(handle, &data);
    bytes += data.size;
  }
  return bytes;
}

}  // namespace thon
