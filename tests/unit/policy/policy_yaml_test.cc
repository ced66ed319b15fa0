// Goal: a policy's text is taken as a whole or refused with the place of every
// mistake and what to do; nothing is read and then ignored. Method: the good
// text with one change a case, and the finding it must give.
#include "server/policy/policy_yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/policy/yaml_tree.h"
#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using ::testing::HasSubstr;
using testing::kSimplePolicy;
using testing::Said;
using testing::With;

struct BadCase {
  const char* name;
  const char* from;  // Replaced in the good text ...
  const char* to;    // ... by this.
  const char* said;  // A part of what must be said.
};

void PrintTo(const BadCase& bad, std::ostream* out) { *out << bad.name; }

class BadPolicyTest : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadPolicyTest, IsRefusedWithItsPlaceAndWhatToDo) {
  const BadCase& bad = GetParam();
  const PolicyText parsed =
      ParsePolicy(With(std::string(kSimplePolicy), bad.from, bad.to), "p.yaml");
  EXPECT_FALSE(parsed.ok());
  EXPECT_THAT(Said(parsed), HasSubstr(bad.said));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, BadPolicyTest,
    ::testing::Values(
        BadCase{"UnknownField", "title: A test", "titel: A test",
                "p.yaml:3:8: error: titel: unknown field \"titel\""},
        BadCase{"UnknownFieldInside", "vnd: 500000, ", "vnd: 500000, dong: 5, ",
                "amount.dong: unknown field"},
        BadCase{"MissingBasis",
                "basis:\n  - {document: 1/2022/NQ-HĐND, issued: 2022-12-09, "
                "issuer: HĐND tỉnh}\n",
                "", "error: basis: missing; name the decisions"},
        BadCase{"EmptyBasis",
                "basis:\n  - {document: 1/2022/NQ-HĐND, issued: 2022-12-09, "
                "issuer: HĐND tỉnh}\n",
                "basis: []\n",
                "basis: is an empty list; write a list with at least one"},
        BadCase{"BasisWithoutDay", ", issued: 2022-12-09", "",
                "basis[0].issued: missing"},
        BadCase{"MoneyWithDecimals", "vnd: 500000", "vnd: 500000.5",
                "p.yaml:13:32: error: amount.vnd: \"500000.5\" is no whole "
                "amount"},
        BadCase{"MoneyWithMisplacedDots", "vnd: 500000", "vnd: 50.00",
                "amount.vnd: \"50.00\" is no whole amount"},
        BadCase{"MoneyWithACommaDecimal", "vnd: 500000", "vnd: \"1,5 triệu\"",
                "is no whole amount"},
        BadCase{"MoneyInAnotherUnit", "vnd: 500000", "vnd: 500 USD",
                "is no whole amount"},
        BadCase{"MoneyAsPower", "vnd: 500000", "vnd: 5e5",
                "is no whole amount"},
        BadCase{"MoneyAsHex", "vnd: 500000", "vnd: 0x7A120",
                "is no whole amount"},
        BadCase{"MoneyNegative", "vnd: 500000", "vnd: -500000",
                "is no whole amount"},
        BadCase{"MoneyZero", "vnd: 500000", "vnd: 0", "out of range"},
        BadCase{"MoneyAboveTheBound", "vnd: 500000", "vnd: 1000000000000001",
                "write an amount from 1 to 1000000000000000"},
        BadCase{"MoneyBeyondSixtyFourBits", "vnd: 500000",
                "vnd: 99999999999999999999999", "out of range"},
        BadCase{"MoneyIsAList", "vnd: 500000", "vnd: [500000]",
                "is a list; write an amount of money"},
        BadCase{"MoneyIsMissing", "vnd: 500000, ", "", "amount.vnd: missing"},
        BadCase{"MonthThirteen", "from: 2023-06-01", "from: 2023-13-01",
                "p.yaml:8:16: error: period.from: \"2023-13-01\" is not a day"},
        BadCase{"DayThatIsNone", "to: 2023-12-31", "to: 2023-02-29",
                "is not a day of the calendar"},
        BadCase{"DateMonthFirst", "to: 2023-12-31", "to: 12/31/2023",
                "write it as 2023-06-01 or, day first, 1/6/2023"},
        BadCase{"PeriodReversed", "to: 2023-12-31", "to: 2023-05-31",
                "period.to: ends before it begins"},
        BadCase{"PeriodTooLong", "to: 2023-12-31", "to: 2190-12-31",
                "longer than 120 months"},
        BadCase{"PeriodIsMissing",
                "period: {from: 2023-06-01, to: 2023-12-31, source: S1}\n", "",
                "period: missing"},
        BadCase{"PeriodCutsAMonth", "from: 2023-06-01", "from: 2023-06-10",
                "month_rule: missing"},
        BadCase{"StatusUnknown", "status: IN_FORCE", "status: ACTIVE",
                "status: \"ACTIVE\" is not known; write one of DRAFT, "
                "ADOPTED, IN_FORCE, PILOT, CLOSED, REPEALED, SUPERSEDED"},
        BadCase{"StatusMisspelt", "status: IN_FORCE", "status: In force",
                "did you mean \"IN_FORCE\"? Write one of"},
        BadCase{"UnitUnknown", "per: team_month", "per: team-month",
                "did you mean \"team_month\"?"},
        BadCase{"LevelUnknown", "level: VILLAGE", "level: DISTRICT",
                "beneficiary.level"},
        BadCase{"KindUnknown", "kinds: [thôn, bản]", "kinds: [thôn, làng]",
                "beneficiary.kinds[1]: \"làng\" is not known"},
        BadCase{"KindOfAnotherLevel", "kinds: [thôn, bản]", "kinds: [thôn, xã]",
                "is no kind of the level given"},
        BadCase{"KindTwice", "kinds: [thôn, bản]", "kinds: [bản, bản]",
                "given twice"},
        BadCase{"KindsEmpty", "kinds: [thôn, bản]", "kinds: []",
                "is an empty list; write a list with at least one item"},
        BadCase{"KindWithoutItsTone", "kinds: [thôn, bản]", "kinds: [thon]",
                "did you mean \"thôn\"?"},
        BadCase{"TargetUnknown", "targets: [STANDARD, ADVANCED]",
                "targets: [GOLD]", "registration_list.targets[0]"},
        BadCase{"ListMonthMissing", ", list_month: first_full", "",
                "registration_list.list_month: missing"},
        BadCase{"BoolAsWord", "required: true", "required: yes",
                "write true or false"},
        BadCase{"VersionZero", "version: 1", "version: 0", "out of range"},
        BadCase{"IdWithBlanks", "policy: T-1", "policy: t 1",
                "write capitals A to Z"},
        BadCase{"DuplicateKey", "title: A test", "title: A test\ntitle: B",
                "p.yaml:4:1: error: \"title\" is given twice"},
        BadCase{"Anchor", "title: A test", "title: &a A test",
                "anchors (&) are not allowed"},
        BadCase{"Alias", "title: A test", "title: *a", "error"},
        BadCase{"MergeKey", "title: A test", "title: A test\n<<: {a: b}",
                "merge keys"},
        BadCase{"Tag", "title: A test",
                "title: !!binary QQ==", "tags (!) are not allowed"},
        BadCase{"SecondDocument", "funding: {required: true, source: S5}\n",
                "funding: {required: true, source: S5}\n---\na: b\n",
                "one file is one policy"},
        BadCase{"NotYaml", "title: A test", "title: [A test", "not YAML"},
        BadCase{"EmptySource", "source: S4", "source: \"\"",
                "amount.source: is empty"},
        BadCase{"CapBelowTheUnit", "title: A test",
                "title: A test\ncaps: {year_vnd: 499999, source: S}",
                "caps.year_vnd: is below the amount of one unit, 500000"},
        BadCase{"YearCapBelowMonthCap", "title: A test",
                "title: A test\ncaps: {year_vnd: 500000, month_vnd: 600000, "
                "source: S}",
                "is below caps.month_vnd"},
        BadCase{"MetricUnknown", "title: A test",
                "title: A test\nconditions: {all: [{metric: M99, at_least: 1, "
                "source: S}]}",
                "conditions.all[0].metric: there is no metric \"M99\""},
        BadCase{"MetricMisspelt", "title: A test",
                "title: A test\nconditions: {metric: active_day, at_least: 1, "
                "source: S}",
                "did you mean \"active_days\""},
        BadCase{"MetricOfMoney", "title: A test",
                "title: A test\nconditions: {metric: M25, at_least: 50, "
                "source: S}",
                "M25 (supported_share) rests on determinations themselves"},
        BadCase{"MetricOfEmulation", "title: A test",
                "title: A test\nconditions: {metric: M27, at_least: 50, "
                "source: S}",
                "M27 (composite_score) belongs to emulation"},
        BadCase{"QualifierOfAnotherMetric", "title: A test",
                "title: A test\nconditions: {metric: M02, app: VNeID, "
                "at_least: 1, source: S}",
                "conditions.app: M02 has no \"app\"; it has over"},
        BadCase{"QualifierOfARoster", "title: A test",
                "title: A test\nconditions: {metric: M04, over: quarter, "
                "at_least: 1, source: S}",
                "conditions.over: M04 has no \"over\"; remove it"},
        BadCase{"GrainUnknown", "title: A test",
                "title: A test\nconditions: {metric: M02, over: week, "
                "at_least: 1, source: S}",
                "write one of month, quarter, year, window"},
        BadCase{"NoLimit", "title: A test",
                "title: A test\nconditions: {metric: M02, source: S}",
                "add \"at_least:\" or \"at_most:\""},
        BadCase{"TwoLimits", "title: A test",
                "title: A test\nconditions: {metric: M02, at_least: 1, "
                "at_most: 4, source: S}",
                "one condition has one limit"},
        BadCase{"SameConditionTwice", "title: A test",
                "title: A test\nconditions: {all: [{metric: M02, at_least: 1, "
                "source: S}, {metric: activity_count, at_least: 1, source: "
                "S}]}",
                "conditions.all[1]: is given twice"},
        BadCase{"SeatsWithoutATemplate", "title: A test",
                "title: A test\nconditions: {metric: M05, at_least: 1, "
                "source: S}",
                "M05 needs to know the seats; add team_template"},
        BadCase{"PercentOfACount", "title: A test",
                "title: A test\nconditions: {metric: M02, at_least_percent: "
                "50, source: S}",
                "M02 is a count; write at_least or at_most"},
        BadCase{"PercentAboveHundred", "title: A test",
                "title: A test\nconditions: {metric: M23, at_least_percent: "
                "101, source: S}",
                "out of range"},
        BadCase{"EmptyGroup", "title: A test",
                "title: A test\nconditions: {all: []}",
                "write a list with at least one condition"},
        BadCase{"TwoGroups", "title: A test",
                "title: A test\nconditions: {all: [{metric: M02, at_least: 1, "
                "source: S}], any: [{metric: M02, at_least: 1, source: S}]}",
                "one block holds one of all, any, none"},
        BadCase{"OnTimeWithoutDeadline", "title: A test",
                "title: A test\nconditions: {metric: M06, at_least: 1, source: "
                "S}",
                "M06 needs a deadline"},
        BadCase{"DeadlineWithoutUse", "title: A test",
                "title: A test\nmonthly_update: {required: false, "
                "submit_before_day: 6, source: S}",
                "has no effect"},
        BadCase{"DeadlineOnDayThirty", "title: A test",
                "title: A test\nmonthly_update: {required: false, "
                "record_missing: true, submit_before_day: 30, source: S}",
                "write a number from 1 to 28"},
        BadCase{"MembersWithoutUse", "per: team_month",
                "per: team_month, members_on: any_day",
                "has no effect unless per is member_month"},
        BadCase{"SumThatIsNone", "title: A test",
                "title: A test\nexpected: {team_months: 10, total_vnd: "
                "5000001, source: S}",
                "is not 10 team-months of 500000"},
        BadCase{"PhaseWithoutThePeriod", "title: A test",
                "title: A test\nphase: {from_year: 2024, to_year: 2025, "
                "source: S}",
                "is not within it"},
        BadCase{"VersionThatNeverHolds", "title: A test",
                "title: A test\neffective_from: 2024-01-01",
                "the version never holds"},
        BadCase{"ZoneUnknown", "title: A test",
                "title: A test\ntime_zone: Europe/Paris",
                "write Asia/Ho_Chi_Minh"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(PolicyYamlTest, TheGoodTextIsTaken) {
  const PolicyText parsed = ParsePolicy(kSimplePolicy, "p.yaml");
  ASSERT_TRUE(parsed.ok()) << Said(parsed);
  EXPECT_EQ(parsed.policy.id, "T-1");
  EXPECT_EQ(parsed.policy.effective_from, Date::Of(2023, 6, 1));
}

TEST(PolicyYamlTest, ParametersWithoutASourceAreListedAsAssumptions) {
  const PolicyText parsed = ParsePolicy(
      With(std::string(kSimplePolicy), ", source: S4", ""), "p.yaml");
  ASSERT_TRUE(parsed.ok()) << Said(parsed);
  EXPECT_THAT(Said(parsed), HasSubstr("13:9: assumption: amount: no source"));
  EXPECT_THAT(Said(parsed), HasSubstr("assumption: team_must_exist: A1"));
}

TEST(PolicyYamlTest, AllMistakesAreFoundInOneLookAndInOrder) {
  std::string text =
      With(std::string(kSimplePolicy), "version: 1", "version: x");
  text = With(text, "vnd: 500000", "vnd: 1.5");
  text = With(text, "required: true", "required: 1");
  const PolicyText parsed = ParsePolicy(text, "p.yaml");
  int errors = 0;
  int line = 0;
  for (const Finding& finding : parsed.findings) {
    EXPECT_GE(finding.line, line);
    line = finding.line;
    errors += finding.severity == Severity::kError ? 1 : 0;
  }
  EXPECT_EQ(errors, 3) << Said(parsed);
}

TEST(PolicyYamlTest, TheBoundOfMoneyItselfIsTaken) {
  const PolicyText parsed = ParsePolicy(
      With(std::string(kSimplePolicy), "vnd: 500000", "vnd: 1000000000000000"),
      "p.yaml");
  EXPECT_TRUE(parsed.ok()) << Said(parsed);
}

TEST(PolicyYamlTest, ADraftNeedsNoPeriod) {
  std::string text =
      With(std::string(kSimplePolicy), "status: IN_FORCE", "status: DRAFT");
  text = With(text, "period: {from: 2023-06-01, to: 2023-12-31, source: S1}\n",
              "");
  text = With(text, ", issued: 2022-12-09", "");
  const PolicyText parsed = ParsePolicy(text, "p.yaml");
  ASSERT_TRUE(parsed.ok()) << Said(parsed);
  EXPECT_EQ(parsed.policy.status, PolicyStatus::kDraft);
}

TEST(PolicyYamlTest, AWordCanCarryItsOwnBasis) {
  const PolicyText parsed = ParsePolicy(
      With(std::string(kSimplePolicy), "list_month: first_full",
           "list_month: {value: containing, assumption: nobody knows}"),
      "p.yaml");
  ASSERT_TRUE(parsed.ok()) << Said(parsed);
  EXPECT_EQ(parsed.policy.list->list_month, ListMonth::kContaining);
  EXPECT_EQ(parsed.policy.list->list_month_basis.assumption, "nobody knows");
  EXPECT_EQ(parsed.policy.list->basis.source, "S3");
}

TEST(PolicyYamlTest, TextsThatAreNoPolicyAreRefused) {
  for (const std::string& text :
       {std::string(), std::string("\n# nothing\n"), std::string("word"),
        std::string("- a\n- b\n"), std::string("policy\0: x", 10),
        std::string("policy: \xff\xfe"), std::string("? [a]\n: b\n"),
        std::string("{{{"), std::string("\t- x"),
        std::string("\xFF\xFEp\0o\0", 6)}) {
    const PolicyText parsed = ParsePolicy(text, "p.yaml");
    EXPECT_FALSE(parsed.ok());
    EXPECT_FALSE(Said(parsed).empty());
  }
}

// The good text with another title, as it is written in the file.
std::string SaidOfTitle(absl::string_view title) {
  const PolicyText parsed =
      ParsePolicy(With(std::string(kSimplePolicy), "title: A test",
                       absl::StrCat("title: ", title)),
                  "p.yaml");
  EXPECT_FALSE(parsed.ok()) << title;
  return Said(parsed);
}

TEST(PolicyYamlTest, WhatAReaderCannotSeeIsRefusedAtItsPlace) {
  EXPECT_THAT(SaidOfTitle("A\xE2\x80\x8Btest"),
              HasSubstr("p.yaml:3:9: error: a letter that cannot be seen, "
                        "U+200B; take it out"));
  EXPECT_THAT(SaidOfTitle("Tỉnh\xE2\x80\xAE A"),
              HasSubstr("p.yaml:3:12: error: a letter that cannot be seen, "
                        "U+202E"));
  for (const char* title :
       {"A\x07test", "A\x1B[31m", "A\x7Ftest", "A\xC2\x85test", "A\rtest",
        "A\xEF\xBB\xBFtest", "A # \xE2\x81\xA6", "\"A\\0b\"", "\"A\\e[31m\"",
        "\"A\\u202eb\"", "\"A\\x85\""}) {
    EXPECT_THAT(SaidOfTitle(title), HasSubstr("cannot be seen")) << title;
  }
  EXPECT_THAT(SaidOfTitle("\"e\\u0301\""),
              HasSubstr("p.yaml:3:8: error: letters written as \\u codes are "
                        "not NFC"));
}

TEST(PolicyYamlTest, AQuoteThatIsNotClosedIsToldWhereItOpens) {
  for (const char* title : {"\"A test", "'A test"}) {
    EXPECT_THAT(SaidOfTitle(title),
                HasSubstr("p.yaml:3:1: error: a quote opened here or just "
                          "after is not closed"));
  }
}

TEST(PolicyYamlTest, ATabThatIndentsIsToldWhereItStands) {
  const std::string text =
      With(std::string(kSimplePolicy), "  - {document", "\t- {document");
  EXPECT_THAT(Said(ParsePolicy(text, "p.yaml")),
              HasSubstr("p.yaml:7:1: error: a tab indents the line"));
}

TEST(PolicyYamlTest, ADirectiveIsNotReadAndIgnored) {
  for (const char* line : {"%YAML 1.2\n---\n", "%FOO\n"}) {
    EXPECT_THAT(Said(ParsePolicy(absl::StrCat(line, kSimplePolicy), "p.yaml")),
                HasSubstr("p.yaml:1:1: error: directives"));
  }
}

TEST(PolicyYamlTest, BytesThatAreNoUtf8AreToldByTheirLine) {
  EXPECT_THAT(SaidOfTitle("T\xEC"
                          "nh"),
              HasSubstr("p.yaml:3: error: not UTF-8"));
}

TEST(PolicyYamlTest, ACommaInAnAmountIsToldAsThat) {
  const PolicyText parsed = ParsePolicy(
      With(std::string(kSimplePolicy), "vnd: 500000", "vnd: 500.000,5"),
      "p.yaml");
  EXPECT_THAT(Said(parsed),
              HasSubstr("error: amount: the comma before \"5\" begins another "
                        "field; write amounts without decimals"));
}

TEST(PolicyYamlTest, TextsMadeToHurtAreRefusedInBounds) {
  for (const char* open : {"[", "{a: ", "- ", "? ", "!x ", "[{"}) {
    std::string deep;
    while (deep.size() < 100'000) deep += open;
    const PolicyText parsed = ParsePolicy(deep, "p.yaml");
    EXPECT_FALSE(parsed.ok()) << open;
    EXPECT_FALSE(Said(parsed).empty()) << open;
  }
  std::string nested = "a: ";
  for (int i = 0; i < 30; ++i) nested += "[";
  nested += std::string(30, ']');
  EXPECT_THAT(Said(ParsePolicy(nested, "p.yaml")),
              HasSubstr("nested deeper than 24 levels"));
  const std::string large(kPolicyTextBytesMax + 1, ' ');
  EXPECT_THAT(Said(ParsePolicy(large, "p.yaml")), HasSubstr("at most 262144"));
  std::string many = "a: [";
  for (std::size_t i = 0; i <= kPolicyNodesMax; ++i) many += "1,";
  EXPECT_THAT(Said(ParsePolicy(many + "1]", "p.yaml")),
              HasSubstr("more than 20000 values"));
  EXPECT_THAT(Said(ParsePolicy("a: &x [1]\nb: [*x, *x]\n", "p.yaml")),
              HasSubstr("p.yaml:1:4: error: anchors"));
}

TEST(PolicyYamlTest, ConditionsThatNestTooDeeplyAreRefused) {
  std::string tree = "{metric: M02, at_least: 1, source: S}";
  for (int i = 0; i < 9; ++i) tree = absl::StrCat("{all: [", tree, "]}");
  const PolicyText parsed = ParsePolicy(
      absl::StrCat(kSimplePolicy, "conditions: ", tree, "\n"), "p.yaml");
  EXPECT_THAT(Said(parsed), HasSubstr("nested deeper than 8 levels"));
}

TEST(PolicyYamlTest, WindowsLineEndsAndAByteOrderMarkAreTaken) {
  std::string text = "\xEF\xBB\xBF";
  for (const char c : kSimplePolicy) {
    if (c == '\n') text += '\r';
    text += c;
  }
  const PolicyText parsed = ParsePolicy(text, "p.yaml");
  EXPECT_TRUE(parsed.ok()) << Said(parsed);
}

}  // namespace
}  // namespace thon
