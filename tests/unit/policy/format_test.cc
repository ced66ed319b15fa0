// Goal: FORMAT.md shows nothing that the parser refuses. Method: every example
// of it, put into the good text in place of the blocks of the same name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using testing::kSimplePolicy;
using testing::Said;

// A block of a policy: its name and its lines.
using Block = std::pair<std::string, std::string>;

std::vector<Block> BlocksOf(const std::string& text) {
  std::vector<Block> blocks;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (line[0] != ' ') blocks.emplace_back(line.substr(0, line.find(':')), "");
    if (!blocks.empty()) blocks.back().second += line + "\n";
  }
  return blocks;
}

std::vector<std::string> ExamplesOf(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> examples;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "```yaml") {
      examples.emplace_back();
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      examples.back() += line + "\n";
    }
  }
  return examples;
}

std::string GoodTextWith(const std::vector<Block>& blocks) {
  std::set<std::string> names;
  std::string text;
  for (const auto& [name, lines] : blocks) {
    names.insert(name);
    text += lines;
  }
  for (const auto& [name, lines] : BlocksOf(std::string(kSimplePolicy))) {
    if (names.count(name) == 0) text += lines;
  }
  return text;
}

void ExpectTaken(const std::vector<Block>& blocks) {
  const std::string text = GoodTextWith(blocks);
  const PolicyText parsed = ParsePolicy(text, "format.yaml");
  EXPECT_TRUE(parsed.ok()) << text << Said(parsed);
}

TEST(FormatTest, EveryExampleIsTaken) {
  const std::vector<std::string> examples =
      ExamplesOf(THON_SOURCE_DIR "/server/policy/FORMAT.md");
  EXPECT_GE(examples.size(), 10u);
  for (const std::string& example : examples) {
    const std::vector<Block> blocks = BlocksOf(example);
    std::set<std::string> names;
    for (const Block& block : blocks) names.insert(block.first);
    if (names.size() == blocks.size()) {
      ExpectTaken(blocks);
      continue;
    }
    for (const Block& block : blocks) ExpectTaken({block});
  }
}

}  // namespace
}  // namespace thon
