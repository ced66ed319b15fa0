// Decisions about lists of registered communes: the list, and what amends it.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/hash.h"
#include "tools/thon/act_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/csv.h"
#include "tools/thon/decision_files.h"
#include "tools/thon/import_flow.h"
#include "tools/thon/pages.h"

namespace thon::cli {
namespace {

struct ListOptions {
  ImportFlags flags;
  std::string list;
  DocumentOptions document;
  int year = 0;
  std::string effective;
  bool retroactive = false;
  bool accept_names = false;
};

// What both commands read before they look at the file's rows.
struct Ground {
  CsvTable table;
  v1::LegalDocument document;
  std::int32_t effective = 0;
  Client* client = nullptr;
  MapRead map;
};

absl::StatusOr<Ground> GroundOf(Session* session, const ListOptions& options) {
  Ground ground;
  absl::StatusOr<v1::LegalDocument> document = DocumentOf(options.document);
  if (!document.ok()) return document.status();
  ground.document = *std::move(document);
  const absl::StatusOr<std::int32_t> effective =
      NeedDay("--effective", options.effective);
  if (!effective.ok()) return effective.status();
  ground.effective = *effective;
  absl::StatusOr<CsvTable> table = ReadCsv(options.flags.file);
  if (!table.ok()) return table.status();
  ground.table = *std::move(table);
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  ground.client = *client;
  // A list names communes as they were on the day of the decision.
  absl::StatusOr<MapRead> map = ReadMap(*client, ground.document.issue_date());
  if (!map.ok()) return map.status();
  ground.map = *std::move(map);
  return ground;
}

absl::Status ApproveList(Session* session, const ListOptions& options) {
  absl::StatusOr<Ground> ground = GroundOf(session, options);
  if (!ground.ok()) return ground.status();
  ImportPlan plan;
  plan.kind = "list";
  plan.rows = ground->table.rows.size();
  const v1::RegistrationList list = PlanRegistrationList(
      ground->table, ground->map.map, options.flags.rules(),
      options.accept_names, &plan.report);
  int advanced = 0;
  for (const v1::RegistrationRow& row : list.rows()) {
    advanced += row.target() == v1::REGISTRATION_TARGET_ADVANCED ? 1 : 0;
  }
  plan.summary = {{"Danh sách", "list_id", options.list},
                  {"Xã, phường, thị trấn", "communes", list.rows_size()},
                  {"Đạt chuẩn", "standard", list.rows_size() - advanced},
                  {"Nâng cao", "advanced", advanced}};
  const absl::Status told =
      WarnUnlessItReachesBack(ground->client, Date(ground->effective),
                              options.retroactive, "--effective", &plan.report);
  if (!told.ok()) return told;
  if (plan.report.errors() == 0) {
    std::string content = list.SerializeAsString();
    v1::Event event;
    v1::RegistrationListApproved* const approved =
        event.mutable_registration_list_approved();
    approved->set_list_id(options.list);
    *approved->mutable_document() = ground->document;
    if (options.document.number.empty()) {
      approved->mutable_document()->set_number(options.list);
    }
    approved->set_year(options.year);
    approved->set_effective_date(ground->effective);
    approved->set_retroactive(options.retroactive);
    approved->set_rows_hash(std::string(Sha256Of(content).view()));
    plan.change = MakeChange(std::move(event), std::move(content));
    plan.change->seen_position = ground->map.position;
  }
  return FinishImport(session, options.flags, std::move(plan));
}

// The list as it is; not set with a report that names those there are.
std::optional<v1::RegistrationListRow> ListNow(
    const v1::ListPoliciesResponse& known, const std::string& id,
    Report* report) {
  std::vector<std::string> ids;
  for (const v1::RegistrationListRow& list : known.lists()) {
    if (list.list_id() == id) return list;
    ids.push_back(list.list_id());
  }
  const std::string there = absl::StrJoin(ids, ", ");
  report->Error(
      0, "--list", "UNKNOWN_LIST",
      {absl::StrCat("không có danh sách \"", id, "\"",
                    ids.empty() ? "; ghi danh sách bằng thon list approve"
                                : absl::StrCat("; đang có: ", there)),
       absl::StrCat("there is no list \"", id, "\"",
                    ids.empty() ? "; record it with thon list approve"
                                : absl::StrCat("; there are: ", there))});
  return std::nullopt;
}

absl::Status AmendList(Session* session, const ListOptions& options) {
  absl::StatusOr<Ground> ground = GroundOf(session, options);
  if (!ground.ok()) return ground.status();
  const absl::StatusOr<v1::ListPoliciesResponse> known =
      ground->client->ListPolicies(v1::ListPoliciesRequest());
  if (!known.ok()) return known.status();

  ImportPlan plan;
  plan.kind = "list-amendment";
  plan.rows = ground->table.rows.size();
  const std::optional<v1::RegistrationListRow> now =
      ListNow(*known, options.list, &plan.report);
  const absl::StatusOr<v1::ServerStatus> status = ground->client->GetStatus();
  if (!status.ok()) return status.status();
  // The day from which it counts.
  const Date day(options.retroactive
                     ? ground->effective
                     : std::max(ground->effective, status->local_date()));
  v1::RegistrationList list;
  if (now.has_value()) {
    list = PlanListAmendment(ground->table, ground->map.map, *now, day,
                             options.flags.rules(), options.accept_names,
                             &plan.report);
  }
  int removed = 0;
  for (const v1::RegistrationRow& row : list.rows()) {
    removed += row.removed() ? 1 : 0;
  }
  plan.summary = {{"Danh sách", "list_id", options.list},
                  {"Thêm", "added", list.rows_size() - removed},
                  {"Đưa ra", "removed", removed}};
  const absl::Status told =
      WarnUnlessItReachesBack(ground->client, Date(ground->effective),
                              options.retroactive, "--effective", &plan.report);
  if (!told.ok()) return told;
  if (plan.report.errors() == 0 && list.rows_size() > 0) {
    std::string content = list.SerializeAsString();
    v1::Event event;
    v1::RegistrationListAmended* const amended =
        event.mutable_registration_list_amended();
    amended->set_list_id(options.list);
    *amended->mutable_document() = ground->document;
    amended->set_effective_date(ground->effective);
    amended->set_retroactive(options.retroactive);
    amended->set_rows_hash(std::string(Sha256Of(content).view()));
    plan.change = MakeChange(std::move(event), std::move(content));
    plan.change->seen_position = known->position();
  }
  return FinishImport(session, options.flags, std::move(plan));
}

void AddShared(CLI::App* command, ListOptions* options) {
  AddImportFlags(command, &options->flags);
  command
      ->add_option("--list", options->list,
                   "Id by which policies name the list")
      ->required();
  command
      ->add_option("--issued", options->document.issued,
                   "The decision's day of issue; codes are those of that "
                   "day")
      ->required();
  command->add_option("--issuer", options->document.issuer, "Who issued it");
  command->add_flag("--retroactive", options->retroactive,
                    "It reaches back before the day it is recorded");
  command->add_flag("--accept-names", options->accept_names,
                    "The codes are right where names differ from the map");
}

void AddApprove(CLI::App* group, Session* session) {
  CLI::App* const command = Command(
      group, "approve",
      "Ghi quyết định phê duyệt danh sách (record an approved list: "
      "commune_code, target, [name])",
      {"thon list approve 894.csv --list 894/QĐ-UBND --issued 01/06/2023 "
       "--year 2023 --effective 2023-06-01",
       "thon list approve 894.csv --list 894/QĐ-UBND --issued 01/06/2023 "
       "--year 2023 --effective 2023-06-01 --apply"});
  auto options = std::make_shared<ListOptions>();
  AddShared(command, options.get());
  command->add_option("--document", options->document.number,
                      "The decision's number; by default the list's id");
  command->add_option("--year", options->year, "The year it is for")
      ->required()
      ->check(CLI::Range(1990, 2199));
  command
      ->add_option("--effective", options->effective,
                   "First day of the listing")
      ->required();
  OnChosen(command, session, options, &ApproveList);
}

void AddAmend(CLI::App* group, Session* session) {
  CLI::App* const command = Command(
      group, "amend",
      "Ghi quyết định sửa danh sách: thêm, đưa ra (record what amends a list: "
      "commune_code, change, [target], [name]; change is add, thêm, or remove, "
      "đưa ra; to remove needs no target)",
      {"thon list amend 1700.csv --list 894/QĐ-UBND --document 1700/QĐ-UBND "
       "--issued 05/10/2023 --effective 01/09/2023 --retroactive",
       "thon list amend 1700.csv --list 894/QĐ-UBND --document 1700/QĐ-UBND "
       "--issued 05/10/2023 --effective 01/09/2023 --retroactive --apply"});
  auto options = std::make_shared<ListOptions>();
  AddShared(command, options.get());
  command
      ->add_option("--document", options->document.number,
                   "The amending decision's number")
      ->required();
  command
      ->add_option("--effective", options->effective,
                   "First day of the change; without --retroactive it counts "
                   "from the day it is recorded, if that is later")
      ->required();
  OnChosen(command, session, options, &AmendList);
}

}  // namespace

void AddListCommands(CLI::App* app, Session* session) {
  CLI::App* const group =
      Group(app, "list", "Danh sách xã đăng ký (registration lists)");
  AddApprove(group, session);
  AddAmend(group, session);
}

}  // namespace thon::cli
