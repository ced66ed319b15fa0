#include "server/projections/activity_event.h"

#include "server/projections/judgement.h"
#include "server/projections/row_keys.h"

namespace thon {
namespace {

// The target's envelope with the amendment's payload.
v1::Event Amend(const v1::Event& target, const v1::Event& amendment) {
  v1::Event result = target;
  v1::Event payload = amendment;
  // What is not payload is the target's, so it is taken out of the amendment
  // before the two are merged.
  payload.clear_sequence();
  payload.clear_member_id();
  payload.clear_organisation_id();
  payload.clear_team_id();
  payload.clear_unit_id();
  payload.clear_wall_time_ms();
  payload.clear_monotonic_ms();
  payload.clear_boot();
  payload.clear_claimed_date();
  payload.clear_evidence();
  payload.clear_originally();
  payload.clear_act();
  payload.clear_sealed_person();
  payload.clear_source_system();
  payload.clear_venue();
  result.clear_payload();
  result.MergeFrom(payload);
  return result;
}

}  // namespace

std::string NameKey(const EventName& name) {
  return keys::AuthorSequence(name.author, name.sequence);
}

EventName NameOf(absl::string_view key) {
  keys::KeyView view(key);
  EventName name;
  name.author = view.Author();
  name.sequence = Sequence(view.U64());
  return name;
}

std::string WaitPrefix(WaitKind kind, absl::string_view id) {
  return keys::Key().U8(static_cast<std::uint8_t>(kind)).Bytes(id).Take();
}

std::vector<std::string> WaitPrefixes(v1::StandingReason reason,
                                      const v1::Event& event,
                                      const AuthorId& author_id,
                                      const v1::AuthorRow& author) {
  std::vector<std::string> prefixes;
  switch (reason) {
    case v1::STANDING_REASON_UNSPECIFIED:
    case v1::STANDING_REASON_UNKNOWN_TYPE:
    case v1::STANDING_REASON_UNKNOWN_VALUE:
    case v1::STANDING_REASON_ABSURD_COUNT:
    case v1::STANDING_REASON_MALFORMED:
    case v1::STANDING_REASON_NOT_ALLOWED:
    case v1::STANDING_REASON_VOIDED:
    case v1::STANDING_REASON_SAME_SESSION:
      return prefixes;
    case v1::STANDING_REASON_OTHER_TEAM:
      // Only the own team's end can make another team its successor. The team
      // that is claimed is not waited for: anybody can claim any.
      prefixes.push_back(
          WaitPrefix(WaitKind::kTeam, keys::Team(TeamId(author.team_id()))));
      return prefixes;
    case v1::STANDING_REASON_REVOKED_AUTHOR:
    case v1::STANDING_REASON_UNCONFIRMED_AUTHOR:
      prefixes.push_back(WaitPrefix(WaitKind::kAuthor, author_id.view()));
      break;
    default:
      break;
  }
  if (author.kind() == v1::AUTHOR_KIND_ORGANISATION) {
    prefixes.push_back(WaitPrefix(
        WaitKind::kOrganisation,
        keys::Organisation(OrganisationId(author.organisation_id()))));
  } else {
    prefixes.push_back(
        WaitPrefix(WaitKind::kTeam, keys::Team(TeamId(event.team_id()))));
  }
  return prefixes;
}

v1::Event Effective(const v1::Event& event, const v1::EventOverride& decided) {
  return decided.correction().kind() == v1::CORRECTION_KIND_AMEND
             ? Amend(event, decided.correction().amended())
             : event;
}

bool MayCorrect(const v1::CorrectionIssued& correction,
                const v1::Event& target) {
  const v1::Event::PayloadCase payload = target.payload_case();
  if (payload == v1::Event::kCorrectionIssued) return false;
  return correction.kind() == v1::CORRECTION_KIND_VOID ||
         payload == v1::Event::PAYLOAD_NOT_SET ||
         payload == correction.amended().payload_case();
}

bool HasInstant(const v1::Event& event) {
  return event.payload_case() == v1::Event::PAYLOAD_NOT_SET ||
         IsActivity(event.payload_case());
}

JudgedTime TimeOf(const v1::EventStanding& standing) {
  return {.sequence = Sequence(standing.sequence()),
          .quality = standing.time_quality(),
          .earliest = Instant(standing.earliest_ms()),
          .latest = Instant(standing.latest_ms()),
          .wall_clock_wrong = standing.wall_clock_wrong()};
}

}  // namespace thon
