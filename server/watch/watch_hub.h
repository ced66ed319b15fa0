// The hub: where followers of rows meet the projector.
//
// The projector publishes which rows each write changed and never waits. One
// thread of the hub's own looks at what changed, a round at a time, and hands
// each watcher one response whenever it asks for one. So a slow watcher is one
// that asks rarely: it costs a bounded number of keys (feed.h) and nobody
// else's time.
//
// The hub knows no network. What a phone follows (its own team's rows and
// standings, down its Sync stream) is a watch of Viewer::Phone(its author)
// (viewer.h) whose queries name its team or itself.
//
// Thread-safety: every method may be called from any thread.
#ifndef THON_WATCH_WATCH_HUB_H_
#define THON_WATCH_WATCH_HUB_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "server/core/mutex.h"
#include "server/storage/row_store.h"
#include "server/watch/past_tables.h"
#include "server/watch/query.h"
#include "server/watch/watches.h"
#include "thon/v1/watch_service.pb.h"

namespace thon {

struct WatchStats {
  std::size_t watches = 0;
  std::size_t feeds = 0;
  // Kept for watches that are behind.
  std::size_t kept_keys = 0;
  std::size_t kept_bytes = 0;
  std::uint64_t rounds = 0;
  std::uint64_t responses = 0;
  // Where the hub stands; 0 while nobody watches.
  Position position;
};

class WatchHub {
 public:
  // A follower. The hub calls it from its own thread, one call at a time, and
  // never while holding a lock. Calls must return quickly and not block, and
  // must not call Unsubscribe().
  class Watcher {
   public:
    // The next response, in order. Uses up one Request().
    virtual void OnResponse(SharedPage page) = 0;
    // A watch of a past moment was let in: the watcher takes its pages from
    // PastAt(), on a thread of its own. No OnResponse() will come.
    virtual void OnBegun() {}
    // No response will come any more. Unsubscribe() is still required.
    //
    // kInvalidArgument, kOutOfRange, kPermissionDenied, kResourceExhausted: the
    // watch could not begin (watch_service.proto). kPermissionDenied, later: a
    // grant has ended, or the phone was revoked. kUnavailable: the hub was
    // drained.
    virtual void OnEnd(const absl::Status& reason) = 0;

   protected:
    ~Watcher() = default;
  };

  explicit WatchHub(WatchOptions options);
  // As Drain(), if it was not called. Requires: no subscription is left.
  ~WatchHub();

  // Begins a watch. Nothing is delivered before the first Request(), except
  // that OnEnd() says why a watch cannot begin, and OnBegun(). `watcher` is not
  // owned.
  WatchId Subscribe(Viewer viewer, WatchQueries queries, Watcher* watcher);
  // Asks for one response, as soon as there is something to tell.
  void Request(WatchId id);
  // Once this returns, no call to the watcher is running or will start.
  void Unsubscribe(WatchId id);

  // The tables of a watch that OnBegun() let in. They cost the hub nothing; who
  // has them stops when OnEnd() comes. They must be gone before the rows are.
  // Requires: the rows have reached `position`.
  std::unique_ptr<PastTables> PastAt(WatchQueries queries,
                                     Position position) const;

  // The projector has written `entries`, and rows reach `end`. Costs nothing
  // but a look while nobody watches.
  void Publish(const std::vector<RowStore::EntryRows>& entries, Position end);

  // Looks at the clocks again; for tests whose clock stands still.
  void Poke();

  // Ends every watch, and every one that begins later, with kUnavailable, and
  // the thread. Repeating it does nothing.
  void Drain();

  WatchStats stats() const;

 private:
  struct Mail {
    struct NewWatch {
      WatchId id;
      Viewer viewer;
      WatchQueries queries;
    };
    std::vector<NewWatch> begun;
    std::vector<WatchId> requests;
    std::vector<WatchId> ended;

    bool empty() const {
      return begun.empty() && requests.empty() && ended.empty();
    }
  };

  void Run();
  // False once the thread must end.
  bool WaitForWork();
  void ReadMail();
  void GoOn();
  void LetIn(WatchId id);
  void Deliver(WatchId id, SharedPage page);
  void End(WatchId id, const absl::Status& reason);
  Watcher* BeginCall(WatchId id);
  void EndCall();
  void UpdateStats();

  const WatchOptions options_;
  Watches watches_;                   // The thread's.
  std::int64_t next_round_ = 0;       // The thread's; by steady_ms.
  std::uint64_t responses_ = 0;       // The thread's.
  std::uint64_t rounds_ = 0;          // The thread's.
  std::atomic<bool> watched_{false};  // Written under the lock.

  mutable Mutex mu_;
  CondVar wake_;
  CondVar called_;
  WatchId next_id_ ABSL_GUARDED_BY(mu_) = 1;
  std::map<WatchId, Watcher*> watchers_ ABSL_GUARDED_BY(mu_);
  WatchId calling_ ABSL_GUARDED_BY(mu_) = 0;
  Mail mail_ ABSL_GUARDED_BY(mu_);
  std::vector<std::pair<Table, std::string>> changed_ ABSL_GUARDED_BY(mu_);
  bool all_changed_ ABSL_GUARDED_BY(mu_) = false;
  Position published_ ABSL_GUARDED_BY(mu_);
  bool poked_ ABSL_GUARDED_BY(mu_) = false;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  WatchStats stats_ ABSL_GUARDED_BY(mu_);

  std::thread thread_;  // Last: it begins when everything is there.
};

}  // namespace thon

#endif  // THON_WATCH_WATCH_HUB_H_
