// What is actually so, in the form in which expectations say what should be.
#ifndef THON_TOOLS_THON_SCENARIO_CHECK_H_
#define THON_TOOLS_THON_SCENARIO_CHECK_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/projections/projection.h"
#include "tools/thon/scenario/runner.h"

namespace thon::scenario {

// All that is otherwise than `expectation` says. An error: the machine failed.
absl::StatusOr<std::vector<Difference>> CheckExpectation(
    const Expectation& expectation, const History& history);

// The moment that a question is about.
struct Look {
  const Expectation* expectation = nullptr;
  const History* history = nullptr;
  Position position;
  const RowReader* rows = nullptr;
  const EventSource* events = nullptr;
  Date today;  // The last day opened at that position.

  const Names& names() const { return history->scenario->names; }
};

struct Actual {
  std::map<std::string, std::string> fields;
  std::vector<std::string> notes;
  // Why there is nothing to compare with; then every field differs by it.
  std::string nothing;
};

// check_money.cc
void LookAtDetermination(const Look& look, Actual* actual);
void LookAtSum(const Look& look, Actual* actual);
void LookAtSimulation(const Look& look, Actual* actual);
void LookAtAward(const Look& look, Actual* actual);
void LookAtPolicyCheck(const Look& look, Actual* actual);
// check_activity.cc
void LookAtStanding(const Look& look, Actual* actual);
void LookAtMonth(const Look& look, Actual* actual);
void LookAtUnitMetrics(const Look& look, Actual* actual);
// How an event that is recorded stands: with the day and month that it counts
// in, also where the rows keep only exceptions.
v1::EventStanding StandingAt(const RowReader& rows, const EventPlace& place);
// check_registry.cc
void LookAtAnswers(const Look& look, Actual* actual);
void LookAtAuthor(const Look& look, Actual* actual);
void LookAtLog(const Look& look, Actual* actual);
void LookAtTeam(const Look& look, Actual* actual);
void LookAtUnit(const Look& look, Actual* actual);

// Values of sums, as `sum` and `simulation` compare them.
struct Sums {
  std::int64_t total = 0;
  std::int64_t amount_vnd = 0;
  std::map<std::string, std::int64_t> by_state;
  std::map<std::string, std::int64_t> by_reason;
  void Add(const v1::Determination& row);
  void Show(Actual* actual) const;
};

// "true" or "false".
std::string ShowFlag(bool value);
// "2023-06-30", "none" for 0.
std::string ShowDay(std::int32_t days);
// "a, b" in order, "none" of nothing.
std::string ShowList(std::vector<std::string> texts, bool sorted);
// A short name, "NONE" for 0.
std::string ShowEnumName(const google::protobuf::EnumDescriptor* type,
                         int value);
template <typename Enum>
std::string ShowEnum(Enum value) {
  return ShowEnumName(google::protobuf::GetEnumDescriptor<Enum>(),
                      static_cast<int>(value));
}

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_CHECK_H_
