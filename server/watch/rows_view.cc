#include "server/watch/rows_view.h"

#include <algorithm>
#include <utility>

#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

// A nation's villages on a few structure dates.
constexpr std::size_t kPlacesMax = 500'000;

// Keeps a map of answers from growing without end.
template <typename Map>
void Bound(Map* map) {
  if (map->size() >= kPlacesMax) map->clear();
}

}  // namespace

void Places::KeepAtMost(std::size_t ids_max) {
  const std::size_t ids = ancestors.size() + teams.size() +
                          organisations.size() + policies.size() +
                          authors.size() + below;
  if (ids > ids_max) *this = Places();
}

RowsView::RowsView(const RowStore* store, Position position,
                   std::shared_ptr<Places> places)
    : store_(store), position_(position), places_(std::move(places)) {
  const auto calendar =
      GetRow<v1::CalendarRow>(rows(), Table::kCalendar, keys::Calendar());
  if (calendar.has_value()) today_ = Date(calendar->last_date());
}

const RowReader& RowsView::rows() const {
  if (reader_ == nullptr) reader_ = store_->At(position_);
  return *reader_;
}

const std::vector<UnitId>& RowsView::Ancestors(UnitId unit, Date date) const {
  Bound(&places_->ancestors);
  const auto [found, fresh] =
      places_->ancestors.try_emplace(std::make_pair(date, unit));
  if (fresh) found->second = AncestorsOn(rows(), unit, date);
  return found->second;
}

bool RowsView::IsBelow(UnitId unit, UnitId root, Date date) const {
  if (root == UnitId(0)) return true;
  const std::vector<UnitId>& chain = Ancestors(unit, date);
  return std::find(chain.begin(), chain.end(), root) != chain.end();
}

const std::vector<UnitId>& RowsView::UnitsBelow(UnitId root, Date date) const {
  const std::pair<Date, UnitId> key(date, root);
  const auto found = places_->units_below.find(key);
  if (found != places_->units_below.end()) return found->second;
  std::vector<UnitId> units;
  if (IsBelow(root, root, date)) units.push_back(root);
  for (std::size_t i = 0; i < units.size(); ++i) {
    const std::vector<UnitId> children = ChildrenOn(rows(), units[i], date);
    units.insert(units.end(), children.begin(), children.end());
  }
  return Keep(key, std::move(units), &places_->units_below);
}

const std::vector<TeamId>& RowsView::TeamsBelow(UnitId root, Date date) const {
  const std::pair<Date, UnitId> key(date, root);
  const auto found = places_->teams_below.find(key);
  if (found != places_->teams_below.end()) return found->second;
  std::vector<TeamId> teams;
  for (const UnitId unit : UnitsBelow(root, date)) {
    rows().Scan(Table::kTeamByUnit, keys::Unit(unit), "",
                [&](absl::string_view row_key, const RowVersion&) {
                  const TeamId team(keys::KeyView(row_key).Skip(8).U64());
                  if (IsBelow(PlaceOf(team, date).unit, root, date)) {
                    teams.push_back(team);
                  }
                  return true;
                });
  }
  return Keep(key, std::move(teams), &places_->teams_below);
}

template <typename Key, typename Id>
const std::vector<Id>& RowsView::Keep(
    const Key& key, std::vector<Id> ids,
    std::map<Key, std::vector<Id>>* kept) const {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (places_->below + ids.size() > kPlacesMax) {
    places_->units_below.clear();
    places_->teams_below.clear();
    places_->below = 0;
  }
  places_->below += ids.size();
  return kept->insert_or_assign(key, std::move(ids)).first->second;
}

Place RowsView::PlaceOf(TeamId team, Date date) const {
  Bound(&places_->teams);
  const auto [found, fresh] =
      places_->teams.try_emplace(std::make_pair(date, team));
  if (fresh) {
    const std::optional<v1::TeamRow> row = GetTeam(rows(), team);
    if (row.has_value()) {
      UnitId unit = UnitOn(*row, date);
      if (unit == UnitId(0) && !row->units().empty()) {
        unit = UnitId(row->units(row->units_size() - 1).unit_id());
      }
      found->second = {unit, true};
    }
  }
  return found->second;
}

Place RowsView::PlaceOf(OrganisationId organisation) const {
  Bound(&places_->organisations);
  const auto [found, fresh] = places_->organisations.try_emplace(organisation);
  if (fresh) {
    const auto row = GetOrganisation(rows(), organisation);
    if (row.has_value()) found->second = {UnitId(row->unit_id()), true};
  }
  return found->second;
}

Place RowsView::PlaceOfPolicy(const std::string& policy_id) const {
  Bound(&places_->policies);
  const auto [found, fresh] = places_->policies.try_emplace(policy_id);
  if (fresh && keys::IsRowKeyText(policy_id)) {
    ScanRows<v1::PolicyRow>(
        rows(), Table::kPolicy, keys::Key().Text(policy_id).Take(),
        [&](absl::string_view, const v1::PolicyRow& row, Position) {
          found->second = {UnitId(row.issuer_unit_id()), true};
          return false;
        });
  }
  return found->second;
}

std::pair<TeamId, OrganisationId> RowsView::OwnerOf(
    const AuthorId& author) const {
  Bound(&places_->authors);
  const auto found = places_->authors.find(author);
  if (found != places_->authors.end()) return found->second;
  const auto row = GetAuthor(rows(), author);
  if (!row.has_value()) return {};  // It may be enrolled yet.
  const std::pair<TeamId, OrganisationId> owner(
      row->team_id(), OrganisationId(row->organisation_id()));
  places_->authors.emplace(author, owner);
  return owner;
}

}  // namespace thon
