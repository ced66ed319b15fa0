// A province with a history worth auditing, behind a real server, and the log
// as it lies on disk to compare with.
#ifndef THON_TESTS_UNIT_RPC_AUDIT_FIXTURE_H_
#define THON_TESTS_UNIT_RPC_AUDIT_FIXTURE_H_

#include <random>
#include <set>
#include <string>
#include <vector>

#include "server/core/batch.h"
#include "server/engine/engine.h"
#include "tests/support/seed.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace thon::testing {

// An entry as a plain reading of the log gives it.
struct PlainEntry {
  std::uint64_t index = 0;
  std::string leaf;
  EntryTrailer trailer;
  v1::Batch batch;
};

// What a stream of entries gave, and how it ended.
struct StreamedEntries {
  std::vector<v1::Entry> entries;
  std::uint64_t next_entry = 0;
  int responses = 0;
  grpc::Status status;
};

class AuditTest : public RpcTest {
 protected:
  // Phones of all teams record batches of random sizes while officers act and
  // days pass.
  void MakeHistory(int rounds) {
    if (phones_.empty()) province_.AdvanceTo("2023-06-01T10:00:00+07:00");
    while (phones_.size() < Province::kTeams) {
      const std::uint64_t team = phones_.size() + 1;
      phones_.push_back(EnrolledPhone(100 + team, team));
    }
    for (int i = 0; i < rounds; ++i) RecordSomething();
    AwaitAllRows();
  }

  void RecordSomething() {
    if (random_() % 6 == 0) {
      province_.AdvanceTo(
          Instant(province_.engine().status().server_time.ms + 3'600'000));
      const std::uint64_t team = 1 + random_() % Province::kTeams;
      province_.CodeFor(TeamId(team), MemberId(10 * team + 1));
      return;
    }
    TestPhone& phone = phones_[random_() % phones_.size()];
    Record(&phone, static_cast<int>(1 + random_() % 5));
  }

  Position LastPosition() {
    return Position(province_.engine().log().end().next_position.value - 1);
  }
  void AwaitAllRows() {
    ASSERT_THAT(province_.engine().AwaitRows(LastPosition(), 60'000), IsOk());
  }

  std::vector<PlainEntry> ReadPlainly() {
    std::vector<PlainEntry> entries;
    const EntryLog& log = province_.engine().log();
    EXPECT_THAT(log.ReadEntries(EntryIndex(0), log.end().tree_size,
                                [&](EntryIndex index, absl::string_view leaf) {
                                  PlainEntry entry;
                                  entry.index = index.value;
                                  entry.leaf = std::string(leaf);
                                  const auto view = ParseEntry(entry.leaf);
                                  EXPECT_THAT(view, IsOk());
                                  entry.trailer = view->trailer;
                                  EXPECT_EQ(
                                      ParseBatch(view->batch, &entry.batch),
                                      BatchFault::kNone);
                                  entries.push_back(std::move(entry));
                                  return true;
                                }),
                IsOk());
    return entries;
  }

  StreamedEntries Stream(const v1::StreamEntriesRequest& request,
                         const std::string& token) {
    StreamedEntries streamed;
    const auto stream = audit_->StreamEntries(As(token), request);
    v1::StreamEntriesResponse response;
    while (stream->Read(&response)) {
      ++streamed.responses;
      streamed.next_entry = response.next_entry();
      for (const v1::Entry& entry : response.entries()) {
        streamed.entries.push_back(entry);
      }
    }
    streamed.status = stream->Finish();
    return streamed;
  }
  StreamedEntries Stream(const v1::StreamEntriesRequest& request) {
    return Stream(request, operator_);
  }

  std::mt19937_64 random_ = SeededRandom();
  std::vector<TestPhone> phones_;
};

// The name of an event's payload, found by reflection.
inline std::string KindOf(const v1::Event& event) {
  const auto* const field = event.GetReflection()->GetOneofFieldDescriptor(
      event, v1::Event::descriptor()->FindOneofByName("payload"));
  return field == nullptr ? "" : field->name();
}

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_RPC_AUDIT_FIXTURE_H_
