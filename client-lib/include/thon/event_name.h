// An event's identity on this phone.
#ifndef THON_EVENT_NAME_H_
#define THON_EVENT_NAME_H_

#include <compare>

#include "server/core/ids.h"

namespace thon::client {

// An event's identity, for ever: as Record() gave it, also after the phone has
// changed its key and offered the event again under another number.
struct EventName {
  AuthorId author;
  Sequence sequence;

  bool operator==(const EventName&) const = default;
  auto operator<=>(const EventName&) const = default;
};

}  // namespace thon::client

#endif  // THON_EVENT_NAME_H_
