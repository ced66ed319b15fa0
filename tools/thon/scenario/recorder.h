// Makes a scenario of a range of a real log: the facts that the range touches,
// under names that mean nobody, and what the log's own fold says at its end.
#ifndef THON_TOOLS_THON_SCENARIO_RECORDER_H_
#define THON_TOOLS_THON_SCENARIO_RECORDER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/ids.h"
#include "tools/thon/scenario/payload_writer.h"

namespace thon::scenario {

struct RecordingRequest {
  // Positions [from, to). An entry is taken as a whole if it begins before
  // `to`.
  Position from;
  Position to;
  std::string policy;  // Whose determinations are expected; empty: all.
};

struct Recording {
  std::string text;      // The file.
  RecordingNotes notes;  // What it does not hold.
};

// `entries` are the log's, from the first on, at least up to `to`. The text is
// read by ParseScenario; whether it gives what the log gave is known when it
// has run.
//
// Ids, codes and names of units, teams, members, organisations, officers and
// phones, places, reasons and other free texts are replaced; numbers of
// decisions, ids of policies and lists and the policies' texts stay, but for
// the names of units in them.
//
// kOutOfRange: the range is empty or not in the log. kFailedPrecondition: it
// touches no team and no organisation. kResourceExhausted: a scenario cannot be
// so long. kDataLoss: an entry does not parse.
absl::StatusOr<Recording> RecordScenario(
    const std::vector<std::string>& entries, const RecordingRequest& request);

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_RECORDER_H_
