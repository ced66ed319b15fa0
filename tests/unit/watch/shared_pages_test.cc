// Goal: watches of equal queries share pages, and each of them gets exactly
// what it would get alone: late, resumed, slow or turned away, it cannot tell.
// Method: each caller exists twice, among others and in watches of its own; a
// seed chooses what changes, when a round is run, who asks, leaves and comes
// back, and both do the same. At every PROGRESS the two hold the same tables
// with the same digests, tokens and reasons; the server's clock alone may be
// that of a moment before, in which the page was made.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "server/watch/watches.h"
#include "tests/support/status_matchers.h"
#include "tests/support/watch_checkers.h"
#include "tests/unit/watch/watch_client.h"
#include "tests/unit/watch/watch_world.h"

namespace thon::testing {
namespace {

constexpr std::uint64_t kClients = 6;
constexpr int kSteps = 250;
constexpr WatchId kSilent = kClients + 1;

// What a caller was told up to one PROGRESS.
struct Told {
  std::map<std::uint32_t, WatchTable> tables;
  std::vector<std::string> starts;  // Since the PROGRESS before.
  v1::WatchProgress progress;

  // But for the server's clock.
  bool operator==(const Told& other) const {
    v1::WatchProgress mine = progress;
    mine.set_server_time_ms(other.progress.server_time_ms());
    return tables == other.tables && starts == other.starts &&
           mine.SerializeAsString() == other.progress.SerializeAsString();
  }
  friend void PrintTo(const Told& told, std::ostream* out) {
    *out << "position " << told.progress.position();
    for (const std::string& start : told.starts) *out << ", " << start;
    for (const v1::WatchedTable& table : told.progress.tables()) {
      *out << "\n  query " << table.query_id() << ": " << table.row_count()
           << " rows, " << absl::BytesToHexString(table.digest());
    }
    for (const auto& [query, table] : told.tables) {
      for (const auto& [key, row] : table) {
        *out << "\n  query " << query << ": " << absl::BytesToHexString(key)
             << " " << absl::BytesToHexString(row);
      }
    }
  }
};

// One caller of one `Watches`.
struct Side {
  WatchClient client;
  std::map<std::uint32_t, WatchTable> tables;
  std::vector<std::string> starts;
  std::vector<Told> told;

  // What came behind the last PROGRESS is as if it had not come.
  void GoBack() {
    starts.clear();
    tables = told.empty() ? std::map<std::uint32_t, WatchTable>()
                          : told.back().tables;
  }
  void Hear(const v1::WatchResponse& response, std::int64_t now_ms,
            Position log_end) {
    for (const v1::WatchStarted& started : response.started()) {
      starts.push_back(started.ShortDebugString());
      WatchTable& table = tables[started.query_id()];
      if (started.clear()) table.clear();
    }
    for (const v1::WatchedRow& row : response.rows()) {
      if (row.removed()) {
        tables[row.query_id()].erase(row.key());
      } else {
        tables[row.query_id()][row.key()] = row.row();
      }
    }
    if (response.has_progress()) {
      told.push_back({tables, std::exchange(starts, {}), response.progress()});
    }
    client.Hear(response, now_ms, log_end);
  }
};

class SharedPagesTest : public ::testing::Test,
                        public ::testing::WithParamInterface<int> {
 protected:
  static constexpr std::size_t kAmongOthers = kClients;

  SharedPagesTest() {
    // The world adds the run's seed.
    world_.Reseed(300 + static_cast<std::uint64_t>(GetParam()));
    options_ = world_.Options();
    // Small, so that cuts take several pages and not every page is kept; split
    // by rows alone, so that both sides split alike.
    options_.page_rows = 6;
    options_.shared_bytes = 4096;
    for (std::uint64_t i = 0; i < kClients; ++i) {
      among_others_.push_back(std::make_unique<Side>());
      alone_.push_back(std::make_unique<Side>());
    }
    // Two requests, so that equal ones stand beside others; one of them sees
    // whatever happens.
    for (int i = 0; i < 2; ++i) requests_.push_back(world_.AnyRequest(1));
    v1::WatchQuery* const all = requests_[0].add_queries();
    all->set_query_id(99);
    all->set_projection(v1::WATCHED_PROJECTION_EVENTS);
    all->set_events_max(10);
    for (std::uint64_t i = 0; i < kClients; ++i) {
      for (Side* const side : SidesOf(i)) {
        side->client.request = requests_[i % 4 == 3 ? 1 : 0];
      }
    }
    for (std::size_t i = 0; i <= kClients; ++i) {
      watches_.push_back(std::make_unique<Watches>(
          options_, Watches::Out{[this, i](WatchId id, const SharedPage& page) {
                                   SideOf(i, id)->Hear(
                                       page->response(),
                                       world_.clock().SteadyMs(), world_.end());
                                   if (i == kAmongOthers) ++pages_[page];
                                 },
                                 [this, i](WatchId id, absl::Status reason) {
                                   if (id == kSilent) return;
                                   SideOf(i, id)->client.Leave(
                                       world_.clock().SteadyMs(),
                                       std::move(reason));
                                 }}));
      // Somebody is always there, though without a word: who is the first one
      // begins where the rows are, and all others where the last round was.
      watches_.back()->Add(kSilent, Viewer::Officer(OfficerId(1)),
                           *NormaliseWatch(requests_[1]));
    }
  }

  // A watch has its caller's number, and the last one's are all there is.
  Side* SideOf(std::size_t watches, WatchId id) {
    return (watches == kAmongOthers ? among_others_ : alone_)[id - 1].get();
  }
  std::array<Side*, 2> SidesOf(std::uint64_t client) {
    return {among_others_[client].get(), alone_[client].get()};
  }
  std::array<Watches*, 2> WatchesOf(std::uint64_t client) {
    return {watches_[kAmongOthers].get(), watches_[client].get()};
  }

  void OpenOrClose(std::uint64_t client) {
    const bool forgets = world_.Draw(4) == 0;
    for (std::size_t k = 0; k < 2; ++k) {
      WatchClient* const one = &SidesOf(client)[k]->client;
      Watches* const watches = WatchesOf(client)[k];
      if (one->id != 0) {
        one->trace.calls.back().left_at = watches->position();
        watches->Remove(one->id);
        one->Leave(world_.clock().SteadyMs());
        continue;
      }
      if (forgets) one->request.clear_resume_token();
      SidesOf(client)[k]->GoBack();
      one->Begin();
      one->trace.calls.back().read_on = false;
      one->id = client + 1;
      watches->Add(one->id, one->viewer, one->Normal());
    }
  }
  void Ask(std::uint64_t client) {
    for (std::size_t k = 0; k < 2; ++k) {
      WatchClient* const one = &SidesOf(client)[k]->client;
      if (one->id == 0 || one->requested) continue;
      one->requested = true;
      WatchesOf(client)[k]->Request(one->id);
    }
  }
  void TakeTurns() {
    for (const auto& watches : watches_) {
      while (watches->Step()) {
      }
    }
  }
  void Change() {
    const WatchWorld::Written written = world_.Change();
    for (const NewRowVersion& version : written[0].versions) {
      if (IsWatchedTable(version.table)) {
        changed_.emplace(version.table, version.key);
      }
    }
  }
  void Round() {
    for (const auto& watches : watches_) {
      watches->Round(world_.end(), changed_, false);
    }
    changed_.clear();
  }
  void OneStep() {
    const std::uint64_t pick = world_.Draw(100);
    if (pick < 30) {
      Change();
    } else if (pick < 55) {
      Round();
    } else if (pick < 70) {
      // Most read on; the last ones are slow.
      for (std::uint64_t i = 0; i < kClients - 2; ++i) Ask(i);
    } else if (pick < 85) {
      Ask(world_.Draw(kClients));
    } else if (pick < 92) {
      OpenOrClose(world_.Draw(kClients));
    } else {
      const auto ms = static_cast<std::int64_t>(world_.Draw(4000));
      world_.clock().Advance(pick < 96 ? ms : ms % 40);
      for (const auto& watches : watches_) watches->WakeDue();
    }
    TakeTurns();
  }
  // A page that went to more than one.
  bool AnyShared() const {
    return std::any_of(pages_.begin(), pages_.end(),
                       [](const auto& page) { return page.second > 1; });
  }

  WatchWorld world_{1};
  WatchOptions options_;
  std::vector<v1::WatchRequest> requests_;
  std::vector<std::unique_ptr<Side>> among_others_;
  std::vector<std::unique_ptr<Side>> alone_;
  std::vector<std::unique_ptr<Watches>> watches_;
  ChangedKeys changed_;
  std::map<SharedPage, int> pages_;
};

TEST_P(SharedPagesTest, EachOfManyEqualCallersGetsWhatItWouldGetAlone) {
  for (int step = 0; step < kSteps; ++step) OneStep();
  // Everybody is there and reads to the end, the last one in every third round.
  for (std::uint64_t i = 0; i < kClients; ++i) {
    if (among_others_[i]->client.id == 0) OpenOrClose(i);
  }
  for (int last = 0; last < 12; ++last) {
    Change();
    Round();
    for (int ask = 0; ask < 12; ++ask) {
      const std::uint64_t all = last % 3 == 2 ? kClients : kClients - 1;
      for (std::uint64_t i = 0; i < all; ++i) Ask(i);
      TakeTurns();
    }
  }
  for (std::uint64_t i = 0; i < kClients; ++i) {
    const Side& together = *among_others_[i];
    const Side& alone = *alone_[i];
    ASSERT_EQ(together.told.size(), alone.told.size()) << "caller " << i;
    for (std::size_t at = 0; at < alone.told.size(); ++at) {
      EXPECT_EQ(together.told[at], alone.told[at])
          << "caller " << i << ", PROGRESS " << at;
      const std::int64_t before = alone.told[at].progress.server_time_ms() -
                                  together.told[at].progress.server_time_ms();
      EXPECT_GE(before, 0);
      EXPECT_LE(before, options_.round_ms);
    }
    EXPECT_EQ(together.tables, alone.tables);
    if (together.client.id != 0) OpenOrClose(i);
    for (Side* const side : SidesOf(i)) {
      WatchClient* const client = &side->client;
      client->LookInto(world_);
      EXPECT_THAT(CheckWatch(client->trace), IsOk()) << "caller " << i;
    }
  }
  EXPECT_TRUE(AnyShared());
  EXPECT_GT(watches_[kAmongOthers]->shared(), 0u);
}
INSTANTIATE_TEST_SUITE_P(Runs, SharedPagesTest, ::testing::Range(0, 4));

}  // namespace
}  // namespace thon::testing
