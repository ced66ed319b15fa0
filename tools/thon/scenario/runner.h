// Runs a scenario through the engine and compares what it expects.
#ifndef THON_TOOLS_THON_SCENARIO_RUNNER_H_
#define THON_TOOLS_THON_SCENARIO_RUNNER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/core/ids.h"
#include "tools/thon/scenario/phone.h"
#include "tools/thon/scenario/scenario.h"
#include "tools/thon/scenario/world.h"

namespace thon::scenario {

// Something is otherwise than the file says.
struct Difference {
  Place place;
  std::string path;   // "expect[2]", "steps[4]".
  std::string label;  // "determination YB-2023 t1 2023-07".
  std::string field;  // "state".
  std::string expected;
  std::string actual;
  // What helps to see why, a line each: the deciding step of a determination,
  // Vietnamese first.
  std::vector<std::string> notes;
};

struct RunResult {
  // What keeps the scenario from being run at all: the ground that it lays
  // does not hold, with its place. Empty if it ran.
  std::vector<Difference> broken;
  std::vector<Difference> differences;
  int expectations = 0;
  std::uint64_t events = 0;  // Positions of the log at the end.
  std::uint64_t entries = 0;
  std::string root;  // Of the log's tree, hexadecimal.

  bool ok() const { return broken.empty() && differences.empty(); }
};

// What happened, for those who compare.
struct History {
  const Scenario* scenario = nullptr;
  World* world = nullptr;
  std::map<std::string, Phone> phones;
  std::map<std::string, std::string> recorders;  // Event to phone.
  std::map<std::string, Position> steps;  // After each step that has a name.
  Position end;                           // After the last step.

  // Where the event is as `phone` has it; empty: as the phone that recorded it
  // has it. nullopt: not recorded.
  std::optional<EventPlace> Find(const std::string& event,
                                 const std::string& phone) const;
  // Puts the identity that `record` had first into `*event`. Empty, or what
  // keeps it from being known.
  std::string NameOriginal(const Record& record, v1::Event* event) const;
};

// Runs in `directory`, which exists and is empty; what is there afterwards is a
// data directory. An error: the machine failed, not the scenario.
absl::StatusOr<RunResult> RunScenario(const Scenario& scenario,
                                      const std::string& directory);

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_RUNNER_H_
