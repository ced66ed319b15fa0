#include "server/projections/simulate.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/projections/acts.h"
#include "server/projections/money_book.h"
#include "server/projections/redetermination.h"
#include "server/projections/row_keys.h"
#include "server/projections/scratch_rows.h"
#include "server/projections/units.h"

namespace thon {
namespace {

// Behind every position that a log can give.
constexpr Position kTrialPosition{std::uint64_t{1} << 62};

// Makes the policy one that is in force over the months.
absl::Status Prepare(SimulationRequest* request) {
  Policy& policy = request->policy;
  if (policy.status == PolicyStatus::kDraft ||
      policy.status == PolicyStatus::kAdopted) {
    policy.status = PolicyStatus::kInForce;
  }
  if (request->assume_funded) policy.funding_required = false;
  if (policy.has_period) {
    if (request->first.yyyymm == 0) request->first = policy.first_month();
    if (request->last.yyyymm == 0) request->last = policy.last_month();
  }
  if (request->first.yyyymm == 0 || request->last.yyyymm == 0) {
    return absl::InvalidArgumentError(
        "the policy has no period: say first_month and last_month");
  }
  if (!request->first.valid() || !request->last.valid() ||
      request->last < request->first) {
    return absl::InvalidArgumentError(
        "first_month and last_month must be months in order, e.g. 202306");
  }
  if (MonthCount(request->first, request->last) > kSimulatedMonthsMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "at most ", kSimulatedMonthsMax, " months are simulated at once"));
  }
  if (!policy.has_period) {
    policy.has_period = true;
    policy.from = request->first.first_day();
    policy.to = request->last.last_day();
  }
  return absl::OkStatus();
}

Simulation Sum(const SimulationRequest& request, const RowReader& rows) {
  struct Sum {
    std::int64_t count = 0;
    std::int64_t amount_vnd = 0;
  };
  Simulation out;
  out.first = request.first;
  out.last = request.last;
  std::map<std::tuple<std::int32_t, int, int, int>, Sum> sums;
  ScanRows<v1::Determination>(
      rows, Table::kDetermination, keys::Key().Text(request.policy.id).Take(),
      [&](absl::string_view key, const v1::Determination& row, Position) {
        keys::KeyView view(key);
        view.Text();
        const Month month = view.YearMonth();
        if (month > request.last) return false;
        if (month < request.first) return true;
        const int kind = view.U8();
        const int reason = row.reasons().empty() ? 0 : row.reasons(0);
        Sum& sum = sums[{month.yyyymm, kind, row.state(), reason}];
        ++sum.count;
        sum.amount_vnd += row.amount_vnd();
        out.total_vnd += row.amount_vnd();
        return true;
      });
  for (const auto& [key, sum] : sums) {
    v1::DeterminationSum& one = out.sums.emplace_back();
    const auto& [month, kind, state, reason] = key;
    one.set_month(month);
    one.set_beneficiary_kind(static_cast<v1::BeneficiaryKind>(kind));
    one.set_state(static_cast<v1::DeterminationState>(state));
    one.set_reason(static_cast<v1::ReasonCode>(reason));
    one.set_count(sum.count);
    one.set_amount_vnd(sum.amount_vnd);
  }
  return out;
}

}  // namespace

absl::StatusOr<Simulation> Simulate(SimulationRequest request,
                                    const RowReader& rows) {
  absl::Status ready = Prepare(&request);
  if (!ready.ok()) return ready;
  if (!GetUnit(rows, request.issuer).has_value()) {
    return absl::NotFoundError("the issuer is no unit of the map");
  }
  MoneyBook book;
  book.Load(rows);
  book.AddTrial(request.policy, request.issuer, kTrialPosition, request.first,
                request.last, rows);
  Date today = LastDay(rows).value_or(request.first.first_day());
  if (request.last.first_day() > today) today = request.last.last_day();
  ScratchRows trial(&rows, kTrialPosition);
  // What a published version of the id paid is not part of the trial.
  std::vector<std::string> before;
  rows.Scan(Table::kDetermination, keys::Key().Text(request.policy.id).Take(),
            "", [&before](absl::string_view key, const RowVersion&) {
              before.emplace_back(key);
              return true;
            });
  for (const std::string& key : before)
    trial.Delete(Table::kDetermination, key);
  UnitMemo units;
  TeamLineage lineage;
  lineage.Load(rows);
  std::map<std::string, Dirty> dirty;
  dirty[request.policy.id].everything = true;
  Redetermination(book, lineage, units, today, trial).RunOnly(std::move(dirty));
  return Sum(request, trial);
}

}  // namespace thon
