// Goal: the entry log gives back what was appended, by index, position, author
// and time, and refuses what it must refuse. Method: a log beside its model.
#include "server/storage/entry_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "server/core/receipt.h"
#include "server/storage/backup.h"
#include "tests/support/crashable_file_system.h"
#include "tests/support/log_surgeon.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/storage/log_builder.h"

namespace thon {
namespace {

using absl::StatusCode;
using ::testing::AllOf;
using ::testing::HasSubstr;

class EntryLogTest : public ::testing::Test {
 protected:
  void Open() {
    log_.reset();
    absl::StatusOr<std::unique_ptr<EntryLog>> log = EntryLog::Open(options_);
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }
  void Append(std::size_t entries, std::size_t bytes = 300) {
    ASSERT_THAT(log_->Append(model_.Next(entries, bytes)), IsOk());
  }

  TemporaryDirectory directory_{"entry_log"};
  StorageOptions options_ = SmallOptions(directory_.Sub("data"));
  LogBuilder model_{TestSeed()};
  std::unique_ptr<EntryLog> log_;
};

TEST_F(EntryLogTest, NewLogIsEmpty) {
  Open();
  EXPECT_EQ(log_->end().tree_size, EntryIndex(0));
  EXPECT_EQ(log_->end().next_position, Position(1));
  EXPECT_EQ(log_->root(), merkle::EmptyRoot());
  EXPECT_THAT(log_->ReadEntry(EntryIndex(0)), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(log_->FindPosition(Position(1)), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(log_->FindReceived(Instant(1)), IsOkAndHolds(std::nullopt));
  EXPECT_THAT(log_->Check(nullptr), IsOk());
}

TEST_F(EntryLogTest, HoldsWhatWasAppendedBeforeAndAfterARestart) {
  Open();
  for (const std::size_t entries : {1, 2, 256, 3, 40}) Append(entries);
  EXPECT_EQ(model_.DifferenceFrom(*log_), "");
  Open();
  EXPECT_EQ(model_.DifferenceFrom(*log_), "");
  Append(5);
  Open();
  EXPECT_EQ(model_.DifferenceFrom(*log_), "");
  EXPECT_THAT(log_->Check(nullptr), IsOk());
}

TEST_F(EntryLogTest, HoldsWhatOutgrowsItsWriteBuffers) {
  Open();
  for (int i = 0; i < 12; ++i) Append(64, 12'000);
  EXPECT_EQ(model_.DifferenceFrom(*log_), "");
  EXPECT_THAT(log_->CompactedBytes(), IsOk());
  Open();
  EXPECT_EQ(model_.DifferenceFrom(*log_), "");
  std::uint64_t checked = 0;
  EXPECT_THAT(log_->Check([&checked](std::uint64_t done) { checked = done; }),
              IsOk());
  EXPECT_EQ(checked, model_.size());
}

TEST_F(EntryLogTest, ReadStopsWhenTheVisitorSaysSo) {
  Open();
  Append(10);
  std::vector<std::uint64_t> seen;
  EXPECT_THAT(log_->ReadEntries(EntryIndex(3), EntryIndex(100),
                                [&seen](EntryIndex index, absl::string_view) {
                                  seen.push_back(index.value);
                                  return seen.size() < 3;
                                }),
              IsOk());
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{3, 4, 5}));
}

TEST_F(EntryLogTest, FindsEveryPositionAndReceiveTime) {
  Open();
  for (int i = 0; i < 20; ++i) Append(7);
  std::map<std::int64_t, std::uint64_t> last_at;
  for (std::uint64_t i = 0; i < model_.size(); ++i) {
    ASSERT_OK_AND_ASSIGN(const EntryView view, ParseEntry(model_.entries()[i]));
    for (std::uint64_t p = view.trailer.first_position.value;
         p <= view.trailer.last_position().value; ++p) {
      EXPECT_THAT(log_->FindPosition(Position(p)), IsOkAndHolds(EntryIndex(i)));
    }
    last_at[view.trailer.receive_time.ms] = i;
  }
  EXPECT_THAT(log_->FindPosition(Position(0)), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(log_->FindPosition(log_->end().next_position),
              StatusIs(StatusCode::kNotFound));
  for (std::int64_t t = -1; t <= log_->end().last_receive_time.ms + 1000;
       t += 500) {
    const auto behind = last_at.upper_bound(t);
    const std::optional<EntryIndex> expected =
        behind == last_at.begin()
            ? std::nullopt
            : std::optional(EntryIndex(std::prev(behind)->second));
    EXPECT_THAT(log_->FindReceived(Instant(t)), IsOkAndHolds(expected)) << t;
  }
}

TEST_F(EntryLogTest, FindsEveryEventOfAnAuthorAndNoOther) {
  Open();
  std::map<std::pair<AuthorId, std::uint64_t>, std::uint64_t> entry_of;
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t start = model_.size();
    const NewGroup group = model_.Next(5);
    ASSERT_THAT(log_->Append(group), IsOk());
    for (std::size_t e = 0; e < group.entries.size(); ++e) {
      ASSERT_OK_AND_ASSIGN(const EntryView view,
                           ParseEntry(group.entries[e].bytes));
      for (std::uint64_t k = 0; k < view.trailer.event_count; ++k) {
        entry_of[{group.entries[e].author,
                  group.entries[e].first_sequence.value + k}] = start + e;
      }
    }
  }
  for (const auto& [event, entry] : entry_of) {
    EXPECT_THAT(log_->FindEvent(event.first, Sequence(event.second)),
                IsOkAndHolds(EntryIndex(entry)));
  }
  for (const LogBuilder::Author& author : model_.authors()) {
    EXPECT_THAT(log_->FindEvent(author.id, author.state.next_sequence),
                StatusIs(StatusCode::kNotFound));
    EXPECT_THAT(log_->FindEvent(author.id, Sequence(0)),
                StatusIs(StatusCode::kNotFound));
  }
  EXPECT_THAT(log_->FindEvent(AuthorId{}, Sequence(1)),
              StatusIs(StatusCode::kNotFound));
}

TEST_F(EntryLogTest, FindsTheCommitGroupOfEveryEntry) {
  Open();
  for (const std::size_t entries : {1, 5, 256, 2}) Append(entries);
  std::vector<std::uint64_t> starts = model_.group_starts();
  starts.push_back(model_.size());
  for (std::size_t g = 0; g + 1 < starts.size(); ++g) {
    for (std::uint64_t i = starts[g]; i < starts[g + 1]; ++i) {
      ASSERT_OK_AND_ASSIGN(const EntryLog::StoredGroup group,
                           log_->FindGroup(EntryIndex(i)));
      EXPECT_EQ(group.first_entry.value, starts[g]);
      EXPECT_EQ(group.size, starts[g + 1] - starts[g]);
      EXPECT_EQ(group.origin, "thon.test/1");
    }
  }
  EXPECT_THAT(log_->FindGroup(EntryIndex(model_.size())),
              StatusIs(StatusCode::kNotFound));
}

// Nodes of levels that are not stored are computed from those that are.
TEST_F(EntryLogTest, GivesEveryNodeOfTheTree) {
  Open();
  for (int i = 0; i < 3; ++i) Append(200, 20);
  ASSERT_OK_AND_ASSIGN(
      const std::vector<Hash> leaves,
      log_->LeafHashes(EntryIndex(0), EntryIndex(model_.size())));
  const absl::Span<const Hash> all(leaves);
  for (int level = 0; level <= 9; ++level) {
    const std::uint64_t width = std::uint64_t{1} << level;
    for (std::uint64_t i = 0; (i + 1) * width <= leaves.size(); ++i) {
      EXPECT_THAT(log_->Node({level, i}),
                  IsOkAndHolds(merkle::RootOf(all.subspan(i * width, width))));
    }
    EXPECT_THAT(log_->Node({level, leaves.size() / width}),
                StatusIs(StatusCode::kNotFound));
  }
  const merkle::NodeReader read = [this](merkle::NodeId node) {
    return log_->Node(node);
  };
  for (const std::uint64_t index : {0, 255, 256, 599}) {
    ASSERT_OK_AND_ASSIGN(const std::vector<Hash> proof,
                         merkle::InclusionProof(index, leaves.size(), read));
    EXPECT_THAT(merkle::RootFromInclusionProof(leaves[index], index,
                                               leaves.size(), proof),
                IsOkAndHolds(log_->root()));
  }
  EXPECT_THAT(log_->LeafHashes(EntryIndex(599), EntryIndex(601)),
              StatusIs(StatusCode::kNotFound));
}

TEST_F(EntryLogTest, AuthorRowsKeepEveryField) {
  Open();
  NewGroup group = model_.Next(1);
  AuthorState state;
  state.key = PublicKey{{1, 2, 3}};
  state.next_sequence = Sequence(77);
  state.last_batch_hash = Hash{{4, 5}};
  state.server = true;
  state.revoked = true;
  state.quota_day = -19'675;
  state.quota_used = 63;
  state.fork_year = 2023;
  state.forks_recorded = 8;
  state.forks_seen = 1'000'000'007;
  group.authors.emplace_back(state.key.author(), state);
  ASSERT_THAT(log_->Append(group), IsOk());
  Open();
  std::optional<AuthorState> found;
  EXPECT_THAT(
      log_->ReadAuthors([&](const AuthorId& author, const AuthorState& row) {
        if (author == state.key.author()) found = row;
      }),
      IsOk());
  EXPECT_EQ(found, state);
}

TEST_F(EntryLogTest, KeepsLocalFacts) {
  Open();
  EXPECT_THAT(log_->PutLocal("token/a", "1"), IsOk());
  EXPECT_THAT(log_->PutLocal("token/b", std::string("\0two", 4)), IsOk());
  EXPECT_THAT(log_->PutLocal("stop", ""), IsOk());
  EXPECT_THAT(log_->PutLocal("token/a", "3"), IsOk());
  EXPECT_THAT(log_->DeleteLocal("stop"), IsOk());
  Open();
  EXPECT_THAT(log_->GetLocal("token/a"), IsOkAndHolds(std::string("3")));
  EXPECT_THAT(log_->GetLocal("stop"), StatusIs(StatusCode::kNotFound));
  std::map<std::string, std::string> found;
  EXPECT_THAT(
      log_->ScanLocal("token/",
                      [&found](absl::string_view key, absl::string_view value) {
                        found[std::string(key)] = std::string(value);
                        return true;
                      }),
      IsOk());
  EXPECT_EQ(found,
            (std::map<std::string, std::string>{
                {"token/a", "3"}, {"token/b", std::string("\0two", 4)}}));
}

TEST_F(EntryLogTest, DirectoryInUseIsRefused) {
  Open();
  EXPECT_THAT(
      EntryLog::Open(options_),
      StatusIs(StatusCode::kFailedPrecondition,
               AllOf(HasSubstr(options_.directory), HasSubstr("is in use"))));
  Append(1);
  Open();  // And free again afterwards.
  EXPECT_EQ(model_.DifferenceFrom(*log_), "");
}

TEST_F(EntryLogTest, DirectoryThatCannotBeMadeIsUnavailable) {
  options_.directory = directory_.Sub("no/such/parent");
  EXPECT_THAT(EntryLog::Open(options_), StatusIs(StatusCode::kUnavailable));
}

TEST_F(EntryLogTest, NewerVersionIsRefused) {
  Open();
  Append(3);
  log_.reset();
  const testing::LogSurgeon surgeon(directory_.Sub("data/log"));
  const std::string format = surgeon.Get("default", "format");
  // 2, sealed: the first bytes of SHA-256("format" || 00000002).
  const Hash seal = Sha256Of(absl::string_view("format\0\0\0\2", 10));
  surgeon.Put(
      "default", "format",
      std::string("\0\0\0\2", 4) + std::string(seal.view().substr(0, 4)));
  EXPECT_THAT(EntryLog::Open(options_),
              StatusIs(StatusCode::kFailedPrecondition, "has format 2"));
  surgeon.Put("default", "format", format);
  Open();
  log_.reset();
  surgeon.AddFamily("holograms");
  EXPECT_THAT(EntryLog::Open(options_),
              StatusIs(StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("holograms"), HasSubstr("newer"))));
}

TEST_F(EntryLogTest, OneAppendIsOneSync) {
  const auto fs = std::make_shared<testing::CrashableFileSystem>();
  options_.file_system = fs;
  Open();
  Append(1);
  const std::uint64_t before = fs->SyncsOf(".log");
  for (int i = 0; i < 10; ++i) Append(100);
  EXPECT_EQ(fs->SyncsOf(".log") - before, 10u);
}

// Nothing is durable, and nothing may be shown, before the sync returns.
TEST_F(EntryLogTest, WhatIsNotSyncedYetIsNotShown) {
  const auto fs = std::make_shared<testing::CrashableFileSystem>();
  options_.file_system = fs;
  Open();
  Append(2);
  const LogEnd before = log_->end();
  const NewGroup group = model_.Next(1);
  bool looked = false;
  fs->SetBeforeSync([&](const std::string& path) {
    if (path.ends_with("END.new")) return;
    looked = true;
    EXPECT_EQ(log_->end().tree_size, before.tree_size);
    EXPECT_THAT(log_->ReadEntry(before.tree_size),
                StatusIs(StatusCode::kNotFound));
    EXPECT_THAT(log_->FindEvent(group.entries[0].author,
                                group.entries[0].first_sequence),
                StatusIs(StatusCode::kNotFound));
  });
  EXPECT_THAT(log_->Append(group), IsOk());
  fs->SetBeforeSync(nullptr);
  EXPECT_TRUE(looked);
  EXPECT_EQ(model_.DifferenceFrom(*log_), "");
}

TEST_F(EntryLogTest, FailedSyncIsFinal) {
  const auto fs = std::make_shared<testing::CrashableFileSystem>();
  options_.file_system = fs;
  Open();
  Append(2);
  const LogBuilder acknowledged = model_;
  fs->FailSyncsOf(".log");
  const absl::Status first = log_->Append(model_.Next(1));
  EXPECT_THAT(first, StatusIs(StatusCode::kUnavailable, "takes nothing more"));
  fs->FailSyncsOf("");
  model_ = acknowledged;
  EXPECT_EQ(log_->Append(model_.Next(1)), first);
  EXPECT_EQ(log_->PutLocal("a", "b"), first);
  // What was acknowledged can still be read.
  EXPECT_EQ(acknowledged.DifferenceFrom(*log_), "");
}

}  // namespace
}  // namespace thon
