#include "server/policy/explain.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/text.h"

namespace thon {
namespace {

struct Sentence {
  std::string vi;
  std::string en;
};

struct ReasonText {
  v1::ReasonCode reason;
  const char* vi;
  const char* en;
};

constexpr ReasonText kReasons[] = {
    {v1::REASON_CODE_NO_POLICY, "Địa phương không có chính sách hỗ trợ.",
     "No policy of the unit pays anything."},
    {v1::REASON_CODE_POLICY_DRAFT, "Chính sách còn là dự thảo, chưa chi.",
     "The policy is a draft; a draft never pays."},
    {v1::REASON_CODE_OUTSIDE_PERIOD, "Tháng nằm ngoài thời gian hỗ trợ.",
     "The month is not in the policy's period."},
    {v1::REASON_CODE_NOT_A_TEAM, "Đơn vị báo cáo không phải là tổ.",
     "An organisation is never a beneficiary."},
    {v1::REASON_CODE_LEVEL_NOT_COVERED,
     "Tổ không thuộc cấp được chính sách hỗ trợ.",
     "The team is not at the level the policy covers."},
    {v1::REASON_CODE_KIND_NOT_COVERED,
     "Loại đơn vị của tổ không được chính sách hỗ trợ.",
     "The team's kind of unit is not covered."},
    {v1::REASON_CODE_OUTSIDE_TERRITORY,
     "Tổ không thuộc địa bàn của cơ quan ban hành trong tháng này.",
     "The team is not in the issuer's territory in this month."},
    {v1::REASON_CODE_COMMUNE_NOT_REGISTERED,
     "Xã không có trong danh sách đăng ký.",
     "The commune is not on the registration list."},
    {v1::REASON_CODE_TEAM_DID_NOT_EXIST,
     "Tổ không tồn tại vào ngày chính sách xét.",
     "The team did not exist on the day the policy looks at."},
    {v1::REASON_CODE_TEAM_SUSPENDED, "Tổ bị tạm dừng cả tháng.",
     "The team was suspended for the whole month."},
    {v1::REASON_CODE_PARTLY_SUSPENDED, "Tổ bị tạm dừng một phần của tháng.",
     "The team was suspended for a part of the month."},
    {v1::REASON_CODE_CONDITION_NOT_MET, "Chưa đạt điều kiện.",
     "A condition is not met."},
    {v1::REASON_CODE_CONDITION_UNKNOWN, "Chưa đủ số liệu để xét điều kiện.",
     "A condition cannot be computed; a person must decide."},
    {v1::REASON_CODE_HELD_EVENTS_DECIDE,
     "Kết quả phụ thuộc vào các sự kiện đang chờ xử lý.",
     "Counting the held events gives another result than not counting them."},
    {v1::REASON_CODE_MISSING_MONTHLY_UPDATE, "Thiếu cập nhật hằng tháng.",
     "The monthly update, or its confirmation, is missing."},
    {v1::REASON_CODE_NO_FUNDING_DECISION,
     "Chưa có quyết định kinh phí cho tháng này.",
     "No funding decision covers the month."},
    {v1::REASON_CODE_NOT_IN_FUNDED_SET,
     "Tổ không có trong danh sách được cấp kinh phí.",
     "The funding decision does not name this team."},
    {v1::REASON_CODE_FUNDING_CEILING_REACHED,
     "Kinh phí được duyệt đã dùng hết.", "The decision's ceiling is used up."},
    {v1::REASON_CODE_COVERED, "Đủ điều kiện hỗ trợ.", "Everything holds."},
    {v1::REASON_CODE_CAP_REACHED, "Số tiền bị giới hạn bởi mức trần.",
     "A cap lowered the amount."},
    {v1::REASON_CODE_PLACEMENT_PENDING, "Chưa xác định xã mới của thôn.",
     "The village's new commune is not decided."},
    {v1::REASON_CODE_DOUBLE_SUPPORT, "Đã được chính sách khác hỗ trợ.",
     "Another policy pays the same month."},
    {v1::REASON_CODE_TEMPLATE_INCOMPLETE, "Tổ chưa đủ thành phần.",
     "The seat template is not satisfied."},
    {v1::REASON_CODE_FUNDING_RETROACTIVE,
     "Quyết định kinh phí ban hành sau tháng này, có hiệu lực trở về trước.",
     "The funding decision came after the month and reaches back."},
};

Sentence ReasonSentence(v1::ReasonCode reason) {
  for (const ReasonText& text : kReasons) {
    if (text.reason == reason) return {text.vi, text.en};
  }
  return {};
}

std::string MonthVietnamese(Month month) {
  return absl::StrCat("tháng ", month.month(), "/", month.year());
}

const char* StateVietnamese(v1::DeterminationState state) {
  switch (state) {
    case v1::DETERMINATION_STATE_NOT_COVERED:
      return "không thuộc diện hỗ trợ";
    case v1::DETERMINATION_STATE_REJECTED:
      return "không đạt điều kiện";
    case v1::DETERMINATION_STATE_HELD:
      return "chờ xử lý";
    case v1::DETERMINATION_STATE_COVERED_UNFUNDED:
      return "thuộc diện hỗ trợ, chưa có kinh phí";
    case v1::DETERMINATION_STATE_PROVISIONAL:
      return "tạm tính";
    default:
      return "chưa xét";
  }
}

const char* LookDayVietnamese(LookDay day) {
  switch (day) {
    case LookDay::kFirstDay:
      return "vào ngày đầu tháng";
    case LookDay::kLastDay:
      return "vào ngày cuối tháng";
    case LookDay::kAnyDay:
      return "vào ít nhất một ngày trong tháng";
    case LookDay::kEveryDay:
      return "vào mọi ngày trong tháng";
  }
  return "";
}

const char* LookDayEnglish(LookDay day) {
  switch (day) {
    case LookDay::kFirstDay:
      return "on the first day of the month";
    case LookDay::kLastDay:
      return "on the last day of the month";
    case LookDay::kAnyDay:
      return "on any day of the month";
    case LookDay::kEveryDay:
      return "on every day of the month";
  }
  return "";
}

std::string ValueText(const UsedMetric& used) {
  if (InfoOf(used.selector.metric).kind != MetricKind::kRatio) {
    return absl::StrCat(used.value.numerator);
  }
  return absl::StrCat(used.value.numerator, "/", used.value.denominator);
}

std::string MetricList(const std::vector<UsedMetric>& metrics, bool vi) {
  std::string text;
  for (const UsedMetric& used : metrics) {
    const MetricInfo& info = InfoOf(used.selector.metric);
    absl::StrAppend(&text, text.empty() ? "" : ", ", info.id, " ",
                    vi ? info.name_vi : info.name_en, " = ", ValueText(used));
  }
  return text;
}

// Says whether: "Đạt: " or "Không đạt: " before a rule's sentence.
Sentence Judged(bool holds, Sentence sentence) {
  return {absl::StrCat(holds ? "Đạt: " : "Không đạt: ", sentence.vi),
          absl::StrCat(holds ? "Holds: " : "Does not hold: ", sentence.en)};
}

// Makes sentences of the steps of one determination.
class Explainer {
 public:
  Explainer(const Policy& policy, const BeneficiaryFacts& facts, Month month)
      : policy_(policy), facts_(facts), month_(month) {}

  v1::Derivation Step(const TraceStep& step) const;

 private:
  Sentence Say(const TraceStep& step) const;
  Sentence SayCoverage(const TraceStep& step) const;
  Sentence SayList(const TraceStep& step) const;
  Sentence SaySuspension(const TraceStep& step) const;
  Sentence SayCondition(const TraceStep& step) const;
  Sentence SayUpdate(const TraceStep& step) const;
  Sentence SayMoney(const TraceStep& step) const;

  const Policy& policy_;
  const BeneficiaryFacts& facts_;
  const Month month_;
};

v1::Derivation Explainer::Step(const TraceStep& step) const {
  v1::Derivation out;
  out.set_rule(step.path);
  out.set_holds(step.holds);
  out.set_deciding(step.deciding);
  out.set_reason(step.reason);
  if (step.basis != nullptr) {
    out.set_source(step.basis->source);
    out.set_assumption(step.basis->assumption);
    // A group of conditions is only form: its thresholds have the sources.
    if (step.basis->source.empty() && step.basis->assumption.empty() &&
        step.rule != Rule::kConditionGroup) {
      out.set_assumption("no source is named");
    }
  }
  Sentence sentence = Say(step);
  out.set_text_vi(std::move(sentence.vi));
  out.set_text_en(std::move(sentence.en));
  for (const UsedMetric& used : step.metrics) {
    v1::MetricValue* value = out.add_metrics();
    value->set_metric(std::string(InfoOf(used.selector.metric).id));
    value->set_numerator(used.value.numerator);
    value->set_denominator(used.value.denominator);
  }
  if (step.position.value != 0) out.add_positions(step.position.value);
  for (const TraceStep& child : step.children) {
    *out.add_steps() = Step(child);
  }
  return out;
}

Sentence Explainer::Say(const TraceStep& step) const {
  switch (step.rule) {
    case Rule::kStatus:
    case Rule::kPeriod:
    case Rule::kMonthOpen:
    case Rule::kBeneficiaryKind:
    case Rule::kLevel:
    case Rule::kUnitKind:
    case Rule::kTerritory:
    case Rule::kFormerTerritory:
    case Rule::kExistence:
    case Rule::kPlacement:
      return SayCoverage(step);
    case Rule::kList:
      return SayList(step);
    case Rule::kSuspendedFully:
    case Rule::kSuspendedPartly:
      return SaySuspension(step);
    case Rule::kConditionGroup:
    case Rule::kThreshold:
    case Rule::kHeldEvents:
      return SayCondition(step);
    case Rule::kUpdateConfirmed:
    case Rule::kUpdateMissing:
      return SayUpdate(step);
    case Rule::kAmount:
    case Rule::kCap:
    case Rule::kFunding:
      return SayMoney(step);
    default:
      return ReasonSentence(step.reason);
  }
  return {};
}

Sentence Explainer::SayCoverage(const TraceStep& step) const {
  switch (step.rule) {
    case Rule::kStatus:
      if (!step.holds) return ReasonSentence(v1::REASON_CODE_POLICY_DRAFT);
      return {absl::StrCat("Chính sách ", policy_.id, " đang có hiệu lực."),
              absl::StrCat("Policy ", policy_.id, " is in force.")};
    case Rule::kPeriod:
      if (!policy_.has_period) {
        return {"Chính sách chưa có thời gian hỗ trợ.",
                "The policy has no period."};
      }
      return Judged(
          step.holds,
          {absl::StrCat(MonthVietnamese(month_), " thuộc thời gian hỗ trợ từ ",
                        policy_.from.Vietnamese(), " đến hết ",
                        policy_.to.Vietnamese(), "."),
           absl::StrCat("month ", month_.Iso(), " is in the period ",
                        policy_.from.Iso(), " to ", policy_.to.Iso(), ".")});
    case Rule::kMonthOpen:
      if (step.holds) {
        return {absl::StrCat("Đã đến ", MonthVietnamese(month_), "."),
                absl::StrCat("Month ", month_.Iso(), " has begun.")};
      }
      return {absl::StrCat("Chưa đến ", MonthVietnamese(month_), "."),
              absl::StrCat("Month ", month_.Iso(), " has not begun.")};
    case Rule::kBeneficiaryKind:
      if (!step.holds) return ReasonSentence(step.reason);
      return {"Đối tượng là tổ.", "The beneficiary is a team."};
    case Rule::kLevel:
      if (!step.holds) return ReasonSentence(step.reason);
      return {"Tổ thuộc cấp được hỗ trợ.",
              "The team is at the level the policy covers."};
    case Rule::kUnitKind:
      if (!step.holds) return ReasonSentence(step.reason);
      return {"Loại đơn vị của tổ được hỗ trợ.",
              "The team's kind of unit is covered."};
    case Rule::kTerritory:
      if (!step.holds) return ReasonSentence(step.reason);
      return {absl::StrCat("Tổ thuộc địa bàn ", policy_.issuer, "."),
              absl::StrCat("The team belongs to the territory of ",
                           policy_.issuer, ".")};
    case Rule::kFormerTerritory:
      if (step.holds) {
        return {absl::StrCat(policy_.issuer, " vẫn là đơn vị của tổ."),
                absl::StrCat(policy_.issuer, " is still the team's unit.")};
      }
      return {absl::StrCat(policy_.issuer,
                           " không còn trong tháng này; cần người quyết định "
                           "chính sách cũ có tiếp tục hay không."),
              absl::StrCat(policy_.issuer,
                           " did not exist any more in this month; a person "
                           "must decide whether the old act goes on.")};
    case Rule::kExistence:
      return Judged(step.holds,
                    {absl::StrCat("tổ tồn tại ",
                                  LookDayVietnamese(policy_.exists_on), "."),
                     absl::StrCat("the team existed ",
                                  LookDayEnglish(policy_.exists_on), ".")});
    default:
      return ReasonSentence(v1::REASON_CODE_PLACEMENT_PENDING);
  }
}

Sentence Explainer::SayList(const TraceStep& step) const {
  const RegistrationListRule& rule = *policy_.list;
  if (step.path == "registration_list.list_month") {
    if (rule.list_month == ListMonth::kFirstFull) {
      return {"Xã được tính từ tháng mà ngày đầu tháng đã có trong danh sách.",
              "A listing counts from the first month whose first day is "
              "listed."};
    }
    return {"Xã được tính từ tháng có ngày được đưa vào danh sách.",
            "A listing counts from the month that contains its first day."};
  }
  if (facts_.placement_pending) {
    return {"Chưa xác định xã của thôn, nên chưa xét được danh sách.",
            "The village's commune is not decided, so the list says nothing "
            "yet."};
  }
  if (facts_.list_position.value == 0) {
    return {absl::StrCat("Chưa có danh sách ", rule.list_id, " năm ", rule.year,
                         "."),
            absl::StrCat("List ", rule.list_id, " for ", rule.year,
                         " is not there.")};
  }
  return Judged(step.holds,
                {absl::StrCat("xã có trong danh sách ", rule.list_id, " năm ",
                              rule.year, " cho ", MonthVietnamese(month_), "."),
                 absl::StrCat("the commune is on list ", rule.list_id, " for ",
                              rule.year, ", counted in ", month_.Iso(), ".")});
}

Sentence Explainer::SaySuspension(const TraceStep& step) const {
  if (step.holds) {
    return step.rule == Rule::kSuspendedFully
               ? Sentence{"Tổ không bị tạm dừng cả tháng.",
                          "The team was not suspended for the whole month."}
               : Sentence{
                     "Tổ không bị tạm dừng một phần của tháng.",
                     "The team was not suspended for a part of the month."};
  }
  const Sentence reason = ReasonSentence(step.reason);
  return {absl::StrCat(reason.vi, " Số ngày tạm dừng: ", step.number, "."),
          absl::StrCat(reason.en, " Days suspended: ", step.number, ".")};
}

Sentence Explainer::SayCondition(const TraceStep& step) const {
  if (step.rule == Rule::kHeldEvents) {
    return {absl::StrCat("Nếu tính cả các sự kiện đang chờ (",
                         MetricList(step.metrics, true),
                         "), kết quả sẽ khác; cần người quyết định."),
            absl::StrCat("With the held events counted (",
                         MetricList(step.metrics, false),
                         ") the result is another; a person must decide.")};
  }
  if (step.rule == Rule::kConditionGroup) {
    switch (step.condition->op) {
      case Condition::Op::kAny:
        return Judged(step.holds, {"ít nhất một điều kiện dưới đây.",
                                   "at least one condition below."});
      case Condition::Op::kNone:
        return Judged(step.holds, {"không điều kiện nào dưới đây.",
                                   "none of the conditions below."});
      default:
        return Judged(step.holds, {"tất cả các điều kiện dưới đây.",
                                   "all of the conditions below."});
    }
  }
  const MetricInfo& info =
      InfoOf(policy_.selectors[step.condition->selector].metric);
  const UsedMetric& used = step.metrics.front();
  if (step.unknown) {
    return {absl::StrCat(info.id, " ", info.name_vi,
                         " chưa tính được vì mẫu số bằng 0."),
            absl::StrCat(info.id, " ", info.name_en,
                         " is unknown: its denominator is 0.")};
  }
  const char* percent = info.kind == MetricKind::kRatio ? "%" : "";
  return Judged(
      step.holds,
      {absl::StrCat(info.id, " ", info.name_vi, " = ", ValueText(used),
                    ", yêu cầu ít nhất ", step.condition->target, percent, "."),
       absl::StrCat(info.id, " ", info.name_en, " = ", ValueText(used),
                    ", required at least ", step.condition->target, percent,
                    ".")});
}

Sentence Explainer::SayUpdate(const TraceStep& step) const {
  if (step.rule == Rule::kUpdateMissing) {
    const std::string vi = policy_.submit_deadline(month_).Vietnamese();
    const std::string en = policy_.submit_deadline(month_).Iso();
    if (!step.holds) {
      return {absl::StrCat("Không có cập nhật của ", MonthVietnamese(month_),
                           " (hạn trước 0 giờ ngày ", vi,
                           "); chỉ ghi nhận, không ảnh hưởng số tiền."),
              absl::StrCat("No update of ", month_.Iso(),
                           " was handed in (due before 00:00 on ", en,
                           "); it is noted and does not change the amount.")};
    }
    return {absl::StrCat("Đã có cập nhật của ", MonthVietnamese(month_), "; ",
                         MetricList(step.metrics, true), "."),
            absl::StrCat("The update of ", month_.Iso(), " was handed in; ",
                         MetricList(step.metrics, false), ".")};
  }
  const std::string vi = policy_.confirm_deadline(month_).Vietnamese();
  const std::string en = policy_.confirm_deadline(month_).Iso();
  return Judged(step.holds,
                {absl::StrCat("cập nhật tháng được xác nhận, hoặc chưa đến "
                              "hạn 0 giờ ngày ",
                              vi, "."),
                 absl::StrCat("the monthly update is confirmed, or it is not "
                              "yet 00:00 on ",
                              en, ".")});
}

Sentence Explainer::SayMoney(const TraceStep& step) const {
  const std::string money = FormatDong(step.number);
  if (step.rule == Rule::kCap) {
    if (step.holds) {
      return {"Số tiền không vượt mức trần.", "The amount is within the caps."};
    }
    return {absl::StrCat("Mức trần giới hạn số tiền còn ", money, "."),
            absl::StrCat("A cap lowers the amount to ", money, ".")};
  }
  if (step.rule == Rule::kAmount) {
    const std::string one = FormatDong(policy_.amounts.front().vnd);
    if (policy_.amounts.front().unit == AmountUnit::kMemberMonth) {
      const std::int64_t members = step.quantity;
      return {absl::StrCat("Mức hỗ trợ ", one, "/thành viên/tháng × ", members,
                           " thành viên = ", money, "."),
              absl::StrCat("The amount is ", one, " a member and month × ",
                           members, " members = ", money, ".")};
    }
    return {absl::StrCat("Mức hỗ trợ ", one, "/tổ/tháng, tính tròn tháng."),
            absl::StrCat("The amount is ", one,
                         " a team and month, whole months only.")};
  }
  if (step.reason == v1::REASON_CODE_COVERED) {
    return {
        absl::StrCat("Quyết định kinh phí có tên tổ và còn đủ: ", money, "."),
        absl::StrCat("The funding decision names the team and has enough "
                     "left: ",
                     money, ".")};
  }
  return ReasonSentence(step.reason);
}

}  // namespace

v1::Determination ToRow(const Policy& policy, const Result& result,
                        Position policy_position) {
  v1::Determination row;
  row.set_state(result.state);
  row.set_amount_vnd(result.amount_vnd);
  for (const v1::ReasonCode reason : result.reasons) row.add_reasons(reason);
  for (const UsedMetric& used : result.metrics) {
    v1::MetricValue* value = row.add_metrics();
    value->set_metric(std::string(InfoOf(used.selector.metric).id));
    value->set_numerator(used.value.numerator);
    value->set_denominator(used.value.denominator);
  }
  row.set_policy_version(policy.version);
  row.set_policy_position(policy_position.value);
  row.set_list_position(result.list_position.value);
  row.set_funding_position(result.funding_position.value);
  row.set_structure_position(result.structure_position.value);
  if (result.amount_vnd != 0) row.set_purpose(policy.amounts.front().purpose);
  return row;
}

v1::Derivation ToDerivation(const Policy& policy, const BeneficiaryFacts& facts,
                            Month month, const Result& result,
                            const Trace& trace) {
  const Explainer explainer(policy, facts, month);
  v1::Derivation root;
  root.set_rule("policy");
  root.set_holds(result.state == v1::DETERMINATION_STATE_PROVISIONAL);
  if (!result.reasons.empty()) root.set_reason(result.reasons.front());
  for (const PolicyDocument& document : policy.documents) {
    absl::StrAppend(root.mutable_source(), root.source().empty() ? "" : "; ",
                    document.number, " (", document.issuer, ")");
  }
  const Sentence why =
      result.reasons.empty()
          ? Sentence{"Chưa đến tháng này.", "The month has not begun."}
          : ReasonSentence(result.reasons.front());
  root.set_text_vi(absl::StrCat(policy.id, ", ", MonthVietnamese(month), ": ",
                                StateVietnamese(result.state), ", ",
                                FormatDong(result.amount_vnd), ". ", why.vi));
  const std::string state = StateName(result.state);
  root.set_text_en(absl::StrCat(policy.id, ", ", month.Iso(), ": ",
                                state.empty() ? "not determined" : state, ", ",
                                FormatDong(result.amount_vnd), ". ", why.en));
  for (const UsedMetric& used : result.metrics) {
    v1::MetricValue* value = root.add_metrics();
    value->set_metric(std::string(InfoOf(used.selector.metric).id));
    value->set_numerator(used.value.numerator);
    value->set_denominator(used.value.denominator);
  }
  for (const TraceStep& step : trace.steps) {
    *root.add_steps() = explainer.Step(step);
  }
  return root;
}

std::string ReasonName(v1::ReasonCode reason) {
  if (reason == v1::REASON_CODE_UNSPECIFIED) return "";
  return std::string(
      absl::StripPrefix(v1::ReasonCode_Name(reason), "REASON_CODE_"));
}

std::string StateName(v1::DeterminationState state) {
  if (state == v1::DETERMINATION_STATE_UNSPECIFIED) return "";
  return std::string(absl::StripPrefix(v1::DeterminationState_Name(state),
                                       "DETERMINATION_STATE_"));
}

std::string ReasonVietnamese(v1::ReasonCode reason) {
  return ReasonSentence(reason).vi;
}

std::string ReasonEnglish(v1::ReasonCode reason) {
  return ReasonSentence(reason).en;
}

}  // namespace thon
