#include "tools/thon/scenario/touched.h"

#include <algorithm>
#include <vector>

#include "tools/thon/scenario/payload.h"

namespace thon::scenario {
namespace {

using google::protobuf::FieldDescriptor;

template <typename Visit>
void ForServerEvents(const FoldedLog& log, const Visit& visit) {
  for (const FoldedEntry& entry : log.entries()) {
    if (!entry.server) continue;
    for (const v1::Event& event : entry.batch.events()) visit(event);
  }
}

// Facts of an import count as events of their own.
template <typename Visit>
void ForFacts(const FoldedLog& log, const Visit& visit) {
  ForServerEvents(log, [&](const v1::Event& event) {
    visit(event);
    if (!event.has_facts_imported()) return;
    const std::string* const bytes =
        log.FindDocument(event.facts_imported().facts_hash());
    v1::FactList list;
    if (bytes == nullptr || !list.ParseFromString(*bytes)) return;
    for (const v1::Event& fact : list.facts()) visit(fact);
  });
}

template <typename T>
T Document(const FoldedLog& log, const std::string& hash) {
  T document;
  const std::string* const bytes = log.FindDocument(hash);
  if (bytes == nullptr || !document.ParseFromString(*bytes)) document.Clear();
  return document;
}

}  // namespace

void ForIds(const google::protobuf::Message& message,
            const std::function<void(NameKind, std::uint64_t)>& visit) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const FieldDescriptor* const field : set) {
    const int size =
        field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    const std::optional<NameKind> kind = IdKind(*field);
    for (int i = 0; i < size; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        ForIds(field->is_repeated()
                   ? reflection.GetRepeatedMessage(message, field, i)
                   : reflection.GetMessage(message, field),
               visit);
      } else if (kind.has_value()) {
        visit(*kind, field->is_repeated()
                         ? reflection.GetRepeatedUInt64(message, field, i)
                         : reflection.GetUInt64(message, field));
      }
    }
  }
}

Touched::Touched(const FoldedLog* log, Position from) : log_(*log) {
  FindEvents();
  FindSeeds(from);
  FindHeirs();
  FindUnits();
  FindOfficers();
}

bool Touched::HasAuthor(const AuthorId& author) const {
  const auto found = authors_.find(author);
  return found != authors_.end() &&
         (teams_.count(found->second.team_id()) > 0 ||
          organisations_.count(found->second.organisation_id()) > 0);
}

void Touched::FindEvents() {
  ForServerEvents(log_, [&](const v1::Event& event) {
    if (event.has_author_enrolled()) {
      PublicKey key;
      if (PublicKey::FromBytes(event.author_enrolled().public_key(), &key)) {
        authors_[key.author()] = event.author_enrolled();
      }
    } else if (event.has_team_founded()) {
      founded_[event.sequence()] = event.team_founded().team_id();
    } else if (event.has_grant_issued()) {
      grants_[event.grant_issued().grant_id()] =
          event.grant_issued().officer_id();
    }
  });
}

void Touched::TouchAuthor(const AuthorId& author) {
  const auto found = authors_.find(author);
  if (found == authors_.end()) return;
  teams_.insert(found->second.team_id());
  organisations_.insert(found->second.organisation_id());
}

void Touched::Touch(const v1::Event& event) {
  ForIds(event, [&](NameKind kind, std::uint64_t id) {
    if (kind == NameKind::kTeam) teams_.insert(id);
    if (kind == NameKind::kOrganisation) organisations_.insert(id);
  });
  for (const std::string* const bytes :
       {&event.held_decided().author(), &event.author_revoked().author(),
        &event.successor_confirmed().author(),
        &event.correction_issued().target_author()}) {
    AuthorId author;
    if (AuthorId::FromBytes(*bytes, &author)) TouchAuthor(author);
  }
  const auto founded =
      founded_.find(event.correction_issued().target_sequence());
  if (event.has_act() && founded != founded_.end()) {
    teams_.insert(founded->second);
  }
}

void Touched::FindSeeds(Position from) {
  std::vector<const v1::Event*> range;
  for (const FoldedEntry& entry : log_.entries()) {
    if (entry.last < from) continue;
    if (!entry.server) TouchAuthor(entry.author);
    for (const v1::Event& event : entry.batch.events()) {
      Touch(event);
      range.push_back(&event);
    }
  }
  teams_.erase(0);
  organisations_.erase(0);
  if (!teams_.empty() || !organisations_.empty()) return;
  // An act on many is about its own, where nobody is named.
  for (const v1::Event* const event : range) {
    if (!event->has_funding_approved()) continue;
    const auto funded =
        Document<v1::FundedTeams>(log_, event->funding_approved().teams_hash());
    teams_.insert(funded.team_ids().begin(), funded.team_ids().end());
  }
}

void Touched::FindHeirs() {
  for (std::size_t before = 0; before != teams_.size();) {
    before = teams_.size();
    ForServerEvents(log_, [&](const v1::Event& event) {
      if (!event.has_team_merged() && !event.has_team_split() &&
          !event.has_team_dissolved()) {
        return;
      }
      std::set<std::uint64_t> named;
      ForIds(event, [&](NameKind kind, std::uint64_t id) {
        if (kind == NameKind::kTeam) named.insert(id);
      });
      const bool ours =
          std::any_of(named.begin(), named.end(),
                      [&](std::uint64_t id) { return teams_.count(id) > 0; });
      if (ours) teams_.insert(named.begin(), named.end());
      teams_.erase(0);
    });
  }
}

void Touched::FindUnits() {
  // What events about our own name.
  const auto note = [&](NameKind kind, std::uint64_t id) {
    if (kind == NameKind::kUnit && id != 0) units_.insert(id);
  };
  ForFacts(log_, [&](const v1::Event& event) {
    if (teams_.count(event.team_founded().team_id()) > 0 ||
        teams_.count(event.team_moved().team_id()) > 0 ||
        organisations_.count(
            event.organisation_registered().organisation_id()) > 0 ||
        (event.has_grant_issued() &&
         officers_.count(event.grant_issued().officer_id()) > 0)) {
      ForIds(event, note);
    }
  });
  for (const FoldedEntry& entry : log_.entries()) {
    if (entry.server || !HasAuthor(entry.author)) continue;
    ForIds(entry.batch, note);
  }
  CloseUnits();
  // A list that none of ours stands in is there all the same, with one row.
  ForServerEvents(log_, [&](const v1::Event& event) {
    const auto list = Document<v1::RegistrationList>(
        log_, event.registration_list_approved().rows_hash());
    const bool ours = std::any_of(list.rows().begin(), list.rows().end(),
                                  [&](const v1::RegistrationRow& row) {
                                    return NeedsUnit(row.unit_id());
                                  });
    if (!ours && !list.rows().empty()) units_.insert(list.rows(0).unit_id());
  });
  CloseUnits();
}

void Touched::CloseUnits() {
  // Their ancestors, whatever map they stand in, and their successors.
  for (std::size_t before = 0; before != units_.size();) {
    before = units_.size();
    ForFacts(log_, [&](const v1::Event& event) {
      const v1::VillageDeclared& village = event.village_declared();
      const v1::PlacementDecided& placed = event.placement_decided();
      if (NeedsUnit(village.unit_id())) {
        units_.insert(village.commune_unit_id());
      }
      if (NeedsUnit(placed.village_unit_id())) {
        units_.insert(placed.commune_unit_id());
      }
      const auto map =
          Document<v1::UnitList>(log_, event.units_imported().units_hash());
      for (const v1::UnitRecord& unit : map.units()) {
        if (NeedsUnit(unit.unit_id())) units_.insert(unit.parent_unit_id());
      }
      const auto rows = Document<v1::Successions>(
          log_, event.admin_unit_changed().successions_hash());
      for (const v1::Succession& row : rows.rows()) {
        if (NeedsUnit(row.from_unit_id())) units_.insert(row.to_unit_id());
      }
    });
    units_.erase(0);
  }
}

void Touched::FindOfficers() {
  // What is published and proposed first; what others name it by later.
  ForFacts(log_, [&](const v1::Event& event) {
    if (event.has_policy_published() &&
        NeedsUnit(event.policy_published().issuer_unit_id())) {
      policies_.insert(event.policy_published().policy_id());
    } else if (teams_.count(event.mobilisation_recorded().team_id()) > 0) {
      mobilisations_.insert(event.mobilisation_recorded().mobilisation_id());
    } else if (NeedsUnit(event.model_proposed().unit_id())) {
      models_.insert(event.model_proposed().model_id());
    }
  });
  for (const FoldedEntry& entry : log_.entries()) {
    if (entry.server || !HasAuthor(entry.author)) continue;
    for (const v1::Event& event : entry.batch.events()) {
      models_.insert(event.model_proposed().model_id());
    }
  }
  ForServerEvents(log_, [&](const v1::Event& event) {
    if (event.has_act() && !event.has_grant_issued() && NeedsFact(event)) {
      officers_.insert(event.act().officer_id());
    }
  });
  // Who gave them their grants acts too.
  for (std::size_t before = 0; before != officers_.size();) {
    before = officers_.size();
    ForServerEvents(log_, [&](const v1::Event& event) {
      if (event.has_act() && event.has_grant_issued() && Needs(event)) {
        officers_.insert(event.act().officer_id());
      }
    });
  }
  FindUnits();
}

bool Touched::Needs(const v1::Event& event) const {
  if (event.has_grant_issued()) {
    return officers_.count(event.grant_issued().officer_id()) > 0;
  }
  return NeedsFact(event);
}

bool Touched::NeedsDocument(const v1::Event& event, bool* known) const {
  *known = true;
  const auto lists = [&](const std::string& hash) {
    const auto list = Document<v1::RegistrationList>(log_, hash);
    return std::any_of(list.rows().begin(), list.rows().end(),
                       [&](const v1::RegistrationRow& row) {
                         return NeedsUnit(row.unit_id());
                       });
  };
  if (event.has_registration_list_approved()) {
    return lists(event.registration_list_approved().rows_hash());
  }
  if (event.has_registration_list_amended()) {
    return lists(event.registration_list_amended().rows_hash());
  }
  if (event.has_funding_approved()) {
    const auto funded =
        Document<v1::FundedTeams>(log_, event.funding_approved().teams_hash());
    return policies_.count(event.funding_approved().policy_id()) > 0 &&
           std::any_of(funded.team_ids().begin(), funded.team_ids().end(),
                       [&](std::uint64_t id) { return teams_.count(id) > 0; });
  }
  if (event.has_units_imported()) {
    const auto map =
        Document<v1::UnitList>(log_, event.units_imported().units_hash());
    return std::any_of(
        map.units().begin(), map.units().end(),
        [&](const v1::UnitRecord& unit) { return NeedsUnit(unit.unit_id()); });
  }
  if (event.has_admin_unit_changed()) {
    const auto rows = Document<v1::Successions>(
        log_, event.admin_unit_changed().successions_hash());
    return std::any_of(rows.rows().begin(), rows.rows().end(),
                       [&](const v1::Succession& row) {
                         return NeedsUnit(row.from_unit_id());
                       });
  }
  if (event.has_facts_imported()) {
    const auto list =
        Document<v1::FactList>(log_, event.facts_imported().facts_hash());
    return std::any_of(list.facts().begin(), list.facts().end(),
                       [&](const v1::Event& fact) { return NeedsFact(fact); });
  }
  *known = false;
  return false;
}

bool Touched::NeedsFact(const v1::Event& event) const {
  bool known = false;
  const bool needed = NeedsDocument(event, &known);
  if (known) return needed;
  for (const std::string* const bytes :
       {&event.held_decided().author(), &event.author_revoked().author(),
        &event.successor_confirmed().author()}) {
    AuthorId author;
    if (AuthorId::FromBytes(*bytes, &author)) return HasAuthor(author);
  }
  if (event.has_correction_issued()) {
    AuthorId author;
    AuthorId::FromBytes(event.correction_issued().target_author(), &author);
    if (HasAuthor(author)) return true;
    const auto founded =
        founded_.find(event.correction_issued().target_sequence());
    return author == log_.entries().front().author &&
           founded != founded_.end() && teams_.count(founded->second) > 0;
  }
  if (event.has_policy_published()) {
    return policies_.count(event.policy_published().policy_id()) > 0;
  }
  if (event.has_policy_superseded()) {
    return policies_.count(event.policy_superseded().policy_id()) > 0;
  }
  if (event.has_grant_revoked()) {
    const auto grant = grants_.find(event.grant_revoked().grant_id());
    return grant != grants_.end() && officers_.count(grant->second) > 0;
  }
  if (event.has_mobilisation_voided()) {
    return mobilisations_.count(event.mobilisation_voided().mobilisation_id()) >
           0;
  }
  if (event.has_model_accepted()) {
    return models_.count(event.model_accepted().model_id()) > 0;
  }
  if (event.has_village_declared()) {
    return NeedsUnit(event.village_declared().unit_id());
  }
  if (event.has_placement_decided()) {
    return NeedsUnit(event.placement_decided().village_unit_id());
  }
  // Whoever is named first decides: teams, then organisations, then units.
  std::map<NameKind, bool> named;
  ForIds(event, [&](NameKind kind, std::uint64_t id) {
    if (id == 0) return;
    bool& ours = named[kind];
    ours = ours || (kind == NameKind::kTeam && teams_.count(id) > 0) ||
           (kind == NameKind::kOrganisation && organisations_.count(id) > 0) ||
           (kind == NameKind::kUnit && NeedsUnit(id));
  });
  for (const NameKind kind :
       {NameKind::kTeam, NameKind::kOrganisation, NameKind::kUnit}) {
    const auto found = named.find(kind);
    if (found != named.end()) return found->second;
  }
  return true;
}

}  // namespace thon::scenario
