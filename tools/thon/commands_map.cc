// Acts about the map after its import: which unit went into which, and where a
// village of a divided commune belongs.
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/hash.h"
#include "tools/thon/act_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/csv.h"
#include "tools/thon/import_flow.h"
#include "tools/thon/pages.h"
#include "tools/thon/place_option.h"
#include "tools/thon/succession_file.h"

namespace thon::cli {
namespace {

struct ChangeOptions {
  ImportFlags flags;
  DocumentOptions document;
  std::string effective;
};

absl::Status ChangeUnits(Session* session, const ChangeOptions& options) {
  const absl::StatusOr<std::int32_t> effective =
      NeedDay("--effective", options.effective);
  if (!effective.ok()) return effective.status();
  absl::StatusOr<v1::LegalDocument> document = DocumentOf(options.document);
  if (!document.ok()) return document.status();
  const absl::StatusOr<CsvTable> table = ReadCsv(options.flags.file);
  if (!table.ok()) return table.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<MapRead> before =
      ReadMap(*client, Date(*effective).Previous().days);
  if (!before.ok()) return before.status();
  const absl::StatusOr<MapRead> after = ReadMap(*client, *effective);
  if (!after.ok()) return after.status();

  ImportPlan plan;
  plan.kind = "succession";
  plan.rows = table->rows.size();
  const v1::Successions successions = PlanSuccessions(
      *table, before->map, after->map, options.flags.rules(), &plan.report);
  int parts = 0;
  for (const v1::Succession& row : successions.rows()) {
    parts += row.part() ? 1 : 0;
  }
  plan.summary = {
      {"Số dòng chuyển tiếp", "successions", successions.rows_size()},
      {"Chuyển một phần", "parts", parts}};
  if (plan.report.errors() == 0) {
    std::string content = successions.SerializeAsString();
    v1::Event event;
    v1::AdminUnitChanged* const changed = event.mutable_admin_unit_changed();
    changed->set_effective_date(*effective);
    *changed->mutable_document() = *std::move(document);
    changed->set_successions_hash(std::string(Sha256Of(content).view()));
    plan.change = MakeChange(std::move(event), std::move(content));
    plan.change->seen_position = before->position;
  }
  return FinishImport(session, options.flags, std::move(plan));
}

struct PlaceOptions {
  ActFlags flags;
  DocumentOptions document;
  std::string village;
  std::string commune;
  std::string effective;
};

absl::Status PlaceVillage(Session* session, const PlaceOptions& options) {
  const absl::StatusOr<std::int32_t> effective =
      NeedDay("--effective", options.effective);
  if (!effective.ok()) return effective.status();
  absl::StatusOr<v1::LegalDocument> document = DocumentOf(options.document);
  if (!document.ok()) return document.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  // Below the commune that it was of.
  const absl::StatusOr<std::uint64_t> village = PlaceOption(
      *client, "VILLAGE", options.village, Date(*effective).Previous().days);
  if (!village.ok()) return village.status();
  const absl::StatusOr<std::uint64_t> commune =
      PlaceOption(*client, "--commune-code", options.commune, *effective);
  if (!commune.ok()) return commune.status();
  PlannedAct act;
  v1::PlacementDecided* const placed =
      act.events.emplace_back().mutable_placement_decided();
  placed->set_village_unit_id(*village);
  placed->set_commune_unit_id(*commune);
  placed->set_effective_date(*effective);
  *placed->mutable_document() = *std::move(document);
  return RecordAct(session, options.flags, "placement", std::move(act));
}

}  // namespace

void AddMapCommands(CLI::App* app, Session* session) {
  CLI::App* command = Command(
      Group(app, "units", ""), "change",
      "Ghi đơn vị nào nhập vào đơn vị nào, sau khi nhập danh mục mới (which "
      "unit went into which: from_code, to_code, [part]; import the new map "
      "first)",
      {"thon units change succession.csv --effective 01/07/2025 --document "
       "1684/NQ-UBTVQH15 --issued 16/06/2025 --apply"});
  auto change = std::make_shared<ChangeOptions>();
  AddImportFlags(command, &change->flags);
  command
      ->add_option("--effective", change->effective, "First day of the new map")
      ->required();
  AddDocument(command, &change->document, true);
  OnChosen(command, session, change, &ChangeUnits);

  command =
      Command(Group(app, "village", ""), "place",
              "Quyết định thôn thuộc xã nào sau khi xã bị chia (which commune "
              "a village "
              "belongs to)",
              {"thon village place \"00988/Thôn Nà Xá\" --commune-code 00994 "
               "--effective 01/07/2025 --document 9/QĐ-UBND"});
  auto place = std::make_shared<PlaceOptions>();
  command
      ->add_option("VILLAGE", place->village,
                   "The village below its commune of the day before "
                   "(\"00988/Thôn Nà Xá\"), or id:NUMBER")
      ->required();
  command
      ->add_option("--commune-code", place->commune,
                   "The commune it belongs to; its code on that day")
      ->required();
  command->add_option("--effective", place->effective, "From which day")
      ->required();
  AddDocument(command, &place->document, false);
  AddActFlags(command, &place->flags);
  OnChosen(command, session, place, &PlaceVillage);
}

}  // namespace thon::cli
