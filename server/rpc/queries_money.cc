// Queries of policies and determinations.
#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "server/projections/eligibility.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "server/rpc/paging.h"
#include "server/rpc/queries.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

// Whether beneficiaries lie below a unit; each unit is asked once.
class Scope {
 public:
  Scope(const ReadView& view, UnitId root) : view_(view), root_(root) {}

  bool Holds(int kind, std::uint64_t id) {
    if (root_.value == 0) return true;
    const UnitId unit = UnitOf(kind, id);
    const auto [found, fresh] = below_.try_emplace(unit, false);
    if (fresh) {
      found->second = IsBelow(*view_.rows, unit, root_, view_.local_date);
    }
    return found->second;
  }

  UnitId UnitOf(int kind, std::uint64_t id) const {
    if (kind == v1::BENEFICIARY_KIND_ORGANISATION) {
      const auto row = GetOrganisation(*view_.rows, OrganisationId(id));
      return row.has_value() ? UnitId(row->unit_id()) : UnitId(0);
    }
    const auto row = GetTeam(*view_.rows, TeamId(id));
    if (!row.has_value()) return UnitId(0);
    const UnitId now = UnitOn(*row, view_.local_date);
    if (now.value != 0 || row->units().empty()) return now;
    return UnitId(row->units(row->units_size() - 1).unit_id());
  }

 private:
  const ReadView& view_;
  const UnitId root_;
  std::map<UnitId, bool> below_;
};

struct DeterminationKey {
  Month month;
  int kind = 0;
  std::uint64_t beneficiary = 0;
};

DeterminationKey ParseKey(absl::string_view key) {
  keys::KeyView view(key);
  view.Text();
  DeterminationKey out;
  out.month = view.YearMonth();
  out.kind = view.U8();
  out.beneficiary = view.U64();
  return out;
}

// Visits a policy's determinations by month, then beneficiary, from `start` on.
void ScanDeterminations(
    const RowReader& rows, absl::string_view policy_id, Month first, Month last,
    absl::string_view start,
    const std::function<bool(absl::string_view key, const DeterminationKey&,
                             const RowVersion&)>& visit) {
  const std::string prefix = keys::Key().Text(policy_id).Take();
  std::string from(start);
  if (from.empty()) from = keys::Key().Text(policy_id).Of(first).Take();
  rows.Scan(Table::kDetermination, prefix, from,
            [&](absl::string_view key, const RowVersion& row) {
              const DeterminationKey parsed = ParseKey(key);
              if (last.yyyymm != 0 && parsed.month > last) return false;
              return visit(key, parsed, row);
            });
}

absl::Status CheckPolicyId(const std::string& policy_id) {
  if (keys::IsRowKeyText(policy_id)) return absl::OkStatus();
  return WithField(
      WithReason(absl::InvalidArgumentError("name the policy, e.g. YB-2023"),
                 "INVALID_FIELD"),
      "policy_id");
}

// That the policy was published, as far as the view sees, and that the range of
// months is one. A mistyped name is no province that owes nothing.
absl::Status CheckRange(const RowReader& rows, const std::string& policy_id,
                        std::int32_t first_month, std::int32_t last_month) {
  const absl::Status named = CheckPolicyId(policy_id);
  if (!named.ok()) return named;
  if (last_month != 0 && last_month < first_month) {
    return WithField(WithReason(absl::InvalidArgumentError(
                                    "the last month is before the first"),
                                "INVALID_FIELD"),
                     "last_month");
  }
  bool published = false;
  rows.Scan(Table::kPolicy, keys::Key().Text(policy_id).Take(), "",
            [&](absl::string_view, const RowVersion&) {
              published = true;
              return false;
            });
  if (published) return absl::OkStatus();
  return WithReason(
      absl::NotFoundError(absl::StrCat(
          "no policy ", policy_id,
          " was published at that moment; `thon policy list` names them")),
      "NOT_FOUND");
}

// Of the policies that have a determination about this month the one that says
// most: who is paid before who is held, and so on down the states; of equals
// the larger amount, then the policy that was published first.
std::string FindPolicyFor(const RowReader& rows, Month month, int kind,
                          std::uint64_t beneficiary) {
  std::string found;
  std::tuple<int, std::int64_t, std::int64_t> best;
  std::string last;
  ScanRows<v1::PolicyRow>(
      rows, Table::kPolicy, "",
      [&](absl::string_view, const v1::PolicyRow& policy, Position) {
        // Versions of one policy lie together; the first stands for all.
        if (policy.policy_id() == last) return true;
        last = policy.policy_id();
        const auto row = GetRow<v1::Determination>(
            rows, Table::kDetermination,
            keys::Determination(last, month, kind, beneficiary));
        if (!row.has_value()) return true;
        const std::tuple<int, std::int64_t, std::int64_t> here{
            row->state(), row->amount_vnd(),
            -static_cast<std::int64_t>(policy.position())};
        if (found.empty() || here > best) {
          found = last;
          best = here;
        }
        return true;
      });
  return found;
}

// The unit of the beneficiary on that day, or on the nearest day on which it
// has one.
UnitId UnitNear(const RowReader& rows, int kind, std::uint64_t id, Date day) {
  if (kind == v1::BENEFICIARY_KIND_ORGANISATION) {
    const auto row = GetOrganisation(rows, OrganisationId(id));
    return row.has_value() ? UnitId(row->unit_id()) : UnitId(0);
  }
  const auto row = GetTeam(rows, TeamId(id));
  if (!row.has_value()) return UnitId(0);
  return UnitOn(*row, std::max(day, Date(row->founded_date())));
}

// Of the policies whose issuer's territory the beneficiary is in, or was in
// when the issuer ended, the one that was published first; empty: there is
// none.
std::string FindPolicyOver(const RowReader& rows, Month month, int kind,
                           std::uint64_t beneficiary) {
  const UnitId unit = UnitNear(rows, kind, beneficiary, month.last_day());
  const std::optional<v1::UnitRow> row = GetUnit(rows, unit);
  if (!row.has_value()) return "";
  const auto below = [&](UnitId issuer, Date day) {
    return IsBelow(rows, unit, issuer, NearestDay(*row, day));
  };
  std::map<std::uint64_t, std::pair<std::string, UnitId>> by_position;
  ScanRows<v1::PolicyRow>(
      rows, Table::kPolicy, "",
      [&](absl::string_view, const v1::PolicyRow& policy, Position) {
        by_position[policy.position()] = {policy.policy_id(),
                                          UnitId(policy.issuer_unit_id())};
        return true;
      });
  for (const auto& [position, policy] : by_position) {
    const std::optional<v1::UnitRow> issuer = GetUnit(rows, policy.second);
    if (below(policy.second, month.last_day()) ||
        (issuer.has_value() && issuer->to_date() != 0 &&
         issuer->to_date() < month.last_day().days &&
         below(policy.second, Date(issuer->to_date())))) {
      return policy.first;
    }
  }
  return "";
}

}  // namespace

absl::Status GetDeterminationQuery(const v1::GetDeterminationRequest& request,
                                   const ReadView& view,
                                   const MayRead& may_read,
                                   v1::GetDeterminationResponse* response) {
  const int kind =
      request.beneficiary_kind() == v1::BENEFICIARY_KIND_ORGANISATION
          ? v1::BENEFICIARY_KIND_ORGANISATION
          : v1::BENEFICIARY_KIND_TEAM;
  const absl::Status permitted =
      may_read(Scope(view, UnitId(0)).UnitOf(kind, request.beneficiary_id()));
  if (!permitted.ok()) return permitted;
  const Month month(request.month());
  if (!month.valid()) {
    return WithField(
        WithReason(absl::InvalidArgumentError("a month is YYYYMM, e.g. 202310"),
                   "INVALID_FIELD"),
        "month");
  }
  const RowReader& rows = *view.rows;
  std::string policy_id = request.policy_id();
  if (policy_id.empty()) {
    policy_id = FindPolicyFor(rows, month, kind, request.beneficiary_id());
  } else if (absl::Status s = CheckPolicyId(policy_id); !s.ok()) {
    return s;
  }
  const auto beneficiary_kind = static_cast<v1::BeneficiaryKind>(kind);
  const std::uint64_t id = request.beneficiary_id();
  if (policy_id.empty()) {
    policy_id = FindPolicyOver(rows, month, kind, id);
  }
  response->set_position(view.position.value);
  v1::DeterminationRow* const out = response->mutable_row();
  out->set_policy_id(policy_id);
  out->set_beneficiary_kind(beneficiary_kind);
  out->set_beneficiary_id(id);
  out->set_month(month.yyyymm);
  std::optional<RowVersion> row;
  if (!policy_id.empty()) {
    row = rows.Get(Table::kDetermination,
                   keys::Determination(policy_id, month, kind, id));
  }
  if (row.has_value()) {
    out->mutable_determination()->ParseFromString(row->value);
    out->set_version_position(row->position.value);
    if (!request.explain()) return absl::OkStatus();
  }
  // A month outside the period, or a beneficiary outside the territory, has no
  // row; the engine says so all the same.
  absl::StatusOr<ExplainedDetermination> explained =
      ExplainDetermination(policy_id, beneficiary_kind, id, month, rows,
                           request.explain() ? view.events.get() : nullptr);
  if (!explained.ok()) {
    if (explained.status().code() != absl::StatusCode::kNotFound) {
      return explained.status();
    }
    explained = NoPolicyDetermination(policy_id);
  }
  if (!row.has_value()) {
    *out->mutable_determination() = std::move(explained->row);
  }
  if (request.explain()) {
    *response->mutable_derivation() = std::move(explained->derivation);
  }
  return absl::OkStatus();
}

absl::Status ListDeterminationsQuery(
    const v1::ListDeterminationsRequest& request, const ReadView& view,
    const MayRead& may_read, v1::ListDeterminationsResponse* response) {
  absl::Status status = may_read(UnitId(request.root_unit_id()));
  if (status.ok()) {
    status = CheckRange(*view.rows, request.policy_id(), request.first_month(),
                        request.last_month());
  }
  if (!status.ok()) return status;
  const absl::StatusOr<int> page_size = PageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  PageToken start;
  if (!request.page_token().empty()) {
    absl::StatusOr<PageToken> token = DecodePageToken(request.page_token());
    if (!token.ok()) return token.status();
    start = *std::move(token);
  }
  response->set_position(view.position.value);
  Scope scope(view, UnitId(request.root_unit_id()));
  ScanDeterminations(
      *view.rows, request.policy_id(), Month(request.first_month()),
      Month(request.last_month()), start.key,
      [&](absl::string_view key, const DeterminationKey& parsed,
          const RowVersion& row) {
        if (response->rows_size() == *page_size) {
          response->set_next_page_token(
              EncodePageToken({view.position, std::string(key)}));
          return false;
        }
        v1::Determination determination;
        determination.ParseFromString(row.value);
        if ((request.state() != v1::DETERMINATION_STATE_UNSPECIFIED &&
             determination.state() != request.state()) ||
            !scope.Holds(parsed.kind, parsed.beneficiary)) {
          return true;
        }
        v1::DeterminationRow* const out = response->add_rows();
        out->set_policy_id(request.policy_id());
        out->set_beneficiary_kind(
            static_cast<v1::BeneficiaryKind>(parsed.kind));
        out->set_beneficiary_id(parsed.beneficiary);
        out->set_month(parsed.month.yyyymm);
        *out->mutable_determination() = std::move(determination);
        out->set_version_position(row.position.value);
        return true;
      });
  return absl::OkStatus();
}

absl::Status SummarizeDeterminationsQuery(
    const v1::SummarizeDeterminationsRequest& request, const ReadView& view,
    const MayRead& may_read, v1::SummarizeDeterminationsResponse* response) {
  absl::Status status = may_read(UnitId(request.root_unit_id()));
  if (status.ok()) {
    status = CheckRange(*view.rows, request.policy_id(), request.first_month(),
                        request.last_month());
  }
  if (!status.ok()) return status;
  struct Sum {
    std::int64_t count = 0;
    std::int64_t amount_vnd = 0;
  };
  std::map<std::tuple<std::int32_t, int, int, int>, Sum> sums;
  Scope scope(view, UnitId(request.root_unit_id()));
  ScanDeterminations(*view.rows, request.policy_id(),
                     Month(request.first_month()), Month(request.last_month()),
                     "",
                     [&](absl::string_view, const DeterminationKey& parsed,
                         const RowVersion& row) {
                       if (!scope.Holds(parsed.kind, parsed.beneficiary))
                         return true;
                       v1::Determination determination;
                       determination.ParseFromString(row.value);
                       const int reason = determination.reasons().empty()
                                              ? v1::REASON_CODE_UNSPECIFIED
                                              : determination.reasons(0);
                       Sum& sum = sums[{parsed.month.yyyymm, parsed.kind,
                                        determination.state(), reason}];
                       ++sum.count;
                       sum.amount_vnd += determination.amount_vnd();
                       return true;
                     });
  response->set_position(view.position.value);
  for (const auto& [key, sum] : sums) {
    v1::DeterminationSum* const out = response->add_sums();
    const auto& [month, kind, state, reason] = key;
    out->set_month(month);
    out->set_beneficiary_kind(static_cast<v1::BeneficiaryKind>(kind));
    out->set_state(static_cast<v1::DeterminationState>(state));
    out->set_reason(static_cast<v1::ReasonCode>(reason));
    out->set_count(sum.count);
    out->set_amount_vnd(sum.amount_vnd);
  }
  return absl::OkStatus();
}

absl::Status ListPoliciesQuery(const v1::ListPoliciesRequest& /*request*/,
                               const ReadView& view, const MayRead& may_read,
                               v1::ListPoliciesResponse* response) {
  const auto readable = [&](std::uint64_t unit) {
    return may_read(UnitId(unit)).ok();
  };
  response->set_position(view.position.value);
  view.rows->Scan(Table::kPolicy, "", "",
                  [&](absl::string_view, const RowVersion& row) {
                    v1::PolicyRow policy;
                    policy.ParseFromString(row.value);
                    if (readable(policy.issuer_unit_id())) {
                      *response->add_policies() = std::move(policy);
                    }
                    return true;
                  });
  const auto listed = [&](const std::string& policy_id) {
    for (const v1::PolicyRow& policy : response->policies()) {
      if (policy.policy_id() == policy_id) return true;
    }
    return readable(0);
  };
  view.rows->Scan(Table::kFunding, "", "",
                  [&](absl::string_view, const RowVersion& row) {
                    v1::FundingRow funding;
                    funding.ParseFromString(row.value);
                    funding.clear_team_ids();
                    if (listed(funding.policy_id())) {
                      *response->add_fundings() = std::move(funding);
                    }
                    return true;
                  });
  view.rows->Scan(
      Table::kList, "", "", [&](absl::string_view, const RowVersion& row) {
        v1::RegistrationListRow list;
        list.ParseFromString(row.value);
        if (!list.listings().empty() && readable(list.listings(0).unit_id())) {
          *response->add_lists() = std::move(list);
        }
        return true;
      });
  return absl::OkStatus();
}

}  // namespace thon
