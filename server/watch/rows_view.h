// Rows of one position, and where on the map things are by them.
#ifndef THON_WATCH_ROWS_VIEW_H_
#define THON_WATCH_ROWS_VIEW_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"
#include "server/storage/row_store.h"

namespace thon {

// The unit a thing stands on, and the units above it.
struct Place {
  UnitId unit;
  bool known = false;  // The thing exists.
};

// Answers that are kept: they hold as long as no row of the map, of a team, an
// organisation or a policy changes. An author is of one team for ever.
struct Places {
  std::map<std::pair<Date, UnitId>, std::vector<UnitId>> ancestors;
  std::map<std::pair<Date, TeamId>, Place> teams;
  std::map<OrganisationId, Place> organisations;
  std::map<std::string, Place> policies;
  std::map<AuthorId, std::pair<TeamId, OrganisationId>> authors;
  std::map<std::pair<Date, UnitId>, std::vector<UnitId>> units_below;
  std::map<std::pair<Date, UnitId>, std::vector<TeamId>> teams_below;
  std::size_t below = 0;  // Ids in the last two together.

  // Forgets all if more than `ids_max` are kept.
  void KeepAtMost(std::size_t ids_max);
};

// Thread-safety: none. Copies share what they keep.
class RowsView {
 public:
  // `store` is not owned and outlives the view. `places` come from a view with
  // the same map, or are new.
  RowsView(const RowStore* store, Position position,
           std::shared_ptr<Places> places);

  Position position() const { return position_; }
  // The last day opened.
  Date today() const { return today_; }
  const std::shared_ptr<Places>& places() const { return places_; }

  const RowReader& rows() const;
  // Lets go of the store's files until rows() is called again: a view may be
  // kept for long.
  void Rest() const { reader_.reset(); }

  // A structure date of a query, 0 for today.
  Date On(Date structure_date) const {
    return structure_date == Date() ? today_ : structure_date;
  }
  // The unit and those above it by the map of `date`; empty if it does not
  // exist then. What this and the next two return is valid until the next call
  // of any of them.
  const std::vector<UnitId>& Ancestors(UnitId unit, Date date) const;
  // Whether `root` is 0 or among Ancestors(unit).
  bool IsBelow(UnitId unit, UnitId root, Date date) const;

  // Units for which IsBelow(unit, root) holds, ascending. Requires: root is not
  // 0.
  const std::vector<UnitId>& UnitsBelow(UnitId root, Date date) const;
  // Teams that PlaceOf() places there, ascending.
  const std::vector<TeamId>& TeamsBelow(UnitId root, Date date) const;

  // Where a team stands on `date`, or stood last.
  Place PlaceOf(TeamId team, Date date) const;
  Place PlaceOf(OrganisationId organisation) const;
  // Of its issuer.
  Place PlaceOfPolicy(const std::string& policy_id) const;
  std::pair<TeamId, OrganisationId> OwnerOf(const AuthorId& author) const;

 private:
  template <typename Key, typename Id>
  const std::vector<Id>& Keep(const Key& key, std::vector<Id> ids,
                              std::map<Key, std::vector<Id>>* kept) const;

  const RowStore* store_;
  Position position_;
  std::shared_ptr<Places> places_;
  mutable std::shared_ptr<const RowReader> reader_;
  Date today_;
};

}  // namespace thon

#endif  // THON_WATCH_ROWS_VIEW_H_
