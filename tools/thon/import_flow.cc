#include "tools/thon/import_flow.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/core/text.h"

namespace thon::cli {
namespace {

std::string ShowValue(const Json& value) {
  if (value.is_number_integer()) {
    return FormatGrouped(value.get<std::int64_t>());
  }
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void PrintForPeople(Session* session, absl::string_view file,
                    const ImportPlan& plan) {
  plan.report.Print(file, session->out());
  if (!plan.report.findings().empty()) session->out() << '\n';
  session->out() << "Số dòng (rows): " << plan.rows
                 << ", lỗi (errors): " << plan.report.errors()
                 << ", lưu ý (warnings): " << plan.report.warnings();
  if (plan.report.examples() > 0) {
    session->out() << ", dòng ví dụ bỏ qua (examples passed over): "
                   << plan.report.examples();
  }
  session->out() << '\n';
  if (plan.report.errors() > 0) return;
  for (const SummaryLine& line : plan.summary) {
    session->out() << line.vietnamese << " (" << line.name
                   << "): " << ShowValue(line.value) << '\n';
  }
}

Json AsJson(const ImportFlags& flags, const ImportPlan& plan) {
  Json summary = Json::object();
  if (plan.report.errors() == 0) {
    for (const SummaryLine& line : plan.summary)
      summary[line.name] = line.value;
  }
  return {{"kind", plan.kind},
          {"file", flags.file},
          {"rows", plan.rows},
          {"errors", plan.report.errors()},
          {"warnings", plan.report.warnings()},
          {"examples", plan.report.examples()},
          {"findings", plan.report.ToJson()},
          {"summary", std::move(summary)},
          {"applied", false}};
}

}  // namespace

void AddImportFlags(CLI::App* command, ImportFlags* flags) {
  command
      ->add_option("FILE", flags->file,
                   "CSV as Excel saves it (\"CSV UTF-8\" or \"Unicode Text\"); "
                   "- is standard input")
      ->required();
  CLI::Option* const apply = command->add_flag(
      "--apply", flags->apply, "Record it; without, the file is only checked");
  command
      ->add_flag("--dry-run", flags->dry_run,
                 "Check the file and record nothing; so it is without --apply")
      ->excludes(apply);
  command->add_flag("--strict", flags->strict,
                    "Refuse padded cells, doubled blanks and texts not in NFC "
                    "instead of setting them right with a warning");
  command->add_option(
      "--key", flags->key,
      "Idempotency key, 1 to 60 characters; by default made of "
      "what is recorded, so that a repeat records nothing twice");
}

absl::Status FinishImport(Session* session, const ImportFlags& flags,
                          ImportPlan plan) {
  if (flags.key.size() > 60) {
    return UsageError("--key: at most 60 characters");
  }
  Json json = AsJson(flags, plan);
  if (!session->json) PrintForPeople(session, flags.file, plan);
  absl::Status status;
  std::string last_line;
  if (plan.report.errors() > 0) {
    status = ChecksFailed(
        absl::StrCat(flags.file, ": ", plan.report.errors(),
                     " lỗi, không ghi gì (errors; nothing is recorded)"));
  } else if (!plan.change.has_value()) {
    last_line = "Không có gì mới. (Nothing new; nothing is recorded.)";
  } else if (!flags.apply) {
    last_line =
        "Chạy thử, chưa ghi gì. (Dry run, nothing is recorded; add --apply.)";
  } else {
    Change& change = *plan.change;
    change.key =
        !flags.key.empty() ? flags.key : StableKey(plan.kind, change.events);
    const absl::StatusOr<Client*> client = session->client();
    if (!client.ok()) return client.status();
    const absl::StatusOr<v1::SubmitResponse> response =
        SubmitChange(*client, change);
    if (response.ok()) {
      json["applied"] = true;
      json["position"] = response->position();
      json["outcomes"] = ToJsonArray(response->outcomes());
      last_line = absl::StrCat("Đã ghi tại vị trí (recorded at position) ",
                               response->position());
      if (const std::string notes = NotesOf(*response); !notes.empty()) {
        absl::StrAppend(&last_line, "\n",
                        absl::StripTrailingAsciiWhitespace(notes));
      }
    }
    status = response.status();
  }
  // An error after the checks is printed as the run's error instead.
  if (session->json && (status.ok() || plan.report.errors() > 0)) {
    session->Print(json);
  }
  if (!session->json && !last_line.empty()) session->out() << last_line << '\n';
  return status;
}

absl::Status WarnUnlessItReachesBack(Client* client, Date first,
                                     bool retroactive, absl::string_view option,
                                     Report* report) {
  const absl::StatusOr<v1::ServerStatus> status = client->GetStatus();
  if (!status.ok()) return status.status();
  const Date today(status->local_date());
  if (retroactive || first >= today) return absl::OkStatus();
  report->Warning(
      0, option, "COUNTS_FROM_TODAY",
      {absl::StrCat("Ngày ", first.Vietnamese(),
                    " đã qua và không có --retroactive: chỉ tính từ ngày ghi "
                    "nhận, ",
                    today.Vietnamese(),
                    ". Nếu quyết định có hiệu lực trở về trước, thêm "
                    "--retroactive."),
       absl::StrCat(first.Iso(),
                    " is past and --retroactive is not given: it counts from "
                    "the day it is recorded, ",
                    today.Iso(),
                    ". If the decision reaches back, add --retroactive.")});
  return absl::OkStatus();
}

Change MakeChange(v1::Event event, std::string document) {
  Change change;
  change.events.push_back(std::move(event));
  change.documents.push_back(std::move(document));
  return change;
}

}  // namespace thon::cli
