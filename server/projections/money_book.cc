#include "server/projections/money_book.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "absl/numeric/int128.h"
#include "server/core/check.h"
#include "server/policy/policy_yaml.h"
#include "server/projections/row_keys.h"

namespace thon {
namespace {

constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();

// The most that the policy pays a team for a month without top-up; kUnbounded:
// nothing in the policy bounds it.
std::int64_t MostForMonth(const Policy& policy) {
  absl::int128 most = 0;
  for (const AmountLine& line : policy.amounts) {
    switch (line.unit) {
      case AmountUnit::kTeamMonth:
        most += line.vnd;
        break;
      case AmountUnit::kMemberMonth:
        most += line.members_max == 0
                    ? absl::int128(kUnbounded)
                    : absl::int128(line.vnd) * line.members_max;
        break;
      case AmountUnit::kPersonDay:
      case AmountUnit::kPersonNight:
        most += kUnbounded;
        break;
    }
  }
  // Rounding can add up to a step.
  if (policy.prorate_by_day) most += policy.rounding.to_vnd;
  if (policy.cap_month_vnd != 0) {
    most = std::min(most, absl::int128(policy.cap_month_vnd));
  }
  return static_cast<std::int64_t>(std::min(most, absl::int128(kUnbounded)));
}

// Whether the decision could owe its set more than its ceiling.
bool MayBind(const PolicyFile& file, const FundingDecision& funding) {
  std::int64_t most = 0;
  for (const auto& [number, version] : file.versions) {
    most = std::max(most, MostForMonth(version.policy));
  }
  if (most == kUnbounded) return true;
  const int months = MonthCount(std::max(funding.fact.first, file.first_month),
                                std::min(funding.fact.last, file.last_month));
  return absl::int128(most) * months *
             static_cast<std::int64_t>(funding.teams.size()) >
         funding.ceiling_vnd;
}

FundingDecision DecisionOf(const v1::FundingRow& row) {
  FundingDecision funding;
  funding.fact.position = Position(row.position());
  funding.fact.first = Month(row.first_month());
  funding.fact.last = Month(row.last_month());
  funding.fact.reaches_back = row.retroactive();
  funding.fact.recorded = Date(row.recorded_date());
  funding.fact.number = row.document().number();
  funding.fact.issued = Date(row.document().issue_date());
  funding.ceiling_vnd = row.ceiling_vnd();
  funding.teams.assign(row.team_ids().begin(), row.team_ids().end());
  return funding;
}

void FindBinding(PolicyFile* file) {
  for (FundingDecision& funding : file->fundings) {
    funding.may_bind = MayBind(*file, funding);
    file->ceiling_may_bind |= funding.may_bind;
  }
}

TopUpFact TopUpOf(const v1::TopUpRow& row) {
  TopUpFact fact;
  fact.position = Position(row.position());
  fact.first = Month(row.first_month());
  fact.last = Month(row.last_month());
  fact.reaches_back = row.retroactive();
  fact.recorded = Date(row.recorded_date());
  fact.amount_vnd = row.amount_vnd();
  return fact;
}

// Ends a version on its `end_date`, if it has one and its period, if it has
// one, lasts so long.
void EndPeriod(const v1::PolicyRow& row, Policy* policy) {
  const Date end(row.end_date());
  if (end == Date() || (policy->has_period && end > policy->to)) return;
  policy->ended_on = end;
  policy->ended_by = row.end_document().number();
  if (!policy->has_period) return;
  policy->to = end.Previous();
  policy->has_period = policy->from <= policy->to;
}

void Add(PolicyVersion version, PolicyFile* file) {
  const Policy& policy = version.policy;
  file->caps_year |= policy.cap_year_vnd != 0;
  file->forbids_double |= policy.double_support.forbid;
  if (file->first_position == Position(0) ||
      version.position < file->first_position) {
    file->first_position = version.position;
  }
  if (policy.has_period) {
    const bool first = file->last_month < file->first_month;
    file->first_month = first
                            ? policy.first_month()
                            : std::min(file->first_month, policy.first_month());
    file->last_month = first ? policy.last_month()
                             : std::max(file->last_month, policy.last_month());
  }
  const int number = policy.version;
  file->versions[number] = std::move(version);
}

PolicyFile EmptyFile(absl::string_view id) {
  PolicyFile file;
  file.id = std::string(id);
  file.first_month = Month(1);  // No month yet.
  return file;
}

// What a policy comes by when a month is determined.
auto Rank(const PolicyFile& file, Month month) {
  const bool forbids = file.VersionFor(month).policy.double_support.forbid;
  return std::make_tuple(forbids, forbids ? file.first_position : Position(0),
                         absl::string_view(file.id));
}

// Whether `file` must not be paid beside `other` in the month.
bool Forbids(const PolicyFile& file, const PolicyFile& other, Month month) {
  const DoubleSupportRule& rule = file.VersionFor(month).policy.double_support;
  return rule.forbid && &file != &other && other.HasMonth(month) &&
         (rule.with.empty() || std::find(rule.with.begin(), rule.with.end(),
                                         other.id) != rule.with.end());
}

// Whether `file` is determined after `other`: it forbids it, and is not the
// older of two that forbid each other.
bool Follows(const PolicyFile& file, const PolicyFile& other, Month month) {
  return Forbids(file, other, month) &&
         !(Forbids(other, file, month) &&
           std::tie(file.first_position, file.id) <
               std::tie(other.first_position, other.id));
}

}  // namespace

bool FundingDecision::Names(std::uint64_t team) const {
  return std::binary_search(teams.begin(), teams.end(), team);
}

const PolicyVersion& PolicyFile::VersionFor(Month month) const {
  const PolicyVersion* earliest = nullptr;
  const PolicyVersion* newest = nullptr;
  for (const auto& [number, version] : versions) {
    const Date from = version.policy.effective_from;
    if (from <= month.first_day()) newest = &version;
    if (earliest == nullptr || from < earliest->policy.effective_from) {
      earliest = &version;
    }
  }
  return newest != nullptr ? *newest : *earliest;
}

const TransitionFact* PolicyFile::TransitionOn(UnitId issuer, Date day) const {
  const TransitionFact* newest = nullptr;
  for (const TransitionFact& rule : transitions) {
    if (rule.old_unit == issuer && rule.days.from <= day) newest = &rule;
  }
  return newest != nullptr && day <= newest->days.to ? newest : nullptr;
}

const std::vector<const PolicyFile*>& MoneyBook::OrderOf(Month month) const {
  const auto [at, fresh] = orders_.try_emplace(month);
  if (!fresh) return at->second;
  std::vector<const PolicyFile*> waiting;
  for (const auto& [id, file] : policies_) {
    if (file.HasMonth(month)) waiting.push_back(&file);
  }
  std::sort(waiting.begin(), waiting.end(),
            [month](const PolicyFile* a, const PolicyFile* b) {
              return Rank(*a, month) < Rank(*b, month);
            });
  while (!waiting.empty()) {
    const auto follows_nobody = [&waiting, month](const PolicyFile* file) {
      return std::none_of(waiting.begin(), waiting.end(),
                          [file, month](const PolicyFile* other) {
                            return Follows(*file, *other, month);
                          });
    };
    auto next = std::find_if(waiting.begin(), waiting.end(), follows_nobody);
    if (next == waiting.end()) next = waiting.begin();  // A ring.
    at->second.push_back(*next);
    waiting.erase(next);
  }
  return at->second;
}

std::size_t MoneyBook::PlaceOf(const PolicyFile& file, Month month) const {
  const std::vector<const PolicyFile*>& order = OrderOf(month);
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), &file) -
                                  order.begin());
}

bool MoneyBook::LooksAt(const PolicyFile& looking, const PolicyFile& other,
                        Month month) const {
  return Forbids(looking, other, month) &&
         PlaceOf(other, month) < PlaceOf(looking, month);
}

void MoneyBook::PutInOrder(Month month,
                           std::vector<const PolicyFile*>* files) const {
  if (files->size() < 2) return;
  std::sort(files->begin(), files->end(),
            [this, month](const PolicyFile* a, const PolicyFile* b) {
              return PlaceOf(*a, month) < PlaceOf(*b, month);
            });
}

void MoneyBook::AddVersion(const v1::PolicyRow& row, PolicyFile* file) {
  std::shared_ptr<const Policy>& parsed = parsed_[Position(row.position())];
  if (parsed == nullptr) {
    PolicyText text = ParsePolicy(row.text(), "policy");
    THON_CHECK(text.ok());  // Only what parses becomes a row.
    parsed = std::make_shared<const Policy>(std::move(text.policy));
  }
  Add({*parsed, UnitId(row.issuer_unit_id()), Position(row.position())}, file);
  EndPeriod(row, &file->versions[row.version()].policy);
}

void MoneyBook::LoadDecisions(const RowReader& rows,
                              const std::string& prefix) {
  const auto file_of = [this](const std::string& id) {
    const auto at = policies_.find(id);
    return at == policies_.end() ? nullptr : &at->second;
  };
  ScanRows<v1::FundingRow>(
      rows, Table::kFunding, prefix,
      [&](absl::string_view, const v1::FundingRow& row, Position) {
        PolicyFile* file = file_of(row.policy_id());
        if (file != nullptr) file->fundings.push_back(DecisionOf(row));
        return true;
      });
  ScanRows<v1::TopUpRow>(
      rows, Table::kTopUp, prefix,
      [&](absl::string_view, const v1::TopUpRow& row, Position) {
        PolicyFile* file = file_of(row.policy_id());
        if (file != nullptr) {
          file->top_ups[row.unit_id()].push_back(TopUpOf(row));
        }
        return true;
      });
  ScanRows<v1::TransitionRow>(
      rows, Table::kTransition, prefix,
      [&](absl::string_view key, const v1::TransitionRow& row, Position) {
        PolicyFile* file = file_of(std::string(keys::KeyView(key).Text()));
        for (int i = 0; file != nullptr && i < row.rules_size(); ++i) {
          const v1::TransitionRule& rule = row.rules(i);
          file->transitions.push_back(
              {UnitId(rule.old_unit_id()),
               {Date(rule.from_date()),
                rule.to_date() == 0 ? kOpenEnd : Date(rule.to_date())},
               Position(row.positions(i))});
        }
        return true;
      });
  for (auto& [id, file] : policies_) FindBinding(&file);
}

void MoneyBook::Load(const RowReader& rows, absl::string_view policy_id) {
  orders_.clear();
  policies_.clear();
  lists_.clear();
  const std::string prefix =
      policy_id.empty() ? "" : keys::Key().Text(policy_id).Take();
  ScanRows<v1::PolicyRow>(
      rows, Table::kPolicy, prefix,
      [this](absl::string_view, const v1::PolicyRow& row, Position) {
        const auto at =
            policies_.try_emplace(row.policy_id(), EmptyFile(row.policy_id()))
                .first;
        AddVersion(row, &at->second);
        return true;
      });
  LoadDecisions(rows, prefix);
  LoadLists(rows);
}

void MoneyBook::AddTrial(const Policy& policy, UnitId issuer, Position position,
                         Month first, Month last, const RowReader& rows) {
  PolicyFile file = EmptyFile(policy.id);
  Add({policy, issuer, position}, &file);
  file.first_month = first;
  file.last_month = last;
  const auto published = policies_.find(policy.id);
  if (published != policies_.end()) {
    file.fundings = std::move(published->second.fundings);
    file.top_ups = std::move(published->second.top_ups);
    file.transitions = std::move(published->second.transitions);
  }
  FindBinding(&file);
  orders_.clear();
  policies_[policy.id] = std::move(file);
  LoadLists(rows);
}

void MoneyBook::LoadLists(const RowReader& rows) {
  for (const auto& [id, file] : policies_) {
    for (const auto& [number, version] : file.versions) {
      if (!version.policy.list.has_value()) continue;
      const std::string& list_id = version.policy.list->list_id;
      if (lists_.count(list_id) != 0) continue;
      const std::optional<v1::RegistrationListRow> row =
          GetRow<v1::RegistrationListRow>(rows, Table::kList,
                                          keys::List(list_id));
      if (!row.has_value()) continue;
      RegistrationListFacts& facts = lists_[list_id];
      facts.year = row->year();
      facts.changed = Position(row->changed_position());
      for (const v1::Listing& listing : row->listings()) {
        const Date to =
            listing.to_date() == 0 ? kOpenEnd : Date(listing.to_date());
        facts.by_unit[listing.unit_id()].push_back(
            {listing.target(), {Date(listing.from_date()), to}});
      }
    }
  }
}

const PolicyFile* MoneyBook::Find(absl::string_view policy_id) const {
  const auto at = policies_.find(std::string(policy_id));
  return at == policies_.end() ? nullptr : &at->second;
}

const RegistrationListFacts* MoneyBook::FindList(
    const std::string& list_id) const {
  const auto at = lists_.find(list_id);
  return at == lists_.end() ? nullptr : &at->second;
}

}  // namespace thon
