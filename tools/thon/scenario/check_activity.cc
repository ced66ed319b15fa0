// Standings, months of activity, metrics of units.
#include <optional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/policy/metrics.h"
#include "server/policy/policy_yaml.h"
#include "server/projections/activity.h"
#include "server/projections/activity_month.h"
#include "server/projections/holder.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/unit_metrics.h"
#include "tools/thon/scenario/check.h"
#include "tools/thon/scenario/payload.h"
#include "tools/thon/scenario/values.h"
#include "tools/thon/words.h"

namespace thon::scenario {
namespace {

constexpr char kNoSuchPart[] =
    "chỉ số này không có phần đó (no such part of this metric)";

std::string ShowMonthOf(std::int32_t yyyymm) {
  return yyyymm == 0 ? "none" : Month(yyyymm).Iso();
}

// Whether the author had recorded the number by then.
bool IsRecorded(const Look& look, const EventPlace& place) {
  const auto health = GetRow<v1::SyncHealthRow>(*look.rows, Table::kSyncHealth,
                                                keys::SyncHealth(place.author));
  return health.has_value() && health->last_sequence() >= place.sequence.value;
}

// The day of an activity without exception: the one whose row has its fact.
std::optional<Date> DayOfFact(const RowReader& rows, const EventPlace& place) {
  const auto author = GetAuthor(rows, place.author);
  if (!author.has_value()) return std::nullopt;
  std::optional<Date> found;
  // Another team may have taken over, so all days are looked through.
  ScanRows<v1::ActivityDay>(
      rows, Table::kActivityDay, "",
      [&](absl::string_view key, const v1::ActivityDay& day, Position) {
        for (const v1::ActivityFact& fact : day.facts()) {
          if (fact.author_number() == author->number() &&
              fact.sequence() == place.sequence.value) {
            found = keys::KeyView(key).Skip(8).Day();
          }
        }
        return !found.has_value();
      });
  return found;
}

MetricNumber MonthMetric(const v1::TeamMonth& row,
                         const MetricSelector& selector) {
  if (selector.metric == Metric::kM07) {
    return {row.update_confirmed() ? 1 : 0, 1};
  }
  const v1::TeamMonth* const months[] = {&row};
  return ReadActivityMetric(selector, months);
}

template <typename Enum>
bool ReadEnum(absl::string_view word, Enum* value) {
  const auto* const type = google::protobuf::GetEnumDescriptor<Enum>();
  for (int i = 0; i < type->value_count(); ++i) {
    if (cli::ShortEnumName(type, type->value(i)->number()) == word) {
      *value = static_cast<Enum>(type->value(i)->number());
      return true;
    }
  }
  return false;
}

// The selector that prints as this qualifier.
bool ReadQualifier(absl::string_view text, MetricSelector* selector) {
  for (const absl::string_view part :
       absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    const auto& [key, word] = pair;
    bool good = true;
    if (key == "topic") {
      good = ReadEnum(word, &selector->topic);
    } else if (key == "app") {
      selector->app = std::string(word);
    } else if (key == "basis") {
      good = ReadEnum(word, &selector->basis);
    } else if (key == "account") {
      good = ReadEnum(word, &selector->account);
    } else if (key == "audience") {
      good = ReadEnum(word, &selector->audience);
    } else if (part == "count=attendees") {
      selector->attendees = true;
    } else if (part == "take=mean") {
      selector->mean = true;
    } else {
      good = false;
    }
    if (!good) return false;
  }
  return true;
}

std::string Show(const MetricSelector& selector, const MetricNumber& value) {
  return ShowNumber(
      value.numerator, value.denominator,
      InfoOf(selector.metric).kind == MetricKind::kRatio || selector.mean);
}

absl::string_view GrainName(Grain grain) {
  switch (grain) {
    case Grain::kMonth:
      return "month";
    case Grain::kQuarter:
      return "quarter";
    case Grain::kYear:
      return "year";
    case Grain::kWindow:
      return "window";
  }
  return "";
}

// "PASS", then "PASS/FAIL": neighbours that are equal are one.
void AddOnce(absl::string_view word, std::string* text) {
  if (text->empty()) {
    *text = std::string(word);
  } else if (*text != word && !absl::EndsWith(*text, absl::StrCat("/", word))) {
    absl::StrAppend(text, "/", word);
  }
}

// Calls visit(field, name, selector, qualifier) for each metric asked for.
template <typename Visit>
void ForMetrics(const Expectation& expectation, absl::string_view prefix,
                const Visit& visit) {
  for (const Want& want : expectation.wants) {
    absl::string_view rest = want.field;
    if (!absl::ConsumePrefix(&rest, prefix)) continue;
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(rest, absl::MaxSplits(' ', 1));
    MetricSelector selector;
    if (FindMetric(pair.first, &selector.metric)) {
      visit(want.field, selector, pair.second);
    }
  }
}

}  // namespace

v1::EventStanding StandingAt(const RowReader& rows, const EventPlace& place) {
  v1::EventStanding standing;
  standing.set_standing(v1::STANDING_COUNTED);
  standing.set_time_quality(v1::TIME_QUALITY_TRUSTED);
  const std::vector<v1::EventStanding> exceptions =
      StandingsOf(rows, place.author, place.sequence, place.sequence);
  if (!exceptions.empty()) standing = exceptions.front();
  if (standing.local_date() != 0) return standing;
  const std::optional<Date> day = DayOfFact(rows, place);
  if (day.has_value()) {
    standing.set_local_date(day->days);
    standing.set_period_month(Month::Of(*day).yyyymm);
  }
  return standing;
}

void LookAtStanding(const Look& look, Actual* actual) {
  const Expectation& expectation = *look.expectation;
  const std::optional<EventPlace> place =
      look.history->Find(expectation.event, expectation.phone);
  auto& fields = actual->fields;
  if (!place.has_value() || !IsRecorded(look, *place)) {
    actual->nothing = "NOT_RECORDED";
    return;
  }
  const v1::EventStanding standing = StandingAt(*look.rows, *place);
  fields["is"] = ShowEnum(standing.standing());
  fields["reason"] = ShowEnum(standing.reason());
  fields["month"] = ShowMonthOf(standing.period_month());
  fields["date"] = ShowDay(standing.local_date());
  fields["quality"] = ShowEnum(standing.time_quality());
  fields["clock_wrong"] = ShowFlag(standing.wall_clock_wrong());
  if (standing.earliest_ms() != 0) {
    fields["earliest"] = ShowMoment(Instant(standing.earliest_ms()));
    fields["latest"] = ShowMoment(Instant(standing.latest_ms()));
  }
  actual->notes.push_back(absl::StrCat("author ", place->author.Hex(),
                                       ", number ", place->sequence.value));
}

void LookAtMonth(const Look& look, Actual* actual) {
  const Expectation& expectation = *look.expectation;
  const bool team = expectation.kind == v1::BENEFICIARY_KIND_TEAM;
  const v1::TeamMonth row = GetMonth(
      *look.rows, Holder{!team, expectation.beneficiary}, expectation.first);
  const auto* const type = row.GetDescriptor();
  const auto& reflection = *row.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* const field = type->field(i);
    if (field->is_repeated()) continue;
    std::string text;
    switch (field->cpp_type()) {
      case google::protobuf::FieldDescriptor::CPPTYPE_BOOL:
        text = ShowFlag(reflection.GetBool(row, field));
        break;
      case google::protobuf::FieldDescriptor::CPPTYPE_INT32:
        text = absl::EndsWith(field->name(), "_date")
                   ? ShowDay(reflection.GetInt32(row, field))
                   : absl::StrCat(reflection.GetInt32(row, field));
        break;
      case google::protobuf::FieldDescriptor::CPPTYPE_INT64:
        text = absl::StrCat(reflection.GetInt64(row, field));
        break;
      case google::protobuf::FieldDescriptor::CPPTYPE_UINT32:
        text = absl::StrCat(reflection.GetUInt32(row, field));
        break;
      default:
        break;
    }
    actual->fields[field->name()] = text;
  }
  ForMetrics(expectation, "metrics.",
             [&](const std::string& field, MetricSelector selector,
                 absl::string_view qualifier) {
               const MetricSource source = InfoOf(selector.metric).source;
               if (source != MetricSource::kActivity &&
                   selector.metric != Metric::kM07) {
                 actual->fields[field] =
                     "không phải chỉ số hoạt động của tháng; hỏi ở "
                     "determination hoặc unit_metrics (not of a month's "
                     "activity; ask a determination or unit_metrics for it)";
               } else if (!ReadQualifier(qualifier, &selector)) {
                 actual->fields[field] = kNoSuchPart;
               } else {
                 actual->fields[field] =
                     Show(selector, MonthMetric(row, selector));
               }
             });
}

void LookAtUnitMetrics(const Look& look, Actual* actual) {
  const Expectation& expectation = *look.expectation;
  const UnitId unit(expectation.unit);
  ForMetrics(expectation, "metrics.",
             [&](const std::string& field, MetricSelector selector,
                 absl::string_view qualifier) {
               if (!ReadQualifier(qualifier, &selector)) {
                 actual->fields[field] = kNoSuchPart;
                 return;
               }
               actual->fields[field] = Show(
                   selector,
                   UnitMetric(*look.rows, unit, selector,
                              DaySpan::Of(expectation.first, expectation.last),
                              look.today));
             });
  if (expectation.policy.empty()) return;
  std::optional<Policy> policy;
  ScanRows<v1::PolicyRow>(
      *look.rows, Table::kPolicy, keys::Key().Text(expectation.policy).Take(),
      [&](absl::string_view, const v1::PolicyRow& row, Position) {
        policy = ParsePolicy(row.text(), row.policy_id()).policy;
        return true;
      });
  if (!policy.has_value()) {
    actual->nothing =
        Both({absl::StrCat("chưa công bố chính sách ", expectation.policy),
              absl::StrCat("no policy ", expectation.policy, " is published")});
    return;
  }
  for (const UnitTarget& reached :
       UnitTargets(*look.rows, *policy, unit, expectation.first,
                   expectation.last, look.today)) {
    const Target& target = policy->targets[reached.target];
    const std::string id(InfoOf(target.selector.metric).id);
    const std::string word = ShowEnum(reached.outcome);
    const std::string goal =
        target.has_target ? absl::StrCat(target.at_least) : "none";
    // Under its name and, where a metric has several targets, under the name
    // with what tells them apart. Each period of the months has an outcome.
    std::set<std::string> names = {id};
    MetricSelector whole = target.selector;
    names.insert(absl::StrCat(id, " over=", GrainName(whole.over)));
    if (!Qualifier(whole).empty()) {
      names.insert(absl::StrCat(id, " ", Qualifier(whole)));
    }
    for (const std::string& name : names) {
      AddOnce(word, &actual->fields["targets." + name]);
      AddOnce(goal, &actual->fields["goals." + name]);
    }
    actual->notes.push_back(
        absl::StrCat(id, " over=", GrainName(whole.over), " ",
                     reached.days.first.Iso(), "..", reached.days.last.Iso(),
                     ": ", Show(target.selector, reached.value), " → ", word));
  }
}

}  // namespace thon::scenario
