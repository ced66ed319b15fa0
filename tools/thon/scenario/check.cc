#include "tools/thon/scenario/check.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/text.h"
#include "server/projections/row_keys.h"
#include "tools/thon/words.h"

namespace thon::scenario {
namespace {

absl::StatusOr<Position> PositionOf(const Expectation& expectation,
                                    const History& history) {
  AsOfMoment moment;
  moment.date = expectation.as_of_date;
  moment.time = expectation.as_of_time;
  if (!moment.date.has_value() && !moment.time.has_value()) return history.end;
  return history.world->engine().ResolveAsOf(moment);
}

void LookAt(const Look& look, Actual* actual) {
  switch (look.expectation->subject) {
    case Subject::kDetermination:
      return LookAtDetermination(look, actual);
    case Subject::kStanding:
      return LookAtStanding(look, actual);
    case Subject::kMonth:
      return LookAtMonth(look, actual);
    case Subject::kSum:
      return LookAtSum(look, actual);
    case Subject::kUnitMetrics:
      return LookAtUnitMetrics(look, actual);
    case Subject::kAnswers:
      return LookAtAnswers(look, actual);
    case Subject::kAuthor:
      return LookAtAuthor(look, actual);
    case Subject::kLog:
      return LookAtLog(look, actual);
    case Subject::kTeam:
      return LookAtTeam(look, actual);
    case Subject::kUnit:
      return LookAtUnit(look, actual);
    case Subject::kSimulation:
      return LookAtSimulation(look, actual);
    case Subject::kAward:
      return LookAtAward(look, actual);
    case Subject::kPolicyCheck:
      return LookAtPolicyCheck(look, actual);
  }
}

// What a field is that nothing was said of.
std::string Missing(absl::string_view field) {
  for (const absl::string_view counted : {"count.", "reasons.", "types."}) {
    if (absl::StartsWith(field, counted)) return "0";
  }
  return "none";
}

std::string AsOfText(const Look& look) {
  const Expectation& expectation = *look.expectation;
  std::string text;
  if (expectation.as_of_date.has_value()) {
    text = absl::StrCat(", as of ", expectation.as_of_date->Iso());
  } else if (expectation.as_of_time.has_value()) {
    text =
        absl::StrCat(", as of ", cli::ShowInstant(expectation.as_of_time->ms));
  }
  return text;
}

}  // namespace

std::string ShowFlag(bool value) { return value ? "true" : "false"; }

std::string ShowDay(std::int32_t days) {
  return days == 0 ? "none" : Date(days).Iso();
}

std::string ShowList(std::vector<std::string> texts, bool sorted) {
  if (sorted) std::sort(texts.begin(), texts.end());
  return texts.empty() ? "none" : absl::StrJoin(texts, ", ");
}

std::string ShowEnumName(const google::protobuf::EnumDescriptor* type,
                         int value) {
  return value == 0 ? "NONE" : cli::ShortEnumName(type, value);
}

void Sums::Add(const v1::Determination& row) {
  ++total;
  amount_vnd += row.amount_vnd();
  ++by_state[ShowEnum(row.state())];
  ++by_reason[row.reasons().empty() ? "NONE" : ShowEnum(row.reasons(0))];
}

void Sums::Show(Actual* actual) const {
  actual->fields["total"] = absl::StrCat(total);
  actual->fields["amount"] = FormatDong(amount_vnd);
  for (const auto& [state, count] : by_state) {
    actual->fields[absl::StrCat("count.", state)] = absl::StrCat(count);
  }
  for (const auto& [reason, count] : by_reason) {
    actual->fields[absl::StrCat("reasons.", reason)] = absl::StrCat(count);
  }
}

absl::StatusOr<std::vector<Difference>> CheckExpectation(
    const Expectation& expectation, const History& history) {
  const absl::StatusOr<Position> position = PositionOf(expectation, history);
  if (!position.ok()) return position.status();
  Engine& engine = history.world->engine();
  const std::unique_ptr<RowReader> rows = engine.RowsAt(*position);
  const std::unique_ptr<EventSource> events = engine.EventsAt(*position);
  Look look;
  look.expectation = &expectation;
  look.history = &history;
  look.position = *position;
  look.rows = rows.get();
  look.events = events.get();
  const auto calendar =
      GetRow<v1::CalendarRow>(*rows, Table::kCalendar, keys::Calendar());
  if (calendar.has_value()) look.today = Date(calendar->last_date());
  Actual actual;
  LookAt(look, &actual);
  std::vector<Difference> differences;
  for (const Want& want : expectation.wants) {
    std::string found = actual.nothing;
    if (found.empty()) {
      const auto field = actual.fields.find(want.field);
      found =
          field == actual.fields.end() ? Missing(want.field) : field->second;
    }
    const bool same = want.compare == Want::Compare::kContains
                          ? absl::StrContains(found, want.text)
                          : found == want.text;
    if (same) continue;
    Difference difference;
    difference.place = want.place;
    difference.path = expectation.path;
    difference.label = absl::StrCat(expectation.label, AsOfText(look));
    difference.field = want.field;
    difference.expected = want.compare == Want::Compare::kContains
                              ? absl::StrCat("… ", want.text, " …")
                              : want.text;
    // Of a long text, its beginning.
    if (want.compare == Want::Compare::kContains) {
      const std::size_t end = found.find('\n');
      found = absl::StrCat(found.substr(0, end),
                           end == std::string::npos ? "" : " …");
    }
    difference.actual = std::move(found);
    differences.push_back(std::move(difference));
  }
  if (!differences.empty()) differences.back().notes = std::move(actual.notes);
  return differences;
}

}  // namespace thon::scenario
