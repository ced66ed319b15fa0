// Goal: a range of a log becomes a scenario that gives what the log gave, and
// that names nobody.
//
// Method: files of tests/scenarios are run, their logs kept and recorded; the
// recordings are run. The checks see planted faults: the original text is found
// to name its units, and a spoilt recording is found to differ.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/core/entry.h"
#include "server/core/signature.h"
#include "server/storage/entry_log.h"
#include "tests/support/memory_rows.h"
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
  const fs::path keep = fs::path(::testing::TempDir()) /
                        absl::StrCat("record-", getpid(), "-", name);
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
  const fs::path directory =
      fs::path(::testing::TempDir()) / absl::StrCat("recorded-", getpid());
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

// A log whose commands go past the checks that a server makes before it records
// them, as when two officers act at once.
class MadeLog {
 public:
  MadeLog() : log_(At("2023-06-01T08:00:00+07:00")) {
    log_.Operator(7);
    v1::UnitList map;
    AddUnit(3001, v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_TINH, "15", 0, &map);
    AddUnit(3002, v1::UNIT_LEVEL_DISTRICT, v1::UNIT_KIND_HUYEN, "141", 3001,
            &map);
    AddUnit(3003, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_XA, "04771", 3002,
            &map);
    const Hash hash = log_.AppendDocument(map.SerializeAsString());
    v1::Event import = Next();
    import.mutable_units_imported()->set_units_hash(std::string(hash.view()));
    import.mutable_units_imported()->set_effective_date(Day("2020-01-01"));
    EXPECT_TRUE(log_.Submit(import).effective());
    v1::Event village = Next();
    village.mutable_village_declared()->set_unit_id(3004);
    village.mutable_village_declared()->set_kind(v1::UNIT_KIND_THON);
    village.mutable_village_declared()->set_name("Thôn Nà Xá");
    village.mutable_village_declared()->set_commune_unit_id(3003);
    village.mutable_village_declared()->set_effective_date(Day("2020-01-01"));
    EXPECT_TRUE(log_.Submit(village).effective());
    EXPECT_TRUE(log_.Submit(Founding()).effective());
  }

  v1::Event Next(Position seen = Position(0)) {
    return Command(7, absl::StrCat("key-", ++keys_), seen);
  }
  v1::Event Founding() {
    v1::Event event = Next();
    event.mutable_team_founded()->set_team_id(5001);
    event.mutable_team_founded()->set_unit_id(3004);
    event.mutable_team_founded()->set_level(v1::UNIT_LEVEL_VILLAGE);
    event.mutable_team_founded()->set_founded_date(Day("2022-01-01"));
    event.mutable_team_founded()->set_name("Tổ Nà Xá");
    return event;
  }

  thon::FoldedLog& log() { return log_; }
  std::vector<std::string> Entries() const {
    std::vector<std::string> entries;
    for (const auto& entry : log_.entries()) entries.push_back(entry->bytes);
    return entries;
  }

 private:
  static void AddUnit(std::uint64_t id, v1::UnitLevel level, v1::UnitKind kind,
                      const std::string& code, std::uint64_t parent,
                      v1::UnitList* map) {
    v1::UnitRecord* const unit = map->add_units();
    unit->set_unit_id(id);
    unit->set_level(level);
    unit->set_kind(kind);
    unit->set_code(code);
    unit->set_name(absl::StrCat("Đơn vị Nà Xá ", id));
    unit->set_parent_unit_id(parent);
  }

  thon::FoldedLog log_;
  int keys_ = 0;
};

TEST(ScenarioRecord, CommandsWithoutEffectAreStepsWithoutEffect) {
  MadeLog made;
  const Position seen = made.log().last_position();
  v1::Event paused = made.Next();
  paused.mutable_team_suspended()->set_team_id(5001);
  paused.mutable_team_suspended()->set_from_date(Day("2023-06-10"));
  paused.mutable_team_suspended()->set_reason("Bà Lan ốm");
  EXPECT_TRUE(made.log().Submit(paused).effective());
  EXPECT_FALSE(made.log().Submit(made.Founding()).effective());
  v1::Event stale = made.Next(seen);
  stale.mutable_team_dissolved()->set_team_id(5001);
  stale.mutable_team_dissolved()->set_dissolved_date(Day("2023-06-20"));
  EXPECT_EQ(made.log().Submit(stale).failure(), v1::COMMAND_FAILURE_STALE);
  const Recording recording = RecordAll(made.Entries());
  EXPECT_EQ(Faults(recording.text), "");
  EXPECT_THAT(recording.notes.unsayable, IsEmpty());
  EXPECT_THAT(recording.text, HasSubstr("expect: ineffective"));
  EXPECT_THAT(recording.text, HasSubstr("seen: s"));
  EXPECT_EQ(Leak(recording.text,
                 {"Nà Xá", "Bà Lan", "5001", "3004", "04771", "key-"}),
            "");
}

TEST(ScenarioRecord, WhatTheFormatCannotSayIsTold) {
  MadeLog made;
  v1::Event lost = made.Next();
  lost.mutable_correction_issued()->set_target_author(
      std::string(LogBuilder::KeyOf("nobody").public_key().author().view()));
  lost.mutable_correction_issued()->set_target_sequence(1);
  lost.mutable_correction_issued()->set_kind(v1::CORRECTION_KIND_VOID);
  made.log().Submit(lost);
  v1::Event epoch;
  epoch.mutable_epoch_opened()->set_old_origin("thon.example/1");
  epoch.mutable_epoch_opened()->set_new_origin("thon.example/2");
  made.log().Append(made.log().server(), {epoch});
  const Recording recording = RecordAll(made.Entries());
  ASSERT_THAT(recording.notes.unsayable, Not(IsEmpty()));
  EXPECT_THAT(recording.notes.unsayable.back(), HasSubstr("epoch"));
  // What nothing of ours rests on is told too.
  EXPECT_THAT(recording.notes.left_out, Not(IsEmpty()));
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
