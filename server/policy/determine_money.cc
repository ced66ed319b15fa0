// What a covered month comes to: lines, days, rounding, caps.
#include <algorithm>
#include <utility>

#include "server/policy/determine_run.h"

namespace thon {
namespace {

std::int64_t DayCount(Date first, Date last) {
  return std::int64_t{last.days} - first.days + 1;
}

absl::string_view UnitWord(AmountUnit unit) {
  switch (unit) {
    case AmountUnit::kTeamMonth:
      return "team_month";
    case AmountUnit::kMemberMonth:
      return "member_month";
    case AmountUnit::kPersonDay:
      return "person_day";
    case AmountUnit::kPersonNight:
      return "person_night";
  }
  return "";
}

bool IsMemberInMonth(const std::vector<MemberFact>& members,
                     const MemberFact& member, LookDay on, Date first,
                     Date last) {
  switch (on) {
    case LookDay::kFirstDay:
      return member.IsMemberOn(first);
    case LookDay::kLastDay:
      return member.IsMemberOn(last);
    case LookDay::kAnyDay:
      return member.joined <= last &&
             (member.left.days == 0 || first < member.left);
    case LookDay::kEveryDay:
      break;
  }
  // Every day may be made of several memberships, one behind the other.
  Date day = first;
  for (bool found = true; found && day <= last;) {
    found = false;
    for (const MemberFact& one : members) {
      if (one.id != member.id || !one.IsMemberOn(day)) continue;
      day = one.left.days == 0 ? last.Next() : one.left;
      found = true;
      break;
    }
  }
  return last < day;
}

}  // namespace

std::int64_t Share(std::int64_t amount, std::int64_t numerator,
                   std::int64_t denominator, const Rounding& rounding) {
  const absl::int128 product = absl::int128(amount) * numerator;
  const absl::int128 step = absl::int128(rounding.to_vnd) * denominator;
  absl::int128 steps = product / step;
  const absl::int128 rest = product - steps * step;
  if ((rounding.mode == RoundMode::kUp && rest > 0) ||
      (rounding.mode == RoundMode::kHalfUp && rest * 2 >= step)) {
    steps += 1;
  }
  return Saturated(steps * rounding.to_vnd);
}

std::int64_t Run::Amount() {
  const std::int64_t days = policy_.prorate_by_day ? DaysPaidFor() : 0;
  absl::int128 sum = 0;
  TraceStep group;
  for (const AmountLine& line : policy_.amounts) {
    AmountPart part = Line(line);
    units_ += part.quantity;
    const bool by_month = line.unit == AmountUnit::kTeamMonth ||
                          line.unit == AmountUnit::kMemberMonth;
    const std::int64_t whole = part.amount_vnd;
    if (policy_.prorate_by_day && by_month) {
      part.amount_vnd = Prorated(whole, days);
    }
    sum += part.amount_vnd;
    if (trace_ != nullptr) {
      TraceStep step;
      step.rule = Rule::kAmount;
      step.path = line.path;
      step.basis = &line.basis;
      step.number = whole;
      step.quantity = part.quantity;
      step.rate_vnd = part.rate_vnd;
      if (line.unit == AmountUnit::kMemberMonth) {
        step.inputs.push_back("members");
      } else if (line.unit != AmountUnit::kTeamMonth) {
        step.inputs.push_back("mobilisations");
      }
      group.children.push_back(std::move(step));
    }
    result_.parts.push_back(std::move(part));
  }
  const std::int64_t amount = Saturated(sum);
  if (trace_ != nullptr) {
    if (group.children.size() == 1) {
      TraceStep only = std::move(group.children.front());
      group = std::move(only);
    } else {
      group.rule = Rule::kAmount;
      group.path = "amount";
      group.basis = &policy_.amounts.front().basis;
      group.number = amount;
    }
    amount_step_ = trace_->steps.size();
    trace_->steps.push_back(std::move(group));
  }
  NoteDays(days, amount);
  if (units_ == 0) Flag(v1::REASON_CODE_NO_UNITS);
  return Capped(amount);
}

// Says for how many days the month's lines were paid, if by days at all.
void Run::NoteDays(std::int64_t days, std::int64_t amount) {
  if (!policy_.prorate_by_day || (!policy_.pays_by(AmountUnit::kTeamMonth) &&
                                  !policy_.pays_by(AmountUnit::kMemberMonth))) {
    return;
  }
  const bool whole = days == DayCount(first_, last_);
  if (TraceStep* step =
          Note(Rule::kProrata, "month_rule.prorata", &policy_.month_basis,
               whole, v1::REASON_CODE_PRORATED, {"exists", "suspensions"})) {
    step->number = amount;
    step->quantity = days;
    if (!whole) {
      TraceStep rounding;
      rounding.rule = Rule::kRounding;
      rounding.path = "rounding";
      rounding.basis = &policy_.rounding.basis;
      rounding.number = amount;
      step->children.push_back(std::move(rounding));
    }
  }
  if (!whole) Flag(v1::REASON_CODE_PRORATED);
}

AmountPart Run::Line(const AmountLine& line) {
  AmountPart part;
  part.path = line.path;
  part.per = std::string(UnitWord(line.unit));
  part.rate_vnd = line.vnd;
  switch (line.unit) {
    case AmountUnit::kTeamMonth:
      part.quantity = 1;
      break;
    case AmountUnit::kMemberMonth:
      part.quantity = Members(line);
      if (line.members_on == LookDay::kLastDay && line.members_max == 0) {
        MetricSelector selector;
        selector.metric = Metric::kM04;
        Use(selector, {part.quantity, 1});
      }
      break;
    case AmountUnit::kPersonDay:
    case AmountUnit::kPersonNight:
      Mobilised(line, &part);
      return part;
  }
  part.amount_vnd = Saturated(absl::int128(line.vnd) * part.quantity);
  return part;
}

// People who are members on the day the line looks at, each once.
std::int64_t Run::Members(const AmountLine& line) const {
  absl::InlinedVector<std::uint64_t, 32> ids;
  for (const MemberFact& member : facts_.members) {
    if (IsMemberInMonth(facts_.members, member, line.members_on, first_,
                        last_)) {
      ids.push_back(member.id.value);
    }
  }
  std::sort(ids.begin(), ids.end());
  const std::int64_t count = std::unique(ids.begin(), ids.end()) - ids.begin();
  return line.members_max == 0 ? count : std::min(count, line.members_max);
}

// Mobilisations of the line's shift on days of the period.
void Run::Mobilised(const AmountLine& line, AmountPart* part) const {
  const v1::Shift shift =
      line.unit == AmountUnit::kPersonNight ? v1::SHIFT_NIGHT : v1::SHIFT_DAY;
  absl::int128 quantity = 0;
  absl::int128 sum = 0;
  std::int64_t common = -1;  // The rate of all of them; 0 if they differ.
  for (const MobilisationFact& one : facts_.mobilisations) {
    if (one.shift != shift || one.date < policy_.from ||
        policy_.to < one.date || one.persons <= 0) {
      continue;
    }
    const std::int64_t rate = line.up_to && one.rate_vnd > 0
                                  ? std::min(one.rate_vnd, line.vnd)
                                  : line.vnd;
    quantity += one.persons;
    sum += absl::int128(rate) * one.persons;
    common = common == -1 || common == rate ? rate : 0;
  }
  part->quantity = Saturated(quantity);
  part->rate_vnd = common == -1 ? line.vnd : common;
  part->amount_vnd = Saturated(sum);
}

// Days of the month on which the period runs and the team exists and is not
// suspended.
std::int64_t Run::DaysPaidFor() const {
  std::int64_t days = 0;
  for (Date day = std::max({first_, policy_.from, facts_.exists.from});
       day <= std::min({last_, policy_.to, facts_.exists.to});
       day = day.Next()) {
    const bool suspended =
        std::any_of(facts_.suspensions.begin(), facts_.suspensions.end(),
                    [&](const DayRange& range) { return IsThere(range, day); });
    days += suspended ? 0 : 1;
  }
  return days;
}

std::int64_t Run::Prorated(std::int64_t amount, std::int64_t days) {
  const std::int64_t month_days = DayCount(first_, last_);
  // A whole month is paid as the policy says it.
  if (days == month_days) return amount;
  const std::int64_t rounded =
      Share(amount, days, month_days, policy_.rounding);
  if (absl::int128(rounded) * month_days != absl::int128(amount) * days &&
      std::find(flags_.begin(), flags_.end(), v1::REASON_CODE_ROUNDED) ==
          flags_.end()) {
    Flag(v1::REASON_CODE_ROUNDED);
  }
  // A part of a month is never more than all of it, however it is rounded.
  return std::min(rounded, amount);
}

std::int64_t Run::YearCap() const {
  if (!policy_.cap_year_by_month) return policy_.cap_year_vnd;
  const Month first =
      std::max(policy_.first_month(), Month::Of(month_.year(), 1));
  const Month last =
      std::min(policy_.last_month(), Month::Of(month_.year(), 12));
  int months = MonthCount(first, last);
  // Only a month at an end of the period can be cut.
  if (!PeriodCovers(policy_, first)) --months;
  if (last != first && !PeriodCovers(policy_, last)) --months;
  return std::min(Share(policy_.cap_year_vnd, months, 12, policy_.rounding),
                  policy_.cap_year_vnd);
}

std::int64_t Run::Capped(std::int64_t amount) {
  if (policy_.cap_month_vnd == 0 && policy_.cap_year_vnd == 0) return amount;
  std::int64_t capped = amount;
  if (policy_.cap_month_vnd != 0) {
    capped = std::min(capped, policy_.cap_month_vnd);
  }
  if (policy_.cap_year_vnd != 0) {
    const std::int64_t used =
        std::clamp<std::int64_t>(facts_.year_used_vnd, 0, limits::kMoneyMax);
    capped = std::min(capped, std::max<std::int64_t>(0, YearCap() - used));
  }
  if (TraceStep* step =
          Note(Rule::kCap, "caps", &policy_.cap_basis, capped == amount,
               v1::REASON_CODE_CAP_REACHED, {})) {
    // Of nothing, a cap leaves nothing, whatever was used.
    if (policy_.cap_year_vnd != 0 && amount != 0) {
      step->inputs.push_back("year_used");
    }
    step->number = capped;
  }
  if (capped != amount) Flag(v1::REASON_CODE_CAP_REACHED);
  return capped;
}

}  // namespace thon
