// Determinations, their sums, simulations, awards, checks of policies.
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/text.h"
#include "server/policy/award.h"
#include "server/policy/metrics.h"
#include "server/policy/policy_check.h"
#include "server/policy/policy_yaml.h"
#include "server/projections/eligibility.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/simulate.h"
#include "server/projections/units.h"
#include "tools/thon/scenario/check.h"
#include "tools/thon/scenario/values.h"
#include "tools/thon/words.h"

namespace thon::scenario {
namespace {

using Steps = std::vector<const v1::Derivation*>;

// All steps, a step before those below it.
void Flatten(const v1::Derivation& step, Steps* steps) {
  steps->push_back(&step);
  for (const v1::Derivation& below : step.steps()) Flatten(below, steps);
}

// The innermost step that decided.
const v1::Derivation* Deciding(const v1::Derivation& root) {
  const v1::Derivation* found = nullptr;
  for (const v1::Derivation& below : root.steps()) {
    if (!below.deciding()) continue;
    const v1::Derivation* const inner = Deciding(below);
    found = inner == nullptr ? &below : inner;
  }
  return found;
}

std::string EventName(const Look& look, absl::string_view author,
                      std::uint64_t sequence) {
  for (const auto& [event, recorder] : look.history->recorders) {
    for (const auto& [name, phone] : look.history->phones) {
      const std::optional<EventPlace> place = phone.Find(event);
      if (place.has_value() && place->author.view() == author &&
          place->sequence.value == sequence) {
        return event;
      }
    }
  }
  return absl::StrCat("#", sequence);
}

void ShowExplanation(const Look& look, const v1::Derivation& derivation,
                     Actual* actual) {
  Steps steps;
  Flatten(derivation, &steps);
  std::string all;
  std::set<std::string> counted;
  for (const v1::Derivation* const step : steps) {
    absl::StrAppend(&all, step->text_vi(), "\n", step->text_en(), "\n",
                    step->source(), "\n", step->assumption(), "\n");
    for (const v1::ExplainedEvent& event : step->events()) {
      absl::StrAppend(&all, event.text_vi(), "\n", event.text_en(), "\n");
      const std::string name =
          EventName(look, event.author(), event.sequence());
      actual->fields["explanation.events." + name] =
          event.reason().empty()
              ? event.standing()
              : absl::StrCat(event.standing(), " ", event.reason());
      if (event.standing() == "COUNTED") counted.insert(name);
    }
  }
  actual->fields["explanation.mentions"] = all;
  actual->fields["explanation.counts"] =
      ShowList({counted.begin(), counted.end()}, true);
  const v1::Derivation* const deciding = Deciding(derivation);
  if (deciding == nullptr) return;
  actual->fields["explanation.deciding"] = deciding->rule();
  actual->fields["explanation.source"] =
      absl::StrCat(deciding->source(), " ", deciding->assumption());
  actual->notes.push_back(
      absl::StrCat(deciding->rule(), ": ", deciding->text_vi()));
  actual->notes.push_back(
      absl::StrCat(deciding->rule(), ": ", deciding->text_en()));
}

void ShowRow(const Look& look, const v1::Determination& row, Actual* actual) {
  auto& fields = actual->fields;
  fields["state"] = ShowEnum(row.state());
  fields["amount"] = FormatDong(row.amount_vnd());
  std::vector<std::string> reasons;
  for (const int reason : row.reasons()) {
    reasons.push_back(ShowEnum(static_cast<v1::ReasonCode>(reason)));
  }
  fields["reason"] = reasons.empty() ? "NONE" : reasons.front();
  fields["reasons"] = ShowList(reasons, false);
  if (!reasons.empty()) reasons.erase(reasons.begin());
  fields["flags"] = ShowList(std::move(reasons), true);
  for (const v1::MetricValue& value : row.metrics()) {
    Metric metric = Metric::kM01;
    const bool ratio = FindMetric(value.metric(), &metric) &&
                       InfoOf(metric).kind == MetricKind::kRatio;
    const std::string field =
        absl::StrCat("metrics.", value.metric(),
                     value.qualifier().empty() ? "" : " ", value.qualifier());
    fields[field] = ShowNumber(value.numerator(), value.denominator(),
                               ratio || value.denominator() != 1);
  }
  fields["top_up"] = FormatDong(row.top_up_vnd());
  fields["parts"] = absl::StrCat(row.parts_size());
  for (int i = 0; i < row.parts_size(); ++i) {
    const v1::AmountPart& part = row.parts(i);
    const std::string at = absl::StrCat("parts[", i, "].");
    fields[at + "path"] = part.path();
    fields[at + "per"] = part.per();
    fields[at + "quantity"] = absl::StrCat(part.quantity());
    fields[at + "rate"] = FormatDong(part.rate_vnd());
    fields[at + "amount"] = FormatDong(part.amount_vnd());
  }
  fields["purpose"] = row.purpose();
  fields["version"] = absl::StrCat(row.policy_version());
  fields["other_policy"] =
      row.other_policy_id().empty() ? "none" : row.other_policy_id();
  fields["decided"] = ShowFlag(row.decision_position() != 0);
  fields["funding"] = "none";
  if (row.funding_position() == 0) return;
  const auto funding =
      GetRow<v1::FundingRow>(*look.rows, Table::kFunding,
                             keys::Funding(look.expectation->policy,
                                           Position(row.funding_position())));
  if (funding.has_value()) fields["funding"] = funding->document().number();
}

// Whether a beneficiary belongs to the subtree that is summed.
bool IsUnder(const Look& look, int kind, std::uint64_t id) {
  const UnitId root(look.expectation->unit);
  if (root.value == 0) return true;
  UnitId unit;
  if (kind == v1::BENEFICIARY_KIND_ORGANISATION) {
    const auto row = GetOrganisation(*look.rows, OrganisationId(id));
    if (row.has_value()) unit = UnitId(row->unit_id());
  } else {
    const auto row = GetTeam(*look.rows, TeamId(id));
    if (!row.has_value()) return false;
    unit = UnitOn(*row, look.today);
    if (unit.value == 0 && row->units_size() > 0) {
      unit = UnitId(row->units(row->units_size() - 1).unit_id());
    }
  }
  return IsBelow(*look.rows, unit, root, look.today);
}

}  // namespace

void LookAtDetermination(const Look& look, Actual* actual) {
  const Expectation& expectation = *look.expectation;
  const absl::StatusOr<ExplainedDetermination> explained = ExplainDetermination(
      expectation.policy, expectation.kind, expectation.beneficiary,
      expectation.first, *look.rows, look.events);
  if (!explained.ok()) {
    actual->nothing = std::string(explained.status().message());
    return;
  }
  ShowRow(look, explained->row, actual);
  ShowExplanation(look, explained->derivation, actual);
  // What is written and what is explained must be the same.
  const auto stored = GetRow<v1::Determination>(
      *look.rows, Table::kDetermination,
      keys::Determination(expectation.policy, expectation.first,
                          expectation.kind, expectation.beneficiary));
  if (stored.has_value() &&
      stored->SerializeAsString() != explained->row.SerializeAsString()) {
    Actual written;
    ShowRow(look, *stored, &written);
    actual->fields["state"] = absl::StrCat(
        written.fields["state"], " trong bảng, nhưng giải thích là ",
        actual->fields["state"],
        "; đây là lỗi của máy chủ (in the row, but explained otherwise: a "
        "fault of the server)");
    actual->notes.push_back("row: " + stored->ShortDebugString());
    actual->notes.push_back("explained: " + explained->row.ShortDebugString());
  }
}

void LookAtSum(const Look& look, Actual* actual) {
  const Expectation& expectation = *look.expectation;
  std::map<std::pair<int, std::uint64_t>, bool> under;
  Sums sums;
  ScanRows<v1::Determination>(
      *look.rows, Table::kDetermination,
      keys::Key().Text(expectation.policy).Take(),
      [&](absl::string_view key, const v1::Determination& row, Position) {
        keys::KeyView view(key);
        view.Text();
        const Month month = view.YearMonth();
        const int kind = view.U8();
        const std::uint64_t id = view.U64();
        if ((expectation.first.yyyymm != 0 && month < expectation.first) ||
            (expectation.last.yyyymm != 0 && expectation.last < month)) {
          return true;
        }
        const auto [known, fresh] = under.try_emplace({kind, id}, false);
        if (fresh) known->second = IsUnder(look, kind, id);
        if (known->second) sums.Add(row);
        return true;
      });
  sums.Show(actual);
}

void LookAtAward(const Look& look, Actual* actual) {
  const Expectation& expectation = *look.expectation;
  std::optional<Policy> policy;
  ScanRows<v1::PolicyRow>(
      *look.rows, Table::kPolicy, keys::Key().Text(expectation.policy).Take(),
      [&](absl::string_view, const v1::PolicyRow& row, Position) {
        policy = ParsePolicy(row.text(), row.policy_id()).policy;
        return true;
      });
  if (!policy.has_value() || !policy->award.has_value()) {
    actual->nothing = Both({absl::StrCat("chưa công bố chính sách ",
                                         expectation.policy, " có khen thưởng"),
                            absl::StrCat("no policy ", expectation.policy,
                                         " with an award is published")});
    return;
  }
  std::vector<RankedUnit> ranking;
  for (const auto& [id, rank] : expectation.ranking) {
    RankedUnit ranked;
    ranked.organisation = OrganisationId(id);
    ranked.rank = rank;
    const auto row = GetOrganisation(*look.rows, ranked.organisation);
    if (row.has_value()) ranked.kind = row->kind();
    ranking.push_back(ranked);
  }
  std::int64_t total = 0;
  for (const Award& award : AwardsFor(*policy->award, ranking)) {
    total += award.amount_vnd;
    actual->fields[absl::StrCat(
        "amounts.",
        look.names().Show(NameKind::kOrganisation, award.organisation.value))] =
        award.held ? "HELD" : FormatDong(award.amount_vnd);
  }
  actual->fields["total"] = FormatDong(total);
}

void LookAtPolicyCheck(const Look& look, Actual* actual) {
  const PolicySource& source = look.expectation->source;
  const thon::PolicySource read = ReadPolicySource(source.text, source.file);
  std::map<Severity, std::vector<std::string>> paths;
  std::string all;
  for (const Finding& finding : CheckPolicies({&read, 1})) {
    paths[finding.severity].push_back(finding.path);
    absl::StrAppend(&all, FormatFinding(finding), "\n");
    if (finding.severity != Severity::kAssumption) {
      actual->notes.push_back(FormatFinding(finding));
    }
  }
  actual->fields["errors"] = ShowList(paths[Severity::kError], true);
  actual->fields["warnings"] = ShowList(paths[Severity::kWarning], true);
  actual->fields["assumptions"] = ShowList(paths[Severity::kAssumption], true);
  actual->fields["mentions"] = all;
}

void LookAtSimulation(const Look& look, Actual* actual) {
  const Expectation& expectation = *look.expectation;
  const PolicyText text =
      ParsePolicy(expectation.source.text, expectation.source.file);
  for (const Finding& finding : text.findings) {
    if (finding.severity != Severity::kError) continue;
    actual->nothing = FormatFinding(finding);
    return;
  }
  SimulationRequest request;
  request.policy = text.policy;
  request.issuer = UnitId(expectation.unit);
  request.first = expectation.first;
  request.last = expectation.last;
  request.assume_funded = expectation.assume_funded;
  const absl::StatusOr<Simulation> tried =
      Simulate(std::move(request), *look.rows);
  if (!tried.ok()) {
    actual->nothing = std::string(tried.status().message());
    return;
  }
  Sums sums;
  for (const v1::DeterminationSum& sum : tried->sums) {
    sums.total += sum.count();
    sums.amount_vnd += sum.amount_vnd();
    sums.by_state[ShowEnum(sum.state())] += sum.count();
    sums.by_reason[ShowEnum(sum.reason())] += sum.count();
  }
  sums.Show(actual);
}

}  // namespace thon::scenario
