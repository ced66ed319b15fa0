#include "tools/thon/words.h"

#include <utf8proc.h>

#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "server/core/text.h"

namespace thon::cli {
namespace {

// What two spellings of a word share: no tones, no case, one kind of blank.
std::string Key(absl::string_view text) {
  return absl::StrReplaceAll(SearchKey(Trim(text)), {{"_", " "}, {"-", " "}});
}

template <typename Enum, std::size_t kSize>
std::optional<Enum> Look(
    absl::string_view text,
    const std::array<std::pair<absl::string_view, Enum>, kSize>& words) {
  const std::string key = Key(text);
  if (key.empty()) return std::nullopt;
  for (const auto& [word, value] : words) {
    if (Key(word) == key) return value;
  }
  const google::protobuf::EnumDescriptor* const type =
      google::protobuf::GetEnumDescriptor<Enum>();
  for (int i = 0; i < type->value_count(); ++i) {
    const int number = type->value(i)->number();
    if (number != 0 && Key(ShortEnumName(type, number)) == key) {
      return static_cast<Enum>(number);
    }
  }
  return std::nullopt;
}

template <typename Enum>
using Word = std::pair<absl::string_view, Enum>;

struct KindPrefix {
  v1::UnitLevel level;
  v1::UnitKind kind;
  absl::string_view word;
};

// Longer words before those they begin with.
constexpr KindPrefix kKindPrefixes[] = {
    {v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_THANH_PHO_TW, "Thành phố"},
    // Hà Nội's own title; by law a city directly under the centre.
    {v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_THANH_PHO_TW, "Thủ đô"},
    {v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_TINH, "Tỉnh"},
    {v1::UNIT_LEVEL_DISTRICT, v1::UNIT_KIND_THANH_PHO, "Thành phố"},
    {v1::UNIT_LEVEL_DISTRICT, v1::UNIT_KIND_THI_XA, "Thị xã"},
    {v1::UNIT_LEVEL_DISTRICT, v1::UNIT_KIND_HUYEN, "Huyện"},
    {v1::UNIT_LEVEL_DISTRICT, v1::UNIT_KIND_QUAN, "Quận"},
    {v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_THI_TRAN, "Thị trấn"},
    {v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_DAC_KHU, "Đặc khu"},
    {v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_PHUONG, "Phường"},
    {v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_XA, "Xã"},
    {v1::UNIT_LEVEL_VILLAGE, v1::UNIT_KIND_TO_DAN_PHO, "Tổ dân phố"},
    {v1::UNIT_LEVEL_VILLAGE, v1::UNIT_KIND_KHU_PHO, "Khu phố"},
    {v1::UNIT_LEVEL_VILLAGE, v1::UNIT_KIND_KHU_VUC, "Khu vực"},
    {v1::UNIT_LEVEL_VILLAGE, v1::UNIT_KIND_THON, "Thôn"},
    {v1::UNIT_LEVEL_VILLAGE, v1::UNIT_KIND_BAN, "Bản"},
    {v1::UNIT_LEVEL_VILLAGE, v1::UNIT_KIND_AP, "Ấp"},
};

// Letters of `text`: how many bytes its first `count` take.
std::size_t BytesOfLetters(absl::string_view text, std::size_t count) {
  std::size_t bytes = 0;
  while (bytes < text.size() && count > 0) {
    do {
      ++bytes;
    } while (bytes < text.size() &&
             (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80);
    --count;
  }
  return bytes;
}

std::size_t Letters(absl::string_view text) {
  std::size_t count = 0;
  for (const char c : text) {
    count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  }
  return count;
}

std::string LowerCase(absl::string_view text) {
  std::string lower;
  while (!text.empty()) {
    utf8proc_int32_t code = 0;
    const utf8proc_ssize_t size =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                         static_cast<utf8proc_ssize_t>(text.size()), &code);
    if (size <= 0) return "";
    utf8proc_uint8_t bytes[4];
    const utf8proc_ssize_t written =
        utf8proc_encode_char(utf8proc_tolower(code), bytes);
    lower.append(reinterpret_cast<const char*>(bytes),
                 static_cast<std::size_t>(written));
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return lower;
}

}  // namespace

std::string LowerLevelName(v1::UnitLevel level) {
  return level == v1::UNIT_LEVEL_UNSPECIFIED
             ? ""
             : absl::AsciiStrToLower(Short(level));
}

std::optional<v1::UnitLevel> ParseLevel(absl::string_view text) {
  static constexpr std::array kWords = {
      Word<v1::UnitLevel>{"tỉnh", v1::UNIT_LEVEL_PROVINCE},
      Word<v1::UnitLevel>{"huyện", v1::UNIT_LEVEL_DISTRICT},
      Word<v1::UnitLevel>{"xã", v1::UNIT_LEVEL_COMMUNE},
      Word<v1::UnitLevel>{"thôn", v1::UNIT_LEVEL_VILLAGE},
  };
  return Look(text, kWords);
}

std::optional<v1::UnitKind> ParseVillageKind(absl::string_view text) {
  for (const KindPrefix& prefix : kKindPrefixes) {
    if (prefix.level == v1::UNIT_LEVEL_VILLAGE &&
        (Key(prefix.word) == Key(text) ||
         Key(Short(prefix.kind)) == Key(text))) {
      return prefix.kind;
    }
  }
  return std::nullopt;
}

std::optional<v1::Seat> ParseSeat(absl::string_view text) {
  static constexpr std::array kWords = {
      Word<v1::Seat>{"tổ trưởng", v1::SEAT_LEADER},
      Word<v1::Seat>{"tổ phó", v1::SEAT_DEPUTY},
      Word<v1::Seat>{"thành viên", v1::SEAT_MEMBER},
  };
  return Look(text, kWords);
}

std::optional<v1::Affiliation> ParseAffiliation(absl::string_view text) {
  static constexpr std::array kWords = {
      Word<v1::Affiliation>{"bí thư chi bộ", v1::AFFILIATION_PARTY_SECRETARY},
      Word<v1::Affiliation>{"party sec", v1::AFFILIATION_PARTY_SECRETARY},
      Word<v1::Affiliation>{"trưởng thôn", v1::AFFILIATION_VILLAGE_HEAD},
      Word<v1::Affiliation>{"thôn trưởng", v1::AFFILIATION_VILLAGE_HEAD},
      Word<v1::Affiliation>{"bí thư đoàn", v1::AFFILIATION_YOUTH_UNION},
      Word<v1::Affiliation>{"đoàn viên", v1::AFFILIATION_YOUTH_UNION},
      Word<v1::Affiliation>{"youth", v1::AFFILIATION_YOUTH_UNION},
      Word<v1::Affiliation>{"chi hội trưởng phụ nữ",
                            v1::AFFILIATION_WOMENS_UNION},
      Word<v1::Affiliation>{"women", v1::AFFILIATION_WOMENS_UNION},
      Word<v1::Affiliation>{"đảng viên", v1::AFFILIATION_PARTY_MEMBER},
      Word<v1::Affiliation>{"giáo viên", v1::AFFILIATION_TEACHER},
      Word<v1::Affiliation>{"nhân viên y tế", v1::AFFILIATION_HEALTH_WORKER},
      Word<v1::Affiliation>{"y tế", v1::AFFILIATION_HEALTH_WORKER},
      Word<v1::Affiliation>{"công an", v1::AFFILIATION_POLICE},
      Word<v1::Affiliation>{"viễn thông", v1::AFFILIATION_TELECOM},
      Word<v1::Affiliation>{"cán bộ", v1::AFFILIATION_OFFICIAL},
      Word<v1::Affiliation>{"công chức", v1::AFFILIATION_OFFICIAL},
      Word<v1::Affiliation>{"người dân", v1::AFFILIATION_RESIDENT},
  };
  return Look(text, kWords);
}

std::optional<v1::OrganisationKind> ParseOrganisationKind(
    absl::string_view text) {
  static constexpr std::array kWords = {
      Word<v1::OrganisationKind>{"sở", v1::ORGANISATION_KIND_DEPARTMENT},
      Word<v1::OrganisationKind>{"ban", v1::ORGANISATION_KIND_DEPARTMENT},
      Word<v1::OrganisationKind>{"ngành", v1::ORGANISATION_KIND_DEPARTMENT},
      Word<v1::OrganisationKind>{"sở, ban, ngành",
                                 v1::ORGANISATION_KIND_DEPARTMENT},
      Word<v1::OrganisationKind>{"UBND huyện",
                                 v1::ORGANISATION_KIND_DISTRICT_PC},
      Word<v1::OrganisationKind>{"UBND xã", v1::ORGANISATION_KIND_COMMUNE_PC},
      Word<v1::OrganisationKind>{"doanh nghiệp",
                                 v1::ORGANISATION_KIND_ENTERPRISE},
      Word<v1::OrganisationKind>{"khác", v1::ORGANISATION_KIND_OTHER},
  };
  return Look(text, kWords);
}

std::optional<v1::RegistrationTarget> ParseTarget(absl::string_view text) {
  static constexpr std::array kWords = {
      Word<v1::RegistrationTarget>{"đạt chuẩn",
                                   v1::REGISTRATION_TARGET_STANDARD},
      Word<v1::RegistrationTarget>{"đạt chuẩn CĐS",
                                   v1::REGISTRATION_TARGET_STANDARD},
      Word<v1::RegistrationTarget>{"đạt chuẩn chuyển đổi số",
                                   v1::REGISTRATION_TARGET_STANDARD},
      Word<v1::RegistrationTarget>{"nâng cao",
                                   v1::REGISTRATION_TARGET_ADVANCED},
      Word<v1::RegistrationTarget>{"CĐS nâng cao",
                                   v1::REGISTRATION_TARGET_ADVANCED},
      Word<v1::RegistrationTarget>{"chuyển đổi số nâng cao",
                                   v1::REGISTRATION_TARGET_ADVANCED},
  };
  return Look(text, kWords);
}

std::optional<v1::Role> ParseRole(absl::string_view text) {
  return Look<v1::Role, 0>(text, {});
}

std::optional<v1::DeterminationState> ParseState(absl::string_view text) {
  return Look<v1::DeterminationState, 0>(text, {});
}

std::optional<bool> ParseYesNo(absl::string_view text) {
  const std::string key = Key(text);
  for (const absl::string_view yes : {"1", "true", "yes", "co", "x"}) {
    if (key == yes) return true;
  }
  for (const absl::string_view no : {"", "0", "false", "no", "khong"}) {
    if (key == no) return false;
  }
  return std::nullopt;
}

v1::UnitKind KindOfName(v1::UnitLevel level, absl::string_view name,
                        absl::string_view* rest) {
  if (rest != nullptr) *rest = name;
  for (const KindPrefix& prefix : kKindPrefixes) {
    if (prefix.level != level) continue;
    // "Thị Trấn" and "Thị trấn" are the same word; "Xa" is not "Xã", so what is
    // left out of the comparison is the case alone.
    const std::size_t size = BytesOfLetters(name, Letters(prefix.word));
    if (size >= name.size() || name[size] != ' ') continue;
    const absl::string_view head = name.substr(0, size);
    if (LowerCase(head) != LowerCase(prefix.word)) continue;
    if (rest != nullptr) *rest = name.substr(size + 1);
    return prefix.kind;
  }
  return v1::UNIT_KIND_UNSPECIFIED;
}

absl::string_view KindWord(v1::UnitKind kind) {
  for (const KindPrefix& prefix : kKindPrefixes) {
    if (prefix.kind == kind) return prefix.word;
  }
  return "";
}

std::string LevelWord(v1::UnitLevel level) {
  switch (level) {
    case v1::UNIT_LEVEL_PROVINCE:
      return "tỉnh";
    case v1::UNIT_LEVEL_DISTRICT:
      return "huyện";
    case v1::UNIT_LEVEL_COMMUNE:
      return "xã";
    case v1::UNIT_LEVEL_VILLAGE:
      return "thôn";
    default:
      return Short(level);
  }
}

std::string SeatWord(v1::Seat seat) {
  switch (seat) {
    case v1::SEAT_LEADER:
      return "tổ trưởng";
    case v1::SEAT_DEPUTY:
      return "tổ phó";
    case v1::SEAT_MEMBER:
      return "thành viên";
    default:
      return Short(seat);
  }
}

std::string StateWord(v1::DeterminationState state) {
  switch (state) {
    case v1::DETERMINATION_STATE_NOT_COVERED:
      return "ngoài diện";
    case v1::DETERMINATION_STATE_REJECTED:
      return "không đạt";
    case v1::DETERMINATION_STATE_HELD:
      return "chờ quyết định";
    case v1::DETERMINATION_STATE_COVERED_UNFUNDED:
      return "chưa có kinh phí";
    case v1::DETERMINATION_STATE_PROVISIONAL:
      return "tạm tính";
    case v1::DETERMINATION_STATE_VERIFIED:
      return "đã thẩm định";
    case v1::DETERMINATION_STATE_APPROVED:
      return "đã duyệt";
    case v1::DETERMINATION_STATE_PAID:
      return "đã chi";
    default:
      return Short(state);
  }
}

std::string ShortEnumName(const google::protobuf::EnumDescriptor* type,
                          int number) {
  const google::protobuf::EnumValueDescriptor* const value =
      type->FindValueByNumber(number);
  if (value == nullptr) return absl::StrCat(number);
  // The zero value is named PREFIX_UNSPECIFIED.
  const google::protobuf::EnumValueDescriptor* const zero =
      type->FindValueByNumber(0);
  if (zero == nullptr) return value->name();
  absl::string_view prefix = zero->name();
  if (!absl::ConsumeSuffix(&prefix, "UNSPECIFIED")) return value->name();
  absl::string_view name = value->name();
  absl::ConsumePrefix(&name, prefix);
  return std::string(name);
}

absl::StatusOr<Date> ParseDate(absl::string_view text) {
  return absl::StrContains(text, '/') ? ParseVietnameseDate(text)
                                      : ParseIsoDate(text);
}

absl::StatusOr<Month> ParseMonth(absl::string_view text) {
  int number = 0;
  if (text.size() == 6 && absl::SimpleAtoi(text, &number) &&
      Month(number).valid()) {
    return Month(number);
  }
  const std::size_t slash = text.find('/');
  if (slash != absl::string_view::npos) {
    int month = 0;
    int year = 0;
    if (absl::SimpleAtoi(text.substr(0, slash), &month) &&
        absl::SimpleAtoi(text.substr(slash + 1), &year) && month >= 1 &&
        month <= 12 && Month::Of(year, month).valid()) {
      return Month::Of(year, month);
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", text, "\" is not a month; write it as 2023-10 or 10/2023"));
  }
  return ParseIsoMonth(text);
}

std::string ShowDate(std::int32_t days) {
  return days == 0 ? "-" : Date(days).Vietnamese();
}

std::string ShowMonth(std::int32_t yyyymm) {
  return yyyymm == 0 ? "-" : Month(yyyymm).Iso();
}

std::string ShowInstant(std::int64_t ms) {
  return ms == 0 ? "-" : TimeZone::VietNam().Format(Instant(ms));
}

}  // namespace thon::cli
