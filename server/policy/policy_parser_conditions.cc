// The tree of conditions.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/policy/policy_parser.h"

namespace thon {
namespace {

constexpr int kConditionDepthMax = 8;
constexpr int kConditionsMax = 256;

// Makes indexes into `asked` indexes into `sorted`.
void Renumber(const std::vector<MetricSelector>& asked,
              const std::vector<MetricSelector>& sorted, Condition* condition) {
  if (condition->op == Condition::Op::kThreshold) {
    condition->selector =
        static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(),
                                                  asked[condition->selector]) -
                                 sorted.begin());
  }
  for (Condition& child : condition->children) {
    Renumber(asked, sorted, &child);
  }
}

}  // namespace

void PolicyParser::ParseConditions() {
  const YamlNode* node = YamlReader::Find(root_, "conditions");
  if (node != nullptr) {
    Condition condition;
    if (ParseCondition(*node, "conditions", 1, &condition)) {
      policy_.conditions = std::move(condition);
      policy_.selectors = asked_;
      std::sort(policy_.selectors.begin(), policy_.selectors.end());
      policy_.selectors.erase(
          std::unique(policy_.selectors.begin(), policy_.selectors.end()),
          policy_.selectors.end());
      Renumber(asked_, policy_.selectors, &*policy_.conditions);
    }
  }
  const bool on_time = std::any_of(
      asked_.begin(), asked_.end(),
      [](const MetricSelector& s) { return s.metric == Metric::kM06; });
  const bool deadline = policy_.update_submit_before_day != 0;
  if (on_time && !deadline) {
    reader_.Error(*node, "conditions",
                  "M06 needs a deadline; add monthly_update with "
                  "submit_before_day");
  }
  if (deadline && !on_time && !policy_.update_record_missing) {
    reader_.Error(*YamlReader::Find(root_, "monthly_update"),
                  "monthly_update.submit_before_day",
                  "has no effect without record_missing or a condition on M06; "
                  "remove it");
  }
}

bool PolicyParser::ParseCondition(const YamlNode& node, const std::string& path,
                                  int depth, Condition* condition) {
  if (depth > kConditionDepthMax) {
    reader_.Error(
        node, path,
        absl::StrCat("conditions are nested deeper than ", kConditionDepthMax,
                     " levels; make them flatter"));
    return false;
  }
  if (++conditions_ > kConditionsMax) {
    reader_.Error(node, path,
                  absl::StrCat("more than ", kConditionsMax, " conditions"));
    return false;
  }
  condition->path = path;
  if (node.kind == YamlNode::Kind::kMap &&
      YamlReader::Find(node, "metric") != nullptr) {
    return ParseThreshold(node, path, condition);
  }
  return ParseGroup(node, path, depth, condition);
}

bool PolicyParser::ParseGroup(const YamlNode& node, const std::string& path,
                              int depth, Condition* condition) {
  static constexpr absl::string_view kFields[] = {
      "all", "any", "none", "metric", "source", "assumption"};
  if (!reader_.CheckMap(node, path, kFields, {})) return false;
  static constexpr std::pair<absl::string_view, Condition::Op> kOps[] = {
      {"all", Condition::Op::kAll},
      {"any", Condition::Op::kAny},
      {"none", Condition::Op::kNone}};
  const YamlNode* children = nullptr;
  absl::string_view name;
  for (const auto& [word, op] : kOps) {
    const YamlNode* found = YamlReader::Find(node, word);
    if (found == nullptr) continue;
    if (children != nullptr) {
      reader_.Error(*found, YamlPath(path, word),
                    "one block holds one of all, any, none; nest the other");
      return false;
    }
    children = found;
    name = word;
    condition->op = op;
  }
  if (children == nullptr) {
    reader_.Error(node, path, "write one of all, any, none, or a metric");
    return false;
  }
  if (children->kind != YamlNode::Kind::kSequence || children->items.empty()) {
    reader_.Error(*children, YamlPath(path, name),
                  "write a list with at least one condition");
    return false;
  }
  // A group needs no source: its thresholds have theirs.
  if (YamlReader::Find(node, "source") != nullptr ||
      YamlReader::Find(node, "assumption") != nullptr) {
    condition->basis = reader_.ReadBasis(node, path);
  }
  bool good = true;
  for (std::size_t i = 0; i < children->items.size(); ++i) {
    Condition child;
    const std::string child_path =
        absl::StrCat(YamlPath(path, name), "[", i, "]");
    if (ParseCondition(children->items[i], child_path, depth + 1, &child)) {
      condition->children.push_back(std::move(child));
    } else {
      good = false;
    }
  }
  return good;
}

bool PolicyParser::ParseThreshold(const YamlNode& node, const std::string& path,
                                  Condition* condition) {
  static constexpr absl::string_view kFields[] = {
      "metric", "at_least", "at_least_percent", "source", "assumption"};
  static constexpr absl::string_view kLater[] = {"at_most", "at_most_percent",
                                                 "grain", "topic", "window"};
  const bool known = reader_.CheckMap(node, path, kFields, kLater);
  condition->basis = reader_.ReadBasis(node, path);
  const YamlNode& id_node = *YamlReader::Find(node, "metric");
  std::string id;
  if (!reader_.Text(id_node, YamlPath(path, "metric"), &id)) return false;
  MetricSelector selector;
  if (!FindMetric(id, &selector.metric)) {
    reader_.Error(id_node, YamlPath(path, "metric"),
                  absl::StrCat("there is no metric \"", id,
                               "\"; write one of the catalogue, M01 to M30"));
    return false;
  }
  const MetricInfo& info = InfoOf(selector.metric);
  condition->selector = asked_.size();
  asked_.push_back(selector);
  const bool ratio = info.kind == MetricKind::kRatio;
  const absl::string_view key = ratio ? "at_least_percent" : "at_least";
  const absl::string_view other = ratio ? "at_least" : "at_least_percent";
  if (const YamlNode* wrong = YamlReader::Find(node, other)) {
    reader_.Error(
        *wrong, YamlPath(path, other),
        absl::StrCat(id, " is a ", ratio ? "ratio" : "count", "; write ", key));
    return false;
  }
  const YamlNode* target = reader_.Need(node, path, key);
  if (target == nullptr) return false;
  std::int64_t max = 1'000'000'000;
  if (ratio) max = 100;
  if (info.kind == MetricKind::kFlag) max = 1;
  if (selector.metric == Metric::kM01) max = 31;
  return reader_.Whole(*target, YamlPath(path, key), 1, max,
                       &condition->target) &&
         known;
}

}  // namespace thon
