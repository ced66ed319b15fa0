// A scenario as it is run: acts and phones' events in the order of time, and
// what is expected. Everything that can be wrong with the file is found before
// there is one of these.
#ifndef THON_TOOLS_THON_SCENARIO_SCENARIO_H_
#define THON_TOOLS_THON_SCENARIO_SCENARIO_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "server/core/civil.h"
#include "server/policy/policy_yaml.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/policy.pb.h"
#include "tools/thon/scenario/names.h"

namespace thon::scenario {

// Where something stands in the file.
struct Place {
  int line = 0;
  int column = 0;
};

// A policy's text, as a file or a scenario says it.
struct PolicySource {
  std::string file;  // For messages.
  std::string text;
};

// What is to become of an officer's act.
struct ActOutcome {
  // kIneffective: refused, or recorded without effect.
  enum class Kind { kEffective, kRefused, kNoEffect, kIneffective };
  Kind kind = Kind::kEffective;
  std::string code;  // "FAILED_PRECONDITION", "STALE"; empty: any.
  std::string says;  // Text that the message contains; empty: any.
};

// One command of an officer.
struct Act {
  std::uint64_t officer = 1;
  v1::Event event;
  std::vector<std::string> documents;  // Recorded before it.
  // Names whose author and numbers go into the event when it is recorded.
  std::vector<std::string> events;
  std::string phone;
  std::string founding;  // Team whose founding is meant.
  // Checked as publishing checks it, and recorded.
  std::optional<PolicySource> policy;
  std::string seen;  // Name of a step; empty: nothing seen.
  std::string key;   // Empty: one of its own.
  ActOutcome outcome;
};

struct ClockChange {
  std::optional<Instant> wall;
  std::optional<std::int64_t> offset_ms;  // Of the wall clock.
  std::optional<std::int64_t> monotonic_ms;
  bool boot = false;
  // The boot of this number, new or not; 0: as it is.
  std::int64_t boot_number = 0;
};

// One event of a phone, `times` times.
struct Record {
  v1::Event event;  // Clocks and number are filled in when it is recorded.
  std::string name;
  int times = 1;
  // The event that it offers again under a new key: a name, or the number that
  // it had under the key of `original_phone`. Neither: it is offered first.
  std::string original;
  std::string original_phone;
  std::uint64_t original_number = 0;
  // Of a correction: the event it is about, and the phone that has it if
  // several do.
  std::vector<std::string> targets;
  std::string target_phone;
};

// An anchor that a batch carries whatever the phone heard.
struct GivenAnchor {
  Instant time;
  std::int64_t monotonic_ms = 0;
  std::int64_t boot_number = 0;
};

struct Sync {
  enum class Anchor { kFresh, kOld, kNone };
  enum class Lose { kNothing, kAnswers, kBatches };
  Anchor anchor = Anchor::kFresh;
  std::optional<GivenAnchor> given;  // In place of `anchor`.
  Lose lose = Lose::kNothing;
};

struct Resend {
  bool all = false;  // Else the last batch.
  int times = 1;
};

// What a phone does at one moment, in the order of these fields.
struct PhoneStep {
  std::string phone;
  std::optional<ClockChange> clock;
  std::vector<Record> records;
  bool seal = false;
  std::string clone_to;
  bool successor = false;
  std::optional<Sync> sync;
  std::optional<Resend> resend;
};

struct Enrolment {
  std::string phone;
  std::uint64_t team = 0;
  std::uint64_t member = 0;
  std::uint64_t organisation = 0;
};

struct Step {
  Place place;
  std::string path;  // "steps[3]".
  Instant at;
  std::string name;    // `as`; may be empty.
  bool setup = false;  // The file's own ground: it must take effect.
  std::variant<Act, PhoneStep, Enrolment> what;
};

enum class Subject {
  kDetermination,
  kStanding,
  kMonth,
  kSum,
  kUnitMetrics,
  kAnswers,
  kAuthor,
  kLog,
  kTeam,
  kUnit,
  kSimulation,
  kAward,
  kPolicyCheck,
};

// One compared field. Expected and actual are texts of one form.
struct Want {
  enum class Compare { kEqual, kContains };
  std::string field;
  Place place;
  std::string text;
  Compare compare = Compare::kEqual;
};

struct Expectation {
  Place place;
  std::string path;
  Subject subject = Subject::kDetermination;
  std::string label;  // "determination YB-2023 t1 2023-07".
  // As of when; neither: the end.
  std::optional<Date> as_of_date;
  std::optional<Instant> as_of_time;
  // Whose; what the subject does not have stays 0 or empty.
  std::string policy;
  v1::BeneficiaryKind kind = v1::BENEFICIARY_KIND_TEAM;
  std::uint64_t beneficiary = 0;
  Month first;
  Month last;
  std::uint64_t unit = 0;
  Date on;  // 0: the last day opened.
  std::string event;
  std::string phone;
  PolicySource source;
  bool assume_funded = false;
  std::vector<std::pair<std::uint64_t, int>> ranking;
  std::vector<Want> wants;
};

struct Scenario {
  std::string file;
  std::string title;
  std::vector<std::string> ids;
  std::string about;
  Instant start;
  Instant end;  // Of the last step, or later.
  std::vector<Step> steps;
  std::vector<Expectation> expectations;
  Names names;
};

struct ReadScenario {
  Scenario scenario;              // Complete only if ok().
  std::vector<Finding> findings;  // By line, then column.
  bool ok() const;                // No finding is an error.
};

// `file` is a path: policies that the scenario names are read beside it.
ReadScenario ParseScenario(absl::string_view text, const std::string& file);

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_SCENARIO_H_
