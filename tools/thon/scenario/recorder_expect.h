// What a recording expects at its end: what the log's own fold says.
#ifndef THON_TOOLS_THON_SCENARIO_RECORDER_EXPECT_H_
#define THON_TOOLS_THON_SCENARIO_RECORDER_EXPECT_H_

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/core/ids.h"
#include "tools/thon/scenario/folded_log.h"
#include "tools/thon/scenario/payload_writer.h"
#include "tools/thon/scenario/phone.h"
#include "tools/thon/scenario/renamer.h"

namespace thon::scenario {

struct ExpectRequest {
  const FoldedLog* log = nullptr;
  Position from;
  std::set<std::string> policies;
  std::set<std::uint64_t> teams;
  std::set<std::uint64_t> organisations;
  // The range's events of phones, under their names.
  std::vector<std::pair<std::string, EventPlace>> events;
  Renamer* renamer = nullptr;
};

// Lines of `expect`: the standing of each event, and for each team and
// organisation and each month that the range touches the metrics M01 to M03 and
// the determination under each policy. Of more than 36 months the last ones;
// that is noted.
std::vector<std::string> ExpectedLines(const ExpectRequest& request,
                                       RecordingNotes* notes);

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_RECORDER_EXPECT_H_
