// A province's rule, as data: the model that the parser fills and the engine
// reads. Plain values; copyable; no invariant that the parser does not check.
//
// The file format: server/policy/FORMAT.md.
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

// Only IN_FORCE, PILOT and CLOSED pay. CLOSED: the period is over and nothing
// is added; what it paid it still says.
enum class PolicyStatus : std::uint8_t {
  kDraft,
  kAdopted,  // By the council, but not in force yet.
  kInForce,
  kPilot,
  kClosed,
  kRepealed,
  kSuperseded,
};

// From which month a listing counts.
enum class ListMonth : std::uint8_t {
  kFirstFull,   // A month whose first day is listed.
  kContaining,  // A month with any listed day.
};

enum class AmountUnit : std::uint8_t {
  kTeamMonth,
  kMemberMonth,
  kPersonDay,    // A person mobilised for a day.
  kPersonNight,  // A person mobilised for a night.
};

// On which day of the month the policy looks.
enum class LookDay : std::uint8_t { kFirstDay, kLastDay, kAnyDay, kEveryDay };

enum class SuspensionEffect : std::uint8_t { kPay, kHold, kNoPay };

enum class RoundMode : std::uint8_t { kDown, kHalfUp, kUp };

// What an activity does that came after the policy's deadline.
enum class LateEffect : std::uint8_t {
  kCounts,   // It restates the month.
  kLeftOut,  // It is kept and shown, and does not count for this policy.
};

struct PolicyDocument {
  std::string number;  // As printed; empty only for a draft.
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

// A seat of a team, which one person with any of these affiliations fills
// (HT-06). One person fills one seat.
struct SeatRule {
  std::vector<v1::Affiliation> any_of;  // Not empty.
};

struct SeatTemplate {
  std::vector<SeatRule> seats;  // 1 to 16.
  // kFirstDay, kLastDay, kAnyDay or kEveryDay of the month.
  LookDay on = LookDay::kLastDay;
  bool blocks_payment = false;
  Basis basis;
};

// A node of the condition tree. Leaves are thresholds.
struct Condition {
  enum class Op : std::uint8_t { kAll, kAny, kNone, kThreshold };
  Op op = Op::kThreshold;
  std::vector<Condition> children;  // kAll, kAny, kNone; not empty.
  // kThreshold: a selector of Policy::selectors ...
  std::size_t selector = 0;
  // ... that must be at least, or at most, this.
  std::int64_t target = 0;
  bool at_most = false;
  Basis basis;
  std::string path;  // "conditions.all[0]"
};

// A part of what is paid for a month.
struct AmountLine {
  AmountUnit unit = AmountUnit::kTeamMonth;
  std::int64_t vnd = 0;  // For one unit, 1 to 10^15.
  // `vnd` is the most that one unit may cost; each mobilisation says its rate.
  bool up_to = false;
  LookDay members_on = LookDay::kLastDay;  // kMemberMonth.
  // kMemberMonth: no more members than this are paid for; 0: no limit.
  std::int64_t members_max = 0;
  std::string purpose;
  Basis basis;
  std::string path;  // "amount", "amount[1]"
};

// A commune may add (T33): policy's amount and top-up together at most this for
// a team and month. Exactly one of the two is set.
struct TopUpRule {
  std::int64_t total_max_vnd = 0;
  std::int64_t total_max_percent = 0;  // Of the amount without top-up; >= 100.
  Basis basis;
};

struct DoubleSupportRule {
  bool forbid = false;
  std::vector<std::string> with;  // Policy ids; empty: any other support.
  Basis basis;
};

// A target of an emulation campaign: reported, compared, never paid.
struct Target {
  MetricSelector selector;
  bool has_target = false;  // HG-13: without one it is reported, never failed.
  std::int64_t at_least = 0;
  std::int64_t weight = 0;  // 0: none given (HG-15).
  Basis basis;
  std::string path;  // "targets[2]"
};

// An award table (DN-05, DN-06).
struct AwardRule {
  std::vector<v1::OrganisationKind> pool;  // Ranked together.
  std::string precondition;
  std::vector<std::int64_t> rank_vnd;  // By rank, from 1; beyond: 0.
  bool tie_holds = true;  // A tie that would share or pass a rank is HELD.
  std::string cadence;    // "yearly"
  Basis basis;
};

struct LateRule {
  LateEffect effect = LateEffect::kCounts;
  // kLeftOut: activities received on or after 00:00 local of this day of the
  // month after (1 to 28), or, if it is 0, on or after `accept_before`.
  int before_day = 0;
  Date accept_before;
  Basis basis;
};

struct Rounding {
  std::int64_t to_vnd = 1;
  RoundMode mode = RoundMode::kDown;
  Basis basis;
};

struct Policy {
  std::string id;   // "YB-2023"
  int version = 0;  // From 1.
  std::string title;
  PolicyStatus status = PolicyStatus::kDraft;
  Basis status_basis;
  std::string issuer;
  std::vector<PolicyDocument> documents;  // Not empty.

  // When an official must look at it again; Date() if the source names no day.
  Date review_on;
  std::string review_note;

  // First day on which this version replaces a lower one. A month takes the
  // version in force on its first day.
  Date effective_from;

  // No period: a draft, a pilot without end, or targets with a window only.
  bool has_period = false;
  Date from;
  Date to;  // Included.
  Basis period_basis;
  // Set by an act of its own (PolicySuperseded), never by the text: the first
  // day on which it does not hold, with the act's number. A period's `to` is
  // before it.
  Date ended_on;
  std::string ended_by;
  // A month that the period covers in part counts as a whole; else not at all.
  bool partial_month_counts = true;
  // The amount goes by the days of the month on which the period runs and the
  // team exists and is not suspended.
  bool prorate_by_day = false;
  Basis month_basis;
  Rounding rounding;

  v1::UnitLevel level = v1::UNIT_LEVEL_VILLAGE;
  std::vector<v1::UnitKind> kinds;  // Not empty.
  Basis beneficiary_basis;
  // At most one team of the level stands on a unit at a time (HG-04).
  bool one_team_per_unit = false;
  Basis one_team_basis;

  std::optional<RegistrationListRule> list;

  LookDay exists_on = LookDay::kLastDay;
  Basis exists_basis;
  SuspensionEffect suspended_full = SuspensionEffect::kNoPay;
  SuspensionEffect suspended_partly = SuspensionEffect::kHold;
  Basis suspended_basis;

  std::optional<SeatTemplate> seats;

  bool update_required = false;
  bool update_record_missing = false;
  // Days of the month after; the deadline is 00:00 local on that day,
  // exclusive. 0: none.
  int update_submit_before_day = 0;
  int update_confirm_before_day = 0;
  Basis update_basis;

  LateRule late;

  std::optional<Condition> conditions;
  // What conditions look at, ascending, each once. Facts carry a value for
  // each, in this order.
  std::vector<MetricSelector> selectors;

  // Empty: it pays nothing (a pilot, or targets only).
  std::vector<AmountLine> amounts;
  Basis amount_basis;  // Of paying nothing; each line has its own.

  std::int64_t cap_month_vnd = 0;  // For a beneficiary; 0: none.
  std::int64_t cap_year_vnd = 0;   // For a beneficiary and calendar year.
  // The year's cap shrinks to the share of the year's months that the period
  // covers; else it is whole (T28).
  bool cap_year_by_month = false;
  Basis cap_basis;

  std::optional<TopUpRule> top_up;
  DoubleSupportRule double_support;

  bool funding_required = false;
  Basis funding_basis;

  std::vector<Target> targets;
  Basis targets_basis;
  std::optional<AwardRule> award;

  // Said in the decision and shown, never computed with.
  std::string pay_rhythm;  // "quarterly"; empty: not said.
  Basis pay_rhythm_basis;
  std::vector<std::string> purposes;
  Basis purposes_basis;
  std::vector<std::string> verify_chain;  // In order.
  Basis verify_basis;

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
  // Midnight from which activities of `month` are late; meaningful with
  // kLeftOut.
  Date late_deadline(Month month) const {
    return late.before_day != 0 ? DayOfNext(month, late.before_day)
                                : late.accept_before;
  }
  // True if a result can depend on activities, observations or inspections.
  bool reads_metrics() const;
  // True if it can depend on who is a member.
  bool reads_roster() const;
  bool pays_by(AmountUnit unit) const;

 private:
  static Date DayOfNext(Month month, int day) {
    return Date(month.last_day().days + day);
  }
};

}  // namespace thon

#endif  // THON_POLICY_POLICY_H_
