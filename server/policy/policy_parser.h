// The parser behind ParsePolicy (policy_yaml.h): one method a block of the
// format. Private to the parser's files.
#ifndef THON_POLICY_POLICY_PARSER_H_
#define THON_POLICY_POLICY_PARSER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/policy/metrics.h"
#include "server/policy/policy.h"
#include "server/policy/policy_yaml.h"
#include "server/policy/yaml_reader.h"
#include "server/policy/yaml_tree.h"

namespace thon {

inline constexpr YamlWord kLookDays[] = {
    {"first_day_of_month", static_cast<int>(LookDay::kFirstDay)},
    {"last_day_of_month", static_cast<int>(LookDay::kLastDay)},
    {"any_day", static_cast<int>(LookDay::kAnyDay)},
};

// Reads one policy. A block that is missing is reported by the method that
// needs it; the others go on, so that one look finds all mistakes.
class PolicyParser {
 public:
  explicit PolicyParser(absl::string_view file) : reader_(file) {}

  PolicyText Parse(absl::string_view text);

 private:
  void ParseHead();
  void ParseStatus();
  void ParseDocuments();
  void ParsePeriod();
  void ParseMonthRule();
  void ParseBeneficiary();
  void ParseList();
  void ParseExistence();
  void ParseSuspension();
  void ParseUpdate();
  void ParseConditions();
  bool ParseCondition(const YamlNode& node, const std::string& path, int depth,
                      Condition* condition);
  bool ParseGroup(const YamlNode& node, const std::string& path, int depth,
                  Condition* condition);
  bool ParseThreshold(const YamlNode& node, const std::string& path,
                      Condition* condition);
  void ParseAmount();
  void ParseCaps();
  void ParseFunding();
  void ParseExpected();
  void CheckPhase();

  using Names = absl::Span<const absl::string_view>;

  // A block of the text, its fields checked; nullptr if there is none.
  const YamlNode* Block(absl::string_view key, bool needed, Names known,
                        Names later, Basis* basis);
  // An optional parameter of a block.
  const YamlNode* Parameter(const YamlNode& block, absl::string_view path,
                            absl::string_view key, Basis* basis);
  bool ReadDeadline(const YamlNode& block, absl::string_view key, int* day);

  YamlReader reader_;
  YamlNode root_;
  Policy policy_;
  // What thresholds look at; Condition::selector counts in `asked_` until all
  // are known.
  std::vector<MetricSelector> asked_;
  int conditions_ = 0;
};

}  // namespace thon

#endif  // THON_POLICY_POLICY_PARSER_H_
