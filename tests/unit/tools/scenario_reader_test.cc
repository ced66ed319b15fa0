// Goal: whatever is wrong with a scenario file is told with its line, its path
// and what to do, before anything is run; what is right is read as it is meant.
//
// Method: a small valid file, spoilt in one place by each row of a table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "nlohmann/json.hpp"
#include "server/policy/yaml_tree.h"
#include "tests/support/both_languages.h"
#include "tools/thon/scenario/payload.h"
#include "tools/thon/scenario/policy_source.h"
#include "tools/thon/scenario/scenario.h"
#include "tools/thon/scenario/values.h"

namespace thon::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kGood[] = R"(scenario: Thử / A try
map:
  tinh: {kind: tỉnh, code: "15"}
  huyen: {kind: huyện, in: tinh}
  xa: {kind: xã, code: "04771", in: huyen}
  thon: {kind: thôn, in: xa, count: 2}
teams:
  t: {on: thon, members: {a: {}, b: {}}}
phones:
  p1: {team: t-1, member: t-1/a}
steps:
  - {at: 2023-06-30 18:00, phone: p1, record: {outreach_session: {topic: HEALTH, attendees: 12}}, as: e1}
  - {at: 2023-07-04 09:00, phone: p1, sync: true}
  - {at: 2023-07-05 09:00, team_suspended: {team: t-2, from: 1/8/2023, to: 2023-08-20}}
expect:
  - {standing: e1, is: COUNTED, month: 2023-06}
)";

struct Spoil {
  const char* from;
  const char* to;
  int line;
  const char* path;
  const char* says;
};

TEST(ScenarioReader, EveryMistakeIsToldWithItsLineAndWhatToDo) {
  const Spoil spoils[] = {
      {"kind: huyện", "kid: huyện", 4, "map.huyen.kid",
       "did you mean \"kind\"?"},
      {"kind: huyện, in: tinh", "kind: huyện, in: tin", 4, "map.huyen.in",
       "did you mean \"tinh\"?"},
      {"in: xa, count", "in: tinh, code: \"1\", count", 6, "map.thon.code",
       "no official code"},
      {"{on: thon,", "{on: thonn,", 8, "teams.t.on", "no unit is called"},
      {"member: t-1/a", "member: t-1/c", 10, "phones.p1.member",
       "no member is called"},
      {"outreach_session:", "outreach_sesion:", 12, "steps[0].record",
       "did you mean \"outreach_session\"?"},
      {"topic: HEALTH", "topic: HEALT", 12,
       "steps[0].record.outreach_session.topic",
       "did you mean \"HEALTH\"? Write one of"},
      {"attendees: 12", "attendees: 12.5", 12,
       "steps[0].record.outreach_session.attendees", "not a whole number"},
      {"2023-06-30 18:00", "2023-06-31 18:00", 12, "steps[0].at",
       "is not a moment"},
      {"2023-06-30 18:00", "2023-06-30", 12, "steps[0].at", "is not a moment"},
      {"2023-07-05 09:00", "2023-07-03 09:00", 14, "steps[2].at",
       "order of time"},
      {"phone: p1, sync", "phone: p2, sync", 13, "steps[1].phone",
       "no phone is called \"p2\""},
      {"sync: true", "snyc: true", 13, "steps[1].snyc",
       "did you mean \"sync\"?"},
      {"team_suspended:", "team_suspend:", 14, "steps[2]",
       "did you mean \"team_suspended\"?"},
      {"from: 1/8/2023", "from: 8/2023", 14, "steps[2].team_suspended.from",
       "is not a date"},
      {"from: 1/8/2023", "form: 1/8/2023", 14, "steps[2].team_suspended.form",
       "did you mean \"from\"?"},
      {"standing: e1", "standing: e2", 16, "expect[0].standing",
       "is called \"e2\""},
      {"is: COUNTED", "is: CONTED", 16, "expect[0].is", "COUNTED"},
      {", is: COUNTED, month: 2023-06", "", 16, "expect[0]", "expects nothing"},
      {"{standing: e1, is: COUNTED, month: 2023-06}", "{state: HELD}", 16,
       "expect[0]", "does not say what it is about"},
      {"as: e1", "as: e1, member: t-9/a", 12, "steps[0].member",
       "no member is called"},
  };
  for (const Spoil& spoil : spoils) {
    SCOPED_TRACE(absl::StrCat(spoil.from, " -> ", spoil.to));
    const std::string text =
        absl::StrReplaceAll(kGood, {{spoil.from, spoil.to}});
    ASSERT_NE(text, kGood);
    const ReadScenario read = ParseScenario(text, "x.yaml");
    EXPECT_FALSE(read.ok());
    const Finding* found = nullptr;
    std::string all;
    for (const Finding& finding : read.findings) {
      EXPECT_EQ(thon::testing::OneLanguageFault(finding), "")
          << FormatFinding(finding);
      absl::StrAppend(&all, FormatFinding(finding), "\n");
      if (finding.path == spoil.path && found == nullptr) found = &finding;
    }
    if (found == nullptr) {
      ADD_FAILURE() << all;
      continue;
    }
    EXPECT_EQ(found->line, spoil.line) << all;
    EXPECT_GT(found->column, 0);
    EXPECT_THAT(all, HasSubstr(spoil.says));
  }
}

TEST(ScenarioReader, WithoutExpectationsNothingIsAScenario) {
  const std::string text(kGood);
  const ReadScenario read =
      ParseScenario(text.substr(0, text.find("expect:")), "x.yaml");
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(
      FormatFinding(read.findings.front()),
      HasSubstr("x.yaml:1:1: lỗi (error): expect: thiếu; thêm \"expect:\" "
                "(missing; add \"expect:\")"));
}

TEST(ScenarioReader, OneLookFindsAllMistakes) {
  const std::string text =
      absl::StrReplaceAll(kGood, {{"kind: huyện", "kind: huyn"},
                                  {"sync: true", "snyc: true"},
                                  {"is: COUNTED", "is: CONTED"}});
  const ReadScenario read = ParseScenario(text, "x.yaml");
  std::vector<int> lines;
  for (const Finding& finding : read.findings) lines.push_back(finding.line);
  EXPECT_THAT(lines, ::testing::IsSupersetOf({4, 13, 16}));
}

TEST(ScenarioReader, WhateverWordIsSpoiltItIsToldInBothLanguages) {
  const std::string good = kGood;
  const auto is_word = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  int told = 0;
  for (std::size_t begin = 0; begin < good.size();) {
    std::size_t end = begin;
    while (end < good.size() && is_word(good[end])) ++end;
    for (const char* const word : {"", "zzz", "1.5", "[]", "{a: 1}"}) {
      if (end == begin) break;
      std::string text = good;
      text.replace(begin, end - begin, word);
      for (const Finding& finding : ParseScenario(text, "x.yaml").findings) {
        ++told;
        ASSERT_EQ(thon::testing::OneLanguageFault(finding), "")
            << FormatFinding(finding);
      }
    }
    begin = end + 1;
  }
  EXPECT_GT(told, 500);
}

TEST(ScenarioReader, TheGroundAndTheStepsComeInTheOrderOfTime) {
  const ReadScenario read = ParseScenario(kGood, "x.yaml");
  ASSERT_TRUE(read.ok()) << FormatFinding(read.findings.front());
  EXPECT_THAT(read.findings, IsEmpty());
  const Scenario& scenario = read.scenario;
  EXPECT_EQ(ShowMoment(scenario.start), "2023-06-29 08:00:00");
  EXPECT_EQ(ShowMoment(scenario.end), "2023-07-05 09:00:00");
  // Map, two villages, two teams of two, a phone, three steps.
  EXPECT_THAT(scenario.steps, SizeIs(1 + 2 + 2 * 3 + 1 + 3));
  const Act& last = std::get<Act>(scenario.steps.back().what);
  EXPECT_EQ(last.event.team_suspended().team_id(), 2u);
  EXPECT_EQ(Date(last.event.team_suspended().from_date()).Iso(), "2023-08-01");
  EXPECT_EQ(last.event.team_suspended().to_date(),
            ParseIsoDate("2023-08-20")->days);
}

TEST(ScenarioReader, TextThatIsNotNfcIsNormalisedAndSaid) {
  // "e" and a combining acute accent.
  const std::string text = absl::StrReplaceAll(kGood, {{"Thử", "Te\u0301"}});
  const ReadScenario read = ParseScenario(text, "x.yaml");
  ASSERT_TRUE(read.ok());
  ASSERT_THAT(read.findings, SizeIs(1));
  EXPECT_EQ(read.findings.front().severity, Severity::kWarning);
  EXPECT_EQ(read.findings.front().line, 1);
  EXPECT_EQ(read.scenario.title, "T\u00e9 / A try");
}

TEST(ScenarioValues, MomentsSpansAndRangesInEveryForm) {
  const Instant evening = *ParseInstant("2023-06-30T18:00:00+07:00");
  for (const char* const text :
       {"2023-06-30 18:00", "30/6/2023 18:00", "2023-06-30T18:00:00",
        "2023-06-30T11:00:00Z", "2023-06-30 18:00:00.000"}) {
    ASSERT_TRUE(ParseMoment(text).has_value()) << text;
    EXPECT_EQ(*ParseMoment(text), evening) << text;
  }
  for (const char* const text :
       {"", "18:00", "2023-06-30 24:00", "2023-06-30 18:60", "2023-06-30 18",
        "2023-13-01 08:00", "hôm qua"}) {
    EXPECT_FALSE(ParseMoment(text).has_value()) << text;
  }
  EXPECT_EQ(*ParseSpan("+366d"), 366LL * 86'400'000);
  EXPECT_EQ(*ParseSpan("-90s"), -90'000);
  EXPECT_FALSE(ParseSpan("366").has_value());
  EXPECT_EQ(ParseMonths("2023-06..2023-12")->second, Month(202312));
  EXPECT_FALSE(ParseMonths("2023-12..2023-06").has_value());
  EXPECT_EQ(*ParseQuarter("2023-Q3"), 20233);
  EXPECT_FALSE(ParseQuarter("2023-Q5").has_value());
  EXPECT_EQ(*ParseMetricNumber("412/824"), "412/824");
  EXPECT_EQ(ShowNumber(0, 0, true), "unknown");
}

TEST(PolicySource, SetAndRemoveChangeThatAndNothingElse) {
  std::ifstream file(THON_SOURCE_DIR "/deploy/policies/yen-bai-2023.yaml");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  YamlNode root;
  YamlProblem problem;
  ASSERT_TRUE(ReadYaml(text, &root, &problem)) << problem.message.en;
  // What is written is read again as the same.
  YamlNode again;
  const std::string written = WriteYaml(root);
  ASSERT_TRUE(ReadYaml(written, &again, &problem)) << problem.message.en;
  EXPECT_EQ(WriteYaml(again), written);
  EXPECT_EQ(ParsePolicy(written, "w").policy.id,
            ParsePolicy(text, "t").policy.id);

  YamlNode value;
  value.kind = YamlNode::Kind::kScalar;
  value.text = "700 nghìn";
  Sentence why;
  ASSERT_TRUE(SetAt(&root, "amount.vnd", value, &why)) << why.en;
  ASSERT_TRUE(RemoveAt(&root, "expected", &why)) << why.en;
  EXPECT_FALSE(RemoveAt(&root, "expected", &why));
  EXPECT_FALSE(SetAt(&root, "policy[3]", value, &why));
  const PolicyText varied = ParsePolicy(WriteYaml(root), "w");
  ASSERT_TRUE(varied.ok());
  EXPECT_EQ(varied.policy.amounts.front().vnd, 700'000);
}

// Editors complete payloads by the schema, so it must know every one.
TEST(ScenarioSchema, KnowsEveryPayload) {
  std::ifstream file(THON_SOURCE_DIR "/tests/scenarios/scenario.schema.json");
  const auto schema = nlohmann::json::parse(file);
  const auto& step = schema["properties"]["steps"]["items"]["properties"];
  for (const std::string& name : PayloadNames()) {
    EXPECT_TRUE(step.contains(name)) << name;
  }
}

}  // namespace
}  // namespace thon::scenario
