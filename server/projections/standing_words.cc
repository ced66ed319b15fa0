#include "server/projections/standing_words.h"

#include "absl/strings/strip.h"

namespace thon {

StandingWords WordsOf(v1::StandingReason reason) {
  switch (reason) {
    case v1::STANDING_REASON_UNKNOWN_TYPE:
      return {"loại sự kiện mà phiên bản này chưa biết",
              "a type of event that this version does not know"};
    case v1::STANDING_REASON_UNKNOWN_VALUE:
      return {"có giá trị mà phiên bản này chưa biết",
              "it has a value that this version does not know"};
    case v1::STANDING_REASON_ABSURD_COUNT:
      return {"số lượng vô lý", "a negative or absurd count"};
    case v1::STANDING_REASON_UNKNOWN_TEAM:
      return {"tổ chưa được thành lập", "the team is not founded yet"};
    case v1::STANDING_REASON_UNKNOWN_MEMBER:
      return {"thành viên chưa từng thuộc tổ",
              "the member never joined the team"};
    case v1::STANDING_REASON_BEFORE_TEAM:
      return {"trước ngày thành lập tổ", "before the team's first day"};
    case v1::STANDING_REASON_OTHER_TEAM:
      return {"do máy của tổ khác gửi", "from another team's phone"};
    case v1::STANDING_REASON_TWO_MONTHS:
      return {"không rõ xảy ra trong tháng nào; chờ người quyết định",
              "which month it happened in is not known; a person must decide"};
    case v1::STANDING_REASON_BACKDATED:
      return {"ngày khai quá xa ngày gửi; chờ người quyết định",
              "the claimed date is too far off; a person must decide"};
    case v1::STANDING_REASON_REVOKED_AUTHOR:
      return {"gửi sau khi máy bị thu hồi; chờ người quyết định",
              "sent after the phone was revoked; a person must decide"};
    case v1::STANDING_REASON_UNCONFIRMED_AUTHOR:
      return {"khoá mới của máy chờ xác nhận",
              "the phone's new key waits for confirmation"};
    case v1::STANDING_REASON_TEAM_SUSPENDED:
      return {"tổ bị tạm dừng ngày đó; chờ người quyết định",
              "the team was suspended that day; a person must decide"};
    case v1::STANDING_REASON_TEAM_ENDED:
      return {"tổ đã kết thúc hoạt động", "the team had ended"};
    case v1::STANDING_REASON_VOIDED:
      return {"đã bị huỷ bằng đính chính", "a correction made it void"};
    case v1::STANDING_REASON_SAME_SESSION:
      return {"trùng buổi với máy khác, cả nhóm chỉ tính một",
              "one session with another phone's report; the group counts once"};
    case v1::STANDING_REASON_ALREADY_RECORDED:
      return {"bản gốc đã được ghi", "the log has its original"};
    case v1::STANDING_REASON_NOT_ALLOWED:
      return {"máy này không được ghi loại sự kiện đó",
              "this author may not record this type"};
    case v1::STANDING_REASON_NO_EFFECT:
      return {"lệnh không có hiệu lực", "a command without effect"};
    case v1::STANDING_REASON_HELD_REJECTED:
      return {"người có thẩm quyền quyết định không tính",
              "an officer decided that it does not count"};
    case v1::STANDING_REASON_INCOMPLETE_DOCUMENT:
      return {"văn bản kèm theo còn thiếu phần",
              "parts of the document it names are missing"};
    case v1::STANDING_REASON_MALFORMED:
      return {"thiếu thông tin hoặc thông tin mâu thuẫn",
              "a field is missing or contradicts another"};
    case v1::STANDING_REASON_NOT_A_MEMBER:
      return {"người này không phải thành viên của tổ ngày đó",
              "the member was not in the team on that day"};
    default:
      return {"", ""};
  }
}

absl::string_view StandingName(v1::Standing standing) {
  return absl::StripPrefix(v1::Standing_Name(standing), "STANDING_");
}

absl::string_view ReasonName(v1::StandingReason reason) {
  return absl::StripPrefix(v1::StandingReason_Name(reason), "STANDING_REASON_");
}

absl::string_view QualityName(v1::TimeQuality quality) {
  return absl::StripPrefix(v1::TimeQuality_Name(quality), "TIME_QUALITY_");
}

absl::string_view PayloadName(const v1::Event& event) {
  const google::protobuf::FieldDescriptor* const field =
      event.GetDescriptor()->FindFieldByNumber(event.payload_case());
  if (field == nullptr) return {};
  return field->name();
}

}  // namespace thon
