// Queries of units' metrics.
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"
#include "server/policy/policy_yaml.h"
#include "server/projections/row_keys.h"
#include "server/projections/unit_metrics.h"
#include "server/projections/units.h"
#include "server/rpc/queries.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

// Months in one answer: each is read of every team below the unit.
constexpr int kMonthsMax = 60;

absl::Status Wrong(absl::string_view field, absl::string_view message) {
  return WithField(
      WithReason(absl::InvalidArgumentError(message), "INVALID_FIELD"), field);
}

// The policy's highest version that is in force on `day`, else its lowest;
// nullopt if it was never published.
std::optional<Policy> FindPolicy(const RowReader& rows,
                                 const std::string& policy_id, Date day) {
  std::optional<Policy> found;
  ScanRows<v1::PolicyRow>(
      rows, Table::kPolicy, keys::Key().Text(policy_id).Take(),
      [&](absl::string_view, const v1::PolicyRow& row, Position) {
        PolicyText text = ParsePolicy(row.text(), policy_id);
        // What was published once was right then.
        if (text.ok() &&
            (!found.has_value() || text.policy.effective_from <= day)) {
          found = std::move(text.policy);
        }
        return true;
      });
  return found;
}

}  // namespace

absl::Status GetUnitMetricsQuery(const v1::GetUnitMetricsRequest& request,
                                 const ReadView& view, const MayRead& may_read,
                                 v1::GetUnitMetricsResponse* response) {
  const RowReader& rows = *view.rows;
  const UnitId unit(request.unit_id());
  const bool found = GetUnit(rows, unit).has_value();
  const absl::Status permitted = may_read(found ? unit : UnitId(0));
  if (!permitted.ok()) return permitted;
  if (!found) {
    return WithReason(absl::NotFoundError("no such unit"), "NOT_FOUND");
  }
  const Month first(request.first_month());
  const Month last(request.last_month());
  if (!first.valid()) return Wrong("first_month", "first_month is no month");
  if (!last.valid() || last < first) {
    return Wrong("last_month", "last_month is no month from first_month on");
  }
  if (MonthCount(first, last) > kMonthsMax) {
    return Wrong("last_month",
                 absl::StrCat("ask for at most ", kMonthsMax, " months"));
  }
  std::optional<Policy> policy;
  if (!request.policy_id().empty()) {
    if (!keys::IsRowKeyText(request.policy_id())) {
      return Wrong("policy_id", "policy_id is not well formed");
    }
    policy = FindPolicy(rows, request.policy_id(), last.last_day());
    if (!policy.has_value()) {
      return WithReason(absl::NotFoundError("no such policy"), "NOT_FOUND");
    }
  }
  response->set_position(view.position.value);
  for (v1::UnitMetric& metric :
       DescribeUnit(rows, policy.has_value() ? &*policy : nullptr, unit, first,
                    last, view.local_date)) {
    *response->add_metrics() = std::move(metric);
  }
  return absl::OkStatus();
}

}  // namespace thon
