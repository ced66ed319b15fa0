// thon audit explain: from the đồng down to the signed batches and their
// proofs.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "tools/thon/audit_entry.h"
#include "tools/thon/audit_moments.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands_audit.h"
#include "tools/thon/derivation_text.h"
#include "tools/thon/log_trust.h"
#include "tools/thon/text_table.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

struct ExplainOptions {
  TrustOptions trust;
  std::uint64_t team = 0;
  std::string month;
  std::string policy;
  std::string as_of;
};

// What the determination rests on, by position: each with why it is there, in
// the stable words of --json.
using Basis = std::map<std::uint64_t, std::set<std::string>>;

void CollectSteps(const v1::Derivation& step, Basis* basis,
                  std::int64_t* left_out) {
  // M06 and M07: the update, and who confirmed or returned it.
  const bool update =
      std::any_of(step.metrics().begin(), step.metrics().end(),
                  [](const v1::MetricValue& value) {
                    return value.metric() == "M06" || value.metric() == "M07";
                  });
  for (const std::uint64_t position : step.positions()) {
    if (position == 0) continue;
    (*basis)[position].insert(update ? "monthly_update" : "basis");
  }
  for (const v1::ExplainedEvent& event : step.events()) {
    if (event.standing() != "COUNTED") continue;
    (*basis)[event.position()].insert("counted");
  }
  *left_out += step.events_left_out();
  for (const v1::Derivation& child : step.steps()) {
    CollectSteps(child, basis, left_out);
  }
}

Basis BasisOf(const v1::GetDeterminationResponse& response,
              std::int64_t* left_out) {
  Basis basis;
  CollectSteps(response.derivation(), &basis, left_out);
  const v1::Determination& row = response.row().determination();
  const auto add = [&basis](std::uint64_t position, const char* why) {
    if (position != 0) basis[position].insert(why);
  };
  add(row.policy_position(), "policy");
  add(row.list_position(), "list");
  add(row.funding_position(), "funding");
  add(row.structure_position(), "map");
  add(row.decision_position(), "held_month");
  return basis;
}

std::string ReasonWords(const std::string& why) {
  static const auto& words = *new std::map<std::string, std::string>{
      {"basis", "căn cứ (basis)"},
      {"counted", "được tính (counted)"},
      {"founding", "thành lập tổ (founding)"},
      {"funding", "kinh phí (funding)"},
      {"held_month", "quyết định tháng giữ lại (held month)"},
      {"list", "danh sách (list)"},
      {"map", "địa giới (map)"},
      {"monthly_update", "báo cáo tháng (monthly update)"},
      {"policy", "chính sách (policy)"}};
  const auto found = words.find(why);
  return found == words.end() ? why : found->second;
}

// What the steps do not name by position: the founding of the team.
absl::Status AddFounding(Client* client, std::uint64_t team_id,
                         std::uint64_t position, Basis* basis) {
  v1::GetTeamRequest request;
  request.set_team_id(team_id);
  request.mutable_options()->mutable_as_of()->set_position(position);
  const auto team = client->GetTeam(request);
  if (!team.ok()) return team.status();
  const std::uint64_t founded = team->team().founded_position();
  if (founded != 0) (*basis)[founded].insert("founding");
  return absl::OkStatus();
}

// The kind of the event at a position of an entry.
std::string KindAt(const CheckedEntry& checked, std::uint64_t position) {
  const std::uint64_t i = position - checked.entry.trailer.first_position.value;
  if (i >= static_cast<std::uint64_t>(checked.entry.batch.events_size())) {
    return "unknown";
  }
  const v1::Event& event = checked.entry.batch.events(static_cast<int>(i));
  const auto* const payload =
      v1::Event::descriptor()->FindOneofByName("payload");
  const auto* const field =
      event.GetReflection()->GetOneofFieldDescriptor(event, payload);
  return field == nullptr ? "unknown" : field->name();
}

// What was checked, as a table or as JSON.
class Evidence {
 public:
  absl::Status Add(EntryChecker* checker, const Basis& basis) {
    for (const auto& [position, why] : basis) {
      const absl::StatusOr<const CheckedEntry*> checked = checker->At(position);
      if (!checked.ok()) return checked.status();
      AddRow(position, why, **checked);
    }
    return absl::OkStatus();
  }

  void Print(std::ostream& out) const { table_.Print(out); }
  const Json& json() const { return json_; }
  int by_server() const { return by_server_; }
  int by_authors() const { return by_authors_; }

 private:
  void AddRow(std::uint64_t position, const std::set<std::string>& why,
              const CheckedEntry& checked) {
    (checked.by_server ? by_server_ : by_authors_) += 1;
    const std::string kind = KindAt(checked, position);
    const std::string author = HexEncode(checked.entry.batch.author());
    std::vector<std::string> reasons(why.begin(), why.end());
    std::string reason;
    for (const std::string& one : reasons) {
      absl::StrAppend(&reason, reason.empty() ? "" : ", ", ReasonWords(one));
    }
    table_.AddRow(
        {absl::StrCat(position), absl::StrCat(checked.entry.index), kind,
         author.substr(0, 12), checked.batch_hash.Hex().substr(0, 16),
         checked.by_server ? "máy chủ (server)" : "điện thoại (phone)",
         "đúng (holds)", "đúng (holds)", reason});
    Json path = Json::array();
    for (const std::string& hash : checked.proof.path()) {
      path.push_back(HexEncode(hash));
    }
    json_.push_back({{"position", position},
                     {"entry_index", checked.entry.index},
                     {"kind", kind},
                     {"author", author},
                     {"batch_hash", checked.batch_hash.Hex()},
                     {"signed_by_server_only", checked.by_server},
                     {"signature_holds", true},
                     {"inclusion_holds", true},
                     {"inclusion_path", std::move(path)},
                     {"why", std::move(reasons)}});
  }

  TextTable table_{{{"Vị trí (position)", Align::kRight},
                    {"Mục (entry)", Align::kRight},
                    {"Loại (kind)"},
                    {"Tác giả (author)"},
                    {"Lô (batch hash)"},
                    {"Người ký (signed by)"},
                    {"Chữ ký (signature)"},
                    {"Bằng chứng (proof)"},
                    {"Vì sao (why)"}}};
  Json json_ = Json::array();
  int by_server_ = 0;
  int by_authors_ = 0;
};

// The server answers of a team that never was: there is just nothing to pay.
absl::Status CheckScope(Client* client, const ExplainOptions& options,
                        const v1::ReadOptions& read) {
  const auto position = PositionOfMoment(client, "--as-of", options.as_of);
  if (!position.ok()) return position.status();
  if (*position == 0) {
    return absl::NotFoundError("the log begins after that moment");
  }
  const absl::Status known = CheckPolicy(client, options.policy, read);
  return known.ok() ? CheckTeam(client, options.team, read) : known;
}

absl::Status Explain(Session* session, const ExplainOptions& options) {
  const auto month = MonthOption("MONTH", options.month);
  if (!month.ok()) return month.status();
  const auto read = AsOfOption(options.as_of);
  if (!read.ok()) return read.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::Status known = CheckScope(*client, options, *read);
  if (!known.ok()) return known;
  v1::GetDeterminationRequest request;
  request.set_policy_id(options.policy);
  request.set_beneficiary_kind(v1::BENEFICIARY_KIND_TEAM);
  request.set_beneficiary_id(options.team);
  request.set_month(*month);
  request.set_explain(true);
  *request.mutable_options() = *read;
  const auto response = (*client)->GetDetermination(request);
  if (!response.ok()) return response.status();
  // A checkpoint signed now covers everything that the answer rests on.
  const absl::StatusOr<TrustedCheckpoint> trusted =
      FetchOrAlarm(session, options.trust, v1::GetCheckpointRequest());
  if (!trusted.ok()) return trusted.status();
  std::int64_t left_out = 0;
  Basis basis = BasisOf(*response, &left_out);
  const absl::Status founded =
      AddFounding(*client, options.team, response->position(), &basis);
  if (!founded.ok()) return founded;
  EntryChecker checker((*client)->audit(), &*trusted);
  Evidence evidence;
  const absl::Status checked = evidence.Add(&checker, basis);
  if (!checked.ok()) return checked;

  const v1::DeterminationRow& row = response->row();
  const v1::Determination& determination = row.determination();
  if (session->json) {
    session->Print({{"position", response->position()},
                    {"determination", ToJson(row)},
                    {"derivation", ToJson(response->derivation())},
                    {"checkpoint", ToJson(trusted->checkpoint)},
                    {"evidence", evidence.json()},
                    {"signed_by_authors", evidence.by_authors()},
                    {"signed_by_server_only", evidence.by_server()},
                    {"events_left_out", left_out}});
    return absl::OkStatus();
  }
  std::ostream& out = session->out();
  out << row.policy_id() << " v" << determination.policy_version()
      << ", tổ (team) " << row.beneficiary_id() << ", "
      << ShowMonth(row.month()) << ": " << StateWord(determination.state())
      << " (" << Short(determination.state()) << "), "
      << FormatDong(determination.amount_vnd()) << '\n';
  out << "Tại vị trí (as of position) " << response->position() << "\n\n";
  PrintDerivation(response->derivation(), 0, out);
  out << "\nĐã kiểm tra tại máy này (checked on this machine), điểm kiểm tra "
         "(checkpoint) "
      << trusted->body.tree_size << ", " << trusted->body.root.Hex() << '\n';
  evidence.Print(out);
  out << '\n'
      << evidence.by_authors()
      << " căn cứ do tác giả ký (facts signed by their authors), "
      << evidence.by_server()
      << " chỉ do máy chủ ký (acts that only the server signed: decisions, "
         "enrolments, imports)\n";
  if (left_out > 0) {
    out << "Còn " << left_out
        << " sự kiện không liệt kê (more events, which the explanation leaves "
           "out)\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddAuditExplainCommand(CLI::App* group, Session* session) {
  CLI::App* const command = Command(
      group, "explain",
      "Từ số tiền đến từng lô có chữ ký (from the đồng down to the signed "
      "batches and their proofs)",
      {"thon audit explain 4211 2023-08",
       "thon audit explain 4211 8/2023 --policy YB-2023 --as-of 2023-10-11"});
  auto options = std::make_shared<ExplainOptions>();
  command->add_option("team", options->team, "The team's number")
      ->required()
      ->check(CLI::PositiveNumber);
  command->add_option("month", options->month, "2023-08 or 8/2023")->required();
  command->add_option("--policy", options->policy,
                      "Under which policy; may be left out where there is one");
  command->add_option("--as-of", options->as_of, kAsOfHelp);
  AddTrustOptions(command, &options->trust);
  OnChosen(command, session, options, &Explain);
}

}  // namespace thon::cli
