// What moved on the map from one position to the next: which subtrees gained or
// lost something.
#ifndef THON_WATCH_STRUCTURE_H_
#define THON_WATCH_STRUCTURE_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/watch/rows_view.h"

namespace thon {

// Rows that a round found changed and that say where things are.
struct ChangedSubjects {
  std::vector<UnitId> units;
  std::vector<TeamId> teams;
  std::vector<OrganisationId> organisations;
  std::vector<std::string> policies;

  bool empty() const {
    return units.empty() && teams.empty() && organisations.empty() &&
           policies.empty();
  }
};

// Roots of subtrees, by what came in or went out.
struct MovedRoots {
  std::set<UnitId> of_units;
  // Of teams, organisations and policies that stood elsewhere before.
  std::set<UnitId> of_subjects;
};

// Compares the places of `changed` by both views, by the map of `before_date`
// then and of `now_date` now.
MovedRoots FindMoved(const ChangedSubjects& changed, const RowsView& before,
                     Date before_date, const RowsView& now, Date now_date);

// Days on which the map or a team's place changes without a row being written.
//
// Thread-safety: none.
class StructureCalendar {
 public:
  // Units and teams whose place differs between the two days by `view`, because
  // a date lies in (before, now]. Rows written in the meantime are told by
  // Note() first.
  ChangedSubjects Pass(const RowsView& view, Date before, Date now);
  // A unit or a team was written.
  void Note(const RowsView& view, const ChangedSubjects& changed);
  // Forgets everything: the next Pass() reads all rows.
  void Reset() { next_.reset(); }

 private:
  // No date of any row lies between the day it was found on and this one; not
  // set: unknown.
  std::optional<Date> next_;
};

}  // namespace thon

#endif  // THON_WATCH_STRUCTURE_H_
