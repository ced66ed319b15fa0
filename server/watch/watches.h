// All watches and where each stands: what the hub's thread does, without the
// thread.
//
// Words:
//   round  a step of everything here from one position to a later one; what
//          changed in between is looked at once for all watches that see it.
//   cut    what one watch sends from one PROGRESS to the next. It is fixed at a
//          round: for every key that changed since the last one, the row as of
//          that round's position, or whole tables as of it. What changes
//          meanwhile waits for the next cut.
//   owes   a watch owes its caller the keys that its queries' feeds hold from
//          rounds after the one it told last.
//   past   a watch of a past moment: it is counted, and ends with its viewer's
//          rights, as any other; its pages are PastTables', and nothing is
//          done for it here.
//
// A watch sends one response for each request of its caller. Work is done in
// small steps, one watch after another, so that a large snapshot delays nobody.
//
// What a watch is told depends on its queries, the round it was told last and
// the round at hand: on nothing else, since a viewer may see all that a query
// asks for or may not watch it. So watches of equal queries that keep up with
// each other get one page, built once (SharedPage).
//
// Thread-safety: none; one thread owns it.
#ifndef THON_WATCH_WATCHES_H_
#define THON_WATCH_WATCHES_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/core/clock.h"
#include "server/core/ids.h"
#include "server/core/limits.h"
#include "server/storage/entry_log.h"
#include "server/storage/row_store.h"
#include "server/watch/cut.h"
#include "server/watch/event_tail.h"
#include "server/watch/feed.h"
#include "server/watch/query.h"
#include "server/watch/resume_token.h"
#include "server/watch/structure.h"
#include "server/watch/viewer.h"
#include "server/watch/watch_page.h"

namespace thon {

using WatchId = std::uint64_t;

// An epoch of the log, as a resume token may name it.
struct WatchEpoch {
  std::string origin;
  Position first_lost;  // Of the epoch before; 0 for the first epoch.
};

struct WatchOptions {
  const RowStore* rows = nullptr;  // Not owned; outlives the watches.
  const EntryLog* log = nullptr;   // The same.
  const Clock* clock = nullptr;    // The same; real time, for PROGRESS.
  std::function<std::int64_t()> steady_ms;
  // Oldest first; the last is the one that is open.
  std::function<std::vector<WatchEpoch>()> epochs;
  std::string token_key;       // 32 secret bytes.
  std::string rows_signature;  // Of the fold that writes the rows.

  std::int64_t round_ms = limits::kWatchRoundMs;
  std::int64_t progress_ms = limits::kWatchProgressMs;
  std::size_t page_bytes = limits::kWatchPageBytesMax;
  std::size_t page_rows = limits::kWatchPageRowsMax;
  std::size_t feed_keys = limits::kFeedKeysMax;
  std::size_t feed_bytes = limits::kFeedBytesMax;
  std::size_t feeds_bytes = limits::kFeedsBytesMax;
  std::size_t changed_keys = limits::kChangedKeysMax;
  std::uint64_t resume_positions = limits::kResumePositionsMax;
  // Of pages that are kept for other watches of the same round; beyond them
  // each watch has its own.
  std::size_t shared_bytes = limits::kMiB * 8;
};

// Rows that the projector wrote, by table.
using ChangedKeys = std::set<std::pair<Table, std::string>>;

// Whether a watch may depend on a table.
bool IsWatchedTable(Table table);

class Watches {
 public:
  // Both are called from within Round() and Step(), and may not call back.
  struct Out {
    std::function<void(WatchId, SharedPage)> send;
    // The watch is gone.
    std::function<void(WatchId, absl::Status)> end;
  };

  Watches(WatchOptions options, Out out);
  ~Watches();

  // Begins a watch; it sends nothing before the first Request(). False: it
  // cannot begin, and `Out::end` has said why.
  bool Add(WatchId id, Viewer viewer, WatchQueries queries);
  void Remove(WatchId id);
  // The caller can take one more response.
  void Request(WatchId id);

  // Goes on to `position`: `changed` holds every watched row that was written
  // since the last call, or `all_changed` says that it does not. Requires: the
  // rows have reached the position.
  void Round(Position position, const ChangedKeys& changed, bool all_changed);
  // Where everything stands; nullopt while nobody watches.
  std::optional<Position> position() const;

  // Serves one watch for a moment. False: nothing is to be done.
  bool Step();
  bool has_work() const { return !ready_.empty(); }
  // When the next PROGRESS is due, by `steady_ms`; INT64_MAX: never.
  std::int64_t next_due_ms() const;
  // Lets watches whose PROGRESS is due have their turn.
  void WakeDue();

  std::size_t size() const { return watches_.size(); }
  std::size_t feed_count() const { return feeds_.size(); }
  // What the feeds keep for watches that are behind.
  std::size_t kept_keys() const { return kept_.keys; }
  std::size_t kept_bytes() const { return kept_.bytes; }
  // Pages that were sent though another watch's turn had made them.
  std::uint64_t shared() const { return shared_; }

 private:
  // A query of a watch.
  struct Subscription {
    std::uint32_t id = 0;
    Feed* feed = nullptr;
    // The table is this and what the feed has moved.
    TableMove base;
  };
  struct Watch {
    WatchId id = 0;
    Viewer viewer;
    WatchQueries queries;
    std::array<std::uint64_t, 2> queries_hash{};
    std::vector<Subscription> subscriptions;
    std::optional<ResumePoint> resume;  // Until the first cut.
    // Set: whole tables follow, and why.
    v1::WatchStartReason start = v1::WATCH_START_REASON_FRESH;
    std::uint64_t told = 0;  // The round of the last PROGRESS.
    bool requested = false;
    bool queued = false;
    bool parked = false;  // The rows have not reached the token.
    bool due = false;     // PROGRESS is.
    std::int64_t due_ms = 0;
    std::uint64_t cut_round = 0;
    std::unique_ptr<Cut> cut;
  };
  // The projection, structure date, root, team and author of a feed's query.
  using Shape = std::tuple<int, Date, UnitId, TeamId, AuthorId>;
  // Of the round at hand: a whole cut that holds nothing but changes.
  struct MadePage {
    SharedPage page;
    std::int64_t made_ms;  // Its server_time_ms is of then.
  };

  // watches.cc
  absl::Status Open(Watch* watch);
  absl::Status OpenToken(Watch* watch);
  absl::Status CheckRoom(const Watch& watch) const;
  static Shape ShapeOf(const Query& query);
  Feed* FeedOf(const Query& query);
  void LeaveFeeds(const Watch& watch);
  void Enqueue(Watch* watch);
  bool Owes(const Watch& watch) const;
  void StartCut(Watch* watch);
  void StartPart(Watch* watch, const Subscription& subscription, CutPart* part);
  void StartEvents(const Watch& watch, Feed* feed, CutPart* part);
  RowsView ViewAt(Position position);
  void Sign(const Watch& watch, v1::WatchProgress* progress) const;
  void Finish(Watch* watch);
  void Send(Watch* watch, SharedPage page);
  void SetDue(Watch* watch);
  // A page of an equal watch that told as much; null if there is none.
  std::shared_ptr<const WatchPage> FindMade(const Watch& watch) const;
  void KeepMade(const Watch& watch, const SharedPage& page);
  void ForgetMade();

  // watches_round.cc
  void ChangeRows(const RowsView& now, const ChangedKeys& changed);
  void ChangeRow(Table table, const std::string& key, const RowsView& now);
  void ChangeEvents(const RowsView& now, bool same_places);
  void FindRestarts(const RowsView& now, const ChangedSubjects& changed,
                    const ChangedSubjects& passed);
  void RestartAll(v1::WatchStartReason reason);
  // Rows that say what viewers may see, among those that changed.
  struct ChangedRights {
    std::set<std::string> grants;
    std::set<AuthorId> authors;
    bool all_officers = false;  // The map or the day did.
    bool all_authors = false;
  };
  void CheckRights(const RowsView& now, const ChangedRights& changed);
  void CheckOfficers(const RowsView& now, const ChangedRights& changed,
                     std::vector<WatchId>* ended);
  bool GrantTouches(const std::string& key, const Watch& watch,
                    const RowsView& now) const;
  void WakeWatches();
  void BoundFeeds();

  const WatchOptions options_;
  const Out out_;
  const ResumeTokens tokens_;
  const std::uint64_t rows_hash_;
  std::uint64_t round_ = 0;
  std::optional<RowsView> now_;
  EventTail tail_;
  StructureCalendar calendar_;

  KeptByFeeds kept_;
  std::map<WatchId, std::unique_ptr<Watch>> watches_;
  std::map<OfficerId, std::set<WatchId>> by_officer_;
  std::map<AuthorId, std::set<WatchId>> by_author_;
  std::size_t phones_ = 0;
  std::map<std::string, std::unique_ptr<Feed>> feeds_;  // By Query::canonical.
  std::map<const Feed*, std::set<WatchId>> watchers_;
  std::map<Shape, std::set<Feed*>> shapes_;
  std::map<std::pair<int, Date>, int> dates_;  // Shapes of them.
  std::set<Feed*> events_feeds_;
  std::set<Feed*> touched_;  // By the round at hand.
  std::set<WatchId> parked_;
  std::deque<WatchId> ready_;
  std::set<std::pair<std::int64_t, WatchId>> due_;
  // By WatchQueries::canonical and the round told last.
  std::map<std::pair<std::string, std::uint64_t>, MadePage> made_;
  std::size_t made_bytes_ = 0;
  std::uint64_t shared_ = 0;
  // Places of the last position that a watch resumed from.
  std::pair<Position, std::shared_ptr<Places>> resumed_places_;
};

}  // namespace thon

#endif  // THON_WATCH_WATCHES_H_
