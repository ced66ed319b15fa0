// `thon scenario`: scenario files, run through the engine without a server, and
// made of a log.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/storage/entry_log.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/commands_policy.h"
#include "tools/thon/files.h"
#include "tools/thon/scenario/recorder.h"
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
    findings.push_back(FindingJson(finding));
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
    return UsageError(
        absl::StrCat(wrong, "/", results.size(),
                     " tệp sai, phải sửa (files are wrong; correct them)"));
  }
  if (other == 0) return absl::OkStatus();
  return ChecksFailed(absl::StrCat(
      other, "/", results.size(),
      " kịch bản khác với mong đợi (scenarios are otherwise than expected)"));
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

// ----------------------------------------------------------------- record

struct RecordOptions {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::string out;
  std::string policy;
};

// Entries of a directory that no server has open; kFailedPrecondition: one has.
absl::StatusOr<std::vector<std::string>> EntriesOf(const std::string& data) {
  StorageOptions storage;
  storage.directory = data;
  const absl::StatusOr<std::unique_ptr<EntryLog>> log = EntryLog::Open(storage);
  if (!log.ok()) return log.status();
  std::vector<std::string> entries;
  const absl::Status status =
      (*log)->ReadEntries(EntryIndex(0), (*log)->end().tree_size,
                          [&](EntryIndex, absl::string_view bytes) {
                            entries.emplace_back(bytes);
                            return true;
                          });
  if (!status.ok()) return status;
  return entries;
}

// From --data DIR if it holds a log that nobody has open, else from the server.
absl::StatusOr<std::vector<std::string>> ReadEntries(Session* session) {
  const std::string& data = session->connection.data;
  // Open() would make a log where there is none.
  if (!data.empty() && DirectoryExists(data + "/log")) {
    absl::StatusOr<std::vector<std::string>> entries = EntriesOf(data);
    if (entries.ok() ||
        entries.status().code() != absl::StatusCode::kFailedPrecondition) {
      return entries;
    }
  }
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<v1::Checkpoint> checkpoint = (*client)->GetCheckpoint();
  if (!checkpoint.ok()) return checkpoint.status();
  std::vector<std::string> entries;
  v1::StreamEntriesRequest request;
  request.set_end_entry(checkpoint->tree_size());
  const absl::Status status =
      (*client)->StreamEntries(request, [&](const v1::Entry& entry) {
        entries.push_back(entry.leaf());
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return entries;
}

absl::Status WriteNewFile(const std::string& path, const std::string& text) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, " is there already; nothing is overwritten"));
  }
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file.good()) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("cannot write ", path, "; is the disk full?"));
}

absl::Status RecordLog(Session* session, const RecordOptions& options) {
  const absl::StatusOr<std::vector<std::string>> entries = ReadEntries(session);
  if (!entries.ok()) return entries.status();
  scenario::RecordingRequest request;
  request.from = Position(options.from);
  request.to = Position(options.to);
  request.policy = options.policy;
  const absl::StatusOr<scenario::Recording> recording =
      scenario::RecordScenario(*entries, request);
  if (!recording.ok()) return recording.status();
  const absl::Status written = WriteNewFile(options.out, recording->text);
  if (!written.ok()) return written;
  const scenario::RecordingNotes& notes = recording->notes;
  for (const std::string& what : notes.left_out) {
    session->Note(absl::StrCat("Bỏ qua (left out): ", what));
  }
  for (const std::string& what : notes.unsayable) {
    session->Note(absl::StrCat("Không ghi được (cannot be said): ", what));
  }
  // The recording is proven by running it.
  const scenario::FileResult result =
      scenario::RunFiles({options.out}, 1, "").front();
  const bool proven = result.verdict == scenario::Verdict::kOk;
  if (!proven) session->Note(scenario::Describe(result));
  if (session->json) {
    Json json = ResultJson(result);
    json["left_out"] = notes.left_out;
    json["cannot_be_said"] = notes.unsayable;
    session->Print(json);
  } else if (proven) {
    session->out() << scenario::Describe(result);
  }
  if (result.verdict == scenario::Verdict::kFailed) return result.status;
  if (proven && notes.unsayable.empty()) return absl::OkStatus();
  return ChecksFailed(absl::StrCat(
      options.out,
      proven ? " gives what the log gave, but does not hold all that it rests "
               "on; see above"
             : " does not give what the log gave; see above"));
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

  command = Command(
      group, "record",
      "Ghi một đoạn nhật ký thành kịch bản, thay mọi tên (a range of a log as "
      "a scenario, every name replaced)",
      {"thon scenario record --data DIR --from 120 --to 180 -o tinh-huong.yaml",
       "thon scenario record --from 1 --to 500 --policy YB-2023 -o t.yaml"});
  auto record = std::make_shared<RecordOptions>();
  command->add_option("--from", record->from, "First position of the range")
      ->required()
      ->check(CLI::PositiveNumber);
  command->add_option("--to", record->to, "The position behind its last")
      ->required()
      ->check(CLI::PositiveNumber);
  command->add_option("-o,--out", record->out, "New file")->required();
  command->add_option("--policy", record->policy,
                      "Only what this policy pays is expected; else all");
  OnChosen(command, session, record, &RecordLog);
}

}  // namespace thon::cli
