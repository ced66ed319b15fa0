// Goal: a range of a log becomes a scenario that gives what the log gave, and
// that names nobody.
//
// Method: files of tests/scenarios are run, their logs kept and recorded; the
// recordings are run. The checks see planted faults: the original text is found
// to name its units, and a spoilt recording is found to differ.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/core/entry.h"
#include "server/storage/entry_log.h"
#include "tools/thon/files.h"
#include "tools/thon/scenario/recorder.h"
#include "tools/thon/scenario/run_files.h"

namespace thon::scenario {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace fs = std::filesystem;

// The entries of the log that the scenario makes.
std::vector<std::string> LogOf(const std::string& name) {
  const fs::path keep =
      fs::path(::testing::TempDir()) / absl::StrCat("record-", name);
  fs::remove_all(keep);
  const std::vector<FileResult> results = RunFiles(
      {absl::StrCat(THON_SOURCE_DIR "/tests/scenarios/", name, ".yaml")}, 1,
      keep.string());
  EXPECT_EQ(results.front().verdict, Verdict::kOk) << Describe(results[0]);
  std::vector<std::string> entries;
  {
    StorageOptions storage;
    storage.directory = (keep / name).string();
    const auto log = EntryLog::Open(storage);
    EXPECT_TRUE(log.ok()) << log.status();
    if (!log.ok()) return entries;
    EXPECT_TRUE((*log)
                    ->ReadEntries(EntryIndex(0), (*log)->end().tree_size,
                                  [&](EntryIndex, absl::string_view bytes) {
                                    entries.emplace_back(bytes);
                                    return true;
                                  })
                    .ok());
  }
  fs::remove_all(keep);
  return entries;
}

Recording RecordAll(const std::vector<std::string>& entries,
                    std::uint64_t from = 1) {
  RecordingRequest request;
  request.from = Position(from);
  request.to = Position(1'000'000);
  absl::StatusOr<Recording> recording = RecordScenario(entries, request);
  EXPECT_TRUE(recording.ok()) << recording.status();
  return recording.ok() ? *std::move(recording) : Recording();
}

// Everything that is wrong with the text or otherwise than it says; "" if it
// passes.
std::string Faults(const std::string& text) {
  FileResult result;
  result.file = "recorded.yaml";
  const ReadScenario read = ParseScenario(text, result.file);
  if (!read.ok()) {
    result.findings = read.findings;
    result.verdict = Verdict::kWrong;
    return Describe(result) + text;
  }
  const fs::path directory = fs::path(::testing::TempDir()) / "recorded";
  fs::remove_all(directory);
  fs::create_directories(directory);
  const absl::StatusOr<RunResult> run =
      RunScenario(read.scenario, directory.string());
  fs::remove_all(directory);
  if (!run.ok()) return std::string(run.status().message());
  if (run->ok()) return "";
  result.run = *run;
  result.verdict = Verdict::kDiffers;
  return Describe(result) + text;
}

// The first of `names` that the text holds; "" if it holds none.
std::string Leak(const std::string& text,
                 const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (absl::StrContains(text, name)) return name;
  }
  return "";
}

class RecordedFile : public ::testing::TestWithParam<const char*> {};

TEST_P(RecordedFile, GivesWhatItsLogGaveAndNamesNobody) {
  const Recording recording = RecordAll(LogOf(GetParam()));
  EXPECT_EQ(Faults(recording.text), "");
  EXPECT_THAT(recording.notes.unsayable, IsEmpty());
  const std::vector<std::string> names = {
      "Yên Bái",   "Yên Bình",    "Vĩnh Kiên",       "Thác Bà",     "yen-binh",
      "vinh-kien", "thon-1",      "thái học",        "nhà văn hoá", "kiện toàn",
      "tổ vẫn",    "cùng một tổ", "không hoạt động", "one-month",   "04771"};
  EXPECT_EQ(Leak(recording.text, names), "");
  // The check finds them where they are.
  const absl::StatusOr<std::string> original = cli::ReadFile(
      absl::StrCat(THON_SOURCE_DIR "/tests/scenarios/", GetParam(), ".yaml"));
  ASSERT_TRUE(original.ok()) << original.status();
  EXPECT_NE(Leak(*original, names), "");
}

// A late sync and money; bad clocks; a clone and its successor; a merger; an
// amended list; a suspension and what an officer decides; claimed dates.
INSTANTIATE_TEST_SUITE_P(Files, RecordedFile,
                         ::testing::Values("t01", "t05", "t10", "t11", "t15",
                                           "t20", "t25"));

TEST(ScenarioRecord, ARecordingWithAnotherAmountIsSeenToDiffer) {
  const Recording recording = RecordAll(LogOf("t01"));
  ASSERT_THAT(recording.text, HasSubstr("amount: 500.000"));
  const std::string spoilt = absl::StrReplaceAll(
      recording.text, {{"amount: 500.000", "amount: 400.000"}});
  EXPECT_THAT(Faults(spoilt), HasSubstr("400.000"));
}

TEST(ScenarioRecord, TheContextIsOfTheRangesTeamsOnly) {
  const std::vector<std::string> entries = LogOf("t05");
  // The last entry: the phone that heard the time again.
  const Recording recording = RecordAll(entries);
  const auto first_of_last = ParseEntry(entries.back());
  ASSERT_TRUE(first_of_last.ok()) << first_of_last.status();
  const Recording last =
      RecordAll(entries, first_of_last->trailer.first_position.value);
  EXPECT_EQ(Faults(last.text), "");
  EXPECT_THAT(last.text, Not(HasSubstr("t2")));
  EXPECT_THAT(last.notes.left_out, Not(IsEmpty()));
  EXPECT_THAT(recording.text, HasSubstr("t3"));
}

TEST(ScenarioRecord, AnEmptyRangeIsRefused) {
  const std::vector<std::string> entries = LogOf("t01");
  RecordingRequest request;
  request.from = Position(5);
  request.to = Position(5);
  EXPECT_EQ(RecordScenario(entries, request).status().code(),
            absl::StatusCode::kOutOfRange);
  request.from = Position(100'000);
  request.to = Position(200'000);
  EXPECT_EQ(RecordScenario(entries, request).status().code(),
            absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace thon::scenario
