// Reads Prometheus' text format as strictly as promtool's check does.
#ifndef THON_TESTS_UNIT_HTTP_PROMETHEUS_TEXT_H_
#define THON_TESTS_UNIT_HTTP_PROMETHEUS_TEXT_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace thon::testing {

struct PrometheusText {
  std::map<std::string, std::string> types;  // By family: "counter".
  // By series as it is written: name{label="value"}.
  std::map<std::string, double> samples;

  double At(const std::string& series) const {
    const auto it = samples.find(series);
    return it == samples.end() ? -1 : it->second;
  }
};

// kInvalidArgument names the line and what is wrong: a family without HELP or
// TYPE or told twice, a sample of no family, a series twice, a counter without
// "_total" or below zero, a histogram whose buckets fall, end without +Inf or
// do not agree with its count; a last line without an end.
absl::StatusOr<PrometheusText> ParsePrometheusText(absl::string_view text);

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_HTTP_PROMETHEUS_TEXT_H_
