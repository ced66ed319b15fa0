// Who a policy covers: beneficiaries, lists, existence, suspension, seats.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/policy/policy_parser.h"

namespace thon {
namespace {

constexpr std::size_t kSeatsMax = 16;

constexpr YamlWord kSuspensionEffects[] = {
    {"pay", static_cast<int>(SuspensionEffect::kPay)},
    {"hold", static_cast<int>(SuspensionEffect::kHold)},
    {"no_pay", static_cast<int>(SuspensionEffect::kNoPay)},
    {"HELD", static_cast<int>(SuspensionEffect::kHold), true},
};

constexpr YamlWord kKinds[] = {
    {"thôn", v1::UNIT_KIND_THON},
    {"bản", v1::UNIT_KIND_BAN},
    {"tổ dân phố", v1::UNIT_KIND_TO_DAN_PHO},
    {"ấp", v1::UNIT_KIND_AP},
    {"khu phố", v1::UNIT_KIND_KHU_PHO},
    {"khu vực", v1::UNIT_KIND_KHU_VUC},
    {"xã", v1::UNIT_KIND_XA},
    {"phường", v1::UNIT_KIND_PHUONG},
    {"thị trấn", v1::UNIT_KIND_THI_TRAN},
    {"đặc khu", v1::UNIT_KIND_DAC_KHU},
};

// The numbers of the kinds say their level.
bool IsVillageKind(int kind) { return kind >= v1::UNIT_KIND_THON; }

constexpr YamlWord kAffiliations[] = {
    {"PARTY_SECRETARY", v1::AFFILIATION_PARTY_SECRETARY},
    {"VILLAGE_HEAD", v1::AFFILIATION_VILLAGE_HEAD},
    {"YOUTH_UNION", v1::AFFILIATION_YOUTH_UNION},
    {"WOMENS_UNION", v1::AFFILIATION_WOMENS_UNION},
    {"PARTY_MEMBER", v1::AFFILIATION_PARTY_MEMBER},
    {"TEACHER", v1::AFFILIATION_TEACHER},
    {"HEALTH_WORKER", v1::AFFILIATION_HEALTH_WORKER},
    {"POLICE", v1::AFFILIATION_POLICE},
    {"TELECOM", v1::AFFILIATION_TELECOM},
    {"OFFICIAL", v1::AFFILIATION_OFFICIAL},
    {"RESIDENT", v1::AFFILIATION_RESIDENT},
    {"PARTY_SEC", v1::AFFILIATION_PARTY_SECRETARY, true},
    {"YOUTH", v1::AFFILIATION_YOUTH_UNION, true},
    {"YOUTH_SEC", v1::AFFILIATION_YOUTH_UNION, true},
    {"WOMEN", v1::AFFILIATION_WOMENS_UNION, true},
    {"WOMEN_HEAD", v1::AFFILIATION_WOMENS_UNION, true},
    {"HEALTH", v1::AFFILIATION_HEALTH_WORKER, true},
    {"TELCO", v1::AFFILIATION_TELECOM, true},
};

}  // namespace

void PolicyParser::ParseBeneficiary() {
  static constexpr absl::string_view kFields[] = {"level", "kinds",
                                                  "one_team_per_unit"};
  static constexpr YamlWord kLevels[] = {{"VILLAGE", v1::UNIT_LEVEL_VILLAGE},
                                         {"COMMUNE", v1::UNIT_LEVEL_COMMUNE}};
  const YamlNode* node =
      Block("beneficiary", true, kFields, &policy_.beneficiary_basis);
  if (node == nullptr) return;
  int value = 0;
  if (ReadWord(*node, "beneficiary", "level", true, kLevels, &value)) {
    policy_.level = static_cast<v1::UnitLevel>(value);
  }
  ParseKinds(*node);
  const YamlNode* one = YamlReader::Find(*node, "one_team_per_unit");
  if (one == nullptr) return;
  policy_.one_team_basis = policy_.beneficiary_basis;
  const YamlNode* word = reader_.WithBasis(
      *one, "beneficiary.one_team_per_unit", &policy_.one_team_basis);
  if (word != nullptr) {
    reader_.Bool(*word, "beneficiary.one_team_per_unit",
                 &policy_.one_team_per_unit);
  }
}

void PolicyParser::ParseKinds(const YamlNode& block) {
  const YamlNode* kinds = reader_.Need(block, "beneficiary", "kinds");
  std::vector<int> values;
  if (kinds == nullptr ||
      !reader_.WordList(*kinds, "beneficiary.kinds", kKinds,
                        "[thôn, bản, tổ dân phố]", &values)) {
    return;
  }
  const bool village = policy_.level == v1::UNIT_LEVEL_VILLAGE;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (IsVillageKind(values[i]) != village) {
      reader_.Error(kinds->items[i], absl::StrCat("beneficiary.kinds[", i, "]"),
                    {"không phải loại đơn vị của cấp đã ghi; đổi cấp hoặc đổi "
                     "loại",
                     "is no kind of the level given; change the level or the "
                     "kind"});
    }
    policy_.kinds.push_back(static_cast<v1::UnitKind>(values[i]));
  }
}

void PolicyParser::ParseList() {
  static constexpr absl::string_view kFields[] = {"list", "year", "targets",
                                                  "list_month"};
  static constexpr YamlWord kTargets[] = {
      {"STANDARD", v1::REGISTRATION_TARGET_STANDARD},
      {"ADVANCED", v1::REGISTRATION_TARGET_ADVANCED}};
  static constexpr YamlWord kListMonths[] = {
      {"first_full", static_cast<int>(ListMonth::kFirstFull)},
      {"containing", static_cast<int>(ListMonth::kContaining)}};
  RegistrationListRule rule;
  const YamlNode* node =
      Block("registration_list", false, kFields, &rule.basis);
  if (node == nullptr) return;
  if (const YamlNode* list = reader_.Need(*node, "registration_list", "list")) {
    reader_.Text(*list, "registration_list.list", &rule.list_id);
  }
  if (const YamlNode* year = reader_.Need(*node, "registration_list", "year")) {
    std::int64_t value = 0;
    if (reader_.Whole(*year, "registration_list.year", 1900, 2199, &value)) {
      rule.year = static_cast<int>(value);
    }
  }
  std::vector<int> targets;
  const YamlNode* list = reader_.Need(*node, "registration_list", "targets");
  if (list != nullptr &&
      reader_.WordList(*list, "registration_list.targets", kTargets,
                       "[STANDARD, ADVANCED]", &targets)) {
    for (const int target : targets) {
      rule.targets.push_back(static_cast<v1::RegistrationTarget>(target));
    }
  }
  rule.list_month_basis = rule.basis;
  const YamlNode* month =
      reader_.Need(*node, "registration_list", "list_month");
  const YamlNode* word =
      month == nullptr
          ? nullptr
          : reader_.WithBasis(*month, "registration_list.list_month",
                              &rule.list_month_basis);
  int value = 0;
  if (word != nullptr && reader_.Word(*word, "registration_list.list_month",
                                      kListMonths, &value)) {
    rule.list_month = static_cast<ListMonth>(value);
  }
  reader_.GatherBasis(nullptr);
  policy_.list = std::move(rule);
}

void PolicyParser::ParseExistence() {
  static constexpr absl::string_view kFields[] = {"on"};
  const YamlNode* node =
      Block("team_must_exist", pays(), kFields, &policy_.exists_basis);
  if (node == nullptr) return;
  int value = 0;
  if (ReadWord(*node, "team_must_exist", "on", true, kLookDays, &value)) {
    policy_.exists_on = static_cast<LookDay>(value);
  }
}

void PolicyParser::ParseSuspension() {
  static constexpr absl::string_view kFields[] = {"full_month", "partial"};
  const YamlNode* node =
      Block("suspended_days", pays(), kFields, &policy_.suspended_basis);
  if (node == nullptr) return;
  int value = 0;
  if (ReadWord(*node, "suspended_days", "full_month", true, kSuspensionEffects,
               &value)) {
    policy_.suspended_full = static_cast<SuspensionEffect>(value);
  }
  if (ReadWord(*node, "suspended_days", "partial", true, kSuspensionEffects,
               &value)) {
    policy_.suspended_partly = static_cast<SuspensionEffect>(value);
  }
}

void PolicyParser::ParseSeats() {
  static constexpr absl::string_view kFields[] = {"seats", "on",
                                                  "blocks_payment"};
  SeatTemplate seats;
  const YamlNode* node = Block("team_template", false, kFields, &seats.basis);
  if (node == nullptr) return;
  const YamlNode* list = reader_.Need(*node, "team_template", "seats");
  if (list != nullptr &&
      reader_.List(
          *list, "team_template.seats",
          "[{any_of: [PARTY_SECRETARY, VILLAGE_HEAD]}, YOUTH_UNION]") !=
          nullptr) {
    if (list->items.size() > kSeatsMax) {
      reader_.Error(*list, "team_template.seats",
                    {absl::StrCat("có hơn ", kSeatsMax, " vị trí; bỏ bớt"),
                     absl::StrCat("has more than ", kSeatsMax,
                                  " seats; leave some out")});
    }
    for (std::size_t i = 0; i < list->items.size() && i < kSeatsMax; ++i) {
      SeatRule seat;
      if (ParseSeat(list->items[i],
                    absl::StrCat("team_template.seats[", i, "]"), &seat)) {
        seats.seats.push_back(std::move(seat));
      }
    }
  }
  int value = 0;
  if (ReadWord(*node, "team_template", "on", false, kLookDays, &value)) {
    seats.on = static_cast<LookDay>(value);
  } else if (YamlReader::Find(*node, "on") == nullptr) {
    NoteDefault(*node, "team_template.on", Same("last_day_of_month"));
  }
  if (const YamlNode* blocks = YamlReader::Find(*node, "blocks_payment")) {
    reader_.Bool(*blocks, "team_template.blocks_payment",
                 &seats.blocks_payment);
  } else {
    NoteDefault(*node, "team_template.blocks_payment", Same("false"));
  }
  reader_.GatherBasis(nullptr);
  policy_.seats = std::move(seats);
}

// One affiliation, or {any_of: [...]}.
bool PolicyParser::ParseSeat(const YamlNode& node, const std::string& path,
                             SeatRule* seat) {
  static constexpr absl::string_view kFields[] = {"any_of"};
  std::vector<int> values;
  if (node.kind == YamlNode::Kind::kScalar) {
    int value = 0;
    if (!reader_.Word(node, path, kAffiliations, &value)) return false;
    values.push_back(value);
  } else {
    if (!reader_.CheckMap(node, path, kFields)) return false;
    const YamlNode* any = reader_.Need(node, path, "any_of");
    if (any == nullptr ||
        !reader_.WordList(*any, YamlPath(path, "any_of"), kAffiliations,
                          "[PARTY_SECRETARY, VILLAGE_HEAD]", &values)) {
      return false;
    }
  }
  for (const int value : values) {
    seat->any_of.push_back(static_cast<v1::Affiliation>(value));
  }
  return true;
}

}  // namespace thon
