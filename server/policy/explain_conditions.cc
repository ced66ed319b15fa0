// Conditions, updates and late activities.
#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "server/policy/explain_steps.h"

namespace thon {
namespace {

Sentence MetricList(const std::vector<UsedMetric>& metrics) {
  std::vector<Sentence> words;
  for (const UsedMetric& used : metrics) {
    const Sentence metric = WordsOf(used.selector);
    const Sentence value = ValueWords(used.selector, used.value);
    words.push_back({absl::StrCat(metric.vi, " = ", value.vi),
                     absl::StrCat(metric.en, " = ", value.en)});
  }
  return Joined(words);
}

}  // namespace

Sentence Explainer::SayGroup(const TraceStep& step) const {
  Sentence group = {"tất cả các điều kiện dưới đây.",
                    "all of the conditions below."};
  if (step.condition->op == Condition::Op::kAny) {
    group = {"ít nhất một điều kiện dưới đây.",
             "at least one condition below."};
  } else if (step.condition->op == Condition::Op::kNone) {
    group = {"không điều kiện nào dưới đây.", "none of the conditions below."};
  }
  if (!step.unknown) return Judged(step.holds, group);
  return {absl::StrCat("Chưa xét được: ", group.vi),
          absl::StrCat("Unknown: ", group.en)};
}

Sentence Explainer::SayThreshold(const TraceStep& step) const {
  const Condition& condition = *step.condition;
  const UsedMetric& used = step.metrics.front();
  const Sentence metric = WordsOf(used.selector);
  const Sentence bound =
      BoundWords(used.selector, condition.target, condition.at_most);
  if (step.unknown) {
    return {absl::StrCat("Chưa xét được: ", metric.vi,
                         " chưa tính được vì mẫu số bằng 0; yêu cầu ", bound.vi,
                         "."),
            absl::StrCat("Unknown: ", metric.en,
                         " has the denominator 0; required ", bound.en, ".")};
  }
  const Sentence value = ValueWords(used.selector, used.value);
  return Judged(
      step.holds,
      {absl::StrCat(metric.vi, " = ", value.vi, ", yêu cầu ", bound.vi, "."),
       absl::StrCat(metric.en, " = ", value.en, ", required ", bound.en, ".")});
}

Sentence Explainer::SayHeldEvents(const TraceStep& step) const {
  const Sentence metrics = MetricList(step.metrics);
  if (step.holds) {
    return {absl::StrCat("Tính cả các sự kiện đang chờ (", metrics.vi,
                         ") thì kết quả không đổi."),
            absl::StrCat("With the held events counted (", metrics.en,
                         ") the result is the same.")};
  }
  return {absl::StrCat("Nếu tính cả các sự kiện đang chờ (", metrics.vi,
                       "), kết quả sẽ khác; cần người quyết định."),
          absl::StrCat("With the held events counted (", metrics.en,
                       ") the result is another; a person must decide.")};
}

Sentence Explainer::SayUpdateMissing(const TraceStep& step) const {
  const Sentence month = MonthWords(month_);
  const Sentence due = DayWords(policy_.submit_deadline(month_));
  if (!step.holds) {
    return {absl::StrCat("Không có cập nhật của ", month.vi,
                         " (hạn trước 0 giờ ngày ", due.vi,
                         "); chỉ ghi nhận, không ảnh hưởng số tiền."),
            absl::StrCat("No update of ", month.en,
                         " was handed in (due before 00:00 on ", due.en,
                         "); it is noted and does not change the amount.")};
  }
  const Sentence metrics = MetricList(step.metrics);
  const Sentence day = DayWords(facts_.update_submitted);
  return {
      absl::StrCat("Đã có cập nhật của ", month.vi, ", nộp ngày ", day.vi,
                   " (hạn trước 0 giờ ngày ", due.vi, "); ", metrics.vi, "."),
      absl::StrCat("The update of ", month.en, " was handed in on ", day.en,
                   " (due before 00:00 on ", due.en, "); ", metrics.en, ".")};
}

Sentence Explainer::SayUpdateConfirmed(const TraceStep& step) const {
  const Sentence due = DayWords(policy_.confirm_deadline(month_));
  if (facts_.today < policy_.confirm_deadline(month_)) {
    return {absl::StrCat("Chưa đến hạn xác nhận cập nhật tháng, 0 giờ ngày ",
                         due.vi, "."),
            absl::StrCat("The monthly update need not be confirmed before "
                         "00:00 on ",
                         due.en, ".")};
  }
  return Judged(step.holds,
                {absl::StrCat("cập nhật tháng đã được xác nhận (hạn 0 giờ "
                              "ngày ",
                              due.vi, ")."),
                 absl::StrCat("the monthly update is confirmed (due before "
                              "00:00 on ",
                              due.en, ").")});
}

Sentence Explainer::SayLate(const TraceStep& step) const {
  const Sentence due = DayWords(policy_.late_deadline(month_));
  if (step.holds) {
    return {absl::StrCat("Không có hoạt động nào nhận sau hạn 0 giờ ngày ",
                         due.vi, "."),
            absl::StrCat("No activity came after the deadline, 00:00 on ",
                         due.en, ".")};
  }
  const std::string number = FormatGrouped(step.number);
  return {absl::StrCat(number, " hoạt động nhận từ 0 giờ ngày ", due.vi,
                       " trở đi: được lưu, không được tính."),
          absl::StrCat(number, " activities came at or after 00:00 on ", due.en,
                       ": kept, and left out.")};
}

}  // namespace thon
