#include "server/projections/unit_metrics.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/projections/activity_month.h"
#include "server/projections/emulation.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/subtree.h"
#include "server/projections/units.h"

namespace thon {
namespace {

constexpr std::int64_t kSumMax = 90'000'000'000'000'000;

void AddTo(std::int64_t more, std::int64_t* sum) {
  *sum = more >= kSumMax - *sum ? kSumMax : *sum + more;
}

void AddTo(const MetricNumber& more, MetricNumber* sum) {
  AddTo(more.numerator, &sum->numerator);
  AddTo(more.denominator, &sum->denominator);
}

std::int32_t QuarterOf(Date date) {
  const Month month = Month::Of(date);
  return month.year() * 10 + month.quarter();
}

// The parts of the months that the days touch.
std::vector<DaySpan> MonthSpans(DaySpan days) {
  std::vector<DaySpan> spans;
  for (Date first = days.first; first <= days.last;) {
    const Date last = std::min(days.last, Month::Of(first).last_day());
    spans.push_back({first, last});
    first = last.Next();
  }
  return spans;
}

bool SumsMonths(Metric metric) {
  return metric == Metric::kM12 || metric == Metric::kM12b;
}

// What one unit shows over some days. Reads each thing once, when it is first
// asked for.
class UnitReader {
 public:
  UnitReader(const RowReader& rows, UnitId unit, DaySpan days, Date today,
             const Policy* policy)
      : rows_(rows),
        unit_(unit),
        row_(GetUnit(rows, unit)),
        days_(days),
        today_(today),
        policy_(policy) {}

  MetricNumber Read(const MetricSelector& selector);
  // The teams' months in one row: what there is to select by.
  const std::vector<v1::TeamMonth>& Months();
  UnitCoverage Coverage();

 private:
  struct TeamSpan {
    TeamId team;
    DaySpan days;  // In one month.
  };
  const std::vector<TeamSpan>& Teams();
  static MonthOptions OptionsOf(const TeamSpan& span);
  void SetDeadline(Month month, MonthOptions* options) const;
  // The day by whose map the span is looked at: its last, but none to come;
  // nullopt if the unit does not exist on any day of the span.
  std::optional<Date> StructureDay(DaySpan days) const;
  bool PaysAny(TeamId team, const std::vector<std::string>& policies) const;

  MetricNumber Households();
  MetricNumber Indicator(Metric metric);
  std::optional<MetricNumber> Observed(UnitId unit, absl::string_view metric,
                                       DaySpan days, Date structure) const;
  MetricNumber Models();
  MetricNumber Supported();

  const RowReader& rows_;
  const UnitId unit_;
  const std::optional<v1::UnitRow> row_;
  const DaySpan days_;
  const Date today_;
  const Policy* const policy_;
  std::optional<std::vector<TeamSpan>> teams_;
  std::optional<std::vector<v1::TeamMonth>> months_;
  std::optional<UnitCoverage> coverage_;
};

// The first and last day of `days` on which the team exists; nullopt: none.
std::optional<DaySpan> Existence(const v1::TeamRow& team, DaySpan days) {
  days.first = std::max(days.first, Date(team.founded_date()));
  if (team.ended_date() != 0) {
    days.last = std::min(days.last, Date(team.ended_date()).Previous());
  }
  if (days.first > days.last) return std::nullopt;
  return days;
}

std::optional<Date> UnitReader::StructureDay(DaySpan days) const {
  days.last = std::min(days.last, today_);
  if (!row_.has_value() || days.first > days.last) return std::nullopt;
  const Date day = NearestDay(*row_, days.last);
  if (day < days.first || day > days.last) return std::nullopt;
  return day;
}

const std::vector<UnitReader::TeamSpan>& UnitReader::Teams() {
  if (teams_.has_value()) return *teams_;
  teams_.emplace();
  for (const DaySpan& span : MonthSpans(days_)) {
    const std::optional<Date> day = StructureDay(span);
    if (!day.has_value()) continue;
    for (const UnitId unit : SubtreeOn(rows_, unit_, *day)) {
      rows_.Scan(
          Table::kTeamByUnit, keys::Unit(unit), "",
          [&](absl::string_view key, const RowVersion&) {
            const TeamId id(keys::KeyView(key).Skip(8).U64());
            const std::optional<v1::TeamRow> team = GetTeam(rows_, id);
            if (!team.has_value()) return true;
            const std::optional<DaySpan> exists = Existence(*team, span);
            if (exists.has_value() && UnitOn(*team, exists->last) == unit) {
              teams_->push_back({id, span});
            }
            return true;
          });
    }
  }
  return *teams_;
}

// A month that is looked at in part.
MonthOptions UnitReader::OptionsOf(const TeamSpan& span) {
  const Month month = Month::Of(span.days.first);
  MonthOptions options;
  if (span.days.first != month.first_day()) options.first_day = span.days.first;
  if (span.days.last != month.last_day()) options.last_day = span.days.last;
  return options;
}

const std::vector<v1::TeamMonth>& UnitReader::Months() {
  if (months_.has_value()) return *months_;
  months_.emplace();
  for (const TeamSpan& span : Teams()) {
    const Month month = Month::Of(span.days.first);
    const Holder holder = Holder::Of(span.team);
    MonthOptions options = OptionsOf(span);
    SetDeadline(month, &options);
    v1::TeamMonth row = options.plain()
                            ? GetMonth(rows_, holder, month)
                            : ComputeMonth(rows_, holder, month, options);
    if (row.ByteSizeLong() != 0) months_->push_back(std::move(row));
  }
  return *months_;
}

void UnitReader::SetDeadline(Month month, MonthOptions* options) const {
  if (policy_ != nullptr && policy_->late.effect == LateEffect::kLeftOut) {
    options->late_deadline = policy_->late_deadline(month);
  }
}

// Distinct over the months for each team.
MetricNumber UnitReader::Households() {
  std::map<TeamId, std::vector<TeamSpan>> teams;
  for (const TeamSpan& span : Teams()) teams[span.team].push_back(span);
  MetricNumber value;
  for (const auto& [team, spans] : teams) {
    Pseudonyms households;
    for (const TeamSpan& span : spans) {
      const Month month = Month::Of(span.days.first);
      MonthOptions options = OptionsOf(span);
      SetDeadline(month, &options);
      AddHouseholds(rows_, Holder::Of(team), month, options, &households);
    }
    AddTo(static_cast<std::int64_t>(households.size()), &value.numerator);
  }
  return value;
}

// The unit's own newest observation of the days, else the sum of those below
// it; nullopt if there is none.
std::optional<MetricNumber> UnitReader::Observed(UnitId unit,
                                                 absl::string_view metric,
                                                 DaySpan days,
                                                 Date structure) const {
  const std::optional<v1::IndicatorRow> own =
      NewestObservation(rows_, unit, metric, days.first, days.last);
  if (own.has_value()) {
    return MetricNumber{own->numerator(), own->denominator()};
  }
  std::optional<MetricNumber> sum;
  for (const UnitId child : ChildrenOn(rows_, unit, structure)) {
    const std::optional<MetricNumber> value =
        Observed(child, metric, days, structure);
    if (!value.has_value()) continue;
    if (!sum.has_value()) sum = kUnknownNumber;
    // Of how many is unknown: so is its part of the sum.
    if (value->denominator != 0) AddTo(*value, &*sum);
  }
  return sum;
}

MetricNumber UnitReader::Indicator(Metric metric) {
  MetricNumber sum = kUnknownNumber;
  const std::vector<DaySpan> spans =
      SumsMonths(metric) ? MonthSpans(days_) : std::vector<DaySpan>{days_};
  for (const DaySpan& span : spans) {
    const std::optional<Date> day = StructureDay(span);
    if (!day.has_value()) continue;
    const std::optional<MetricNumber> value =
        Observed(unit_, InfoOf(metric).id, span, *day);
    if (value.has_value() && value->denominator != 0) AddTo(*value, &sum);
  }
  return sum;
}

MetricNumber UnitReader::Models() {
  MetricNumber value;
  const std::optional<Date> day = StructureDay(days_);
  if (!day.has_value()) return value;
  for (const UnitId unit : SubtreeOn(rows_, unit_, *day)) {
    AddTo(AcceptedModels(rows_, unit, QuarterOf(days_.first),
                         QuarterOf(days_.last)),
          &value.numerator);
  }
  return value;
}

bool UnitReader::PaysAny(TeamId team,
                         const std::vector<std::string>& policies) const {
  for (const std::string& policy : policies) {
    for (const DaySpan& span : MonthSpans(days_)) {
      const auto row = GetRow<v1::Determination>(
          rows_, Table::kDetermination,
          keys::Determination(policy, Month::Of(span.first),
                              v1::BENEFICIARY_KIND_TEAM, team.value));
      if (row.has_value() && row->amount_vnd() > 0) return true;
    }
  }
  return false;
}

MetricNumber UnitReader::Supported() {
  std::set<std::string> ids;
  rows_.Scan(Table::kPolicy, "", "",
             [&ids](absl::string_view key, const RowVersion&) {
               ids.emplace(keys::KeyView(key).Text());
               return true;
             });
  const std::vector<std::string> policies(ids.begin(), ids.end());
  std::set<TeamId> teams;
  for (const TeamSpan& span : Teams()) teams.insert(span.team);
  MetricNumber value = kUnknownNumber;
  for (const TeamId team : teams) {
    ++value.denominator;
    if (PaysAny(team, policies)) ++value.numerator;
  }
  return value;
}

UnitCoverage UnitReader::Coverage() {
  if (!coverage_.has_value()) {
    coverage_ = CoverageOf(rows_, unit_, StructureDay(days_).value_or(Date()));
  }
  return *coverage_;
}

MetricNumber UnitReader::Read(const MetricSelector& selector) {
  switch (InfoOf(selector.metric).source) {
    case MetricSource::kActivity: {
      if (selector.metric == Metric::kM08) return Households();
      std::vector<const v1::TeamMonth*> months;
      for (const v1::TeamMonth& month : Months()) months.push_back(&month);
      return ReadActivityMetric(selector, months);
    }
    case MetricSource::kIndicator:
      return Indicator(selector.metric);
    case MetricSource::kModels:
      return Models();
    case MetricSource::kUnit:
      return Coverage().levels[v1::UNIT_LEVEL_VILLAGE];
    default:
      break;
  }
  if (selector.metric == Metric::kM04) return {Coverage().members, 1};
  if (selector.metric == Metric::kM25) return Supported();
  return kUnknownNumber;
}

MetricSelector Whole(Metric metric) {
  MetricSelector selector;
  selector.metric = metric;
  return selector;
}

// The selectors of a metric's parts that are not 0.
std::vector<MetricSelector> PartsOf(Metric metric,
                                    const std::vector<v1::TeamMonth>& months) {
  std::set<MetricSelector> parts;
  MetricSelector part = Whole(metric);
  for (const v1::TeamMonth& month : months) {
    switch (metric) {
      case Metric::kM09:
        for (const v1::TopicCount& one : month.people_by_topic()) {
          part.topic = one.topic();
          parts.insert(part);
        }
        break;
      case Metric::kM10:
        for (const v1::AppCount& one : month.installs_by_app()) {
          part.app = one.app();
          part.basis = one.basis();
          parts.insert(part);
        }
        break;
      case Metric::kM11:
        for (const v1::AccountCount& one : month.accounts_by_kind()) {
          part.account = one.kind();
          parts.insert(part);
        }
        break;
      case Metric::kM19:
        for (const v1::TrainingCount& one : month.trainings()) {
          part.audience = one.audience();
          for (const bool attendees : {false, true}) {
            part.attendees = attendees;
            parts.insert(part);
          }
        }
        break;
      default:
        break;
    }
  }
  MetricSelector whole = Whole(metric);
  parts.erase(whole);
  if (metric == Metric::kM19) {
    whole.attendees = true;
    parts.insert(whole);
  } else if (metric == Metric::kM21) {
    whole.mean = true;
    parts.insert(whole);
  }
  return {parts.begin(), parts.end()};
}

bool IsUnitMetric(Metric metric) {
  switch (InfoOf(metric).source) {
    case MetricSource::kActivity:
    case MetricSource::kIndicator:
    case MetricSource::kModels:
    case MetricSource::kUnit:
      return true;
    default:
      return metric == Metric::kM04 || metric == Metric::kM25;
  }
}

}  // namespace

MetricNumber UnitMetric(const RowReader& rows, UnitId unit,
                        const MetricSelector& selector, DaySpan days,
                        Date today, const Policy* policy) {
  return UnitReader(rows, unit, days, today, policy).Read(selector);
}

std::vector<UnitMetricValue> UnitMetrics(const RowReader& rows, UnitId unit,
                                         DaySpan days, Date today,
                                         const Policy* policy) {
  UnitReader reader(rows, unit, days, today, policy);
  std::vector<UnitMetricValue> values;
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    const auto metric = static_cast<Metric>(i);
    if (!IsUnitMetric(metric)) continue;
    const MetricSelector whole = Whole(metric);
    values.push_back({whole, "", reader.Read(whole)});
    if (InfoOf(metric).source == MetricSource::kActivity) {
      for (const MetricSelector& part : PartsOf(metric, reader.Months())) {
        values.push_back({part, Qualifier(part), reader.Read(part)});
      }
    }
    if (metric != Metric::kM24) continue;
    const UnitCoverage coverage = reader.Coverage();
    const std::optional<v1::UnitRow> row = GetUnit(rows, unit);
    for (const auto& [level, name] :
         {std::make_pair(v1::UNIT_LEVEL_COMMUNE, "COMMUNE"),
          std::make_pair(v1::UNIT_LEVEL_DISTRICT, "DISTRICT")}) {
      if (!row.has_value() || level <= row->level() ||
          coverage.levels[level].denominator == 0) {
        continue;
      }
      values.push_back(
          {whole, absl::StrCat("units=", name), coverage.levels[level]});
    }
  }
  return values;
}

}  // namespace thon
