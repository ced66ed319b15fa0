#include "server/projections/money_acts.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "server/policy/policy_yaml.h"
#include "server/projections/documents.h"
#include "server/projections/row_keys.h"
#include "server/projections/values.h"

namespace thon {
namespace {

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
    *row.mutable_end_document() = superseded.document();
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

void Approve(const v1::TopUpApproved& approved, Position position, Date today,
             RowWriter& rows) {
  if (!keys::IsRowKeyText(approved.policy_id()) ||
      !IsMonth(approved.first_month()) || !IsMonth(approved.last_month()) ||
      approved.last_month() < approved.first_month() ||
      !IsMoney(approved.amount_vnd())) {
    return;
  }
  v1::TopUpRow row;
  row.set_policy_id(approved.policy_id());
  *row.mutable_document() = approved.document();
  row.set_unit_id(approved.unit_id());
  row.set_first_month(approved.first_month());
  row.set_last_month(approved.last_month());
  row.set_amount_vnd(approved.amount_vnd());
  row.set_retroactive(approved.retroactive());
  row.set_position(position.value);
  row.set_recorded_date(today.days);
  PutRow(
      rows, Table::kTopUp,
      keys::TopUp(approved.policy_id(), UnitId(approved.unit_id()), position),
      row);
}

void Record(const v1::MobilisationRecorded& recorded, Position position,
            RowWriter& rows) {
  const std::string by_id = keys::MobilisationById(recorded.mobilisation_id());
  if (!keys::IsRowKeyText(recorded.policy_id()) || !IsDate(recorded.date()) ||
      rows.Get(Table::kMobilisationById, by_id).has_value()) {
    return;
  }
  v1::MobilisationRow row;
  *row.mutable_mobilisation() = recorded;
  row.set_position(position.value);
  const std::string key =
      keys::Mobilisation(TeamId(recorded.team_id()), recorded.policy_id(),
                         Date(recorded.date()), recorded.mobilisation_id());
  PutRow(rows, Table::kMobilisation, key, row);
  rows.Put(Table::kMobilisationById, by_id, key);
}

void Void(const v1::MobilisationVoided& voided, Position position,
          RowWriter& rows) {
  const std::optional<RowVersion> key =
      rows.Get(Table::kMobilisationById,
               keys::MobilisationById(voided.mobilisation_id()));
  if (!key.has_value()) return;
  std::optional<v1::MobilisationRow> row =
      GetRow<v1::MobilisationRow>(rows, Table::kMobilisation, key->value);
  if (!row.has_value() || row->voided_position() != 0) return;
  row->set_voided_position(position.value);
  PutRow(rows, Table::kMobilisation, key->value, *row);
}

void Record(const v1::OtherSupportRecorded& recorded, Position position,
            RowWriter& rows) {
  if (!IsMonth(recorded.first_month()) || !IsMonth(recorded.last_month())) {
    return;
  }
  const std::string key = keys::OtherSupport(TeamId(recorded.team_id()));
  v1::OtherSupportRow row =
      GetRow<v1::OtherSupportRow>(rows, Table::kOtherSupport, key)
          .value_or(v1::OtherSupportRow());
  *row.add_recorded() = recorded;
  row.add_positions(position.value);
  PutRow(rows, Table::kOtherSupport, key, row);
}

// A month's decision; one about events is the activity projection's.
void Decide(const v1::HeldDecided& decided, Position position,
            RowWriter& rows) {
  if (!keys::IsRowKeyText(decided.policy_id()) || decided.team_id() == 0 ||
      !IsMonth(decided.period_month())) {
    return;
  }
  v1::HeldMonthRow row;
  row.set_pay(decided.counted());
  row.set_reason(decided.reason());
  row.set_position(position.value);
  PutRow(rows, Table::kHeldMonth,
         keys::HeldMonth(decided.policy_id(), Month(decided.period_month()),
                         TeamId(decided.team_id())),
         row);
}

void Record(const v1::TransitionRule& rule, Position position,
            RowWriter& rows) {
  if (!keys::IsRowKeyText(rule.policy_id()) || !IsDate(rule.from_date())) {
    return;
  }
  const std::string key = keys::Transition(rule.policy_id());
  v1::TransitionRow row =
      GetRow<v1::TransitionRow>(rows, Table::kTransition, key)
          .value_or(v1::TransitionRow());
  *row.add_rules() = rule;
  row.add_positions(position.value);
  PutRow(rows, Table::kTransition, key, row);
}

}  // namespace

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
    case v1::Event::kTopUpApproved:
      return Approve(event.top_up_approved(), fact.position, local_date, rows);
    case v1::Event::kMobilisationRecorded:
      return Record(event.mobilisation_recorded(), fact.position, rows);
    case v1::Event::kMobilisationVoided:
      return Void(event.mobilisation_voided(), fact.position, rows);
    case v1::Event::kOtherSupportRecorded:
      return Record(event.other_support_recorded(), fact.position, rows);
    case v1::Event::kHeldDecided:
      return Decide(event.held_decided(), fact.position, rows);
    case v1::Event::kTransitionRule:
      return Record(event.transition_rule(), fact.position, rows);
    default:
      return;
  }
}

Position OutsideSupport(const v1::OtherSupportRow& row, Month month) {
  // Those that hold, by index.
  std::vector<int> holding;
  for (int i = 0; i < row.recorded_size(); ++i) {
    const v1::OtherSupportRecorded& record = row.recorded(i);
    if (month.yyyymm < record.first_month() ||
        month.yyyymm > record.last_month()) {
      continue;
    }
    if (!record.ended()) {
      holding.push_back(i);
      continue;
    }
    holding.erase(std::remove_if(holding.begin(), holding.end(),
                                 [&](int earlier) {
                                   return record.description().empty() ||
                                          row.recorded(earlier).description() ==
                                              record.description();
                                 }),
                  holding.end());
  }
  return holding.empty() ? Position(0)
                         : Position(row.positions(holding.back()));
}

}  // namespace thon
