#include "server/policy/policy_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/core/text.h"
#include "server/policy/policy_check_parts.h"
#include "server/policy/policy_diff.h"

namespace thon {
namespace {

const YamlNode* Field(const YamlNode& node, absl::string_view key) {
  if (node.kind != YamlNode::Kind::kMap) return nullptr;
  for (const auto& [name, value] : node.fields) {
    if (name == key) return &value;
  }
  return nullptr;
}

const YamlNode* Item(const YamlNode& node, absl::string_view index) {
  std::size_t at = 0;
  if (node.kind != YamlNode::Kind::kSequence || !absl::SimpleAtoi(index, &at) ||
      at >= node.items.size()) {
    return nullptr;
  }
  return &node.items[at];
}

// The node at "conditions.all[0].at_least", or the last one on the way to it.
const YamlNode* NodeAt(const YamlNode& root, absl::string_view path) {
  const YamlNode* node = &root;
  for (absl::string_view part : absl::StrSplit(path, '.')) {
    const std::size_t bracket = part.find('[');
    const YamlNode* next = Field(*node, part.substr(0, bracket));
    if (next == nullptr) return node;
    node = next;
    while (part.find('[') != absl::string_view::npos) {
      part.remove_prefix(part.find('[') + 1);
      next = Item(*node, part.substr(0, part.find(']')));
      if (next == nullptr) return node;
      node = next;
    }
  }
  return node;
}

class OneCheck {
 public:
  explicit OneCheck(const PolicySource& source)
      : policy_(source.parsed.policy), placer_(source) {}

  std::vector<Finding> Take() {
    for (ConditionProblem& problem : CheckConditions(policy_)) {
      Say(problem.severity, problem.path, problem.message);
    }
    CheckReview();
    CheckLate();
    CheckUpdate();
    CheckCaps();
    CheckSeats();
    CheckAward();
    CheckDoubleSupport();
    return std::move(findings_);
  }

 private:
  void Say(Severity severity, absl::string_view path, const Sentence& message) {
    findings_.push_back(placer_.Make(severity, path, message));
  }
  void Warn(absl::string_view path, const Sentence& message) {
    Say(Severity::kWarning, path, message);
  }

  void CheckReview();
  void CheckLate();
  void CheckUpdate();
  void CheckCaps();
  void CheckSeats();
  void CheckAward();
  void CheckDoubleSupport();

  const Policy& policy_;
  FindingPlacer placer_;
  std::vector<Finding> findings_;
};

void OneCheck::CheckReview() {
  if (policy_.review_on == Date() || !policy_.has_period ||
      policy_.review_on >= policy_.to) {
    return;
  }
  Warn("review.on",
       {absl::StrCat("ngày xem xét lại ", policy_.review_on.Vietnamese(),
                     " đến trước khi hết thời gian thực hiện ",
                     policy_.to.Vietnamese()),
        absl::StrCat("the review on ", policy_.review_on.Iso(),
                     " comes before the period's end on ", policy_.to.Iso())});
}

void OneCheck::CheckLate() {
  const LateRule& late = policy_.late;
  if (late.effect != LateEffect::kLeftOut || late.before_day != 0 ||
      !policy_.has_period || late.accept_before > policy_.to) {
    return;
  }
  Warn("late_events.accept_before",
       {absl::StrCat("hạn nhận ", late.accept_before.Vietnamese(),
                     " không sau ngày cuối ", policy_.to.Vietnamese(),
                     "; hoạt động của những ngày cuối không bao giờ được tính"),
        absl::StrCat("is not after the period's last day, ", policy_.to.Iso(),
                     "; activities of its last days never count")});
}

void OneCheck::CheckUpdate() {
  if (!policy_.update_required || policy_.update_submit_before_day == 0 ||
      policy_.update_confirm_before_day >= policy_.update_submit_before_day) {
    return;
  }
  Warn("monthly_update.confirm_before_day",
       {"hạn xác nhận đến trước hạn nộp",
        "comes before the day on which updates are due"});
}

void OneCheck::CheckCaps() {
  const std::optional<std::int64_t> total = TeamTotal(policy_);
  if (policy_.cap_year_vnd == 0 || !total.has_value()) return;
  Policy free = policy_;
  free.cap_year_vnd = 0;
  if (TeamTotal(free) != total) return;
  Warn("caps.year_vnd", {"không năm nào số tiền đến mức trần này",
                         "no year's amount ever comes to this cap"});
}

// A condition that asks for seats which another forbids to be filled.
void OneCheck::CheckSeats() {
  if (!policy_.seats.has_value()) return;
  const std::size_t seats = policy_.seats->seats.size();
  for (const AmountLine& line : policy_.amounts) {
    if (line.members_max == 0 ||
        static_cast<std::size_t>(line.members_max) >= seats) {
      continue;
    }
    Warn(absl::StrCat(line.path, ".members_max"),
         {absl::StrCat("ít hơn ", seats, " vị trí của team_template"),
          absl::StrCat("is less than the ", seats, " seats of team_template")});
  }
}

void OneCheck::CheckAward() {
  if (!policy_.award.has_value()) return;
  const std::vector<std::int64_t>& ranks = policy_.award->rank_vnd;
  if (std::is_sorted(ranks.rbegin(), ranks.rend())) return;
  Warn("award.ranks", {"hạng sau được nhiều hơn hạng trước",
                       "a later rank gets more than an earlier one"});
}

void OneCheck::CheckDoubleSupport() {
  const DoubleSupportRule& rule = policy_.double_support;
  for (std::size_t i = 0; i < rule.with.size(); ++i) {
    if (rule.with[i] != policy_.id) continue;
    Warn(absl::StrCat("double_support.with[", i, "]"),
         {"là chính sách này; không có tác dụng",
          "is this policy itself; it has no effect"});
  }
}

}  // namespace

FindingPlacer::FindingPlacer(const PolicySource& source) : file_(source.file) {
  YamlProblem problem;
  std::vector<YamlProblem> notes;
  if (!ReadYaml(source.text, &root_, &problem, &notes)) root_ = YamlNode();
}

Finding FindingPlacer::Make(Severity severity, absl::string_view path,
                            const Sentence& message) const {
  Finding finding;
  finding.severity = severity;
  finding.file = file_;
  finding.path = std::string(path);
  finding.message = message;
  const YamlNode* const node = NodeAt(root_, path);
  finding.line = node->line;
  finding.column = node->column;
  return finding;
}

PolicySource ReadPolicySource(absl::string_view text, absl::string_view file) {
  return {std::string(file), std::string(text), ParsePolicy(text, file)};
}

std::vector<Finding> CheckPolicy(const PolicySource& source) {
  if (!source.parsed.ok()) return {};
  return OneCheck(source).Take();
}

std::vector<Finding> CheckPolicies(absl::Span<const PolicySource> sources) {
  std::vector<Finding> between = CheckTogether(sources);
  std::vector<Finding> out;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const PolicySource& source = sources[i];
    std::vector<Finding> here = source.parsed.findings;
    for (Finding& finding : CheckPolicy(source)) {
      here.push_back(std::move(finding));
    }
    // Two texts of one name are told apart by nobody; the first gets all.
    for (Finding& finding : between) {
      if (finding.file != source.file) continue;
      here.push_back(std::move(finding));
      finding.file.clear();
    }
    std::stable_sort(here.begin(), here.end(),
                     [](const Finding& a, const Finding& b) {
                       return std::make_pair(a.line, a.column) <
                              std::make_pair(b.line, b.column);
                     });
    for (Finding& finding : here) out.push_back(std::move(finding));
  }
  return out;
}

}  // namespace thon
