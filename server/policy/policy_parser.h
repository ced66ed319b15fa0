// The parser behind ParsePolicy (policy_yaml.h): one method a block of the
// format (FORMAT.md). Private to the parser's files.
#ifndef THON_POLICY_POLICY_PARSER_H_
#define THON_POLICY_POLICY_PARSER_H_

#include <cstdint>
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
    {"every_day", static_cast<int>(LookDay::kEveryDay)},
};

// Reads one policy. A block that is missing is reported by the method that
// needs it; the others go on, so that one look finds all mistakes.
class PolicyParser {
 public:
  explicit PolicyParser(absl::string_view file) : reader_(file) {}

  PolicyText Parse(absl::string_view text);

 private:
  using Names = YamlReader::Names;
  using Words = YamlReader::Words;

  // policy_yaml.cc
  void ParseBlocks();
  void ParseHead();
  void ParseStatus();
  void ParseDocuments();
  void ParseDocument(const YamlNode& item, const std::string& path);

  // policy_parser_time.cc
  void ParsePeriod();
  void ParseEffective();
  void ParseMonthRule();
  void ParseRounding();
  void ParsePhase();
  void ParseReview();
  void ParseUpdate();
  void ParseUpdateDays(const YamlNode& block);
  void ParseLate();

  // policy_parser_who.cc
  void ParseBeneficiary();
  void ParseKinds(const YamlNode& block);
  void ParseList();
  void ParseExistence();
  void ParseSuspension();
  void ParseSeats();
  bool ParseSeat(const YamlNode& node, const std::string& path, SeatRule* seat);

  // policy_parser_conditions.cc
  void ParseConditions();
  void CheckConditions();
  bool ParseCondition(const YamlNode& node, const std::string& path, int depth,
                      Condition* condition);
  bool ParseGroup(const YamlNode& node, const std::string& path, int depth,
                  Condition* condition);
  bool ParseThreshold(const YamlNode& node, const std::string& path,
                      Condition* condition);
  bool ParseLimit(const YamlNode& node, const std::string& path, Metric metric,
                  Condition* condition);

  // policy_parser_selector.cc
  // A metric with its qualifiers. `more`: other fields that may stand beside.
  bool ParseSelector(const YamlNode& node, const std::string& path, Names more,
                     MetricSelector* selector);
  bool ParseMetric(const YamlNode& node, const std::string& path,
                   Metric* metric);
  bool ParseQualifier(const YamlNode& node, const std::string& path,
                      absl::string_view key, MetricSelector* selector);

  // policy_parser_money.cc
  void ParseAmounts();
  void ParseLine(const YamlNode& node, const std::string& path);
  // An amount's text names no other unit than the line's.
  void CheckUnitOfMoney(const YamlNode& node, const std::string& path,
                        AmountUnit unit);
  void ParseMembers(const YamlNode& node, AmountLine* line);
  void CheckLines();
  void ParseExpected();

  // policy_parser_limits.cc
  void ParseCaps();
  void ParseCap(const YamlNode& block, absl::string_view key,
                std::int64_t* cap);
  void ParseTopUp();
  void ParseDoubleSupport();
  void ParseFunding();

  // policy_parser_awards.cc
  void ParseTargets();
  bool ParseTarget(const YamlNode& node, Target* target);
  void ParseAward();
  void ParseRanks(const YamlNode& block, AwardRule* rule);
  void ParseRhythm();
  void ParsePurposes();
  void ParseVerification();

  // A block of the text, its fields checked and its basis read; single values
  // in it add theirs. nullptr if there is none.
  const YamlNode* Block(absl::string_view key, bool needed, Names known,
                        Basis* basis);
  // The word of a block; false if it is not there or is none.
  bool ReadWord(const YamlNode& block, absl::string_view path,
                absl::string_view key, bool needed, Words words, int* value);
  // Says that a parameter was left out and what is taken.
  void NoteDefault(const YamlNode& block, absl::string_view path,
                   const Sentence& taken);
  bool pays() const { return !policy_.amounts.empty(); }

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
