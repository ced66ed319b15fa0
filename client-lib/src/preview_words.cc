#include "client-lib/src/preview_words.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/core/text.h"
#include "server/policy/explain.h"
#include "server/policy/metrics.h"

namespace thon::client {
namespace {

// More are counted, not named: a screen is small.
constexpr int kNamedMax = 5;

std::string MonthVi(Month month) {
  return absl::StrCat("tháng ", month.month(), "/", month.year());
}

std::string PolicyVi(const v1::PolicyName& policy) {
  return absl::StrCat(policy.policy_id(), " (phiên bản ", policy.version(),
                      ")");
}
std::string PolicyEn(const v1::PolicyName& policy) {
  return absl::StrCat(policy.policy_id(), " (version ", policy.version(), ")");
}

// "dong" for English readers, as figures are grouped the same way.
std::string DongEn(std::int64_t vnd) {
  return absl::StrCat(FormatGrouped(vnd), " VND");
}

struct StateWords {
  v1::DeterminationState state;
  const char* vi;
  const char* en;
};
constexpr StateWords kStates[] = {
    {v1::DETERMINATION_STATE_NOT_COVERED, "không thuộc diện hỗ trợ",
     "not covered"},
    {v1::DETERMINATION_STATE_REJECTED, "không đạt điều kiện", "rejected"},
    {v1::DETERMINATION_STATE_HELD, "chờ người có thẩm quyền quyết định",
     "held for a person to decide"},
    {v1::DETERMINATION_STATE_COVERED_UNFUNDED,
     "thuộc diện hỗ trợ, chưa có kinh phí", "covered, not funded yet"},
    {v1::DETERMINATION_STATE_PROVISIONAL, "được hỗ trợ (tạm tính)",
     "owed (provisional)"},
    {v1::DETERMINATION_STATE_VERIFIED, "đã thẩm định", "verified"},
    {v1::DETERMINATION_STATE_APPROVED, "đã phê duyệt", "approved"},
    {v1::DETERMINATION_STATE_PAID, "đã chi trả", "paid"},
};

struct StandingWords {
  v1::StandingReason reason;
  const char* vi;
  const char* en;
};
constexpr StandingWords kStandings[] = {
    {v1::STANDING_REASON_UNKNOWN_TYPE, "loại sự kiện máy chủ chưa biết",
     "of a type the server does not know"},
    {v1::STANDING_REASON_UNKNOWN_VALUE, "có giá trị máy chủ chưa biết",
     "holds a value the server does not know"},
    {v1::STANDING_REASON_ABSURD_COUNT, "số lượng không hợp lý",
     "its count is absurd"},
    {v1::STANDING_REASON_UNKNOWN_TEAM, "tổ chưa được thành lập",
     "the team is not founded yet"},
    {v1::STANDING_REASON_UNKNOWN_MEMBER, "không có thành viên này trong tổ",
     "the member never joined the team"},
    {v1::STANDING_REASON_BEFORE_TEAM, "trước ngày thành lập tổ",
     "dated before the team's first day"},
    {v1::STANDING_REASON_OTHER_TEAM, "ghi cho tổ khác", "of another team"},
    {v1::STANDING_REASON_TWO_MONTHS,
     "chờ xử lý: không rõ thuộc tháng nào trong hai tháng",
     "held: it may belong to either of two months"},
    {v1::STANDING_REASON_BACKDATED, "chờ xử lý: ngày khai lùi quá xa",
     "held: the claimed date is too far back or ahead"},
    {v1::STANDING_REASON_REVOKED_AUTHOR,
     "chờ xử lý: khóa của máy đã bị thu hồi", "held: the phone was revoked"},
    {v1::STANDING_REASON_UNCONFIRMED_AUTHOR,
     "chờ xử lý: khóa mới của máy chưa được xác nhận",
     "held: the phone's new key waits for confirmation"},
    {v1::STANDING_REASON_TEAM_SUSPENDED, "chờ xử lý: tổ bị tạm dừng ngày đó",
     "held: the team was suspended that day"},
    {v1::STANDING_REASON_TEAM_ENDED, "tổ đã kết thúc", "the team had ended"},
    {v1::STANDING_REASON_VOIDED, "đã bị đính chính hủy bỏ",
     "a correction made it void"},
    {v1::STANDING_REASON_SAME_SESSION, "trùng buổi với máy khác, chỉ tính một",
     "the same session as another phone's, counted once"},
    {v1::STANDING_REASON_ALREADY_RECORDED, "đã được ghi nhận trước đó",
     "the log has it already"},
    {v1::STANDING_REASON_NOT_ALLOWED, "máy này không được ghi loại này",
     "this phone may not record this type"},
    {v1::STANDING_REASON_NO_EFFECT, "không có hiệu lực", "it has no effect"},
    {v1::STANDING_REASON_HELD_REJECTED, "người có thẩm quyền không cho tính",
     "an officer decided that it does not count"},
    {v1::STANDING_REASON_INCOMPLETE_DOCUMENT, "văn bản kèm theo chưa đủ",
     "it names a document whose parts are missing"},
    {v1::STANDING_REASON_MALFORMED, "thiếu hoặc mâu thuẫn thông tin",
     "a field is missing or contradicts another"},
    {v1::STANDING_REASON_NOT_A_MEMBER,
     "người thực hiện không phải thành viên ngày đó",
     "the member was not in the team on that day"},
};

Words WhyUncounted(const Uncounted& one) {
  const v1::EventStanding& standing = one.standing;
  const auto known = std::find_if(
      std::begin(kStandings), std::end(kStandings),
      [&](const StandingWords& w) { return w.reason == standing.reason(); });
  if (known != std::end(kStandings)) return {known->vi, known->en};
  const Month month(standing.period_month());
  if (standing.standing() == v1::STANDING_COUNTED && month.valid()) {
    return {absl::StrCat("được tính vào ", MonthVi(month)),
            absl::StrCat("it counts in ", month.Iso())};
  }
  return {"không được tính", "it does not count"};
}

// The standing's name, for those who look it up: "HELD: TWO_MONTHS".
std::string StandingCode(const v1::EventStanding& standing) {
  constexpr absl::string_view kStanding = "STANDING_";
  constexpr absl::string_view kReason = "STANDING_REASON_";
  std::string code =
      v1::Standing_Name(standing.standing()).substr(kStanding.size());
  if (standing.reason() != v1::STANDING_REASON_UNSPECIFIED) {
    absl::StrAppend(
        &code, ": ",
        v1::StandingReason_Name(standing.reason()).substr(kReason.size()));
  }
  return code;
}

Words NameUncounted(const std::vector<Uncounted>& uncounted) {
  Words words;
  const std::size_t named = std::min<std::size_t>(uncounted.size(), kNamedMax);
  for (std::size_t i = 0; i < named; ++i) {
    const Uncounted& one = uncounted[i];
    const Words why = WhyUncounted(one);
    const std::uint64_t number = one.event.name.sequence.value;
    const std::string code = StandingCode(one.standing);
    absl::StrAppend(&words.vi, i == 0 ? "" : "; ", "sự kiện số ", number,
                    " của máy này (", one.event.type, ", ngày ",
                    one.event.date.Vietnamese(), "): ", why.vi, " (", code,
                    ")");
    absl::StrAppend(&words.en, i == 0 ? "" : "; ", "this phone's event ",
                    number, " (", one.event.type, ", ", one.event.date.Iso(),
                    "): ", why.en, " (", code, ")");
  }
  if (named < uncounted.size()) {
    const std::size_t more = uncounted.size() - named;
    absl::StrAppend(&words.vi, "; và ", more, " sự kiện khác");
    absl::StrAppend(&words.en, "; and ", more, " more");
  }
  return words;
}

std::string FieldVi(const Difference& difference) {
  switch (difference.field) {
    case Difference::Field::kState:
      return "kết quả xét";
    case Difference::Field::kAmount:
      return "số tiền";
    case Difference::Field::kReasons:
      return "lý do";
    case Difference::Field::kMetric:
      return absl::StrCat("số liệu ", difference.metric);
    case Difference::Field::kPolicyVersion:
      return "phiên bản chính sách";
    case Difference::Field::kRoster:
      return "danh sách thành viên";
    case Difference::Field::kList:
      return "danh sách xã đăng ký";
    case Difference::Field::kFunding:
      return "quyết định kinh phí";
  }
  return "";
}

std::string FieldEn(const Difference& difference) {
  switch (difference.field) {
    case Difference::Field::kState:
      return "result";
    case Difference::Field::kAmount:
      return "amount";
    case Difference::Field::kReasons:
      return "reasons";
    case Difference::Field::kMetric:
      return absl::StrCat("value of ", difference.metric);
    case Difference::Field::kPolicyVersion:
      return "policy version";
    case Difference::Field::kRoster:
      return "roster";
    case Difference::Field::kList:
      return "registration list";
    case Difference::Field::kFunding:
      return "funding decision";
  }
  return "";
}

}  // namespace

Words SayState(v1::DeterminationState state) {
  for (const StateWords& words : kStates) {
    if (words.state == state) return {words.vi, words.en};
  }
  return {"chưa xét", "not determined"};
}

Words SayAmount(std::int64_t vnd) { return {FormatDong(vnd), DongEn(vnd)}; }

Words SayReasons(const v1::Determination& determination) {
  Words words;
  for (const int code : determination.reasons()) {
    const auto reason = static_cast<v1::ReasonCode>(code);
    const char* const gap = words.vi.empty() ? "" : " ";
    absl::StrAppend(&words.vi, gap, ReasonVietnamese(reason));
    absl::StrAppend(&words.en, gap, ReasonEnglish(reason));
  }
  if (determination.reasons().empty()) return {"không có", "none"};
  return words;
}

Words SayMetric(const v1::MetricValue& value) {
  if (value.denominator() == 0) return {"chưa rõ", "unknown"};
  const std::string number =
      value.denominator() == 1
          ? FormatGrouped(value.numerator())
          : absl::StrCat(FormatGrouped(value.numerator()), "/",
                         FormatGrouped(value.denominator()));
  return {number, number};
}

Words SayVersion(std::int32_t version) {
  return {absl::StrCat("phiên bản ", version),
          absl::StrCat("version ", version)};
}

Words SayRoster(const v1::DeterminationFacts& facts) {
  Words words{absl::StrCat(facts.members_size(), " lượt thành viên"),
              absl::StrCat(facts.members_size(), " memberships")};
  constexpr int kIdsMax = 20;
  for (int i = 0; i < std::min(kIdsMax, facts.members_size()); ++i) {
    const v1::FactMember& member = facts.members(i);
    const std::string id =
        absl::StrCat(i == 0 ? ": " : ", ", member.member_id());
    absl::StrAppend(&words.vi, id, member.left() == 0 ? "" : " (đã rời)");
    absl::StrAppend(&words.en, id, member.left() == 0 ? "" : " (left)");
  }
  return words;
}

Words SayListings(const v1::DeterminationFacts& facts) {
  if (facts.listings().empty()) {
    return {"xã không có trong danh sách", "the commune is not listed"};
  }
  Words words;
  for (const v1::FactListing& listing : facts.listings()) {
    const char* const gap = words.vi.empty() ? "" : "; ";
    const Date from(listing.days().from());
    const Date to(listing.days().to());
    absl::StrAppend(&words.vi, gap, "có trong danh sách từ ",
                    from.Vietnamese());
    absl::StrAppend(&words.en, gap, "listed from ", from.Iso());
    if (to.days != 0) {
      absl::StrAppend(&words.vi, " đến ", to.Vietnamese());
      absl::StrAppend(&words.en, " to ", to.Iso());
    }
  }
  return words;
}

Words SayFundings(const v1::DeterminationFacts& facts) {
  Words words;
  for (const v1::FactFunding& funding : facts.fundings()) {
    const char* const gap = words.vi.empty() ? "" : "; ";
    const Month first(funding.first_month());
    const Month last(funding.last_month());
    absl::StrAppend(&words.vi, gap, "quyết định cho ", MonthVi(first), " đến ",
                    MonthVi(last),
                    funding.in_set() ? ", có tên tổ" : ", không có tên tổ");
    absl::StrAppend(&words.en, gap, "a decision for ", first.Iso(), " to ",
                    last.Iso(),
                    funding.in_set() ? " that names the team"
                                     : " that does not name the team");
  }
  if (words.vi.empty()) return {"chưa có quyết định", "no decision"};
  return words;
}

Words SayPreview(const PolicyPreview& preview, Month month) {
  const v1::Determination& row = preview.determination;
  const Words state = SayState(row.state());
  Words words{
      absl::StrCat("Tạm tính trên máy này, chưa phải kết quả chính thức: ",
                   MonthVi(month), ", chính sách ", preview.policy_id,
                   " (phiên bản ", preview.version, "): ", state.vi, ", ",
                   FormatDong(row.amount_vnd()), "."),
      absl::StrCat("Provisional, computed on this phone, nothing official: ",
                   month.Iso(), ", policy ", preview.policy_id, " (version ",
                   preview.version, "): ", state.en, ", ",
                   DongEn(row.amount_vnd()), ".")};
  if (!row.reasons().empty()) {
    const auto reason = static_cast<v1::ReasonCode>(row.reasons(0));
    absl::StrAppend(&words.vi, " ", ReasonVietnamese(reason));
    absl::StrAppend(&words.en, " ", ReasonEnglish(reason));
  }
  if (preview.rests_on_own_events) {
    absl::StrAppend(&words.vi, " Kết quả này dựa vào sự kiện máy chủ chưa có.");
    absl::StrAppend(&words.en,
                    " This rests on events that the server does not have yet.");
  }
  return words;
}

Words SayNoView() {
  return {
      "Máy chưa nhận được số liệu của tổ từ máy chủ: chưa có chính sách, danh "
      "sách đăng ký, danh sách thành viên và quyết định kinh phí. Hãy đồng bộ "
      "một lần khi có mạng.",
      "The phone has not heard from the server about its team: no policy, "
      "registration list, roster or funding decision is known. Sync once when "
      "there is a signal."};
}

Words SayEmptyView() {
  return {"Máy chủ chưa cho máy này xem số liệu của tổ nào.",
          "The server shows this phone no team."};
}

Words SayNoMonths() {
  return {"Máy chủ chưa có tháng nào của tổ.",
          "The server has no month of the team yet."};
}

Words SayNotBegun(Month month) {
  return {absl::StrCat("Chưa đến ", MonthVi(month), "."),
          absl::StrCat(month.Iso(), " has not begun.")};
}

Words SayTooOld(Month month) {
  return {absl::StrCat("Máy không giữ số liệu của ", MonthVi(month),
                       " từ máy chủ: chỉ giữ sáu tháng gần nhất."),
          absl::StrCat("The phone does not hold the server's facts of ",
                       month.Iso(), ": it keeps the last six months.")};
}

Words SayNoPolicy(Month month) {
  return {absl::StrCat("Không có chính sách nào xét tổ này trong ",
                       MonthVi(month), "."),
          absl::StrCat("No policy speaks of this team in ", month.Iso(), ".")};
}

Words SayNoText(const v1::PolicyName& policy) {
  return {absl::StrCat("Máy chưa có hoặc chưa hiểu văn bản chính sách ",
                       PolicyVi(policy),
                       "; hãy đồng bộ, nếu vẫn vậy hãy cập nhật ứng dụng."),
          absl::StrCat("The phone lacks the text of policy ", PolicyEn(policy),
                       ", or cannot read it; sync, and if that does not help "
                       "update the app.")};
}

Words SayNoFacts(const v1::PolicyName& policy) {
  return {
      absl::StrCat("Máy thiếu số liệu để xét theo chính sách ",
                   PolicyVi(policy), "; sẽ hỏi lại khi đồng bộ."),
      absl::StrCat("The phone lacks the facts for policy ", PolicyEn(policy),
                   "; it asks again with the next sync.")};
}

Words SayNotReproduced(const v1::PolicyName& policy) {
  return {absl::StrCat("Máy không tự tính lại được theo chính sách ",
                       PolicyVi(policy),
                       "; đây là kết quả máy chủ đã báo, chưa tính sự kiện mới "
                       "của máy này."),
          absl::StrCat("The phone cannot compute policy ", PolicyEn(policy),
                       " by itself; this is what the server said, without this "
                       "phone's newer events.")};
}

Words SayOthersUnknown() {
  return {"Chưa biết những gì máy khác của tổ chưa gửi hoặc gửi sau.",
          "What other phones of the team have not sent, or sent since, is not "
          "known."};
}

Words SayOwnEvents(std::int64_t events) {
  return {absl::StrCat("Tính cả ", events,
                       " hoạt động của máy này mà máy chủ chưa xét; buổi trùng "
                       "với máy khác chỉ được tính một lần."),
          absl::StrCat(events,
                       " activities of this phone are counted that the server "
                       "has not judged yet; a session that another phone "
                       "reports too counts once.")};
}

Words SayHeldEvents(std::int64_t events) {
  return {absl::StrCat(events,
                       " hoạt động của máy này sẽ chờ người có thẩm quyền "
                       "quyết định nên chưa được tính."),
          absl::StrCat(events,
                       " activities of this phone will wait for an officer and "
                       "are not counted.")};
}

Words SayClockDoubtful() {
  return {
      "Có hoạt động chỉ dựa vào đồng hồ của máy; ngày hoặc tháng có thể "
      "khác.",
      "Some activities rest on the phone's own clock alone; their day or "
      "month may be another."};
}

Words SayClockNotAnchored() {
  return {
      "Từ khi bật máy chưa nghe được giờ của máy chủ; ngày hôm nay theo "
      "đồng hồ của máy.",
      "No server time was heard since the phone was switched on; today is "
      "what its own clock says."};
}

Words SayCarried(Month from) {
  return {absl::StrCat("Máy chủ chưa nói gì về tháng này; danh sách, thành "
                       "viên và kinh phí lấy theo ",
                       MonthVi(from), "."),
          absl::StrCat("The server has said nothing about this month; list, "
                       "roster and funding are those of ",
                       from.Iso(), ".")};
}

Words SayOldView(Date heard) {
  return {
      absl::StrCat("Số liệu của máy chủ là của ngày ", heard.Vietnamese(), "."),
      absl::StrCat("The server's facts are of ", heard.Iso(), ".")};
}

Words SayCorrectionsLeft(std::int64_t corrections) {
  return {absl::StrCat(corrections,
                       " đính chính cho sự kiện máy chủ đã có sẽ được tính khi "
                       "đồng bộ."),
          absl::StrCat(corrections,
                       " corrections of events that the server already has are "
                       "reflected after a sync.")};
}

Words SayBecause(Difference::Field field,
                 const std::vector<Uncounted>& uncounted,
                 const v1::Determination& server, bool more_at_server) {
  switch (field) {
    case Difference::Field::kPolicyVersion:
      return {"chính sách đã có phiên bản khác",
              "another version of the policy holds"};
    case Difference::Field::kRoster:
      return {"danh sách thành viên ở máy chủ đã thay đổi",
              "the roster changed at the server"};
    case Difference::Field::kList:
      return {"danh sách xã đăng ký đã thay đổi",
              "the registration list changed"};
    case Difference::Field::kFunding:
      return {"quyết định kinh phí đã thay đổi", "funding decisions changed"};
    default:
      break;
  }
  if (!uncounted.empty()) return NameUncounted(uncounted);
  if (field == Difference::Field::kMetric) {
    return more_at_server
               ? Words{"máy chủ có thêm hoạt động của tổ mà máy này chưa biết",
                       "the server has activities of the team that this phone "
                       "did not know"}
               : Words{"có hoạt động không còn được tính ở máy chủ",
                       "some activities do not count at the server any more"};
  }
  if (server.reasons().empty()) {
    return {"máy chủ không còn xét tổ theo chính sách này trong tháng",
            "the server does not determine the team's month under this policy "
            "any more"};
  }
  const auto reason = static_cast<v1::ReasonCode>(server.reasons(0));
  return {absl::StrCat(ReasonVietnamese(reason), " (", ReasonName(reason), ")"),
          absl::StrCat(ReasonEnglish(reason), " (", ReasonName(reason), ")")};
}

Words SayDifference(const Difference& difference) {
  const Month month = difference.month;
  return {absl::StrCat("Chính sách ", difference.policy_id, ", ",
                       MonthVi(month), ", ", FieldVi(difference),
                       ": máy này đã báo \"", difference.phone_said.vi,
                       "\", máy chủ báo \"", difference.server_says.vi,
                       "\", vì: ", difference.because.vi),
          absl::StrCat("Policy ", difference.policy_id, ", ", month.Iso(), ", ",
                       FieldEn(difference), ": this phone said \"",
                       difference.phone_said.en, "\", the server says \"",
                       difference.server_says.en,
                       "\", because: ", difference.because.en)};
}

}  // namespace thon::client
