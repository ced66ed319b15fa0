#include "tests/unit/watch/watch_world.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/entry.h"
#include "server/projections/grants.h"
#include "server/projections/row_keys.h"
#include "server/watch/event_tail.h"
#include "server/watch/row_source.h"
#include "tests/support/seed.h"

namespace thon::testing {
namespace {

constexpr std::uint64_t kVillages = 12;
constexpr char kSignature[] = "acts/1 watch_world/1";

}  // namespace

// ---- MemoryLog ----

void MemoryLog::Add(const v1::Batch& batch) {
  EntryTrailer trailer;
  trailer.event_count = static_cast<std::uint16_t>(batch.events_size());
  MutexLock lock(&mu_);
  trailer.first_position = Position(next_);
  trailer.receive_time = Instant(static_cast<std::int64_t>(1000 * next_));
  entries_.push_back(EncodeEntry(batch.SerializeAsString(), trailer));
  first_.push_back(next_);
  next_ += trailer.event_count;
}

LogEnd MemoryLog::end() const {
  MutexLock lock(&mu_);
  return {EntryIndex(entries_.size()), Position(next_), Instant()};
}

absl::Status MemoryLog::ReadEntries(
    EntryIndex begin, EntryIndex end,
    const std::function<bool(EntryIndex, absl::string_view)>& visit) const {
  for (EntryIndex i = begin; i < end; i = i.Next()) {
    std::string entry;
    {
      MutexLock lock(&mu_);
      entry = entries_[i.value];
    }
    if (!visit(i, entry)) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<EntryIndex> MemoryLog::FindPosition(Position position) const {
  MutexLock lock(&mu_);
  if (position.value == 0 || position.value >= next_) {
    return absl::NotFoundError("no such position");
  }
  const auto after =
      std::upper_bound(first_.begin(), first_.end(), position.value);
  return EntryIndex(static_cast<std::uint64_t>(after - first_.begin()) - 1);
}

// ---- WatchWorld ----

AuthorId WatchWorld::AuthorOf(std::uint64_t team) {
  AuthorId author;
  author.bytes[0] = 7;
  author.bytes[14] = static_cast<std::uint8_t>(team >> 8);
  author.bytes[15] = static_cast<std::uint8_t>(team);
  return author;
}

WatchWorld::WatchWorld(std::uint64_t salt)
    : random_(SeededRandom(salt)),
      directory_(absl::StrCat(::testing::TempDir(), "thon_watch_", ::getpid(),
                              "_", salt)),
      today_(Date::Of(2023, 6, 1)) {
  std::filesystem::remove_all(directory_);
  std::filesystem::create_directories(directory_);
  Reopen();
  Found();
}

WatchWorld::~WatchWorld() {
  rows_.reset();
  std::filesystem::remove_all(directory_);
}

void WatchWorld::Reseed(std::uint64_t salt) { random_ = SeededRandom(salt); }

void WatchWorld::Reopen() {
  rows_.reset();
  StorageOptions options;
  options.directory = directory_;
  absl::StatusOr<std::unique_ptr<RowStore>> rows =
      RowStore::Open(options, kSignature);
  THON_CHECK(rows.ok());
  rows_ = *std::move(rows);
}

WatchOptions WatchWorld::Options() {
  WatchOptions options;
  options.rows = rows_.get();
  options.log = &log_;
  options.clock = &clock_;
  options.steady_ms = [this] { return clock_.SteadyMs(); };
  options.epochs = [] {
    return std::vector<WatchEpoch>{{"watch.example/1", Position(0)}};
  };
  options.token_key = std::string(32, 'k');
  options.rows_signature = kSignature;
  return options;
}

template <typename Message>
void WatchWorld::Put(Table table, std::string key, const Message& message) {
  PutRaw(table, std::move(key), message.SerializeAsString());
}

void WatchWorld::PutRaw(Table table, std::string key, std::string value) {
  pending_[{table, key}] = {table, key, std::move(value)};
}

WatchWorld::Written WatchWorld::End(std::uint64_t team, int events) {
  v1::Batch batch;
  batch.set_author(std::string(AuthorOf(team).view()));
  for (int i = 0; i < events; ++i) {
    v1::Event* const event = batch.add_events();
    event->set_sequence(++sequence_);
    event->set_team_id(team);
    if (Draw(2) == 0) {
      event->mutable_day_opened();
    } else {
      event->mutable_team_founded();
    }
  }
  log_.Add(batch);
  position_ = Position(position_.value + static_cast<std::uint64_t>(events));
  RowStore::EntryRows entry{next_entry_, position_, {}};
  const std::unique_ptr<RowReader> rows = rows_->At(end());
  for (auto& [key, version] : pending_) {
    const std::optional<RowVersion> old = rows->Get(key.first, key.second);
    const bool same = old.has_value() ? version.value == old->value
                                      : !version.value.has_value();
    if (!same) entry.versions.push_back(std::move(version));
  }
  pending_.clear();
  next_entry_ = next_entry_.Next();
  Written written = {std::move(entry)};
  THON_CHECK(rows_->Write(written).ok());
  return written;
}

void WatchWorld::Found() {
  const std::int32_t from = Date::Of(2023, 1, 1).days;
  const auto put_unit = [&](std::uint64_t id, std::uint64_t parent,
                            v1::UnitLevel level) {
    v1::UnitRow unit;
    unit.set_unit_id(id);
    unit.set_level(level);
    unit.set_from_date(from);
    v1::UnitParent* const up = unit.add_parents();
    up->set_from_date(from);
    up->set_unit_id(parent);
    Put(Table::kUnit, keys::Unit(UnitId(id)), unit);
    if (parent != 0) {
      PutRaw(Table::kUnitChild, keys::UnitChild(UnitId(parent), UnitId(id)),
             "");
    }
  };
  put_unit(kProvince, 0, v1::UNIT_LEVEL_PROVINCE);
  for (std::uint64_t i = 0; i < 2; ++i) {
    put_unit(21 + i, kProvince, v1::UNIT_LEVEL_DISTRICT);
  }
  for (std::uint64_t i = 0; i < 4; ++i) {
    put_unit(31 + i, 21 + i / 2, v1::UNIT_LEVEL_COMMUNE);
  }
  for (std::uint64_t i = 0; i < kVillages; ++i) {
    put_unit(41 + i, 31 + i / 3, v1::UNIT_LEVEL_VILLAGE);
  }
  for (std::uint64_t i = 0; i < kVillages; ++i) PutTeam(101 + i, 41 + i);
  teams_ = kVillages;
  for (std::uint64_t i = 0; i < 2; ++i) {
    v1::OrganisationRow organisation;
    organisation.set_organisation_id(201 + i);
    organisation.set_unit_id(i == 0 ? kProvince : 21);
    Put(Table::kOrganisation, keys::Organisation(OrganisationId(201 + i)),
        organisation);
  }
  v1::PolicyRow policy;
  policy.set_policy_id(kPolicy);
  policy.set_version(1);
  policy.set_issuer_unit_id(kProvince);
  policy.set_text("a text that nobody asked for");
  Put(Table::kPolicy, keys::Policy(kPolicy, 1), policy);
  v1::CalendarRow calendar;
  calendar.set_last_date(today_.days);
  Put(Table::kCalendar, keys::Calendar(), calendar);
  for (std::uint64_t i = 1; i <= kOfficers; ++i) {
    v1::GrantRow grant;
    grant.set_grant_id(i);
    grant.set_officer_id(i);
    grant.set_role(v1::ROLE_READER);
    grant.set_unit_id(i == 1 ? 0 : i == 2 ? 21 : 31);
    grant.set_from_date(from);
    Put(Table::kGrant, keys::Grant(OfficerId(i), i), grant);
  }
  End(0, 3);
}

v1::TeamRow WatchWorld::TeamOf(std::uint64_t team) const {
  return GetRow<v1::TeamRow>(*rows_->At(end()), Table::kTeam,
                             keys::Team(TeamId(team)))
      .value_or(v1::TeamRow());
}

void WatchWorld::PutTeam(std::uint64_t team, std::uint64_t village) {
  v1::TeamRow row;
  row.set_team_id(team);
  row.set_level(v1::UNIT_LEVEL_VILLAGE);
  row.set_name(absl::StrCat("Tổ ", team));
  v1::UnitParent* const unit = row.add_units();
  unit->set_from_date(today_.days);
  unit->set_unit_id(village);
  Put(Table::kTeam, keys::Team(TeamId(team)), row);
  PutRaw(Table::kTeamByUnit, keys::TeamByUnit(UnitId(village), TeamId(team)),
         "");
  PutAuthor(team, false, team);
}

void WatchWorld::PutAuthor(std::uint64_t team, bool revoked,
                           std::uint64_t of_team) {
  v1::AuthorRow author;
  author.set_author(std::string(AuthorOf(team).view()));
  author.set_kind(v1::AUTHOR_KIND_PHONE);
  author.set_confirmed(true);
  author.set_team_id(of_team);
  if (revoked) author.set_revoked_position(position_.value + 1);
  Put(Table::kAuthor, keys::Author(AuthorOf(team)), author);
  PutRaw(Table::kAuthorByTeam,
         keys::AuthorByTeam(TeamId(of_team), AuthorOf(team)), "");
}

WatchWorld::Written WatchWorld::ChangeMonth(std::uint64_t team) {
  const Month month(202306 + static_cast<std::int32_t>(Draw(3)));
  const std::string key = keys::TeamMonth(TeamId(team), month);
  v1::TeamMonth row =
      GetRow<v1::TeamMonth>(*rows_->At(end()), Table::kTeamMonth, key)
          .value_or(v1::TeamMonth());
  row.set_activities(row.activities() + 1);
  if (Draw(4) == 0) row.set_active_days(row.active_days() + 1);
  Put(Table::kTeamMonth, key, row);
  v1::SyncHealthRow health;
  health.set_author(std::string(AuthorOf(team).view()));
  health.set_team_id(team);
  health.set_last_sequence(sequence_ + 1);
  Put(Table::kSyncHealth, keys::SyncHealth(AuthorOf(team)), health);
  return End(team, 1 + static_cast<int>(Draw(3)));
}

WatchWorld::Written WatchWorld::MoveTeam(std::uint64_t team,
                                         std::uint64_t village, Date from) {
  v1::TeamRow row = TeamOf(team);
  while (!row.units().empty() &&
         row.units(row.units_size() - 1).from_date() >= from.days) {
    row.mutable_units()->RemoveLast();
  }
  v1::UnitParent* const unit = row.add_units();
  unit->set_from_date(from.days);
  unit->set_unit_id(village);
  Put(Table::kTeam, keys::Team(TeamId(team)), row);
  PutRaw(Table::kTeamByUnit, keys::TeamByUnit(UnitId(village), TeamId(team)),
         "");
  return End();
}

WatchWorld::Written WatchWorld::MoveVillage(std::uint64_t village,
                                            std::uint64_t commune) {
  v1::UnitRow unit = *GetRow<v1::UnitRow>(*rows_->At(end()), Table::kUnit,
                                          keys::Unit(UnitId(village)));
  if (unit.parents(unit.parents_size() - 1).from_date() == today_.days) {
    unit.mutable_parents()->RemoveLast();
  }
  v1::UnitParent* const parent = unit.add_parents();
  parent->set_from_date(today_.days);
  parent->set_unit_id(commune);
  Put(Table::kUnit, keys::Unit(UnitId(village)), unit);
  PutRaw(Table::kUnitChild, keys::UnitChild(UnitId(commune), UnitId(village)),
         "");
  return End();
}

WatchWorld::Written WatchWorld::Grant(std::uint64_t officer,
                                      std::uint64_t grant_id,
                                      std::uint64_t unit, bool revoked) {
  v1::GrantRow grant;
  grant.set_grant_id(grant_id);
  grant.set_officer_id(officer);
  grant.set_role(v1::ROLE_READER);
  grant.set_unit_id(unit);
  grant.set_from_date(Date::Of(2023, 1, 1).days);
  grant.set_revoked(revoked);
  Put(Table::kGrant, keys::Grant(OfficerId(officer), grant_id), grant);
  return End();
}

WatchWorld::Written WatchWorld::OpenDay() {
  today_ = today_.Next();
  v1::CalendarRow calendar;
  calendar.set_last_date(today_.days);
  Put(Table::kCalendar, keys::Calendar(), calendar);
  return End();
}

WatchWorld::Written WatchWorld::Decide(std::uint64_t team,
                                       v1::DeterminationState state) {
  const std::string key = keys::Determination(
      kPolicy, Month(202306 + static_cast<std::int32_t>(Draw(2))),
      v1::BENEFICIARY_KIND_TEAM, team);
  if (state == v1::DETERMINATION_STATE_UNSPECIFIED) {
    pending_[{Table::kDetermination, key}] = {Table::kDetermination, key,
                                              std::nullopt};
  } else {
    v1::Determination row;
    row.set_state(state);
    row.set_amount_vnd(500'000);
    Put(Table::kDetermination, key, row);
  }
  return End();
}

WatchWorld::Written WatchWorld::AddTeam() {
  PutTeam(101 + teams_, 41 + Draw(kVillages));
  ++teams_;
  return End();
}

WatchWorld::Written WatchWorld::RecordEvents(std::uint64_t team, int count) {
  return End(team, count);
}

WatchWorld::Written WatchWorld::ChangeStandings(std::uint64_t team) {
  const std::string key =
      keys::Standings(AuthorOf(team), Sequence(1 + 64 * Draw(3)));
  if (Draw(6) == 0) {
    pending_[{Table::kStandings, key}] = {Table::kStandings, key, std::nullopt};
    return End(team);
  }
  v1::EntryStandings row;
  v1::EventStanding* const standing = row.add_exceptions();
  standing->set_sequence(1 + Draw(64));
  standing->set_standing(v1::STANDING_HELD);
  Put(Table::kStandings, key, row);
  return End(team);
}

WatchWorld::Written WatchWorld::ChangeTask(std::uint64_t team) {
  const std::string key = keys::Task(TeamId(team), 1 + Draw(3));
  v1::TaskRow row = GetRow<v1::TaskRow>(*rows_->At(end()), Table::kTask, key)
                        .value_or(v1::TaskRow());
  row.set_completions(row.completions() + 1);
  Put(Table::kTask, key, row);
  return End(team);
}

WatchWorld::Written WatchWorld::PutPhone(std::uint64_t team, bool revoked,
                                         std::uint64_t of_team) {
  PutAuthor(team, revoked, of_team);
  return End();
}

WatchWorld::Written WatchWorld::Change() {
  const std::uint64_t pick = Draw(100);
  if (pick < 40) return ChangeMonth(AnyTeam());
  if (pick < 47) return ChangeStandings(AnyTeam());
  if (pick < 54) return ChangeTask(AnyTeam());
  if (pick < 55) {
    const std::uint64_t team = AnyTeam();
    return PutPhone(team, Draw(2) == 0, team);
  }
  if (pick < 80) {
    constexpr v1::DeterminationState kStates[] = {
        v1::DETERMINATION_STATE_UNSPECIFIED, v1::DETERMINATION_STATE_REJECTED,
        v1::DETERMINATION_STATE_HELD, v1::DETERMINATION_STATE_PROVISIONAL};
    return Decide(AnyTeam(), kStates[Draw(4)]);
  }
  if (pick < 84) {
    return MoveTeam(AnyTeam(), 41 + Draw(kVillages),
                    Date(today_.days + static_cast<std::int32_t>(Draw(3))));
  }
  if (pick < 86) return MoveVillage(41 + Draw(kVillages), 31 + Draw(4));
  if (pick < 90) return OpenDay();
  if (pick < 92 && teams_ < 40) return AddTeam();
  if (pick < 94) {
    v1::TeamRow row = TeamOf(101 + Draw(teams_));
    row.set_name(absl::StrCat("Tổ ", Draw(1000)));
    Put(Table::kTeam, keys::Team(TeamId(row.team_id())), row);
    return End();
  }
  if (pick < 96) {
    v1::FundingRow funding;
    funding.set_policy_id(kPolicy);
    funding.set_ceiling_vnd(static_cast<std::int64_t>(Draw(1'000'000)));
    funding.add_team_ids(AnyTeam());
    Put(Table::kFunding, keys::Funding(kPolicy, position_.Next()), funding);
    return End();
  }
  if (pick < 98) {
    // Officer 2 loses and regains a second grant; the first stays.
    return Grant(2, 22, 32, Draw(2) == 0);
  }
  return RecordEvents(AnyTeam(), 1 + static_cast<int>(Draw(40)));
}

std::map<std::string, std::string> WatchWorld::TableAt(
    const Query& query, Position position) const {
  std::map<std::string, std::string> table;
  const RowsView view(rows_.get(), position, std::make_shared<Places>());
  if (query.is_events()) {
    EventTail tail(&log_);
    tail.MoveTo(view);
    return tail.RowsOf(query, view);
  }
  view.rows().Scan(*TableOf(query.projection()), "", "",
                   [&](absl::string_view key, const RowVersion& row) {
                     std::optional<std::string> bytes =
                         RowOf(query, key, row, view);
                     if (bytes.has_value()) {
                       table.emplace(std::string(key), *std::move(bytes));
                     }
                     return true;
                   });
  return table;
}

bool WatchWorld::Granted(const Viewer& viewer, const WatchQueries& queries,
                         Position position) const {
  const RowsView view(rows_.get(), position, std::make_shared<Places>());
  const auto author_of = [&](const AuthorId& id) {
    return GetRow<v1::AuthorRow>(view.rows(), Table::kAuthor, keys::Author(id));
  };
  return std::all_of(
      queries.queries.begin(), queries.queries.end(), [&](const Query& query) {
        const bool standings =
            query.projection() == v1::WATCHED_PROJECTION_STANDINGS;
        if (viewer.author.has_value()) {
          const auto author = author_of(*viewer.author);
          return author.has_value() && author->revoked_position() == 0 &&
                 (standings ? query.author() == *viewer.author
                            : query.team() == TeamId(author->team_id()));
        }
        UnitId unit = query.root();
        if (standings && unit == UnitId(0)) {
          const auto author = author_of(query.author());
          if (author.has_value()) {
            unit = view.PlaceOf(TeamId(author->team_id()), view.today()).unit;
          }
        }
        return IsGranted(view.rows(), *viewer.officer, v1::ROLE_READER, unit,
                         view.today());
      });
}

v1::WatchRequest WatchWorld::PhoneRequest(std::uint64_t team) {
  constexpr v1::WatchedProjection kFollowed[] = {
      v1::WATCHED_PROJECTION_TEAMS, v1::WATCHED_PROJECTION_TEAM_MONTHS,
      v1::WATCHED_PROJECTION_DETERMINATIONS, v1::WATCHED_PROJECTION_STANDINGS,
      v1::WATCHED_PROJECTION_TASKS};
  v1::WatchRequest request;
  for (const v1::WatchedProjection projection : kFollowed) {
    v1::WatchQuery* const query = request.add_queries();
    query->set_query_id(static_cast<std::uint32_t>(request.queries_size()));
    query->set_projection(projection);
    if (projection == v1::WATCHED_PROJECTION_STANDINGS) {
      query->set_author(std::string(AuthorOf(team).view()));
    } else {
      query->set_team_id(team);
    }
  }
  return request;
}

v1::WatchRequest WatchWorld::AnyRequest(std::uint64_t officer) {
  constexpr std::uint64_t kRoots[] = {0, kProvince, 21, 22, 31, 32, 33, 43};
  v1::WatchRequest request;
  const std::uint64_t count = 1 + Draw(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    v1::WatchQuery* const query = request.add_queries();
    query->set_query_id(static_cast<std::uint32_t>(10 + i));
    const auto projection =
        static_cast<v1::WatchedProjection>(1 + Draw(v1::WatchedProjection_MAX));
    query->set_projection(projection);
    query->set_root_unit_id(officer == 1   ? kRoots[Draw(8)]
                            : officer == 2 ? 21
                                           : 31);
    if (Draw(4) == 0) {
      query->set_structure_date(Date::Of(2023, 6, 1).days);
    }
    if (projection == v1::WATCHED_PROJECTION_DETERMINATIONS) {
      if (Draw(2) == 0) query->set_policy_id(kPolicy);
      if (Draw(2) == 0) {
        query->add_states(v1::DETERMINATION_STATE_PROVISIONAL);
      }
      if (Draw(3) == 0) query->set_first_month(202307);
    }
    if (projection == v1::WATCHED_PROJECTION_TEAM_MONTHS) {
      if (Draw(3) == 0) query->set_team_id(AnyTeam());
      if (Draw(3) == 0) query->add_fields("row.active_days");
    }
    if (projection == v1::WATCHED_PROJECTION_STANDINGS) {
      query->set_author(std::string(AuthorOf(AnyTeam()).view()));
      if (Draw(3) == 0) query->set_root_unit_id(0);
    }
    if (projection == v1::WATCHED_PROJECTION_SYNC_HEALTH && Draw(3) == 0) {
      query->set_author(std::string(AuthorOf(AnyTeam()).view()));
    }
    if (projection == v1::WATCHED_PROJECTION_TASKS && Draw(3) == 0) {
      query->set_team_id(AnyTeam());
    }
    if (projection == v1::WATCHED_PROJECTION_EVENTS) {
      query->set_events_max(static_cast<std::int32_t>(5 + Draw(60)));
    } else if (Draw(6) == 0) {
      query->set_changed_since_position(end().value / 2);
    }
  }
  return request;
}

}  // namespace thon::testing
