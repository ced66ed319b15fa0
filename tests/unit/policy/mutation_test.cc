// Goal: no text breaks the parser, every refusal says where and what in both
// languages, and a text that is taken can be determined by. Method: the
// province's files with bytes, words and lines changed at random from one seed;
// rerun with THON_SEED.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/support/seed.h"
#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using testing::Deployed;
using testing::GoodTeam;
using testing::Said;

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) absl::StrAppend(&text, line, "\n");
  return text;
}

std::string Mutated(std::string text, std::mt19937_64* random) {
  const auto below = [&](std::size_t end) {
    return static_cast<std::size_t>((*random)() % end);
  };
  static constexpr const char* kWords[] = {"0",
                                           "-1",
                                           "1000000000000001",
                                           "999999999999999999999",
                                           "500.5",
                                           "null",
                                           "true",
                                           "[]",
                                           "{}",
                                           "M99",
                                           "M25",
                                           "\xff",
                                           "31/02/2023",
                                           "{value: 5}",
                                           "by_day",
                                           "share",
                                           "\"",
                                           "[[[[",
                                           ": :",
                                           "&a"};
  std::vector<std::string> lines = LinesOf(text);
  std::string& line = lines[below(lines.size())];
  switch (below(5)) {
    case 0:
      line.clear();
      return Joined(lines);
    case 1: {
      const std::string copy = line;
      lines.insert(
          lines.begin() + static_cast<std::ptrdiff_t>(below(lines.size())),
          copy);
      return Joined(lines);
    }
    case 2: {
      const std::size_t colon = line.find(':');
      if (colon != std::string::npos) line.resize(colon + 1);
      absl::StrAppend(&line, " ", kWords[below(std::size(kWords))]);
      return Joined(lines);
    }
    case 3:
      text[below(text.size())] = static_cast<char>(below(256));
      return text;
    default:
      return text.erase(below(text.size()), 1 + below(20));
  }
}

TEST(MutationTest, EveryTextIsTakenOrRefusedWithItsPlace) {
  std::mt19937_64 random = SeededRandom();
  std::vector<std::string> texts;
  for (const char* name :
       {"yen-bai-2023.yaml", "ha-tinh-2024-2025.yaml",
        "dong-nai-draft-2024.yaml", "hau-giang-2022.yaml",
        "examples/binh-duong-2023.yaml", "examples/da-nang-2024.yaml",
        "examples/da-nang-2026.yaml"}) {
    // Comments only dilute what is changed.
    std::vector<std::string> lines = LinesOf(Deployed(name));
    lines.erase(std::remove_if(lines.begin(), lines.end(),
                               [](const std::string& line) {
                                 return line.empty() || line[0] == '#';
                               }),
                lines.end());
    texts.push_back(Joined(lines));
  }
  int taken = 0;
  int refused = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string text = texts[random() % texts.size()];
    for (std::uint64_t i = 1 + random() % 3; i > 0; --i) {
      text = Mutated(std::move(text), &random);
    }
    const PolicyText parsed = ParsePolicy(text, "m.yaml");
    const int lines =
        1 + static_cast<int>(std::count(text.begin(), text.end(), '\n'));
    for (const Finding& finding : parsed.findings) {
      // What the words are, the other tests say: here any may be quoted.
      ASSERT_FALSE(finding.message.vi.empty()) << FormatFinding(finding);
      ASSERT_FALSE(finding.message.en.empty()) << FormatFinding(finding);
      ASSERT_TRUE(finding.severity == Severity::kAssumption ||
                  finding.message.vi != finding.message.en)
          << FormatFinding(finding);
      ASSERT_GE(finding.line, 0);
      ASSERT_LE(finding.line, lines) << text << Said(parsed);
    }
    if (!parsed.ok()) {
      ++refused;
      continue;
    }
    ++taken;
    const Policy& policy = parsed.policy;
    ASSERT_FALSE(policy.kinds.empty());
    BeneficiaryFacts team = GoodTeam();
    team.unit_kind = policy.kinds.front();
    team.level = policy.level;
    team.counted.assign(policy.selectors.size(), {1, 1});
    team.with_held = team.counted;
    for (Month month = Month::Of(2023, 1); month <= Month::Of(2026, 12);
         month = month.Next()) {
      const Result result = Determine(policy, team, month);
      ASSERT_GE(result.amount_vnd, 0);
      ASSERT_LE(result.amount_vnd, limits::kMoneyMax);
    }
  }
  // Both happen, or the mutations prove nothing.
  EXPECT_GT(taken, 50);
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace thon
