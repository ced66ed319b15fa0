// What bounds an amount: caps, top-ups, other support, funding.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "server/policy/policy_parser.h"

namespace thon {

void PolicyParser::ParseCaps() {
  static constexpr absl::string_view kFields[] = {"month_vnd", "year_vnd",
                                                  "year_prorata"};
  static constexpr YamlWord kProrata[] = {{"none", 0}, {"by_month", 1}};
  const YamlNode* node = Block("caps", false, kFields, &policy_.cap_basis);
  if (node == nullptr) return;
  if (!pays()) {
    reader_.Error(*node, "caps",
                  {"không có tác dụng với chính sách không chi; bỏ mục này",
                   "have no effect on a policy that pays nothing; remove "
                   "them"});
  }
  ParseCap(*node, "month_vnd", &policy_.cap_month_vnd);
  ParseCap(*node, "year_vnd", &policy_.cap_year_vnd);
  const YamlNode* year = YamlReader::Find(*node, "year_vnd");
  if (policy_.cap_month_vnd != 0 && policy_.cap_year_vnd != 0 &&
      policy_.cap_year_vnd < policy_.cap_month_vnd) {
    reader_.Error(*year, "caps.year_vnd",
                  {"thấp hơn caps.month_vnd, nên mức trần tháng không bao giờ "
                   "đạt tới; nâng mức này hoặc bỏ mức kia",
                   "is below caps.month_vnd, which can then never be reached; "
                   "raise it or remove the other"});
  }
  if (year == nullptr && YamlReader::Find(*node, "month_vnd") == nullptr) {
    reader_.Error(*node, "caps",
                  {"viết month_vnd, year_vnd hoặc cả hai",
                   "write month_vnd, year_vnd or both"});
  }
  int value = 0;
  if (!ReadWord(*node, "caps", "year_prorata", false, kProrata, &value)) {
    return;
  }
  policy_.cap_year_by_month = value == 1;
  if (year == nullptr) {
    reader_.Error(*YamlReader::Find(*node, "year_prorata"), "caps.year_prorata",
                  {"không có tác dụng khi không có year_vnd; bỏ mục này",
                   "has no effect without year_vnd; remove it"});
  }
}

void PolicyParser::ParseCap(const YamlNode& block, absl::string_view key,
                            std::int64_t* cap) {
  const YamlNode* node = YamlReader::Find(block, key);
  if (node == nullptr) return;
  const std::string path = YamlPath("caps", key);
  std::int64_t vnd = 0;
  if (!reader_.Money(*node, path, &vnd)) return;
  for (const AmountLine& line : policy_.amounts) {
    if (vnd >= line.vnd) continue;
    reader_.Error(
        *node, path,
        {absl::StrCat("thấp hơn số tiền của một đơn vị tính, ",
                      FormatDong(line.vnd), "; nâng mức trần hoặc giảm ",
                      line.path, ".vnd"),
         absl::StrCat("is below the amount of one unit, ", line.vnd,
                      "; raise the cap or lower ", line.path, ".vnd")});
    return;
  }
  *cap = vnd;
}

void PolicyParser::ParseTopUp() {
  static constexpr absl::string_view kFields[] = {"total_max_vnd",
                                                  "total_max_percent"};
  TopUpRule rule;
  const YamlNode* node = Block("top_up", false, kFields, &rule.basis);
  if (node == nullptr) return;
  const YamlNode* vnd = YamlReader::Find(*node, "total_max_vnd");
  const YamlNode* percent = YamlReader::Find(*node, "total_max_percent");
  bool good = true;
  if ((vnd == nullptr) == (percent == nullptr)) {
    reader_.Error(*node, "top_up",
                  {"viết một trong hai: total_max_vnd hoặc total_max_percent",
                   "write one of total_max_vnd and total_max_percent"});
    good = false;
  } else if (percent != nullptr) {
    good = reader_.Whole(*percent, "top_up.total_max_percent", 100, 10'000,
                         &rule.total_max_percent);
  } else {
    good = reader_.Money(*vnd, "top_up.total_max_vnd", &rule.total_max_vnd);
  }
  reader_.GatherBasis(nullptr);
  if (!pays()) {
    reader_.Error(*node, "top_up",
                  {"không có gì để thêm vào: chính sách không chi; bỏ mục này",
                   "has nothing to add to: the policy pays nothing; remove "
                   "it"});
    return;
  }
  absl::int128 fixed = 0;
  for (const AmountLine& line : policy_.amounts) {
    if (line.unit == AmountUnit::kTeamMonth) fixed += line.vnd;
  }
  if (good && vnd != nullptr && rule.total_max_vnd < fixed) {
    reader_.Error(*vnd, "top_up.total_max_vnd",
                  {absl::StrCat("thấp hơn chính mức hỗ trợ, ",
                                FormatDong(static_cast<std::int64_t>(fixed)),
                                "; nâng lên: đây là mức trần của mức hỗ trợ và "
                                "phần xã thêm cộng lại"),
                   absl::StrCat("is below the amount itself, ",
                                static_cast<std::int64_t>(fixed),
                                "; raise it: it bounds amount and top-up "
                                "together")});
    good = false;
  }
  if (good) policy_.top_up = std::move(rule);
}

void PolicyParser::ParseDoubleSupport() {
  static constexpr absl::string_view kFields[] = {"rule", "with"};
  static constexpr YamlWord kRules[] = {{"forbid", 1}, {"allow", 0}};
  DoubleSupportRule& rule = policy_.double_support;
  const YamlNode* node = Block("double_support", false, kFields, &rule.basis);
  if (node == nullptr) return;
  int value = 0;
  if (ReadWord(*node, "double_support", "rule", true, kRules, &value)) {
    rule.forbid = value == 1;
  }
  const YamlNode* with = YamlReader::Find(*node, "with");
  if (with == nullptr) return;
  if (!rule.forbid) {
    reader_.Error(*with, "double_support.with",
                  {"không có tác dụng trừ khi rule là forbid; bỏ mục này",
                   "has no effect unless rule is forbid; remove it"});
    return;
  }
  if (!reader_.LabelList(*with, "double_support.with", "[YB-2023]",
                         &rule.with)) {
    return;
  }
  if (std::count(rule.with.begin(), rule.with.end(), policy_.id) != 0) {
    reader_.Error(*with, "double_support.with",
                  {absl::StrCat("có chính ", policy_.id, "; bỏ khỏi danh sách"),
                   absl::StrCat("names ", policy_.id,
                                " itself; remove it from the list")});
  }
}

void PolicyParser::ParseFunding() {
  static constexpr absl::string_view kFields[] = {"required"};
  const YamlNode* node =
      Block("funding", pays(), kFields, &policy_.funding_basis);
  if (node == nullptr) return;
  if (const YamlNode* required = reader_.Need(*node, "funding", "required")) {
    reader_.Bool(*required, "funding.required", &policy_.funding_required);
  }
}

}  // namespace thon
