// The words of states and reasons.
#include <string>

#include "absl/strings/strip.h"
#include "server/policy/explain.h"
#include "server/policy/explain_steps.h"

namespace thon {
namespace {

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
    {v1::REASON_CODE_POLICY_NOT_IN_FORCE,
     "Chính sách đã được thông qua nhưng chưa có hiệu lực.",
     "The policy was adopted, but is not in force."},
    {v1::REASON_CODE_POLICY_ENDED,
     "Chính sách đã bị bãi bỏ hoặc được thay thế.",
     "The policy was repealed or superseded."},
    {v1::REASON_CODE_NO_AMOUNT, "Chính sách không chi hỗ trợ.",
     "The policy pays nothing: a pilot without support, or targets only."},
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
    {v1::REASON_CODE_DOUBLE_SUPPORT, "Tháng này đã có hỗ trợ khác chi.",
     "Another policy, or support from outside, pays the same month."},
    {v1::REASON_CODE_TEMPLATE_INCOMPLETE, "Tổ chưa đủ thành phần.",
     "The seat template is not satisfied."},
    {v1::REASON_CODE_FUNDING_RETROACTIVE,
     "Quyết định kinh phí ban hành sau tháng này, có hiệu lực trở về trước.",
     "The funding decision came after the month and reaches back."},
    {v1::REASON_CODE_DECIDED_AGAINST,
     "Người có thẩm quyền đã quyết định không chi tháng này.",
     "An officer decided that the held month is not paid."},
    {v1::REASON_CODE_DECIDED_FOR,
     "Người có thẩm quyền đã quyết định chi tháng này.",
     "An officer decided that the held month is paid."},
    {v1::REASON_CODE_TOPPED_UP, "Số tiền gồm cả phần xã hỗ trợ thêm.",
     "A commune's top-up is part of the amount."},
    {v1::REASON_CODE_TOP_UP_LIMITED,
     "Phần xã hỗ trợ thêm bị giới hạn bởi mức tối đa chung.",
     "The ceiling for amount and top-up lowered the top-up."},
    {v1::REASON_CODE_SIMULATION, "MÔ PHỎNG: tính thử, không ai được chi.",
     "SIMULATION: computed for trial; nobody is owed it."},
    {v1::REASON_CODE_PRORATED, "Chi theo số ngày trong tháng.",
     "Paid by the days of the month."},
    {v1::REASON_CODE_ROUNDED, "Số tiền được làm tròn theo chính sách.",
     "The amount was rounded as the policy says."},
    {v1::REASON_CODE_LATE_EVENTS_LEFT_OUT,
     "Có hoạt động nhận sau hạn, không được tính.",
     "Activities that came after the policy's deadline were left out."},
    {v1::REASON_CODE_NO_UNITS,
     "Không có thành viên hay người được huy động nào để chi.",
     "There is no member or mobilised person to pay for."},
};

}  // namespace

Sentence ReasonSentence(v1::ReasonCode reason) {
  for (const ReasonText& text : kReasons) {
    if (text.reason == reason) return {text.vi, text.en};
  }
  return {};
}

std::string StateVietnamese(v1::DeterminationState state) {
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
    case v1::DETERMINATION_STATE_VERIFIED:
      return "đã thẩm định";
    case v1::DETERMINATION_STATE_APPROVED:
      return "đã duyệt chi";
    case v1::DETERMINATION_STATE_PAID:
      return "đã chi";
    default:
      return "chưa xét";
  }
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
