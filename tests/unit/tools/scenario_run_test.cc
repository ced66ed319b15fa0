// Goal: a scenario is run by the real engine and nothing of it hangs on the
// machine: the same file gives the same log, byte for byte, and whatever is
// otherwise than expected is told, all of it.
//
// Method: files of tests/scenarios are run twice into directories of their own;
// one is spoilt in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tools/thon/files.h"
#include "tools/thon/scenario/run_files.h"

namespace thon::scenario {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string Path(const std::string& name) {
  return absl::StrCat(THON_SOURCE_DIR "/tests/scenarios/", name);
}

// The result of the text as if it stood in tests/scenarios.
FileResult RunText(const std::string& text, const std::string& name) {
  FileResult result;
  result.file = Path(name);
  const ReadScenario read = ParseScenario(text, result.file);
  result.findings = read.findings;
  EXPECT_TRUE(read.ok());
  const std::string directory =
      absl::StrCat(::testing::TempDir(), "/scenario-", name);
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  absl::StatusOr<RunResult> run = RunScenario(read.scenario, directory);
  EXPECT_TRUE(run.ok()) << run.status();
  if (run.ok()) result.run = *std::move(run);
  std::filesystem::remove_all(directory);
  result.verdict = !result.run.broken.empty()        ? Verdict::kWrong
                   : !result.run.differences.empty() ? Verdict::kDiffers
                                                     : Verdict::kOk;
  return result;
}

TEST(ScenarioRun, TheSameFileGivesTheSameLog) {
  const std::vector<std::string> files = {Path("t10.yaml"), Path("t16.yaml"),
                                          Path("t05.yaml")};
  const std::vector<FileResult> first = RunFiles(files, 1, "");
  const std::vector<FileResult> second = RunFiles(files, 3, "");
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(first[i].verdict, Verdict::kOk) << Describe(first[i]);
    EXPECT_THAT(first[i].run.root, SizeIs(64));
    EXPECT_EQ(first[i].run.root, second[i].run.root) << files[i];
  }
  EXPECT_NE(first[0].run.root, first[1].run.root);
}

// The server computes them on a thread of its own, and what follows waits.
TEST(ScenarioRun, StateRootsStandWhereTheyStoodBefore) {
  std::string text = *cli::ReadFile(Path("t08.yaml"));
  const std::string close =
      "  - {at: 2023-07-02 08:00, period_closed: {first_month: 2023-06, "
      "last_month: 2023-06}}\n";
  text = absl::StrReplaceAll(
      text, {{"\nexpect:", absl::StrCat(close, close, "\nexpect:")},
             {"outreach_session: 1}",
              "outreach_session: 1, period_closed: 2, "
              "state_roots_recorded: 2}"}});
  const FileResult first = RunText(text, "t08.yaml");
  EXPECT_EQ(first.verdict, Verdict::kOk) << Describe(first);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(RunText(text, "t08.yaml").run.root, first.run.root);
  }
}

TEST(ScenarioRun, AllThatIsOtherwiseIsToldWithItsLine) {
  std::string text = *cli::ReadFile(Path("t16.yaml"));
  text = absl::StrReplaceAll(text, {{"amount: 2.000.000", "amount: 1.500.000"},
                                    {"total: 4", "total: 5"},
                                    {"state: PROVISIONAL", "state: HELD"}});
  const FileResult result = RunText(text, "t16.yaml");
  EXPECT_EQ(result.verdict, Verdict::kDiffers);
  ASSERT_THAT(result.run.differences, SizeIs(3)) << Describe(result);
  int line = 0;
  for (const Difference& difference : result.run.differences) {
    EXPECT_GT(difference.place.line, line);
    line = difference.place.line;
  }
  const std::string told = Describe(result);
  EXPECT_THAT(told, HasSubstr("mong đợi (expected)  1.500.000 đồng\n"
                              "    thực tế (actual)     2.000.000 đồng"));
  EXPECT_THAT(told, HasSubstr("mong đợi (expected)  HELD\n"
                              "    thực tế (actual)     PROVISIONAL"));
  // The deciding step, in both languages.
  EXPECT_THAT(told, HasSubstr("funding.required: Quyết định kinh phí"));
  EXPECT_THAT(told, HasSubstr("funding.required: The funding decision"));
}

TEST(ScenarioRun, WhatIsKeptIsADataDirectory) {
  const std::string keep = absl::StrCat(::testing::TempDir(), "/kept");
  std::filesystem::remove_all(keep);
  const std::vector<FileResult> results = RunFiles({Path("t07.yaml")}, 1, keep);
  EXPECT_EQ(results.front().verdict, Verdict::kOk) << Describe(results[0]);
  EXPECT_TRUE(std::filesystem::exists(keep + "/t07/log"));
  // Nothing is overwritten.
  EXPECT_EQ(RunFiles({Path("t07.yaml")}, 1, keep).front().verdict,
            Verdict::kFailed);
  std::filesystem::remove_all(keep);
}

TEST(ScenarioRun, AFileThatIsNotThereIsWrong) {
  EXPECT_EQ(RunFiles({Path("none.yaml")}, 1, "").front().verdict,
            Verdict::kWrong);
}

}  // namespace
}  // namespace thon::scenario
