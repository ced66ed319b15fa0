// A small province whose rows change as a seed says: the real row store, and a
// log in memory. One call of Change() is one entry.
//
// Units 15 (province), 21 and 22 (districts), 31 to 34 (communes, two each), 41
// to 52 (villages, three each); teams 101 and on, on villages; organisations
// 201 (of the province) and 202 (of district 21).
#ifndef THON_TESTS_UNIT_WATCH_WATCH_WORLD_H_
#define THON_TESTS_UNIT_WATCH_WATCH_WORLD_H_

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "server/core/clock.h"
#include "server/core/mutex.h"
#include "server/storage/entry_log.h"
#include "server/storage/row_store.h"
#include "server/watch/query.h"
#include "server/watch/watches.h"
#include "thon/v1/rows.pb.h"
#include "thon/v1/watch_service.pb.h"

namespace thon::testing {

// A clock that stands still until it is moved. Any thread.
class HandClock final : public Clock {
 public:
  Instant Now() const override { return Instant(SteadyMs()); }
  std::int64_t SteadyMs() const {
    MutexLock lock(&mu_);
    return ms_;
  }
  void Advance(std::int64_t ms) {
    MutexLock lock(&mu_);
    ms_ += ms;
  }

 private:
  mutable Mutex mu_;
  std::int64_t ms_ ABSL_GUARDED_BY(mu_) = 1'000'000;
};

// Entries in memory; what a watch needs of a log and nothing else. Any thread.
class MemoryLog final : public EntryLog {
 public:
  // Positions [next, next + events) in one entry.
  void Add(const v1::Batch& batch);

  LogEnd end() const override;
  absl::Status ReadEntries(
      EntryIndex begin, EntryIndex end,
      const std::function<bool(EntryIndex, absl::string_view)>& visit)
      const override;
  absl::StatusOr<EntryIndex> FindPosition(Position position) const override;

  absl::Status Append(const NewGroup&) override { return Not(); }
  Hash root() const override { return Hash(); }
  absl::StatusOr<std::string> ReadEntry(EntryIndex) const override {
    return Not();
  }
  absl::StatusOr<EntryIndex> FindEvent(const AuthorId&,
                                       Sequence) const override {
    return Not();
  }
  absl::StatusOr<std::optional<EntryIndex>> FindReceived(
      Instant) const override {
    return Not();
  }
  absl::StatusOr<std::vector<Hash>> LeafHashes(EntryIndex,
                                               EntryIndex) const override {
    return Not();
  }
  absl::StatusOr<Hash> Node(merkle::NodeId) const override { return Not(); }
  absl::StatusOr<StoredGroup> FindGroup(EntryIndex) const override {
    return Not();
  }
  absl::Status ReadAuthors(
      const std::function<void(const AuthorId&, const AuthorState&)>&)
      const override {
    return Not();
  }
  absl::Status PutLocal(absl::string_view, absl::string_view) override {
    return Not();
  }
  absl::Status DeleteLocal(absl::string_view) override { return Not(); }
  absl::StatusOr<std::string> GetLocal(absl::string_view) const override {
    return Not();
  }
  absl::Status ScanLocal(
      absl::string_view,
      const std::function<bool(absl::string_view, absl::string_view)>&)
      const override {
    return Not();
  }
  absl::Status Check(const std::function<void(std::uint64_t)>&) const override {
    return Not();
  }
  absl::Status Backup(const std::string&) const override { return Not(); }
  absl::StatusOr<std::uint64_t> FreeBytes() const override { return Not(); }
  absl::StatusOr<std::uint64_t> CompactedBytes() override { return Not(); }

 private:
  static absl::Status Not() {
    return absl::UnimplementedError("not of this log");
  }

  mutable Mutex mu_;
  std::vector<std::string> entries_ ABSL_GUARDED_BY(mu_);
  std::vector<std::uint64_t> first_ ABSL_GUARDED_BY(mu_);
  std::uint64_t next_ ABSL_GUARDED_BY(mu_) = 1;
};

// The writer's side belongs to one thread; what is const may be called from
// any.
class WatchWorld {
 public:
  static constexpr std::uint64_t kProvince = 15;
  static constexpr std::uint64_t kOfficers = 3;  // 1: everything; 2, 3: less.
  static constexpr char kPolicy[] = "YB-2023";

  explicit WatchWorld(std::uint64_t salt);
  ~WatchWorld();

  // Draws other numbers from here on.
  void Reseed(std::uint64_t salt);
  // Opens the rows again, as after a restart of the server.
  void Reopen();

  WatchOptions Options();

  // What one entry wrote.
  using Written = std::vector<RowStore::EntryRows>;
  // A change that the seed chooses.
  Written Change();
  // Those that a test chooses.
  Written ChangeMonth(std::uint64_t team);
  // At once, or from a day to come on.
  Written MoveTeam(std::uint64_t team, std::uint64_t village, Date from);
  Written MoveVillage(std::uint64_t village, std::uint64_t commune);
  Written Grant(std::uint64_t officer, std::uint64_t grant, std::uint64_t unit,
                bool revoked);
  Written OpenDay();
  Written Decide(std::uint64_t team, v1::DeterminationState state);
  Written AddTeam();
  Written RecordEvents(std::uint64_t team, int count);
  Written ChangeStandings(std::uint64_t team);
  Written ChangeTask(std::uint64_t team);
  // The team's phone: revoked or not, and of which team.
  Written PutPhone(std::uint64_t team, bool revoked, std::uint64_t of_team);

  Position end() const { return rows_->end().position; }
  Date today() const { return today_; }
  const RowStore& rows() const { return *rows_; }
  MemoryLog& log() { return log_; }
  HandClock& clock() { return clock_; }
  std::uint64_t Draw(std::uint64_t bound) { return random_() % bound; }

  // The query's rows as of a position, by a look at every row there is.
  std::map<std::string, std::string> TableAt(const Query& query,
                                             Position position) const;
  // Whether the viewer may read all of the queries, by a look at the rows.
  bool Granted(const Viewer& viewer, const WatchQueries& queries,
               Position position) const;

  // A request that the seed chooses, for an officer who sees everything or
  // part of it.
  v1::WatchRequest AnyRequest(std::uint64_t officer);
  // What the team's phone follows.
  static v1::WatchRequest PhoneRequest(std::uint64_t team);
  // Of the team's phone.
  static AuthorId AuthorOf(std::uint64_t team);

 private:
  template <typename Message>
  void Put(Table table, std::string key, const Message& message);
  void PutRaw(Table table, std::string key, std::string value);
  // Ends the entry: `events` of the team, 0 for the server's own.
  Written End(std::uint64_t team = 0, int events = 1);
  void Found();
  void PutTeam(std::uint64_t team, std::uint64_t village);
  void PutAuthor(std::uint64_t team, bool revoked, std::uint64_t of_team);
  v1::TeamRow TeamOf(std::uint64_t team) const;
  std::uint64_t AnyTeam() { return 101 + Draw(teams_); }

  std::mt19937_64 random_;
  const std::string directory_;
  HandClock clock_;
  MemoryLog log_;
  std::unique_ptr<RowStore> rows_;
  std::map<std::pair<Table, std::string>, NewRowVersion> pending_;
  EntryIndex next_entry_{0};
  Position position_{0};
  Date today_;
  std::uint64_t teams_ = 0;
  std::uint64_t sequence_ = 0;
};

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_WATCH_WATCH_WORLD_H_
