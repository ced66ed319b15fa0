// Commands about teams, members, organisations and authors.
#include <algorithm>
#include <set>

#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/projections/activity.h"
#include "server/projections/command_case.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "server/projections/values.h"

namespace thon {
namespace {

constexpr int kTeamsMax = 64;  // Sources or targets of one change.
constexpr int kAffiliationsMax = 8;
// Of a longer range it is not looked at which events are held.
constexpr std::uint64_t kHeldEventsMax = 4096;

void RequireExists(const std::optional<v1::TeamRow>& team, std::int32_t date,
                   CommandCase& c) {
  if (!team.has_value() || !IsDate(date) || ExistsOn(*team, Date(date))) return;
  if (date < team->founded_date()) {
    c.Unmet("team ", team->team_id(), " exists only from ",
            Date(team->founded_date()).Iso(), " on");
  } else {
    c.Unmet("team ", team->team_id(), " does not exist any more from ",
            Date(team->ended_date()).Iso(), " on");
  }
}

// A team can stand on it. The map may begin later than the team.
void RequireStands(const std::optional<v1::UnitRow>& unit, v1::UnitLevel level,
                   std::int32_t date, CommandCase& c) {
  if (!unit.has_value()) return;
  c.Require(unit->level() == level, "unit ", unit->unit_id(),
            " is not of the team's level");
  c.Require(unit->to_date() == 0 || unit->to_date() >= date, "unit ",
            unit->unit_id(), " ended on ", Date(unit->to_date()).Iso());
}

void Founding(const v1::TeamFounded& founded, CommandCase& c) {
  c.Form(founded.level() == v1::UNIT_LEVEL_VILLAGE ||
             founded.level() == v1::UNIT_LEVEL_COMMUNE,
         "level must be VILLAGE or COMMUNE");
  c.Form(IsDate(founded.founded_date()), "founded_date is missing");
  c.Form(IsDocument(founded.document()), "document is not well formed");
  RequireStands(c.Unit(founded.unit_id(), "unit_id"), founded.level(),
                founded.founded_date(), c);
  if (c.malformed().has_value()) return;
  RequireOneTeam(UnitId(founded.unit_id()), founded.level(),
                 TeamId(founded.team_id()), Date(founded.founded_date()), c);
}

void Examine(const v1::TeamFounded& founded, CommandCase& c) {
  c.Form(IsSurrogateId(founded.team_id()),
         "team_id must be above 0 and below 2^53");
  c.Form(IsName(founded.name()), "name must be NFC, trimmed, 1 to 1,024 bytes");
  Founding(founded, c);
  c.RestsOnAll(Table::kTeamByUnit, keys::Unit(UnitId(founded.unit_id())),
               absl::StrCat("the list of teams on unit ", founded.unit_id()));
  const std::optional<v1::TeamRow> team =
      GetTeam(c.rows(), TeamId(founded.team_id()));
  if (team.has_value()) {
    c.Unmet("team ", founded.team_id(), " exists already: founded at position ",
            team->founded_position());
  }
}

void Examine(const v1::TeamRenamed& renamed, CommandCase& c) {
  c.Form(IsName(renamed.name()), "name must be NFC, trimmed, 1 to 1,024 bytes");
  c.Form(IsDate(renamed.effective_date()), "effective_date is missing");
  c.Form(IsDocument(renamed.document()), "document is not well formed");
  RequireExists(c.Team(renamed.team_id(), "team_id"), renamed.effective_date(),
                c);
}

void Examine(const v1::TeamMoved& moved, CommandCase& c) {
  c.Form(IsDate(moved.effective_date()), "effective_date is missing");
  c.Form(IsDocument(moved.document()), "document is not well formed");
  const std::optional<v1::TeamRow> team = c.Team(moved.team_id(), "team_id");
  RequireExists(team, moved.effective_date(), c);
  const std::optional<v1::UnitRow> unit = c.Unit(moved.unit_id(), "unit_id");
  if (team.has_value()) {
    RequireStands(unit, team->level(), moved.effective_date(), c);
    c.Require(team->units_size() < limits::kTeamChangesMax, "team ",
              team->team_id(), " has moved ", limits::kTeamChangesMax,
              " times: found another team");
    if (c.malformed().has_value()) return;
    RequireOneTeam(UnitId(moved.unit_id()), team->level(),
                   TeamId(moved.team_id()), Date(moved.effective_date()), c);
  }
}

template <typename Ids>
void ExamineTeams(const Ids& ids, std::int32_t date, absl::string_view field,
                  CommandCase& c) {
  c.Form(!ids.empty() && ids.size() <= kTeamsMax, field, " must name 1 to ",
         kTeamsMax, " teams");
  if (ids.size() > kTeamsMax) return;
  std::set<std::uint64_t> seen;
  for (const std::uint64_t id : ids) {
    c.Form(seen.insert(id).second, field, " names team ", id, " twice");
    RequireExists(c.Team(id, field), date, c);
  }
}

void Examine(const v1::TeamMerged& merged, CommandCase& c) {
  c.Form(IsDate(merged.effective_date()), "effective_date is missing");
  c.Form(IsDocument(merged.document()), "document is not well formed");
  ExamineTeams(merged.source_team_ids(), merged.effective_date(),
               "source_team_ids", c);
  ExamineTeams(merged.target_team_ids(), merged.effective_date(),
               "target_team_ids", c);
  const auto& targets = merged.target_team_ids();
  c.Form(std::any_of(merged.source_team_ids().begin(),
                     merged.source_team_ids().end(),
                     [&](std::uint64_t id) {
                       return std::find(targets.begin(), targets.end(), id) ==
                              targets.end();
                     }),
         "target_team_ids names every team of source_team_ids: none would end");
}

void Examine(const v1::TeamSplit& split, CommandCase& c) {
  c.Form(IsDate(split.effective_date()), "effective_date is missing");
  c.Form(IsDocument(split.document()), "document is not well formed");
  RequireExists(c.Team(split.source_team_id(), "source_team_id"),
                split.effective_date(), c);
  ExamineTeams(split.target_team_ids(), split.effective_date(),
               "target_team_ids", c);
  c.Form(
      std::find(split.target_team_ids().begin(), split.target_team_ids().end(),
                split.lead_team_id()) != split.target_team_ids().end(),
      "lead_team_id must be one of target_team_ids");
  c.Form(std::any_of(
             split.target_team_ids().begin(), split.target_team_ids().end(),
             [&](std::uint64_t id) { return id != split.source_team_id(); }),
         "target_team_ids names no team but the one that is split");
}

void Examine(const v1::TeamSuspended& suspended, CommandCase& c) {
  c.Form(IsDate(suspended.from_date()), "from_date is missing");
  c.Form(IsEnd(suspended.to_date(), suspended.from_date()),
         "to_date must be 0 or not before from_date");
  c.Form(IsText(suspended.reason()), "reason is not well formed");
  c.Form(IsDocument(suspended.document()), "document is not well formed");
  const std::optional<v1::TeamRow> team =
      c.Team(suspended.team_id(), "team_id");
  RequireExists(team, suspended.from_date(), c);
  if (!team.has_value()) return;
  c.Require(team->suspensions_size() < limits::kTeamChangesMax, "team ",
            team->team_id(), " was suspended ", limits::kTeamChangesMax,
            " times: dissolve it");
  for (const v1::DateRange& range : team->suspensions()) {
    const bool before =
        range.to_date() != 0 && range.to_date() < suspended.from_date();
    const bool after =
        suspended.to_date() != 0 && suspended.to_date() < range.from_date();
    c.Require(before || after, "team ", team->team_id(), " is suspended from ",
              Date(range.from_date()).Iso(), " on already");
  }
}

void Examine(const v1::TeamResumed& resumed, CommandCase& c) {
  c.Form(IsDate(resumed.resumed_date()), "resumed_date is missing");
  c.Form(IsDocument(resumed.document()), "document is not well formed");
  const std::optional<v1::TeamRow> team = c.Team(resumed.team_id(), "team_id");
  c.Require(
      !team.has_value() || SuspendedOn(*team, Date(resumed.resumed_date())),
      "team ", resumed.team_id(), " is not suspended on that day");
}

void Examine(const v1::TeamDissolved& dissolved, CommandCase& c) {
  c.Form(IsDate(dissolved.dissolved_date()), "dissolved_date is missing");
  c.Form(IsText(dissolved.reason()), "reason is not well formed");
  c.Form(IsDocument(dissolved.document()), "document is not well formed");
  c.Form(dissolved.successor_team_id() != dissolved.team_id(),
         "a team cannot succeed itself");
  const std::optional<v1::TeamRow> team =
      c.Team(dissolved.team_id(), "team_id");
  RequireExists(team, dissolved.dissolved_date(), c);
  c.Require(!team.has_value() || team->ended_date() == 0, "team ",
            dissolved.team_id(), " has an end already");
  if (dissolved.successor_team_id() != 0) {
    RequireExists(c.Team(dissolved.successor_team_id(), "successor_team_id"),
                  dissolved.dissolved_date(), c);
  }
}

void Examine(const v1::MemberJoined& joined, CommandCase& c) {
  c.Form(IsSurrogateId(joined.member_id()),
         "member_id must be above 0 and below 2^53");
  c.Form(joined.seat() >= v1::SEAT_LEADER && joined.seat() <= v1::SEAT_MEMBER,
         "seat is missing or unknown");
  c.Form(joined.affiliations_size() <= kAffiliationsMax,
         "affiliations: at most ", kAffiliationsMax);
  for (const int affiliation : joined.affiliations()) {
    c.Form(affiliation != 0 && v1::Affiliation_IsValid(affiliation),
           "an affiliation is unknown");
  }
  c.Form(IsDate(joined.joined_date()), "joined_date is missing");
  const std::optional<v1::TeamRow> team = c.Team(joined.team_id(), "team_id");
  RequireExists(team, joined.joined_date(), c);
  if (!team.has_value()) return;
  c.Require(team->members_size() < limits::kTeamMembersMax, "team ",
            joined.team_id(), " has had ", limits::kTeamMembersMax,
            " memberships, and can have no more");
  for (const v1::TeamMember& member : team->members()) {
    // Two memberships of one person in one team do not overlap; the new one is
    // open, so it may only begin when all others are over.
    c.Require(member.member_id() != joined.member_id() ||
                  (member.left_date() != 0 &&
                   member.left_date() <= joined.joined_date()),
              "member ", joined.member_id(), " is in team ", joined.team_id(),
              " already, from ", Date(member.joined_date()).Iso());
  }
}

void Examine(const v1::MemberLeft& left, CommandCase& c) {
  c.Form(IsSurrogateId(left.member_id()), "member_id must name a member");
  c.Form(IsDate(left.left_date()), "left_date is missing");
  c.Form(IsText(left.reason()), "reason is not well formed");
  const std::optional<v1::TeamRow> team = c.Team(left.team_id(), "team_id");
  if (!team.has_value()) return;
  c.Require(std::any_of(team->members().begin(), team->members().end(),
                        [&](const v1::TeamMember& m) {
                          return m.member_id() == left.member_id() &&
                                 m.left_date() == 0 &&
                                 m.joined_date() <= left.left_date();
                        }),
            "member ", left.member_id(), " is not in team ", left.team_id(),
            " on that day");
}

void Examine(const v1::OrganisationRegistered& registered, CommandCase& c) {
  const std::uint64_t id = registered.organisation_id();
  c.Form(IsSurrogateId(id), "organisation_id must be above 0 and below 2^53");
  c.Form(IsName(registered.name()),
         "name must be NFC, trimmed, 1 to 1,024 bytes");
  c.Form(
      registered.kind() != 0 && v1::OrganisationKind_IsValid(registered.kind()),
      "kind is missing or unknown");
  c.Form(IsDate(registered.registered_date()), "registered_date is missing");
  const std::optional<v1::UnitRow> unit =
      c.Unit(registered.unit_id(), "unit_id");
  c.Require(!unit.has_value() || unit->to_date() == 0 ||
                unit->to_date() >= registered.registered_date(),
            "unit ", registered.unit_id(), " has ended");
  c.Require(!GetOrganisation(c.rows(), OrganisationId(id)).has_value(),
            "organisation ", id, " exists already");
}

void Examine(const v1::AuthorRevoked& revoked, CommandCase& c) {
  c.Form(IsText(revoked.reason()), "reason is not well formed");
  const std::optional<v1::AuthorRow> author =
      c.Author(revoked.author(), "author");
  if (!author.has_value()) return;
  c.Require(author->kind() != v1::AUTHOR_KIND_SERVER,
            "the server's own author cannot be revoked by a command");
  c.Require(author->revoked_position() == 0,
            "the author was revoked at position ", author->revoked_position());
}

void Examine(const v1::SuccessorConfirmed& confirmed, CommandCase& c) {
  c.Form(IsText(confirmed.reason()), "reason is not well formed");
  const std::optional<v1::AuthorRow> author =
      c.Author(confirmed.author(), "author");
  c.Require(!author.has_value() || !author->confirmed(),
            "the author is confirmed already");
}

void Examine(const v1::EnrolmentCodeIssued& issued, CommandCase& c) {
  Hash hash;
  const bool is_hash = Hash::FromBytes(issued.code_hash(), &hash);
  c.Form(is_hash, "code_hash must be 32 bytes");
  c.Form(IsDate(issued.last_date()), "last_date is missing");
  c.Form((issued.team_id() == 0) != (issued.organisation_id() == 0),
         "a code is for a team or for an organisation");
  if (issued.team_id() != 0) {
    c.Form(IsSurrogateId(issued.member_id()), "member_id must name a member");
    const std::optional<v1::TeamRow> team = c.Team(issued.team_id(), "team_id");
    c.Require(
        !team.has_value() || EverMember(*team, MemberId(issued.member_id())),
        "member ", issued.member_id(), " is not in team ", issued.team_id());
  } else {
    c.Form(issued.member_id() == 0, "an organisation's code names no member");
    c.Organisation(issued.organisation_id(), "organisation_id");
  }
  c.Require(issued.last_date() >= c.local_date().days,
            "the code would be out of date already");
  c.Require(
      !is_hash || !c.rows()
                       .Get(Table::kEnrolmentCode, keys::EnrolmentCode(hash))
                       .has_value(),
      "the code exists already");
}

// An amended founding names the command that founded the team.
void ExamineFounding(const v1::CorrectionIssued& correction,
                     const v1::AuthorRow& target, CommandCase& c) {
  const v1::TeamFounded& founded = correction.amended().team_founded();
  c.Form(founded.name().empty() || IsName(founded.name()),
         "name must be NFC, trimmed, at most 1,024 bytes");
  Founding(founded, c);
  const std::optional<v1::TeamRow> team = c.Team(founded.team_id(), "team_id");
  if (!team.has_value()) return;
  c.Require(team->level() == founded.level(), "a team's level stays");
  c.Require((team->ended_date() == 0 ||
             founded.founded_date() < team->ended_date()) &&
                (team->units_size() < 2 ||
                 founded.founded_date() < team->units(1).from_date()),
            "the team would be founded after it moved or ended");
  for (const v1::TeamMember& member : team->members()) {
    c.Require(member.joined_date() >= founded.founded_date(), "member ",
              member.member_id(), " would join before the team exists");
  }
  AuthorId author;
  if (c.events() == nullptr || !AuthorId::FromBytes(target.author(), &author)) {
    return;
  }
  const std::optional<RecordedEvent> recorded =
      c.events()->Find(author, Sequence(correction.target_sequence()));
  c.Require(recorded.has_value() &&
                recorded->position.value == team->founded_position(),
            "the target is not the event that founded team ",
            founded.team_id());
}

// What is corrected must be there, and where it counts the officer must be
// allowed too: a phone may have reported for the team that took over its own.
void ExamineTarget(const v1::CorrectionIssued& correction, CommandCase& c) {
  AuthorId author;
  if (c.events() == nullptr ||
      !AuthorId::FromBytes(correction.target_author(), &author)) {
    return;
  }
  const std::optional<RecordedEvent> target =
      c.events()->Find(author, Sequence(correction.target_sequence()));
  if (!target.has_value()) {
    return c.Unmet("the author has recorded no event ",
                   correction.target_sequence());
  }
  const std::optional<v1::TeamRow> team =
      GetTeam(c.rows(), TeamId(target->event.team_id()));
  if (team.has_value()) {
    c.Over(UnitOn(*team, std::max(c.local_date(), Date(team->founded_date()))));
  }
}

void Examine(const v1::CorrectionIssued& correction, CommandCase& c) {
  c.Form(correction.kind() == v1::CORRECTION_KIND_AMEND ||
             correction.kind() == v1::CORRECTION_KIND_VOID,
         "kind is missing or unknown");
  c.Form(correction.target_sequence() != 0, "target_sequence is missing");
  c.Form(IsText(correction.reason()) && IsText(correction.authority()),
         "reason or authority is not well formed");
  const bool amends = correction.kind() == v1::CORRECTION_KIND_AMEND;
  c.Form(amends ==
             (correction.has_amended() && correction.amended().payload_case() !=
                                              v1::Event::PAYLOAD_NOT_SET),
         "amended is there if, and only if, the kind is AMEND");
  AuthorId id;
  const bool founds = amends && correction.amended().has_team_founded();
  const std::optional<v1::AuthorRow> row =
      AuthorId::FromBytes(correction.target_author(), &id)
          ? GetAuthor(c.rows(), id)
          : std::nullopt;
  if (founds && row.has_value() && row->kind() == v1::AUTHOR_KIND_SERVER) {
    return ExamineFounding(correction, *row, c);
  }
  // Only the server's author founds teams.
  c.Form(!founds, "a founding is amended where the server recorded it");
  const std::optional<v1::AuthorRow> target =
      c.Author(correction.target_author(), "target_author");
  ExamineTarget(correction, c);
  c.Require(!target.has_value() || target->kind() != v1::AUTHOR_KIND_SERVER,
            "an officer's act is undone by its own opposite act");
}

// A decision counts an event in a month that its evidence allows.
void ExamineHeldEvent(const v1::EventStanding& held,
                      const v1::HeldDecided& decided, CommandCase& c) {
  if (held.reason() != v1::STANDING_REASON_TWO_MONTHS || !decided.counted()) {
    return;
  }
  const TimeZone zone = TimeZone::VietNam();
  const Month first = Month::Of(zone.DateOf(Instant(held.earliest_ms())));
  const Month last = Month::Of(zone.DateOf(Instant(held.latest_ms())));
  const Month month(decided.period_month());
  c.Require(month.valid() && first <= month && month <= last, "event ",
            held.sequence(), " happened between ", first.Iso(), " and ",
            last.Iso(), ": name one of these months (period_month)");
}

void Examine(const v1::HeldDecided& decided, CommandCase& c) {
  c.Form(decided.first_sequence() != 0 &&
             decided.first_sequence() <= decided.last_sequence(),
         "first_sequence must be above 0 and not above last_sequence");
  c.Form(decided.period_month() == 0 || IsMonth(decided.period_month()),
         "period_month is no month");
  c.Form(IsName(decided.reason()),
         "reason is missing: say why it counts or does not");
  const std::optional<v1::AuthorRow> row = c.Author(decided.author(), "author");
  AuthorId author;
  if (!row.has_value() || c.malformed().has_value() ||
      decided.last_sequence() - decided.first_sequence() >= kHeldEventsMax ||
      !AuthorId::FromBytes(decided.author(), &author)) {
    return;
  }
  bool any = false;
  for (const v1::EventStanding& one :
       StandingsOf(c.rows(), author, Sequence(decided.first_sequence()),
                   Sequence(decided.last_sequence()))) {
    if (one.standing() != v1::STANDING_HELD) continue;
    any = true;
    ExamineHeldEvent(one, decided, c);
  }
  c.Require(any, "none of these events is held: there is nothing to decide");
}

}  // namespace

bool ExamineRegistryCommand(const v1::Event& event, CommandCase& c) {
  switch (event.payload_case()) {
    case v1::Event::kTeamFounded:
      return Examine(event.team_founded(), c), true;
    case v1::Event::kTeamRenamed:
      return Examine(event.team_renamed(), c), true;
    case v1::Event::kTeamMoved:
      return Examine(event.team_moved(), c), true;
    case v1::Event::kTeamMerged:
      return Examine(event.team_merged(), c), true;
    case v1::Event::kTeamSplit:
      return Examine(event.team_split(), c), true;
    case v1::Event::kTeamSuspended:
      return Examine(event.team_suspended(), c), true;
    case v1::Event::kTeamResumed:
      return Examine(event.team_resumed(), c), true;
    case v1::Event::kTeamDissolved:
      return Examine(event.team_dissolved(), c), true;
    case v1::Event::kMemberJoined:
      return Examine(event.member_joined(), c), true;
    case v1::Event::kMemberLeft:
      return Examine(event.member_left(), c), true;
    case v1::Event::kOrganisationRegistered:
      return Examine(event.organisation_registered(), c), true;
    case v1::Event::kAuthorRevoked:
      return Examine(event.author_revoked(), c), true;
    case v1::Event::kSuccessorConfirmed:
      return Examine(event.successor_confirmed(), c), true;
    case v1::Event::kEnrolmentCodeIssued:
      return Examine(event.enrolment_code_issued(), c), true;
    case v1::Event::kCorrectionIssued:
      return Examine(event.correction_issued(), c), true;
    case v1::Event::kHeldDecided:
      // A month's decision is a matter of money.
      if (!event.held_decided().policy_id().empty()) return false;
      return Examine(event.held_decided(), c), true;
    default:
      return false;
  }
}

}  // namespace thon
