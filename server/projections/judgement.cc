#include "server/projections/judgement.h"

#include <algorithm>

#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/policy/metrics.h"
#include "server/projections/registry.h"
#include "server/projections/values.h"

namespace thon {
namespace {

using Reason = v1::StandingReason;
constexpr Reason kGood = v1::STANDING_REASON_UNSPECIFIED;
constexpr Reason kValue = v1::STANDING_REASON_UNKNOWN_VALUE;
constexpr Reason kAbsurd = v1::STANDING_REASON_ABSURD_COUNT;
constexpr Reason kMalformed = v1::STANDING_REASON_MALFORMED;

constexpr std::int64_t kMinutesMax = 1440;
constexpr std::int64_t kHoursMax = 200;
constexpr std::size_t kPseudonymBytes = 16;
constexpr int kTopicsMax = 10;
constexpr int kFormFieldsMax = 64;

// The first thing that is wrong, in the order of the checks' kinds: what this
// version does not know goes before what is impossible.
class Checks {
 public:
  Checks& Value(bool known) { return Set(!known, kValue, &value_); }
  Checks& Count(std::int64_t count, std::int64_t least,
                std::int64_t most = limits::kCountMax) {
    return Set(count < least || count > most, kAbsurd, &count_);
  }
  Checks& Form(bool well_formed) {
    return Set(!well_formed, kMalformed, &form_);
  }
  Reason result() const {
    if (value_ != kGood) return value_;
    return count_ != kGood ? count_ : form_;
  }

 private:
  Checks& Set(bool wrong, Reason reason, Reason* slot) {
    if (wrong) *slot = reason;
    return *this;
  }
  Reason value_ = kGood;
  Reason count_ = kGood;
  Reason form_ = kGood;
};

void CheckHouseholdVisit(const v1::HouseholdVisit& visit, Checks* checks) {
  for (const int topic : visit.topics()) {
    checks->Value(v1::Topic_IsValid(topic));
  }
  checks->Value(v1::VisitOutcome_IsValid(visit.outcome()))
      .Form(visit.household().size() == kPseudonymBytes)
      .Form(visit.topics_size() <= kTopicsMax);
}

void CheckCorrection(const v1::CorrectionIssued& correction, Checks* checks) {
  checks->Value(v1::CorrectionKind_IsValid(correction.kind()))
      .Form(correction.kind() != v1::CORRECTION_KIND_UNSPECIFIED)
      .Form(correction.target_sequence() != 0)
      .Form(correction.target_author().empty() ||
            correction.target_author().size() == AuthorId::kSize)
      .Form(correction.kind() != v1::CORRECTION_KIND_AMEND ||
            correction.amended().payload_case() != v1::Event::PAYLOAD_NOT_SET);
}

void CheckReport(const v1::Event& event, Checks* checks) {
  switch (event.payload_case()) {
    case v1::Event::kMonthlyUpdateSubmitted: {
      const auto& update = event.monthly_update_submitted();
      checks->Form(Month(update.period_month()).valid())
          .Form(update.fields_size() <= kFormFieldsMax);
      for (const v1::FormField& field : update.fields()) {
        checks->Form(field.name().size() <= kFieldNameBytesMax);
      }
      break;
    }
    case v1::Event::kIndicatorObserved: {
      const auto& indicator = event.indicator_observed();
      checks->Count(indicator.numerator(), 0, limits::kMoneyMax)
          .Count(indicator.denominator(), 0, limits::kMoneyMax)
          .Value(IsObserved(indicator.metric()))
          .Form(indicator.unit_id() != 0 && IsDate(indicator.as_of_date()));
      break;
    }
    case v1::Event::kCorrectionIssued:
      CheckCorrection(event.correction_issued(), checks);
      break;
    default:
      break;
  }
}

void CheckActivity(const v1::Event& event, Checks* checks) {
  switch (event.payload_case()) {
    case v1::Event::kTaskCompleted:
      checks->Count(event.task_completed().result(), 0)
          .Value(v1::Topic_IsValid(event.task_completed().topic()));
      break;
    case v1::Event::kOutreachSession: {
      const auto& outreach = event.outreach_session();
      checks->Value(v1::Topic_IsValid(outreach.topic()))
          .Value(v1::Channel_IsValid(outreach.channel()))
          .Count(outreach.minutes(), 0, kMinutesMax)
          .Count(outreach.attendees(), 0);
      break;
    }
    case v1::Event::kHouseholdVisit:
      CheckHouseholdVisit(event.household_visit(), checks);
      break;
    case v1::Event::kAppInstallAssisted: {
      const auto& install = event.app_install_assisted();
      checks->Value(v1::CountBasis_IsValid(install.basis()))
          .Count(install.count(), 1)
          .Form(!install.app().empty());
      break;
    }
    case v1::Event::kAccountOpenedAssisted: {
      const auto& account = event.account_opened_assisted();
      checks->Value(v1::AccountKind_IsValid(account.kind()))
          .Count(account.count(), 1);
      break;
    }
    case v1::Event::kOnlineDossierAssisted: {
      const auto& dossier = event.online_dossier_assisted();
      checks->Value(v1::DossierStage_IsValid(dossier.stage()))
          .Count(dossier.count(), 1);
      break;
    }
    case v1::Event::kTrainingHeld: {
      const auto& training = event.training_held();
      checks->Value(v1::Audience_IsValid(training.audience()))
          .Value(v1::Topic_IsValid(training.topic()))
          .Count(training.hours(), 1, kHoursMax)
          .Count(training.attendees(), 0);
      break;
    }
    case v1::Event::kTrainingAttended:
      checks->Count(event.training_attended().hours(), 1, kHoursMax);
      break;
    case v1::Event::kDigitalShopSupported:
      checks->Count(event.digital_shop_supported().count(), 1);
      break;
    case v1::Event::kFraudWarningIssued: {
      const auto& warning = event.fraud_warning_issued();
      checks->Value(v1::Channel_IsValid(warning.channel()))
          .Count(warning.reach(), 0);
      break;
    }
    case v1::Event::kModelProposed:
      checks->Value(v1::ModelType_IsValid(event.model_proposed().type()));
      break;
    default:
      break;
  }
}

// What the log itself needs from a phone: about no team, and never judged
// further.
bool IsAboutThePhone(v1::Event::PayloadCase payload) {
  return payload == v1::Event::kClockObserved ||
         payload == v1::Event::kWithdrawn;
}

Verdict Reject(v1::Standing standing, Reason reason) {
  return Verdict{.standing = standing, .reason = reason};
}

bool IsQuarantine(Reason reason) {
  return reason == v1::STANDING_REASON_BEFORE_TEAM ||
         reason == v1::STANDING_REASON_UNKNOWN_MEMBER;
}

// Whose event it is, and whether they could have acted.
Verdict JudgeHolder(const v1::Event& event, const JudgementInput& input,
                    Date date, bool* suspended) {
  constexpr v1::Standing kQuarantined = v1::STANDING_QUARANTINED;
  if (input.author->kind() == v1::AUTHOR_KIND_ORGANISATION) {
    if (event.organisation_id() != input.author->organisation_id()) {
      return Reject(kQuarantined, v1::STANDING_REASON_OTHER_TEAM);
    }
    return input.organisation == nullptr
               ? Reject(kQuarantined, v1::STANDING_REASON_UNKNOWN_TEAM)
               : Verdict();
  }
  if (event.team_id() == 0 || event.member_id() == 0) {
    return Reject(kQuarantined, kMalformed);
  }
  if (input.team == nullptr) {
    return Reject(kQuarantined, v1::STANDING_REASON_UNKNOWN_TEAM);
  }
  if (!input.own_team) {
    return Reject(kQuarantined, v1::STANDING_REASON_OTHER_TEAM);
  }
  if (!IsActivity(event.payload_case())) {
    const bool known = EverMember(*input.team, MemberId(event.member_id()));
    return known ? Verdict()
                 : Reject(kQuarantined, v1::STANDING_REASON_UNKNOWN_MEMBER);
  }
  const Reason reason =
      CheckTeamDay(*input.team, MemberId(event.member_id()), date);
  if (reason == kGood) return Verdict();
  if (reason == v1::STANDING_REASON_TEAM_SUSPENDED) {
    *suspended = true;
    return Verdict();
  }
  return Reject(IsQuarantine(reason) ? kQuarantined : v1::STANDING_NOT_COUNTED,
                reason);
}

Reason HoldReason(const v1::Event& event, const JudgementInput& input,
                  const JudgedDay& day, bool suspended) {
  const v1::AuthorRow& author = *input.author;
  if (author.revoked_position() != 0 &&
      input.position.value > author.revoked_position()) {
    return v1::STANDING_REASON_REVOKED_AUTHOR;
  }
  if (!author.confirmed()) return v1::STANDING_REASON_UNCONFIRMED_AUTHOR;
  if (!IsActivity(event.payload_case())) return kGood;
  if (!day.known) return v1::STANDING_REASON_TWO_MONTHS;
  if (day.backdated) return v1::STANDING_REASON_BACKDATED;
  return suspended ? v1::STANDING_REASON_TEAM_SUSPENDED : kGood;
}

// Whether the evidence allows the month that an officer names: one that the
// event's interval touches, or that of the day the person claims.
bool MayBeIn(Month month, const v1::Event& event, const JudgedTime& time,
             const TimeZone& zone) {
  return (Month::Of(zone.DateOf(time.earliest)) <= month &&
          month <= Month::Of(zone.DateOf(time.latest))) ||
         (event.claimed_date() != 0 &&
          month == Month::Of(Date(event.claimed_date())));
}

// The officer's word on an event that is HELD, on `date` as judged. A word that
// leaves the month open, or names one that the evidence excludes, decides
// nothing; who could not have acted on the day it comes to did not.
Verdict Decide(const v1::Event& event, const JudgementInput& input,
               const TimeZone& zone, Verdict held, Date date) {
  const v1::HeldDecided& decision = input.decided->held();
  if (!decision.counted()) {
    return Reject(v1::STANDING_NOT_COUNTED, v1::STANDING_REASON_HELD_REJECTED);
  }
  Verdict counted = held;
  counted.standing = v1::STANDING_COUNTED;
  counted.reason = kGood;
  if (held.date == Date())
    return counted;  // No activity: its month is its own.
  const Month month(decision.period_month());
  if (month.valid() ? !MayBeIn(month, event, input.time, zone)
                    : held.reason == v1::STANDING_REASON_TWO_MONTHS) {
    return held;
  }
  counted.date = month.valid()
                     ? std::clamp(date, month.first_day(), month.last_day())
                     : date;
  counted.month = Month::Of(counted.date);
  if (counted.date != date) {
    bool suspended = false;
    const Verdict there = JudgeHolder(event, input, counted.date, &suspended);
    if (!there.counted()) return there;
  }
  return counted;
}

// Everything but what was decided about the event later.
Verdict JudgeByItself(const v1::Event& event, const JudgementInput& input,
                      const TimeZone& zone, JudgedDay* day) {
  const v1::Event::PayloadCase payload = event.payload_case();
  if (const Reason reason = CheckPayload(event); reason != kGood) {
    return Reject(v1::STANDING_QUARANTINED, reason);
  }
  if (!IsAllowed(input.author->kind(), payload)) {
    return Reject(v1::STANDING_NOT_COUNTED, v1::STANDING_REASON_NOT_ALLOWED);
  }
  if (IsAboutThePhone(payload)) return Verdict();
  const bool activity = IsActivity(payload);
  if (activity) {
    *day = DayOf(input.time, Date(event.claimed_date()), zone,
                 limits::kBackdateDaysMax);
  }
  bool suspended = false;
  Verdict verdict = JudgeHolder(event, input, day->date, &suspended);
  if (!verdict.counted()) return verdict;
  if (input.already_recorded) {
    return Reject(v1::STANDING_NOT_COUNTED,
                  v1::STANDING_REASON_ALREADY_RECORDED);
  }
  if (payload == v1::Event::kMonthlyUpdateSubmitted) {
    verdict.month = Month(event.monthly_update_submitted().period_month());
  }
  if (activity) {
    verdict.date = day->date;
    if (day->known) verdict.month = Month::Of(day->date);
  }
  if (const Reason reason = HoldReason(event, input, *day, suspended);
      reason != kGood) {
    verdict.standing = v1::STANDING_HELD;
    verdict.reason = reason;
  }
  return verdict;
}

}  // namespace

bool IsObserved(absl::string_view metric) {
  Metric found{};
  return FindMetric(metric, &found) &&
         InfoOf(found).source == MetricSource::kIndicator;
}

bool IsActivity(v1::Event::PayloadCase payload) {
  return payload >= v1::Event::kTaskCompleted &&
         payload <= v1::Event::kModelProposed;
}

static_assert(v1::Event::kTaskCompleted == 34 &&
              v1::Event::kModelProposed == 44);

bool IsAllowed(v1::AuthorKind kind, v1::Event::PayloadCase payload) {
  if (kind != v1::AUTHOR_KIND_PHONE && kind != v1::AUTHOR_KIND_ORGANISATION) {
    return false;
  }
  if (IsActivity(payload)) return true;
  switch (payload) {
    case v1::Event::kClockObserved:
    case v1::Event::kWithdrawn:
    case v1::Event::kMonthlyUpdateSubmitted:
    case v1::Event::kCorrectionIssued:
    case v1::Event::kExpenseRecorded:
    case v1::Event::kQrPlaced:
      return true;
    case v1::Event::kAppealFiled:
      return kind == v1::AUTHOR_KIND_PHONE;
    case v1::Event::kIndicatorObserved:
      return kind == v1::AUTHOR_KIND_ORGANISATION;
    default:
      return false;
  }
}

v1::StandingReason CheckPayload(const v1::Event& event) {
  if (event.payload_case() == v1::Event::PAYLOAD_NOT_SET) {
    return v1::STANDING_REASON_UNKNOWN_TYPE;
  }
  Checks checks;
  if (IsActivity(event.payload_case())) {
    CheckActivity(event, &checks);
  } else {
    CheckReport(event, &checks);
  }
  checks.Value(v1::Venue_IsValid(event.venue()))
      .Form(event.claimed_date() == 0 || IsDate(event.claimed_date()));
  if (event.evidence_size() > 0) {
    checks.Form(event.evidence_size() <=
                static_cast<int>(limits::kEvidenceMax));
    for (const v1::Evidence& evidence : event.evidence()) {
      checks.Value(v1::EvidenceKind_IsValid(evidence.kind()));
    }
  }
  if (event.has_originally()) {
    const v1::Original& original = event.originally();
    checks.Form(original.author().size() == AuthorId::kSize &&
                original.sequence() != 0 &&
                original.event_hash().size() == Hash::kSize);
  }
  return checks.result();
}

v1::StandingReason CheckTeamDay(const v1::TeamRow& team, MemberId member,
                                Date date) {
  if (date.days < team.founded_date()) {
    return v1::STANDING_REASON_BEFORE_TEAM;
  }
  if (team.ended_date() != 0 && date.days >= team.ended_date()) {
    return v1::STANDING_REASON_TEAM_ENDED;
  }
  if (MemberOn(team, member, date) == nullptr) {
    return EverMember(team, member) ? v1::STANDING_REASON_NOT_A_MEMBER
                                    : v1::STANDING_REASON_UNKNOWN_MEMBER;
  }
  if (SuspendedOn(team, date)) return v1::STANDING_REASON_TEAM_SUSPENDED;
  return kGood;
}

Verdict Judge(const v1::Event& event, const JudgementInput& input,
              const TimeZone& zone) {
  const v1::EventOverride* decided = input.decided;
  if (decided != nullptr &&
      decided->correction().kind() == v1::CORRECTION_KIND_VOID) {
    return Reject(v1::STANDING_NOT_COUNTED, v1::STANDING_REASON_VOIDED);
  }
  JudgedDay day;
  const Verdict verdict = JudgeByItself(event, input, zone, &day);
  if (verdict.held() && decided != nullptr && decided->has_held()) {
    return Decide(event, input, zone, verdict, day.date);
  }
  return verdict;
}

}  // namespace thon
