// How an amount came about, and who pays it.
#include <algorithm>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "server/policy/explain_steps.h"

namespace thon {
namespace {

constexpr std::size_t kPositionsMax = 1000;

v1::Shift ShiftOf(AmountUnit unit) {
  switch (unit) {
    case AmountUnit::kPersonDay:
      return v1::SHIFT_DAY;
    case AmountUnit::kPersonNight:
      return v1::SHIFT_NIGHT;
    default:
      return v1::SHIFT_UNSPECIFIED;
  }
}

Sentence UnitWords(const AmountLine& line, std::int64_t quantity) {
  const Sentence unit = CountedWords(line.unit);
  const std::string number = FormatGrouped(quantity);
  return {absl::StrCat(number, " ", unit.vi),
          absl::StrCat(number, " ", unit.en)};
}

}  // namespace

const AmountLine* Explainer::LineAt(absl::string_view path) const {
  for (const AmountLine& line : policy_.amounts) {
    if (line.path == path) return &line;
  }
  return nullptr;
}

// The step's own position, and those of all facts of a list it looked at.
void Explainer::AddPositions(const TraceStep& step, v1::Derivation* out) const {
  std::vector<std::uint64_t> positions;
  if (step.position.value != 0) positions.push_back(step.position.value);
  const AmountLine* const line =
      step.rule == Rule::kAmount && step.children.empty() ? LineAt(step.path)
                                                          : nullptr;
  if (line != nullptr && ShiftOf(line->unit) != v1::SHIFT_UNSPECIFIED) {
    for (const MobilisationFact& one : facts_.mobilisations) {
      if (one.shift == ShiftOf(line->unit)) {
        positions.push_back(one.position.value);
      }
    }
  }
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()),
                  positions.end());
  if (positions.size() > kPositionsMax) positions.resize(kPositionsMax);
  for (const std::uint64_t position : positions) out->add_positions(position);
}

// ": 2 thành viên × 60.000 đồng + 3 người-ngày × 150.000 đồng = 570.000 đồng";
// empty for one team-month without more.
Sentence Explainer::Parts(const Result& result) const {
  if (result.parts.empty()) return {};
  std::vector<Sentence> words;
  absl::int128 sum = 0;
  for (const AmountPart& part : result.parts) {
    sum += part.amount_vnd;
    const AmountLine* const line = LineAt(part.path);
    const std::string money = FormatDong(part.amount_vnd);
    if (line == nullptr) {
      words.push_back({absl::StrCat("xã hỗ trợ thêm ", money),
                       absl::StrCat("top-up ", money)});
      continue;
    }
    const Sentence units = UnitWords(*line, part.quantity);
    if (part.rate_vnd == 0) {
      words.push_back({absl::StrCat(units.vi, " với nhiều mức = ", money),
                       absl::StrCat(units.en, " at several rates = ", money)});
      continue;
    }
    const std::string rate = FormatDong(part.rate_vnd);
    // By the day, the part is less than its product.
    const bool whole =
        absl::int128(part.rate_vnd) * part.quantity == part.amount_vnd;
    const std::string by_day = whole ? "" : absl::StrCat(" → ", money);
    words.push_back({absl::StrCat(units.vi, " × ", rate, by_day),
                     absl::StrCat(units.en, " × ", rate, by_day)});
  }
  const Sentence joined = Joined(words, " + ");
  const std::string total = FormatDong(result.amount_vnd);
  if (sum == result.amount_vnd) {
    return {absl::StrCat(" (", joined.vi, " = ", total, ")"),
            absl::StrCat(" (", joined.en, " = ", total, ")")};
  }
  return {absl::StrCat(" (", joined.vi, ", theo mức trần còn ", total, ")"),
          absl::StrCat(" (", joined.en, ", lowered by a cap to ", total, ")")};
}

Sentence Explainer::SayAmount(const TraceStep& step) const {
  const std::string money = FormatDong(step.number);
  const AmountLine* const line = LineAt(step.path);
  if (!step.children.empty() || line == nullptr) {
    return {absl::StrCat("Cộng các khoản: ", money, "."),
            absl::StrCat("The lines together: ", money, ".")};
  }
  const std::string rate = FormatDong(line->vnd);
  if (line->unit == AmountUnit::kTeamMonth) {
    const bool by_day = policy_.prorate_by_day;
    return {
        absl::StrCat("Mức hỗ trợ ", rate, "/tổ/tháng",
                     by_day ? " cho tháng đủ ngày." : ", tính tròn tháng."),
        absl::StrCat("The amount is ", rate, " a team and month",
                     by_day ? ", for a whole month." : ", whole months only.")};
  }
  const Sentence units = UnitWords(*line, step.quantity);
  const Sentence per = WordsOf(line->unit);
  if (line->unit == AmountUnit::kMemberMonth) {
    const Sentence day = WordsOf(line->members_on);
    Sentence most;
    if (line->members_max != 0) {
      most = {absl::StrCat(", nhiều nhất ", line->members_max),
              absl::StrCat(", at most ", line->members_max)};
    }
    return {absl::StrCat("Mức hỗ trợ ", rate, "/thành viên/tháng × ", units.vi,
                         " (", day.vi, most.vi, ") = ", money, "."),
            absl::StrCat("The amount is ", rate, " a member and month × ",
                         units.en, " (", day.en, most.en, ") = ", money, ".")};
  }
  Sentence bound;
  if (line->up_to) {
    bound = {absl::StrCat(", không quá ", rate, " cho ", per.vi),
             absl::StrCat(", up to ", rate, " for ", per.en)};
  }
  if (step.quantity == 0) {
    return {absl::StrCat("Không có ai được huy động; mức ", rate, " cho ",
                         per.vi, ": ", money, "."),
            absl::StrCat("Nobody was mobilised; the rate is ", rate, " for ",
                         per.en, ": ", money, ".")};
  }
  if (step.rate_vnd == 0) {
    return {
        absl::StrCat(units.vi, " với nhiều mức", bound.vi, " = ", money, "."),
        absl::StrCat(units.en, " at several rates", bound.en, " = ", money,
                     ".")};
  }
  const std::string paid = FormatDong(step.rate_vnd);
  return {absl::StrCat(units.vi, " × ", paid, bound.vi, " = ", money, "."),
          absl::StrCat(units.en, " × ", paid, bound.en, " = ", money, ".")};
}

Sentence Explainer::SayProrata(const TraceStep& step) const {
  const std::int64_t days =
      month_.last_day().days - month_.first_day().days + 1;
  const std::string money = FormatDong(step.number);
  if (step.holds) {
    return {absl::StrCat("Đủ ", days, " ngày của tháng: tính cả tháng."),
            absl::StrCat("All ", days,
                         " days of the month: it is paid "
                         "whole.")};
  }
  return {absl::StrCat("Chi theo ngày: ", step.quantity, "/", days,
                       " ngày (thời gian thực hiện, tổ tồn tại và không bị "
                       "tạm dừng) = ",
                       money, "."),
          absl::StrCat("Paid by the day: ", step.quantity, "/", days,
                       " days (the period runs, the team exists and is not "
                       "suspended) = ",
                       money, ".")};
}

Sentence Explainer::SayRounding(const TraceStep& step) const {
  const Sentence mode = WordsOf(policy_.rounding.mode);
  const std::string unit = FormatDong(policy_.rounding.to_vnd);
  const std::string money = FormatDong(step.number);
  return {
      absl::StrCat("Số tiền được ", mode.vi, " đến ", unit, ": ", money, "."),
      absl::StrCat("Amounts are ", mode.en, " to ", unit, ": ", money, ".")};
}

Sentence Explainer::SayCap(const TraceStep& step) const {
  std::vector<Sentence> words;
  if (policy_.cap_month_vnd != 0) {
    const std::string money = FormatDong(policy_.cap_month_vnd);
    words.push_back(
        {absl::StrCat(money, " một tháng"), absl::StrCat(money, " a month")});
  }
  if (policy_.cap_year_vnd != 0) {
    const std::string money = FormatDong(policy_.cap_year_vnd);
    const std::string used = FormatDong(facts_.year_used_vnd);
    const bool share = policy_.cap_year_by_month;
    words.push_back({absl::StrCat(money, " một năm",
                                  share ? " (theo số tháng thực hiện)" : "",
                                  ", các tháng trước đã dùng ", used),
                     absl::StrCat(money, " a year",
                                  share ? " (by the months of the period)" : "",
                                  ", of which earlier months used ", used)});
  }
  const Sentence caps = Joined(words, "; ");
  const std::string money = FormatDong(step.number);
  if (step.holds) {
    return {
        absl::StrCat("Số tiền ", money, " không vượt mức trần: ", caps.vi, "."),
        absl::StrCat("The amount, ", money, ", is within the caps: ", caps.en,
                     ".")};
  }
  return {
      absl::StrCat("Mức trần (", caps.vi, ") giới hạn số tiền còn ", money,
                   "."),
      absl::StrCat("A cap (", caps.en, ") lowers the amount to ", money, ".")};
}

// " 1845/QĐ-UBND ngày 12/10/2023" of the decision at the position; empty if it
// has no number.
Sentence Explainer::FundingName(Position position) const {
  for (const FundingFact& funding : facts_.fundings) {
    if (funding.position != position || funding.number.empty()) continue;
    Sentence name = Same(absl::StrCat(" ", funding.number));
    if (funding.issued.days != 0) {
      absl::StrAppend(&name.vi, " ngày ", funding.issued.Vietnamese());
      absl::StrAppend(&name.en, " of ", funding.issued.Iso());
    }
    return name;
  }
  return {};
}

Sentence Explainer::SayFunding(const TraceStep& step) const {
  const Sentence name = FundingName(step.position);
  if (step.reason != v1::REASON_CODE_COVERED) {
    const Sentence reason = ReasonSentence(step.reason);
    if (name.vi.empty()) return reason;
    return {absl::StrCat(reason.vi, " Quyết định", name.vi, "."),
            absl::StrCat(reason.en, " Decision", name.en, ".")};
  }
  const std::string money = FormatDong(step.number);
  return {absl::StrCat("Quyết định kinh phí", name.vi,
                       " có tên tổ và còn đủ: ", money, "."),
          absl::StrCat("The funding decision", name.en,
                       " names the team and has enough left: ", money, ".")};
}

Sentence Explainer::SayTopUp(const TraceStep& step) const {
  const TopUpRule& rule = *policy_.top_up;
  const Sentence limit =
      rule.total_max_vnd != 0
          ? MoneyWords(rule.total_max_vnd)
          : Sentence{
                absl::StrCat(rule.total_max_percent, "% mức của chính sách"),
                absl::StrCat(rule.total_max_percent,
                             "% of the policy's amount")};
  if (step.quantity == 0) {
    return {absl::StrCat(
                "Xã không hỗ trợ thêm (tổng cộng được phép: ", limit.vi, ")."),
            absl::StrCat("The commune adds nothing (together it may be ",
                         limit.en, ").")};
  }
  const std::string asked = FormatDong(step.quantity);
  const std::string paid = FormatDong(step.number);
  if (step.holds) {
    return {absl::StrCat("Xã hỗ trợ thêm ", paid, "; tổng cộng không quá ",
                         limit.vi, "."),
            absl::StrCat("The commune adds ", paid, "; together at most ",
                         limit.en, ".")};
  }
  return {
      absl::StrCat("Xã hỗ trợ thêm ", asked, ", chỉ được ", paid,
                   " vì tổng cộng không quá ", limit.vi, "."),
      absl::StrCat("The commune adds ", asked, ", of which ", paid,
                   " can be paid, as together it is at most ", limit.en, ".")};
}

Sentence Explainer::SayDoubleSupport(const TraceStep& step) const {
  const DoubleSupportRule& rule = policy_.double_support;
  std::vector<Sentence> forbidden;
  for (const std::string& id : rule.with) forbidden.push_back(Same(id));
  if (forbidden.empty()) {
    forbidden.push_back({"bất kỳ hỗ trợ nào khác", "any other support"});
  }
  const Sentence with = Joined(forbidden);
  if (step.holds) {
    return {absl::StrCat("Tháng này không có hỗ trợ nào bị cấm trùng (",
                         with.vi, ")."),
            absl::StrCat("Nothing that it must not be paid beside pays the "
                         "month (",
                         with.en, ").")};
  }
  std::vector<Sentence> found;
  for (const OtherSupportFact& one : facts_.other_support) {
    if (!rule.with.empty() && std::find(rule.with.begin(), rule.with.end(),
                                        one.policy_id) == rule.with.end()) {
      continue;
    }
    const std::string money = FormatDong(one.amount_vnd);
    found.push_back(
        {absl::StrCat(one.policy_id.empty() ? "nguồn ngoài" : one.policy_id,
                      " ", money),
         absl::StrCat(one.policy_id.empty() ? "from outside" : one.policy_id,
                      " ", money)});
  }
  const Sentence who = Joined(found);
  return {absl::StrCat("Không được chi cùng tháng với ", with.vi,
                       "; tháng này đã có: ", who.vi, "."),
          absl::StrCat("It must not be paid beside ", with.en,
                       "; the month has: ", who.en, ".")};
}

}  // namespace thon
