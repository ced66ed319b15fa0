#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/check.h"
#include "server/storage/entry_log_impl.h"
#include "server/storage/treeless_log.h"
#include "server/storage/wal_scan.h"
#include "thon/v1/log.pb.h"

namespace thon {
namespace {

using rocksdb::ReadOptions;

// How many of the last entries are hashed again at every opening.
constexpr std::uint64_t kTailEntries = 64;

std::string EntryName(EntryIndex index) {
  return absl::StrCat("entry ", index.value);
}

}  // namespace

absl::StatusOr<std::unique_ptr<EntryLog>> EntryLog::Open(
    const StorageOptions& options) {
  absl::StatusOr<std::unique_ptr<DirectoryLock>> lock =
      DirectoryLock::Take(FileSystemOf(options), options.directory);
  if (!lock.ok()) return lock.status();
  absl::StatusOr<std::unique_ptr<EntryLogImpl>> log = EntryLogImpl::OpenAt(
      options, options.directory + "/log", *std::move(lock));
  if (!log.ok()) return log.status();
  return std::unique_ptr<EntryLog>(*std::move(log));
}

absl::StatusOr<std::unique_ptr<EntryLog>> OpenTreelessLog(
    const StorageOptions& options) {
  absl::StatusOr<std::unique_ptr<DirectoryLock>> lock =
      DirectoryLock::Take(FileSystemOf(options), options.directory);
  if (!lock.ok()) return lock.status();
  absl::StatusOr<std::unique_ptr<EntryLogImpl>> log = EntryLogImpl::OpenAt(
      options, options.directory + "/log", *std::move(lock));
  if (!log.ok()) return log.status();
  if ((*log)->end().tree_size != EntryIndex(0)) {
    return absl::FailedPreconditionError("this log has a tree");
  }
  (*log)->LeaveTreeOut();
  return std::unique_ptr<EntryLog>(*std::move(log));
}

absl::StatusOr<std::unique_ptr<EntryLogImpl>> EntryLogImpl::OpenAt(
    const StorageOptions& options, const std::string& path,
    std::unique_ptr<DirectoryLock> lock) {
  absl::StatusOr<std::unique_ptr<LogDatabase>> database =
      LogDatabase::Open(options, path);
  if (!database.ok()) return database.status();
  std::unique_ptr<EntryLogImpl> log(
      new EntryLogImpl(path, std::move(lock), *std::move(database)));
  if (absl::Status status = log->Load(); !status.ok()) return status;
  ForgetTornWals(log->database_->file_system(), path);
  log->end_mark_ = std::make_unique<EndMarkWriter>(FileSystemOf(options), path);
  log->NoteEnd();
  return log;
}

absl::Status EntryLogImpl::Load() {
  absl::Status status = CheckFormat();
  if (status.ok()) status = CheckCounters();
  if (status.ok()) status = CheckTail();
  if (status.ok()) status = CheckEndMark();
  return status;
}

absl::Status EntryLogImpl::CheckFormat() {
  absl::StatusOr<std::string> value = Get(Family::kMeta, kFormatKey, "format");
  if (absl::IsNotFound(value.status())) {
    // New, or made by a process that died before it wrote anything.
    for (rocksdb::ColumnFamilyHandle* handle : database_->handles()) {
      const std::unique_ptr<rocksdb::Iterator> it(
          database_->db().NewIterator(ReadOptions(), handle));
      it->SeekToFirst();
      if (it->Valid()) return Damaged("its format number is missing");
    }
    rocksdb::WriteBatch batch;
    const rocksdb::Status put =
        batch.Put(database_->handle(Family::kMeta), ToSlice(kFormatKey),
                  EncodeFormat(kFormatKey, kLogFormat));
    THON_CHECK(put.ok());
    return Write(&batch);
  }
  if (!value.ok()) return value.status();
  const std::optional<std::uint32_t> format = DecodeFormat(kFormatKey, *value);
  if (!format.has_value()) return Damaged("its format number");
  if (*format == kLogFormat) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      path_, " has format ", *format, "; this version of thond reads format ",
      kLogFormat, ". Use the version that wrote it or a later one"));
}

absl::Status EntryLogImpl::CheckCounters() {
  EndRecord record;
  record.root = merkle::EmptyRoot();
  absl::StatusOr<std::string> value = Get(Family::kMeta, kEndKey, "the end");
  if (value.ok()) {
    const std::optional<EndRecord> stored = DecodeEnd(*value);
    if (!stored.has_value()) return Damaged("the record of its end");
    record = *stored;
  } else if (!absl::IsNotFound(value.status())) {
    return value.status();
  }
  const std::uint64_t size = record.end.tree_size.value;
  for (const Family family : {Family::kEntries, Family::kLeaves}) {
    const std::unique_ptr<rocksdb::Iterator> it(
        database_->db().NewIterator(ReadOptions(), database_->handle(family)));
    it->SeekToLast();
    if (!it->status().ok()) return ToStatus(it->status(), path_);
    const bool agrees = it->Valid()
                            ? size > 0 && DecodeIndexKey(ToView(it->key())) ==
                                              EntryIndex(size - 1)
                            : size == 0;
    if (!agrees) {
      return Damaged(absl::StrCat(
          "it should end with ", size, " entries, but its table of ",
          kFamilyNames[static_cast<std::size_t>(family)], " does not"));
    }
  }
  absl::StatusOr<merkle::Frontier> frontier =
      merkle::Frontier::Load(size, NodesBelow(size));
  if (!frontier.ok()) return frontier.status();
  if (frontier->Root() != record.root) {
    return Damaged("its tree has another root than it had when it was written");
  }
  frontier_ = *std::move(frontier);
  MutexLock lock(&mu_);
  end_ = record.end;
  root_ = record.root;
  return absl::OkStatus();
}

absl::Status EntryLogImpl::CheckTail() const {
  const LogEnd end = this->end();
  const std::uint64_t size = end.tree_size.value;
  if (size == 0) return absl::OkStatus();
  const EntryIndex begin(size - std::min(size, kTailEntries));
  const absl::StatusOr<LeafRecord> first = ReadLeaf(begin);
  if (!first.ok()) return first.status();
  Position next = first->first_position;
  Instant received = first->receive_time;
  Chains chains;
  absl::Status found;
  const absl::Status read = ReadEntries(
      begin, end.tree_size, [&](EntryIndex index, absl::string_view bytes) {
        Hash leaf;
        found = CheckEntry(index, bytes, &next, &received, &chains, &leaf);
        return found.ok();
      });
  if (!read.ok()) return read;
  if (!found.ok()) return found;
  if (next != end.next_position || received != end.last_receive_time) {
    return Damaged("its last entry does not agree with the record of its end");
  }
  const absl::StatusOr<StoredGroup> group = FindGroup(EntryIndex(size - 1));
  if (!group.ok()) return group.status();
  if (group->first_entry.value + group->size != size) {
    return Damaged("its last commit group does not end where the log ends");
  }
  for (const auto& [author, chain] : chains) {
    const std::string what = absl::StrCat("the row of author ", author.Hex());
    absl::StatusOr<std::string> value =
        Get(Family::kAuthors, author.view(), what);
    if (!value.ok()) {
      return absl::IsNotFound(value.status())
                 ? Damaged(absl::StrCat(what, " is missing"))
                 : value.status();
    }
    const std::optional<AuthorState> state =
        DecodeAuthor(author.view(), *value);
    if (!state.has_value() || state->next_sequence != chain.next ||
        state->last_batch_hash != chain.last) {
      return Damaged(absl::StrCat(what, " does not agree with its last batch"));
    }
  }
  return absl::OkStatus();
}

absl::Status EntryLogImpl::CheckEndMark() const {
  const absl::StatusOr<std::optional<EndMark>> mark =
      ReadEndMark(database_->file_system(), path_);
  if (!mark.ok()) return mark.status();
  if (!mark->has_value()) return absl::OkStatus();
  const std::uint64_t size = (*mark)->tree_size.value;
  const LogEnd end = this->end();
  if (end.tree_size.value < size ||
      database_->db().GetLatestSequenceNumber() < (*mark)->write_number) {
    return absl::DataLossError(absl::StrCat(
        "the log at ", path_, " ends with ", end.tree_size.value,
        " entries (write ", database_->db().GetLatestSequenceNumber(),
        "), but ", size, " (write ", (*mark)->write_number,
        ") were durable when ", path_,
        "/END was written: acknowledged data is lost. Keep a copy of the "
        "directory, restore the last backup, and open a new epoch"));
  }
  const absl::StatusOr<Hash> root = merkle::RootAt(size, NodesBelow(size));
  if (!root.ok()) return root.status();
  if (*root != (*mark)->root) {
    return Damaged(absl::StrCat("its first ", size,
                                " entries are not those that ", path_,
                                "/END was written for"));
  }
  return absl::OkStatus();
}

absl::Status EntryLogImpl::CheckEntry(EntryIndex index, absl::string_view bytes,
                                      Position* next_position,
                                      Instant* last_received, Chains* chains,
                                      Hash* leaf_hash) const {
  const auto damaged = [this, index](absl::string_view what) {
    return Damaged(absl::StrCat(EntryName(index), ": ", what));
  };
  const absl::StatusOr<LeafRecord> leaf = ReadLeaf(index);
  if (!leaf.ok()) return leaf.status();
  *leaf_hash = merkle::HashLeaf(bytes);
  if (*leaf_hash != leaf->hash) {
    return damaged("its bytes do not have the hash that the tree holds");
  }
  const absl::StatusOr<EntryView> view = ParseEntry(bytes);
  if (!view.ok()) return damaged(view.status().message());
  const EntryTrailer& trailer = view->trailer;
  if (trailer.first_position != *next_position ||
      trailer.first_position != leaf->first_position) {
    return damaged("it does not continue the positions");
  }
  if (trailer.receive_time < *last_received ||
      trailer.receive_time != leaf->receive_time) {
    return damaged("its receive time is not its leaf's, or goes back");
  }
  v1::Batch batch;
  if (ParseBatch(view->batch, &batch) != BatchFault::kNone ||
      batch.events_size() != trailer.event_count) {
    return damaged("its batch is malformed");
  }
  AuthorId author;
  Hash previous;
  AuthorId::FromBytes(batch.author(), &author);
  Hash::FromBytes(batch.previous_hash(), &previous);
  const Sequence first(batch.first_sequence());
  // The first batch of an author that is seen may follow others: those before
  // the last entries, or those that an earlier epoch lost.
  const auto [chain, inserted] = chains->try_emplace(author);
  if (!inserted &&
      (chain->second.next != first || chain->second.last != previous)) {
    return damaged("it does not continue its author's chain");
  }
  chain->second = {Sequence(first.value + trailer.event_count),
                   BatchHash(view->batch)};
  const std::string name = absl::StrCat("the index of ", EntryName(index));
  absl::StatusOr<std::string> stored =
      Get(Family::kAuthorBatches, AuthorBatchKey(author, first), name);
  if (!stored.ok() && !absl::IsNotFound(stored.status())) {
    return stored.status();
  }
  if (!stored.ok() ||
      *stored != EncodeAuthorBatch({index, trailer.event_count})) {
    return damaged("its author's index does not name it");
  }
  *next_position = trailer.end_position();
  *last_received = trailer.receive_time;
  return absl::OkStatus();
}

absl::Status EntryLogImpl::Check(
    const std::function<void(std::uint64_t)>& progress) const {
  // The end and the root of one moment; what is appended meanwhile is not
  // looked at, and author rows, which move on, are checked only if the log
  // stood still.
  LogEnd end;
  Hash root;
  {
    MutexLock lock(&mu_);
    end = end_;
    root = root_;
  }
  Chains chains;
  absl::Status status = CheckEntries(end, root, progress, &chains);
  if (status.ok()) status = CheckGroups(end.tree_size.value);
  if (status.ok()) status = CheckLocal();
  if (!status.ok() || this->end().tree_size != end.tree_size) return status;
  status = CheckCounts(end.tree_size.value);
  if (status.ok()) status = CheckAuthors(chains);
  if (this->end().tree_size != end.tree_size) return absl::OkStatus();
  return status;
}

absl::Status EntryLogImpl::CheckEntries(
    const LogEnd& end, const Hash& root,
    const std::function<void(std::uint64_t)>& progress, Chains* chains) const {
  Position next(1);
  Instant received(INT64_MIN);
  merkle::Frontier tree;
  absl::Status found;
  const auto check_node = [this, &found](merkle::NodeId node,
                                         const Hash& hash) {
    if (node.level == 0 || node.level % kStoredLevelStep != 0 || !found.ok()) {
      return;
    }
    const std::string what = absl::StrCat("node ", node.index, " of level ",
                                          node.level, " of the tree");
    const absl::StatusOr<std::string> stored =
        Get(Family::kNodes, NodeKey(node), what);
    if (!stored.ok() || absl::string_view(*stored) != hash.view()) {
      found = Damaged(what);
    }
  };
  const absl::Status read = ReadEntries(
      EntryIndex(0), end.tree_size,
      [&](EntryIndex index, absl::string_view bytes) {
        Hash leaf;
        found = CheckEntry(index, bytes, &next, &received, chains, &leaf);
        if (!found.ok()) return false;
        tree.Append(leaf, check_node);
        if (progress && tree.size() % 1024 == 0) {
          progress(tree.size());
        }
        return found.ok();
      });
  if (!read.ok()) return read;
  if (!found.ok()) return found;
  if (next != end.next_position || tree.Root() != root) {
    return Damaged("its entries do not have the root that was stored");
  }
  if (progress) progress(tree.size());
  return absl::OkStatus();
}

absl::Status EntryLogImpl::CheckAuthors(const Chains& chains) const {
  std::uint64_t with_batches = 0;
  absl::Status found;
  const absl::Status read =
      ReadAuthors([&](const AuthorId& author, const AuthorState& state) {
        if (!found.ok()) return;
        const std::string what =
            absl::StrCat("the row of author ", author.Hex());
        if (state.key.author() != author) {
          found = Damaged(absl::StrCat(what, " holds another author's key"));
        }
        const auto chain = chains.find(author);
        if (chain == chains.end()) return;
        ++with_batches;
        if (chain->second.next != state.next_sequence ||
            chain->second.last != state.last_batch_hash) {
          found = Damaged(absl::StrCat(what, " does not end its chain"));
        }
      });
  if (!read.ok()) return read;
  if (!found.ok()) return found;
  if (with_batches != chains.size()) {
    return Damaged("an author that has entries has no row");
  }
  return absl::OkStatus();
}

absl::Status EntryLogImpl::CheckGroups(std::uint64_t tree_size) const {
  const std::unique_ptr<rocksdb::Iterator> it(database_->db().NewIterator(
      ReadOptions(), database_->handle(Family::kGroups)));
  std::uint64_t next = 0;
  for (it->SeekToFirst(); it->Valid() && next < tree_size; it->Next()) {
    const std::optional<StoredGroup> group =
        DecodeGroup(ToView(it->key()), ToView(it->value()));
    if (!group.has_value() || group->first_entry.value != next) break;
    next += group->size;
  }
  if (!it->status().ok()) return ToStatus(it->status(), path_);
  if (next != tree_size) {
    return Damaged(absl::StrCat("the commit group of entry ", next));
  }
  return absl::OkStatus();
}

absl::Status EntryLogImpl::CheckLocal() const {
  return ScanLocal("",
                   [](absl::string_view, absl::string_view) { return true; });
}

absl::Status EntryLogImpl::CheckCounts(std::uint64_t tree_size) const {
  const auto count = [this](Family family) {
    const std::unique_ptr<rocksdb::Iterator> it(
        database_->db().NewIterator(ReadOptions(), database_->handle(family)));
    std::uint64_t records = 0;
    for (it->SeekToFirst(); it->Valid(); it->Next()) ++records;
    return it->status().ok() ? records : UINT64_MAX;
  };
  std::uint64_t nodes = 0;
  for (int level = kStoredLevelStep; level < 64; level += kStoredLevelStep) {
    nodes += tree_size >> level;
  }
  if (count(Family::kEntries) != tree_size ||
      count(Family::kLeaves) != tree_size ||
      count(Family::kAuthorBatches) != tree_size ||
      count(Family::kNodes) != nodes) {
    return Damaged("a table holds a record that belongs to no entry");
  }
  const std::unique_ptr<rocksdb::Iterator> groups(database_->db().NewIterator(
      ReadOptions(), database_->handle(Family::kGroups)));
  groups->SeekToLast();
  if (groups->Valid() &&
      DecodeIndexKey(ToView(groups->key())).value_or(EntryIndex(tree_size)) >=
          EntryIndex(tree_size)) {
    return Damaged("a commit group stands behind its end");
  }
  return absl::OkStatus();
}

}  // namespace thon
