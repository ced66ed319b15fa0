#include "server/policy/policy_words_terms.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "server/core/text.h"

namespace thon {
namespace {

struct CodeWords {
  absl::string_view code;
  absl::string_view vi;
  absl::string_view en;
};

constexpr std::array<CodeWords, 8> kPurposes = {{
    {"COMMON_TASKS", "thực hiện nhiệm vụ chung", "common tasks"},
    {"TRAINING", "tập huấn, bồi dưỡng", "training"},
    {"ASSIGNED_TASKS", "nhiệm vụ thường xuyên, đột xuất được giao",
     "periodic and ad-hoc tasks assigned by competent bodies"},
    {"PERIODIC_AND_ADHOC_TASKS", "nhiệm vụ thường xuyên, đột xuất được giao",
     "periodic and ad-hoc tasks assigned by competent bodies"},
    {"CAPACITY_SUPPORT", "nâng cao năng lực chuyển đổi số", "digital capacity"},
    {"MEMBER_SUPPORT", "hỗ trợ thành viên", "support of members"},
    {"MOBILISATION", "huy động người tham gia", "people mobilised"},
    {"NIGHT_WORK", "làm việc ban đêm", "night work"},
}};

constexpr std::array<CodeWords, 12> kBodies = {{
    {"COMMUNE_STANDING", "thường trực ban chỉ đạo cấp xã",
     "standing body of the commune's steering committee"},
    {"DISTRICT_STANDING", "thường trực ban chỉ đạo cấp huyện",
     "standing body of the district's steering committee"},
    {"COMMUNE_COMMITTEE", "ban chỉ đạo cấp xã",
     "the commune's steering committee"},
    {"COMMUNE_PC", "UBND cấp xã", "the commune's People's Committee"},
    {"DISTRICT_PC", "UBND cấp huyện", "the district's People's Committee"},
    {"DEPARTMENT_TTTT", "Sở Thông tin và Truyền thông",
     "Department of Information and Communications"},
    {"DEPARTMENT_IC", "Sở Thông tin và Truyền thông",
     "Department of Information and Communications"},
    {"DEPARTMENT_SCIENCE", "Sở Khoa học và Công nghệ",
     "Department of Science and Technology"},
    {"DEPARTMENT_FINANCE", "Sở Tài chính", "Department of Finance"},
    {"DEPARTMENT", "sở chuyên ngành", "the department in charge"},
    {"PROVINCIAL_PC", "UBND cấp tỉnh", "the province's People's Committee"},
    {"TREASURY", "Kho bạc Nhà nước", "State Treasury"},
}};

constexpr std::array<CodeWords, 10> kRhythms = {{
    {"month", "hằng tháng", "every month"},
    {"monthly", "hằng tháng", "monthly"},
    {"quarter", "hằng quý", "every quarter"},
    {"quarterly", "hằng quý", "quarterly"},
    {"year", "hằng năm", "every year"},
    {"yearly", "hằng năm", "yearly"},
    {"once", "một lần", "once"},
    {"half_year", "sáu tháng một lần", "every half year"},
    {"half_yearly", "sáu tháng một lần", "half-yearly"},
    {"phase", "một lần cho cả giai đoạn", "once a phase"},
}};

// Known codes say what they mean and what they are.
template <std::size_t kSize>
Sentence CodeSentence(const std::array<CodeWords, kSize>& known,
                      absl::string_view code) {
  for (const CodeWords& words : known) {
    if (words.code == code) {
      return {absl::StrCat(words.vi, " (", code, ")"),
              absl::StrCat(words.en, " (", code, ")")};
    }
  }
  return Same(code);
}

bool IsShare(const MetricSelector& selector) {
  return InfoOf(selector.metric).kind == MetricKind::kRatio;
}

// What narrows a selector to a part of its metric.
std::vector<Sentence> PartsOf(const MetricSelector& selector) {
  std::vector<Sentence> parts;
  if (selector.topic != v1::TOPIC_UNSPECIFIED) {
    const Sentence topic = WordsOf(selector.topic);
    parts.push_back(
        {absl::StrCat("chủ đề ", topic.vi), absl::StrCat("topic ", topic.en)});
  }
  if (!selector.app.empty()) {
    parts.push_back({absl::StrCat("ứng dụng ", selector.app),
                     absl::StrCat("app ", selector.app)});
  }
  if (selector.basis != v1::COUNT_BASIS_UNSPECIFIED) {
    const Sentence basis = WordsOf(selector.basis);
    parts.push_back({absl::StrCat("đếm theo ", basis.vi),
                     absl::StrCat("counted by ", basis.en)});
  }
  if (selector.account != v1::ACCOUNT_KIND_UNSPECIFIED) {
    parts.push_back(WordsOf(selector.account));
  }
  if (selector.audience != v1::AUDIENCE_UNSPECIFIED) {
    const Sentence audience = WordsOf(selector.audience);
    parts.push_back(
        {absl::StrCat("cho ", audience.vi), absl::StrCat("for ", audience.en)});
  }
  if (selector.attendees) parts.push_back({"đếm người dự", "people present"});
  if (selector.mean) {
    parts.push_back({"điểm trung bình", "the mean of the scores"});
  }
  if (selector.of != v1::UNIT_LEVEL_UNSPECIFIED) {
    const Sentence level = WordsOf(selector.of);
    parts.push_back({absl::StrCat("của ", level.vi, " có tổ"),
                     absl::StrCat("of the team's ", level.en)});
  }
  return parts;
}

}  // namespace

Sentence WordsOf(PolicyStatus status) {
  switch (status) {
    case PolicyStatus::kDraft:
      return {"dự thảo", "a draft"};
    case PolicyStatus::kAdopted:
      return {"đã được thông qua, chưa có hiệu lực",
              "adopted, not in force yet"};
    case PolicyStatus::kInForce:
      return {"đang có hiệu lực", "in force"};
    case PolicyStatus::kPilot:
      return {"thí điểm", "a pilot"};
    case PolicyStatus::kClosed:
      return {"đã kết thúc", "closed"};
    case PolicyStatus::kRepealed:
      return {"đã bị bãi bỏ", "repealed"};
    case PolicyStatus::kSuperseded:
      return {"đã được thay thế", "superseded"};
  }
  return {};
}

Sentence WordsOf(AmountUnit unit) {
  switch (unit) {
    case AmountUnit::kTeamMonth:
      return {"một tổ trong một tháng", "a team and month"};
    case AmountUnit::kMemberMonth:
      return {"một thành viên trong một tháng", "a member and month"};
    case AmountUnit::kPersonDay:
      return {"một người được huy động trong một ngày",
              "a person mobilised for a day"};
    case AmountUnit::kPersonNight:
      return {"một người được huy động trong một đêm",
              "a person mobilised for a night"};
  }
  return {};
}

Sentence CountedWords(AmountUnit unit) {
  switch (unit) {
    case AmountUnit::kTeamMonth:
      return {"tổ", "team"};
    case AmountUnit::kMemberMonth:
      return {"thành viên", "members"};
    case AmountUnit::kPersonDay:
      return {"người-ngày", "person-days"};
    case AmountUnit::kPersonNight:
      return {"người-đêm", "person-nights"};
  }
  return {};
}

Sentence WordsOf(LookDay day) {
  switch (day) {
    case LookDay::kFirstDay:
      return {"vào ngày đầu tháng", "on the first day of the month"};
    case LookDay::kLastDay:
      return {"vào ngày cuối tháng", "on the last day of the month"};
    case LookDay::kAnyDay:
      return {"vào ít nhất một ngày trong tháng", "on any day of the month"};
    case LookDay::kEveryDay:
      return {"vào mọi ngày trong tháng", "on every day of the month"};
  }
  return {};
}

Sentence WordsOf(SuspensionEffect effect) {
  switch (effect) {
    case SuspensionEffect::kPay:
      return {"vẫn chi", "it is paid"};
    case SuspensionEffect::kHold:
      return {"chờ người có thẩm quyền quyết định", "a person decides"};
    case SuspensionEffect::kNoPay:
      return {"không chi", "it is not paid"};
  }
  return {};
}

Sentence WordsOf(RoundMode mode) {
  switch (mode) {
    case RoundMode::kDown:
      return {"làm tròn xuống", "rounded down"};
    case RoundMode::kHalfUp:
      return {"làm tròn nửa lên", "rounded half up"};
    case RoundMode::kUp:
      return {"làm tròn lên", "rounded up"};
  }
  return {};
}

Sentence WordsOf(Grain over) {
  switch (over) {
    case Grain::kMonth:
      return {"trong tháng", "in the month"};
    case Grain::kQuarter:
      return {"trong quý, tính đến hết tháng xét",
              "in the quarter up to and with the month"};
    case Grain::kYear:
      return {"trong năm, tính đến hết tháng xét",
              "in the year up to and with the month"};
    case Grain::kWindow:
      return {"từ đầu thời gian của chính sách đến hết tháng xét",
              "since the policy's period began, up to and with the month"};
  }
  return {};
}

Sentence WordsOf(v1::UnitLevel level) {
  switch (level) {
    case v1::UNIT_LEVEL_PROVINCE:
      return {"tỉnh", "province"};
    case v1::UNIT_LEVEL_DISTRICT:
      return {"huyện", "district"};
    case v1::UNIT_LEVEL_COMMUNE:
      return {"xã", "commune"};
    case v1::UNIT_LEVEL_VILLAGE:
      return {"thôn", "village"};
    default:
      return {"chưa rõ cấp", "no level"};
  }
}

Sentence WordsOf(v1::UnitKind kind) {
  switch (kind) {
    case v1::UNIT_KIND_TINH:
      return Same("tỉnh");
    case v1::UNIT_KIND_THANH_PHO_TW:
      return Same("thành phố trực thuộc trung ương");
    case v1::UNIT_KIND_HUYEN:
      return Same("huyện");
    case v1::UNIT_KIND_QUAN:
      return Same("quận");
    case v1::UNIT_KIND_THI_XA:
      return Same("thị xã");
    case v1::UNIT_KIND_THANH_PHO:
      return Same("thành phố");
    case v1::UNIT_KIND_XA:
      return Same("xã");
    case v1::UNIT_KIND_PHUONG:
      return Same("phường");
    case v1::UNIT_KIND_THI_TRAN:
      return Same("thị trấn");
    case v1::UNIT_KIND_DAC_KHU:
      return Same("đặc khu");
    case v1::UNIT_KIND_THON:
      return Same("thôn");
    case v1::UNIT_KIND_BAN:
      return Same("bản");
    case v1::UNIT_KIND_TO_DAN_PHO:
      return Same("tổ dân phố");
    case v1::UNIT_KIND_AP:
      return Same("ấp");
    case v1::UNIT_KIND_KHU_PHO:
      return Same("khu phố");
    case v1::UNIT_KIND_KHU_VUC:
      return Same("khu vực");
    default:
      return {"chưa rõ loại", "no kind"};
  }
}

Sentence WordsOf(v1::Affiliation affiliation) {
  switch (affiliation) {
    case v1::AFFILIATION_PARTY_SECRETARY:
      return {"bí thư chi bộ", "Party cell secretary"};
    case v1::AFFILIATION_VILLAGE_HEAD:
      return {"trưởng thôn", "village head"};
    case v1::AFFILIATION_YOUTH_UNION:
      return {"bí thư đoàn", "Youth Union secretary"};
    case v1::AFFILIATION_WOMENS_UNION:
      return {"chi hội trưởng phụ nữ", "Women's Union branch head"};
    case v1::AFFILIATION_PARTY_MEMBER:
      return {"đảng viên", "Party member"};
    case v1::AFFILIATION_TEACHER:
      return {"giáo viên", "teacher"};
    case v1::AFFILIATION_HEALTH_WORKER:
      return {"nhân viên y tế", "health worker"};
    case v1::AFFILIATION_POLICE:
      return {"công an", "police officer"};
    case v1::AFFILIATION_TELECOM:
      return {"nhân viên viễn thông", "telecom worker"};
    case v1::AFFILIATION_OFFICIAL:
      return {"cán bộ, công chức", "official"};
    case v1::AFFILIATION_RESIDENT:
      return {"người dân", "resident"};
    default:
      return {"chưa rõ", "nobody"};
  }
}

Sentence WordsOf(v1::RegistrationTarget target) {
  switch (target) {
    case v1::REGISTRATION_TARGET_STANDARD:
      return {"đạt chuẩn chuyển đổi số", "digital standard"};
    case v1::REGISTRATION_TARGET_ADVANCED:
      return {"chuyển đổi số nâng cao", "advanced"};
    default:
      return {"chưa rõ", "no target"};
  }
}

Sentence WordsOf(v1::OrganisationKind kind) {
  switch (kind) {
    case v1::ORGANISATION_KIND_DEPARTMENT:
      return {"sở, ban, ngành", "departments"};
    case v1::ORGANISATION_KIND_DISTRICT_PC:
      return {"UBND cấp huyện", "district People's Committees"};
    case v1::ORGANISATION_KIND_COMMUNE_PC:
      return {"UBND cấp xã", "commune People's Committees"};
    case v1::ORGANISATION_KIND_ENTERPRISE:
      return {"doanh nghiệp", "enterprises"};
    case v1::ORGANISATION_KIND_OTHER:
      return {"đơn vị khác", "other units"};
    default:
      return {"chưa rõ", "none"};
  }
}

Sentence WordsOf(v1::Topic topic) {
  switch (topic) {
    case v1::TOPIC_ONLINE_SERVICES:
      return {"dịch vụ công trực tuyến", "online public services"};
    case v1::TOPIC_DIGITAL_PLATFORMS:
      return {"nền tảng số", "digital platforms"};
    case v1::TOPIC_DIGITAL_SERVICES:
      return {"dịch vụ số", "digital services"};
    case v1::TOPIC_DIGITAL_SKILLS:
      return {"kỹ năng số", "digital skills"};
    case v1::TOPIC_ONLINE_TRANSACTIONS:
      return {"giao dịch trực tuyến", "online transactions"};
    case v1::TOPIC_FRAUD_PREVENTION:
      return {"phòng chống lừa đảo", "fraud prevention"};
    case v1::TOPIC_HEALTH:
      return {"y tế số", "digital health"};
    case v1::TOPIC_EDUCATION:
      return {"giáo dục số", "digital education"};
    case v1::TOPIC_SOCIAL_POLICY:
      return {"chính sách xã hội", "social policy"};
    case v1::TOPIC_COMMUNE_WORK:
      return {"việc của xã", "work for the commune"};
    default:
      return {"mọi chủ đề", "all topics"};
  }
}

Sentence WordsOf(v1::CountBasis basis) {
  switch (basis) {
    case v1::COUNT_BASIS_PERSON:
      return {"người", "persons"};
    case v1::COUNT_BASIS_HOUSEHOLD:
      return {"hộ", "households"};
    default:
      return {"người và hộ", "persons and households"};
  }
}

Sentence WordsOf(v1::AccountKind account) {
  switch (account) {
    case v1::ACCOUNT_KIND_PAYMENT:
      return {"tài khoản ngân hàng", "bank accounts"};
    case v1::ACCOUNT_KIND_EWALLET:
      return {"ví điện tử", "e-wallets"};
    case v1::ACCOUNT_KIND_MOBILE_MONEY:
      return {"tiền di động", "mobile money"};
    case v1::ACCOUNT_KIND_ECOMMERCE:
      return {"tài khoản thương mại điện tử", "e-commerce accounts"};
    case v1::ACCOUNT_KIND_CITIZEN_APP:
      return {"tài khoản ứng dụng công dân", "citizen app accounts"};
    default:
      return {"mọi loại tài khoản", "all accounts"};
  }
}

Sentence WordsOf(v1::Audience audience) {
  switch (audience) {
    case v1::AUDIENCE_LEADERS:
      return {"cán bộ chủ chốt", "key leaders"};
    case v1::AUDIENCE_IT_OFFICERS:
      return {"cán bộ công nghệ thông tin", "IT officers"};
    case v1::AUDIENCE_TEAM_MEMBERS:
      return {"thành viên tổ", "members of teams"};
    case v1::AUDIENCE_RESIDENTS:
      return {"người dân", "residents"};
    case v1::AUDIENCE_ENTERPRISES:
      return {"doanh nghiệp", "enterprises"};
    default:
      return {"mọi đối tượng", "everybody"};
  }
}

Sentence WordsOf(const SeatRule& seat) {
  Sentence words;
  for (const v1::Affiliation affiliation : seat.any_of) {
    const Sentence one = WordsOf(affiliation);
    absl::StrAppend(&words.vi, words.vi.empty() ? "" : " hoặc ", one.vi);
    absl::StrAppend(&words.en, words.en.empty() ? "" : " or ", one.en);
  }
  return words;
}

Sentence WordsOf(const MetricSelector& selector) {
  const MetricInfo& info = InfoOf(selector.metric);
  const Sentence over = WordsOf(selector.over);
  Sentence parts = Joined(PartsOf(selector), "; ");
  if (!parts.vi.empty()) {
    parts = {absl::StrCat(" (", parts.vi, ")"),
             absl::StrCat(" (", parts.en, ")")};
  }
  return {absl::StrCat(info.id, " ", info.name_vi, parts.vi, " ", over.vi),
          absl::StrCat(info.id, " ", info.name_en, parts.en, " ", over.en)};
}

Sentence BoundWords(const MetricSelector& selector, std::int64_t target,
                    bool at_most) {
  const std::string number =
      absl::StrCat(FormatGrouped(target), IsShare(selector) ? "%" : "");
  return {absl::StrCat(at_most ? "nhiều nhất " : "ít nhất ", number),
          absl::StrCat(at_most ? "at most " : "at least ", number)};
}

Sentence ValueWords(const MetricSelector& selector, const MetricNumber& value) {
  if (value.denominator == 0) return {"chưa tính được", "unknown"};
  if (!IsShare(selector) && value.denominator == 1) {
    return Same(FormatGrouped(value.numerator));
  }
  return Same(absl::StrCat(FormatGrouped(value.numerator), "/",
                           FormatGrouped(value.denominator)));
}

Sentence PurposeWords(absl::string_view code) {
  return CodeSentence(kPurposes, code);
}

Sentence BodyWords(absl::string_view code) {
  return CodeSentence(kBodies, code);
}

Sentence RhythmWords(absl::string_view code) {
  for (const CodeWords& words : kRhythms) {
    if (words.code == code) {
      return {std::string(words.vi), std::string(words.en)};
    }
  }
  return Same(code);
}

Sentence YesNo(bool yes) {
  return yes ? Sentence{"có", "yes"} : Sentence{"không", "no"};
}

Sentence MoneyWords(std::int64_t vnd) { return Same(FormatDong(vnd)); }

Sentence DayWords(Date date) { return {date.Vietnamese(), date.Iso()}; }

Sentence MonthWords(Month month) {
  return {absl::StrCat("tháng ", month.month(), "/", month.year()),
          month.Iso()};
}

}  // namespace thon
