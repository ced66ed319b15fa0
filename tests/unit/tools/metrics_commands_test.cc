// What offices record for emulation, and what they read of it, from the command
// line: the events are what was said, the tables say how a value compares.
//
// Method: whole runs of the program's own function against a server in memory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "server/core/civil.h"
#include "tests/unit/tools/fake_client.h"
#include "tools/thon/cli.h"
#include "tools/thon/proto_json.h"
#include "tools/thon/session.h"

namespace thon::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MetricsCommandsTest : public ::testing::Test {
 protected:
  MetricsCommandsTest() {
    for (const char* name :
         {"THON_DATA", "THON_SERVER", "THON_CA", "THON_TOKEN_FILE"}) {
      unsetenv(name);
    }
  }
  int Run(std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    return RunThon(arguments, &out_, &err_,
                   std::make_unique<FakeClient>(&server_));
  }
  // The one event of the last command.
  v1::Event Recorded() {
    EXPECT_THAT(server_.submitted, Not(IsEmpty()));
    if (server_.submitted.empty()) return v1::Event();
    EXPECT_EQ(server_.submitted.back().events_size(), 1);
    return server_.submitted.back().events(0);
  }
  void AddMetric(absl::string_view metric, absl::string_view qualifier,
                 std::int64_t numerator, std::int64_t denominator,
                 v1::TargetOutcome outcome, std::int64_t target) {
    v1::UnitMetric* row = server_.unit_metrics.add_metrics();
    row->mutable_value()->set_metric(std::string(metric));
    row->mutable_value()->set_qualifier(std::string(qualifier));
    row->mutable_value()->set_numerator(numerator);
    row->mutable_value()->set_denominator(denominator);
    row->set_outcome(outcome);
    row->set_target(target);
  }

  FakeServer server_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(MetricsCommandsTest, AnObservationIsRecordedAsSaid) {
  ASSERT_EQ(Run({"indicator", "observe", "id:600001", "--metric",
                 "household_skill_ratio", "--numerator", "720", "--denominator",
                 "800", "--date", "30/9/2022", "--source", "báo cáo xã"}),
            kExitOk)
      << err_.str();
  const v1::IndicatorObserved seen = Recorded().indicator_observed();
  EXPECT_EQ(seen.metric(), "M13");
  EXPECT_EQ(seen.unit_id(), 600001u);
  EXPECT_EQ(seen.numerator(), 720);
  EXPECT_EQ(seen.denominator(), 800);
  EXPECT_EQ(seen.as_of_date(), Date::Of(2022, 9, 30).days);
  EXPECT_EQ(seen.source(), "báo cáo xã");
  EXPECT_THAT(out_.str(), HasSubstr("recorded at position"));
}

TEST_F(MetricsCommandsTest, WhatIsNotObservedOfUnitsIsAnErrorOfUsage) {
  EXPECT_EQ(
      Run({"indicator", "observe", "id:600001", "--metric", "M17",
           "--numerator", "1", "--denominator", "1", "--date", "2022-09-30"}),
      kExitUsage);
  EXPECT_EQ(
      Run({"indicator", "observe", "id:x", "--metric", "M13", "--numerator",
           "1", "--denominator", "1", "--date", "2022-09-30"}),
      kExitUsage);
  EXPECT_THAT(server_.submitted, IsEmpty());
}

TEST_F(MetricsCommandsTest, AModelIsAcceptedIntoAQuarter) {
  for (const char* quarter : {"2022-Q3", "20223"}) {
    ASSERT_EQ(Run({"model", "accept", "41", "--quarter", quarter, "--unit",
                   "id:600001", "--by", "UBND xã"}),
              kExitOk)
        << err_.str();
    EXPECT_EQ(Recorded().model_accepted().model_id(), 41u);
    EXPECT_EQ(Recorded().model_accepted().quarter(), 20223);
    EXPECT_EQ(Recorded().unit_id(), 600001u);
  }
  for (const char* quarter : {"2022-Q5", "2022", "Q3/2022", "2022-30"}) {
    EXPECT_EQ(Run({"model", "accept", "41", "--quarter", quarter}), kExitUsage)
        << quarter;
  }
  EXPECT_THAT(server_.submitted, SizeIs(2));
}

TEST_F(MetricsCommandsTest, ATaskIsATeamsOrAUnits) {
  ASSERT_EQ(Run({"task", "assign", "15", "--team", "7", "--due", "2023-06-30",
                 "--authority", "UBND xã", "--target", "3"}),
            kExitOk)
      << err_.str();
  EXPECT_EQ(Recorded().team_id(), 7u);
  EXPECT_EQ(Recorded().plan_assigned().kind(), v1::TASK_KIND_AD_HOC);
  EXPECT_EQ(Recorded().plan_assigned().due_date(), Date::Of(2023, 6, 30).days);
  EXPECT_EQ(Recorded().plan_assigned().target(), 3);
  ASSERT_EQ(Run({"task", "assign", "16", "--unit", "id:4771", "--due",
                 "2023-06-30", "--periodic"}),
            kExitOk);
  EXPECT_EQ(Recorded().unit_id(), 4771u);
  EXPECT_EQ(Recorded().plan_assigned().kind(), v1::TASK_KIND_PERIODIC);
  EXPECT_EQ(Run({"task", "assign", "17", "--due", "2023-06-30"}), kExitUsage);
  EXPECT_EQ(Run({"task", "assign", "17", "--team", "7", "--unit", "id:1",
                 "--due", "2023-06-30"}),
            kExitUsage);
}

TEST_F(MetricsCommandsTest, AnInspectionSaysItsDay) {
  ASSERT_EQ(Run({"inspection", "record", "7", "--score", "85", "--by",
                 "UBND xã", "--date", "12/06/2023"}),
            kExitOk)
      << err_.str();
  EXPECT_EQ(Recorded().inspection_recorded().team_id(), 7u);
  EXPECT_EQ(Recorded().inspection_recorded().score(), 85);
  EXPECT_EQ(Recorded().claimed_date(), Date::Of(2023, 6, 12).days);
  EXPECT_EQ(Run({"inspection", "record", "7", "--score", "101"}), kExitUsage);
}

TEST_F(MetricsCommandsTest, ACommandWithoutEffectIsRefused) {
  server_.commands_effective = false;
  EXPECT_EQ(Run({"inspection", "record", "7", "--score", "85"}), kExitRefused);
}

TEST_F(MetricsCommandsTest, MetricsSayHowTheyCompare) {
  AddMetric("M12", "", 412, 824, v1::TARGET_OUTCOME_PASS, 50);
  AddMetric("M13", "over=quarter", 719, 800, v1::TARGET_OUTCOME_FAIL, 90);
  AddMetric("M15", "", 0, 0, v1::TARGET_OUTCOME_UNKNOWN, 80);
  AddMetric("M02", "", 12, 1, v1::TARGET_OUTCOME_UNSPECIFIED, 0);
  const std::vector<std::string> command = {
      "metrics", "id:600001", "--from",   "2022-07",
      "--to",    "2022-09",   "--policy", "HG-EMULATION-2022"};
  ASSERT_EQ(Run(command), kExitOk) << err_.str();
  EXPECT_EQ(server_.measured.unit_id(), 600001u);
  EXPECT_EQ(server_.measured.first_month(), 202207);
  EXPECT_EQ(server_.measured.last_month(), 202209);
  EXPECT_EQ(server_.measured.policy_id(), "HG-EMULATION-2022");
  for (const char* text :
       {"412/824 = 50,00%", "đạt (PASS)", "719/800 = 89,87%", "≥ 90%",
        "chưa đạt (FAIL)", "không rõ (UNKNOWN)", "over=quarter"}) {
    EXPECT_THAT(out_.str(), HasSubstr(text));
  }
  std::vector<std::string> json = command;
  json.push_back("--json");
  ASSERT_EQ(Run(json), kExitOk);
  EXPECT_EQ(Json::parse(out_.str())["metrics"].size(), 4u);
  EXPECT_EQ(
      Run({"metrics", "id:600001", "--from", "2022-09", "--to", "2022-07"}),
      kExitUsage);
}

}  // namespace
}  // namespace thon::cli
