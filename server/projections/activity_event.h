// Events as the activity projection handles them: names, amendments, and what
// an event that does not count waits for.
#ifndef THON_PROJECTIONS_ACTIVITY_EVENT_H_
#define THON_PROJECTIONS_ACTIVITY_EVENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/evidence.h"
#include "server/core/ids.h"
#include "server/projections/activity_rows.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/log.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// An event's name as the end or the whole of a key, and back.
std::string NameKey(const EventName& name);
EventName NameOf(absl::string_view key);

// What an event can wait for, as the first byte of kWaiting's keys.
enum class WaitKind : std::uint8_t {
  kTeam = 1,
  kOrganisation = 2,
  kAuthor = 3
};

// Begins the keys of everything that waits for the row with key `id`.
std::string WaitPrefix(WaitKind kind, absl::string_view id);

// What an event that stands for `reason` waits for. A team's change can turn
// whatever does not count into something else; what the event says by itself it
// cannot change.
std::vector<std::string> WaitPrefixes(v1::StandingReason reason,
                                      const v1::Event& event,
                                      const AuthorId& author_id,
                                      const v1::AuthorRow& author);

// The event as a correction in force makes it: its own envelope with the
// amendment's payload.
v1::Event Effective(const v1::Event& event, const v1::EventOverride& decided);

// A correction is replaced by another one, never corrected; and an amendment is
// of the type that it amends, unless this version does not know that one.
bool MayCorrect(const v1::CorrectionIssued& correction,
                const v1::Event& target);

// Whether the instant matters: of an activity, and of what may turn out to be
// one. A report's month is in its payload.
bool HasInstant(const v1::Event& event);

JudgedTime TimeOf(const v1::EventStanding& standing);

}  // namespace thon

#endif  // THON_PROJECTIONS_ACTIVITY_EVENT_H_
