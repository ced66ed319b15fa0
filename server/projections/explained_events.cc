#include "server/projections/explained_events.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/policy/metrics.h"
#include "server/projections/activity_day.h"
#include "server/projections/activity_event.h"
#include "server/projections/activity_month.h"
#include "server/projections/judgement.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/standing_words.h"

namespace thon {
namespace {

constexpr std::size_t kEventsMax = 1000;

// A report as a day's row has it.
struct Report {
  Date date;
  v1::ActivityFact fact;
  bool follower = false;  // It joined another phone's session.
  bool late = false;      // The policy leaves it out.
  std::size_t session = 0;
};

// A report that stands otherwise than COUNTED.
struct Exception {
  AuthorId author;
  v1::EventStanding standing;
  v1::Event event;
  Date received;
};

// What the events of one step say, before they are looked up.
struct Named {
  std::size_t report = 0;
  std::optional<std::size_t> first;  // Of the group, if it is not this one.
  bool alone = true;                 // It counts without its session's first.
};

class Explainer {
 public:
  Explainer(const RowReader& rows, const EventSource& events,
            const Policy& policy, TeamId team, Month month, Date today)
      : rows_(rows),
        events_(events),
        policy_(policy),
        team_(team),
        month_(month),
        today_(today) {}

  void Explain(v1::Derivation* derivation);

 private:
  void Load();
  void LoadDay(Date date, v1::ActivityDay day);
  void LoadExceptions();
  bool Touches(const v1::EventStanding& standing,
               const std::set<Month>& months) const;

  void ExplainStep(v1::Derivation* step);
  void ExplainThreshold(const MetricSelector& selector, v1::Derivation* step);
  void ExplainOthers(bool only_held, bool rests, const std::set<Month>& months,
                     v1::Derivation* step);
  void ExplainLate(const std::set<Month>& months, v1::Derivation* step);
  std::vector<Named> GroupsOf(const MetricSelector& selector,
                              const std::set<Month>& months) const;
  std::optional<std::string> GroupKey(const MetricSelector& selector,
                                      std::size_t report) const;
  bool SessionCounts(const MetricSelector& selector, std::size_t first) const;

  const AuthorId* AuthorOf(std::uint32_t number);
  const RecordedEvent* Recorded(const Report& report);
  v1::ExplainedEvent* Add(const Report& report, v1::Derivation* step);
  void AddInspections(const std::set<Month>& months, v1::Derivation* step);
  void AddUpdates(v1::Derivation* step);
  std::set<Month> MonthsFor(const MetricSelector& selector) const;
  std::set<Month> AllMonths() const;

  const RowReader& rows_;
  const EventSource& events_;
  const Policy& policy_;
  const TeamId team_;
  const Month month_;
  const Date today_;
  bool loaded_ = false;
  std::vector<Report> reports_;  // By (day, instant, author, number).
  std::vector<Exception> exceptions_;
  std::map<std::uint32_t, std::optional<AuthorId>> authors_;
  std::map<std::pair<std::uint32_t, std::uint64_t>,
           std::optional<RecordedEvent>>
      recorded_;
};

bool IsActivityMetric(const MetricSelector& selector) {
  return InfoOf(selector.metric).source == MetricSource::kActivity;
}

std::set<Month> Explainer::MonthsFor(const MetricSelector& selector) const {
  const std::vector<Month> months =
      MonthsOf(selector.over, month_,
               policy_.has_period ? policy_.first_month() : month_);
  return {months.begin(), months.end()};
}

std::set<Month> Explainer::AllMonths() const {
  std::set<Month> all = {month_};
  for (const MetricSelector& selector : policy_.selectors) {
    if (IsActivityMetric(selector)) all.merge(MonthsFor(selector));
  }
  return all;
}

void Explainer::LoadDay(Date date, v1::ActivityDay day) {
  if (policy_.late.effect == LateEffect::kLeftOut) {
    const Date deadline = policy_.late_deadline(Month::Of(date));
    auto* facts = day.mutable_facts();
    for (auto it = facts->begin(); it != facts->end();) {
      if (Date(date.days + it->days_late()) < deadline) {
        ++it;
        continue;
      }
      reports_.push_back({.date = date, .fact = *it, .late = true});
      it = facts->erase(it);
    }
  }
  const std::vector<std::vector<int>> sessions = SessionsOf(day);
  std::vector<std::size_t> at(static_cast<std::size_t>(day.facts_size()));
  for (int i = 0; i < day.facts_size(); ++i) {
    at[static_cast<std::size_t>(i)] = reports_.size();
    reports_.push_back({.date = date, .fact = day.facts(i)});
  }
  for (const std::vector<int>& session : sessions) {
    const std::size_t first = at[static_cast<std::size_t>(session.front())];
    for (const int i : session) {
      Report& report = reports_[at[static_cast<std::size_t>(i)]];
      report.session = first;
      report.follower = i != session.front();
    }
  }
}

void Explainer::Load() {
  if (loaded_) return;
  loaded_ = true;
  const std::set<Month> months = AllMonths();
  const bool tasks =
      std::any_of(policy_.selectors.begin(), policy_.selectors.end(),
                  [](const MetricSelector& selector) {
                    return selector.metric == Metric::kM20;
                  });
  ScanRows<v1::ActivityDay>(
      rows_, Table::kActivityDay, keys::Team(team_),
      [&](absl::string_view key, v1::ActivityDay& day, Position) {
        const Date date = keys::KeyView(key).Skip(8).Day();
        if (tasks || months.count(Month::Of(date)) != 0) {
          LoadDay(date, std::move(day));
        }
        return true;
      });
  LoadExceptions();
}

void Explainer::LoadExceptions() {
  std::set<AuthorId> authors;
  for (const AuthorId& author : AuthorsOf(rows_, team_)) authors.insert(author);
  for (const Report& report : reports_) {
    const AuthorId* author = AuthorOf(report.fact.author_number());
    if (author != nullptr) authors.insert(*author);
  }
  const std::set<Month> months = AllMonths();
  for (const AuthorId& author : authors) {
    ScanRows<v1::EntryStandings>(
        rows_, Table::kStandings, keys::Author(author),
        [&](absl::string_view, const v1::EntryStandings& row, Position) {
          for (const v1::EventStanding& standing : row.exceptions()) {
            if (standing.standing() == v1::STANDING_COUNTED ||
                standing.reason() == v1::STANDING_REASON_SAME_SESSION ||
                !Touches(standing, months)) {
              continue;
            }
            std::optional<RecordedEvent> recorded =
                events_.Find(author, Sequence(standing.sequence()));
            if (!recorded.has_value() ||
                recorded->event.team_id() != team_.value ||
                !HasInstant(recorded->event)) {
              continue;
            }
            const Date received =
                TimeZone::VietNam().DateOf(recorded->receive_time);
            exceptions_.push_back(
                {author, standing, std::move(recorded->event), received});
          }
          return true;
        });
  }
  std::sort(exceptions_.begin(), exceptions_.end(),
            [](const Exception& a, const Exception& b) {
              return a.standing.position() < b.standing.position();
            });
}

// Whether the event belongs to the months, or may: of one that has no day the
// bounds of its instant say it.
bool Explainer::Touches(const v1::EventStanding& standing,
                        const std::set<Month>& months) const {
  if (standing.local_date() != 0) {
    if (months.count(Month::Of(Date(standing.local_date()))) != 0) return true;
    if (standing.standing() != v1::STANDING_HELD) return false;
  }
  if (standing.period_month() != 0 &&
      months.count(Month(standing.period_month())) != 0) {
    return true;
  }
  if (standing.latest_ms() == 0) return false;
  const TimeZone zone = TimeZone::VietNam();
  const Month first = Month::Of(zone.DateOf(Instant(standing.earliest_ms())));
  const Month last = Month::Of(zone.DateOf(Instant(standing.latest_ms())));
  return std::any_of(months.begin(), months.end(), [&](Month month) {
    return first <= month && month <= last;
  });
}

const AuthorId* Explainer::AuthorOf(std::uint32_t number) {
  const auto [at, fresh] = authors_.try_emplace(number);
  if (fresh) at->second = AuthorOfNumber(rows_, number);
  return at->second.has_value() ? &*at->second : nullptr;
}

const RecordedEvent* Explainer::Recorded(const Report& report) {
  const auto [at, fresh] = recorded_.try_emplace(
      std::make_pair(report.fact.author_number(), report.fact.sequence()));
  if (fresh) {
    const AuthorId* author = AuthorOf(report.fact.author_number());
    if (author != nullptr) {
      at->second = events_.Find(*author, Sequence(report.fact.sequence()));
    }
  }
  return at->second.has_value() ? &*at->second : nullptr;
}

// What the reports of one session add to a metric that is summed over sessions.
bool Explainer::SessionCounts(const MetricSelector& selector,
                              std::size_t first) const {
  v1::ActivityDay day;
  for (std::size_t i = first; i < reports_.size(); ++i) {
    if (reports_[i].date != reports_[first].date) break;
    if (!reports_[i].late && reports_[i].session == first) {
      *day.add_facts() = reports_[i].fact;
    }
  }
  v1::TeamMonth month;
  ReplaceDay(reports_[first].date, DayTotals(), TotalsOf(day), &month);
  MetricSelector whole = selector;
  whole.over = Grain::kMonth;
  const v1::TeamMonth* rows[] = {&month};
  const MetricNumber value = ReadActivityMetric(whole, rows);
  return value.numerator != 0 ||
         (InfoOf(selector.metric).kind == MetricKind::kRatio &&
          value.denominator != 0);
}

// What makes reports one group; nullopt: the metric does not look at this one.
std::optional<std::string> Explainer::GroupKey(const MetricSelector& selector,
                                               std::size_t report) const {
  const Report& one = reports_[report];
  switch (selector.metric) {
    case Metric::kM01:
      return absl::StrCat(one.date.days);
    case Metric::kM03:
      if (one.fact.member_id() == 0) return std::nullopt;
      return absl::StrCat(one.fact.member_id());
    case Metric::kM08:
      if (one.fact.household().empty()) return std::nullopt;
      return one.fact.household();
    case Metric::kM20: {
      if (one.fact.task_id() == 0) return std::nullopt;
      const std::optional<v1::TaskRow> task = GetRow<v1::TaskRow>(
          rows_, Table::kTask, keys::Task(team_, one.fact.task_id()));
      if (!task.has_value() || task->assigned_position() == 0 ||
          MonthsFor(selector).count(Month::Of(Date(task->due_date()))) == 0) {
        return std::nullopt;
      }
      return absl::StrCat(one.fact.task_id());
    }
    case Metric::kM22:
      // Of an instant that is not known there is no delay.
      if (one.fact.quality() == v1::TIME_QUALITY_SUSPECT) return std::nullopt;
      return "all";
    default:
      if (!SessionCounts(selector, one.session)) return std::nullopt;
      return absl::StrCat(one.session);
  }
}

std::vector<Named> Explainer::GroupsOf(const MetricSelector& selector,
                                       const std::set<Month>& months) const {
  std::vector<Named> named;
  std::map<std::string, std::size_t> firsts;
  const bool by_session =
      selector.metric != Metric::kM01 && selector.metric != Metric::kM03 &&
      selector.metric != Metric::kM08 && selector.metric != Metric::kM20;
  for (std::size_t i = 0; i < reports_.size(); ++i) {
    if (reports_[i].late) continue;
    if (selector.metric != Metric::kM20 &&
        months.count(Month::Of(reports_[i].date)) == 0) {
      continue;
    }
    const std::optional<std::string> key = GroupKey(selector, i);
    if (!key.has_value()) continue;
    const auto [at, fresh] = firsts.try_emplace(*key, i);
    Named one;
    one.report = i;
    if (!fresh) one.first = at->second;
    one.alone = !by_session || !reports_[i].follower;
    named.push_back(one);
  }
  return named;
}

v1::ExplainedEvent* Explainer::Add(const Report& report, v1::Derivation* step) {
  const RecordedEvent* recorded = Recorded(report);
  if (recorded == nullptr) return nullptr;
  v1::ExplainedEvent* event = step->add_events();
  event->set_position(recorded->position.value);
  event->set_author(std::string(recorded->author.view()));
  event->set_sequence(report.fact.sequence());
  event->set_type(std::string(PayloadName(recorded->event)));
  event->set_date(report.date.days);
  event->set_received_date(report.date.days + report.fact.days_late());
  event->set_standing("COUNTED");
  return event;
}

void SayWhy(absl::string_view standing, absl::string_view reason,
            absl::string_view text_vi, absl::string_view text_en,
            v1::ExplainedEvent* event) {
  event->set_standing(std::string(standing));
  event->set_reason(std::string(reason));
  event->set_text_vi(std::string(text_vi));
  event->set_text_en(std::string(text_en));
}

void Explainer::ExplainThreshold(const MetricSelector& selector,
                                 v1::Derivation* step) {
  const std::set<Month> months = MonthsFor(selector);
  if (selector.metric == Metric::kM21) return AddInspections(months, step);
  std::vector<Named> named = GroupsOf(selector, months);
  if (named.size() > kEventsMax) {
    step->set_events_left_out(
        step->events_left_out() +
        static_cast<std::int64_t>(named.size() - kEventsMax));
    named.resize(kEventsMax);
  }
  for (const Named& one : named) {
    v1::ExplainedEvent* event = Add(reports_[one.report], step);
    if (event == nullptr) continue;
    step->add_positions(event->position());
    if (one.first.has_value()) {
      const RecordedEvent* first = Recorded(reports_[*one.first]);
      if (first != nullptr) event->set_grouped_with(first->position.value);
    }
    if (!one.alone) {
      const StandingWords words = WordsOf(v1::STANDING_REASON_SAME_SESSION);
      SayWhy("NOT_COUNTED", "SAME_SESSION", words.vi, words.en, event);
    }
  }
  // A time that is not known is told of what is held, too.
  ExplainOthers(false, selector.metric == Metric::kM23, months, step);
  if (policy_.late.effect == LateEffect::kLeftOut) ExplainLate(months, step);
}

void Explainer::AddInspections(const std::set<Month>& months,
                               v1::Derivation* step) {
  for (const Month month : months) {
    const v1::TeamMonth row = GetMonth(rows_, Holder::Of(team_), month);
    for (const v1::InspectionScore& score : row.inspections()) {
      step->add_positions(score.position());
    }
  }
}

// Of a threshold over M06 the updates in time are one group, and the others do
// not count; of the note that there is none, all are one.
void Explainer::AddUpdates(v1::Derivation* step) {
  const bool any_time = step->rule() == "monthly_update.record_missing";
  const Date deadline = policy_.submit_deadline(month_);
  const v1::TeamMonth row = GetMonth(rows_, Holder::Of(team_), month_);
  std::uint64_t first = 0;
  for (const v1::MonthUpdate& update : row.updates()) {
    const AuthorId* const author = AuthorOf(update.author_number());
    if (author == nullptr) continue;
    const std::optional<RecordedEvent> recorded =
        events_.Find(*author, Sequence(update.sequence()));
    if (!recorded.has_value()) continue;
    v1::ExplainedEvent* const event = step->add_events();
    event->set_position(recorded->position.value);
    event->set_author(std::string(author->view()));
    event->set_sequence(update.sequence());
    event->set_type(std::string(PayloadName(recorded->event)));
    event->set_received_date(update.received_date());
    if (!any_time && Date(update.received_date()) >= deadline) {
      SayWhy("NOT_COUNTED", "LATE",
             absl::StrCat("nhận từ ngày ", deadline.Vietnamese(),
                          " trở đi, sau hạn nộp"),
             absl::StrCat("received on ", deadline.Vietnamese(),
                          " or later, after the deadline"),
             event);
      continue;
    }
    event->set_standing("COUNTED");
    step->add_positions(event->position());
    if (first != 0) event->set_grouped_with(first);
    if (first == 0) first = event->position();
  }
}

// Events that do not count; `rests`: the step rests on those that are held.
void Explainer::ExplainOthers(bool only_held, bool rests,
                              const std::set<Month>& months,
                              v1::Derivation* step) {
  for (const Exception& one : exceptions_) {
    if ((only_held && one.standing.standing() != v1::STANDING_HELD) ||
        !Touches(one.standing, months)) {
      continue;
    }
    if (static_cast<std::size_t>(step->events_size()) >= kEventsMax) {
      step->set_events_left_out(step->events_left_out() + 1);
      continue;
    }
    v1::ExplainedEvent* event = step->add_events();
    event->set_position(one.standing.position());
    event->set_author(std::string(one.author.view()));
    event->set_sequence(one.standing.sequence());
    event->set_type(std::string(PayloadName(one.event)));
    event->set_date(one.standing.local_date());
    event->set_received_date(one.received.days);
    const StandingWords words = WordsOf(one.standing.reason());
    SayWhy(StandingName(one.standing.standing()),
           ReasonName(one.standing.reason()), words.vi, words.en, event);
    if (rests && one.standing.standing() == v1::STANDING_HELD) {
      step->add_positions(event->position());
    }
  }
}

void Explainer::ExplainLate(const std::set<Month>& months,
                            v1::Derivation* step) {
  for (const Report& report : reports_) {
    if (!report.late || months.count(Month::Of(report.date)) == 0) continue;
    if (static_cast<std::size_t>(step->events_size()) >= kEventsMax) {
      step->set_events_left_out(step->events_left_out() + 1);
      continue;
    }
    v1::ExplainedEvent* event = Add(report, step);
    if (event == nullptr) continue;
    const std::string deadline =
        policy_.late_deadline(Month::Of(report.date)).Vietnamese();
    SayWhy("NOT_COUNTED", "LATE",
           absl::StrCat("nhận từ ngày ", deadline,
                        " trở đi; chính sách không tính cho tháng này"),
           absl::StrCat("received on ", deadline,
                        " or later; the policy leaves it out of the month"),
           event);
  }
}

void Explainer::ExplainStep(v1::Derivation* step) {
  for (v1::Derivation& below : *step->mutable_steps()) ExplainStep(&below);
  if (step->reason() == v1::REASON_CODE_HELD_EVENTS_DECIDE) {
    Load();
    ExplainOthers(true, true, AllMonths(), step);
  } else if (step->reason() == v1::REASON_CODE_LATE_EVENTS_LEFT_OUT) {
    Load();
    ExplainLate(AllMonths(), step);
    for (const v1::ExplainedEvent& event : step->events()) {
      step->add_positions(event.position());
    }
  } else if (step->steps().empty()) {
    for (const v1::MetricValue& value : step->metrics()) {
      if (value.metric() == InfoOf(Metric::kM06).id) AddUpdates(step);
      for (const MetricSelector& selector : policy_.selectors) {
        if (IsActivityMetric(selector) &&
            InfoOf(selector.metric).id == value.metric() &&
            Qualifier(selector) == value.qualifier()) {
          Load();
          ExplainThreshold(selector, step);
        }
      }
    }
  }
  std::sort(step->mutable_events()->begin(), step->mutable_events()->end(),
            [](const v1::ExplainedEvent& a, const v1::ExplainedEvent& b) {
              return a.position() < b.position();
            });
  auto* positions = step->mutable_positions();
  std::sort(positions->begin(), positions->end());
  positions->erase(std::unique(positions->begin(), positions->end()),
                   positions->end());
}

// The root only repeats the values of its steps.
void Explainer::Explain(v1::Derivation* derivation) {
  for (v1::Derivation& step : *derivation->mutable_steps()) ExplainStep(&step);
}

}  // namespace

void AddExplainedEvents(const RowReader& rows, const EventSource& events,
                        const Policy& policy, TeamId team, Month month,
                        Date today, v1::Derivation* derivation) {
  Explainer(rows, events, policy, team, month, today).Explain(derivation);
}

}  // namespace thon
