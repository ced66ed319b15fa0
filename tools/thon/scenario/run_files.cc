#include "tools/thon/scenario/run_files.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/thon/files.h"

namespace thon::scenario {
namespace {

namespace fs = std::filesystem;

// A directory for one run, taken away afterwards unless it is to be kept.
class RunDirectory {
 public:
  ~RunDirectory() {
    std::error_code ignored;
    if (!path_.empty() && !kept_) fs::remove_all(path_, ignored);
  }

  absl::Status Make(const std::string& file, const std::string& keep) {
    std::error_code error;
    if (!keep.empty()) {
      kept_ = true;
      path_ = (fs::path(keep) / fs::path(file).stem()).string();
      if (fs::exists(path_, error)) {
        return absl::AlreadyExistsError(
            absl::StrCat(path_, " is there already; name another directory"));
      }
      fs::create_directories(path_, error);
      if (!error) return absl::OkStatus();
      return absl::UnavailableError(
          absl::StrCat("cannot make ", path_, ": ", error.message()));
    }
    const fs::path base = fs::temp_directory_path(error);
    std::string name = (base / "thon-scenario-XXXXXX").string();
    if (error || mkdtemp(name.data()) == nullptr) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", name));
    }
    path_ = name;
    return absl::OkStatus();
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool kept_ = false;
};

FileResult RunFile(const std::string& file, const std::string& keep) {
  Scenario scenario;
  FileResult result = ReadFileResult(file, &scenario);
  if (result.verdict != Verdict::kOk) return result;
  RunDirectory directory;
  result.status = directory.Make(file, keep);
  result.verdict = Verdict::kFailed;
  if (!result.status.ok()) return result;
  absl::StatusOr<RunResult> run = RunScenario(scenario, directory.path());
  if (!run.ok()) {
    result.status = run.status();
    return result;
  }
  result.run = *std::move(run);
  result.verdict = !result.run.broken.empty()        ? Verdict::kWrong
                   : !result.run.differences.empty() ? Verdict::kDiffers
                                                     : Verdict::kOk;
  return result;
}

void Append(const std::string& file, const Difference& difference,
            std::string* out) {
  absl::StrAppend(out, file, ":", difference.place.line, ":",
                  difference.place.column, ": ", difference.label);
  if (!difference.field.empty()) absl::StrAppend(out, ": ", difference.field);
  if (difference.expected.empty()) {
    absl::StrAppend(out, ": ", difference.actual, "\n");
  } else {
    absl::StrAppend(out, "\n    mong đợi (expected)  ", difference.expected,
                    "\n    thực tế (actual)     ", difference.actual, "\n");
  }
  for (const std::string& note : difference.notes) {
    absl::StrAppend(out, "    · ", note, "\n");
  }
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FindScenarios(
    const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    for (const fs::directory_entry& entry :
         fs::directory_iterator(path, error)) {
      if (entry.path().extension() == ".yaml") {
        found.push_back(entry.path().string());
      }
    }
    if (error || found.empty()) {
      return absl::NotFoundError(
          absl::StrCat(path, " holds no scenario; its files end in .yaml"));
    }
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

FileResult ReadFileResult(const std::string& file, Scenario* scenario) {
  FileResult result;
  result.file = file;
  const absl::StatusOr<std::string> text = cli::ReadFile(file);
  if (!text.ok()) {
    result.verdict = Verdict::kWrong;
    result.findings.push_back({Severity::kError,
                               file,
                               0,
                               0,
                               "",
                               {"không đọc được tệp; xem lại tên tệp và quyền "
                                "đọc",
                                std::string(text.status().message())}});
    return result;
  }
  ReadScenario read = ParseScenario(*text, file);
  result.verdict = read.ok() ? Verdict::kOk : Verdict::kWrong;
  result.findings = std::move(read.findings);
  result.title = read.scenario.title;
  result.ids = read.scenario.ids;
  *scenario = std::move(read.scenario);
  return result;
}

std::vector<FileResult> RunFiles(const std::vector<std::string>& files,
                                 int jobs, const std::string& keep) {
  std::vector<FileResult> results(files.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < files.size(); i = next++) {
      results[i] = RunFile(files[i], keep);
    }
  };
  std::vector<std::thread> others;
  const auto wanted = std::min<std::size_t>(
      static_cast<std::size_t>(std::max(jobs, 1)), files.size());
  for (std::size_t i = 1; i < wanted; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  return results;
}

std::string Describe(const FileResult& result) {
  std::string out;
  for (const Finding& finding : result.findings) {
    absl::StrAppend(&out, FormatFinding(finding), "\n");
  }
  if (result.verdict == Verdict::kFailed) {
    absl::StrAppend(&out, result.file, ": ", result.status.message(), "\n");
  }
  for (const Difference& broken : result.run.broken) {
    Append(result.file, broken, &out);
  }
  for (const Difference& difference : result.run.differences) {
    Append(result.file, difference, &out);
  }
  switch (result.verdict) {
    case Verdict::kOk:
      absl::StrAppend(&out, "OK  ", result.file, "  ", result.title, " (",
                      result.run.expectations, ")\n");
      break;
    case Verdict::kDiffers:
      absl::StrAppend(&out, "KHÁC (differs)  ", result.file, "  ", result.title,
                      ": ", result.run.differences.size(),
                      " khác biệt (differences)\n");
      break;
    case Verdict::kWrong:
      absl::StrAppend(&out, "SAI (the file is wrong)  ", result.file, "\n");
      break;
    case Verdict::kFailed:
      absl::StrAppend(&out, "LỖI (not run)  ", result.file, "\n");
      break;
  }
  return out;
}

}  // namespace thon::scenario
