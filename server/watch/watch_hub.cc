#include "server/watch/watch_hub.h"

#include <algorithm>
#include <iterator>

#include "server/core/check.h"
#include "server/core/error_info.h"

namespace thon {
namespace {

// Turns of watches between two looks at the mail and at what changed.
constexpr int kTurns = 64;
constexpr std::int64_t kIdleMs = 60'000;

absl::Status Draining() {
  return WithRetryAfter(
      WithReason(absl::UnavailableError("the server is stopping; come back "
                                        "with the last resume token"),
                 "DRAINING"),
      5'000);
}

}  // namespace

WatchHub::WatchHub(WatchOptions options)
    : options_(std::move(options)),
      watches_(options_,
               {[this](WatchId id, SharedPage page) {
                  Deliver(id, std::move(page));
                },
                [this](WatchId id, absl::Status reason) { End(id, reason); }}),
      thread_([this] { Run(); }) {}

WatchHub::~WatchHub() {
  Drain();
  MutexLock lock(&mu_);
  THON_CHECK(watchers_.empty());
}

WatchId WatchHub::Subscribe(Viewer viewer, WatchQueries queries,
                            Watcher* watcher) {
  WatchId id = 0;
  {
    MutexLock lock(&mu_);
    id = next_id_++;
    watchers_[id] = watcher;
    if (!closed_) {
      mail_.begun.push_back({id, viewer, std::move(queries)});
      wake_.NotifyOne();
      return id;
    }
  }
  watcher->OnEnd(Draining());
  return id;
}

void WatchHub::Request(WatchId id) {
  MutexLock lock(&mu_);
  mail_.requests.push_back(id);
  wake_.NotifyOne();
}

void WatchHub::Unsubscribe(WatchId id) {
  MutexLock lock(&mu_);
  watchers_.erase(id);
  mail_.ended.push_back(id);
  wake_.NotifyOne();
  while (calling_ == id) called_.Wait(&mu_);
}

std::unique_ptr<PastTables> WatchHub::PastAt(WatchQueries queries,
                                             Position position) const {
  PastTables::Options options;
  options.rows = options_.rows;
  options.log = options_.log;
  options.clock = options_.clock;
  options.page = {options_.page_bytes, options_.page_rows};
  return std::make_unique<PastTables>(options, std::move(queries), position);
}

void WatchHub::Publish(const std::vector<RowStore::EntryRows>& entries,
                       Position end) {
  if (!watched_.load()) return;
  std::vector<std::pair<Table, std::string>> changed;
  for (const RowStore::EntryRows& entry : entries) {
    for (const NewRowVersion& version : entry.versions) {
      if (IsWatchedTable(version.table)) {
        changed.emplace_back(version.table, version.key);
      }
    }
  }
  MutexLock lock(&mu_);
  if (changed_.size() + changed.size() > options_.changed_keys) {
    changed_.clear();
    all_changed_ = true;
  } else if (!all_changed_) {
    std::move(changed.begin(), changed.end(), std::back_inserter(changed_));
  }
  published_ = std::max(published_, end);
  wake_.NotifyOne();
}

void WatchHub::Poke() {
  MutexLock lock(&mu_);
  poked_ = true;
  wake_.NotifyOne();
}

void WatchHub::Drain() {
  {
    MutexLock lock(&mu_);
    closed_ = true;
    wake_.NotifyOne();
  }
  if (!thread_.joinable()) return;
  thread_.join();
  std::vector<WatchId> left;
  {
    MutexLock lock(&mu_);
    for (const auto& [id, watcher] : watchers_) left.push_back(id);
  }
  for (const WatchId id : left) End(id, Draining());
}

WatchStats WatchHub::stats() const {
  MutexLock lock(&mu_);
  return stats_;
}

// ---- Calls to watchers ----

WatchHub::Watcher* WatchHub::BeginCall(WatchId id) {
  MutexLock lock(&mu_);
  const auto found = watchers_.find(id);
  if (found == watchers_.end()) return nullptr;  // It left.
  calling_ = id;
  return found->second;
}

void WatchHub::EndCall() {
  MutexLock lock(&mu_);
  calling_ = 0;
  called_.NotifyAll();
}

void WatchHub::LetIn(WatchId id) {
  Watcher* const watcher = BeginCall(id);
  if (watcher == nullptr) return;
  watcher->OnBegun();
  EndCall();
}

void WatchHub::Deliver(WatchId id, SharedPage page) {
  Watcher* const watcher = BeginCall(id);
  if (watcher == nullptr) return;
  ++responses_;
  watcher->OnResponse(std::move(page));
  EndCall();
}

void WatchHub::End(WatchId id, const absl::Status& reason) {
  Watcher* const watcher = BeginCall(id);
  if (watcher == nullptr) return;
  watcher->OnEnd(reason);
  EndCall();
}

// ---- The thread ----

void WatchHub::Run() {
  while (WaitForWork()) {
    ReadMail();
    GoOn();
    watches_.WakeDue();
    for (int turn = 0; turn < kTurns && watches_.Step(); ++turn) {
    }
    UpdateStats();
  }
}

bool WatchHub::WaitForWork() {
  MutexLock lock(&mu_);
  while (!closed_ && !poked_ && mail_.empty() && !watches_.has_work()) {
    const std::int64_t now = options_.steady_ms();
    std::int64_t until = std::min(watches_.next_due_ms(), now + kIdleMs);
    const std::optional<Position> position = watches_.position();
    if (position.has_value() && published_ > *position) {
      until = std::min(until, next_round_);
    }
    if (until <= now) break;
    wake_.WaitFor(&mu_, until - now);
  }
  poked_ = false;
  return !closed_;
}

void WatchHub::ReadMail() {
  Mail mail;
  {
    MutexLock lock(&mu_);
    std::swap(mail, mail_);
    // What is written from here on is published: a watch that begins reads the
    // rows only now.
    if (!mail.begun.empty()) watched_.store(true);
  }
  for (Mail::NewWatch& begun : mail.begun) {
    const bool past = begun.queries.past;
    if (watches_.Add(begun.id, begun.viewer, std::move(begun.queries)) &&
        past) {
      LetIn(begun.id);
    }
  }
  for (const WatchId id : mail.requests) watches_.Request(id);
  for (const WatchId id : mail.ended) watches_.Remove(id);
  if (watches_.size() > 0) return;
  MutexLock lock(&mu_);
  if (!mail_.begun.empty()) return;
  watched_.store(false);
  changed_.clear();
  all_changed_ = false;
}

void WatchHub::GoOn() {
  const std::int64_t begin = options_.steady_ms();
  if (begin < next_round_) return;
  std::vector<std::pair<Table, std::string>> changed;
  bool all_changed = false;
  Position position;
  {
    MutexLock lock(&mu_);
    if (!watched_.load() || !watches_.position().has_value() ||
        published_ <= *watches_.position()) {
      return;
    }
    changed.swap(changed_);
    all_changed = std::exchange(all_changed_, false);
    position = published_;
  }
  watches_.Round(position,
                 ChangedKeys(std::make_move_iterator(changed.begin()),
                             std::make_move_iterator(changed.end())),
                 all_changed);
  ++rounds_;
  // Half of the time at least belongs to the watches.
  const std::int64_t end = options_.steady_ms();
  next_round_ = std::max(begin + options_.round_ms, end + (end - begin));
}

void WatchHub::UpdateStats() {
  WatchStats stats;
  stats.watches = watches_.size();
  stats.feeds = watches_.feed_count();
  stats.kept_keys = watches_.kept_keys();
  stats.kept_bytes = watches_.kept_bytes();
  stats.rounds = rounds_;
  stats.responses = responses_;
  stats.position = watches_.position().value_or(Position(0));
  MutexLock lock(&mu_);
  stats_ = stats;
}

}  // namespace thon
