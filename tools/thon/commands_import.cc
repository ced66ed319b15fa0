#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/hash.h"
#include "tools/thon/commands.h"
#include "tools/thon/csv.h"
#include "tools/thon/facts_file.h"
#include "tools/thon/import_flow.h"
#include "tools/thon/pages.h"
#include "tools/thon/units_file.h"

namespace thon::cli {
namespace {

std::string HashBytes(absl::string_view content) {
  return std::string(Sha256Of(content).view());
}

// ------------------------------------------------------------------ units

struct UnitsOptions {
  ImportFlags flags;
  std::string effective;
  std::string document;
  std::string issued;
  std::string issuer;
  std::string only_province;
  std::vector<std::string> same_units;
  std::vector<std::string> new_units;
  bool offline = false;
};

void Summarize(const UnitsPlan& plan, std::vector<SummaryLine>* summary) {
  *summary = {{"Tỉnh", "provinces", plan.provinces},
              {"Huyện", "districts", plan.districts},
              {"Xã", "communes", plan.communes},
              {"Đơn vị mới", "created", plan.created},
              {"Giữ nguyên mã định danh", "kept", plan.kept},
              {"Đổi tên", "renamed", plan.renamed},
              {"Chuyển cấp trên", "moved", plan.moved},
              {"Không còn trong tệp", "absent", plan.absent}};
}

absl::Status ImportUnits(Session* session, const UnitsOptions& options) {
  const auto effective = DayOption("--effective", options.effective);
  if (!effective.ok()) return effective.status();
  const auto issued = DayOption("--issued", options.issued);
  if (!issued.ok()) return issued.status();
  const absl::StatusOr<CsvTable> table = ReadCsv(options.flags.file);
  if (!table.ok()) return table.status();
  if (options.offline && options.flags.apply) {
    return UsageError("--offline checks the file alone; leave out --apply");
  }

  MapRead existing;
  if (!options.offline) {
    const absl::StatusOr<Client*> client = session->client();
    if (!client.ok()) return client.status();
    absl::StatusOr<MapRead> read = ReadMap(*client, *effective);
    if (!read.ok()) return read.status();
    existing = *std::move(read);
  }
  UnitsFileOptions file_options;
  file_options.effective = Date(*effective);
  file_options.rules = options.flags.rules();
  file_options.only_province = options.only_province;
  file_options.same_units = {options.same_units.begin(),
                             options.same_units.end()};
  file_options.new_units = {options.new_units.begin(), options.new_units.end()};

  ImportPlan plan;
  plan.kind = "units";
  plan.rows = table->rows.size();
  const UnitsPlan units =
      PlanUnits(*table, existing.map, file_options, &plan.report);
  Summarize(units, &plan.summary);
  if (units.list.units_size() > 0 && !units.changes_nothing()) {
    std::string document = units.list.SerializeAsString();
    v1::Event event;
    v1::UnitsImported* const imported = event.mutable_units_imported();
    imported->set_effective_date(*effective);
    imported->mutable_document()->set_number(options.document);
    imported->mutable_document()->set_issue_date(*issued);
    imported->mutable_document()->set_issuer(options.issuer);
    imported->set_units_hash(HashBytes(document));
    plan.change = MakeChange(std::move(event), std::move(document));
    plan.change->seen_position = existing.position;
  }
  return FinishImport(session, options.flags, std::move(plan));
}

void AddUnits(CLI::App* app, Session* session) {
  CLI::App* const command = Command(
      Group(app, "units", "Đơn vị hành chính (the map of units)"), "import",
      "Nhập danh mục đơn vị hành chính (import a list of units: code, level, "
      "name, parent_code)",
      {"thon units import units-2023-04.csv --effective 2023-04-01",
       "thon units import units-2023-04.csv --effective 01/04/2023 "
       "--only-province 15 --document \"124/2004/QĐ-TTg\" --issued 08/07/2004 "
       "--apply"});
  auto options = std::make_shared<UnitsOptions>();
  AddImportFlags(command, &options->flags);
  command->add_option("--effective", options->effective, "First day of the map")
      ->required();
  command->add_option("--document", options->document, "The decision's number");
  command->add_option("--issued", options->issued, "Its day of issue");
  command->add_option("--issuer", options->issuer, "Who issued it");
  command->add_option("--only-province", options->only_province,
                      "Only the units of the province of this code");
  command->add_option("--same-unit", options->same_units,
                      "Code of a province that only has a new name");
  command->add_option("--new-unit", options->new_units,
                      "Code of a province that another unit took over");
  command->add_flag("--offline", options->offline,
                    "Check the file without a server");
  OnChosen(command, session, options, &ImportUnits);
}

// ------------------------------------------------------------------ facts

struct FactsOptions {
  ImportFlags flags;
  std::string structure;
  std::string unit_code;
  std::string effective;
  bool with_villages = false;
};

using PlanFacts = absl::StatusOr<FactsPlan> (*)(Client*, const ListScope&,
                                                const CsvTable&, const UnitMap&,
                                                const FactsFileOptions&,
                                                Report*);

absl::StatusOr<FactsPlan> VillagesOf(Client* /*client*/,
                                     const ListScope& /*scope*/,
                                     const CsvTable& table, const UnitMap& map,
                                     const FactsFileOptions& options,
                                     Report* report) {
  return PlanVillages(table, map, options, report);
}

absl::StatusOr<FactsPlan> TeamsOf(Client* client, const ListScope& scope,
                                  const CsvTable& table, const UnitMap& map,
                                  const FactsFileOptions& options,
                                  Report* report) {
  absl::StatusOr<Listed<v1::TeamRow>> teams = ListAllTeams(client, scope);
  if (!teams.ok()) return teams.status();
  return PlanTeams(table, map, TeamIndex(std::move(teams->rows)), options,
                   report);
}

absl::StatusOr<FactsPlan> MembersOf(Client* client, const ListScope& scope,
                                    const CsvTable& table, const UnitMap& map,
                                    const FactsFileOptions& options,
                                    Report* report) {
  absl::StatusOr<Listed<v1::TeamRow>> teams = ListAllTeams(client, scope);
  if (!teams.ok()) return teams.status();
  return PlanMembers(table, map, TeamIndex(std::move(teams->rows)), options,
                     report);
}

absl::StatusOr<FactsPlan> OrganisationsOf(
    Client* client, const ListScope& scope, const CsvTable& table,
    const UnitMap& map, const FactsFileOptions& options, Report* report) {
  const absl::StatusOr<Listed<v1::OrganisationRow>> existing =
      ListAllOrganisations(client, scope);
  if (!existing.ok()) return existing.status();
  return PlanOrganisations(table, map, existing->rows, options, report);
}

template <PlanFacts kPlan>
absl::Status ImportFacts(Session* session, const FactsOptions& options,
                         absl::string_view kind) {
  const auto structure = DayOption("--structure", options.structure);
  if (!structure.ok()) return structure.status();
  const auto effective = DayOption("--effective", options.effective);
  if (!effective.ok()) return effective.status();
  const absl::StatusOr<CsvTable> table = ReadCsv(options.flags.file);
  if (!table.ok()) return table.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::uint64_t> root =
      UnitIdOfCode(*client, options.unit_code, *structure);
  if (!root.ok()) return root.status();
  const absl::StatusOr<MapRead> map = ReadMap(*client, *structure, *root);
  if (!map.ok()) return map.status();
  ListScope scope;
  scope.root_unit_id = *root;

  FactsFileOptions file_options;
  file_options.rules = options.flags.rules();
  file_options.effective_date = *effective;
  file_options.with_villages = options.with_villages;
  ImportPlan plan;
  plan.kind = std::string(kind);
  plan.rows = table->rows.size();
  const absl::StatusOr<FactsPlan> facts =
      kPlan(*client, scope, *table, map->map, file_options, &plan.report);
  if (!facts.ok()) return facts.status();
  plan.summary = {{"Thôn mới", "villages", facts->villages},
                  {"Tổ mới", "teams", facts->teams},
                  {"Thành viên mới", "members", facts->members},
                  {"Cơ quan mới", "organisations", facts->organisations},
                  {"Đã có", "already_recorded", facts->already_recorded}};
  if (facts->facts.facts_size() > 0) {
    std::string document = facts->facts.SerializeAsString();
    v1::Event event;
    v1::FactsImported* const imported = event.mutable_facts_imported();
    imported->set_facts_hash(HashBytes(document));
    imported->set_file_kind(plan.kind);
    imported->set_count(facts->facts.facts_size());
    plan.change = MakeChange(std::move(event), std::move(document));
  }
  return FinishImport(session, options.flags, std::move(plan));
}

absl::Status ImportVillages(Session* session, const FactsOptions& options) {
  return ImportFacts<&VillagesOf>(session, options, "villages");
}
absl::Status ImportTeams(Session* session, const FactsOptions& options) {
  return ImportFacts<&TeamsOf>(session, options, "teams");
}
absl::Status ImportMembers(Session* session, const FactsOptions& options) {
  return ImportFacts<&MembersOf>(session, options, "members");
}
absl::Status ImportOrganisations(Session* session,
                                 const FactsOptions& options) {
  return ImportFacts<&OrganisationsOf>(session, options, "organisations");
}

// `columns` is what the help says of the file.
std::shared_ptr<FactsOptions> AddFacts(CLI::App* group,
                                       const std::string& columns,
                                       const std::vector<std::string>& examples,
                                       CLI::App** command) {
  *command = Command(group, "import",
                     absl::StrCat("Nhập từ CSV (import): ", columns,
                                  "; tên cột tiếng Việt cũng được, biểu mẫu: "
                                  "thon template"),
                     examples);
  auto options = std::make_shared<FactsOptions>();
  AddImportFlags(*command, &options->flags);
  (*command)->add_option("--structure", options->structure,
                         "Codes are those of this day; by default the last day "
                         "opened");
  (*command)->add_option("--unit-code", options->unit_code,
                         "Only below the unit of this code; for those whose "
                         "grant covers no more");
  return options;
}

}  // namespace

void AddImportCommands(CLI::App* app, Session* session) {
  AddUnits(app, session);
  CLI::App* command = nullptr;
  auto villages = AddFacts(
      Group(app, "village", "Thôn, bản, tổ dân phố (villages)"),
      "commune_code, village_name, [kind], [effective], [id]",
      {"thon village import villages.csv --effective 2023-04-01 --apply"},
      &command);
  command->add_option("--effective", villages->effective,
                      "First day of villages whose row names none");
  OnChosen(command, session, villages, &ImportVillages);

  auto teams = AddFacts(
      Group(app, "team", "Tổ công nghệ số cộng đồng (teams)"),
      "commune_code, village_name, team_name, founded, [level], [document], "
      "[issued], [issuer], [pilot], [kind], [id]; an empty village_name is a "
      "team of the commune",
      {"thon team import teams.csv",
       "thon team import teams.csv --with-villages --effective 2023-04-01 "
       "--apply"},
      &command);
  command->add_flag("--with-villages", teams->with_villages,
                    "Declare the villages that the map lacks");
  command->add_option("--effective", teams->effective,
                      "First day of these villages; by default the team's");
  OnChosen(command, session, teams, &ImportTeams);

  auto members = AddFacts(
      Group(app, "member", "Thành viên (members, by reference, never by name)"),
      "team_id or commune_code and village_name; member_ref or id; seat, "
      "joined, [affiliations separated by + or |], [part_time]",
      {"thon member import members.csv --apply"}, &command);
  OnChosen(command, session, members, &ImportMembers);

  auto organisations = AddFacts(
      Group(app, "organisation", "Cơ quan, đơn vị báo cáo (organisations)"),
      "name, kind, unit_code, registered, [id]",
      {"thon organisation import organisations.csv --apply"}, &command);
  OnChosen(command, session, organisations, &ImportOrganisations);
}

}  // namespace thon::cli
