// Amounts and what bounds them.
#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "server/policy/policy_words_builder.h"

namespace thon {

void PolicyWords::SayAmounts() {
  if (policy_.amounts.empty()) {
    AddField(&Say("amount", policy_.amount_basis,
                  {"Chính sách không chi hỗ trợ.", "The policy pays nothing."}),
             "amount", {"không có", "none"});
    return;
  }
  for (const AmountLine& line : policy_.amounts) SayAmount(line);
}

void PolicyWords::SayAmount(const AmountLine& line) {
  const Sentence per = WordsOf(line.unit);
  const std::string money = FormatDong(line.vnd);
  Sentence text = {absl::StrCat("Mức hỗ trợ: ", line.up_to ? "không quá " : "",
                                money, " cho ", per.vi),
                   absl::StrCat("Amount: ", line.up_to ? "up to " : "", money,
                                " for ", per.en)};
  if (line.unit == AmountUnit::kMemberMonth) {
    absl::StrAppend(&text.vi, ", thành viên xét ", WordsOf(line.members_on).vi);
    absl::StrAppend(&text.en, ", of the members ", WordsOf(line.members_on).en);
  }
  if (line.members_max != 0) {
    absl::StrAppend(&text.vi, ", nhiều nhất ", line.members_max, " thành viên");
    absl::StrAppend(&text.en, ", at most ", line.members_max, " members");
  }
  if (!line.purpose.empty()) {
    absl::StrAppend(&text.vi, ", để ", PurposeWords(line.purpose).vi);
    absl::StrAppend(&text.en, ", for ", PurposeWords(line.purpose).en);
  }
  text = {text.vi + ".", text.en + "."};
  PolicyStatement& said = Say(line.path, line.basis, std::move(text));
  AddField(&said, line.path + ".per", per);
  AddField(&said, line.path + ".vnd", MoneyWords(line.vnd));
  if (line.unit == AmountUnit::kPersonDay ||
      line.unit == AmountUnit::kPersonNight || line.up_to) {
    AddField(&said, line.path + ".up_to", YesNo(line.up_to));
  }
  if (line.unit == AmountUnit::kMemberMonth) {
    AddField(&said, line.path + ".members_on", WordsOf(line.members_on));
  }
  if (line.members_max != 0) {
    AddField(&said, line.path + ".members_max",
             Same(absl::StrCat(line.members_max)));
  }
  if (!line.purpose.empty()) {
    AddField(&said, line.path + ".purpose", PurposeWords(line.purpose));
  }
}

void PolicyWords::SayCaps() {
  const std::int64_t month = policy_.cap_month_vnd;
  const std::int64_t year = policy_.cap_year_vnd;
  if (month == 0 && year == 0) return;
  Sentence text = {"Mức trần của một tổ: ", "Caps for a team: "};
  if (month != 0) {
    absl::StrAppend(&text.vi, FormatDong(month), " một tháng");
    absl::StrAppend(&text.en, FormatDong(month), " a month");
  }
  if (year != 0) {
    absl::StrAppend(&text.vi, month == 0 ? "" : "; ", FormatDong(year),
                    " một năm dương lịch, ",
                    policy_.cap_year_by_month
                        ? "giảm theo số tháng thực hiện trong năm"
                        : "không giảm khi thực hiện không trọn năm");
    absl::StrAppend(&text.en, month == 0 ? "" : "; ", FormatDong(year),
                    " a calendar year, ",
                    policy_.cap_year_by_month
                        ? "less by the months of the year outside the period"
                        : "whole even if the period has only a part of the "
                          "year");
  }
  text = {text.vi + ".", text.en + "."};
  PolicyStatement& said = Say("caps", policy_.cap_basis, std::move(text));
  if (month != 0) AddField(&said, "caps.month_vnd", MoneyWords(month));
  if (year == 0) return;
  AddField(&said, "caps.year_vnd", MoneyWords(year));
  AddField(&said, "caps.year_prorata",
           policy_.cap_year_by_month ? Sentence{"theo tháng", "by month"}
                                     : Sentence{"không giảm", "none"});
}

void PolicyWords::SayTopUp() {
  if (!policy_.top_up.has_value()) return;
  const TopUpRule& rule = *policy_.top_up;
  const bool percent = rule.total_max_percent != 0;
  const Sentence limit =
      percent ? Sentence{absl::StrCat(rule.total_max_percent,
                                      "% mức của chính sách"),
                         absl::StrCat(rule.total_max_percent,
                                      "% of the policy's amount")}
              : MoneyWords(rule.total_max_vnd);
  PolicyStatement& said =
      Say("top_up", rule.basis,
          {absl::StrCat("Xã có thể hỗ trợ thêm; tổng cộng một tổ một tháng "
                        "không quá ",
                        limit.vi, "."),
           absl::StrCat("The commune may add; together at most ", limit.en,
                        " for a team and month.")});
  AddField(&said, percent ? "top_up.total_max_percent" : "top_up.total_max_vnd",
           limit);
}

void PolicyWords::SayDoubleSupport() {
  const DoubleSupportRule& rule = policy_.double_support;
  if (!rule.forbid && rule.with.empty() && rule.basis.source.empty() &&
      rule.basis.assumption.empty()) {
    return;
  }
  std::vector<Sentence> words;
  for (const std::string& id : rule.with) words.push_back(Same(id));
  const Sentence with =
      words.empty() ? Sentence{"bất kỳ hỗ trợ nào khác", "any other support"}
                    : Joined(words);
  PolicyStatement& said =
      rule.forbid
          ? Say("double_support", rule.basis,
                {absl::StrCat("Không chi cùng một tháng với ", with.vi, "."),
                 absl::StrCat("It is not paid in the same month as ", with.en,
                              ".")})
          : Say("double_support", rule.basis,
                {absl::StrCat("Được chi cùng một tháng với ", with.vi, "."),
                 absl::StrCat("It may be paid in the same month as ", with.en,
                              ".")});
  AddField(
      &said, "double_support.rule",
      rule.forbid ? Sentence{"cấm", "forbid"} : Sentence{"cho phép", "allow"});
  if (!words.empty()) AddField(&said, "double_support.with", with);
}

void PolicyWords::SayFunding() {
  const bool required = policy_.funding_required;
  AddField(
      &Say("funding", policy_.funding_basis,
           required ? Sentence{"Chỉ chi khi có quyết định kinh phí cho tháng "
                               "đó và cho tổ đó.",
                               "It is paid only under a funding decision for "
                               "the month and the team."}
                    : Sentence{"Không cần quyết định kinh phí riêng.",
                               "No funding decision is needed."}),
      "funding.required", YesNo(required));
}

}  // namespace thon
