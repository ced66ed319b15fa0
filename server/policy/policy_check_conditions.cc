// Whether the tree of conditions can be satisfied.
//
// Every metric is followed as an interval of what it can still be. Intervals
// are widened where alternatives meet, so that "can never hold" is certain
// while a contradiction spread over alternatives may be missed.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/core/text.h"
#include "server/policy/determine.h"
#include "server/policy/policy_check_parts.h"

namespace thon {
namespace {

// Values doubled, so that "below 5" of a ratio, which may be 4.5, is 9.
struct Interval {
  std::int64_t lo = 0;
  std::int64_t hi = 0;
};

// By selector. What is not there is unbounded by conditions.
using Box = std::map<std::size_t, Interval>;

constexpr std::int64_t kNoBound = 4 * limits::kMoneyMax;

// Days that M01 can count at most when asked of `month`.
std::int64_t DaysOf(const MetricSelector& selector, Month month,
                    Month period_first) {
  std::int64_t days = 0;
  for (const Month one : MonthsOf(selector.over, month, period_first)) {
    days += one.last_day().days - one.first_day().days + 1;
  }
  return days;
}

// The largest value that the metric can have; nullopt: no bound is known.
std::optional<std::int64_t> Largest(const Policy& policy,
                                    const MetricSelector& selector) {
  if (InfoOf(selector.metric).kind == MetricKind::kRatio) return 100;
  if (selector.metric == Metric::kM01) {
    if (!policy.has_period) {
      switch (selector.over) {
        case Grain::kMonth:
          return 31;
        case Grain::kQuarter:
          return 92;
        case Grain::kYear:
          return 366;
        case Grain::kWindow:
          return std::nullopt;
      }
    }
    std::int64_t most = 0;
    for (Month month = policy.first_month(); month <= policy.last_month();
         month = month.Next()) {
      most = std::max(most, DaysOf(selector, month, policy.first_month()));
    }
    return most;
  }
  if (selector.metric == Metric::kM03 || selector.metric == Metric::kM04) {
    return limits::kTeamMembersMax;
  }
  if (InfoOf(selector.metric).kind == MetricKind::kFlag &&
      selector.over == Grain::kMonth) {
    return 1;
  }
  return std::nullopt;
}

class ConditionCheck {
 public:
  explicit ConditionCheck(const Policy& policy) : policy_(policy) {
    for (const MetricSelector& selector : policy.selectors) {
      largest_.push_back(Largest(policy, selector));
    }
  }

  std::vector<ConditionProblem> Take();

 private:
  std::optional<Box> Refine(const Condition& condition, bool wanted,
                            const Box& box) const;
  std::optional<Box> RefineThreshold(const Condition& condition, bool wanted,
                                     const Box& box) const;
  // All of `children` as wanted, one after the other.
  std::optional<Box> Each(const Condition& group, bool wanted,
                          const Box& box) const;
  // At least one of `children` as wanted.
  std::optional<Box> Some(const Condition& group, bool wanted,
                          const Box& box) const;

  // Reports what is below `condition`, asked in a month where `box` holds.
  // `wanted`: whether the tree asks for it or for its opposite. True if
  // something was reported.
  bool Visit(const Condition& condition, bool wanted, const Box& box);
  bool VisitThreshold(const Condition& condition, bool wanted, const Box& box);
  void SayShortMonths(const Condition& condition);
  Sentence Others(const Condition& condition, const Box& box) const;
  void Say(const Condition& condition, bool fatal, Sentence message);

  const Policy& policy_;
  std::vector<std::optional<std::int64_t>> largest_;  // By selector.
  bool hopeless_ = false;
  std::vector<ConditionProblem> problems_;
};

std::optional<Box> ConditionCheck::RefineThreshold(const Condition& condition,
                                                   bool wanted,
                                                   const Box& box) const {
  const MetricSelector& selector = policy_.selectors[condition.selector];
  const std::optional<std::int64_t> largest = largest_[condition.selector];
  Box refined = box;
  const auto at =
      refined
          .try_emplace(
              condition.selector,
              Interval{0, largest.has_value() ? 2 * *largest : kNoBound})
          .first;
  Interval& range = at->second;
  const std::int64_t target = 2 * condition.target;
  // At least if wanted, or not at most.
  if (condition.at_most != wanted) {
    range.lo = std::max(range.lo, wanted ? target : target + 1);
  } else {
    range.hi = std::min(range.hi, wanted ? target : target - 1);
  }
  const bool whole =
      InfoOf(selector.metric).kind != MetricKind::kRatio && !selector.mean;
  if (whole) {
    range.lo += range.lo % 2 != 0 ? 1 : 0;
    range.hi -= range.hi % 2 != 0 ? 1 : 0;
  }
  if (range.lo > range.hi) return std::nullopt;
  return refined;
}

std::optional<Box> ConditionCheck::Each(const Condition& group, bool wanted,
                                        const Box& box) const {
  std::optional<Box> now = box;
  for (const Condition& child : group.children) {
    now = Refine(child, wanted, *now);
    if (!now.has_value()) return std::nullopt;
  }
  return now;
}

std::optional<Box> ConditionCheck::Some(const Condition& group, bool wanted,
                                        const Box& box) const {
  std::optional<Box> hull;
  for (const Condition& child : group.children) {
    const std::optional<Box> one = Refine(child, wanted, box);
    if (!one.has_value()) continue;
    if (!hull.has_value()) {
      hull = one;
      continue;
    }
    for (auto at = hull->begin(); at != hull->end();) {
      const auto other = one->find(at->first);
      if (other == one->end()) {
        at = hull->erase(at);
        continue;
      }
      at->second.lo = std::min(at->second.lo, other->second.lo);
      at->second.hi = std::max(at->second.hi, other->second.hi);
      ++at;
    }
  }
  return hull;
}

std::optional<Box> ConditionCheck::Refine(const Condition& condition,
                                          bool wanted, const Box& box) const {
  switch (condition.op) {
    case Condition::Op::kThreshold:
      return RefineThreshold(condition, wanted, box);
    case Condition::Op::kAll:
      return wanted ? Each(condition, true, box) : Some(condition, false, box);
    case Condition::Op::kAny:
      return wanted ? Some(condition, true, box) : Each(condition, false, box);
    case Condition::Op::kNone:
      return wanted ? Each(condition, false, box) : Some(condition, true, box);
  }
  return box;
}

void ConditionCheck::Say(const Condition& condition, bool fatal,
                         Sentence message) {
  problems_.push_back(
      {fatal && hopeless_ ? Severity::kError : Severity::kWarning,
       condition.path, std::move(message)});
}

// What the other conditions leave of the metric.
Sentence ConditionCheck::Others(const Condition& condition,
                                const Box& box) const {
  const auto at = box.find(condition.selector);
  if (at == box.end()) return {};
  const MetricSelector& selector = policy_.selectors[condition.selector];
  const std::optional<std::int64_t> largest = largest_[condition.selector];
  std::vector<Sentence> words;
  if (at->second.lo > 0) {
    words.push_back(BoundWords(selector, (at->second.lo + 1) / 2, false));
  }
  if (at->second.hi < (largest.has_value() ? 2 * *largest : kNoBound)) {
    words.push_back(BoundWords(selector, at->second.hi / 2, true));
  }
  return Joined(words);
}

bool ConditionCheck::VisitThreshold(const Condition& condition, bool wanted,
                                    const Box& box) {
  const MetricSelector& selector = policy_.selectors[condition.selector];
  const std::optional<std::int64_t> largest = largest_[condition.selector];
  const Sentence metric = WordsOf(selector);
  const bool can_hold = Refine(condition, true, {}).has_value();
  const bool can_fail = Refine(condition, false, {}).has_value();
  if (!can_hold) {
    const std::string most = FormatGrouped(largest.value_or(0));
    Say(condition, wanted,
        {absl::StrCat("không bao giờ đạt: ", metric.vi, " nhiều nhất là ",
                      most),
         absl::StrCat("can never hold: ", metric.en, " is at most ", most)});
    return true;
  }
  if (!can_fail) {
    Say(condition, !wanted,
        {absl::StrCat("luôn đạt, không có tác dụng: ", metric.vi,
                      " lúc nào cũng như vậy"),
         absl::StrCat("always holds, so it asks nothing of ", metric.en)});
    return true;
  }
  const Sentence others = Others(condition, box);
  if (!Refine(condition, wanted, box).has_value()) {
    Say(condition, true,
        {absl::StrCat("trái với các điều kiện khác, đã đòi ", metric.vi, " ",
                      others.vi),
         absl::StrCat("contradicts the other conditions, which already ask of ",
                      metric.en, " ", others.en)});
    return true;
  }
  if (!Refine(condition, !wanted, box).has_value()) {
    Say(condition, false,
        {absl::StrCat("thừa: các điều kiện khác đã đòi ", metric.vi, " ",
                      others.vi),
         absl::StrCat("adds nothing: the other conditions already ask of ",
                      metric.en, " ", others.en)});
    return true;
  }
  if (wanted && !condition.at_most && selector.metric == Metric::kM01) {
    SayShortMonths(condition);
  }
  return false;
}

// A threshold of days that a short month does not have.
void ConditionCheck::SayShortMonths(const Condition& condition) {
  if (!policy_.has_period) return;
  const MetricSelector& selector = policy_.selectors[condition.selector];
  for (Month month = policy_.first_month(); month <= policy_.last_month();
       month = month.Next()) {
    const std::int64_t days = DaysOf(selector, month, policy_.first_month());
    if (!PeriodCovers(policy_, month) || days >= condition.target) continue;
    const Sentence name = MonthWords(month);
    Say(condition, false,
        {absl::StrCat("không thể đạt trong ", name.vi, ": chỉ có ", days,
                      " ngày"),
         absl::StrCat("cannot hold in ", name.en, ": it has ", days, " days")});
    return;
  }
}

bool ConditionCheck::Visit(const Condition& condition, bool wanted,
                           const Box& box) {
  if (condition.op == Condition::Op::kThreshold) {
    return VisitThreshold(condition, wanted, box);
  }
  const bool child_wanted = wanted == (condition.op != Condition::Op::kNone);
  // True if the children are asked one with the other, not one or the other.
  const bool together = wanted == (condition.op != Condition::Op::kAny);
  bool said = false;
  Box now = box;
  for (const Condition& child : condition.children) {
    const bool here = Visit(child, child_wanted, together ? now : box);
    said |= here;
    const std::optional<Box> refined = Refine(child, child_wanted, now);
    if (!together) continue;
    if (refined.has_value()) {
      now = *refined;
    } else if (!here) {
      Say(child, true,
          {"trái với các điều kiện đứng trước",
           "contradicts the conditions "
           "before it"});
      said = true;
    }
  }
  if (said) return true;
  if (!Refine(condition, wanted, box).has_value()) {
    Say(condition, true,
        {"không bao giờ đạt cùng các điều kiện khác",
         "can never hold beside the other conditions"});
    return true;
  }
  if (!Refine(condition, !wanted, box).has_value()) {
    Say(condition, false,
        {"luôn đạt, không có tác dụng", "always holds, so it asks nothing"});
    return true;
  }
  return false;
}

std::vector<ConditionProblem> ConditionCheck::Take() {
  if (!policy_.conditions.has_value()) return {};
  hopeless_ = !Refine(*policy_.conditions, true, {}).has_value();
  Visit(*policy_.conditions, true, {});
  const bool error = std::any_of(problems_.begin(), problems_.end(),
                                 [](const ConditionProblem& problem) {
                                   return problem.severity == Severity::kError;
                                 });
  if (hopeless_ && !error) {
    Say(*policy_.conditions, true,
        {"không tháng nào có thể đạt các điều kiện này",
         "no month can ever meet these conditions"});
  }
  return std::move(problems_);
}

}  // namespace

std::vector<ConditionProblem> CheckConditions(const Policy& policy) {
  return ConditionCheck(policy).Take();
}

}  // namespace thon
