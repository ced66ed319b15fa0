#include "server/engine/team_view.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/limits.h"
#include "server/policy/facts_proto.h"
#include "server/projections/acts.h"
#include "server/projections/eligibility.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

using Versions = std::set<std::pair<std::string, std::int32_t>>;

// The team that the author may see; 0: none.
TeamId TeamOf(const RowReader& rows, const AuthorId& author) {
  const std::optional<v1::AuthorRow> row = GetAuthor(rows, author);
  if (!row.has_value() || row->kind() != v1::AUTHOR_KIND_PHONE ||
      row->revoked_position() != 0 || !row->confirmed()) {
    return TeamId();
  }
  return TeamId(row->team_id());
}

// Ids of published policies, ascending.
std::vector<std::string> PolicyIds(const RowReader& rows) {
  std::vector<std::string> ids;
  rows.Scan(Table::kPolicy, "", "",
            [&ids](absl::string_view key, const RowVersion&) {
              const absl::string_view id = keys::KeyView(key).Text();
              if (ids.empty() || ids.back() != id) ids.emplace_back(id);
              return true;
            });
  return ids;
}

class Builder {
 public:
  Builder(const RowReader& rows, TeamId team,
          const v1::TeamViewRequest& request)
      : rows_(rows), team_(team), request_(request) {}

  void Build(const AuthorId& author, v1::TeamView* view) {
    const std::optional<v1::TeamRow> team = GetTeam(rows_, team_);
    if (!team.has_value()) return;
    const auto health = GetRow<v1::SyncHealthRow>(rows_, Table::kSyncHealth,
                                                  keys::SyncHealth(author));
    view->set_end_sequence(health.has_value() ? health->last_sequence() + 1
                                              : 1);
    *view->mutable_team() = *team;
    view->mutable_team()->clear_successor_team_ids();
    view->mutable_team()->clear_founded_position();
    const std::optional<Date> today = LastDay(rows_);
    if (!today.has_value()) return;
    const Month last = Month::Of(*today);
    Month first = last;
    for (int i = 1; i < kTeamViewMonthsMax; ++i) {
      if (first <= Month(request_.first_month())) break;
      first = first.Previous();
    }
    const std::vector<std::string> policies = PolicyIds(rows_);
    for (; first <= last; first = first.Next()) {
      AddMonth(first, policies, view->add_months());
    }
    for (const std::string& id : spoken_) AddVersion(id, last.Next());
    AddTexts(view);
    while (view->ByteSizeLong() > limits::kReplyBytesMax &&
           !view->months().empty()) {
      view->mutable_months()->DeleteSubrange(0, 1);
    }
  }

 private:
  void AddMonth(Month month, const std::vector<std::string>& policies,
                v1::TeamMonthView* out) {
    out->set_month(month.yyyymm);
    std::optional<v1::TeamMonth> activity = GetRow<v1::TeamMonth>(
        rows_, Table::kTeamMonth, keys::TeamMonth(team_, month));
    if (activity.has_value()) *out->mutable_activity() = *std::move(activity);
    for (const std::string& id : policies) {
      if (out->determinations_size() == kTeamViewPoliciesMax) return;
      std::optional<v1::Determination> row = GetRow<v1::Determination>(
          rows_, Table::kDetermination,
          keys::Determination(id, month, v1::BENEFICIARY_KIND_TEAM,
                              team_.value));
      if (!row.has_value()) continue;
      const absl::StatusOr<DeterminationInputs> inputs =
          ReadDeterminationInputs(id, v1::BENEFICIARY_KIND_TEAM, team_.value,
                                  month, rows_);
      if (!inputs.ok()) continue;
      v1::DeterminationView* const said = out->add_determinations();
      said->mutable_policy()->set_policy_id(id);
      said->mutable_policy()->set_version(row->policy_version());
      *said->mutable_determination() = *std::move(row);
      *said->mutable_facts() = ToProto(inputs->policy, inputs->facts);
      versions_.emplace(id, said->policy().version());
      spoken_.insert(id);
    }
  }

  // The version that will hold: a phone may be away when the month begins.
  void AddVersion(const std::string& id, Month month) {
    const absl::StatusOr<DeterminationInputs> inputs = ReadDeterminationInputs(
        id, v1::BENEFICIARY_KIND_TEAM, team_.value, month, rows_);
    if (inputs.ok()) versions_.emplace(id, inputs->policy.version);
  }

  void AddTexts(v1::TeamView* view) {
    Versions known;
    for (const v1::PolicyName& name : request_.known_policies()) {
      known.emplace(name.policy_id(), name.version());
    }
    std::size_t bytes = 0;
    for (const auto& [id, version] : versions_) {
      if (view->policies_size() == kTeamViewPoliciesMax) return;
      v1::PolicyText* const out = view->add_policies();
      out->mutable_name()->set_policy_id(id);
      out->mutable_name()->set_version(version);
      if (known.count({id, version}) != 0) continue;
      std::optional<v1::PolicyRow> row = GetRow<v1::PolicyRow>(
          rows_, Table::kPolicy, keys::Policy(id, version));
      if (!row.has_value() ||
          bytes + row->text().size() > kTeamViewTextBytesMax) {
        continue;
      }
      bytes += row->text().size();
      *out->mutable_text() = std::move(*row->mutable_text());
    }
  }

  const RowReader& rows_;
  const TeamId team_;
  const v1::TeamViewRequest& request_;
  Versions versions_;
  std::set<std::string> spoken_;
};

}  // namespace

absl::Status CheckTeamViewRequest(const v1::TeamViewRequest& request) {
  if (!Month(request.first_month()).valid()) {
    return absl::InvalidArgumentError("first_month: a month as YYYYMM");
  }
  if (request.known_policies_size() > kKnownPoliciesMax) {
    return absl::InvalidArgumentError("known_policies: at most 256");
  }
  return absl::OkStatus();
}

v1::TeamView BuildTeamView(const RowReader& rows, Position position,
                           const AuthorId& author,
                           const v1::TeamViewRequest& request) {
  v1::TeamView view;
  view.set_position(position.value);
  const TeamId team = TeamOf(rows, author);
  if (team.value != 0) Builder(rows, team, request).Build(author, &view);
  return view;
}

}  // namespace thon
