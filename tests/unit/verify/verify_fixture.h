// A log of a year with a policy, two teams and two phones, made with real
// signatures, as an audit pack. Its payroll is 3,500,000 đồng: one team of a
// listed commune, seven months.
#ifndef THON_TESTS_UNIT_VERIFY_VERIFY_FIXTURE_H_
#define THON_TESTS_UNIT_VERIFY_VERIFY_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "server/projections/state_root.h"
#include "tests/support/pack_maker.h"
#include "tests/unit/projections/eligibility_fixture.h"
#include "tools/verify/verify.h"

namespace thon::verify {

using ::thon::testing::MadePack;
using ::thon::testing::PackParts;

inline constexpr std::int64_t kPayroll = 3'500'000;

// Plays a year whose funding has this ceiling.
class YearOfALog : public EligibilityTest {
 public:
  void TestBody() override {}

  void Play(std::int64_t ceiling_vnd, int reports) {
    ASSERT_NO_FATAL_FAILURE(made_.Settle());
    for (const v1::Event& event :
         {made_.Village(kThacBaVillage, kThacBa), made_.Team(8, kThacBaVillage),
          made_.Member(71, 7), made_.Member(81, 8)}) {
      ASSERT_TRUE(log().Submit(event).effective());
    }
    ASSERT_TRUE(Publish(YenBaiText()).effective());
    // A command that loses: the team is there already.
    ASSERT_FALSE(log().Submit(made_.Team(8, kThacBaVillage)).effective());
    Go("2023-06-01");
    ASSERT_TRUE(Approve({Listed(kVinhKien)}).effective());
    const AuthorId first =
        log().EnrolPhone("first", kOperator, TeamId(7), MemberId(71));
    const AuthorId second =
        log().EnrolPhone("second", kOperator, TeamId(8), MemberId(81));
    for (int i = 0; i < reports; ++i) {
      const std::int64_t day =
          At("2023-06-02T10:00:00+07:00").ms + std::int64_t{i} * 86'400'000;
      log().SetTime(Instant(day));
      log().Append(first, {Report(7, 71, day), Report(7, 71, day + 60'000)},
                   v1::Anchor());
      log().Append(second, {Report(8, 81, day)}, v1::Anchor());
    }
    Go("2023-10-12");
    ASSERT_TRUE(Fund({7}, ceiling_vnd).effective());
    Go("2024-01-05");
  }

  FoldedLog& log() { return made_.log; }

  static v1::Event Report(std::uint64_t team, std::uint64_t member,
                          std::int64_t when_ms) {
    v1::Event event;
    event.set_team_id(team);
    event.set_member_id(member);
    event.set_wall_time_ms(when_ms);
    event.mutable_outreach_session()->set_attendees(12);
    event.mutable_outreach_session()->set_topic(v1::Topic(1));
    return event;
  }
};

class VerifyTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (year_ != nullptr) return;
    year_ = new YearOfALog;
    year_->Play(10'000'000, 120);
    log_key_ = new SigningKey(LogBuilder::KeyOf("log"));
  }

  void SetUp() override {
    folder_ = ::testing::TempDir() + "verify_" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static PackParts PartsOf(const FoldedLog& log) {
    PackParts parts;
    for (const auto& entry : log.entries()) {
      parts.entries.push_back(entry->bytes);
    }
    parts.log_key = log_key_;
    parts.position = log.last_position();
    parts.rows = &log.rows();
    parts.older = {100, 300};
    return parts;
  }
  static PackParts Parts() { return PartsOf(year_->log()); }

  std::string Write(const MadePack& pack, const std::string& name = "pack") {
    const std::string path = folder_ + "/" + name;
    pack.WriteFolder(path);
    return path;
  }
  std::string WriteFile(const std::string& bytes,
                        const std::string& name = "pack.tar") {
    const std::string path = folder_ + "/" + name;
    std::ofstream out(path, std::ios::binary);
    out << bytes;
    return path;
  }

  VerifyOptions OptionsFor(std::vector<std::string> packs) {
    VerifyOptions options;
    options.packs = std::move(packs);
    options.trust.log_key =
        LogVerifierKey("thon.test/1", log_key_->public_key());
    options.temp_directory = folder_;
    return options;
  }

  static std::set<std::string> Names(const VerifyReport& report,
                                     Weight weight) {
    std::set<std::string> names;
    for (const auto& [kind, found] : report.findings.All()) {
      if (kind->weight == weight) names.insert(std::string(kind->name));
    }
    return names;
  }

  static const Found* Find(const VerifyReport& report, absl::string_view name) {
    for (const auto& [kind, found] : report.findings.All()) {
      if (kind->name == name) return found;
    }
    return nullptr;
  }

  // The first entry of this phone's at or behind `from`.
  static std::size_t EntryOf(absl::string_view phone, std::size_t from = 0) {
    const AuthorId author = LogBuilder::KeyOf(phone).public_key().author();
    const auto& entries = year_->log().entries();
    for (std::size_t i = from; i < entries.size(); ++i) {
      if (entries[i]->author == author) return i;
    }
    ADD_FAILURE() << "no such entry";
    return 0;
  }

  static inline YearOfALog* year_ = nullptr;
  static inline SigningKey* log_key_ = nullptr;
  std::string folder_;
};

// A log of its own for each test: a team, and a phone that has said five
// things.
class SmallLogTest : public VerifyTest {
 protected:
  void SetUp() override {
    VerifyTest::SetUp();
    made_.log.SetTime(At("2023-01-06T09:00:00+07:00"));
    ASSERT_NO_FATAL_FAILURE(made_.Settle());
    ASSERT_TRUE(made_.log.Submit(made_.Member(71, 7)).effective());
    phone_ = made_.log.EnrolPhone("one", kOperator, TeamId(7), MemberId(71));
    Say(phone_, 5);
  }

  void Say(const AuthorId& author, int times) {
    for (int i = 0; i < times; ++i) {
      made_.log.Append(author, {YearOfALog::Report(7, 71, made_.log.now().ms)});
    }
  }

  MadeLog made_{"2023-01-01T08:00:00+07:00"};
  AuthorId phone_;
};

}  // namespace thon::verify

#endif  // THON_TESTS_UNIT_VERIFY_VERIFY_FIXTURE_H_
