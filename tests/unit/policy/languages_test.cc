// Goal: whatever is wrong with a policy is said in Vietnamese and in English,
// as one line that begins with its place. Method: the line itself; the checker
// of both languages on faults planted in it (Said() and the other suites put it
// to every fault they make); the assumptions of the deployed files.
#include <gtest/gtest.h>

#include <string>

#include "server/policy/policy_check.h"
#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using testing::Deployed;
using testing::kSimplePolicy;
using testing::OneLanguageFault;
using testing::With;

TEST(LanguagesTest, AFindingIsOneLineWithItsPlaceAndVietnameseFirst) {
  const PolicyText parsed = ParsePolicy(
      With(std::string(kSimplePolicy), "from: 2023-06-01", "from: 2023-13-01"),
      "bad.yaml");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(
      FormatFinding(parsed.findings.front()),
      "bad.yaml:8:16: lỗi (error): period.from: \"2023-13-01\" không phải là "
      "một ngày có trong lịch; viết 2023-06-01, hoặc ngày trước tháng sau, "
      "1/6/2023 (\"2023-13-01\" is not a day of the calendar; write it as "
      "2023-06-01 or, day first, 1/6/2023)");
}

TEST(LanguagesTest, TheCheckerTellsEveryFaultThatHasOneLanguage) {
  EXPECT_EQ(OneLanguageFault(Sentence{"thiếu; thêm \"a:\"", "missing"}), "");
  for (const Sentence& planted :
       {Sentence{"", "missing; add \"a:\""}, Sentence{"thiếu", ""},
        Sentence{"missing", "missing"}, Sentence{"thieu", "missing"},
        Sentence{"thiếu; write một từ", "missing; write a word"},
        Sentence{"thiếu", "missing; viết một từ"},
        Sentence{"thie\u0302\u0301u", "missing"}}) {
    EXPECT_NE(OneLanguageFault(planted), "") << Both(planted);
  }
  // What a file says is quoted, and may be in any language.
  EXPECT_EQ(OneLanguageFault(Sentence{"không có mục \"the end\"",
                                      "unknown field \"không có\""}),
            "");
}

TEST(LanguagesTest, AnAssumptionIsSaidInItsAuthorsWordsOnce) {
  Finding finding;
  finding.severity = Severity::kAssumption;
  finding.file = "a.yaml";
  finding.line = 3;
  finding.path = "review";
  finding.message = Same("Chưa rõ (not known)");
  EXPECT_EQ(FormatFinding(finding),
            "a.yaml:3: giả định (assumption): review: Chưa rõ (not known)");
}

TEST(LanguagesTest, WhatADeployedPolicyAssumesIsSaidInBothLanguages) {
  for (const char* name :
       {"yen-bai-2023.yaml", "ha-tinh-2024-2025.yaml",
        "dong-nai-draft-2024.yaml", "hau-giang-2022.yaml",
        "examples/binh-duong-2023.yaml", "examples/da-nang-2024.yaml",
        "examples/da-nang-2026.yaml"}) {
    int assumed = 0;
    for (const Finding& finding : ParsePolicy(Deployed(name), name).findings) {
      const std::string& text = finding.message.vi;
      const std::size_t bracket = text.find(" (");
      ASSERT_NE(bracket, std::string::npos) << FormatFinding(finding);
      ASSERT_EQ(text.back(), ')') << FormatFinding(finding);
      EXPECT_EQ(OneLanguageFault(Sentence{text.substr(0, bracket),
                                          text.substr(bracket + 2)}),
                "")
          << FormatFinding(finding);
      ++assumed;
    }
    EXPECT_GT(assumed, 0) << name;
  }
}

}  // namespace
}  // namespace thon
