#include "server/projections/metric_facts.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "server/core/check.h"
#include "server/projections/row_keys.h"
#include "server/projections/unit_metrics.h"

namespace thon {
namespace {

Month FirstMonthOf(const Policy& policy, Month month) {
  return policy.has_period ? policy.first_month() : month;
}

bool LeavesLateOut(const Policy& policy) {
  return policy.late.effect == LateEffect::kLeftOut;
}

// Distinct households over months that each have a deadline of their own.
class LateHouseholds {
 public:
  LateHouseholds(const RowReader& rows, std::uint64_t team)
      : rows_(rows), team_(team) {}

  void Add(Month month, const MonthOptions& options) {
    rows_.Scan(Table::kActivityDay, keys::Team(TeamId(team_)),
               keys::ActivityDay(TeamId(team_), month.first_day()),
               [&](absl::string_view key, const RowVersion& row) {
                 const Date date = keys::KeyView(key).Skip(8).Day();
                 if (date > month.last_day()) return false;
                 v1::ActivityDay day;
                 THON_CHECK(day.ParseFromString(row.value));
                 for (const auto& fact : day.facts()) Add(fact, date, options);
                 if (!options.with_held) return true;
                 for (const auto& fact : day.held()) Add(fact, date, options);
                 return true;
               });
  }
  std::int64_t count() const { return static_cast<std::int64_t>(seen_.size()); }

 private:
  void Add(const v1::ActivityFact& fact, Date date,
           const MonthOptions& options) {
    if (fact.household().empty() ||
        (options.late_deadline.has_value() &&
         Date(date.days + fact.days_late()) >= *options.late_deadline)) {
      return;
    }
    seen_.insert(fact.household());
  }

  const RowReader& rows_;
  const std::uint64_t team_;
  std::set<std::string> seen_;
};

}  // namespace

UnitId UnitPath::At(v1::UnitLevel level) const {
  for (const Step& step : steps) {
    if (level == v1::UNIT_LEVEL_UNSPECIFIED || step.level == level) {
      return step.unit;
    }
  }
  return UnitId(0);
}

void MetricFacts::Begin(std::uint64_t team) {
  if (team == team_) return;
  team_ = team;
  months_.clear();
  arena_.Reset();
  derived_.clear();
}

const v1::TeamMonth& MetricFacts::MonthOf(std::uint64_t team, Month month) {
  Begin(team);
  const auto [at, fresh] = months_.try_emplace(month);
  if (fresh) {
    const std::optional<RowVersion> row =
        rows_.Get(Table::kTeamMonth, keys::TeamMonth(TeamId(team), month));
    at->second = google::protobuf::Arena::CreateMessage<v1::TeamMonth>(&arena_);
    if (row.has_value()) THON_CHECK(at->second->ParseFromString(row->value));
  }
  return *at->second;
}

// Before the deadline has come nothing can be late, and the row says all.
MonthOptions MetricFacts::OptionsFor(const Policy& policy, Month month,
                                     Date today, bool with_held) const {
  MonthOptions options;
  options.with_held = with_held;
  if (LeavesLateOut(policy) && today >= policy.late_deadline(month)) {
    options.late_deadline = policy.late_deadline(month);
  }
  return options;
}

const MetricFacts::Derived& MetricFacts::DerivedOf(
    Month month, const MonthOptions& options) {
  const auto [at, fresh] = derived_.try_emplace(std::make_tuple(
      month, options.with_held, options.late_deadline.value_or(Date())));
  if (fresh) {
    Derived& derived = at->second;
    derived.month = ComputeMonth(rows_, Holder::Of(TeamId(team_)), month,
                                 options, &derived.left_out);
  }
  return at->second;
}

MetricNumber MetricFacts::ReadActivity(const MetricSelector& selector,
                                       const std::vector<Month>& months,
                                       const Policy& policy, Date today,
                                       bool with_held) {
  std::vector<const v1::TeamMonth*> rows;
  bool plain = true;
  for (const Month month : months) {
    const v1::TeamMonth& row = MonthOf(team_, month);
    const MonthOptions options = OptionsFor(
        policy, month, today,
        with_held && (selector.metric == Metric::kM20 ? row.tasks_due() > 0
                                                      : row.held() > 0));
    plain &= options.plain();
    rows.push_back(options.plain() ? &row : &DerivedOf(month, options).month);
  }
  if (selector.metric != Metric::kM08 || months.size() <= 1) {
    return ReadActivityMetric(selector, rows);
  }
  // A household seen in two months counts once.
  MonthOptions options;
  options.with_held = with_held;
  if (LeavesLateOut(policy) && !plain) {
    LateHouseholds households(rows_, team_);
    for (const Month month : months) {
      households.Add(month, OptionsFor(policy, month, today, with_held));
    }
    return {households.count(), 1};
  }
  return {DistinctHouseholds(rows_, Holder::Of(TeamId(team_)), months, options),
          1};
}

MetricNumber MetricFacts::ReadUnit(const MetricSelector& selector,
                                   const std::vector<Month>& months,
                                   const Policy& policy, Date today,
                                   const UnitPath& path) {
  const UnitId unit = path.At(selector.of);
  if (unit == UnitId(0)) return kUnknownNumber;
  DaySpan days = DaySpan::Of(months.front(), months.back());
  if (selector.over == Grain::kWindow && policy.has_period) {
    days.first = std::max(days.first, policy.from);
    days.last = std::min(days.last, policy.to);
    if (days.last < days.first) return kUnknownNumber;
  }
  const auto [at, fresh] = units_.try_emplace(
      std::make_tuple(unit, selector, days.first, days.last));
  if (fresh) at->second = UnitMetric(rows_, unit, selector, days, today);
  return at->second;
}

void MetricFacts::ReadLate(const Policy& policy, const std::set<Month>& months,
                           Date today, SelectorValues* values) {
  for (const Month month : months) {
    const MonthOptions options = OptionsFor(policy, month, today, false);
    if (options.plain()) continue;
    values->late_left_out += DerivedOf(month, options).left_out;
  }
}

SelectorValues MetricFacts::Read(std::uint64_t team, const Policy& policy,
                                 Month month, Date today,
                                 const UnitPath& path) {
  Begin(team);
  SelectorValues values;
  values.counted.resize(policy.selectors.size());
  values.with_held.resize(policy.selectors.size());
  std::set<Month> looked_at = {month};
  for (std::size_t i = 0; i < policy.selectors.size(); ++i) {
    const MetricSelector& selector = policy.selectors[i];
    const std::vector<Month> months =
        MonthsOf(selector.over, month, FirstMonthOf(policy, month));
    MetricNumber& counted = values.counted[i];
    MetricNumber& with_held = values.with_held[i];
    switch (InfoOf(selector.metric).source) {
      case MetricSource::kActivity: {
        counted = ReadActivity(selector, months, policy, today, false);
        // A task of the month may be done on a held day of another.
        const bool held =
            selector.metric == Metric::kM20 ||
            std::any_of(months.begin(), months.end(), [&](Month one) {
              return MonthOf(team, one).held() > 0;
            });
        with_held = held ? ReadActivity(selector, months, policy, today, true)
                         : counted;
        looked_at.insert(months.begin(), months.end());
        break;
      }
      case MetricSource::kIndicator:
      case MetricSource::kModels:
      case MetricSource::kUnit:
        counted = ReadUnit(selector, months, policy, today, path);
        with_held = counted;
        break;
      case MetricSource::kRoster:
      case MetricSource::kUpdate:
      case MetricSource::kMoney:
        break;
    }
  }
  if (LeavesLateOut(policy)) ReadLate(policy, looked_at, today, &values);
  return values;
}

bool LooksAtMonth(const Policy& policy, Month asked, Month happened,
                  bool (*is_source)(MetricSource)) {
  if (happened > asked) return false;
  return std::any_of(policy.selectors.begin(), policy.selectors.end(),
                     [&](const MetricSelector& selector) {
                       if (!is_source(InfoOf(selector.metric).source))
                         return false;
                       switch (selector.over) {
                         case Grain::kMonth:
                           return happened == asked;
                         case Grain::kQuarter:
                           return happened.year() == asked.year() &&
                                  happened.quarter() == asked.quarter();
                         case Grain::kYear:
                           return happened.year() == asked.year();
                         case Grain::kWindow:
                           return true;
                       }
                       return true;
                     });
}

bool LooksBack(const Policy& policy, bool (*is_source)(MetricSource)) {
  return std::any_of(policy.selectors.begin(), policy.selectors.end(),
                     [&](const MetricSelector& selector) {
                       return selector.over != Grain::kMonth &&
                              is_source(InfoOf(selector.metric).source);
                     });
}

}  // namespace thon
