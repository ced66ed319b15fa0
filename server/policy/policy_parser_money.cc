// Amounts, caps, funding, and the sum the source says.
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/policy/policy_parser.h"

namespace thon {

void PolicyParser::ParseAmount() {
  static constexpr absl::string_view kFields[] = {
      "per", "vnd", "purpose", "members_on", "source", "assumption"};
  static constexpr absl::string_view kLaterFields[] = {"top_up", "rounding"};
  static constexpr YamlWord kUnits[] = {
      {"team_month", static_cast<int>(AmountUnit::kTeamMonth)},
      {"member_month", static_cast<int>(AmountUnit::kMemberMonth)}};
  static constexpr absl::string_view kLaterUnits[] = {"person_day", "night",
                                                      "award"};
  const YamlNode* node =
      Block("amount", true, kFields, kLaterFields, &policy_.amount_basis);
  if (node == nullptr) return;
  AmountLine line;
  line.basis = policy_.amount_basis;
  line.path = "amount";
  int value = 0;
  const YamlNode* per = reader_.Need(*node, "amount", "per");
  if (per != nullptr &&
      reader_.Word(*per, "amount.per", kUnits, kLaterUnits, &value)) {
    line.unit = static_cast<AmountUnit>(value);
  }
  if (const YamlNode* vnd = reader_.Need(*node, "amount", "vnd")) {
    reader_.Whole(*vnd, "amount.vnd", 1, limits::kMoneyMax, &line.vnd);
  }
  if (const YamlNode* purpose = YamlReader::Find(*node, "purpose")) {
    reader_.Text(*purpose, "amount.purpose", &line.purpose);
  }
  const YamlNode* day = YamlReader::Find(*node, "members_on");
  if (line.unit == AmountUnit::kMemberMonth) {
    if (day == nullptr) day = reader_.Need(*node, "amount", "members_on");
    if (day != nullptr &&
        reader_.Word(*day, "amount.members_on", kLookDays, {}, &value)) {
      line.members_on = static_cast<LookDay>(value);
    }
  } else if (day != nullptr) {
    reader_.Error(*day, "amount.members_on",
                  "has no effect unless per is member_month; remove it");
  }
  policy_.amounts.push_back(std::move(line));
}

void PolicyParser::ParseCaps() {
  static constexpr absl::string_view kFields[] = {"month_vnd", "year_vnd",
                                                  "source", "assumption"};
  static constexpr absl::string_view kLater[] = {"unit_vnd", "top_up_total_max",
                                                 "year_prorata"};
  const YamlNode* node =
      Block("caps", false, kFields, kLater, &policy_.cap_basis);
  if (node == nullptr) return;
  static constexpr std::pair<absl::string_view, std::int64_t Policy::*>
      kCaps[] = {{"month_vnd", &Policy::cap_month_vnd},
                 {"year_vnd", &Policy::cap_year_vnd}};
  bool any = false;
  for (const auto& [key, field] : kCaps) {
    const YamlNode* cap = YamlReader::Find(*node, key);
    if (cap == nullptr) continue;
    any = true;
    const std::string path = YamlPath("caps", key);
    std::int64_t vnd = 0;
    if (!reader_.Whole(*cap, path, 1, limits::kMoneyMax, &vnd)) continue;
    if (!policy_.amounts.empty() && vnd < policy_.amounts[0].vnd) {
      reader_.Error(*cap, path,
                    absl::StrCat("is below the amount of one unit, ",
                                 policy_.amounts[0].vnd,
                                 "; raise the cap or lower amount.vnd"));
      continue;
    }
    policy_.*field = vnd;
  }
  if (policy_.cap_month_vnd != 0 && policy_.cap_year_vnd != 0 &&
      policy_.cap_year_vnd < policy_.cap_month_vnd) {
    reader_.Error(*YamlReader::Find(*node, "year_vnd"), "caps.year_vnd",
                  "is below caps.month_vnd, which can then never be reached; "
                  "raise it or remove the other");
  }
  if (!any) {
    reader_.Error(*node, "caps", "write month_vnd, year_vnd or both");
  }
}

void PolicyParser::ParseFunding() {
  static constexpr absl::string_view kFields[] = {"required", "source",
                                                  "assumption"};
  const YamlNode* node =
      Block("funding", true, kFields, {}, &policy_.funding_basis);
  if (node == nullptr) return;
  if (const YamlNode* required = reader_.Need(*node, "funding", "required")) {
    reader_.Bool(*required, "funding.required", &policy_.funding_required);
  }
}

// What the source says the sum comes to; only checked, never computed with.
void PolicyParser::ParseExpected() {
  static constexpr absl::string_view kFields[] = {"team_months", "total_vnd",
                                                  "source", "assumption"};
  Basis basis;
  const YamlNode* node = Block("expected", false, kFields, {}, &basis);
  if (node == nullptr) return;
  const YamlNode* months_node = reader_.Need(*node, "expected", "team_months");
  const YamlNode* total_node = reader_.Need(*node, "expected", "total_vnd");
  std::int64_t months = 0;
  std::int64_t total = 0;
  if (months_node == nullptr || total_node == nullptr ||
      !reader_.Whole(*months_node, "expected.team_months", 1, 1'000'000'000,
                     &months) ||
      !reader_.Whole(*total_node, "expected.total_vnd", 1, limits::kMoneyMax,
                     &total)) {
    return;
  }
  if (policy_.amounts.empty() ||
      policy_.amounts[0].unit != AmountUnit::kTeamMonth) {
    reader_.Error(*node, "expected",
                  "can only be checked for an amount per team_month; remove "
                  "it");
    return;
  }
  if (policy_.amounts[0].vnd != 0 &&
      (total % policy_.amounts[0].vnd != 0 ||
       total / policy_.amounts[0].vnd != months)) {
    reader_.Error(
        *total_node, "expected.total_vnd",
        absl::StrCat("is not ", months, " team-months of ",
                     policy_.amounts[0].vnd, "; one of the three is wrong"));
  }
}

}  // namespace thon
