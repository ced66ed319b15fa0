#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/files.h"
#include "tools/thon/pages.h"
#include "tools/thon/template_spec.h"
#include "tools/thon/template_xlsx.h"

namespace thon::cli {
namespace {

struct TemplateOptions {
  std::string kind;
  std::string out;
  std::string structure;
  std::string unit_code;
  bool csv = false;
};

// What drop-downs offer of the area: its communes, units and teams.
absl::StatusOr<KnownChoices> ReadChoices(Session* session,
                                         const TemplateOptions& options) {
  const auto structure = DayOption("--structure", options.structure);
  if (!structure.ok()) return structure.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::uint64_t> root =
      UnitIdOfCode(*client, options.unit_code, *structure);
  if (!root.ok()) return root.status();
  const absl::StatusOr<MapRead> map = ReadMap(*client, *structure, *root);
  if (!map.ok()) return map.status();
  ListScope scope;
  scope.root_unit_id = *root;
  scope.structure_date = *structure;
  const absl::StatusOr<Listed<v1::TeamRow>> teams =
      ListAllTeams(*client, scope);
  if (!teams.ok()) return teams.status();
  KnownChoices known;
  for (const auto& [id, unit] : map->map.units()) {
    if (unit.code.empty()) continue;
    const std::string choice = absl::StrCat(unit.code, " ", unit.name);
    known.units.push_back(choice);
    if (unit.level == v1::UNIT_LEVEL_COMMUNE) known.communes.push_back(choice);
  }
  std::sort(known.units.begin(), known.units.end());
  std::sort(known.communes.begin(), known.communes.end());
  for (const v1::TeamRow& team : teams->rows) {
    if (team.ended_date() != 0) continue;
    known.teams.push_back(absl::StrCat(team.team_id(), " ", team.name()));
  }
  return known;
}

absl::Status MakeTemplate(Session* session, const TemplateOptions& options) {
  KnownChoices known;
  const bool has_server = !session->connection.server.empty() ||
                          !session->connection.data.empty() ||
                          !options.unit_code.empty();
  if (has_server) {
    absl::StatusOr<KnownChoices> read = ReadChoices(session, options);
    if (!read.ok()) return read.status();
    known = *std::move(read);
  }
  const bool csv = options.csv || absl::EndsWithIgnoreCase(options.out, ".csv");
  const TemplateSpec spec = SpecOf(options.kind, known);
  const absl::Status status =
      csv ? WriteNewSecretFile(options.out, TemplateCsv(spec))
          : WriteTemplateXlsx(spec, options.out);
  if (!status.ok()) return status;
  if (session->json) {
    Json columns = Json::array();
    for (const TemplateColumn& column : spec.columns) {
      columns.push_back(column.column);
    }
    session->Print({{"kind", spec.kind},
                    {"file", options.out},
                    {"format", csv ? "CSV" : "XLSX"},
                    {"columns", std::move(columns)},
                    {"communes", known.communes.size()},
                    {"teams", known.teams.size()}});
    return absl::OkStatus();
  }
  session->out()
      << "Biểu mẫu (template): " << options.out
      << "\nĐiền xong, lưu trang đầu thành \"CSV UTF-8\" rồi chạy "
         "(filled in, save the first sheet as CSV UTF-8 and run):\n  "
      << spec.command << " --dry-run\n";
  return absl::OkStatus();
}

}  // namespace

void AddTemplateCommands(CLI::App* app, Session* session) {
  CLI::App* const command =
      Command(app, "template",
              "Biểu mẫu để điền bằng Excel (templates with drop-downs)",
              {"thon template teams -o to.xlsx",
               "thon template members --under 04771 -o thanh-vien.xlsx",
               "thon template list --csv -o danh-sach.csv"});
  auto options = std::make_shared<TemplateOptions>();
  command
      ->add_option("KIND", options->kind,
                   "teams, members, list, funding, organisations or villages")
      ->required()
      ->check(CLI::IsMember(TemplateKinds()));
  command->add_option("-o,--out", options->out, "New file: .xlsx or .csv")
      ->required();
  command->add_flag("--csv", options->csv,
                    "CSV, without drop-downs, instead of XLSX");
  command->add_option("--under,--unit-code", options->unit_code,
                      "Offer the communes and teams below the unit of this "
                      "code; where a server is named, all of them");
  command->add_option("--structure", options->structure,
                      "Codes of this day; by default the last day opened");
  OnChosen(command, session, options, &MakeTemplate);
}

}  // namespace thon::cli
