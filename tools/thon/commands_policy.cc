#include "tools/thon/commands_policy.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/hash.h"
#include "server/core/text.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/files.h"
#include "tools/thon/pages.h"
#include "tools/thon/proto_json.h"
#include "tools/thon/submit.h"
#include "tools/thon/text_table.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

// What the server found in a text that it has.
void PrintFindings(Session* session, const std::string& file,
                   const v1::PublishPolicyResponse& response) {
  for (const v1::PolicyFinding& one : response.findings()) {
    Finding finding;
    finding.severity = one.severity() == v1::POLICY_SEVERITY_WARNING
                           ? Severity::kWarning
                           : Severity::kAssumption;
    finding.file = file;
    finding.line = one.line();
    finding.column = one.column();
    finding.path = one.path();
    // The server said it in both languages already.
    finding.message = Same(one.message());
    PrintFinding(session->out(), finding);
  }
}

struct PublishOptions {
  std::string file;
  std::string issuer_code;
  std::string structure;
  std::string key;
};

absl::Status PublishPolicy(Session* session, const PublishOptions& options) {
  const auto structure = DayOption("--structure", options.structure);
  if (!structure.ok()) return structure.status();
  const absl::StatusOr<std::string> text = ReadFile(options.file);
  if (!text.ok()) return text.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::uint64_t> issuer =
      UnitIdOfCode(*client, options.issuer_code, *structure);
  if (!issuer.ok()) return issuer.status();
  v1::PublishPolicyRequest request;
  request.set_yaml(*text);
  request.set_file_name(options.file);
  request.set_issuer_unit_id(*issuer);
  // The same text from the same issuer is the same act.
  request.set_idempotency_key(
      !options.key.empty()
          ? options.key
          : absl::StrCat("policy-", Sha256Of(absl::StrCat(*issuer, "\n", *text))
                                        .Hex()
                                        .substr(0, 40)));
  const absl::StatusOr<v1::PublishPolicyResponse> response =
      (*client)->PublishPolicy(request);
  if (!response.ok()) return response.status();
  if (session->json) {
    session->Print(ToJson(*response));
    return absl::OkStatus();
  }
  PrintFindings(session, options.file, *response);
  session->out() << "Đã công bố (published): " << response->policy_id() << " v"
                 << response->version() << ", vị trí (position) "
                 << response->position() << '\n';
  return absl::OkStatus();
}

struct ListOptions {
  std::string as_of;
};

void PrintPolicies(Session* session, const v1::ListPoliciesResponse& listed) {
  TextTable policies({{"Chính sách (policy)"},
                      {"Phiên bản (version)", Align::kRight},
                      {"Văn bản (document)"},
                      {"Ngày ban hành (issued)"},
                      {"Hết hiệu lực (end)"},
                      {"Vị trí (position)", Align::kRight}});
  for (const v1::PolicyRow& row : listed.policies()) {
    policies.AddRow({row.policy_id(), absl::StrCat(row.version()),
                     row.document().number(),
                     ShowDate(row.document().issue_date()),
                     ShowDate(row.end_date()), absl::StrCat(row.position())});
  }
  policies.Print(session->out());
  if (listed.lists_size() > 0) {
    TextTable lists({{"Danh sách (list)"},
                     {"Năm (year)", Align::kRight},
                     {"Số xã (communes)", Align::kRight},
                     {"Vị trí (position)", Align::kRight}});
    for (const v1::RegistrationListRow& row : listed.lists()) {
      lists.AddRow({row.list_id(), absl::StrCat(row.year()),
                    absl::StrCat(row.listings_size()),
                    absl::StrCat(row.changed_position())});
    }
    session->out() << '\n';
    lists.Print(session->out());
  }
  if (listed.fundings_size() == 0) return;
  TextTable fundings({{"Kinh phí (funding)"},
                      {"Chính sách (policy)"},
                      {"Từ (from)"},
                      {"Đến (to)"},
                      {"Số tổ (teams)", Align::kRight},
                      {"Tối đa (ceiling)", Align::kRight},
                      {"Vị trí (position)", Align::kRight}});
  for (const v1::FundingRow& row : listed.fundings()) {
    fundings.AddRow(
        {row.document().number(), row.policy_id(), ShowMonth(row.first_month()),
         ShowMonth(row.last_month()), FormatGrouped(row.team_count()),
         FormatDong(row.ceiling_vnd()), absl::StrCat(row.position())});
  }
  session->out() << '\n';
  fundings.Print(session->out());
}

absl::Status ListPolicies(Session* session, const ListOptions& options) {
  const absl::StatusOr<v1::ReadOptions> as_of = AsOfOption(options.as_of);
  if (!as_of.ok()) return as_of.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  v1::ListPoliciesRequest request;
  *request.mutable_options() = *as_of;
  const absl::StatusOr<v1::ListPoliciesResponse> listed =
      (*client)->ListPolicies(request);
  if (!listed.ok()) return listed.status();
  if (session->json) {
    session->Print(ToJson(*listed));
  } else {
    PrintPolicies(session, *listed);
  }
  return absl::OkStatus();
}

}  // namespace

void AddPolicyCommands(CLI::App* app, Session* session) {
  CLI::App* const group = Group(app, "policy", "Chính sách (policies)");

  AddPolicyCheckCommand(group, session);
  AddPolicyReadCommands(group, session);
  AddPolicySimulateCommand(group, session);

  CLI::App* command =
      Command(group, "publish", "Công bố chính sách (publish a policy)",
              {"thon policy publish deploy/policies/yen-bai-2023.yaml "
               "--issuer-code 15"});
  auto publish = std::make_shared<PublishOptions>();
  command->add_option("FILE", publish->file, "YAML")->required();
  command
      ->add_option("--issuer-code", publish->issuer_code,
                   "Code of the unit that issued it")
      ->required();
  command->add_option("--structure", publish->structure,
                      "The code is that of this day; by default the last day "
                      "opened");
  command->add_option("--key", publish->key, "Idempotency key");
  OnChosen(command, session, publish, &PublishPolicy);

  command = Command(
      group, "list",
      "Chính sách, danh sách, kinh phí (policies, lists and fundings)",
      {"thon policy list", "thon policy list --as-of 2023-10-11 --json"});
  auto list = std::make_shared<ListOptions>();
  command->add_option("--as-of", list->as_of, kAsOfHelp);
  OnChosen(command, session, list, &ListPolicies);
}

}  // namespace thon::cli
