// Scenario files from disk: read, run, told.
#ifndef THON_TOOLS_THON_SCENARIO_RUN_FILES_H_
#define THON_TOOLS_THON_SCENARIO_RUN_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/thon/scenario/runner.h"
#include "tools/thon/scenario/scenario.h"

namespace thon::scenario {

enum class Verdict {
  kOk,       // All that is expected is so.
  kDiffers,  // Something is otherwise.
  kWrong,    // The file is wrong, or the ground that it lays does not hold.
  kFailed,   // The machine failed: no room, no directory.
};

struct FileResult {
  std::string file;
  Verdict verdict = Verdict::kFailed;
  std::string title;
  std::vector<std::string> ids;
  std::vector<Finding> findings;
  RunResult run;
  absl::Status status;  // With kFailed.
};

// `paths` as files; of a directory its own files that end in .yaml, by name.
// kNotFound: there is none.
absl::StatusOr<std::vector<std::string>> FindScenarios(
    const std::vector<std::string>& paths);

// The file as a scenario, without running it.
FileResult ReadFileResult(const std::string& file, Scenario* scenario);

// Reads and runs each file, at most `jobs` at once; results in the order of the
// files. With `keep` not empty, KEEP/NAME holds the data directory of NAME.yaml
// afterwards and must not be there before.
std::vector<FileResult> RunFiles(const std::vector<std::string>& files,
                                 int jobs, const std::string& keep);

// What a person reads of it: "OK", or every difference with its line.
std::string Describe(const FileResult& result);

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_RUN_FILES_H_
