#include "tests/unit/storage/log_builder.h"

#include <unistd.h>

#include <filesystem>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/core/batch.h"
#include "server/core/check.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/log.pb.h"

namespace thon {
namespace {

template <typename T>
T RandomBytes(std::mt19937_64& random) {
  T out;
  for (std::uint8_t& byte : out.bytes) byte = random() & 0xff;
  return out;
}

}  // namespace

LogBuilder::LogBuilder(std::uint64_t seed, std::size_t authors)
    : random_(seed) {
  for (std::size_t i = 0; i < authors; ++i) {
    Author author;
    author.state.key = RandomBytes<PublicKey>(random_);
    author.id = author.state.key.author();
    author.state.server = i == 0;
    authors_.push_back(author);
  }
}

std::string LogBuilder::NextBatch(Author* author, std::size_t bytes,
                                  std::uint16_t* events) {
  v1::Batch batch;
  batch.set_author(std::string(author->id.view()));
  AuthorState& state = author->state;
  batch.set_first_sequence(state.next_sequence.value);
  if (state.next_sequence.value > 1) {
    batch.set_previous_hash(std::string(state.last_batch_hash.view()));
  }
  *events = static_cast<std::uint16_t>(1 + random_() % 5);
  for (std::uint16_t i = 0; i < *events; ++i) {
    v1::Event* event = batch.add_events();
    event->set_sequence(state.next_sequence.value + i);
    std::string text(bytes / *events, 'x');
    for (char& c : text) c = static_cast<char>('a' + random_() % 26);
    event->set_source_system(text);
  }
  const std::string out = batch.SerializeAsString();
  state.next_sequence = Sequence(state.next_sequence.value + *events);
  state.last_batch_hash = BatchHash(out);
  return out;
}

NewGroup LogBuilder::Next(std::size_t entries, std::size_t batch_bytes) {
  NewGroup group;
  group.origin = "thon.test/1";
  group.signature = RandomBytes<Signature>(random_);
  group_starts_.push_back(entries_.size());
  std::map<AuthorId, AuthorState> changed;
  for (std::size_t i = 0; i < entries; ++i) {
    Author& author = authors_[random_() % authors_.size()];
    NewEntry entry;
    entry.author = author.id;
    entry.first_sequence = author.state.next_sequence;
    EntryTrailer trailer;
    const std::string batch =
        NextBatch(&author, batch_bytes, &trailer.event_count);
    trailer.signature = RandomBytes<Signature>(random_);
    trailer.first_position = end_.next_position;
    trailer.receive_time =
        Instant(end_.last_receive_time.ms +
                static_cast<std::int64_t>(random_() % 3) * 1000);
    entry.bytes = EncodeEntry(batch, trailer);
    entry.leaf_hash = LeafHash(batch, trailer);
    end_.tree_size = end_.tree_size.Next();
    end_.next_position = trailer.end_position();
    end_.last_receive_time = trailer.receive_time;
    frontier_.Append(entry.leaf_hash);
    entries_.push_back(entry.bytes);
    changed[author.id] = author.state;
    group.entries.push_back(std::move(entry));
  }
  group.authors.assign(changed.begin(), changed.end());
  return group;
}

std::string LogBuilder::DifferenceFrom(const EntryLog& log) const {
  if (log.end().tree_size.value != size()) {
    return absl::StrCat("the log has ", log.end().tree_size.value,
                        " entries, not ", size());
  }
  if (log.end().next_position != end_.next_position ||
      log.end().last_receive_time != end_.last_receive_time) {
    return "the log's end has other counters";
  }
  if (log.root() != root()) return "the log has another root";
  std::string difference;
  std::uint64_t seen = 0;
  const absl::Status read = log.ReadEntries(
      EntryIndex(0), EntryIndex(size()),
      [&](EntryIndex index, absl::string_view bytes) {
        if (absl::string_view(entries_[index.value]) != bytes) {
          difference = absl::StrCat("entry ", index.value, " has other bytes");
        }
        ++seen;
        return difference.empty();
      });
  if (!read.ok()) return read.ToString();
  if (!difference.empty()) return difference;
  if (seen != size()) return "an entry is missing";
  std::map<AuthorId, AuthorState> rows;
  const absl::Status authors = log.ReadAuthors(
      [&rows](const AuthorId& author, const AuthorState& state) {
        rows[author] = state;
      });
  if (!authors.ok()) return authors.ToString();
  for (const Author& author : authors_) {
    const bool expected = author.state.next_sequence.value > 1;
    if (expected != (rows.count(author.id) > 0) ||
        (expected && rows[author.id] != author.state)) {
      return absl::StrCat("author ", author.id.Hex(), " has another row");
    }
  }
  return "";
}

TemporaryDirectory::TemporaryDirectory(absl::string_view name)
    : path_(absl::StrCat(::testing::TempDir(), "/thon_", name, "_", getpid())) {
  std::filesystem::remove_all(path_);
  std::filesystem::create_directories(path_);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::filesystem::remove_all(path_);
}

std::string TemporaryDirectory::Sub(absl::string_view name) const {
  return absl::StrCat(path_, "/", name);
}

StorageOptions SmallOptions(const std::string& directory) {
  StorageOptions options;
  options.directory = directory;
  options.write_buffer_bytes = 1 << 20;
  options.block_cache_bytes = 1 << 20;
  return options;
}

}  // namespace thon
