// The own events of some months, added to the months' rows as the server would
// add them if they were the only news (thon/preview.h: own events, and what a
// phone cannot know). Pure: rows and events in, rows out.
//
//   OwnMonths own(about, rows);
//   for (...) own.NoteCorrection(author, event);
//   for (...) own.Take(author, name, confirmed, event);
//   own.Finish();
//   own.Find(month)->counted ...
//
// The server's judgement and its sums (server/projections/judgement.h and
// activity_day.h) are not on the phone; what is here follows them, and tests
// compare the two.
#ifndef THON_CLIENT_OWN_MONTHS_H_
#define THON_CLIENT_OWN_MONTHS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client-lib/src/phone_time.h"
#include "server/core/civil.h"
#include "thon/preview.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon::client {

// Whether it counts in M01 to M03: types 11 to 20 of the catalogue and
// ModelProposed.
bool IsActivity(const v1::Event& event);

// Adds an activity that counts on `date` to its month, households aside: as one
// that no other phone reported.
void AddActivity(const v1::Event& event, Date date, v1::TeamMonth* month);

struct OwnMonth {
  v1::TeamMonth before;              // As the view has it.
  v1::TeamMonth counted;             // With the own events that count.
  v1::TeamMonth with_held;           // With those that are held, too.
  std::set<std::string> households;  // Of those that count.
  std::set<std::string> households_with_held;
  std::set<std::string> visited;  // Of these, in the view.
  std::int64_t counted_events = 0;
  std::int64_t held_events = 0;
  bool update_submitted = false;
};

class OwnMonths {
 public:
  struct About {
    std::uint64_t team_id = 0;
    // nullptr: the team's row is not known; then nothing is judged by it. Must
    // outlive the object.
    const v1::TeamRow* team = nullptr;
    Month shown;  // Its events are listed.
  };
  // `rows`: the months that are added to.
  OwnMonths(const About& about, PhoneTime time,
            std::map<Month, v1::TeamMonth> rows);

  // First all corrections: one that voids or amends an own event goes before
  // it. `author`: whose correction it is now.
  void NoteCorrection(const AuthorId& author, const v1::Event& event);
  // Then all events, ascending. `author`: whose event it is now; `name`: as
  // Record() gave it; `confirmed`: the key's events are not held for it.
  void Take(const AuthorId& author, const EventName& name, bool confirmed,
            v1::Event event);
  // A visit that is in the view: another one there, in the time that a metric
  // looks at, is of no new household.
  void NoteVisited(const v1::Event& event);
  // Whether a new household was visited in any month.
  bool visited() const { return visited_; }

  // nullptr: not one of the months.
  const OwnMonth* Find(Month month) const;
  // Households of own events in any of these months that no visit in the view
  // was to, as far as this phone knows.
  std::int64_t NewHouseholds(const std::vector<Month>& months,
                             bool with_held) const;
  // Puts the households into the rows. Once, after all events.
  void Finish();

  // Of the month shown, in their order, the first kOwnEventsMax.
  const std::vector<OwnEvent>& listed() const { return listed_; }
  std::int64_t not_listed() const { return not_listed_; }
  bool any_doubtful() const { return doubtful_; }
  // Corrections of events that are not own ones.
  std::int64_t corrections_left() const;
  const PhoneTime& time() const { return time_; }

 private:
  struct Judged {
    OwnEvent::Effect effect = OwnEvent::Effect::kCounts;
    v1::StandingReason reason = v1::STANDING_REASON_UNSPECIFIED;
    Date date;
    bool doubtful = false;
  };
  Judged Judge(const v1::Event& event, bool confirmed) const;
  v1::StandingReason CheckTeamDay(const v1::Event& event, Date date) const;
  void TakeUpdate(const v1::Event& event, bool confirmed);
  void List(const EventName& name, const v1::Event& event,
            const Judged& judged);

  const About about_;
  const PhoneTime time_;
  std::map<Month, OwnMonth> months_;
  struct Correction {
    v1::CorrectionIssued correction;
    bool used = false;
  };
  std::map<EventName, Correction> corrections_;
  std::vector<OwnEvent> listed_;
  std::int64_t not_listed_ = 0;
  bool doubtful_ = false;
  bool visited_ = false;
};

}  // namespace thon::client

#endif  // THON_CLIENT_OWN_MONTHS_H_
