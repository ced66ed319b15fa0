// A journal tells what was recorded, whatever line a kill has cut.

#include "tools/fleet/journal.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace thon::fleet {
namespace {

std::string FreshPath(const std::string& name) {
  const std::string path = ::testing::TempDir() + "/thon_journal_" + name;
  std::filesystem::remove(path);
  return path;
}

Identity Named(std::uint64_t sequence) {
  Identity identity;
  identity.author.bytes[0] = 7;
  identity.sequence = sequence;
  identity.event_hash = Sha256Of(std::to_string(sequence));
  return identity;
}

TEST(JournalTest, WhatWasDoneIsReadBack) {
  const std::string path = FreshPath("done");
  {
    auto journal = Journal::Open(path);
    ASSERT_TRUE(journal.ok());
    ASSERT_TRUE((*journal)->Intent(4, 1, {"aa", "bb"}).ok());
    ASSERT_TRUE((*journal)->Done(4, 1, {Named(1), Named(2)}).ok());
    ASSERT_TRUE((*journal)->Intent(4, 2, {"cc"}).ok());
    ASSERT_TRUE((*journal)->Lost(4, 2).ok());
    ASSERT_TRUE((*journal)->Intent(5, 1, {"dd", "dd"}).ok());
    ASSERT_TRUE((*journal)->Found(5, 1).ok());
    ASSERT_TRUE((*journal)->Intent(6, 1, {"ee"}).ok());
  }
  const auto facts = ReadJournals({path});
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->recorded, (std::vector<Identity>{Named(1), Named(2)}));
  EXPECT_EQ(facts->found.at("dd"), 2u);
  EXPECT_EQ(facts->found_events, 2u);
  EXPECT_EQ(facts->lost_intents, 1u);
  EXPECT_EQ(facts->open_intents, 1u);
}

TEST(JournalTest, AJournalCutAnywhereSaysNothingThatWasNotSo) {
  const std::string path = FreshPath("whole");
  {
    auto journal = Journal::Open(path);
    ASSERT_TRUE(journal.ok());
    ASSERT_TRUE((*journal)->Intent(1, 1, {"aa"}).ok());
    ASSERT_TRUE((*journal)->Done(1, 1, {Named(1)}).ok());
    ASSERT_TRUE((*journal)->Intent(1, 2, {"bb"}).ok());
    ASSERT_TRUE((*journal)->Done(1, 2, {Named(2)}).ok());
  }
  std::ifstream file(path);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  const std::string cut_path = FreshPath("cut");
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    std::ofstream(cut_path) << whole.substr(0, size);
    {
      // The worker is started again and asks the phone about intent 2.
      auto journal = Journal::Open(cut_path);
      ASSERT_TRUE(journal.ok());
      if (size >= whole.find("I 1 2") + 10) {
        ASSERT_TRUE((*journal)->Found(1, 2).ok());
      }
    }
    const auto facts = ReadJournals({cut_path});
    ASSERT_TRUE(facts.ok()) << "cut at " << size << ": " << facts.status();
    ASSERT_LE(facts->recorded.size() + facts->found_events, 2u);
    for (const Identity& identity : facts->recorded) {
      ASSERT_TRUE(identity == Named(1) || identity == Named(2));
    }
  }
}

TEST(JournalTest, ALineWithoutSenseIsAnErrorAndNotSkipped) {
  const std::string path = FreshPath("nonsense");
  for (const char* line : {"D 1 1 00;", "X;", "D 1 2 zz 1:ff;", "L 3 9;"}) {
    std::ofstream(path) << "I 1 1 aa;\n" << line << "\n";
    EXPECT_FALSE(ReadJournals({path}).ok()) << line;
  }
}

TEST(JournalTest, AnEventIsKnownByItsContentWhateverTheClientAdds) {
  v1::Event event;
  event.set_team_id(4);
  event.mutable_fraud_warning_issued()->set_reach(10);
  const std::string content = ContentHash(event);
  EXPECT_EQ(content.size(), 16u);
  event.set_sequence(9);
  event.set_wall_time_ms(1);
  event.set_monotonic_ms(2);
  event.set_boot(3);
  event.mutable_originally()->set_sequence(8);
  EXPECT_EQ(ContentHash(event), content);
  event.mutable_fraud_warning_issued()->set_reach(11);
  EXPECT_NE(ContentHash(event), content);
}

}  // namespace
}  // namespace thon::fleet
