// The tree of conditions.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/policy/policy_parser.h"

namespace thon {
namespace {

constexpr int kConditionDepthMax = 8;
constexpr int kConditionsMax = 256;
constexpr std::int64_t kTargetMax = 1'000'000'000;

constexpr absl::string_view kLimits[] = {"at_least", "at_most",
                                         "at_least_percent", "at_most_percent"};

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
  if (const YamlNode* node = YamlReader::Find(root_, "conditions")) {
    Condition condition;
    if (ParseCondition(*node, "conditions", 1, &condition)) {
      policy_.selectors = asked_;
      std::sort(policy_.selectors.begin(), policy_.selectors.end());
      policy_.selectors.erase(
          std::unique(policy_.selectors.begin(), policy_.selectors.end()),
          policy_.selectors.end());
      Renumber(asked_, policy_.selectors, &condition);
      policy_.conditions = std::move(condition);
    }
    reader_.GatherBasis(nullptr);
    if (!pays()) {
      reader_.Error(*node, "conditions",
                    {"không có tác dụng với chính sách không chi; bỏ mục này, "
                     "hoặc viết chỉ tiêu (targets)",
                     "have no effect on a policy that pays nothing; remove "
                     "them, or write targets"});
    }
  }
  CheckConditions();
}

// What conditions need of other blocks, and other blocks of conditions.
void PolicyParser::CheckConditions() {
  const auto asks = [&](Metric metric) {
    return std::any_of(
        asked_.begin(), asked_.end(),
        [&](const MetricSelector& s) { return s.metric == metric; });
  };
  const YamlNode* conditions = YamlReader::Find(root_, "conditions");
  const bool deadline = policy_.update_submit_before_day != 0;
  if (asks(Metric::kM06) && !deadline) {
    reader_.Error(*conditions, "conditions",
                  {"M06 cần có hạn nộp; thêm monthly_update với "
                   "submit_before_day",
                   "M06 needs a deadline; add monthly_update with "
                   "submit_before_day"});
  }
  if (asks(Metric::kM05) && !policy_.seats.has_value()) {
    reader_.Error(*conditions, "conditions",
                  {"M05 cần biết các vị trí của tổ; thêm team_template",
                   "M05 needs to know the seats; add team_template"});
  }
  if (deadline && !asks(Metric::kM06) && !policy_.update_record_missing) {
    reader_.Error(*YamlReader::Find(root_, "monthly_update"),
                  "monthly_update.submit_before_day",
                  {"không có tác dụng khi không có record_missing hoặc điều "
                   "kiện về M06; bỏ mục này",
                   "has no effect without record_missing or a condition on "
                   "M06; remove it"});
  }
}

bool PolicyParser::ParseCondition(const YamlNode& node, const std::string& path,
                                  int depth, Condition* condition) {
  if (depth > kConditionDepthMax) {
    reader_.Error(
        node, path,
        {absl::StrCat("điều kiện lồng nhau quá ", kConditionDepthMax,
                      " tầng; viết phẳng hơn"),
         absl::StrCat("conditions are nested deeper than ", kConditionDepthMax,
                      " levels; make them flatter")});
    return false;
  }
  if (++conditions_ > kConditionsMax) {
    reader_.Error(
        node, path,
        {absl::StrCat("có hơn ", kConditionsMax, " điều kiện; bỏ bớt"),
         absl::StrCat("more than ", kConditionsMax,
                      " conditions; leave some out")});
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
  static constexpr absl::string_view kFields[] = {"all", "any", "none",
                                                  "metric"};
  if (!reader_.CheckMap(node, path, kFields)) return false;
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
                    {"mỗi khối chỉ có một trong all, any, none; lồng cái kia "
                     "vào trong",
                     "one block holds one of all, any, none; nest the other"});
      return false;
    }
    children = found;
    name = word;
    condition->op = op;
  }
  if (children == nullptr) {
    reader_.Error(node, path,
                  {"viết một trong all, any, none, hoặc một chỉ số (metric)",
                   "write one of all, any, none, or a metric"});
    return false;
  }
  if (children->kind != YamlNode::Kind::kSequence || children->items.empty()) {
    reader_.Error(*children, YamlPath(path, name),
                  {"viết danh sách có ít nhất một điều kiện",
                   "write a list with at least one condition"});
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
    if (!ParseCondition(children->items[i], child_path, depth + 1, &child)) {
      good = false;
      continue;
    }
    for (const Condition& other : condition->children) {
      if (child.op == Condition::Op::kThreshold && other.op == child.op &&
          asked_[other.selector] == asked_[child.selector] &&
          other.at_most == child.at_most && other.target == child.target) {
        reader_.Error(
            children->items[i], child_path,
            {"bị ghi hai lần; giữ lại một", "is given twice; keep one"});
        good = false;
      }
    }
    condition->children.push_back(std::move(child));
  }
  return good;
}

bool PolicyParser::ParseThreshold(const YamlNode& node, const std::string& path,
                                  Condition* condition) {
  condition->basis = reader_.ReadBasis(node, path);
  reader_.GatherBasis(&condition->basis);
  MetricSelector selector;
  if (!ParseSelector(node, path, kLimits, &selector)) return false;
  if (!ParseLimit(node, path, selector.metric, condition)) return false;
  condition->selector = asked_.size();
  asked_.push_back(std::move(selector));
  return true;
}

bool PolicyParser::ParseLimit(const YamlNode& node, const std::string& path,
                              Metric metric, Condition* condition) {
  const MetricInfo& info = InfoOf(metric);
  const YamlNode* limit = nullptr;
  absl::string_view key;
  for (const absl::string_view one : kLimits) {
    const YamlNode* found = YamlReader::Find(node, one);
    if (found == nullptr) continue;
    if (limit != nullptr) {
      reader_.Error(*found, YamlPath(path, one),
                    {"mỗi điều kiện có một ngưỡng; viết thành hai điều kiện",
                     "one condition has one limit; write two conditions"});
      return false;
    }
    limit = found;
    key = one;
  }
  if (limit == nullptr) {
    reader_.Error(node, path,
                  {"thiếu ngưỡng; thêm \"at_least:\" hoặc \"at_most:\"",
                   "missing; add \"at_least:\" or \"at_most:\""});
    return false;
  }
  const bool percent = key == "at_least_percent" || key == "at_most_percent";
  if (percent && info.kind != MetricKind::kRatio) {
    reader_.Error(
        *limit, YamlPath(path, key),
        {absl::StrCat(info.id, " là số đếm; viết at_least hoặc at_most"),
         absl::StrCat(info.id, " is a count; write at_least or at_most")});
    return false;
  }
  condition->at_most = key == "at_most" || key == "at_most_percent";
  std::int64_t max = kTargetMax;
  if (info.kind == MetricKind::kRatio) max = 100;
  if (info.kind == MetricKind::kFlag) max = 1;
  // "At least 0" is no condition.
  return reader_.Whole(*limit, YamlPath(path, key), condition->at_most ? 0 : 1,
                       max, &condition->target);
}

}  // namespace thon
