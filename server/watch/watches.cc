#include "server/watch/watches.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/error_info.h"
#include "server/projections/grants.h"
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

std::size_t Watches::kept_keys() const {
  std::size_t keys = 0;
  for (const auto& [canonical, feed] : feeds_) keys += feed->key_count();
  return keys;
}

std::size_t Watches::kept_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [canonical, feed] : feeds_) bytes += feed->bytes();
  return bytes;
}

// ---- Beginning and end of a watch ----

void Watches::Add(WatchId id, Viewer viewer, WatchQueries queries) {
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
    return;
  }
  for (std::size_t i = 0; i < watch->queries.queries.size(); ++i) {
    Feed* const feed = FeedOf(watch->queries.queries[i]);
    watch->subscriptions.push_back({watch->queries.ids[i], feed, {}});
    watchers_[feed].insert(id);
  }
  if (viewer.officer.has_value()) by_officer_[*viewer.officer].insert(id);
  watch->parked =
      watch->resume.has_value() && watch->resume->position > now_->position();
  if (watch->parked) parked_.insert(id);
  watches_.emplace(id, std::move(watch));
  now_->Rest();
}

absl::Status Watches::Open(Watch* watch) {
  const absl::Status token = OpenToken(watch);
  if (!token.ok()) return token;
  const absl::Status granted = Authorise(*watch);
  if (!granted.ok()) return granted;
  if (watches_.size() >= limits::kWatchesMax) return TooMany("the server");
  if (watch->viewer.officer.has_value()) {
    const auto found = by_officer_.find(*watch->viewer.officer);
    if (found != by_officer_.end() &&
        found->second.size() >= limits::kWatchesPerOfficerMax) {
      return TooMany("the officer");
    }
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

absl::Status Watches::Authorise(const Watch& watch) const {
  if (!watch.viewer.officer.has_value()) return absl::OkStatus();
  for (const Query& query : watch.queries.queries) {
    if (!IsGranted(now_->rows(), *watch.viewer.officer, v1::ROLE_READER,
                   query.root(), now_->today())) {
      return absl::PermissionDeniedError(
          "no grant of yours allows this here; ask an operator for one");
    }
  }
  return absl::OkStatus();
}

Feed* Watches::FeedOf(const Query& query) {
  std::unique_ptr<Feed>& feed = feeds_[query.canonical];
  if (feed != nullptr) return feed.get();
  feed = std::make_unique<Feed>(query, round_);
  const Shape shape(query.projection(), query.structure_date(), query.root(),
                    query.team());
  std::set<Feed*>& same = shapes_[shape];
  if (same.empty()) ++dates_[{query.projection(), query.structure_date()}];
  same.insert(feed.get());
  if (query.is_events()) {
    tail_.MoveTo(*now_);
    feed->events() = tail_.RowsOf(query, *now_);
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
    const auto shape =
        shapes_.find(Shape(query.projection(), query.structure_date(),
                           query.root(), query.team()));
    shape->second.erase(feed);
    if (shape->second.empty()) {
      shapes_.erase(shape);
      if (--dates_[date] == 0) dates_.erase(date);
    }
    touched_.erase(feed);
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
  parked_.erase(id);
  due_.erase({watch.due_ms, id});
  watches_.erase(found);
  if (watches_.empty()) {
    now_.reset();
    ready_.clear();
    tail_ = EventTail(options_.log);
  }
}

// ---- Turns ----

void Watches::Request(WatchId id) {
  const auto found = watches_.find(id);
  if (found == watches_.end()) return;
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
    if (watch->cut == nullptr) StartCut(watch);
    if (!FillPage(watch)) {
      Enqueue(watch);  // It had its turn.
      return true;
    }
    v1::WatchResponse page = std::move(watch->cut->page);
    watch->cut->page.Clear();
    watch->cut->page_bytes = 0;
    if (page.has_progress()) Finish(watch);
    watch->requested = false;
    out_.send(id, std::move(page));
    return true;
  }
  return false;
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
  watch->cut = std::make_unique<Cut>();
  Cut& cut = *watch->cut;
  cut.round = round_;
  cut.position = now_->position();
  cut.today = now_->today();
  cut.parts.resize(watch->subscriptions.size());
  for (std::size_t i = 0; i < cut.parts.size(); ++i) {
    StartPart(watch, watch->subscriptions[i], &cut.parts[i]);
  }
  watch->start = v1::WATCH_START_REASON_UNSPECIFIED;
  watch->resume.reset();
}

void Watches::StartPart(Watch* watch, const Subscription& subscription,
                        Part* part) {
  const Feed& feed = *subscription.feed;
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
  const bool resumed = part->reason == v1::WATCH_START_REASON_RESUMED;
  if (!feed.query().is_events()) {
    std::optional<RowsView> before;
    if (resumed) before = ViewAt(watch->resume->position);
    part->scan = std::make_unique<QueryScan>(&feed.query(), RowsView(*now_),
                                             std::move(before));
    return;
  }
  std::map<std::string, std::string> before;
  if (resumed) {
    EventTail then(options_.log);
    const RowsView view = ViewAt(watch->resume->position);
    then.MoveTo(view);
    before = then.RowsOf(feed.query(), view);
  }
  for (const auto& [key, row] : subscription.feed->events()) {
    part->table.digest.Add(key, row);
    ++part->table.rows;
    const auto old = before.find(key);
    if (old == before.end() || old->second != row) {
      part->rows.emplace_back(key, std::make_shared<const std::string>(row));
    }
    if (old != before.end()) before.erase(old);
  }
  for (const auto& [key, row] : before) part->rows.emplace_back(key, nullptr);
}

// Moves rows to the page. False: it is full.
bool Watches::DrainRows(const Subscription& subscription, Part* part,
                        Cut* cut) {
  while (!part->rows.empty()) {
    if (cut->page_bytes >= options_.page_bytes ||
        cut->page.rows_size() >= static_cast<int>(options_.page_rows)) {
      return false;
    }
    auto& [key, row] = part->rows.front();
    const std::size_t bytes =
        key.size() + (row == nullptr ? 0 : row->size()) + 16;
    if (cut->page_bytes > 0 && cut->page_bytes + bytes > options_.page_bytes) {
      return false;
    }
    v1::WatchedRow* const out = cut->page.add_rows();
    out->set_query_id(subscription.id);
    out->set_key(std::move(key));
    if (row == nullptr) {
      out->set_removed(true);
    } else {
      out->set_row(*row);
    }
    cut->page_bytes += bytes;
    part->rows.pop_front();
  }
  return true;
}

// True: the page is to be sent. False: the turn is over before it is full.
bool Watches::FillPage(Watch* watch) {
  Cut& cut = *watch->cut;
  std::size_t examined = 0;
  while (cut.part < cut.parts.size()) {
    const Subscription& subscription = watch->subscriptions[cut.part];
    Part& part = cut.parts[cut.part];
    const bool starts = part.reason != v1::WATCH_START_REASON_UNSPECIFIED;
    if (starts && !part.announced) {
      v1::WatchStarted* const started = cut.page.add_started();
      started->set_query_id(subscription.id);
      started->set_reason(part.reason);
      started->set_position(cut.position.value);
      started->set_clear(part.reason != v1::WATCH_START_REASON_RESUMED);
      part.announced = true;
    }
    if (!DrainRows(subscription, &part, &cut)) return true;
    if (part.scan != nullptr) {
      if (examined >= limits::kWatchStepRowsMax) return false;
      constexpr std::size_t kRows = limits::kWatchStepRowsMax / 4;
      const bool done = part.scan->Step(
          kRows, [&part](std::string key, std::optional<std::string> row) {
            part.rows.emplace_back(
                std::move(key),
                row.has_value()
                    ? std::make_shared<const std::string>(*std::move(row))
                    : nullptr);
          });
      examined += kRows;
      if (!done) continue;
      part.table = {part.scan->digest(),
                    static_cast<std::int64_t>(part.scan->row_count())};
      part.scan.reset();
      continue;
    }
    if (starts) cut.page.add_complete_query_ids(subscription.id);
    ++cut.part;
  }
  v1::WatchProgress* const progress = cut.page.mutable_progress();
  progress->set_position(cut.position.value);
  progress->set_server_time_ms(options_.clock->Now().ms);
  progress->set_local_date(cut.today.days);
  ResumePoint point;
  point.origin = ShortHash(options_.epochs().back().origin);
  point.position = cut.position;
  point.queries = watch->queries_hash;
  point.rows = rows_hash_;
  progress->set_resume_token(tokens_.Seal(point));
  for (std::size_t i = 0; i < cut.parts.size(); ++i) {
    v1::WatchedTable* const table = progress->add_tables();
    table->set_query_id(watch->subscriptions[i].id);
    table->set_row_count(static_cast<std::uint64_t>(cut.parts[i].table.rows));
    table->set_digest(cut.parts[i].table.digest.Bytes());
  }
  return true;
}

void Watches::Finish(Watch* watch) {
  for (std::size_t i = 0; i < watch->subscriptions.size(); ++i) {
    const Part& part = watch->cut->parts[i];
    watch->subscriptions[i].base = part.table;
    watch->subscriptions[i].base -= part.moved;
  }
  watch->told = watch->cut->round;
  watch->cut.reset();
  SetDue(watch);
}

}  // namespace thon
