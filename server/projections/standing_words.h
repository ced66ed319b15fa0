// Why an event does not count, for people.
#ifndef THON_PROJECTIONS_STANDING_WORDS_H_
#define THON_PROJECTIONS_STANDING_WORDS_H_

#include "absl/strings/string_view.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/log.pb.h"

namespace thon {

struct StandingWords {
  absl::string_view vi;
  absl::string_view en;
};

// Empty texts for UNSPECIFIED.
StandingWords WordsOf(v1::StandingReason reason);

// The value's name without its enum's: "COUNTED", "TWO_MONTHS", "TRUSTED". A
// number without a name gives "".
absl::string_view StandingName(v1::Standing standing);
absl::string_view ReasonName(v1::StandingReason reason);
absl::string_view QualityName(v1::TimeQuality quality);

// The payload's name, "outreach_session"; "" for one that this version does not
// know.
absl::string_view PayloadName(const v1::Event& event);

}  // namespace thon

#endif  // THON_PROJECTIONS_STANDING_WORDS_H_
