// Targets of a campaign, awards, and what is said but not computed with.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/core/text.h"
#include "server/policy/policy_parser.h"

namespace thon {
namespace {

constexpr std::int64_t kWeightMax = 10'000;
constexpr std::int64_t kTargetMax = 1'000'000'000;
constexpr std::size_t kRanksMax = 100;

}  // namespace

void PolicyParser::ParseTargets() {
  reader_.GatherBasis(nullptr);
  const YamlNode* node = YamlReader::Find(root_, "targets");
  if (node == nullptr ||
      reader_.List(*node, "targets",
                   "- {metric: M12, at_least: 50, over: quarter}") == nullptr) {
    return;
  }
  bool weighed = false;
  bool unweighed = false;
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    Target target;
    target.path = absl::StrCat("targets[", i, "]");
    if (!ParseTarget(node->items[i], &target)) continue;
    for (const Target& other : policy_.targets) {
      if (other.selector == target.selector) {
        reader_.Error(node->items[i], target.path,
                      {absl::StrCat("lặp lại ", other.path, "; giữ lại một"),
                       absl::StrCat("is ", other.path, " again; keep one")});
      }
    }
    if (target.has_target) (target.weight != 0 ? weighed : unweighed) = true;
    policy_.targets.push_back(std::move(target));
  }
  if (weighed && unweighed) {
    reader_.Note(Severity::kWarning, *node, "targets",
                 {"có chỉ tiêu ghi trọng số, có chỉ tiêu không; chỉ tiêu không "
                  "có trọng số chỉ được tính là đạt hay không đạt, không cho "
                  "điểm",
                  "some targets have a weight and some have none; those "
                  "without are counted as reached or not and give no points"});
  }
  reader_.GatherBasis(nullptr);
}

bool PolicyParser::ParseTarget(const YamlNode& node, Target* target) {
  static constexpr absl::string_view kFields[] = {"at_least", "no_target",
                                                  "weight"};
  const std::string& path = target->path;
  reader_.GatherBasis(nullptr);
  if (node.kind != YamlNode::Kind::kMap) {
    reader_.Error(node, path,
                  {"viết như {metric: M12, at_least: 50}",
                   "write {metric: M12, at_least: 50} or the like"});
    return false;
  }
  target->basis = reader_.ReadBasis(node, path);
  reader_.GatherBasis(&target->basis);
  if (!ParseSelector(node, path, kFields, &target->selector)) return false;
  const YamlNode* least = YamlReader::Find(node, "at_least");
  const YamlNode* none = YamlReader::Find(node, "no_target");
  const YamlNode* weight = YamlReader::Find(node, "weight");
  bool no_target = false;
  if (none != nullptr &&
      !reader_.Bool(*none, YamlPath(path, "no_target"), &no_target)) {
    return false;
  }
  if ((least != nullptr) == no_target) {
    reader_.Error(node, path,
                  {"viết một trong hai: at_least hoặc no_target: true",
                   "write one of at_least and no_target: true"});
    return false;
  }
  const MetricKind kind = InfoOf(target->selector.metric).kind;
  const std::int64_t max = kind == MetricKind::kRatio  ? 100
                           : kind == MetricKind::kFlag ? 1
                                                       : kTargetMax;
  target->has_target = least != nullptr;
  if (least != nullptr && !reader_.Whole(*least, YamlPath(path, "at_least"), 1,
                                         max, &target->at_least)) {
    return false;
  }
  if (weight == nullptr) return true;
  if (no_target) {
    reader_.Error(*weight, YamlPath(path, "weight"),
                  {"không có tác dụng khi không có chỉ tiêu; bỏ mục này",
                   "has no effect without a target; remove it"});
    return false;
  }
  return reader_.Whole(*weight, YamlPath(path, "weight"), 1, kWeightMax,
                       &target->weight);
}

void PolicyParser::ParseAward() {
  static constexpr absl::string_view kFields[] = {"pool", "precondition",
                                                  "ranks", "tie", "cadence"};
  static constexpr YamlWord kPool[] = {
      {"DEPARTMENT", v1::ORGANISATION_KIND_DEPARTMENT},
      {"DISTRICT_PC", v1::ORGANISATION_KIND_DISTRICT_PC},
      {"COMMUNE_PC", v1::ORGANISATION_KIND_COMMUNE_PC},
      {"ENTERPRISE", v1::ORGANISATION_KIND_ENTERPRISE},
      {"OTHER", v1::ORGANISATION_KIND_OTHER}};
  static constexpr YamlWord kTies[] = {
      {"hold", 1}, {"share", 0}, {"HOLD_FOR_HUMAN", 1, true}};
  static constexpr YamlWord kCadences[] = {
      {"yearly", 0}, {"quarterly", 1}, {"once", 2}};
  static constexpr absl::string_view kCadenceNames[] = {"yearly", "quarterly",
                                                        "once"};
  AwardRule rule;
  const YamlNode* node = Block("award", false, kFields, &rule.basis);
  if (node == nullptr) return;
  std::vector<int> pool;
  const YamlNode* kinds = reader_.Need(*node, "award", "pool");
  if (kinds != nullptr &&
      reader_.WordList(*kinds, "award.pool", kPool, "[DEPARTMENT, DISTRICT_PC]",
                       &pool)) {
    for (const int kind : pool) {
      rule.pool.push_back(static_cast<v1::OrganisationKind>(kind));
    }
  }
  if (const YamlNode* before = YamlReader::Find(*node, "precondition")) {
    reader_.Text(*before, "award.precondition", &rule.precondition);
  }
  ParseRanks(*node, &rule);
  int value = 0;
  if (ReadWord(*node, "award", "tie", true, kTies, &value)) {
    rule.tie_holds = value == 1;
  }
  if (ReadWord(*node, "award", "cadence", true, kCadences, &value)) {
    rule.cadence = std::string(kCadenceNames[value]);
  }
  reader_.GatherBasis(nullptr);
  policy_.award = std::move(rule);
}

void PolicyParser::ParseRanks(const YamlNode& block, AwardRule* rule) {
  const YamlNode* ranks = reader_.Need(block, "award", "ranks");
  if (ranks == nullptr) return;
  if (ranks->kind != YamlNode::Kind::kMap || ranks->fields.empty() ||
      ranks->fields.size() > kRanksMax) {
    reader_.Error(
        *ranks, "award.ranks",
        {absl::StrCat("viết các hạng từ 1, nhiều nhất ", kRanksMax,
                      ": {1: 500 triệu đồng, 2: 400 triệu đồng}"),
         absl::StrCat("write the ranks from 1 on, at most ", kRanksMax,
                      ": {1: 500 triệu đồng, 2: 400 triệu đồng}")});
    return;
  }
  absl::int128 sum = 0;
  for (std::size_t i = 0; i < ranks->fields.size(); ++i) {
    const std::string rank = absl::StrCat(i + 1);
    const std::string path = YamlPath("award.ranks", rank);
    const YamlNode* node = YamlReader::Find(*ranks, rank);
    if (node == nullptr) {
      reader_.Error(*ranks, path,
                    {"thiếu; viết các hạng 1, 2, 3 liền nhau",
                     "missing; write the ranks as 1, 2, 3 without a gap"});
      return;
    }
    std::int64_t vnd = 0;
    if (!reader_.Money(*node, path, &vnd)) continue;
    if (!rule->rank_vnd.empty() && rule->rank_vnd.back() < vnd) {
      reader_.Note(Severity::kWarning, *node, path,
                   {"nhiều hơn mức của hạng trước; xem lại thứ tự",
                    "is more than the rank before it gets; look at the "
                    "order"});
    }
    sum += vnd;
    rule->rank_vnd.push_back(vnd);
  }
  if (sum > limits::kMoneyMax) {
    reader_.Error(*ranks, "award.ranks",
                  {absl::StrCat("cộng lại quá ", FormatDong(limits::kMoneyMax),
                                "; giảm bớt"),
                   absl::StrCat("come to more than ", limits::kMoneyMax,
                                " in all; lower them")});
  }
}

void PolicyParser::ParseRhythm() {
  static constexpr absl::string_view kFields[] = {"every"};
  static constexpr YamlWord kEvery[] = {
      {"month", 0}, {"quarter", 1}, {"year", 2}, {"once", 3}};
  static constexpr absl::string_view kNames[] = {"monthly", "quarterly",
                                                 "yearly", "once"};
  const YamlNode* node =
      Block("pay_rhythm", false, kFields, &policy_.pay_rhythm_basis);
  int value = 0;
  if (node != nullptr &&
      ReadWord(*node, "pay_rhythm", "every", true, kEvery, &value)) {
    policy_.pay_rhythm = std::string(kNames[value]);
  }
}

void PolicyParser::ParsePurposes() {
  static constexpr absl::string_view kFields[] = {"of"};
  const YamlNode* node =
      Block("purposes", false, kFields, &policy_.purposes_basis);
  if (node == nullptr) return;
  if (const YamlNode* of = reader_.Need(*node, "purposes", "of")) {
    reader_.LabelList(*of, "purposes.of", "[COMMON_TASKS, TRAINING]",
                      &policy_.purposes);
  }
}

void PolicyParser::ParseVerification() {
  static constexpr absl::string_view kFields[] = {"steps"};
  const YamlNode* node =
      Block("verify_chain", false, kFields, &policy_.verify_basis);
  if (node == nullptr) return;
  if (const YamlNode* steps = reader_.Need(*node, "verify_chain", "steps")) {
    reader_.LabelList(*steps, "verify_chain.steps",
                      "[COMMUNE_STANDING, DISTRICT_STANDING]",
                      &policy_.verify_chain);
  }
  reader_.GatherBasis(nullptr);
}

}  // namespace thon
