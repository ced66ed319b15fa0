// Phones that report activities, for tests of what a team did.
#ifndef THON_TESTS_UNIT_PROJECTIONS_ACTIVITY_MAKER_H_
#define THON_TESTS_UNIT_PROJECTIONS_ACTIVITY_MAKER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/projections/activity.h"
#include "server/projections/row_keys.h"
#include "tests/unit/projections/map_maker.h"

namespace thon {

inline constexpr std::uint64_t kTeam = 7;  // As MadeLog::Settle founds it.
inline constexpr std::uint64_t kMember = 71;
inline constexpr std::uint64_t kOtherMember = 72;
inline constexpr std::uint32_t kBoot = 11;

// The instant at which every phone's monotonic clock starts in tests.
inline Instant BootTime() { return At("2023-01-01T00:00:00+07:00"); }

// An event of a right clock, in the boot that AnchorOf names.
inline v1::Event Reported(Instant when, std::uint64_t team = kTeam,
                          std::uint64_t member = kMember) {
  v1::Event event;
  event.set_team_id(team);
  event.set_member_id(member);
  event.set_wall_time_ms(when.ms);
  event.set_monotonic_ms(when.ms - BootTime().ms);
  event.set_boot(kBoot);
  return event;
}

inline v1::Event Outreach(Instant when, std::int64_t attendees,
                          std::uint64_t member = kMember,
                          std::uint64_t team = kTeam) {
  v1::Event event = Reported(when, team, member);
  v1::OutreachSession* session = event.mutable_outreach_session();
  session->set_topic(v1::TOPIC_DIGITAL_SKILLS);
  session->set_place("Nhà văn hoá");
  session->set_minutes(60);
  session->set_attendees(attendees);
  return event;
}

inline v1::Event Outreach(absl::string_view when, std::int64_t attendees = 10,
                          std::uint64_t member = kMember,
                          std::uint64_t team = kTeam) {
  return Outreach(At(when), attendees, member, team);
}

inline v1::Event Visit(Instant when, absl::string_view household) {
  v1::Event event = Reported(when);
  std::string pseudonym(household);
  pseudonym.resize(16, 'x');
  event.mutable_household_visit()->set_household(pseudonym);
  return event;
}

// In a boot that no anchor names: its time is an interval (T05).
inline v1::Event AfterFlatBattery(std::int64_t monotonic_ms = 1000,
                                  std::uint32_t boot = 99) {
  v1::Event event = Outreach("2020-01-01T00:00:00+07:00");
  event.set_boot(boot);
  event.set_monotonic_ms(monotonic_ms);
  return event;
}

inline v1::Anchor RightAnchor() {
  v1::Anchor anchor;
  anchor.set_server_time_ms(BootTime().ms);
  anchor.set_boot(kBoot);
  return anchor;
}

// A settled log, team 7 with members 71 and 72, and a phone of 71's.
class ActivityLog : public MadeLog {
 public:
  ActivityLog() {
    Settle();
    log.Submit(Member(kMember, kTeam));
    log.Submit(Member(kOtherMember, kTeam));
    phone =
        log.EnrolPhone("phone", kOperator, TeamId(kTeam), MemberId(kMember));
  }

  // Records the events as heard now, with a right anchor; returns the number of
  // the first.
  Sequence Send(const AuthorId& author, std::vector<v1::Event> events) {
    const Sequence first = log.next_sequence(author);
    log.Append(author, std::move(events), RightAnchor());
    return first;
  }

  // The event's exception, or COUNTED and TRUSTED if it has none.
  v1::EventStanding StandingOf(const AuthorId& author, Sequence sequence) {
    const std::vector<v1::EventStanding> standings =
        StandingsOf(log.rows(), author, sequence, sequence);
    if (!standings.empty()) return standings[0];
    v1::EventStanding plain;
    plain.set_standing(v1::STANDING_COUNTED);
    plain.set_time_quality(v1::TIME_QUALITY_TRUSTED);
    return plain;
  }
  v1::StandingReason ReasonOf(const AuthorId& author, Sequence sequence) {
    return StandingOf(author, sequence).reason();
  }
  bool Counts(const AuthorId& author, Sequence sequence) {
    return StandingOf(author, sequence).standing() == v1::STANDING_COUNTED;
  }

  v1::TeamMonth MonthOf(int yyyymm, std::uint64_t team = kTeam) {
    return GetRow<v1::TeamMonth>(log.rows(), Table::kTeamMonth,
                                 keys::TeamMonth(TeamId(team), Month(yyyymm)))
        .value_or(v1::TeamMonth());
  }

  v1::CommandOutcome Decide(const AuthorId& author, Sequence first,
                            Sequence last, bool counted, int month = 0,
                            std::uint64_t officer = kOperator) {
    v1::Event event = New(officer);
    v1::HeldDecided* decided = event.mutable_held_decided();
    decided->set_author(std::string(author.view()));
    decided->set_first_sequence(first.value);
    decided->set_last_sequence(last.value);
    decided->set_counted(counted);
    decided->set_period_month(month);
    decided->set_reason("đã đối chiếu sổ họp thôn");
    return log.Submit(event);
  }

  // A task of team 7.
  v1::CommandOutcome Assign(std::uint64_t task, absl::string_view due,
                            std::uint64_t officer = kOperator) {
    v1::Event event = New(officer);
    event.set_team_id(kTeam);
    event.mutable_plan_assigned()->set_task_id(task);
    event.mutable_plan_assigned()->set_kind(v1::TASK_KIND_AD_HOC);
    event.mutable_plan_assigned()->set_due_date(Day(due));
    return log.Submit(event);
  }

  // An organisation of the unit and its reporter.
  AuthorId EnrolReporter(std::uint64_t organisation, std::uint64_t unit) {
    v1::Event registration = New();
    v1::OrganisationRegistered* registered =
        registration.mutable_organisation_registered();
    registered->set_organisation_id(organisation);
    registered->set_name("Phòng Văn hoá và Thông tin");
    registered->set_kind(v1::ORGANISATION_KIND_DEPARTMENT);
    registered->set_unit_id(unit);
    registered->set_registered_date(Day("2023-01-01"));
    EXPECT_TRUE(log.Submit(registration).effective());
    const std::string name = absl::StrCat("reporter", organisation);
    const Hash code = Sha256Of(name);
    v1::Event issue = New();
    v1::EnrolmentCodeIssued* issued = issue.mutable_enrolment_code_issued();
    issued->set_code_hash(std::string(code.view()));
    issued->set_organisation_id(organisation);
    issued->set_last_date(Day("2023-12-31"));
    EXPECT_TRUE(log.Submit(issue).effective());
    v1::Event enrol;
    v1::AuthorEnrolled* enrolled = enrol.mutable_author_enrolled();
    enrolled->set_public_key(
        std::string(LogBuilder::KeyOf(name).public_key().view()));
    enrolled->set_kind(v1::AUTHOR_KIND_ORGANISATION);
    enrolled->set_organisation_id(organisation);
    enrolled->set_code_hash(std::string(code.view()));
    log.Append(log.server(), {enrol});
    return log.Author(name);
  }

  v1::CommandOutcome Void(const AuthorId& author, Sequence sequence) {
    v1::Event event = New();
    v1::CorrectionIssued* correction = event.mutable_correction_issued();
    correction->set_target_author(std::string(author.view()));
    correction->set_target_sequence(sequence.value);
    correction->set_kind(v1::CORRECTION_KIND_VOID);
    return log.Submit(event);
  }

  AuthorId phone;
};

}  // namespace thon

#endif  // THON_TESTS_UNIT_PROJECTIONS_ACTIVITY_MAKER_H_
