// A policy and a team for which everything holds; tests change one thing.
#ifndef THON_TESTS_UNIT_POLICY_POLICY_FIXTURE_H_
#define THON_TESTS_UNIT_POLICY_POLICY_FIXTURE_H_

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/policy/determine.h"
#include "server/policy/policy_yaml.h"
#include "tests/support/both_languages.h"

namespace thon::testing {

// A file of deploy/policies.
inline std::string Deployed(absl::string_view name) {
  std::ifstream file(absl::StrCat(THON_SOURCE_DIR, "/deploy/policies/", name));
  EXPECT_TRUE(file.good()) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::string YenBaiText() { return Deployed("yen-bai-2023.yaml"); }

// What the findings say in English, one a line: "p.yaml:3:8: error: titel:
// unknown field". Each must be said in Vietnamese, too.
inline std::string Said(const PolicyText& parsed) {
  std::string said;
  for (const Finding& finding : parsed.findings) {
    EXPECT_EQ(OneLanguageFault(finding), "") << FormatFinding(finding);
    absl::StrAppend(&said, finding.file, ":", finding.line, ":");
    if (finding.column > 0) absl::StrAppend(&said, finding.column, ":");
    absl::StrAppend(&said, " ", WordsOf(finding.severity).en, ": ");
    if (!finding.path.empty()) absl::StrAppend(&said, finding.path, ": ");
    absl::StrAppend(&said, finding.message.en, "\n");
  }
  return said;
}

inline Policy MustParse(absl::string_view text) {
  PolicyText parsed = ParsePolicy(text, "test.yaml");
  EXPECT_TRUE(parsed.ok()) << Said(parsed);
  return std::move(parsed.policy);
}

// Replaces the one place where `from` stands.
inline std::string With(std::string text, absl::string_view from,
                        absl::string_view to) {
  const std::size_t at = text.find(std::string(from));
  EXPECT_NE(at, std::string::npos) << "the text has no \"" << from << "\"";
  if (at == std::string::npos) return text;
  EXPECT_EQ(text.find(std::string(from), at + 1), std::string::npos)
      << "\"" << from << "\" stands twice";
  return text.replace(at, from.size(), std::string(to));
}

// 500,000 a team and month, June to December 2023, list and funding needed.
inline constexpr absl::string_view kSimplePolicy = R"(policy: T-1
version: 1
title: A test
issuer: Tỉnh Yên Bái
status: IN_FORCE
basis:
  - {document: 1/2022/NQ-HĐND, issued: 2022-12-09, issuer: HĐND tỉnh}
period: {from: 2023-06-01, to: 2023-12-31, source: S1}
beneficiary: {level: VILLAGE, kinds: [thôn, bản], source: S2}
registration_list: {list: L-1, year: 2023, targets: [STANDARD, ADVANCED], list_month: first_full, source: S3}
team_must_exist: {on: last_day_of_month, assumption: A1}
suspended_days: {full_month: no_pay, partial: hold, assumption: A2}
amount: {per: team_month, vnd: 500000, source: S4}
funding: {required: true, source: S5}
)";

inline MetricSelector Of(Metric metric) {
  MetricSelector selector;
  selector.metric = metric;
  return selector;
}

inline UsedMetric Used(Metric metric, std::int64_t numerator,
                       std::int64_t denominator = 1) {
  return {Of(metric), {numerator, denominator}};
}

// One amount in place of the policy's.
inline void PayBy(AmountUnit unit, std::int64_t vnd, Policy* policy) {
  policy->amounts.resize(1);
  policy->amounts[0].unit = unit;
  policy->amounts[0].vnd = vnd;
}

inline MemberFact Member(std::uint64_t id,
                         std::vector<v1::Affiliation> affiliations = {},
                         Date joined = Date::Of(2022, 1, 1),
                         Date left = Date()) {
  return {MemberId(id), std::move(affiliations), joined, left};
}

inline std::vector<MemberFact> Members(int count) {
  std::vector<MemberFact> members;
  for (int i = 1; i <= count; ++i) {
    members.push_back(Member(static_cast<std::uint64_t>(i)));
  }
  return members;
}

// The values that the policy's conditions read of one month's row.
inline std::vector<MetricNumber> ValuesOf(const Policy& policy,
                                          const v1::TeamMonth& row) {
  const v1::TeamMonth* const rows[] = {&row};
  std::vector<MetricNumber> values;
  for (const MetricSelector& selector : policy.selectors) {
    values.push_back(ReadActivityMetric(selector, rows));
  }
  return values;
}

inline const Month kJune = Month::Of(2023, 6);
inline const Month kAugust = Month::Of(2023, 8);
inline const Month kSeptember = Month::Of(2023, 9);
inline const Month kOctober = Month::Of(2023, 10);

// A village team in a listed commune, funded, on 31 December 2023.
inline BeneficiaryFacts GoodTeam() {
  BeneficiaryFacts facts;
  facts.kind = v1::BENEFICIARY_KIND_TEAM;
  facts.today = Date::Of(2023, 12, 31);
  facts.level = v1::UNIT_LEVEL_VILLAGE;
  facts.unit_kind = v1::UNIT_KIND_THON;
  facts.territory = Territory::kInside;
  facts.structure_position = Position(11);
  facts.exists.from = Date::Of(2022, 1, 1);
  facts.listings = {
      {v1::REGISTRATION_TARGET_STANDARD, {Date::Of(2023, 6, 1), kOpenEnd}}};
  facts.list_position = Position(12);
  facts.fundings = {{Position(13), Month::Of(2023, 6), Month::Of(2023, 12),
                     true, Date::Of(2023, 10, 12), true}};
  return facts;
}

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_POLICY_POLICY_FIXTURE_H_
