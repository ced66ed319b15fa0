// A round: what changed between two positions, looked at once for all watches.
#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "server/core/bytes.h"
#include "server/core/check.h"
#include "server/core/error_info.h"
#include "server/projections/grants.h"
#include "server/projections/row_keys.h"
#include "server/watch/row_source.h"
#include "server/watch/watches.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

// Things whose rows are among `changed`.
ChangedSubjects SubjectsOf(const ChangedKeys& changed) {
  ChangedSubjects subjects;
  for (const auto& [table, key] : changed) {
    switch (table) {
      case Table::kUnit:
        subjects.units.emplace_back(keys::KeyView(key).U64());
        break;
      case Table::kTeam:
        subjects.teams.emplace_back(keys::KeyView(key).U64());
        break;
      case Table::kOrganisation:
        subjects.organisations.emplace_back(keys::KeyView(key).U64());
        break;
      case Table::kPolicy:
        subjects.policies.emplace_back(keys::KeyView(key).Text());
        break;
      default:
        break;
    }
  }
  return subjects;
}

// Keys of a table among `changed`.
std::vector<std::string> KeysOf(Table table, const ChangedKeys& changed) {
  std::vector<std::string> keys;
  for (auto it = changed.lower_bound({table, ""});
       it != changed.end() && it->first == table; ++it) {
    keys.push_back(it->second);
  }
  return keys;
}

}  // namespace

void Watches::Round(Position position, const ChangedKeys& changed,
                    bool all_changed) {
  if (!now_.has_value() || position <= now_->position()) return;
  ++round_;
  ForgetMade();
  touched_.clear();
  const ChangedSubjects subjects = SubjectsOf(changed);
  const bool same_map = subjects.empty() && !all_changed;
  RowsView now(options_.rows, position,
               same_map ? now_->places() : std::make_shared<Places>());
  if (all_changed) {
    calendar_.Reset();
    RestartAll(v1::WATCH_START_REASON_LAGGED);
  } else {
    const ChangedSubjects passed =
        calendar_.Pass(now, now_->today(), now.today());
    calendar_.Note(now, subjects);
    if (!subjects.empty() || !passed.empty()) {
      FindRestarts(now, subjects, passed);
    }
    ChangeRows(now, changed);
  }
  ChangeEvents(now, same_map && now.today() == now_->today());
  ChangedRights rights;
  for (std::string& key : KeysOf(Table::kGrant, changed)) {
    rights.grants.insert(std::move(key));
  }
  for (const std::string& key : KeysOf(Table::kAuthor, changed)) {
    rights.authors.insert(keys::KeyView(key).Author());
  }
  rights.all_authors = all_changed;
  rights.all_officers = !same_map || now.today() != now_->today();
  now.Rest();
  now_ = std::move(now);
  CheckRights(*now_, rights);
  if (!now_.has_value()) return;  // Every watch ended.
  now_->Rest();
  WakeWatches();
  BoundFeeds();
}

// ---- Rows ----

void Watches::ChangeRows(const RowsView& now, const ChangedKeys& changed) {
  for (const auto& [table, key] : changed) {
    if (ProjectionOf(table) != v1::WATCHED_PROJECTION_UNSPECIFIED) {
      ChangeRow(table, key, now);
    }
  }
}

void Watches::ChangeRow(Table table, const std::string& key,
                        const RowsView& now) {
  const v1::WatchedProjection projection = ProjectionOf(table);
  auto date = dates_.lower_bound({projection, Date(INT32_MIN)});
  if (date == dates_.end() || date->first.first != projection) return;

  const RowsView& before = *now_;
  std::array<std::optional<SourceRow>, 2> sources;
  const std::array<const RowsView*, 2> views = {&before, &now};
  for (std::size_t i = 0; i < views.size(); ++i) {
    const std::optional<RowVersion> row = views[i]->rows().Get(table, key);
    if (row.has_value()) {
      sources[i] = ParseSource(projection, key, *row, *views[i]);
    }
  }
  const auto row_of = [&](std::size_t i,
                          const Query& query) -> std::optional<std::string> {
    if (!sources[i].has_value() || !Belongs(query, *sources[i], *views[i])) {
      return std::nullopt;
    }
    return Encode(query, *sources[i]->message);
  };
  for (; date != dates_.end() && date->first.first == projection; ++date) {
    const Date structure = date->first.second;
    std::set<UnitId> roots = {UnitId(0)};
    std::set<std::pair<TeamId, AuthorId>> whose = {{}};
    for (std::size_t i = 0; i < views.size(); ++i) {
      if (!sources[i].has_value()) continue;
      const Date day = views[i]->On(structure);
      const std::vector<UnitId>& chain =
          views[i]->Ancestors(UnitOf(*sources[i], *views[i], day), day);
      roots.insert(chain.begin(), chain.end());
      for (const TeamId team : {TeamId(0), sources[i]->team}) {
        whose.emplace(team, AuthorId());
        whose.emplace(team, sources[i]->author);
      }
    }
    for (const UnitId root : roots) {
      for (const auto& [team, author] : whose) {
        const auto feeds =
            shapes_.find(Shape(projection, structure, root, team, author));
        if (feeds == shapes_.end()) continue;
        for (Feed* const feed : feeds->second) {
          const SharedRow* const kept = feed->Find(key);
          std::optional<std::string> old;
          if (kept == nullptr) {
            old = row_of(0, feed->query());
          } else if (*kept != nullptr) {
            old = **kept;
          }
          feed->Change(key, old, row_of(1, feed->query()), round_);
          if (feed->last_changed() == round_) touched_.insert(feed);
        }
      }
    }
  }
}

void Watches::ChangeEvents(const RowsView& now, bool same_places) {
  if (events_feeds_.empty()) return;
  tail_.MoveTo(now);
  const std::string first = tail_.FirstKey();
  for (Feed* const feed : events_feeds_) {
    std::map<std::string, std::string>& rows = feed->events();
    const auto drop = [&](std::map<std::string, std::string>::iterator row) {
      feed->Change(row->first, row->second, std::nullopt, round_);
      return rows.erase(row);
    };
    // With everything where it was, what was not a row is none now.
    const Position known = same_places ? now_->position() : Position(0);
    std::map<std::string, std::string> fresh =
        tail_.RowsAfter(known, feed->query(), now);
    if (!same_places) {
      for (auto row = rows.begin(); row != rows.end();) {
        row = fresh.contains(row->first) ? std::next(row) : drop(row);
      }
    }
    for (auto& [key, row] : fresh) {
      const auto [found, added] = rows.try_emplace(key, row);
      if (added) feed->Change(key, std::nullopt, std::move(row), round_);
    }
    const auto rows_max =
        static_cast<std::size_t>(feed->query().wanted.events_max());
    while (!rows.empty() &&
           (rows.begin()->first < first || rows.size() > rows_max)) {
      drop(rows.begin());
    }
    if (feed->last_changed() == round_) touched_.insert(feed);
  }
}

// ---- The map ----

void Watches::FindRestarts(const RowsView& now, const ChangedSubjects& changed,
                           const ChangedSubjects& passed) {
  std::map<Date, MovedRoots> by_date;
  for (const auto& [canonical, feed] : feeds_) {
    const Query& query = feed->query();
    const Date structure = query.structure_date();
    const bool today = structure == Date();
    auto moved = by_date.find(structure);
    if (moved == by_date.end()) {
      ChangedSubjects all = changed;
      if (today) {
        all.units.insert(all.units.end(), passed.units.begin(),
                         passed.units.end());
        all.teams.insert(all.teams.end(), passed.teams.begin(),
                         passed.teams.end());
      }
      moved = by_date
                  .emplace(structure, FindMoved(all, *now_, now_->On(structure),
                                                now, now.On(structure)))
                  .first;
    }
    const bool whole = query.root() == UnitId(0);
    // A team that a day moved was not written; its row comes with a restart.
    const bool follows =
        FollowsItsSubject(query.projection()) || !passed.teams.empty();
    const bool unit_days = today && !passed.units.empty() && whole &&
                           query.projection() == v1::WATCHED_PROJECTION_UNITS;
    if (unit_days ||
        (!whole &&
         (moved->second.of_units.contains(query.root()) ||
          (follows && moved->second.of_subjects.contains(query.root()))))) {
      feed->Restart(round_, v1::WATCH_START_REASON_STRUCTURE_CHANGED);
      touched_.insert(feed.get());
    }
  }
}

void Watches::RestartAll(v1::WatchStartReason reason) {
  for (const auto& [canonical, feed] : feeds_) {
    feed->Restart(round_, reason);
    touched_.insert(feed.get());
  }
}

// ---- Grants ----

bool Watches::GrantTouches(const std::string& key, const Watch& watch,
                           const RowsView& now) const {
  const auto grant = GetRow<v1::GrantRow>(now.rows(), Table::kGrant, key);
  if (!grant.has_value()) return true;
  const UnitId unit(grant->unit_id());
  for (const Query& query : watch.queries.queries) {
    const Date date = now.On(query.structure_date());
    if (unit == UnitId(0) || now.IsBelow(unit, query.root(), date) ||
        (query.root() != UnitId(0) && now.IsBelow(query.root(), unit, date))) {
      return true;
    }
  }
  return false;
}

void Watches::CheckOfficers(const RowsView& now, const ChangedRights& changed,
                            std::vector<WatchId>* ended) {
  std::map<std::pair<OfficerId, UnitId>, bool> granted;
  for (const auto& [officer, ids] : by_officer_) {
    const std::string prefix = keys::Key().Of(officer).Take();
    std::vector<std::string> own;
    for (auto it = changed.grants.lower_bound(prefix);
         it != changed.grants.end() && absl::StartsWith(*it, prefix); ++it) {
      own.push_back(*it);
    }
    if (own.empty() && !changed.all_officers) continue;
    for (const WatchId id : ids) {
      Watch* const watch = watches_.find(id)->second.get();
      bool may = true;
      for (const Query& query : watch->queries.queries) {
        const UnitId unit = UnitToRead(query, now);
        const auto [found, fresh] = granted.try_emplace({officer, unit}, false);
        if (fresh) {
          found->second = IsGranted(now.rows(), officer, v1::ROLE_READER, unit,
                                    now.today());
        }
        may = may && found->second;
      }
      if (!may) {
        ended->push_back(id);
      } else if (std::any_of(own.begin(), own.end(),
                             [&](const std::string& key) {
                               return GrantTouches(key, *watch, now);
                             })) {
        // A watch that has not begun begins with what holds now.
        if (watch->start == v1::WATCH_START_REASON_UNSPECIFIED) {
          watch->start = v1::WATCH_START_REASON_GRANT_CHANGED;
        }
        Enqueue(watch);
      }
    }
  }
}

void Watches::CheckRights(const RowsView& now, const ChangedRights& changed) {
  std::vector<WatchId> ended;
  if (!changed.grants.empty() || changed.all_officers) {
    CheckOfficers(now, changed, &ended);
  }
  for (const auto& [author, ids] : by_author_) {
    if (!changed.all_authors && changed.authors.empty()) break;
    if (!changed.all_authors && !changed.authors.contains(author)) continue;
    for (const WatchId id : ids) {
      const Watch& watch = *watches_.find(id)->second;
      if (!MayWatch(watch.viewer, watch.queries, now).ok()) ended.push_back(id);
    }
  }
  for (const WatchId id : ended) {
    Remove(id);
    out_.end(id, WithReason(absl::PermissionDeniedError(
                                "the right that this watch rests on has ended"),
                            "GRANT_ENDED"));
  }
}

// ---- Afterwards ----

void Watches::WakeWatches() {
  for (auto it = parked_.begin(); it != parked_.end();) {
    Watch* const watch = watches_.find(*it)->second.get();
    if (watch->resume->position > now_->position()) {
      ++it;
      continue;
    }
    it = parked_.erase(it);
    watch->parked = false;
    Enqueue(watch);
  }
  for (const Feed* const feed : touched_) {
    for (const WatchId id : watchers_.find(feed)->second) {
      Enqueue(watches_.find(id)->second.get());
    }
  }
}

void Watches::BoundFeeds() {
  for (Feed* const feed : touched_) {
    // Whoever has a cut under way needs what changes after that; whoever has
    // not begun needs nothing.
    std::uint64_t told_by_all = round_;
    for (const WatchId id : watchers_.find(feed)->second) {
      const Watch& watch = *watches_.find(id)->second;
      if (watch.cut != nullptr) {
        told_by_all = std::min(told_by_all, watch.cut_round);
      } else if (watch.start == v1::WATCH_START_REASON_UNSPECIFIED) {
        told_by_all = std::min(told_by_all, watch.told);
      }
    }
    feed->ForgetUpTo(told_by_all);
    feed->Bound(options_.feed_keys, options_.feed_bytes);
  }
  touched_.clear();
  if (kept_.bytes <= options_.feeds_bytes) return;
  // Those that keep more than their share pay for it.
  const std::size_t share = options_.feeds_bytes / feeds_.size();
  for (const auto& [canonical, feed] : feeds_) {
    feed->Bound(options_.feed_keys, share);
  }
}

}  // namespace thon
