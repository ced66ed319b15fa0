// The rows of the activity projection that one entry touches: each is read and
// parsed once, changed in memory, and written once at the end.
#ifndef THON_PROJECTIONS_ACTIVITY_ROWS_H_
#define THON_PROJECTIONS_ACTIVITY_ROWS_H_

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/arena.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/projections/activity_day.h"
#include "server/projections/holder.h"
#include "server/projections/projection.h"
#include "thon/v1/log.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// An event's identity.
struct EventName {
  AuthorId author;
  Sequence sequence;
  auto operator<=>(const EventName&) const = default;
};

// Exceptions of an author's numbers [block * 64 + 1, ...] are one row, so that
// a row is found by a number alone and does not depend on how batches were cut.
inline constexpr std::uint64_t kStandingsBlock = 64;
Sequence StandingsRowOf(Sequence sequence);

// Whether a standing needs no row: COUNTED, TRUSTED, and a right wall clock.
bool IsPlain(const v1::EventStanding& standing);

// Lives for one entry.
//
// Thread-safety: none.
class ActivityRows {
 public:
  // `arena`: holds the rows; outlives this.
  ActivityRows(const EventSource& events, RowWriter& rows,
               google::protobuf::Arena* arena)
      : events_(events), rows_(rows), arena_(arena) {}

  const v1::ActivityDay& Day(Holder holder, Date date);
  void AddFact(Holder holder, Date date, v1::ActivityFact fact);
  // False if the day does not have it.
  bool RemoveFact(Holder holder, Date date, std::uint32_t author_number,
                  Sequence sequence);
  // The same for facts that are held and would count on that day.
  void AddHeld(Holder holder, Date date, v1::ActivityFact fact);
  void RemoveHeld(Holder holder, Date date, std::uint32_t author_number,
                  Sequence sequence);
  // The day that has the author's fact; nullopt if none has. Looks through all
  // days of the holder.
  std::optional<Date> FindDate(Holder holder, std::uint32_t author_number,
                               Sequence sequence);
  v1::TeamMonth& Month(Holder holder, thon::Month month);

  // Gives the task to the team, or gives it again with other terms.
  void AssignTask(TeamId team, const v1::PlanAssigned& plan, Position position);

  // nullopt: it is plain (or not recorded).
  std::optional<v1::EventStanding> Exception(const EventName& name);
  // Sets or, if it is plain, removes the exception.
  void SetStanding(const AuthorId& author, const v1::EventStanding& standing);

  // Settles what follows from the days, and writes everything that changed.
  void Flush();

 private:
  // Messages of rows are the arena's.
  struct DayEntry {
    v1::ActivityDay* day = nullptr;
    DayTotals before;
    std::set<std::pair<std::uint32_t, std::uint64_t>> followers_before;
    bool changed = false;
  };
  struct BlockEntry {
    v1::EntryStandings* standings = nullptr;
    bool changed = false;
  };
  struct TaskEntry {
    v1::TaskRow before;
    v1::TaskRow now;
  };
  using DayName = std::pair<Holder, Date>;

  DayEntry& LoadDay(const DayName& name);
  BlockEntry& LoadBlock(const AuthorId& author, Sequence sequence);
  void AddHousehold(Holder holder, Date date, const std::string& pseudonym,
                    std::int64_t visits);
  TaskEntry& LoadTask(TeamId team, std::uint64_t task);
  void ChangeTask(Holder holder, std::uint64_t task, int completions);
  void AddTaskTo(TeamId team, const v1::TaskRow& task, int sign);
  void FlushTasks();
  void SettleDay(const DayName& name, DayEntry* entry);
  void SetFollower(const DayName& name, const v1::ActivityFact& fact,
                   bool follower);
  void FlushHouseholds();

  const EventSource& events_;
  RowWriter& rows_;
  google::protobuf::Arena* const arena_;
  std::map<DayName, DayEntry> days_;
  std::map<std::pair<Holder, thon::Month>, v1::TeamMonth*> months_;
  std::map<std::pair<AuthorId, Sequence>, BlockEntry> blocks_;
  std::map<std::pair<TeamId, std::uint64_t>, TaskEntry> tasks_;
  // Change of the number of visits.
  std::map<std::tuple<Holder, thon::Month, std::string>, std::int64_t>
      households_;
};

}  // namespace thon

#endif  // THON_PROJECTIONS_ACTIVITY_ROWS_H_
