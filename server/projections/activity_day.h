// The activities of one day, and what they add to a month.
//
// A session that two phones of a team report is one activity (case T06). Facts
// of one type, topic, venue and place are taken in the order of (instant,
// author number, sequence); one joins the first group whose first fact is less
// than 15 minutes before it and which holds no fact of its own author, else it
// leads a group. A phone's own facts are never taken for one another. A group
// counts once: the largest count, the topics of each report, and each member
// that took part; its delay is the shortest, for that is when it was known; its
// time is SUSPECT if that of every report is.
//
// People guided (M09) are those that a report counts as persons: who came to a
// session or a training, was warned of fraud (topic FRAUD_PREVENTION), or was
// helped to install an app, counted by persons (DIGITAL_PLATFORMS). A visit
// whose outcome is GUIDED guided one person on each of its topics; over all
// topics M09 is the sum, `people_reached` counts that person once. Dossiers and
// accounts are not persons: one person may have several.
#ifndef THON_PROJECTIONS_ACTIVITY_DAY_H_
#define THON_PROJECTIONS_ACTIVITY_DAY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "server/core/civil.h"
#include "server/core/evidence.h"
#include "server/core/ids.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// Facts of one day that count, and likewise that are held; one more is
// QUARANTINED as absurd. Twice what a large team reports: a day's row is read
// and written whole with every batch.
inline constexpr int kDayFactsMax = 512;

// The fact of an activity that counts, or would, on `date`. `received`: when
// its entry was. Requires an activity that passes CheckPayload.
v1::ActivityFact MakeFact(const v1::Event& event, std::uint32_t author_number,
                          const JudgedTime& time, Date date, Instant received);

using ActivityFacts = google::protobuf::RepeatedPtrField<v1::ActivityFact>;

// Moves the last of the rows in front of the one at `index`. By pointers: no
// row is copied.
template <typename Row>
void MoveLastTo(int index, google::protobuf::RepeatedPtrField<Row>* rows) {
  std::rotate(rows->pointer_begin() + index, rows->pointer_end() - 1,
              rows->pointer_end());
}

// Keeps the facts in their order.
void AddFact(v1::ActivityFact fact, ActivityFacts* facts);
// Index of the author's fact, -1 if there is none.
int FindFact(const ActivityFacts& facts, std::uint32_t author_number,
             Sequence sequence);

// Sums by a key, ascending. Few keys; kInline of them cost no allocation.
template <typename Key, typename Value, std::size_t kInline>
class Tally {
 public:
  using Entry = std::pair<Key, Value>;
  // The key's value, made if there is none.
  Value& operator[](const Key& key) {
    auto it = entries_.end();
    while (it != entries_.begin() && !((it - 1)->first < key)) --it;
    if (it == entries_.end() || key < it->first) {
      it = entries_.insert(it, Entry(key, Value()));
    }
    return it->second;
  }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  absl::InlinedVector<Entry, kInline> entries_;
};

struct TrainingTotals {
  std::int64_t sessions = 0;
  std::int64_t attendees = 0;
  TrainingTotals operator-(const TrainingTotals& other) const {
    return {sessions - other.sessions, attendees - other.attendees};
  }
  bool operator==(const TrainingTotals&) const = default;
};

// What a day adds to its month, households and tasks aside.
struct DayTotals {
  std::int64_t activities = 0;
  std::int64_t people_reached = 0;
  std::int64_t installs = 0;
  std::int64_t accounts = 0;
  std::int64_t dossiers_submitted = 0;
  std::int64_t dossiers_processed = 0;
  std::int64_t suspect = 0;
  std::int64_t held = 0;
  // (member, groups they took part in), ascending.
  std::vector<std::pair<std::uint64_t, std::int64_t>> members;
  Tally<v1::Topic, std::int64_t, 6> people_by_topic;
  Tally<std::pair<std::string, int>, std::int64_t, 2> installs_by_app;
  Tally<v1::AccountKind, std::int64_t, 4> accounts_by_kind;
  Tally<v1::Audience, TrainingTotals, 4> trainings;
  Tally<std::int32_t, std::int64_t, 8> delays;  // By whole hours.
  // Indexes of the facts that joined another author's group, ascending.
  std::vector<int> followers;
};

DayTotals TotalsOf(const v1::ActivityDay& day);

// Indexes of the facts of each session, its first report first.
std::vector<std::vector<int>> SessionsOf(const v1::ActivityDay& day);

// Takes `before` out of the date's month and puts `after` in.
void ReplaceDay(Date date, const DayTotals& before, const DayTotals& after,
                v1::TeamMonth* month);

}  // namespace thon

#endif  // THON_PROJECTIONS_ACTIVITY_DAY_H_
