// The metric catalogue: what a team's or unit's month is measured by, and how a
// value is read from a month's row.
//
// A value is a numerator and a denominator. A count has the denominator 1; a
// ratio whose denominator is 0 is unknown: it neither passes nor fails (T31).
// Over several months numerators and denominators are summed apart; never are
// ratios averaged (HG-07).
#ifndef THON_POLICY_METRICS_H_
#define THON_POLICY_METRICS_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/core/civil.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// In catalogue order; rows and derivations list metrics in this order.
enum class Metric : std::uint8_t {
  kM01,
  kM02,
  kM03,
  kM04,
  kM05,
  kM06,
  kM07,
  kM08,
  kM09,
  kM10,
  kM11,
  kM12,
  kM12b,
  kM13,
  kM14,
  kM14b,
  kM15,
  kM15b,
  kM16,
  kM17,
  kM18,
  kM19,
  kM20,
  kM21,
  kM22,
  kM23,
  kM24,
  kM25,
  kM26,
  kM27,
  kM28,
  kM29,
  kM30,
};
inline constexpr std::size_t kMetricCount = 33;

enum class MetricKind : std::uint8_t { kCount, kRatio, kFlag };

// What a value is taken from; decides where it can be asked for.
enum class MetricSource : std::uint8_t {
  kActivity,   // The team's month: TeamMonth rows.
  kRoster,     // The team's members: M04, M05.
  kUpdate,     // The monthly update and its deadlines: M06, M07.
  kIndicator,  // Observed of a unit: M12 to M16, M18.
  kModels,     // Accepted models of a unit: M17.
  kUnit,       // Computed of a unit from its teams: M24.
  kMoney,      // Rests on determinations themselves: M25 to M30; no condition
               // can ask for it.
};

// The three pillars (DN-08): each metric has exactly one.
enum class Pillar : std::uint8_t { kGovernment, kEconomy, kSociety };

// The time a value is taken over.
enum class Grain : std::uint8_t {
  kMonth,
  kQuarter,  // The calendar quarter's months up to and with the month asked of.
  kYear,     // The calendar year's months up to and with the month asked of.
  kWindow,   // The policy's period up to and with the month asked of.
};

struct MetricInfo {
  absl::string_view id;       // "M01"
  absl::string_view name;     // "active_days"
  absl::string_view name_vi;  // "số ngày có hoạt động"
  absl::string_view name_en;  // "days with an activity"
  MetricKind kind = MetricKind::kCount;
  MetricSource source = MetricSource::kActivity;
  Pillar pillar = Pillar::kSociety;
};

const MetricInfo& InfoOf(Metric metric);

// By id ("M10") or name ("installs"). False, and `*metric` unchanged, if the
// catalogue has no such metric.
bool FindMetric(absl::string_view id, Metric* metric);

// Which part of a metric, over which time. Fields that the metric does not have
// stay as they are; the parser refuses others.
struct MetricSelector {
  Metric metric = Metric::kM01;
  Grain over = Grain::kMonth;
  v1::Topic topic = v1::TOPIC_UNSPECIFIED;             // M09; UNSPECIFIED: all.
  std::string app;                                     // M10; empty: all.
  v1::CountBasis basis = v1::COUNT_BASIS_UNSPECIFIED;  // M10; likewise.
  v1::AccountKind account = v1::ACCOUNT_KIND_UNSPECIFIED;  // M11; likewise.
  v1::Audience audience = v1::AUDIENCE_UNSPECIFIED;        // M19; likewise.
  bool attendees = false;  // M19: people instead of sessions.
  bool mean = false;       // M21: the mean instead of the last score.
  // kIndicator, kModels, kUnit: of the team's unit at this level; UNSPECIFIED:
  // of the unit the team stands on.
  v1::UnitLevel of = v1::UNIT_LEVEL_UNSPECIFIED;
  auto operator<=>(const MetricSelector&) const = default;
};

// "app=VNeID basis=PERSON over=quarter": what differs from the default, in this
// struct's order with the time last; as MetricValue.qualifier holds it. The
// words are topic, app, basis, account, audience, count, take, of, over.
std::string Qualifier(const MetricSelector& selector);

// The months that a selector asked of `month` looks at, ascending. `from`: the
// first month of the policy's period.
std::vector<Month> MonthsOf(Grain over, Month month, Month from);

struct MetricNumber {
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;
  bool operator==(const MetricNumber&) const = default;
};
inline constexpr MetricNumber kUnknownNumber{0, 0};

// The value of a kActivity selector from the rows of its months (nullptr: the
// month has no row). Requires source kActivity, and for M08 a single month:
// what is distinct over several months the rows alone do not say.
MetricNumber ReadActivityMetric(const MetricSelector& selector,
                                absl::Span<const v1::TeamMonth* const> months);

// Whether the value reaches the target: numerator >= target for a count or
// flag, numerator >= target * denominator for a mean (sum and number of
// scores), numerator * 100 >= target * denominator for a ratio.
enum class Truth : std::uint8_t { kFalse, kUnknown, kTrue };
Truth AtLeast(const MetricSelector& selector, const MetricNumber& value,
              std::int64_t target);
// Whether it is not above the target, likewise.
Truth AtMost(const MetricSelector& selector, const MetricNumber& value,
             std::int64_t target);

// The one of Hà Giang's four task groups that a topic belongs to (HA-04), 1 to
// 4; 0 for UNSPECIFIED.
int TaskGroupOf(v1::Topic topic);

}  // namespace thon

#endif  // THON_POLICY_METRICS_H_
