#include "server/watch/watches.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/error_info.h"
#include "server/watch/row_source.h"

namespace thon {
namespace {

absl::Status AnotherHistory(absl::string_view why) {
  return WithReason(absl::OutOfRangeError(
                        absl::StrCat("the resume token is of another history (",
                                     why, "); start the watch without it")),
                    "ANOTHER_HISTORY");
}

absl::Status TooMany(absl::string_view whose) {
  return WithRetryAfter(
      WithReason(absl::ResourceExhaustedError(absl::StrCat(
                     whose, " has as many watches as it may; end one first")),
                 "TOO_MANY_WATCHES"),
      30'000);
}

}  // namespace

bool IsWatchedTable(Table table) {
  return table == Table::kCalendar || table == Table::kGrant ||
         table == Table::kAuthor ||
         ProjectionOf(table) != v1::WATCHED_PROJECTION_UNSPECIFIED;
}

Watches::Watches(WatchOptions options, Out out)
    : options_(std::move(options)),
      out_(std::move(out)),
      tokens_(options_.token_key),
      rows_hash_(ShortHash(options_.rows_signature)),
      tail_(options_.log) {}

Watches::~Watches() = default;

std::optional<Position> Watches::position() const {
  if (!now_.has_value()) return std::nullopt;
  return now_->position();
}

// ---- Beginning and end of a watch ----

bool Watches::Add(WatchId id, Viewer viewer, WatchQueries queries) {
  auto watch = std::make_unique<Watch>();
  watch->id = id;
  watch->viewer = viewer;
  watch->queries = std::move(queries);
  if (!now_.has_value()) {
    ++round_;
    now_.emplace(options_.rows, options_.rows->end().position,
                 std::make_shared<Places>());
    calendar_.Reset();
  }
  const absl::Status opened = Open(watch.get());
  if (!opened.ok()) {
    if (watches_.empty()) now_.reset();
    out_.end(id, opened);
    return false;
  }
  for (std::size_t i = 0; i < watch->queries.queries.size(); ++i) {
    if (watch->queries.past) break;
    Feed* const feed = FeedOf(watch->queries.queries[i]);
    watch->subscriptions.push_back({watch->queries.ids[i], feed, {}});
    watchers_[feed].insert(id);
  }
  if (viewer.officer.has_value()) by_officer_[*viewer.officer].insert(id);
  if (viewer.author.has_value()) {
    by_author_[*viewer.author].insert(id);
    ++phones_;
  }
  watch->parked =
      watch->resume.has_value() && watch->resume->position > now_->position();
  if (watch->parked) parked_.insert(id);
  watches_.emplace(id, std::move(watch));
  now_->Rest();
  return true;
}

absl::Status Watches::Open(Watch* watch) {
  const absl::Status token = OpenToken(watch);
  if (!token.ok()) return token;
  const absl::Status granted = MayWatch(watch->viewer, watch->queries, *now_);
  if (!granted.ok()) return granted;
  return CheckRoom(*watch);
}

absl::Status Watches::CheckRoom(const Watch& watch) const {
  if (watches_.size() >= limits::kWatchesMax) return TooMany("the server");
  if (watch.viewer.author.has_value()) {
    return phones_ >= limits::kPhoneWatchesMax ? TooMany("the server")
                                               : absl::OkStatus();
  }
  const auto found = by_officer_.find(*watch.viewer.officer);
  if (found != by_officer_.end() &&
      found->second.size() >= limits::kWatchesPerOfficerMax) {
    return TooMany("the officer");
  }
  return absl::OkStatus();
}

absl::Status Watches::OpenToken(Watch* watch) {
  watch->queries_hash = LongHash(watch->queries.canonical);
  if (watch->queries.resume_token.empty()) return absl::OkStatus();
  const absl::StatusOr<ResumePoint> point =
      tokens_.Open(watch->queries.resume_token);
  if (!point.ok()) return point.status();
  if (point->queries != watch->queries_hash) {
    return WithField(
        WithReason(absl::InvalidArgumentError(
                       "the resume token is of a watch of other queries"),
                   "BAD_RESUME_TOKEN"),
        "resume_token");
  }
  bool known = false;
  for (const WatchEpoch& epoch : options_.epochs()) {
    // Every later epoch may have lost positions of the token's.
    if (known && point->position >= epoch.first_lost) {
      return AnotherHistory("an epoch that was lost after a restore");
    }
    known = known || ShortHash(epoch.origin) == point->origin;
  }
  if (!known) return AnotherHistory("an epoch that this log does not know");
  if (point->position >= options_.log->end().next_position) {
    return AnotherHistory("it is from beyond the log's end");
  }
  const Position now = now_->position();
  const bool too_far =
      point->position < now &&
      now.value - point->position.value > options_.resume_positions;
  if (point->rows != rows_hash_ || too_far) {
    watch->start = v1::WATCH_START_REASON_TOO_OLD;
    return absl::OkStatus();
  }
  watch->start = v1::WATCH_START_REASON_RESUMED;
  watch->resume = *point;
  return absl::OkStatus();
}

Watches::Shape Watches::ShapeOf(const Query& query) {
  return {query.projection(), query.structure_date(), query.root(),
          query.team(), query.author()};
}

Feed* Watches::FeedOf(const Query& query) {
  std::unique_ptr<Feed>& feed = feeds_[query.canonical];
  if (feed != nullptr) return feed.get();
  feed = std::make_unique<Feed>(query, round_, &kept_);
  std::set<Feed*>& same = shapes_[ShapeOf(query)];
  if (same.empty()) ++dates_[{query.projection(), query.structure_date()}];
  same.insert(feed.get());
  if (query.is_events()) {
    tail_.MoveTo(*now_);
    feed->events() = tail_.RowsOf(query, *now_);
    events_feeds_.insert(feed.get());
  }
  return feed.get();
}

void Watches::LeaveFeeds(const Watch& watch) {
  for (const Subscription& subscription : watch.subscriptions) {
    Feed* const feed = subscription.feed;
    const auto found = watchers_.find(feed);
    if (found == watchers_.end()) continue;  // Two queries of one feed.
    found->second.erase(watch.id);
    if (!found->second.empty()) continue;
    watchers_.erase(found);
    const Query& query = feed->query();
    const std::pair<int, Date> date(query.projection(), query.structure_date());
    const auto shape = shapes_.find(ShapeOf(query));
    shape->second.erase(feed);
    if (shape->second.empty()) {
      shapes_.erase(shape);
      if (--dates_[date] == 0) dates_.erase(date);
    }
    touched_.erase(feed);
    events_feeds_.erase(feed);
    const std::string canonical = query.canonical;
    feeds_.erase(canonical);
  }
}

void Watches::Remove(WatchId id) {
  const auto found = watches_.find(id);
  if (found == watches_.end()) return;
  const Watch& watch = *found->second;
  LeaveFeeds(watch);
  if (watch.viewer.officer.has_value()) {
    const auto officer = by_officer_.find(*watch.viewer.officer);
    officer->second.erase(id);
    if (officer->second.empty()) by_officer_.erase(officer);
  }
  if (watch.viewer.author.has_value()) {
    const auto author = by_author_.find(*watch.viewer.author);
    author->second.erase(id);
    if (author->second.empty()) by_author_.erase(author);
    --phones_;
  }
  parked_.erase(id);
  due_.erase({watch.due_ms, id});
  watches_.erase(found);
  if (watches_.empty()) {
    now_.reset();
    ready_.clear();
    ForgetMade();
    tail_ = EventTail(options_.log);
  }
}

// ---- Turns ----

void Watches::Request(WatchId id) {
  const auto found = watches_.find(id);
  if (found == watches_.end() || found->second->queries.past) return;
  found->second->requested = true;
  Enqueue(found->second.get());
}

// Lets the watch have a turn if it can send something.
void Watches::Enqueue(Watch* watch) {
  if (watch->queued || !watch->requested || watch->parked || !Owes(*watch)) {
    return;
  }
  watch->queued = true;
  ready_.push_back(watch->id);
}

bool Watches::Owes(const Watch& watch) const {
  if (watch.cut != nullptr || watch.due ||
      watch.start != v1::WATCH_START_REASON_UNSPECIFIED) {
    return true;
  }
  return std::any_of(watch.subscriptions.begin(), watch.subscriptions.end(),
                     [&](const Subscription& subscription) {
                       return subscription.feed->last_changed() > watch.told ||
                              subscription.feed->restart_round() > watch.told;
                     });
}

std::int64_t Watches::next_due_ms() const {
  return due_.empty() ? INT64_MAX : due_.begin()->first;
}

void Watches::WakeDue() {
  const std::int64_t now = options_.steady_ms();
  while (!due_.empty() && due_.begin()->first <= now) {
    Watch* const watch = watches_.find(due_.begin()->second)->second.get();
    due_.erase(due_.begin());
    watch->due = true;
    Enqueue(watch);
  }
}

void Watches::SetDue(Watch* watch) {
  due_.erase({watch->due_ms, watch->id});
  watch->due = false;
  watch->due_ms = options_.steady_ms() + options_.progress_ms;
  due_.emplace(watch->due_ms, watch->id);
}

bool Watches::Step() {
  while (!ready_.empty()) {
    const WatchId id = ready_.front();
    ready_.pop_front();
    const auto found = watches_.find(id);
    if (found == watches_.end()) continue;
    Watch* const watch = found->second.get();
    watch->queued = false;
    if (!watch->requested || !Owes(*watch)) continue;
    const bool begins = watch->cut == nullptr;
    if (begins) {
      if (SharedPage made = FindMade(*watch)) {
        // Where its tables stand without their feeds is what it was.
        watch->told = round_;
        SetDue(watch);
        ++shared_;
        Send(watch, std::move(made));
        return true;
      }
      StartCut(watch);
    }
    if (!watch->cut->Fill({options_.page_bytes, options_.page_rows})) {
      Enqueue(watch);  // It had its turn.
      return true;
    }
    const bool complete = watch->cut->complete();
    if (complete) Sign(*watch, watch->cut->page().mutable_progress());
    auto page = std::make_shared<const WatchPage>(watch->cut->Take());
    if (complete && begins) KeepMade(*watch, page);
    if (complete) Finish(watch);
    Send(watch, std::move(page));
    return true;
  }
  return false;
}

void Watches::Send(Watch* watch, SharedPage page) {
  watch->requested = false;
  out_.send(watch->id, std::move(page));
}

// ---- Pages for several ----

std::shared_ptr<const WatchPage> Watches::FindMade(const Watch& watch) const {
  if (watch.start != v1::WATCH_START_REASON_UNSPECIFIED) return nullptr;
  const auto found = made_.find({watch.queries.canonical, watch.told});
  if (found == made_.end() ||
      options_.steady_ms() - found->second.made_ms > options_.round_ms) {
    return nullptr;
  }
  return found->second.page;
}

// Requires: the page is the watch's whole cut, which it has not told yet.
void Watches::KeepMade(const Watch& watch, const SharedPage& page) {
  if (page->response().started_size() > 0) return;  // Rare, and often large.
  if (watchers_.find(watch.subscriptions[0].feed)->second.size() < 2) return;
  const std::size_t bytes = page->response().ByteSizeLong();
  const std::pair key(watch.queries.canonical, watch.told);
  const bool known = made_.contains(key);  // One that is too old.
  if (!known && made_bytes_ + bytes > options_.shared_bytes) return;
  if (!known) made_bytes_ += bytes;
  made_[key] = {page, options_.steady_ms()};
}

void Watches::ForgetMade() {
  made_.clear();
  made_bytes_ = 0;
}

// ---- Cuts ----

// Rows of a position that a watch resumes from.
RowsView Watches::ViewAt(Position position) {
  if (resumed_places_.second == nullptr || resumed_places_.first != position) {
    resumed_places_ = {position, std::make_shared<Places>()};
  }
  return RowsView(options_.rows, position, resumed_places_.second);
}

void Watches::StartCut(Watch* watch) {
  watch->cut = std::make_unique<Cut>(now_->position(), now_->today());
  watch->cut_round = round_;
  std::vector<CutPart>& parts = watch->cut->parts();
  parts.resize(watch->subscriptions.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].query_id = watch->subscriptions[i].id;
    StartPart(watch, watch->subscriptions[i], &parts[i]);
  }
  watch->start = v1::WATCH_START_REASON_UNSPECIFIED;
  watch->resume.reset();
}

void Watches::StartPart(Watch* watch, const Subscription& subscription,
                        CutPart* part) {
  Feed& feed = *subscription.feed;
  part->moved = feed.moved();
  if (watch->start != v1::WATCH_START_REASON_UNSPECIFIED) {
    part->reason = watch->start;
  } else if (feed.restart_round() > watch->told) {
    part->reason = feed.restart_reason();
  } else if (feed.known_since() > watch->told) {
    part->reason = v1::WATCH_START_REASON_LAGGED;
  } else {
    part->table = subscription.base;
    part->table += feed.moved();
    feed.VisitSince(watch->told,
                    [part](const std::string& key, const SharedRow& row) {
                      part->rows.emplace_back(key, row);
                    });
    return;
  }
  if (feed.query().is_events()) return StartEvents(*watch, &feed, part);
  std::optional<RowsView> before;
  if (part->reason == v1::WATCH_START_REASON_RESUMED) {
    before = ViewAt(watch->resume->position);
  }
  part->scan = std::make_unique<QueryScan>(&feed.query(), RowsView(*now_),
                                           std::move(before));
}

void Watches::StartEvents(const Watch& watch, Feed* feed, CutPart* part) {
  std::map<std::string, std::string> before;
  if (part->reason == v1::WATCH_START_REASON_RESUMED) {
    EventTail then(options_.log);
    const RowsView view = ViewAt(watch.resume->position);
    then.MoveTo(view);
    before = then.RowsOf(feed->query(), view);
  }
  for (const auto& [key, row] : feed->events()) {
    const auto old = before.find(key);
    const bool same = old != before.end() && old->second == row;
    if (old != before.end()) before.erase(old);
    part->Add(key, row);
    if (same) part->rows.pop_back();  // It is there.
  }
  for (const auto& [key, row] : before) part->rows.emplace_back(key, nullptr);
}

void Watches::Sign(const Watch& watch, v1::WatchProgress* progress) const {
  progress->set_server_time_ms(options_.clock->Now().ms);
  ResumePoint point;
  point.origin = ShortHash(options_.epochs().back().origin);
  point.position = watch.cut->position();
  point.queries = watch.queries_hash;
  point.rows = rows_hash_;
  progress->set_resume_token(tokens_.Seal(point));
}

void Watches::Finish(Watch* watch) {
  for (std::size_t i = 0; i < watch->subscriptions.size(); ++i) {
    const CutPart& part = watch->cut->parts()[i];
    watch->subscriptions[i].base = part.table;
    watch->subscriptions[i].base -= part.moved;
  }
  watch->told = watch->cut_round;
  watch->cut.reset();
  SetDue(watch);
}

}  // namespace thon
