#include "tools/verify/money.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/policy/policy_words.h"
#include "server/policy/policy_yaml.h"
#include "server/projections/row_keys.h"
#include "thon/v1/policy.pb.h"
#include "thon/v1/rows.pb.h"
#include "tools/verify/finding_kinds.h"

namespace thon::verify {
namespace {

constexpr std::size_t kPositionsMax = 100;

bool IsPayable(v1::DeterminationState state) {
  return state == v1::DETERMINATION_STATE_PROVISIONAL ||
         state == v1::DETERMINATION_STATE_VERIFIED ||
         state == v1::DETERMINATION_STATE_APPROVED ||
         state == v1::DETERMINATION_STATE_PAID;
}

// Ascending, each once, no more than are shown.
void KeepFirst(std::vector<std::uint64_t>* positions) {
  std::sort(positions->begin(), positions->end());
  positions->erase(std::unique(positions->begin(), positions->end()),
                   positions->end());
  if (positions->size() > kPositionsMax) positions->resize(kPositionsMax);
}

class Accountant {
 public:
  Accountant(const RowReader& rows, const PackEvents& events,
             const ChainCheck& chains, Findings* findings)
      : rows_(rows), events_(events), chains_(chains), findings_(findings) {}

  // nullopt: a sum does not fit into 64 bits, which a finding says.
  std::optional<Money> Run();

 private:
  struct Version {
    bool reads_phones = false;  // Activities, updates, inspections.
  };

  void Add(std::int64_t vnd, Sum* sum) {
    ++sum->determinations;
    overflowed_ |= __builtin_add_overflow(sum->vnd, vnd, &sum->vnd);
  }
  void AddPayable(const std::string& policy_id, std::int32_t month, int kind,
                  std::uint64_t beneficiary, const v1::Determination& row);
  // Adds to `server_signed` if the act there is the server's alone.
  bool RestsOn(const char* what, std::uint64_t position, std::int64_t vnd,
               PolicyMoney* money);
  bool IsServersAlone(std::uint64_t position);
  const Version& VersionOf(const std::string& policy_id, std::int32_t version);
  void NameAssumptions(const v1::PolicyRow& row, const Policy& policy);

  const RowReader& rows_;
  const PackEvents& events_;
  const ChainCheck& chains_;
  Findings* const findings_;
  Money money_;
  bool overflowed_ = false;
  std::map<std::uint64_t, bool> servers_alone_;
  std::map<std::pair<std::string, std::int32_t>, Version> versions_;
  std::map<std::uint64_t, std::uint64_t> founded_;  // By team.
};

bool Accountant::IsServersAlone(std::uint64_t position) {
  const auto known = servers_alone_.find(position);
  if (known != servers_alone_.end()) return known->second;
  const std::optional<PackEvents::Head> head =
      events_.FindPosition(Position(position));
  // No officer has a key yet: whatever stands in an act's reserved fields, only
  // the server signed it. What is not found is not somebody else's either.
  return servers_alone_[position] =
             !head.has_value() || chains_.IsServer(head->author);
}

bool Accountant::RestsOn(const char* what, std::uint64_t position,
                         std::int64_t vnd, PolicyMoney* money) {
  if (position == 0 || !IsServersAlone(position)) return false;
  RestingOn& on = money->server_signed[what];
  Add(vnd, &on.sum);
  on.positions.push_back(position);
  if (on.positions.size() > 4 * kPositionsMax) KeepFirst(&on.positions);
  return true;
}

const Accountant::Version& Accountant::VersionOf(const std::string& policy_id,
                                                 std::int32_t version) {
  const auto key = std::make_pair(policy_id, version);
  const auto known = versions_.find(key);
  if (known != versions_.end()) return known->second;
  Version& made = versions_[key];
  const std::optional<v1::PolicyRow> row = GetRow<v1::PolicyRow>(
      rows_, Table::kPolicy, keys::Policy(policy_id, version));
  const std::string name = absl::StrCat(policy_id, "/", version);
  if (!row.has_value()) {
    findings_->Add(kinds::kPolicyUnreadable, {.detail = Same(name)});
    return made;
  }
  const PolicyText text = ParsePolicy(row->text(), name);
  if (!text.ok()) {
    findings_->Add(kinds::kPolicyUnreadable,
                   {.position = row->position(), .detail = Same(name)});
    return made;
  }
  made.reads_phones =
      text.policy.reads_metrics() || text.policy.update_required;
  NameAssumptions(*row, text.policy);
  return made;
}

void Accountant::NameAssumptions(const v1::PolicyRow& row,
                                 const Policy& policy) {
  for (const PolicyStatement& statement : DescribePolicy(policy)) {
    if (!statement.assumed()) continue;
    const std::string assumption =
        statement.basis.assumption.empty()
            ? ""
            : absl::StrCat(" (", statement.basis.assumption, ")");
    findings_->Add(
        kinds::kAssumption,
        {.position = row.position(),
         .detail = Of(Same(absl::StrCat(row.policy_id(), "/", row.version(),
                                        " ", statement.path)),
                      {absl::StrCat(statement.text.vi, assumption),
                       absl::StrCat(statement.text.en, assumption)})});
  }
}

void Accountant::AddPayable(const std::string& policy_id, std::int32_t month,
                            int kind, std::uint64_t beneficiary,
                            const v1::Determination& row) {
  PolicyMoney& policy = money_.policies[policy_id];
  const std::int64_t vnd = row.amount_vnd();
  Add(vnd, &policy.payable);
  Add(vnd, &policy.payable_by_month[month]);
  Add(vnd, &money_.payable);
  if (vnd == 0) return;
  const Version& version = VersionOf(policy_id, row.policy_version());
  bool on_server = false;
  on_server |= RestsOn("policy", row.policy_position(), vnd, &policy);
  on_server |= RestsOn("list", row.list_position(), vnd, &policy);
  on_server |= RestsOn("funding", row.funding_position(), vnd, &policy);
  on_server |= RestsOn("map", row.structure_position(), vnd, &policy);
  on_server |= RestsOn("held_month", row.decision_position(), vnd, &policy);
  if (kind == v1::BENEFICIARY_KIND_TEAM) {
    const auto [known, fresh] = founded_.emplace(beneficiary, 0);
    if (fresh) {
      const std::optional<v1::TeamRow> team = GetRow<v1::TeamRow>(
          rows_, Table::kTeam, keys::Team(TeamId(beneficiary)));
      if (team.has_value()) known->second = team->founded_position();
    }
    on_server |= RestsOn("team", known->second, vnd, &policy);
  }
  // Commands whose positions the row does not name; they are the server's as
  // long as officers have no keys of their own.
  const auto by_command = [&](const char* what, std::int64_t amount) {
    Add(amount, &policy.server_signed[what].sum);
    on_server = true;
  };
  if (row.top_up_vnd() > 0) by_command("top_up", row.top_up_vnd());
  for (const v1::AmountPart& part : row.parts()) {
    if (part.per() == "person_day" || part.per() == "person_night") {
      by_command("mobilisation", part.amount_vnd());
    }
  }
  if (row.state() != v1::DETERMINATION_STATE_PROVISIONAL) {
    by_command("approval", vnd);
  }
  if (!on_server) return;
  Add(vnd, &policy.on_server_signed);
  Add(vnd, &money_.on_server_signed);
  if (version.reads_phones) return;
  Add(vnd, &policy.on_server_signed_alone);
  Add(vnd, &money_.on_server_signed_alone);
}

std::optional<Money> Accountant::Run() {
  ScanRows<v1::Determination>(
      rows_, Table::kDetermination, "",
      [this](absl::string_view key, const v1::Determination& row, Position) {
        keys::KeyView view(key);
        const std::string policy(view.Text());
        const Month month = view.YearMonth();
        const int kind = view.U8();
        const std::uint64_t beneficiary = view.U64();
        findings_->Examined(Check::kMoney, 1);
        Add(row.amount_vnd(),
            &money_.policies[policy].by_state[static_cast<int>(row.state())]);
        if (IsPayable(row.state())) {
          AddPayable(policy, month.yyyymm, kind, beneficiary, row);
        }
        return true;
      });
  for (auto& [id, policy] : money_.policies) {
    for (auto& [what, on] : policy.server_signed) KeepFirst(&on.positions);
  }
  if (overflowed_) {
    findings_->Add(kinds::kTotalNotComputed,
                   {.detail = Say("một tổng không vừa 64 bit",
                                  "a sum does not fit into 64 bits")});
    return std::nullopt;
  }
  return money_;
}

}  // namespace

std::string StateName(int state) {
  constexpr absl::string_view kPrefix = "DETERMINATION_STATE_";
  const std::string& name =
      v1::DeterminationState_Name(static_cast<v1::DeterminationState>(state));
  return name.size() > kPrefix.size() ? name.substr(kPrefix.size())
                                      : absl::StrCat(state);
}

std::optional<Money> ComputeMoney(const RowReader& rows,
                                  const PackEvents& events,
                                  const ChainCheck& chains,
                                  Findings* findings) {
  return Accountant(rows, events, chains, findings).Run();
}

}  // namespace thon::verify
