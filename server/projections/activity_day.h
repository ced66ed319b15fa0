// The activities of one day, and what they add to a month.
//
// A session that two phones of a team report is one activity (case T06). Facts
// of one type, topic, venue and place are taken in the order of (instant,
// author number, sequence); one joins the first group whose first fact is less
// than 15 minutes before it and which holds no fact of its own author, else it
// leads a group. A phone's own facts are never taken for one another. A group
// counts once: the largest count, and each member that took part.
#ifndef THON_PROJECTIONS_ACTIVITY_DAY_H_
#define THON_PROJECTIONS_ACTIVITY_DAY_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "server/core/evidence.h"
#include "server/core/ids.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// Facts of one day that count; one more is QUARANTINED as absurd. Twice what a
// large team reports: a day's row is read and written whole with every batch.
inline constexpr int kDayFactsMax = 512;

// Requires an activity that passes CheckPayload.
v1::ActivityFact MakeFact(const v1::Event& event, std::uint32_t author_number,
                          const JudgedTime& time);

// Keeps the day's facts in their order.
void AddFact(v1::ActivityFact fact, v1::ActivityDay* day);
// Index of the author's fact, -1 if the day has none.
int FindFact(const v1::ActivityDay& day, std::uint32_t author_number,
             Sequence sequence);

// What a day adds to its month, households and held events aside.
struct DayTotals {
  std::int64_t activities = 0;
  std::int64_t people_reached = 0;
  std::int64_t installs = 0;
  std::int64_t accounts = 0;
  std::int64_t dossiers_submitted = 0;
  std::int64_t dossiers_processed = 0;
  std::int64_t suspect = 0;
  // (member, groups they took part in), ascending.
  std::vector<std::pair<std::uint64_t, std::int64_t>> members;
  // Indexes of the facts that joined another author's group, ascending.
  std::vector<int> followers;
};

DayTotals TotalsOf(const v1::ActivityDay& day);

// Takes `before` out of the month and puts `after` in.
void ReplaceDay(const DayTotals& before, const DayTotals& after,
                v1::TeamMonth* month);

}  // namespace thon

#endif  // THON_PROJECTIONS_ACTIVITY_DAY_H_
