// Commands that money and rankings rest on: lists, policies, funding and what
// follows from them.
#include <algorithm>
#include <set>

#include "server/core/hash.h"
#include "server/policy/policy_yaml.h"
#include "server/projections/command_case.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "server/projections/values.h"

namespace thon {
namespace {

constexpr int kListRowsMax = 20'000;
constexpr int kFundedTeamsMax = 100'000;
constexpr int kMonthsMax = 60;
constexpr int kReasonsMax = 16;

// The newest version of a policy; the officer must be allowed at its issuer.
std::optional<v1::PolicyRow> PolicyOf(const std::string& id, CommandCase& c) {
  if (!IsName(id)) {
    c.Malformed("policy_id is missing");
    return std::nullopt;
  }
  const std::string prefix = keys::Key().Text(id).Take();
  c.RestsOnAll(Table::kPolicy, prefix, absl::StrCat("policy ", id));
  std::optional<v1::PolicyRow> newest;
  ScanRows<v1::PolicyRow>(
      c.rows(), Table::kPolicy, prefix,
      [&](absl::string_view, const v1::PolicyRow& row, Position) {
        newest = row;
        return true;
      });
  if (newest.has_value()) {
    c.Over(UnitId(newest->issuer_unit_id()));
  } else {
    c.Over(UnitId(0));
    c.Unmet("policy ", id, " is not published");
  }
  return newest;
}

bool IsPublished(const std::string& id, const CommandCase& c) {
  bool found = false;
  if (!IsName(id)) return false;
  c.rows().Scan(Table::kPolicy, keys::Key().Text(id).Take(), "",
                [&](absl::string_view, const RowVersion&) {
                  found = true;
                  return false;
                });
  return found;
}

void FormMonths(std::int32_t first, std::int32_t last, CommandCase& c) {
  c.Form(IsMonth(first) && IsMonth(last) && first <= last,
         "first_month and last_month must be months in order");
}

void Scope(std::uint64_t unit, CommandCase& c) {
  if (unit == 0) {
    c.Over(UnitId(0));
  } else {
    c.Unit(unit, "scope_unit_id");
  }
}

// A list decides on a province's money, so it is no matter of a commune's
// officer, even for their own commune.
void OverProvinceOf(const v1::UnitRow& unit, CommandCase& c) {
  c.Over(AncestorOfLevel(c.rows(), UnitId(unit.unit_id()),
                         v1::UNIT_LEVEL_PROVINCE,
                         NearestDay(unit, c.local_date())));
}

void ExamineListRows(const std::string& hash, bool amends, CommandCase& c) {
  const std::optional<v1::RegistrationList> list =
      c.Document<v1::RegistrationList>(hash, "rows_hash");
  if (!list.has_value()) return;
  c.Require(list->rows_size() >= 1 && list->rows_size() <= kListRowsMax,
            "a list has 1 to ", kListRowsMax, " rows, not ", list->rows_size());
  if (list->rows_size() > kListRowsMax) return;
  std::set<std::pair<std::uint64_t, int>> seen;
  for (int i = 0; i < list->rows_size() && !c.unmet().has_value(); ++i) {
    const v1::RegistrationRow& row = list->rows(i);
    const auto require = [&](bool holds, const auto&... parts) {
      c.Require(holds, "row ", i + 1, ": ", parts...);
    };
    const std::optional<v1::UnitRow> unit =
        GetUnit(c.rows(), UnitId(row.unit_id()));
    require(unit.has_value() && unit->level() == v1::UNIT_LEVEL_COMMUNE,
            "unit ", row.unit_id(), " is not a commune of the map");
    require(row.target() != 0 && v1::RegistrationTarget_IsValid(row.target()),
            "the target is missing or unknown");
    require(amends || !row.removed(), "only an amendment removes a commune");
    require(IsText(row.printed_code()) && IsText(row.printed_name()),
            "the printed code or name is not NFC and trimmed");
    require(seen.emplace(row.unit_id(), row.target()).second, "unit ",
            row.unit_id(), " is listed twice with one target");
    if (unit.has_value()) OverProvinceOf(*unit, c);
  }
}

// What was meant to reach back, and does not say so, counts from today.
template <typename Act>
void WarnOfLostDays(const Act& act, CommandCase& c) {
  if (act.retroactive() || !IsDate(act.effective_date()) ||
      Date(act.effective_date()) >= c.local_date()) {
    return;
  }
  c.Warn("effective_date ", Date(act.effective_date()).Iso(),
         " is past and retroactive is not set: the list counts from ",
         c.local_date().Iso(), " only");
}

void Examine(const v1::RegistrationListApproved& approved, CommandCase& c) {
  WarnOfLostDays(approved, c);
  c.Form(IsName(approved.list_id()), "list_id is missing");
  c.Form(IsDocument(approved.document()), "document is not well formed");
  c.Form(approved.year() >= 1900 && approved.year() <= 2199,
         "year must be 1900 to 2199");
  c.Form(IsDate(approved.effective_date()), "effective_date is missing");
  const std::string key = keys::List(approved.list_id());
  c.RestsOn(Table::kList, key, absl::StrCat("list ", approved.list_id()));
  c.Require(!c.rows().Get(Table::kList, key).has_value(), "list ",
            approved.list_id(), " exists already: amend it");
  ExamineListRows(approved.rows_hash(), false, c);
}

void Examine(const v1::RegistrationListAmended& amended, CommandCase& c) {
  WarnOfLostDays(amended, c);
  c.Form(IsName(amended.list_id()), "list_id is missing");
  c.Form(IsDocument(amended.document()), "document is not well formed");
  c.Form(IsDate(amended.effective_date()), "effective_date is missing");
  const std::string key = keys::List(amended.list_id());
  c.RestsOn(Table::kList, key, absl::StrCat("list ", amended.list_id()));
  const std::optional<v1::RegistrationListRow> list =
      GetRow<v1::RegistrationListRow>(c.rows(), Table::kList, key);
  c.Require(list.has_value(), "list ", amended.list_id(), " does not exist");
  if (list.has_value()) {
    // Nobody takes over the list of another province.
    for (const v1::Listing& listing : list->listings()) {
      const std::optional<v1::UnitRow> unit =
          GetUnit(c.rows(), UnitId(listing.unit_id()));
      if (unit.has_value()) OverProvinceOf(*unit, c);
    }
  }
  ExamineListRows(amended.rows_hash(), true, c);
}

// An act cannot begin before its issuer did. What the map does not reach back
// to it cannot say: then the unit is of its first day.
void RequireIssuer(const Policy& policy, UnitId id, CommandCase& c) {
  const std::optional<v1::UnitRow> issuer = GetUnit(c.rows(), id);
  if (!issuer.has_value()) return;
  const Date start = policy.has_period
                         ? std::max(policy.effective_from, policy.from)
                         : policy.effective_from;
  if (start.days >= issuer->from_date()) return;
  bool older = false;
  ScanRows<v1::UnitRow>(
      c.rows(), Table::kUnit, "",
      [&](absl::string_view, const v1::UnitRow& unit, Position) {
        older = unit.level() == v1::UNIT_LEVEL_PROVINCE &&
                unit.from_date() < issuer->from_date();
        return !older;
      });
  const Date from(issuer->from_date());
  c.Require(!older, "chính sách bắt đầu từ ", start.Vietnamese(),
            ", nhưng đơn vị ban hành, số ", id.value, ", chỉ có từ ",
            from.Vietnamese(),
            ": cho phiên bản bắt đầu từ ngày đó, hoặc nêu đúng đơn vị đã ban "
            "hành (the policy begins on ",
            start.Iso(), ", but its issuer, unit ", id.value,
            ", exists only from ", from.Iso(),
            " on: let the version begin then, or name the unit that issued "
            "it)");
}

// The text says what the command says, and the engine can do it.
void ExaminePolicyText(const v1::PolicyPublished& published, CommandCase& c) {
  if (!c.HasDocument(published.text_hash(), "text_hash")) return;
  const std::optional<std::string> bytes =
      AssembleDocument(published.text_hash(), c.rows(), *c.events());
  if (!bytes.has_value()) return;
  if (!ToNfc(*bytes).ok())
    return c.Unmet("văn bản không phải UTF-8 (the text is not UTF-8)");
  const PolicyText text = ParsePolicy(*bytes, "policy");
  for (const Finding& finding : text.findings) {
    if (finding.severity == Severity::kError) c.Unmet(FormatFinding(finding));
  }
  if (!text.ok()) return;
  c.Require(text.policy.id == published.policy_id() &&
                text.policy.version == published.version(),
            "văn bản là của chính sách ", text.policy.id, ", phiên bản ",
            text.policy.version, " (the text is of policy ", text.policy.id,
            " version ", text.policy.version, ")");
  RequireIssuer(text.policy, UnitId(published.issuer_unit_id()), c);
}

void Examine(const v1::PolicyPublished& published, CommandCase& c) {
  c.Form(IsName(published.policy_id()), "policy_id is missing");
  c.Form(published.version() > 0, "version must be above 0");
  c.Form(IsDocument(published.document()), "document is not well formed");
  c.Unit(published.issuer_unit_id(), "issuer_unit_id");
  if (c.malformed().has_value()) return;
  const std::string prefix = keys::Key().Text(published.policy_id()).Take();
  c.RestsOnAll(Table::kPolicy, prefix,
               absl::StrCat("policy ", published.policy_id()));
  ScanRows<v1::PolicyRow>(
      c.rows(), Table::kPolicy, prefix,
      [&](absl::string_view, const v1::PolicyRow& row, Position) {
        c.Require(row.version() < published.version(), "version ",
                  row.version(), " of policy ", row.policy_id(),
                  " is published already: take a higher number");
        // A policy stays its issuer's, so nobody takes over another's id.
        c.Over(UnitId(row.issuer_unit_id()));
        return true;
      });
  ExaminePolicyText(published, c);
}

void Examine(const v1::PolicySuperseded& superseded, CommandCase& c) {
  c.Form(IsDate(superseded.end_date()), "end_date is missing");
  c.Form(IsDocument(superseded.document()), "document is not well formed");
  PolicyOf(superseded.policy_id(), c);
}

// A decision entered twice would double its ceiling.
void ExamineFirstTime(const v1::FundingApproved& approved, CommandCase& c) {
  if (c.malformed().has_value() || approved.document().number().empty()) return;
  ScanRows<v1::FundingRow>(
      c.rows(), Table::kFunding, keys::Key().Text(approved.policy_id()).Take(),
      [&](absl::string_view, const v1::FundingRow& row, Position) {
        if (row.document().number() != approved.document().number()) {
          return true;
        }
        c.AlreadyThere("decision ", approved.document().number(),
                       " for policy ", approved.policy_id(),
                       " is recorded already, at position ", row.position(),
                       "; a decision that amends it has a number of its own");
        return false;
      });
}

void Examine(const v1::FundingApproved& approved, CommandCase& c) {
  c.Form(IsDocument(approved.document()), "document is not well formed");
  FormMonths(approved.first_month(), approved.last_month(), c);
  c.Form(IsMoney(approved.ceiling_vnd()), "ceiling_vnd must be 0 to 10^15");
  PolicyOf(approved.policy_id(), c);
  ExamineFirstTime(approved, c);
  const std::optional<v1::FundedTeams> teams =
      c.Document<v1::FundedTeams>(approved.teams_hash(), "teams_hash");
  if (!teams.has_value()) return;
  c.Require(teams->team_ids_size() <= kFundedTeamsMax, "a set has at most ",
            kFundedTeamsMax, " teams");
  c.Require(teams->team_ids_size() == approved.team_count(),
            "the document holds ", teams->team_ids_size(),
            " teams, the decision says ", approved.team_count());
  std::uint64_t previous = 0;
  for (const std::uint64_t id : teams->team_ids()) {
    if (c.unmet().has_value()) return;
    c.Require(id > previous, "the teams must be ascending, without repetition");
    c.Require(c.rows().Get(Table::kTeam, keys::Team(TeamId(id))).has_value(),
              "team ", id, " does not exist");
    previous = id;
  }
}

template <typename Payment>
void ExaminePayment(const Payment& payment, CommandCase& c) {
  c.Form(IsName(payment.batch_id()), "batch_id is missing");
  c.Form(IsMoney(payment.amount_vnd()), "amount_vnd must be 0 to 10^15");
  c.Form(payment.months_size() >= 1 && payment.months_size() <= kMonthsMax,
         "months: 1 to ", kMonthsMax);
  for (const std::int32_t month : payment.months()) {
    c.Form(IsMonth(month), "months: ", month, " is no month");
  }
  c.Form(IsText(payment.voucher()), "voucher is not well formed");
  PolicyOf(payment.policy_id(), c);
  c.Team(payment.team_id(), "team_id");
}

void Examine(const v1::VerificationDecided& decided, CommandCase& c) {
  c.Form(IsMonth(decided.period_month()), "period_month is no month");
  c.Form(decided.reason_codes_size() <= kReasonsMax, "reason_codes: at most ",
         kReasonsMax);
  for (const std::string& code : decided.reason_codes()) {
    c.Form(IsText(code), "a reason code is not well formed");
  }
  c.Form(IsText(decided.verifier()), "verifier is not well formed");
  c.Require(IsPublished(decided.policy_id(), c), "policy ", decided.policy_id(),
            " is not published");
  c.Form(IsName(decided.policy_id()), "policy_id is missing");
  c.Team(decided.team_id(), "team_id");
}

template <typename Period>
void ExaminePeriod(const Period& period, CommandCase& c) {
  FormMonths(period.first_month(), period.last_month(), c);
  c.Form(IsText(period.authority()), "authority is not well formed");
  Scope(period.scope_unit_id(), c);
}

template <typename Award>
void ExamineAward(const Award& award, CommandCase& c) {
  c.Form(IsName(award.campaign_id()), "campaign_id is missing");
  c.Form(IsDocument(award.document()), "document is not well formed");
  c.Form((award.unit_id() == 0) != (award.organisation_id() == 0),
         "an award is for a unit or for an organisation");
  if (award.unit_id() != 0) {
    c.Unit(award.unit_id(), "unit_id");
  } else {
    c.Organisation(award.organisation_id(), "organisation_id");
  }
}

void Examine(const v1::ApprovalDecided& decided, CommandCase& c) {
  FormMonths(decided.first_month(), decided.last_month(), c);
  c.Form(IsText(decided.reason()), "reason is not well formed");
  c.Form(IsDocument(decided.document()), "document is not well formed");
  PolicyOf(decided.policy_id(), c);
  Scope(decided.scope_unit_id(), c);
}

}  // namespace

bool ExamineMoneyCommand(const v1::Event& event, CommandCase& c) {
  switch (event.payload_case()) {
    case v1::Event::kRegistrationListApproved:
      return Examine(event.registration_list_approved(), c), true;
    case v1::Event::kRegistrationListAmended:
      return Examine(event.registration_list_amended(), c), true;
    case v1::Event::kPolicyPublished:
      return Examine(event.policy_published(), c), true;
    case v1::Event::kPolicySuperseded:
      return Examine(event.policy_superseded(), c), true;
    case v1::Event::kFundingApproved:
      return Examine(event.funding_approved(), c), true;
    case v1::Event::kVerificationDecided:
      return Examine(event.verification_decided(), c), true;
    case v1::Event::kPaymentRecorded:
      c.Form(IsText(event.payment_recorded().purpose()),
             "purpose is not well formed");
      return ExaminePayment(event.payment_recorded(), c), true;
    case v1::Event::kPaymentReversed:
      c.Form(IsText(event.payment_reversed().reason()),
             "reason is not well formed");
      return ExaminePayment(event.payment_reversed(), c), true;
    case v1::Event::kPeriodClosed:
      c.Form(IsOptionalHash(event.period_closed().snapshot_hash()),
             "snapshot_hash must be 32 bytes or none");
      return ExaminePeriod(event.period_closed(), c), true;
    case v1::Event::kPeriodReopened:
      c.Form(IsText(event.period_reopened().reason()),
             "reason is not well formed");
      return ExaminePeriod(event.period_reopened(), c), true;
    case v1::Event::kAwardGranted:
      c.Form(IsMoney(event.award_granted().amount_vnd()),
             "amount_vnd must be 0 to 10^15");
      c.Form(event.award_granted().rank() > 0, "rank must be above 0");
      return ExamineAward(event.award_granted(), c), true;
    case v1::Event::kAwardRevoked:
      c.Form(IsText(event.award_revoked().reason()),
             "reason is not well formed");
      return ExamineAward(event.award_revoked(), c), true;
    case v1::Event::kApprovalDecided:
      return Examine(event.approval_decided(), c), true;
    default:
      return false;
  }
}

}  // namespace thon
