// Whether one recorded event counts: a pure function of the event and of what
// the log knows about its author, team and time.
//
// The first that applies decides:
//
//   QUARANTINED  UNKNOWN_TYPE, UNKNOWN_VALUE, ABSURD_COUNT, MALFORMED
//   NOT_COUNTED  NOT_ALLOWED
//   QUARANTINED  UNKNOWN_TEAM, OTHER_TEAM, BEFORE_TEAM
//   NOT_COUNTED  TEAM_ENDED
//   QUARANTINED  UNKNOWN_MEMBER
//   NOT_COUNTED  NOT_A_MEMBER, ALREADY_RECORDED
//   HELD         REVOKED_AUTHOR, UNCONFIRMED_AUTHOR, TWO_MONTHS, BACKDATED,
//                TEAM_SUSPENDED
//   COUNTED
//
// An officer's HeldDecided turns HELD into COUNTED or HELD_REJECTED, within
// what the evidence allows: TWO_MONTHS needs a month named, and a month that
// neither the interval touches nor the person claims leaves it HELD; a
// correction that voids the event makes it VOIDED whatever else holds. Only an
// activity belongs to a day, so only an activity is held for its date or for
// the team's state on it.
#ifndef THON_PROJECTIONS_JUDGEMENT_H_
#define THON_PROJECTIONS_JUDGEMENT_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/evidence.h"
#include "server/core/ids.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/log.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// Types 11 to 20 of the catalogue and ModelProposed.
bool IsActivity(v1::Event::PayloadCase payload);

// Whether the text, an id or a name, is a metric of the catalogue that is
// observed of a unit: M12 to M16 and M18. What is arising at an office only the
// office knows, so the dossiers that teams report are never taken for one.
bool IsObserved(absl::string_view metric);

// What is wrong with the event by itself; UNSPECIFIED if nothing is.
v1::StandingReason CheckPayload(const v1::Event& event);

// Whether a phone or an organisation's reporter may record this payload at all;
// the others are officers' acts and the log's own events.
bool IsAllowed(v1::AuthorKind kind, v1::Event::PayloadCase payload);

// Why the member cannot have acted for the team on that day; UNSPECIFIED if
// they can. One of BEFORE_TEAM, TEAM_ENDED, UNKNOWN_MEMBER, NOT_A_MEMBER,
// TEAM_SUSPENDED, in this order.
v1::StandingReason CheckTeamDay(const v1::TeamRow& team, MemberId member,
                                Date date);

// What is known beside the event. Pointers may be nullptr where it says so and
// must outlive the call.
struct JudgementInput {
  const v1::AuthorRow* author = nullptr;  // Never nullptr.
  // The event's team; nullptr: not founded.
  const v1::TeamRow* team = nullptr;
  // Whether the author may write for that team: it is the author's own, or
  // took over from it.
  bool own_team = false;
  // The author's organisation; nullptr: not registered.
  const v1::OrganisationRow* organisation = nullptr;
  Position position;
  JudgedTime time;
  bool already_recorded = false;
  // nullptr: nothing was decided about it. An amendment is applied by the
  // caller, who passes the amended event.
  const v1::EventOverride* decided = nullptr;
};

struct Verdict {
  v1::Standing standing = v1::STANDING_COUNTED;
  v1::StandingReason reason = v1::STANDING_REASON_UNSPECIFIED;
  // The month it counts in or would; 0 if it counts in none.
  Month month = {};
  // The day of an activity that is COUNTED or HELD; else Date().
  Date date = {};

  bool counted() const { return standing == v1::STANDING_COUNTED; }
  bool held() const { return standing == v1::STANDING_HELD; }
  bool operator==(const Verdict&) const = default;
};

Verdict Judge(const v1::Event& event, const JudgementInput& input,
              const TimeZone& zone);

}  // namespace thon

#endif  // THON_PROJECTIONS_JUDGEMENT_H_
