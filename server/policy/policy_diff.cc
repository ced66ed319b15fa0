#include "server/policy/policy_diff.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/core/text.h"
#include "server/policy/determine.h"
#include "server/policy/policy_words.h"

namespace thon {
namespace {

std::vector<PolicyField> FieldsOf(const Policy& policy) {
  std::vector<PolicyField> fields;
  for (PolicyStatement& statement : DescribePolicy(policy)) {
    for (PolicyField& field : statement.fields) {
      fields.push_back(std::move(field));
    }
  }
  return fields;
}

// Months that the period covers and pays.
std::int64_t MonthsPaid(const Policy& policy) {
  if (!policy.has_period) return 0;
  std::int64_t months = 0;
  for (Month month = policy.first_month(); month <= policy.last_month();
       month = month.Next()) {
    months += PeriodCovers(policy, month) ? 1 : 0;
  }
  return months;
}

// A team's whole amount for a month before the year's cap; nullopt as for
// TeamTotal().
std::optional<std::int64_t> MonthAmount(const Policy& policy) {
  if (policy.amounts.empty() || policy.prorate_by_day) return std::nullopt;
  absl::int128 sum = 0;
  for (const AmountLine& line : policy.amounts) {
    if (line.unit != AmountUnit::kTeamMonth) return std::nullopt;
    sum += line.vnd;
  }
  if (policy.cap_month_vnd != 0) {
    sum = std::min<absl::int128>(sum, policy.cap_month_vnd);
  }
  return static_cast<std::int64_t>(
      std::min<absl::int128>(sum, limits::kMoneyMax));
}

// One figure of both, if it differs.
void Compare(const char* vi, const char* en,
             const std::optional<std::int64_t>& before,
             const std::optional<std::int64_t>& after,
             std::vector<Sentence>* out) {
  if (before == after || !before.has_value() || !after.has_value()) return;
  const std::int64_t change = *after - *before;
  const std::string sign = change > 0 ? "+" : "";
  const std::string tail =
      absl::StrCat(": ", FormatDong(*before), " → ", FormatDong(*after), " (",
                   sign, FormatDong(change), ")");
  out->push_back({absl::StrCat(vi, tail, "."), absl::StrCat(en, tail, ".")});
}

}  // namespace

std::vector<PolicyDifference> DiffPolicies(const Policy& before,
                                           const Policy& after) {
  const std::vector<PolicyField> old_fields = FieldsOf(before);
  const std::vector<PolicyField> new_fields = FieldsOf(after);
  std::map<std::string, Sentence> old_values;
  std::map<std::string, Sentence> new_values;
  for (const PolicyField& field : old_fields) {
    old_values[field.path] = field.value;
  }
  for (const PolicyField& field : new_fields) {
    new_values[field.path] = field.value;
  }
  std::vector<PolicyDifference> out;
  for (const PolicyField& field : old_fields) {
    const auto now = new_values.find(field.path);
    if (now == new_values.end()) {
      out.push_back({field.path, field.value, std::nullopt});
    } else if (!(now->second == field.value)) {
      out.push_back({field.path, field.value, now->second});
    }
  }
  for (const PolicyField& field : new_fields) {
    if (old_values.find(field.path) == old_values.end()) {
      out.push_back({field.path, std::nullopt, field.value});
    }
  }
  return out;
}

std::optional<std::int64_t> TeamTotal(const Policy& policy) {
  const std::optional<std::int64_t> amount = MonthAmount(policy);
  // A share of the year's cap is the engine's to round.
  if (!amount.has_value() || !policy.has_period || policy.cap_year_by_month) {
    return std::nullopt;
  }
  absl::int128 total = 0;
  absl::int128 year_sum = 0;
  for (Month month = policy.first_month(); month <= policy.last_month();
       month = month.Next()) {
    if (month.month() == 1) year_sum = 0;
    if (!PeriodCovers(policy, month)) continue;
    absl::int128 paid = *amount;
    if (policy.cap_year_vnd != 0) {
      paid = std::min<absl::int128>(paid, policy.cap_year_vnd - year_sum);
    }
    year_sum += paid;
    total += paid;
  }
  return static_cast<std::int64_t>(
      std::min<absl::int128>(total, std::numeric_limits<std::int64_t>::max()));
}

std::vector<Sentence> MoneyDifference(const Policy& before,
                                      const Policy& after) {
  std::vector<Sentence> out;
  const std::int64_t old_months = MonthsPaid(before);
  const std::int64_t new_months = MonthsPaid(after);
  if (old_months != new_months) {
    out.push_back(
        {absl::StrCat("Số tháng được tính: ", old_months, " → ", new_months,
                      "."),
         absl::StrCat("Months covered: ", old_months, " → ", new_months, ".")});
  }
  Compare("Một tổ, một tháng", "For a team and month", MonthAmount(before),
          MonthAmount(after), &out);
  Compare("Một tổ, cả thời gian", "For a team, over the whole period",
          TeamTotal(before), TeamTotal(after), &out);
  return out;
}

}  // namespace thon
