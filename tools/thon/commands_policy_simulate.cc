// thon policy simulate: what a policy, draft or not, would pay.
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands_policy.h"
#include "tools/thon/pages.h"
#include "tools/thon/text_table.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

struct SimulateOptions {
  std::string file;
  std::string issuer;
  std::string structure;
  std::string from;
  std::string to;
  std::string as_of;
  bool assume_funded = false;
};

// A code of two, three or five digits, or a unit's id.
absl::StatusOr<std::uint64_t> IssuerOf(Session* session, Client* client,
                                       const SimulateOptions& options,
                                       const Policy& policy) {
  if (LevelOfCode(options.issuer) == v1::UNIT_LEVEL_UNSPECIFIED) {
    std::uint64_t id = 0;
    if (!absl::SimpleAtoi(options.issuer, &id) || id == 0) {
      return UsageError("--issuer: a code (15) or the id of a unit");
    }
    return id;
  }
  const auto structure = DayOption("--structure", options.structure);
  if (!structure.ok()) return structure.status();
  // A code can name another unit later; a policy means that of its own time.
  const std::int32_t day = *structure != 0     ? *structure
                           : policy.has_period ? policy.from.days
                                               : 0;
  const absl::StatusOr<std::uint64_t> id =
      UnitIdOfCode(client, options.issuer, day);
  if (id.ok() && day != 0 && *structure == 0 && !session->json) {
    session->Note(absl::StrCat("Mã ", options.issuer, " tại ngày ",
                               ShowDate(day), " (the code as of that day)"));
  }
  return id;
}

void PrintSimulation(Session* session,
                     const v1::SimulatePolicyResponse& response) {
  session->out() << "MÔ PHỎNG, không ai được chi (SIMULATION, nobody is owed "
                    "it)\n\n";
  TextTable table({{"Tháng (month)"},
                   {"Loại (kind)"},
                   {"Trạng thái (state)"},
                   {"Lý do (reason)"},
                   {"Số lượng (count)", Align::kRight},
                   {"Số tiền (amount)", Align::kRight}});
  std::int32_t last_month = 0;
  for (const v1::DeterminationSum& sum : response.sums()) {
    if (last_month != 0 && sum.month() != last_month) table.AddRule();
    last_month = sum.month();
    table.AddRow(
        {ShowMonth(sum.month()),
         sum.beneficiary_kind() == v1::BENEFICIARY_KIND_ORGANISATION
             ? "cơ quan (organisations)"
             : "tổ (teams)",
         absl::StrCat(StateWord(sum.state()), " (", Short(sum.state()), ")"),
         Short(sum.reason()), FormatGrouped(sum.count()),
         FormatDong(sum.amount_vnd())});
  }
  table.Print(session->out());
  session->out() << "\nMÔ PHỎNG (SIMULATION), tổng (total): "
                 << FormatDong(response.total_vnd()) << ", vị trí (position) "
                 << response.position() << '\n';
}

absl::Status Simulate(Session* session, const SimulateOptions& options) {
  const auto first = MonthOption("--from", options.from);
  if (!first.ok()) return first.status();
  const auto last = MonthOption("--to", options.to);
  if (!last.ok()) return last.status();
  const absl::StatusOr<v1::ReadOptions> read = AsOfOption(options.as_of);
  if (!read.ok()) return read.status();
  const absl::StatusOr<PolicySource> source =
      ReadGoodPolicy(session, options.file);
  if (!source.ok()) return source.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::uint64_t> issuer =
      IssuerOf(session, *client, options, source->parsed.policy);
  if (!issuer.ok()) return issuer.status();
  v1::SimulatePolicyRequest request;
  request.set_yaml(source->text);
  request.set_file_name(source->file);
  request.set_issuer_unit_id(*issuer);
  request.set_first_month(*first);
  request.set_last_month(*last);
  request.set_assume_funded(options.assume_funded);
  *request.mutable_options() = *read;
  const absl::StatusOr<v1::SimulatePolicyResponse> response =
      (*client)->SimulatePolicy(request);
  if (!response.ok()) return response.status();
  if (session->json) {
    Json json = ToJson(*response);
    json["simulation"] = true;
    session->Print(json);
    return absl::OkStatus();
  }
  PrintSimulation(session, *response);
  return absl::OkStatus();
}

}  // namespace

void AddPolicySimulateCommand(CLI::App* group, Session* session) {
  CLI::App* const command = Command(
      group, "simulate",
      "Mô phỏng: chính sách sẽ chi bao nhiêu (what a policy would pay)",
      {"thon policy simulate deploy/policies/dong-nai-draft-2024.yaml --issuer "
       "75 --from 2024-07 --to 2024-12 --assume-funded"});
  auto simulate = std::make_shared<SimulateOptions>();
  command->add_option("FILE", simulate->file, "YAML")->required();
  command
      ->add_option("--issuer", simulate->issuer,
                   "Code or id of the unit that issues it")
      ->required();
  command->add_option("--structure", simulate->structure,
                      "The code is that of this day; by default the period's "
                      "first, or the last day opened");
  command->add_option("--from", simulate->from, "First month: 2024-07");
  command->add_option("--to", simulate->to, "Last month, at most 24 months");
  command->add_flag("--assume-funded", simulate->assume_funded,
                    "As if every month were funded");
  command->add_option("--as-of", simulate->as_of, kAsOfHelp);
  OnChosen(command, session, simulate, &Simulate);
}

}  // namespace thon::cli
