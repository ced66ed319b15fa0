// `thon scenario`: scenario files, run through the engine without a server.
#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/scenario/run_files.h"
#include "tools/thon/text_table.h"

namespace thon::cli {
namespace {

absl::string_view VerdictWord(scenario::Verdict verdict) {
  switch (verdict) {
    case scenario::Verdict::kOk:
      return "OK";
    case scenario::Verdict::kDiffers:
      return "DIFFERS";
    case scenario::Verdict::kWrong:
      return "WRONG";
    case scenario::Verdict::kFailed:
      return "FAILED";
  }
  return "";
}

Json DifferenceJson(const scenario::Difference& difference) {
  Json json;
  json["line"] = difference.place.line;
  json["column"] = difference.place.column;
  json["path"] = difference.path;
  json["about"] = difference.label;
  json["field"] = difference.field;
  json["expected"] = difference.expected;
  json["actual"] = difference.actual;
  json["notes"] = difference.notes;
  return json;
}

Json ResultJson(const scenario::FileResult& result) {
  Json json;
  json["file"] = result.file;
  json["result"] = std::string(VerdictWord(result.verdict));
  json["scenario"] = result.title;
  json["ids"] = result.ids;
  json["expectations"] = result.run.expectations;
  json["events"] = result.run.events;
  json["entries"] = result.run.entries;
  json["root"] = result.run.root;
  Json findings = Json::array();
  for (const Finding& finding : result.findings) {
    Json one;
    one["severity"] =
        finding.severity == Severity::kError ? "error" : "warning";
    one["line"] = finding.line;
    one["column"] = finding.column;
    one["path"] = finding.path;
    one["message"] = finding.message;
    findings.push_back(std::move(one));
  }
  json["findings"] = std::move(findings);
  Json differences = Json::array();
  for (const auto* const list : {&result.run.broken, &result.run.differences}) {
    for (const scenario::Difference& difference : *list) {
      differences.push_back(DifferenceJson(difference));
    }
  }
  json["differences"] = std::move(differences);
  if (!result.status.ok()) json["error"] = std::string(result.status.message());
  return json;
}

// The worst verdict decides how the program ends.
absl::Status Verdicts(const std::vector<scenario::FileResult>& results) {
  int wrong = 0;
  int other = 0;
  for (const scenario::FileResult& result : results) {
    if (result.verdict == scenario::Verdict::kWrong) ++wrong;
    if (result.verdict == scenario::Verdict::kFailed) return result.status;
    if (result.verdict == scenario::Verdict::kDiffers) ++other;
  }
  if (wrong > 0) {
    return UsageError(absl::StrCat(wrong, " of ", results.size(),
                                   " files are wrong; correct them"));
  }
  if (other == 0) return absl::OkStatus();
  return ChecksFailed(absl::StrCat(other, " of ", results.size(),
                                   " scenarios are otherwise than expected"));
}

struct RunOptions {
  std::vector<std::string> files;
  int jobs = 0;
  std::string keep;
};

absl::Status RunScenarios(Session* session, const RunOptions& options) {
  const absl::StatusOr<std::vector<std::string>> files =
      scenario::FindScenarios(options.files);
  if (!files.ok()) return UsageError(files.status().message());
  int jobs = options.jobs;
  if (jobs <= 0) {
    jobs = static_cast<int>(
        std::clamp(std::thread::hardware_concurrency(), 1u, 8u));
  }
  const std::vector<scenario::FileResult> results =
      scenario::RunFiles(*files, jobs, options.keep);
  if (session->json) {
    Json all = Json::array();
    for (const scenario::FileResult& result : results) {
      all.push_back(ResultJson(result));
    }
    session->Print(all);
  } else {
    for (const scenario::FileResult& result : results) {
      session->out() << scenario::Describe(result);
    }
  }
  return Verdicts(results);
}

struct ListOptions {
  std::vector<std::string> files;
};

absl::Status ListScenarios(Session* session, const ListOptions& options) {
  const absl::StatusOr<std::vector<std::string>> files =
      scenario::FindScenarios(options.files);
  if (!files.ok()) return UsageError(files.status().message());
  std::vector<scenario::FileResult> results;
  Json all = Json::array();
  TextTable table({{"Tệp (file)"}, {"Ca (cases)"}, {"Kịch bản (scenario)"}});
  for (const std::string& file : *files) {
    scenario::Scenario read;
    results.push_back(scenario::ReadFileResult(file, &read));
    const scenario::FileResult& result = results.back();
    all.push_back(ResultJson(result));
    table.AddRow({file, absl::StrJoin(result.ids, ", "),
                  result.verdict == scenario::Verdict::kOk
                      ? result.title
                      : "SAI (the file is wrong)"});
  }
  if (session->json) {
    session->Print(all);
  } else {
    table.Print(session->out());
  }
  return Verdicts(results);
}

}  // namespace

void AddScenarioCommands(CLI::App* app, Session* session) {
  CLI::App* const group =
      Group(app, "scenario", "Kịch bản thử (scenarios, run without a server)");

  CLI::App* command =
      Command(group, "run", "Chạy kịch bản (run scenario files)",
              {"thon scenario run tests/scenarios/t01.yaml",
               "thon scenario run tests/scenarios --jobs 2 --json"});
  auto run = std::make_shared<RunOptions>();
  command->add_option("FILE", run->files, "YAML, or directories of them")
      ->required();
  command->add_option("--jobs", run->jobs,
                      "So many at once; by default one a processor");
  command->add_option("--keep", run->keep,
                      "Keep the data directories, a NAME for each NAME.yaml");
  OnChosen(command, session, run, &RunScenarios);

  command = Command(group, "list", "Liệt kê kịch bản (list scenario files)",
                    {"thon scenario list tests/scenarios"});
  auto list = std::make_shared<ListOptions>();
  command->add_option("FILE", list->files, "YAML, or directories of them")
      ->required();
  OnChosen(command, session, list, &ListScenarios);
}

}  // namespace thon::cli
