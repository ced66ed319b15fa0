// Why an event does not count, for people.
#ifndef THON_PROJECTIONS_STANDING_WORDS_H_
#define THON_PROJECTIONS_STANDING_WORDS_H_

#include "absl/strings/string_view.h"
#include "thon/v1/log.pb.h"

namespace thon {

struct StandingWords {
  absl::string_view vi;
  absl::string_view en;
};

// Empty texts for UNSPECIFIED.
StandingWords WordsOf(v1::StandingReason reason);

}  // namespace thon

#endif  // THON_PROJECTIONS_STANDING_WORDS_H_
