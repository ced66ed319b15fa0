// However phones reach the server, the figures are the same.
//
// Goal: for events whose time is TRUSTED, any interleaving of sends, sends
// again, broken streams, restarts of phones and of the server gives the same
// standings, activity, months and determinations as the clean order, in which
// every phone syncs every evening over a perfect network. And in both worlds
// every promise of the README holds.
//
// Method: one seed makes a plan of what three phones of two teams record in
// three weeks. The plan runs on a real engine with real clients (SQLite files,
// signatures), once cleanly and once in chaos, and the rows are compared.
// Rerun a failure with THON_SEED=<seed>.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "tests/support/engine_transport.h"
#include "tests/support/guarantees.h"
#include "tests/support/province.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"
#include "thon/client.h"

namespace thon::testing {
namespace {

constexpr int kDays = 21;
constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayMs = 24 * 60 * kMinuteMs;

// A phone's clocks: right, in one boot that began before the plan.
class SimClock final : public client::DeviceClock {
 public:
  std::int64_t WallMs() const override { return now_.ms; }
  std::int64_t MonotonicMs() const override { return now_.ms - kBootMs; }
  std::uint32_t Boot() const override { return 7; }
  void Set(Instant now) { now_ = now; }

 private:
  static constexpr std::int64_t kBootMs = 1'685'000'000'000;
  Instant now_;
};

struct Plan {
  struct Group {
    std::int64_t at_ms = 0;  // After the day's midnight.
    std::vector<v1::Event> events;
  };
  // By day, then phone.
  std::vector<std::vector<std::vector<Group>>> days;
};

struct PhoneSpec {
  std::uint64_t team;
  std::uint64_t member;
};
constexpr PhoneSpec kPhones[] = {{1, 11}, {1, 12}, {2, 21}};

v1::Event RandomActivity(std::mt19937_64& random, const PhoneSpec& phone) {
  v1::Event event;
  event.set_team_id(phone.team);
  event.set_member_id(phone.member);
  switch (random() % 4) {
    case 0: {
      // One place and topic, so that two phones often see one session.
      v1::OutreachSession* const session = event.mutable_outreach_session();
      session->set_topic(v1::TOPIC_FRAUD_PREVENTION);
      session->set_place("Nhà văn hoá");
      session->set_minutes(30);
      session->set_attendees(static_cast<std::int64_t>(random() % 40));
      session->set_channel(v1::CHANNEL_MEETING);
      break;
    }
    case 1: {
      v1::HouseholdVisit* const visit = event.mutable_household_visit();
      visit->set_village_id(1000 + phone.team);
      visit->set_household(std::string(16, static_cast<char>(random() % 9)));
      visit->set_outcome(v1::VISIT_OUTCOME_GUIDED);
      break;
    }
    case 2: {
      v1::AppInstallAssisted* const install =
          event.mutable_app_install_assisted();
      install->set_app("VNeID");
      install->set_count(1 + static_cast<std::int64_t>(random() % 5));
      install->set_basis(v1::COUNT_BASIS_PERSON);
      break;
    }
    default: {
      v1::OnlineDossierAssisted* const dossier =
          event.mutable_online_dossier_assisted();
      dossier->set_service_group("Hộ tịch");
      dossier->set_count(1 + static_cast<std::int64_t>(random() % 3));
      dossier->set_stage(v1::DOSSIER_STAGE_SUBMITTED);
      break;
    }
  }
  return event;
}

Plan MakePlan(std::mt19937_64& random) {
  Plan plan;
  plan.days.resize(kDays);
  for (auto& phones : plan.days) {
    phones.resize(std::size(kPhones));
    for (std::size_t p = 0; p < std::size(kPhones); ++p) {
      std::int64_t at = 8 * 60 * kMinuteMs;
      for (std::uint64_t groups = random() % 4; groups > 0; --groups) {
        Plan::Group group;
        at += static_cast<std::int64_t>(random() % 40) * kMinuteMs;
        group.at_ms = at;
        for (std::uint64_t n = 1 + random() % 4; n > 0; --n) {
          group.events.push_back(RandomActivity(random, kPhones[p]));
        }
        phones[p].push_back(std::move(group));
      }
    }
  }
  return plan;
}

// One run of the plan.
class World {
 public:
  explicit World(const std::string& name)
      : directory_(absl::StrCat(::testing::TempDir(), "/thon_sim_", name)),
        province_(absl::StrCat(directory_, "/server")),
        transport_([this] { return province_.engine_or_null(); }) {
    transport_.on_offer = [this](const v1::SealedBatch& sealed) {
      offered_.insert(sealed.batch());
    };
    province_.SetUp();
    province_.ApproveFunding();
    start_ = *ParseInstant("2023-06-01T00:00:00+07:00");
    province_.AdvanceTo(start_);
    for (std::size_t p = 0; p < std::size(kPhones); ++p) {
      clocks_[p].Set(start_);
      Open(p);
      EXPECT_THAT(phones_[p]->Enrol(province_.CodeFor(
                      TeamId(kPhones[p].team), MemberId(kPhones[p].member))),
                  IsOk());
    }
  }

  ~World() {
    for (auto& phone : phones_) phone.reset();
    province_.Close();
    std::filesystem::remove_all(directory_);
  }

  void Open(std::size_t p) {
    phones_[p].reset();
    client::Options options;
    options.path = absl::StrCat(directory_, "/phone", p, ".db");
    options.clock = &clocks_[p];
    options.key_seed = std::string(32, static_cast<char>('a' + p));
    options.random_seed = 1 + p;
    options.app_version = "sim";
    auto opened = client::Client::Open(options, &transport_);
    ASSERT_THAT(opened.status(), IsOk());
    phones_[p] = *std::move(opened);
  }

  void Record(std::size_t p, const Plan::Group& group, int day) {
    clocks_[p].Set(Instant(start_.ms + day * kDayMs + group.at_ms));
    auto recorded = phones_[p]->RecordAll(group.events);
    ASSERT_THAT(recorded.status(), IsOk());
    for (const client::Recorded& one : *recorded) {
      recorded_[one.name.author].push_back(one.event_hash);
    }
  }

  // The evening: the server's clock and the phones' move on together.
  void Evening(int day) {
    const Instant evening(start_.ms + day * kDayMs + 20 * 60 * kMinuteMs);
    province_.AdvanceTo(evening);
    for (SimClock& clock : clocks_) clock.Set(evening);
  }

  absl::Status Sync(std::size_t p) { return phones_[p]->SyncOnce(30'000); }

  void SyncAll() {
    transport_.MakeReliable();
    for (std::size_t p = 0; p < std::size(kPhones); ++p) {
      ASSERT_THAT(Sync(p), IsOk()) << "phone " << p;
      ASSERT_EQ(phones_[p]->Pending()->events(), 0u);
    }
  }

  // Every promise, over what this world saw.
  void ExpectGuarantees() {
    History history = province_.ReadHistory();
    history.offered = offered_;
    history.recorded = recorded_;
    for (auto& phone : phones_) {
      for (const auto& [author, hashes] : recorded_) {
        const auto receipts = phone->Receipts(author, Sequence(1), 1'000'000);
        ASSERT_THAT(receipts.status(), IsOk());
        for (const auto& row : *receipts) {
          const auto proof = phone->ProofOf({author, row.first_sequence});
          ASSERT_THAT(proof.status(), IsOk());
          const EntryView view = *ParseEntry(proof->entry);
          Acknowledged ack;
          ack.sealed.set_batch(std::string(view.batch));
          ack.sealed.set_signature(std::string(view.trailer.signature.view()));
          ack.receipt = row.receipt;
          history.acknowledged.push_back(std::move(ack));
        }
      }
    }
    EXPECT_FALSE(history.acknowledged.empty());
    EXPECT_THAT(CheckGuarantees(history), IsOk());
    EXPECT_THAT(CheckReplayable(history, DumpRows(*province_.Rows())), IsOk());
  }

  Province& province() { return province_; }
  EngineTransport& transport() { return transport_; }

 private:
  const std::string directory_;
  Province province_;
  EngineTransport transport_;
  Instant start_;
  SimClock clocks_[std::size(kPhones)];
  std::unique_ptr<client::Client> phones_[std::size(kPhones)];
  std::set<std::string> offered_;
  std::map<AuthorId, std::vector<Hash>> recorded_;
};

void RunCleanly(const Plan& plan, World& world) {
  for (int day = 0; day < kDays; ++day) {
    for (std::size_t p = 0; p < std::size(kPhones); ++p) {
      for (const Plan::Group& group :
           plan.days[static_cast<std::size_t>(day)][p]) {
        world.Record(p, group, day);
      }
    }
    world.Evening(day);
    world.SyncAll();
  }
}

void RunInChaos(const Plan& plan, std::mt19937_64& random, World& world) {
  const auto toss = [&random](unsigned percent) {
    return random() % 100 < percent;
  };
  for (int day = 0; day < kDays; ++day) {
    for (std::size_t p = 0; p < std::size(kPhones); ++p) {
      for (const Plan::Group& group :
           plan.days[static_cast<std::size_t>(day)][p]) {
        if (toss(10)) world.Open(p);
        world.Record(p, group, day);
      }
    }
    world.Evening(day);
    if (toss(10)) world.province().Restart();
    world.transport().MakeUnreliable(random(), 15);
    for (int tries = 0; tries < 3; ++tries) {
      const std::size_t p = random() % std::size(kPhones);
      // It may fail: that is the point.
      (void)world.Sync(p);
      if (toss(20)) world.Open(p);
    }
  }
  world.SyncAll();
}

class PhonesTest : public ::testing::TestWithParam<int> {};

TEST_P(PhonesTest, AnyInterleavingGivesTheFiguresOfTheCleanOrder) {
  std::mt19937_64 random = SeededRandom(static_cast<std::uint64_t>(GetParam()));
  const Plan plan = MakePlan(random);
  std::vector<std::string> clean_rows;
  {
    World clean(absl::StrCat("clean_", GetParam()));
    ASSERT_NO_FATAL_FAILURE(RunCleanly(plan, clean));
    clean_rows = clean.province().JudgementDump();
    clean.ExpectGuarantees();
  }
  World chaos(absl::StrCat("chaos_", GetParam()));
  ASSERT_NO_FATAL_FAILURE(RunInChaos(plan, random, chaos));
  const std::vector<std::string> chaos_rows = chaos.province().JudgementDump();
  const auto [in_chaos, in_clean] =
      std::mismatch(chaos_rows.begin(), chaos_rows.end(), clean_rows.begin(),
                    clean_rows.end());
  EXPECT_TRUE(in_chaos == chaos_rows.end() && in_clean == clean_rows.end())
      << "in chaos: " << (in_chaos == chaos_rows.end() ? "-" : *in_chaos)
      << "\ncleanly:  " << (in_clean == clean_rows.end() ? "-" : *in_clean);
  // The plan did reach the rows: a day of a team, at least, every few days.
  EXPECT_GT(clean_rows.size(), std::size_t{kDays});
  chaos.ExpectGuarantees();
}

INSTANTIATE_TEST_SUITE_P(Rounds, PhonesTest, ::testing::Range(0, 8));

}  // namespace
}  // namespace thon::testing
