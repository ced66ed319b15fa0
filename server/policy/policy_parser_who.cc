// Who a policy covers: beneficiaries, lists, existence, suspension, updates.
#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/policy/policy_parser.h"

namespace thon {
namespace {

constexpr YamlWord kSuspensionEffects[] = {
    {"pay", static_cast<int>(SuspensionEffect::kPay)},
    {"hold", static_cast<int>(SuspensionEffect::kHold)},
    {"no_pay", static_cast<int>(SuspensionEffect::kNoPay)},
};

struct LevelKind {
  absl::string_view word;
  v1::UnitKind kind;
  v1::UnitLevel level;
};
constexpr LevelKind kKinds[] = {
    {"thôn", v1::UNIT_KIND_THON, v1::UNIT_LEVEL_VILLAGE},
    {"bản", v1::UNIT_KIND_BAN, v1::UNIT_LEVEL_VILLAGE},
    {"tổ dân phố", v1::UNIT_KIND_TO_DAN_PHO, v1::UNIT_LEVEL_VILLAGE},
    {"ấp", v1::UNIT_KIND_AP, v1::UNIT_LEVEL_VILLAGE},
    {"khu phố", v1::UNIT_KIND_KHU_PHO, v1::UNIT_LEVEL_VILLAGE},
    {"khu vực", v1::UNIT_KIND_KHU_VUC, v1::UNIT_LEVEL_VILLAGE},
    {"xã", v1::UNIT_KIND_XA, v1::UNIT_LEVEL_COMMUNE},
    {"phường", v1::UNIT_KIND_PHUONG, v1::UNIT_LEVEL_COMMUNE},
    {"thị trấn", v1::UNIT_KIND_THI_TRAN, v1::UNIT_LEVEL_COMMUNE},
    {"đặc khu", v1::UNIT_KIND_DAC_KHU, v1::UNIT_LEVEL_COMMUNE},
};

}  // namespace

void PolicyParser::ParseBeneficiary() {
  static constexpr absl::string_view kFields[] = {"level", "kinds", "source",
                                                  "assumption"};
  static constexpr YamlWord kLevels[] = {{"VILLAGE", v1::UNIT_LEVEL_VILLAGE},
                                         {"COMMUNE", v1::UNIT_LEVEL_COMMUNE}};
  static constexpr absl::string_view kLater[] = {"members"};
  const YamlNode* node =
      Block("beneficiary", true, kFields, kLater, &policy_.beneficiary_basis);
  if (node == nullptr) return;
  if (const YamlNode* level = reader_.Need(*node, "beneficiary", "level")) {
    int value = 0;
    if (reader_.Word(*level, "beneficiary.level", kLevels, {}, &value)) {
      policy_.level = static_cast<v1::UnitLevel>(value);
    }
  }
  const YamlNode* kinds = reader_.Need(*node, "beneficiary", "kinds");
  if (kinds == nullptr) return;
  if (kinds->kind != YamlNode::Kind::kSequence || kinds->items.empty()) {
    reader_.Error(*kinds, "beneficiary.kinds",
                  "write a list: [thôn, bản, tổ dân phố]");
    return;
  }
  for (std::size_t i = 0; i < kinds->items.size(); ++i) {
    const YamlNode& item = kinds->items[i];
    const std::string path = absl::StrCat("beneficiary.kinds[", i, "]");
    std::string word;
    if (!reader_.Text(item, path, &word)) continue;
    const LevelKind* found =
        std::find_if(std::begin(kKinds), std::end(kKinds),
                     [&](const LevelKind& k) { return k.word == word; });
    if (found == std::end(kKinds)) {
      reader_.Error(item, path,
                    absl::StrCat("\"", word,
                                 "\" is no kind of unit; write e.g. thôn, bản, "
                                 "tổ dân phố, ấp, khu phố, khu vực"));
    } else if (found->level != policy_.level) {
      reader_.Error(item, path,
                    absl::StrCat("\"", word,
                                 "\" is no kind of the level given; change the "
                                 "level or the kind"));
    } else if (std::count(policy_.kinds.begin(), policy_.kinds.end(),
                          found->kind) != 0) {
      reader_.Error(item, path,
                    absl::StrCat("\"", word, "\" is given twice; keep one"));
    } else {
      policy_.kinds.push_back(found->kind);
    }
  }
}

void PolicyParser::ParseList() {
  static constexpr absl::string_view kFields[] = {
      "list", "year", "targets", "list_month", "source", "assumption"};
  static constexpr YamlWord kTargets[] = {
      {"STANDARD", v1::REGISTRATION_TARGET_STANDARD},
      {"ADVANCED", v1::REGISTRATION_TARGET_ADVANCED}};
  static constexpr YamlWord kListMonths[] = {
      {"first_full", static_cast<int>(ListMonth::kFirstFull)},
      {"containing", static_cast<int>(ListMonth::kContaining)}};
  RegistrationListRule rule;
  const YamlNode* node =
      Block("registration_list", false, kFields, {}, &rule.basis);
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
  const YamlNode* targets = reader_.Need(*node, "registration_list", "targets");
  if (targets != nullptr &&
      (targets->kind != YamlNode::Kind::kSequence || targets->items.empty())) {
    reader_.Error(*targets, "registration_list.targets",
                  "write a list: [STANDARD, ADVANCED]");
  } else if (targets != nullptr) {
    for (std::size_t i = 0; i < targets->items.size(); ++i) {
      const std::string path =
          absl::StrCat("registration_list.targets[", i, "]");
      int value = 0;
      if (!reader_.Word(targets->items[i], path, kTargets, {}, &value)) {
        continue;
      }
      rule.targets.push_back(static_cast<v1::RegistrationTarget>(value));
    }
  }
  rule.list_month_basis = rule.basis;
  const YamlNode* month_node =
      reader_.Need(*node, "registration_list", "list_month");
  if (month_node != nullptr) {
    const YamlNode* word = reader_.Scalar(
        *month_node, "registration_list.list_month", &rule.list_month_basis);
    int value = 0;
    if (word != nullptr && reader_.Word(*word, "registration_list.list_month",
                                        kListMonths, {}, &value)) {
      rule.list_month = static_cast<ListMonth>(value);
    }
  }
  policy_.list = std::move(rule);
}

void PolicyParser::ParseExistence() {
  static constexpr absl::string_view kFields[] = {"on", "source", "assumption"};
  const YamlNode* node =
      Block("team_must_exist", true, kFields, {}, &policy_.exists_basis);
  if (node == nullptr) return;
  const YamlNode* day = reader_.Need(*node, "team_must_exist", "on");
  int value = 0;
  if (day != nullptr &&
      reader_.Word(*day, "team_must_exist.on", kLookDays, {}, &value)) {
    policy_.exists_on = static_cast<LookDay>(value);
  }
}

void PolicyParser::ParseSuspension() {
  static constexpr absl::string_view kFields[] = {"full_month", "partial",
                                                  "source", "assumption"};
  const YamlNode* node =
      Block("suspended_days", true, kFields, {}, &policy_.suspended_basis);
  if (node == nullptr) return;
  int value = 0;
  const YamlNode* full = reader_.Need(*node, "suspended_days", "full_month");
  if (full != nullptr && reader_.Word(*full, "suspended_days.full_month",
                                      kSuspensionEffects, {}, &value)) {
    policy_.suspended_full = static_cast<SuspensionEffect>(value);
  }
  const YamlNode* partial = reader_.Need(*node, "suspended_days", "partial");
  if (partial != nullptr && reader_.Word(*partial, "suspended_days.partial",
                                         kSuspensionEffects, {}, &value)) {
    policy_.suspended_partly = static_cast<SuspensionEffect>(value);
  }
}

bool PolicyParser::ReadDeadline(const YamlNode& block, absl::string_view key,
                                int* day) {
  const YamlNode* node =
      Parameter(block, "monthly_update", key, &policy_.update_basis);
  std::int64_t value = 0;
  if (node == nullptr ||
      !reader_.Whole(*node, YamlPath("monthly_update", key), 1, 28, &value)) {
    return false;
  }
  *day = static_cast<int>(value);
  return true;
}

void PolicyParser::ParseUpdate() {
  static constexpr absl::string_view kFields[] = {
      "required",           "record_missing", "submit_before_day",
      "confirm_before_day", "source",         "assumption"};
  const YamlNode* node =
      Block("monthly_update", false, kFields, {}, &policy_.update_basis);
  if (node == nullptr) return;
  const YamlNode* required = reader_.Need(*node, "monthly_update", "required");
  if (required != nullptr) {
    reader_.Bool(*required, "monthly_update.required",
                 &policy_.update_required);
  }
  if (const YamlNode* record = YamlReader::Find(*node, "record_missing")) {
    reader_.Bool(*record, "monthly_update.record_missing",
                 &policy_.update_record_missing);
  }
  const YamlNode* submit = YamlReader::Find(*node, "submit_before_day");
  if (submit != nullptr) {
    ReadDeadline(*node, "submit_before_day", &policy_.update_submit_before_day);
  } else if (policy_.update_record_missing) {
    reader_.Need(*node, "monthly_update", "submit_before_day");
  }
  const YamlNode* confirm = YamlReader::Find(*node, "confirm_before_day");
  if (confirm != nullptr && !policy_.update_required) {
    reader_.Error(*confirm, "monthly_update.confirm_before_day",
                  "has no effect unless required is true; remove it");
  } else if (confirm != nullptr) {
    ReadDeadline(*node, "confirm_before_day",
                 &policy_.update_confirm_before_day);
  } else if (policy_.update_required) {
    reader_.Need(*node, "monthly_update", "confirm_before_day");
  }
}

}  // namespace thon
