#include "server/projections/money_book.h"

#include <algorithm>
#include <utility>

#include "absl/numeric/int128.h"
#include "server/core/check.h"
#include "server/policy/policy_yaml.h"
#include "server/projections/documents.h"
#include "server/projections/row_keys.h"
#include "server/projections/values.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

// Whether the decision could owe its set more than its ceiling.
bool MayBind(const PolicyFile& file, const FundingDecision& funding) {
  std::int64_t most = 0;
  for (const auto& [number, version] : file.versions) {
    const Policy& policy = version.policy;
    if (policy.unit != AmountUnit::kTeamMonth && policy.cap_month_vnd == 0) {
      return true;
    }
    most = std::max(most, policy.unit == AmountUnit::kTeamMonth
                              ? policy.amount_vnd
                              : policy.cap_month_vnd);
  }
  const int months = MonthCount(std::max(funding.fact.first, file.first_month),
                                std::min(funding.fact.last, file.last_month));
  return absl::int128(most) * months *
             static_cast<std::int64_t>(funding.teams.size()) >
         funding.ceiling_vnd;
}

void Publish(const v1::PolicyPublished& published, Position position,
             const EventSource& events, RowWriter& rows) {
  const std::string key =
      keys::Policy(published.policy_id(), published.version());
  if (!keys::IsRowKeyText(published.policy_id()) || published.version() <= 0 ||
      rows.Get(Table::kPolicy, key).has_value()) {
    return;
  }
  std::optional<std::string> text =
      AssembleDocument(published.text_hash(), rows, events);
  if (!text.has_value()) return;
  const PolicyText parsed = ParsePolicy(*text, "policy");
  if (!parsed.ok() || parsed.policy.id != published.policy_id() ||
      parsed.policy.version != published.version()) {
    return;
  }
  v1::PolicyRow row;
  row.set_policy_id(published.policy_id());
  row.set_version(published.version());
  row.set_issuer_unit_id(published.issuer_unit_id());
  *row.mutable_document() = published.document();
  row.set_text(std::move(*text));
  row.set_position(position.value);
  PutRow(rows, Table::kPolicy, key, row);
}

void Supersede(const v1::PolicySuperseded& superseded, RowWriter& rows) {
  if (!keys::IsRowKeyText(superseded.policy_id()) ||
      !IsDate(superseded.end_date())) {
    return;
  }
  std::vector<std::pair<std::string, v1::PolicyRow>> versions;
  ScanRows<v1::PolicyRow>(
      rows, Table::kPolicy, keys::Key().Text(superseded.policy_id()).Take(),
      [&](absl::string_view key, const v1::PolicyRow& row, Position) {
        versions.emplace_back(std::string(key), row);
        return true;
      });
  for (auto& [key, row] : versions) {
    row.set_end_date(superseded.end_date());
    PutRow(rows, Table::kPolicy, key, row);
  }
}

// A change that does not reach back begins on the day it was recorded.
Date EffectiveDay(std::int32_t effective_date, bool retroactive, Date today) {
  const Date effective(effective_date);
  return retroactive ? effective : std::max(effective, today);
}

void SortListings(v1::RegistrationListRow* row) {
  std::sort(row->mutable_listings()->begin(), row->mutable_listings()->end(),
            [](const v1::Listing& a, const v1::Listing& b) {
              return std::make_tuple(a.unit_id(), a.from_date(),
                                     static_cast<int>(a.target())) <
                     std::make_tuple(b.unit_id(), b.from_date(),
                                     static_cast<int>(b.target()));
            });
}

void AddListing(const v1::RegistrationRow& listed, Date from,
                v1::RegistrationListRow* row) {
  v1::Listing* listing = row->add_listings();
  listing->set_unit_id(listed.unit_id());
  listing->set_target(listed.target());
  listing->set_from_date(from.days);
}

void Approve(const v1::RegistrationListApproved& approved, Position position,
             Date today, const EventSource& events, RowWriter& rows) {
  const std::string key = keys::List(approved.list_id());
  if (!keys::IsRowKeyText(approved.list_id()) ||
      !IsDate(approved.effective_date()) ||
      rows.Get(Table::kList, key).has_value()) {
    return;
  }
  const std::optional<v1::RegistrationList> list =
      AssembleMessage<v1::RegistrationList>(approved.rows_hash(), rows, events);
  if (!list.has_value()) return;
  const Date from =
      EffectiveDay(approved.effective_date(), approved.retroactive(), today);
  v1::RegistrationListRow row;
  row.set_list_id(approved.list_id());
  row.set_year(approved.year());
  row.set_changed_position(position.value);
  for (const v1::RegistrationRow& listed : list->rows()) {
    if (!listed.removed()) AddListing(listed, from, &row);
  }
  SortListings(&row);
  PutRow(rows, Table::kList, key, row);
}

// Whether the listing holds on `day` or later.
bool HoldsFrom(const v1::Listing& listing, Date day) {
  return listing.to_date() == 0 || listing.to_date() >= day.days;
}

void Amend(const v1::RegistrationListAmended& amended, Position position,
           Date today, const EventSource& events, RowWriter& rows) {
  const std::string key = keys::List(amended.list_id());
  if (!keys::IsRowKeyText(amended.list_id()) ||
      !IsDate(amended.effective_date())) {
    return;
  }
  std::optional<v1::RegistrationListRow> row =
      GetRow<v1::RegistrationListRow>(rows, Table::kList, key);
  const std::optional<v1::RegistrationList> list =
      AssembleMessage<v1::RegistrationList>(amended.rows_hash(), rows, events);
  if (!row.has_value() || !list.has_value()) return;
  const Date day =
      EffectiveDay(amended.effective_date(), amended.retroactive(), today);
  for (const v1::RegistrationRow& change : list->rows()) {
    bool listed = false;
    for (v1::Listing& listing : *row->mutable_listings()) {
      if (listing.unit_id() != change.unit_id() ||
          listing.target() != change.target() || !HoldsFrom(listing, day)) {
        continue;
      }
      listed |= listing.from_date() <= day.days;
      if (change.removed()) listing.set_to_date(day.Previous().days);
    }
    if (!change.removed() && !listed) AddListing(change, day, &*row);
  }
  // What ends before it begins was never listed.
  auto* listings = row->mutable_listings();
  listings->erase(std::remove_if(listings->begin(), listings->end(),
                                 [](const v1::Listing& listing) {
                                   return listing.to_date() != 0 &&
                                          listing.to_date() <
                                              listing.from_date();
                                 }),
                  listings->end());
  SortListings(&*row);
  row->set_changed_position(position.value);
  PutRow(rows, Table::kList, key, *row);
}

void Approve(const v1::FundingApproved& approved, Position position, Date today,
             const EventSource& events, RowWriter& rows) {
  if (!keys::IsRowKeyText(approved.policy_id()) ||
      !IsMonth(approved.first_month()) || !IsMonth(approved.last_month()) ||
      approved.last_month() < approved.first_month() ||
      !IsMoney(approved.ceiling_vnd())) {
    return;
  }
  const std::optional<v1::FundedTeams> teams =
      AssembleMessage<v1::FundedTeams>(approved.teams_hash(), rows, events);
  if (!teams.has_value() || teams->team_ids_size() != approved.team_count() ||
      std::adjacent_find(teams->team_ids().begin(), teams->team_ids().end(),
                         [](std::uint64_t a, std::uint64_t b) {
                           return a >= b;
                         }) != teams->team_ids().end()) {
    return;
  }
  v1::FundingRow row;
  row.set_policy_id(approved.policy_id());
  *row.mutable_document() = approved.document();
  row.set_first_month(approved.first_month());
  row.set_last_month(approved.last_month());
  row.set_ceiling_vnd(approved.ceiling_vnd());
  row.set_team_count(approved.team_count());
  row.set_teams_hash(approved.teams_hash());
  row.set_retroactive(approved.retroactive());
  row.set_position(position.value);
  row.set_recorded_date(today.days);
  *row.mutable_team_ids() = teams->team_ids();
  PutRow(rows, Table::kFunding, keys::Funding(approved.policy_id(), position),
         row);
}

FundingDecision DecisionOf(const v1::FundingRow& row) {
  FundingDecision funding;
  funding.fact.position = Position(row.position());
  funding.fact.first = Month(row.first_month());
  funding.fact.last = Month(row.last_month());
  funding.fact.reaches_back = row.retroactive();
  funding.fact.recorded = Date(row.recorded_date());
  funding.ceiling_vnd = row.ceiling_vnd();
  funding.teams.assign(row.team_ids().begin(), row.team_ids().end());
  return funding;
}

// Adds a version and widens the months; the period then ends where the policy
// was superseded.
void AddVersion(const v1::PolicyRow& row, PolicyFile* file) {
  PolicyText parsed = ParsePolicy(row.text(), "policy");
  THON_CHECK(parsed.ok());  // Only what parses becomes a row.
  Policy& policy = parsed.policy;
  file->caps_year |= policy.cap_year_vnd != 0;
  if (policy.has_period) {
    const bool first = file->last_month < file->first_month;
    file->first_month = first
                            ? policy.first_month()
                            : std::min(file->first_month, policy.first_month());
    file->last_month = first ? policy.last_month()
                             : std::max(file->last_month, policy.last_month());
    if (row.end_date() != 0) {
      policy.to = std::min(policy.to, Date(row.end_date()).Previous());
      policy.has_period = policy.from <= policy.to;
    }
  }
  file->versions[row.version()] = {std::move(policy),
                                   UnitId(row.issuer_unit_id()),
                                   Position(row.position())};
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

void MoneyBook::Load(const RowReader& rows, absl::string_view policy_id) {
  policies_.clear();
  lists_.clear();
  const std::string prefix =
      policy_id.empty() ? "" : keys::Key().Text(policy_id).Take();
  ScanRows<v1::PolicyRow>(
      rows, Table::kPolicy, prefix,
      [this](absl::string_view, const v1::PolicyRow& row, Position) {
        auto [at, fresh] = policies_.try_emplace(row.policy_id());
        if (fresh) {
          at->second.id = row.policy_id();
          at->second.first_month = Month(1);  // No month yet.
        }
        AddVersion(row, &at->second);
        return true;
      });
  ScanRows<v1::FundingRow>(
      rows, Table::kFunding, prefix,
      [this](absl::string_view, const v1::FundingRow& row, Position) {
        const auto at = policies_.find(row.policy_id());
        if (at != policies_.end()) {
          at->second.fundings.push_back(DecisionOf(row));
        }
        return true;
      });
  for (auto& [id, file] : policies_) {
    for (FundingDecision& funding : file.fundings) {
      funding.may_bind = MayBind(file, funding);
      file.ceiling_may_bind |= funding.may_bind;
    }
  }
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

void ApplyToMoneyBook(const Fact& fact, Date local_date,
                      const EventSource& events, RowWriter& rows) {
  if (!fact.from_server || !fact.effective) return;
  const v1::Event& event = *fact.event;
  switch (event.payload_case()) {
    case v1::Event::kPolicyPublished:
      return Publish(event.policy_published(), fact.position, events, rows);
    case v1::Event::kPolicySuperseded:
      return Supersede(event.policy_superseded(), rows);
    case v1::Event::kRegistrationListApproved:
      return Approve(event.registration_list_approved(), fact.position,
                     local_date, events, rows);
    case v1::Event::kRegistrationListAmended:
      return Amend(event.registration_list_amended(), fact.position, local_date,
                   events, rows);
    case v1::Event::kFundingApproved:
      return Approve(event.funding_approved(), fact.position, local_date,
                     events, rows);
    default:
      return;
  }
}

}  // namespace thon
