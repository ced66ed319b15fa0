#include "tools/thon/scenario/recorder_expect.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/projections/acts.h"
#include "server/projections/values.h"
#include "tools/thon/scenario/check.h"

namespace thon::scenario {
namespace {

using google::protobuf::FieldDescriptor;

constexpr std::size_t kMonthsMax = 36;

// Months that a message names: as months, and of the dates in it that are not
// before `opened`, as those of an old map are.
void MonthsOf(const google::protobuf::Message& message, Month opened,
              std::set<std::int32_t>* months) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  Month first;
  for (const FieldDescriptor* const field : set) {
    const int size =
        field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        // A document's day of issue says nothing about months.
        if (field->message_type() == v1::LegalDocument::descriptor()) continue;
        MonthsOf(field->is_repeated()
                     ? reflection.GetRepeatedMessage(message, field, i)
                     : reflection.GetMessage(message, field),
                 opened, months);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
        const std::int32_t value =
            field->is_repeated()
                ? reflection.GetRepeatedInt32(message, field, i)
                : reflection.GetInt32(message, field);
        const bool month = absl::StrContains(field->name(), "month");
        if (month && IsMonth(value)) {
          months->insert(value);
          if (field->name() == "first_month") first = Month(value);
          if (field->name() == "last_month" && first.yyyymm != 0) {
            const Month last(value);
            for (Month at = first; at < last; at = at.Next()) {
              months->insert(at.yyyymm);
            }
          }
        } else if (absl::EndsWith(field->name(), "date") && IsDate(value) &&
                   !(Month::Of(Date(value)) < opened)) {
          months->insert(Month::Of(Date(value)).yyyymm);
        }
      }
    }
  }
}

std::vector<Month> TouchedMonths(const ExpectRequest& request, Date today,
                                 RecordingNotes* notes) {
  std::set<std::int32_t> months;
  const TimeZone zone = TimeZone::VietNam();
  const Month opened =
      Month::Of(zone.DateOf(request.log->entries().front().received));
  for (const FoldedEntry& entry : request.log->entries()) {
    if (entry.last < request.from) continue;
    months.insert(Month::Of(zone.DateOf(entry.received)).yyyymm);
    MonthsOf(entry.batch, opened, &months);
  }
  for (const auto& [name, place] : request.events) {
    const v1::EventStanding standing = StandingAt(request.log->rows(), place);
    if (standing.period_month() != 0) months.insert(standing.period_month());
    if (standing.local_date() != 0) {
      months.insert(Month::Of(Date(standing.local_date())).yyyymm);
    }
  }
  std::vector<Month> all;
  for (const std::int32_t month : months) {
    if (month <= Month::Of(today).yyyymm) all.push_back(Month(month));
  }
  if (all.size() > kMonthsMax) {
    notes->left_out.push_back(absl::StrCat(
        "expectations of ", all.size() - kMonthsMax, " earlier months"));
    all.erase(all.begin(), all.end() - kMonthsMax);
  }
  return all;
}

class Lines {
 public:
  explicit Lines(const ExpectRequest& request) : request_(request) {
    history_.scenario = &scenario_;
    look_.expectation = &expectation_;
    look_.history = &history_;
    look_.position = request.log->entries().back().last;
    look_.rows = &request.log->rows();
    look_.events = &request.log->events();
    look_.today = LastDay(request.log->rows()).value_or(Date());
  }

  Date today() const { return look_.today; }

  void AddStanding(const std::string& name, const EventPlace& place) {
    const v1::EventStanding standing = StandingAt(request_.log->rows(), place);
    std::string line = absl::StrCat(
        "{standing: ", name, ", is: ", ShowEnum(standing.standing()),
        ", reason: ", ShowEnum(standing.reason()), ", month: ",
        standing.period_month() == 0 ? "none"
                                     : Month(standing.period_month()).Iso(),
        ", quality: ", ShowEnum(standing.time_quality()),
        ", clock_wrong: ", ShowFlag(standing.wall_clock_wrong()), "}");
    lines_.push_back(std::move(line));
  }

  void AddMonth(v1::BeneficiaryKind kind, std::uint64_t id, Month month) {
    const bool team = kind == v1::BENEFICIARY_KIND_TEAM;
    const std::string whose =
        absl::StrCat(team ? "team: " : "organisation: ",
                     request_.renamer->Show(
                         team ? NameKind::kTeam : NameKind::kOrganisation, id));
    expectation_ = Expectation();
    expectation_.kind = kind;
    expectation_.beneficiary = id;
    expectation_.first = month;
    expectation_.last = month;
    for (const char* const metric : {"M01", "M02", "M03"}) {
      Want want;
      want.field = absl::StrCat("metrics.", metric);
      expectation_.wants.push_back(std::move(want));
    }
    Actual activity;
    LookAtMonth(look_, &activity);
    std::string metrics;
    for (const Want& want : expectation_.wants) {
      absl::StrAppend(&metrics, metrics.empty() ? "" : ", ",
                      want.field.substr(want.field.size() - 3), ": ",
                      activity.fields[want.field]);
    }
    lines_.push_back(absl::StrCat("{month: ", month.Iso(), ", ", whose,
                                  ", metrics: {", metrics, "}}"));
    for (const std::string& policy : request_.policies) {
      expectation_.policy = policy;
      Actual money;
      LookAtDetermination(look_, &money);
      if (!money.nothing.empty()) continue;
      std::string line = absl::StrCat(
          "{determination: {policy: ", Quoted(policy), ", ", whose,
          ", month: ", month.Iso(), "}, state: ", money.fields["state"]);
      if (money.fields["state"] != "NONE") {
        absl::StrAppend(&line, ", amount: ", money.fields["amount"],
                        ", reason: ", money.fields["reason"]);
      }
      lines_.push_back(absl::StrCat(line, "}"));
    }
  }

  std::vector<std::string> Take() { return std::move(lines_); }

 private:
  const ExpectRequest& request_;
  Scenario scenario_;
  History history_;
  Expectation expectation_;
  Look look_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> ExpectedLines(const ExpectRequest& request,
                                       RecordingNotes* notes) {
  Lines lines(request);
  for (const auto& [name, place] : request.events) {
    lines.AddStanding(name, place);
  }
  for (const Month month : TouchedMonths(request, lines.today(), notes)) {
    for (const std::uint64_t id : request.teams) {
      lines.AddMonth(v1::BENEFICIARY_KIND_TEAM, id, month);
    }
    for (const std::uint64_t id : request.organisations) {
      lines.AddMonth(v1::BENEFICIARY_KIND_ORGANISATION, id, month);
    }
  }
  return lines.Take();
}

}  // namespace thon::scenario
