// The metric catalogue: what a team's or organisation's month is measured by,
// and what of it the engine can compute today.
//
// A value is a numerator and a denominator. A count has the denominator 1; a
// ratio whose denominator is 0 is unknown: it neither passes nor fails.
#ifndef THON_POLICY_METRICS_H_
#define THON_POLICY_METRICS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
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

struct MetricInfo {
  absl::string_view id;       // "M01"
  absl::string_view name;     // "active_days"
  absl::string_view name_vi;  // "số ngày có hoạt động"
  absl::string_view name_en;  // "days with an activity"
  MetricKind kind = MetricKind::kCount;
  bool supported = false;  // The engine can compute it from rows today.
};

const MetricInfo& InfoOf(Metric metric);

// False, and `*metric` unchanged, if the catalogue has no such id.
bool FindMetric(absl::string_view id, Metric* metric);

struct MetricNumber {
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;
  bool operator==(const MetricNumber&) const = default;
};

// The values of one beneficiary and month. A metric that is not supported is
// 0 of 0: unknown.
class MetricValues {
 public:
  const MetricNumber& operator[](Metric metric) const {
    return values_[static_cast<std::size_t>(metric)];
  }
  MetricNumber& operator[](Metric metric) {
    return values_[static_cast<std::size_t>(metric)];
  }
  bool operator==(const MetricValues&) const = default;

 private:
  std::array<MetricNumber, kMetricCount> values_{};
};

// What a month's row says of every metric that needs nothing but the row (all
// supported ones but M04 and M06, which need the roster and a deadline).
//
// `counted` counts no held activity. `with_held` counts all of them, each with
// the most it could add, as the row only says how many they are: so a result
// that held activities could change is never missed.
void ReadMetrics(const v1::TeamMonth& month, MetricValues* counted,
                 MetricValues* with_held);

}  // namespace thon

#endif  // THON_POLICY_METRICS_H_
