// What a month looks like for the team, as far as this phone knows, and what
// the server's answer differs in when it comes. Asked through Client:
//
//   const auto preview = client->PreviewMonth(Month::Of(2023, 10));
//   for (const PolicyPreview& policy : preview->policies) Show(policy.text.vi);
//   ...
//   client->SyncOnce(30'000);                  // Brings the server's answer.
//   const auto differences = client->Differences();
//   for (const Difference& one : *differences) Show(one.text.vi);
//   if (!differences->empty()) client->Acknowledge(differences->back().id);
//
// Words:
//   view        what the server last said about the phone's own team: its row,
//               its months, the policies that speak of them, and for each
//               policy and month the determination with the facts it was made
//               from (thon.v1.TeamView). Kept on the phone; texts of policies
//               are fetched once.
//   own events  what this phone has recorded and the view does not hold yet.
//   preview     what the server's own engine (server/policy) says of the view's
//               facts with the own events added. Always provisional: nobody is
//               owed what a phone computes.
//   shown       a preview that PreviewMonth() returned. What it said is kept
//               until a view that holds the same events has been compared
//               with it.
//
// Promise: with no own events, and as long as no local day has begun since the
// view, a preview is the server's determination, to the đồng. With own events
// it is what the server would say if they were the only news. What a phone
// cannot know, and `uncertain` says where it matters:
//   - what other phones of the team have not sent, or sent since the view;
//   - that a session was also reported by another phone and counts once (T06);
//   - that a household was also visited by another phone (M08);
//   - that an event is held or not counted for a reason only the log knows.
//   What
//     the phone can see itself it does not count: a member who was not in the
//     team that day, a team that had ended, a date too far back; and it holds
//     what the log will hold: a suspended day, a key that waits for an officer;
//   - tasks (M20) and corrections of events that the view holds already.
#ifndef THON_PREVIEW_H_
#define THON_PREVIEW_H_

#include <cstdint>
#include <string>
#include <vector>

#include "server/core/civil.h"
#include "server/core/ids.h"
#include "thon/event_name.h"
#include "thon/v1/log.pb.h"
#include "thon/v1/policy.pb.h"

namespace thon::client {

// A sentence for people.
struct Words {
  std::string vi;
  std::string en;
  bool operator==(const Words&) const = default;
};

// An own event of the month, as the preview took it.
struct OwnEvent {
  enum class Effect {
    kCounts,
    kHeld,  // Only an officer can let it count.
    kNone,  // It does not count.
  };
  EventName name;
  std::string type;  // "outreach_session".
  Date date;         // The day it was taken to count on.
  Effect effect = Effect::kCounts;
  // Of kHeld and kNone.
  v1::StandingReason reason = v1::STANDING_REASON_UNSPECIFIED;
  // The phone heard no server time in the event's boot: its day rests on the
  // wall clock alone.
  bool clock_doubtful = false;
};

// What one policy says about the month.
struct PolicyPreview {
  std::string policy_id;
  std::int32_t version = 0;
  std::string title;
  // State, amount, reasons and metric values as the engine says on this phone.
  // Never later than PROVISIONAL.
  v1::Determination determination;
  // Without the own events the engine says something else.
  bool rests_on_own_events = false;
  // The server's word in the view; UNSPECIFIED if it has none for the month.
  v1::Determination server;
  // How it follows, rule by rule, in both languages.
  v1::Derivation derivation;
  // The result in one sentence, which says that it is provisional.
  Words text;
};

struct MonthPreview {
  Month month;
  bool has_view = false;
  Position view_position;
  Instant view_heard;  // The server's time when the view came.
  // The day the phone takes for today. Not `clock_anchored`: it heard no server
  // time in this boot, and the wall clock says so.
  Date today;
  bool clock_anchored = false;
  // Not 0: the view ends before the month; the lasting facts (team, roster,
  // list, funding) are those of this earlier month.
  Month facts_from;
  std::vector<PolicyPreview> policies;  // By id. Empty: see `missing`.
  // The oldest kOwnEventsMax of the month; how many more there are.
  std::vector<OwnEvent> own_events;
  std::int64_t own_events_left_out = 0;
  // Facts without which nothing, or less, can be said.
  std::vector<Words> missing;
  // Why the server may say something else.
  std::vector<Words> uncertain;
};
inline constexpr std::size_t kOwnEventsMax = 500;

// One thing in which the server's answer differs from a preview that was shown.
struct Difference {
  enum class Field {
    kState,
    kAmount,
    kReasons,
    kMetric,  // One for each metric; `metric` says which.
    kPolicyVersion,
    kRoster,
    kList,
    kFunding,
  };
  std::uint64_t id = 0;  // Ascending; never used again.
  std::string policy_id;
  Month month;
  Field field = Field::kState;
  std::string metric;  // "M02", "M10 app=VNeID".
  Words phone_said;
  Words server_says;
  // Own events of the preview that did not count with their standing, else the
  // reason that decided at the server.
  Words because;
  // All of it in one sentence.
  Words text;
  Position position;  // Of the view that said so.
};
// So many are kept, the newest.
inline constexpr std::size_t kDifferencesMax = 200;

}  // namespace thon::client

#endif  // THON_PREVIEW_H_
