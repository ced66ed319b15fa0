// What changed lately in one query's table, for everybody who watches it.
//
// Words: a round is a step of all watches from one position to a later one;
// rounds are numbered from 1. A feed keeps, for each key that changed since
// some round, the newest row: so what a watcher owes its caller is the set of
// keys that changed since the round it told last, and many share one set.
//
// A feed that keeps too much forgets its oldest keys; watchers that still owe
// them start with a snapshot.
#ifndef THON_WATCH_FEED_H_
#define THON_WATCH_FEED_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/watch/query.h"
#include "server/watch/query_digest.h"

namespace thon {

// A row that several watchers hold; null: there is none.
using SharedRow = std::shared_ptr<const std::string>;

// How a table moved: by how much its digest and its number of rows.
struct TableMove {
  QueryDigest digest;
  std::int64_t rows = 0;

  TableMove& operator+=(const TableMove& other) {
    digest += other.digest;
    rows += other.rows;
    return *this;
  }
  TableMove& operator-=(const TableMove& other) {
    digest -= other.digest;
    rows -= other.rows;
    return *this;
  }
};

// What many feeds keep together.
struct KeptByFeeds {
  std::size_t keys = 0;
  std::size_t bytes = 0;
};

// Thread-safety: none.
class Feed {
 public:
  // Knows what changes after `round`. `kept` is not owned, outlives the feed,
  // and holds what it keeps among others.
  Feed(Query query, std::uint64_t round, KeptByFeeds* kept)
      : query_(std::move(query)),
        kept_(kept),
        known_since_(round),
        last_changed_(round) {}
  ~Feed() { ForgetAll(); }
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  const Query& query() const { return query_; }

  // The table's row with this key was `before` and is `now` at the end of
  // `round`. Nothing happens if they are equal.
  void Change(const std::string& key, const std::optional<std::string>& before,
              std::optional<std::string> now, std::uint64_t round);
  // The newest row, if it is kept.
  const SharedRow* Find(const std::string& key) const;

  // All changes after a round not before this are kept.
  std::uint64_t known_since() const { return known_since_; }
  std::uint64_t last_changed() const { return last_changed_; }
  // Calls `visit` for each key that changed after `round`, with its newest row.
  // A key that was absent then and is again is left out. Requires: round >=
  // known_since().
  void VisitSince(std::uint64_t round,
                  const std::function<void(const std::string&,
                                           const SharedRow&)>& visit) const;

  // All moves since the feed was made.
  const TableMove& moved() const { return moved_; }

  // Whoever stands before `round` must start with a snapshot, for this reason.
  void Restart(std::uint64_t round, v1::WatchStartReason reason);
  std::uint64_t restart_round() const { return restart_round_; }
  v1::WatchStartReason restart_reason() const { return restart_reason_; }

  // Forgets what changed up to `round`: everybody has it.
  void ForgetUpTo(std::uint64_t round);
  // Forgets the oldest until no more than this is kept.
  void Bound(std::size_t keys_max, std::size_t bytes_max);
  std::size_t key_count() const { return rows_.size(); }
  std::size_t bytes() const { return bytes_; }

  // The rows of an EVENTS query, all of them.
  std::map<std::string, std::string>& events() { return events_; }

 private:
  struct Kept {
    SharedRow row;
    std::uint64_t changed = 0;    // The last round that changed it.
    bool present_before = false;  // Before the first change that is kept.
    std::vector<std::uint64_t> toggles;  // Rounds in which it came or went.
  };
  using Rows = std::map<std::string, Kept>;

  void Forget(Rows::iterator it);
  void ForgetAll();
  // Takes the row's cost into account, or out of it.
  void Count(const Rows::value_type& entry);
  void Uncount(const Rows::value_type& entry);
  static std::size_t Cost(const Rows::value_type& entry);

  const Query query_;
  KeptByFeeds* const kept_;
  std::uint64_t known_since_;
  std::uint64_t last_changed_;
  std::uint64_t restart_round_ = 0;
  v1::WatchStartReason restart_reason_ = v1::WATCH_START_REASON_UNSPECIFIED;
  TableMove moved_;
  Rows rows_;
  std::set<std::pair<std::uint64_t, const std::string*>> by_round_;
  std::size_t bytes_ = 0;
  std::map<std::string, std::string> events_;
};

}  // namespace thon

#endif  // THON_WATCH_FEED_H_
