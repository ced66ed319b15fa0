// Goal: an auditor gets exactly the entries asked for, as they are hashed, in
// order, once each, also over restarts; and says so in the log by reading.
// Method: a real server with TLS over a random history; each answer is compared
// with a plain reading of the log on disk.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "server/core/limits.h"
#include "tests/unit/rpc/audit_fixture.h"

namespace thon::testing {
namespace {

using grpc::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AuditEntriesTest : public AuditTest {
 protected:
  void SetUp() override {
    AuditTest::SetUp();
    MakeHistory(60);
    plain_ = ReadPlainly();
  }

  void ExpectSame(const StreamedEntries& streamed,
                  const std::vector<const PlainEntry*>& wanted) {
    ASSERT_TRUE(streamed.status.ok()) << streamed.status.error_message();
    ASSERT_EQ(streamed.entries.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_EQ(streamed.entries[i].entry_index(), wanted[i]->index);
      EXPECT_EQ(streamed.entries[i].leaf(), wanted[i]->leaf);
    }
  }

  std::vector<const PlainEntry*> Plain(std::uint64_t first, std::uint64_t end) {
    std::vector<const PlainEntry*> entries;
    for (std::uint64_t i = first; i < end; ++i) entries.push_back(&plain_[i]);
    return entries;
  }

  std::vector<PlainEntry> plain_;
};

TEST_F(AuditEntriesTest, AnyRangeOfEntriesOrPositionsIsTheLogsOwnBytes) {
  const std::uint64_t size = plain_.size();
  for (int round = 0; round < 40; ++round) {
    std::uint64_t first = random_() % size;
    std::uint64_t end = 1 + random_() % size;
    if (first >= end) std::swap(first, end);
    if (first == end) continue;
    v1::StreamEntriesRequest request;
    const auto inside = [&](std::uint64_t entry) {
      const EntryTrailer& trailer = plain_[entry].trailer;
      return trailer.first_position.value + random_() % trailer.event_count;
    };
    if (random_() % 2 == 0) {
      request.set_first_entry(first);
    } else {
      request.set_first_position(inside(first));
    }
    if (random_() % 2 == 0 || end == size) {
      request.set_end_entry(end);
    } else {
      request.set_end_position(inside(end));
    }
    SCOPED_TRACE(request.ShortDebugString());
    const StreamedEntries streamed = Stream(request);
    ExpectSame(streamed, Plain(first, end));
    EXPECT_EQ(streamed.next_entry, end);
  }
}

TEST_F(AuditEntriesTest, FiltersGiveWhatAPlainReadingGives) {
  std::set<std::string> authors;
  std::set<std::string> kinds;
  for (const PlainEntry& entry : plain_) {
    authors.insert(entry.batch.author());
    for (const v1::Event& event : entry.batch.events()) {
      kinds.insert(KindOf(event));
    }
  }
  authors.insert(std::string(16, 'x'));  // Nobody.
  kinds.insert("payment_recorded");      // Never.
  const auto pick = [&](const std::set<std::string>& from) {
    return *std::next(from.begin(),
                      static_cast<std::ptrdiff_t>(random_() % from.size()));
  };
  for (int round = 0; round < 80; ++round) {
    v1::StreamEntriesRequest request;
    for (std::uint64_t n = random_() % 3; n-- > 0;) {
      request.add_team_ids(1 + random_() % 4);
    }
    for (std::uint64_t n = random_() % 3; n-- > 0;) {
      request.add_authors(pick(authors));
    }
    for (std::uint64_t n = random_() % 3; n-- > 0;) {
      request.add_kinds(pick(kinds));
    }
    request.set_first_entry(random_() % plain_.size());
    request.set_end_entry(plain_.size());
    SCOPED_TRACE(request.ShortDebugString());
    std::vector<const PlainEntry*> wanted;
    for (const PlainEntry* entry :
         Plain(request.first_entry(), plain_.size())) {
      bool team = request.team_ids().empty();
      bool kind = request.kinds().empty();
      for (const v1::Event& event : entry->batch.events()) {
        team = team || std::count(request.team_ids().begin(),
                                  request.team_ids().end(), event.team_id());
        kind = kind || std::count(request.kinds().begin(),
                                  request.kinds().end(), KindOf(event));
      }
      const bool author =
          request.authors().empty() ||
          std::count(request.authors().begin(), request.authors().end(),
                     entry->batch.author());
      if (team && kind && author) wanted.push_back(entry);
    }
    const StreamedEntries streamed = Stream(request);
    ExpectSame(streamed, wanted);
    EXPECT_EQ(streamed.next_entry, plain_.size())
        << "what was looked at is said also where nothing matched";
  }
}

TEST_F(AuditEntriesTest, AnOldRequestWithoutAnEndReadsToTheEndOfTheCall) {
  const StreamedEntries streamed = Stream(v1::StreamEntriesRequest());
  ASSERT_TRUE(streamed.status.ok());
  ASSERT_GE(streamed.entries.size(), plain_.size());
  for (std::size_t i = 0; i < plain_.size(); ++i) {
    EXPECT_EQ(streamed.entries[i].leaf(), plain_[i].leaf);
  }
}

TEST_F(AuditEntriesTest, AFollowingThatGoesOnOverRestartsHasNoGapAndNoRepeat) {
  v1::StreamEntriesRequest request;
  request.set_follow(true);
  const bool filtered = random_() % 2 == 0;
  if (filtered) {
    request.add_authors(std::string(phones_[0].author().view()));
    request.add_authors(std::string(phones_[1].author().view()));
  }
  std::vector<v1::Entry> heard;
  for (int life = 0; life < 4; ++life) {
    grpc::ClientContext* const context = AsOperator();
    const auto stream = audit_->StreamEntries(context, request);
    std::thread recorder([this] {
      for (int i = 0; i < 8; ++i) RecordSomething();
      Record(&phones_[0], 1);  // So that there is always something to hear.
    });
    v1::StreamEntriesResponse response;
    // Now and then it leaves in the middle, else when all was heard.
    const std::size_t leave_at =
        random_() % 2 == 0 ? heard.size() + 1 + random_() % 5 : SIZE_MAX;
    recorder.join();
    const std::uint64_t size = province_.engine().log().end().tree_size.value;
    while (heard.size() < leave_at && request.first_entry() < size &&
           stream->Read(&response)) {
      for (const v1::Entry& entry : response.entries()) heard.push_back(entry);
      request.set_first_entry(response.next_entry());
    }
    context->TryCancel();
    while (stream->Read(&response)) {
    }
    stream->Finish();
    server_->Stop(1);
    server_.reset();
    province_.Restart();
    StartServer();
  }
  request.set_follow(false);
  const StreamedEntries rest = Stream(request);
  ASSERT_TRUE(rest.status.ok()) << rest.status.error_message();
  heard.insert(heard.end(), rest.entries.begin(), rest.entries.end());

  // What was looked at, also if nothing was left for the last call.
  const std::uint64_t end = std::max(rest.next_entry, request.first_entry());

  plain_ = ReadPlainly();
  std::vector<const PlainEntry*> wanted;
  for (const PlainEntry& entry : plain_) {
    if (entry.index >= end) break;
    const bool author = entry.batch.author() == phones_[0].author().view() ||
                        entry.batch.author() == phones_[1].author().view();
    if (!filtered || author) wanted.push_back(&entry);
  }
  ASSERT_EQ(heard.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    ASSERT_EQ(heard[i].entry_index(), wanted[i]->index);
    ASSERT_EQ(heard[i].leaf(), wanted[i]->leaf);
  }
}

TEST_F(AuditEntriesTest, WhatIsRecordedReachesAFollowerWithoutAPoll) {
  v1::StreamEntriesRequest request;
  request.set_follow(true);
  request.add_kinds("outreach_session");
  request.set_first_entry(plain_.size());
  grpc::ClientContext* const context = AsOperator();
  const auto stream = audit_->StreamEntries(context, request);
  v1::StreamEntriesResponse response;
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t position = Record(&phones_[0], 1);
    do {
      ASSERT_TRUE(stream->Read(&response));
    } while (response.entries().empty());
    ASSERT_EQ(response.entries_size(), 1);
    const auto view = ParseEntry(response.entries(0).leaf());
    ASSERT_THAT(view, IsOk());
    EXPECT_EQ(view->trailer.last_position().value, position);
  }
  context->TryCancel();
}

TEST_F(AuditEntriesTest, ASilentFollowerHearsHowFarTheServerLooked) {
  v1::StreamEntriesRequest request;
  request.set_follow(true);
  request.add_kinds("payment_recorded");
  grpc::ClientContext* const context = AsOperator();
  const auto stream = audit_->StreamEntries(context, request);
  const auto begun = std::chrono::steady_clock::now();
  v1::StreamEntriesResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_TRUE(response.entries().empty());
  EXPECT_GE(response.next_entry(), plain_.size());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60));
  context->TryCancel();
}

TEST_F(AuditEntriesTest, ReadingIsRecordedOnceADayWithItsFilterAndNoSecret) {
  const std::string reader = OfficerToken(50, v1::ROLE_READER, 0);
  v1::StreamEntriesRequest request;
  request.add_team_ids(2);
  request.add_team_ids(1);
  request.add_kinds("outreach_session");
  request.set_first_entry(3);
  request.set_end_entry(9);
  ASSERT_TRUE(Stream(request, reader).status.ok());
  ASSERT_TRUE(Stream(request, reader).status.ok());
  v1::ListAuthorBatchesRequest chain;
  chain.set_author(std::string(phones_[0].author().view()));
  v1::ListAuthorBatchesResponse batches;
  ASSERT_TRUE(audit_->ListAuthorBatches(As(reader), chain, &batches).ok());
  // Recorded without the caller's waiting; so wait for it by following.
  v1::StreamEntriesRequest follow;
  follow.set_follow(true);
  follow.add_kinds("access_recorded");
  grpc::ClientContext* const context = AsOperator();
  const auto stream = audit_->StreamEntries(context, follow);
  std::vector<v1::AccessRecorded> accesses;
  v1::StreamEntriesResponse response;
  while (accesses.size() < 2 && stream->Read(&response)) {
    for (const v1::Entry& entry : response.entries()) {
      v1::Batch batch;
      ASSERT_EQ(ParseBatch(ParseEntry(entry.leaf())->batch, &batch),
                BatchFault::kNone);
      for (const v1::Event& event : batch.events()) {
        if (event.access_recorded().officer_id() == 50) {
          accesses.push_back(event.access_recorded());
        }
      }
    }
  }
  context->TryCancel();
  ASSERT_EQ(accesses.size(), 2u);
  EXPECT_EQ(accesses[0].kind(), v1::ACCESS_KIND_ENTRIES);
  EXPECT_EQ(accesses[0].filter(), "kinds=outreach_session teams=1,2");
  EXPECT_EQ(accesses[0].first_position(),
            plain_[3].trailer.first_position.value);
  EXPECT_EQ(accesses[0].last_position(),
            plain_[8].trailer.last_position().value);
  EXPECT_EQ(accesses[1].kind(), v1::ACCESS_KIND_AUTHOR);
  EXPECT_EQ(accesses[1].filter(), "author=" + phones_[0].author().Hex());
  for (const PlainEntry& entry : ReadPlainly()) {
    EXPECT_EQ(entry.leaf.find(reader), std::string::npos);
  }
}

TEST_F(AuditEntriesTest, AFilterOfManyAuthorsIsRecordedWithinItsBound) {
  v1::StreamEntriesRequest request;
  for (std::size_t i = 0; i < limits::kAuditFilterValuesMax; ++i) {
    request.add_authors(std::string(16, static_cast<char>('A' + i)));
  }
  request.set_follow(true);
  request.add_kinds("access_recorded");
  ASSERT_TRUE([&] {
    v1::StreamEntriesRequest whole = request;
    whole.set_follow(false);
    whole.set_end_entry(plain_.size());
    return Stream(whole).status.ok();
  }());
  v1::StreamEntriesRequest follow;
  follow.set_follow(true);
  follow.add_kinds("access_recorded");
  grpc::ClientContext* const context = AsOperator();
  const auto stream = audit_->StreamEntries(context, follow);
  v1::StreamEntriesResponse response;
  std::string filter;
  while (filter.find("sha256=") == std::string::npos &&
         stream->Read(&response)) {
    for (const v1::Entry& entry : response.entries()) {
      v1::Batch batch;
      ParseBatch(ParseEntry(entry.leaf())->batch, &batch);
      for (const v1::Event& event : batch.events()) {
        if (!event.access_recorded().filter().empty()) {
          filter = event.access_recorded().filter();
        }
      }
    }
  }
  context->TryCancel();
  EXPECT_LE(filter.size(), limits::kAccessFilterBytesMax);
  EXPECT_THAT(filter, HasSubstr("authors=4141"));
  EXPECT_THAT(filter, HasSubstr("... sha256="));
}

}  // namespace
}  // namespace thon::testing
