#include "server/projections/eligibility.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/core/check.h"
#include "server/policy/explain.h"
#include "server/projections/acts.h"
#include "server/projections/beneficiary_facts.h"
#include "server/projections/dirty_months.h"
#include "server/projections/explained_events.h"
#include "server/projections/money_acts.h"
#include "server/projections/money_book.h"
#include "server/projections/redetermination.h"
#include "server/projections/row_keys.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

// Months in which a policy forbids double support, by policy.
using ForbiddenMonths = std::map<std::string, std::set<Month>>;

ForbiddenMonths FindForbidden(const MoneyBook& book) {
  ForbiddenMonths forbidden;
  for (const auto& [id, file] : book.policies()) {
    std::set<Month>& months = forbidden[id];
    for (Month month = file.first_month;
         file.forbids_double && month <= file.last_month;
         month = month.Next()) {
      if (file.VersionFor(month).policy.double_support.forbid) {
        months.insert(month);
      }
    }
  }
  return forbidden;
}

// Whether a policy that was there has another place in the order now. One that
// is new comes where nobody before it looks, or is seen by what it pays.
bool Reordered(const ForbiddenMonths& before, const ForbiddenMonths& after) {
  return std::any_of(before.begin(), before.end(), [&](const auto& one) {
    const auto at = after.find(one.first);
    return at != after.end() && at->second != one.second;
  });
}

class Eligibility final : public Projection {
 public:
  absl::string_view name() const override { return "eligibility"; }
  int version() const override { return 2; }
  void Apply(const FoldInput& input, const EventSource& events,
             RowWriter& rows) override;

 private:
  MoneyBook book_;
  TeamLineage lineage_;
  bool loaded_ = false;
  UnitMemo units_;
};

void Eligibility::Apply(const FoldInput& input, const EventSource& events,
                        RowWriter& rows) {
  if (!loaded_) {
    book_.Load(rows);
    lineage_.Load(rows);
    loaded_ = true;
  }
  bool reordered = false;
  // Nobody else's entry can change what the book holds.
  if (input.from_server) {
    for (const Fact& fact : input.facts) {
      ApplyToMoneyBook(fact, input.local_date, events, rows);
    }
    if (!rows.Changed(Table::kPolicy).empty()) {
      const ForbiddenMonths before = FindForbidden(book_);
      book_.Load(rows);
      reordered = Reordered(before, FindForbidden(book_));
    } else if (ChangesMoneyBook(rows)) {
      book_.Load(rows);
    }
  }
  for (const std::string& key : rows.Changed(Table::kUnit)) units_.Forget(key);
  for (const std::string& key : rows.Changed(Table::kTeam)) {
    const auto team = GetRow<v1::TeamRow>(rows, Table::kTeam, key);
    if (team.has_value()) lineage_.Update(*team);
  }
  if (book_.policies().empty()) return;
  const std::optional<Date> today = LastDay(rows);
  if (!today.has_value()) return;  // No month has begun.
  std::map<std::string, Dirty> dirty =
      FindDirty(input, book_, reordered, *today, rows);
  if (dirty.empty()) return;
  Redetermination(book_, lineage_, units_, *today, rows).Run(std::move(dirty));
}

// What decisions have left for this team and month: the fold pays by month,
// then team, so the rows before this one say it.
RemainingOf RemainingBefore(const RowReader& rows, const std::string& policy_id,
                            Month month, std::uint64_t team) {
  return [&rows, policy_id, month, team](const FundingDecision& funding) {
    std::int64_t used = 0;
    const std::string here =
        keys::Determination(policy_id, month, v1::BENEFICIARY_KIND_TEAM, team);
    ScanRows<v1::Determination>(
        rows, Table::kDetermination, keys::Key().Text(policy_id).Take(),
        [&](absl::string_view key, const v1::Determination& row, Position) {
          if (key >= here) return false;
          if (row.funding_position() == funding.fact.position.value) {
            used += row.amount_vnd() - row.top_up_vnd();
          }
          return true;
        });
    return funding.ceiling_vnd - used;
  };
}

}  // namespace

std::unique_ptr<Projection> NewEligibility() {
  return std::make_unique<Eligibility>();
}

absl::StatusOr<DeterminationInputs> ReadDeterminationInputs(
    absl::string_view policy_id, v1::BeneficiaryKind kind,
    std::uint64_t beneficiary, Month month, const RowReader& rows) {
  if (!month.valid()) {
    return absl::InvalidArgumentError("no such month: write it as 202306");
  }
  MoneyBook book;
  if (keys::IsRowKeyText(policy_id)) book.Load(rows, policy_id);
  // Who else pays is in the others' rows, and whose count is in their texts.
  if (book.Find(policy_id) != nullptr && book.Find(policy_id)->forbids_double) {
    book.Load(rows);
  }
  UnitMemo units;
  TeamLineage lineage;
  lineage.Load(rows);
  const FactsReader reader(rows, book, lineage, units,
                           LastDay(rows).value_or(Date(-kOpenEnd.days)));
  const std::optional<Beneficiary> found = reader.Find(kind, beneficiary);
  if (!found.has_value()) {
    return absl::NotFoundError("no such team or organisation: check the id");
  }
  const PolicyFile* file = book.Find(policy_id);
  if (file == nullptr) {
    return absl::NotFoundError("no such policy was published");
  }
  const PolicyVersion& version = file->VersionFor(month);
  DeterminationInputs inputs;
  inputs.policy = version.policy;
  inputs.policy_position = version.position;
  inputs.facts =
      reader.Read(*found, *file, version, month,
                  RemainingBefore(rows, file->id, month, beneficiary));
  return inputs;
}

ExplainedDetermination NoPolicyDetermination(absl::string_view policy_id) {
  ExplainedDetermination out;
  out.row.set_state(v1::DETERMINATION_STATE_NOT_COVERED);
  out.row.add_reasons(v1::REASON_CODE_NO_POLICY);
  out.derivation.set_rule("policy");
  out.derivation.set_deciding(true);
  out.derivation.set_reason(v1::REASON_CODE_NO_POLICY);
  out.derivation.set_source(std::string(policy_id));
  out.derivation.set_text_vi(ReasonVietnamese(v1::REASON_CODE_NO_POLICY));
  out.derivation.set_text_en(ReasonEnglish(v1::REASON_CODE_NO_POLICY));
  return out;
}

absl::StatusOr<ExplainedDetermination> ExplainDetermination(
    absl::string_view policy_id, v1::BeneficiaryKind kind,
    std::uint64_t beneficiary, Month month, const RowReader& rows,
    const EventSource* events) {
  const bool known =
      kind == v1::BENEFICIARY_KIND_ORGANISATION
          ? rows.Get(Table::kOrganisation,
                     keys::Organisation(OrganisationId(beneficiary)))
                .has_value()
          : rows.Get(Table::kTeam, keys::Team(TeamId(beneficiary))).has_value();
  absl::StatusOr<DeterminationInputs> inputs =
      ReadDeterminationInputs(policy_id, kind, beneficiary, month, rows);
  if (!inputs.ok()) {
    if (inputs.status().code() == absl::StatusCode::kNotFound && known) {
      return NoPolicyDetermination(policy_id);
    }
    return inputs.status();
  }
  const Policy& policy = inputs->policy;
  Trace trace;
  const Result result = Determine(policy, inputs->facts, month, &trace);
  ExplainedDetermination out;
  out.row = ToRow(policy, result, inputs->policy_position);
  out.derivation = ToDerivation(policy, inputs->facts, month, result, trace);
  if (events != nullptr && kind == v1::BENEFICIARY_KIND_TEAM) {
    AddExplainedEvents(rows, *events, policy, TeamId(beneficiary), month,
                       inputs->facts.today, &out.derivation);
  }
  return out;
}

}  // namespace thon
