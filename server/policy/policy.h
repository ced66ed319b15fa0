// A province's rule about support money, as data: the model that the parser
// fills and the engine reads. Plain values; copyable; no invariant that the
// parser does not check.
#ifndef THON_POLICY_POLICY_H_
#define THON_POLICY_POLICY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/core/civil.h"
#include "server/policy/metrics.h"
#include "thon/v1/event.pb.h"

namespace thon {

// Where a parameter comes from. Both empty: nobody said, which is listed as an
// assumption.
struct Basis {
  std::string source;
  std::string assumption;
};

enum class PolicyStatus : std::uint8_t { kDraft, kInForce };

// From which month a listing counts.
enum class ListMonth : std::uint8_t {
  kFirstFull,   // A month whose first day is listed.
  kContaining,  // A month with any listed day.
};

enum class AmountUnit : std::uint8_t { kTeamMonth, kMemberMonth };

// On which day of the month the policy looks.
enum class LookDay : std::uint8_t { kFirstDay, kLastDay, kAnyDay };

enum class SuspensionEffect : std::uint8_t { kPay, kHold, kNoPay };

struct PolicyDocument {
  std::string number;  // As printed.
  Date issued;
  std::string issuer;
};

struct RegistrationListRule {
  std::string list_id;
  int year = 0;
  std::vector<v1::RegistrationTarget> targets;
  ListMonth list_month = ListMonth::kFirstFull;
  Basis basis;
  Basis list_month_basis;
};

// A node of the condition tree. Leaves are thresholds.
struct Condition {
  enum class Op : std::uint8_t { kAll, kAny, kNone, kThreshold };
  Op op = Op::kThreshold;
  std::vector<Condition> children;  // kAll, kAny, kNone; not empty.
  // kThreshold: numerator >= target for a count or flag, numerator * 100 >=
  // target * denominator for a ratio.
  Metric metric = Metric::kM01;
  std::int64_t target = 0;
  Basis basis;
  std::string path;  // "conditions.all[0]"
};

struct Policy {
  std::string id;   // "YB-2023"
  int version = 0;  // From 1.
  std::string title;
  PolicyStatus status = PolicyStatus::kDraft;
  Basis status_basis;
  std::string issuer;
  std::vector<PolicyDocument> documents;  // Not empty.

  // First day on which this version replaces a lower one. A month takes the
  // version in force on its first day.
  Date effective_from;

  // No period: a draft only.
  bool has_period = false;
  Date from;
  Date to;  // Included.
  Basis period_basis;
  // A month that the period covers in part counts as a whole; else not at all.
  bool partial_month_counts = true;
  Basis month_basis;

  v1::UnitLevel level = v1::UNIT_LEVEL_VILLAGE;
  std::vector<v1::UnitKind> kinds;  // Not empty.
  Basis beneficiary_basis;

  std::optional<RegistrationListRule> list;

  LookDay exists_on = LookDay::kLastDay;
  Basis exists_basis;
  SuspensionEffect suspended_full = SuspensionEffect::kNoPay;
  SuspensionEffect suspended_partly = SuspensionEffect::kHold;
  Basis suspended_basis;

  bool update_required = false;
  bool update_record_missing = false;
  // Days of the month after; the deadline is 00:00 local on that day,
  // exclusive. 0: none.
  int update_submit_before_day = 0;
  int update_confirm_before_day = 0;
  Basis update_basis;

  std::optional<Condition> conditions;
  // Metrics the conditions look at, ascending, each once.
  std::vector<Metric> metrics;

  AmountUnit unit = AmountUnit::kTeamMonth;
  std::int64_t amount_vnd = 0;             // For one unit.
  LookDay members_on = LookDay::kLastDay;  // kMemberMonth.
  std::string purpose;
  Basis amount_basis;

  std::int64_t cap_month_vnd = 0;  // For a beneficiary; 0: none.
  std::int64_t cap_year_vnd = 0;   // For a beneficiary and calendar year.
  Basis cap_basis;

  bool funding_required = false;
  Basis funding_basis;

  // First and last month that the period touches. Requires has_period.
  Month first_month() const { return Month::Of(from); }
  Month last_month() const { return Month::Of(to); }
  // Midnight that ends the time to hand in, or to confirm, `month`'s update.
  Date submit_deadline(Month month) const {
    return DayOfNext(month, update_submit_before_day);
  }
  Date confirm_deadline(Month month) const {
    return DayOfNext(month, update_confirm_before_day);
  }
  // True if a result can depend on the month's activity row before any
  // deadline has passed.
  bool reads_activity() const { return !metrics.empty(); }

 private:
  static Date DayOfNext(Month month, int day) {
    return Date(month.last_day().days + day);
  }
};

}  // namespace thon

#endif  // THON_POLICY_POLICY_H_
