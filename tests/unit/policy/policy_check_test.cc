// Goal: what is wrong with policies beyond their syntax is found, at its place,
// and nothing is said of policies that are right. Method: one fault each, and
// the same policy without it; random trees of conditions against every value.
#include "server/policy/policy_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/support/seed.h"
#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kSimplePolicy;
using testing::With;

std::string Text(const std::string& more) {
  return absl::StrCat(kSimplePolicy, more);
}

PolicySource Source(const std::string& text, const std::string& file) {
  PolicySource source = ReadPolicySource(text, file);
  EXPECT_TRUE(source.parsed.ok()) << testing::Said(source.parsed);
  return source;
}

std::string Lines(const std::vector<Finding>& findings) {
  return absl::StrJoin(findings, "\n",
                       [](std::string* out, const Finding& finding) {
                         EXPECT_EQ(testing::OneLanguageFault(finding), "");
                         absl::StrAppend(out, FormatFinding(finding));
                       });
}

// What is said of conditions written in flow style.
std::string OfConditions(const std::string& conditions) {
  return Lines(
      CheckPolicy(Source(Text("conditions: " + conditions + "\n"), "p.yaml")));
}

TEST(PolicyCheckTest, APolicyThatIsRightIsNotSpokenOf) {
  EXPECT_EQ(Lines(CheckPolicy(Source(std::string(kSimplePolicy), "p.yaml"))),
            "");
  EXPECT_EQ(OfConditions("{all: [{metric: M02, at_least: 4, source: S}, "
                         "{metric: M01, at_least: 10, source: S}, {any: "
                         "[{metric: M08, at_least: 1, source: S}, {metric: "
                         "M11, at_least: 1, source: S}]}]}"),
            "");
}

TEST(PolicyCheckTest, MoreDaysThanAMonthHasAreRefused) {
  // What one month can have, the parser knows; a quarter needs the period.
  const PolicyText month = ParsePolicy(
      Text("conditions: {metric: M01, at_least: 32, source: S}\n"), "p.yaml");
  EXPECT_TRUE(!month.ok() ||
              !CheckPolicy(Source(Text("conditions: {metric: M01, at_least: "
                                       "32, source: S}\n"),
                                  "p.yaml"))
                   .empty());
  EXPECT_THAT(OfConditions("{metric: M01, at_least: 31, source: S}"),
              AllOf(HasSubstr("p.yaml:15:13: cảnh báo (warning): conditions: "),
                    HasSubstr("cannot hold in 2023-06: it has 30 days")));
  EXPECT_THAT(
      OfConditions("{metric: M01, over: quarter, at_least: 60, source: S}"),
      HasSubstr("cannot hold in 2023-07: it has 31 days"));
}

TEST(PolicyCheckTest, BoundsOfOneMetricThatContradictAreAnError) {
  EXPECT_THAT(OfConditions("{all: [{metric: M02, at_least: 5, source: S}, "
                           "{metric: M02, at_most: 4, source: S}]}"),
              AllOf(HasSubstr("p.yaml:15:59: lỗi (error): conditions.all[1]: "),
                    HasSubstr("contradicts the other conditions"),
                    HasSubstr("at least 5")));
  EXPECT_THAT(OfConditions("{all: [{metric: M02, at_least: 5, source: S}, "
                           "{none: [{metric: M02, at_least: 3, source: S}]}]}"),
              HasSubstr("lỗi (error): conditions.all[1].none[0]: "));
  EXPECT_EQ(OfConditions("{all: [{metric: M02, at_least: 3, source: S}, "
                         "{none: [{metric: M02, at_least: 5, source: S}]}]}"),
            "");
  // Other parts of a metric are other values.
  EXPECT_EQ(OfConditions("{all: [{metric: M10, app: VNeID, at_least: 5, "
                         "source: S}, {metric: M10, at_most: 4, source: S}]}"),
            "");
}

TEST(PolicyCheckTest, ContradictionsAreFoundThroughGroups) {
  EXPECT_THAT(
      OfConditions("{all: [{metric: M02, at_most: 4, source: S}, {any: "
                   "[{metric: M02, at_least: 5, source: S}, {metric: M02, "
                   "at_least: 7, source: S}]}]}"),
      HasSubstr("lỗi (error): conditions.all[1].any[0]"));
  // One way out: only that alternative is unreachable.
  const std::string said = OfConditions(
      "{all: [{metric: M02, at_most: 4, source: S}, {any: "
      "[{metric: M02, at_least: 5, source: S}, {metric: M08, "
      "at_least: 7, source: S}]}]}");
  EXPECT_THAT(said, HasSubstr("cảnh báo (warning): conditions.all[1].any[0]"));
  EXPECT_THAT(said, ::testing::Not(HasSubstr("error")));
}

TEST(PolicyCheckTest, WhatOthersAlreadyAskIsSaidToBeIdle) {
  EXPECT_THAT(OfConditions("{all: [{metric: M02, at_least: 5, source: S}, "
                           "{metric: M02, at_least: 3, source: S}]}"),
              HasSubstr("cảnh báo (warning): conditions.all[1]: thừa"));
}

// Every verdict against all values of two counts and a ratio.
TEST(PolicyCheckTest, WhatIsCalledUnreachableIsSo) {
  std::mt19937_64 random = SeededRandom();
  int hopeless = 0;
  int possible = 0;
  for (int round = 0; round < 400; ++round) {
    const auto leaf = [&random] {
      const char* const metrics[] = {"M02", "M08", "M12"};
      return absl::StrCat("{metric: ", metrics[random() % 3], ", ",
                          random() % 2 == 0 ? "at_least: " : "at_most: ",
                          1 + random() % 4, ", source: S}");
    };
    const auto group = [&random](const std::vector<std::string>& children) {
      const char* const words[] = {"all", "any", "none"};
      return absl::StrCat("{", words[random() % 3], ": [",
                          absl::StrJoin(children, ", "), "]}");
    };
    const std::string tree =
        group({group({leaf(), leaf()}), leaf(), group({leaf(), leaf()})});
    const PolicyText parsed =
        ParsePolicy(Text("conditions: " + tree + "\n"), "p.yaml");
    if (!parsed.ok()) continue;
    const Policy& policy = parsed.policy;
    bool reachable = false;
    BeneficiaryFacts team = testing::GoodTeam();
    for (int a = 0; a < 7; ++a) {
      for (int b = 0; b < 7; ++b) {
        for (int c = 0; c <= 14; ++c) {
          team.counted.clear();
          for (const MetricSelector& selector : policy.selectors) {
            if (selector.metric == Metric::kM02) team.counted.push_back({a, 1});
            if (selector.metric == Metric::kM08) team.counted.push_back({b, 1});
            if (selector.metric == Metric::kM12) {
              team.counted.push_back({c, 200});  // Half a percent each.
            }
          }
          team.with_held = team.counted;
          reachable |= Determine(policy, team, testing::kOctober).state !=
                       v1::DETERMINATION_STATE_REJECTED;
        }
      }
    }
    bool error = false;
    for (const Finding& finding :
         CheckPolicy(Source(Text("conditions: " + tree + "\n"), "p.yaml"))) {
      error |= finding.severity == Severity::kError;
    }
    ASSERT_FALSE(error && reachable) << tree;
    hopeless += error ? 1 : 0;
    possible += reachable ? 1 : 0;
  }
  EXPECT_GT(hopeless, 5);
  EXPECT_GT(possible, 50);
}

TEST(PolicyCheckTest, AReviewBeforeTheEndIsSaid) {
  const auto said = [](const char* day) {
    return Lines(CheckPolicy(
        Source(Text(absl::StrCat("review: {on: ", day, ", note: look}\n")),
               "p.yaml")));
  };
  EXPECT_THAT(said("2023-11-30"),
              AllOf(HasSubstr("p.yaml:15:"),
                    HasSubstr("cảnh báo (warning): review.on: "),
                    HasSubstr("2023-12-31")));
  EXPECT_EQ(said("2023-12-31"), "");
}

TEST(PolicyCheckTest, AnAcceptanceThatEndsWithinThePeriodIsSaid) {
  EXPECT_THAT(
      Lines(CheckPolicy(Source(Text("late_events: {effect: left_out, "
                                    "accept_before: 2023-12-31, source: S}\n"),
                               "p.yaml"))),
      HasSubstr("cảnh báo (warning): late_events.accept_before: "));
}

TEST(PolicyCheckTest, ACapThatNoYearReachesIsSaid) {
  const auto said = [](const char* vnd) {
    return Lines(CheckPolicy(
        Source(Text(absl::StrCat("caps: {year_vnd: ", vnd, ", source: S}\n")),
               "p.yaml")));
  };
  EXPECT_THAT(said("3.500.000"),
              HasSubstr("cảnh báo (warning): caps.year_vnd: "));
  EXPECT_EQ(said("3.499.999"), "");
}

std::string Version(int number, const std::string& from, const std::string& to,
                    const std::string& effective) {
  std::string text = With(std::string(kSimplePolicy), "version: 1",
                          absl::StrCat("version: ", number));
  text = With(text, "from: 2023-06-01, to: 2023-12-31",
              absl::StrCat("from: ", from, ", to: ", to));
  if (!effective.empty()) {
    absl::StrAppend(&text, "effective_from: ", effective, "\n");
  }
  return text;
}

TEST(PolicyCheckTest, MonthsBetweenVersionsThatNoneCoversAreNamed) {
  const std::vector<PolicySource> gap = {
      Source(Version(1, "2023-06-01", "2023-08-31", ""), "a.yaml"),
      Source(Version(2, "2023-11-01", "2023-12-31", ""), "b.yaml")};
  EXPECT_THAT(Lines(CheckTogether(gap)),
              AllOf(HasSubstr("a.yaml:8:"),
                    HasSubstr("no version of T-1 covers 2023-09 to 2023-10")));
  const std::vector<PolicySource> whole = {
      Source(Version(1, "2023-06-01", "2023-08-31", ""), "a.yaml"),
      Source(Version(2, "2023-09-01", "2023-12-31", ""), "b.yaml")};
  EXPECT_EQ(Lines(CheckTogether(whole)), "");
  // The second takes over before its own period begins.
  const std::vector<PolicySource> early = {
      Source(Version(1, "2023-06-01", "2023-09-30", ""), "a.yaml"),
      Source(Version(2, "2023-10-01", "2023-12-31", "2023-09-01"), "b.yaml")};
  EXPECT_THAT(Lines(CheckTogether(early)),
              HasSubstr("no version of T-1 covers 2023-09"));
}

TEST(PolicyCheckTest, AVersionThatIsNeverUsedIsSaidInBothTexts) {
  const std::vector<PolicySource> same = {
      Source(Version(1, "2023-06-01", "2023-12-31", ""), "a.yaml"),
      Source(Version(2, "2023-06-01", "2023-12-31", ""), "b.yaml")};
  const std::vector<Finding> said = CheckTogether(same);
  ASSERT_EQ(said.size(), 2u) << Lines(said);
  EXPECT_THAT(FormatFinding(said[0]),
              AllOf(HasSubstr("a.yaml"), HasSubstr("the same day as version 1"),
                    HasSubstr("see b.yaml")));
  EXPECT_THAT(FormatFinding(said[1]),
              AllOf(HasSubstr("b.yaml"), HasSubstr("see a.yaml")));
  const std::vector<PolicySource> before = {
      Source(Version(1, "2023-06-01", "2023-12-31", "2023-09-01"), "a.yaml"),
      Source(Version(2, "2023-06-01", "2023-12-31", "2023-08-01"), "b.yaml")};
  EXPECT_THAT(Lines(CheckTogether(before)),
              HasSubstr("takes effect on 2023-08-01, before version 1"));
}

TEST(PolicyCheckTest, ATextThatIsNotNfcHasItsPlacesToo) {
  // "e" and a combining acute accent.
  const std::vector<Finding> said = CheckPolicy(Source(
      With(Text("review: {on: 2023-07-01, note: S}\n"), "A test", "Te\u0301"),
      "p.yaml"));
  ASSERT_EQ(said.size(), 1u) << Lines(said);
  EXPECT_EQ(said[0].path, "review.on");
  EXPECT_EQ(said[0].line, 15);
}

TEST(PolicyCheckTest, OneVersionInTwoTextsIsAnError) {
  const std::vector<PolicySource> two = {
      Source(Version(1, "2023-06-01", "2023-12-31", ""), "a.yaml"),
      Source(Version(1, "2023-06-01", "2023-11-30", ""), "b.yaml")};
  EXPECT_THAT(Lines(CheckTogether(two)),
              HasSubstr("lỗi (error): version: hai văn bản khác nhau"));
  const std::vector<PolicySource> copies = {
      Source(std::string(kSimplePolicy), "a.yaml"),
      Source(std::string(kSimplePolicy), "b.yaml")};
  EXPECT_THAT(CheckTogether(copies), IsEmpty());
}

std::string Second(const std::string& from, const std::string& to) {
  return With(std::string(kSimplePolicy), from, to);
}

TEST(PolicyCheckTest, TwoPoliciesThatPayTheSameMonthAreReportedIfOneForbidsIt) {
  const std::string forbids =
      Text("double_support: {rule: forbid, source: S}\n");
  const std::string other = Second("policy: T-1", "policy: T-2");
  const auto said = [](const std::string& a, const std::string& b) {
    return Lines(CheckTogether(
        std::vector<PolicySource>{Source(a, "a.yaml"), Source(b, "b.yaml")}));
  };
  EXPECT_THAT(said(forbids, other),
              AllOf(HasSubstr("a.yaml:15:"), HasSubstr("b.yaml:8:"),
                    HasSubstr("would pay the same teams from 2023-06 to "
                              "2023-12"),
                    HasSubstr("cảnh báo (warning): double_support: ")));
  EXPECT_NE(said(other, forbids), "");
  EXPECT_EQ(said(std::string(kSimplePolicy), other), "");
  // Not the same issuer, level, kind, months, or a policy that it allows.
  EXPECT_EQ(said(forbids, With(other, "Tỉnh Yên Bái", "Tỉnh Hà Tĩnh")), "");
  EXPECT_EQ(said(forbids, With(other, "[thôn, bản]", "[ấp]")), "");
  EXPECT_EQ(said(forbids, With(other, "level: VILLAGE, kinds: [thôn, bản]",
                               "level: COMMUNE, kinds: [xã]")),
            "");
  EXPECT_EQ(said(forbids, With(other, "from: 2023-06-01, to: 2023-12-31",
                               "from: 2024-01-01, to: 2024-12-31")),
            "");
  EXPECT_EQ(said(forbids, With(other, "status: IN_FORCE", "status: REPEALED")),
            "");
  EXPECT_EQ(said(Text("double_support: {rule: forbid, with: [T-9], source: "
                      "S}\n"),
                 other),
            "");
  EXPECT_NE(said(Text("double_support: {rule: forbid, with: [T-2], source: "
                      "S}\n"),
                 other),
            "");
}

TEST(PolicyCheckTest, FindingsComeByTextAndLine) {
  const std::vector<PolicySource> sources = {
      Source(Text("double_support: {rule: forbid, source: S}\n"), "b.yaml"),
      Source(Second("policy: T-1", "policy: T-2"), "a.yaml")};
  std::string file = "b.yaml";
  int line = 0;
  for (const Finding& finding : CheckPolicies(sources)) {
    if (finding.file != file) {
      EXPECT_EQ(file, "b.yaml");
      file = finding.file;
      line = 0;
    }
    EXPECT_GE(finding.line, line);
    line = finding.line;
  }
  EXPECT_EQ(file, "a.yaml");
}

}  // namespace
}  // namespace thon
