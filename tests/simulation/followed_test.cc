// Goal: whatever breaks between phones and server, a phone that follows its
// team holds, once it is quiet, exactly the server's rows of its team and the
// server's word on its own events; and before that never anything else than
// the rows of some position.
//
// Method: four phones of two teams, each on a thread of its own, record and
// sync over streams that break, open their files again, and are asked questions
// from another thread, while an officer decides and gives tasks on a real
// engine. Then the streams are whole, and what each phone holds is compared
// with the rows. Made for ThreadSanitizer too.
// Rerun a failure with THON_SEED=<seed>.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/projections/activity.h"
#include "server/projections/row_keys.h"
#include "tests/support/engine_transport.h"
#include "tests/support/province.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"
#include "thon/client.h"

namespace thon::testing {
namespace {

constexpr int kRounds = 12;
constexpr std::int64_t kSyncMs = 60'000;

class SimClock final : public client::DeviceClock {
 public:
  std::int64_t WallMs() const override { return now_ms_; }
  std::int64_t MonotonicMs() const override { return now_ms_ - kBootMs; }
  std::uint32_t Boot() const override { return 7; }
  void Add(std::int64_t ms) { now_ms_ += ms; }

 private:
  static constexpr std::int64_t kBootMs = 1'685'000'000'000;
  std::atomic<std::int64_t> now_ms_{
      ParseInstant("2023-06-20T08:00:00+07:00")->ms};
};

class FollowingPhone {
 public:
  FollowingPhone(Province* province, std::uint64_t team, int number)
      : province_(province),
        team_(team),
        path_(absl::StrCat(province->directory(), "/phone", number, ".db")),
        random_(SeededRandom(static_cast<std::uint64_t>(number) + 1)),
        transport_([province] { return &province->engine(); }) {
    transport_.tell_followed = true;
  }

  client::Client& client() { return *client_; }

  void Open() {
    client_.reset();
    client::Options options;
    options.path = path_;
    options.clock = &clock_;
    options.backoff_first_ms = 1;
    options.backoff_max_ms = 2;
    auto client = client::Client::Open(options, &transport_);
    ASSERT_THAT(client.status(), IsOk());
    client_ = *std::move(client);
  }

  void Enrol() {
    Open();
    ASSERT_THAT(client_->Enrol(province_->CodeFor(TeamId(team_),
                                                  MemberId(10 * team_ + 1))),
                IsOk());
    transport_.MakeUnreliable(random_(), 6);
  }

  void Live() {
    for (int round = 0; round < kRounds; ++round) {
      if (random_() % 4 == 0) Open();
      for (std::size_t i = random_() % 5; i > 0; --i) {
        v1::Event event;
        event.set_team_id(team_);
        event.set_member_id(10 * team_ + 1);
        // Some are too old: a person must decide.
        if (random_() % 3 == 0) {
          event.set_claimed_date(ParseIsoDate("2023-02-01")->days);
        }
        event.mutable_outreach_session()->set_attendees(
            static_cast<std::int64_t>(random_() % 40));
        clock_.Add(60'000);
        const auto recorded = client_->Record(event);
        ASSERT_THAT(recorded.status(), IsOk());
        names_.push_back(recorded->name);
      }
      // Breaks are part of it; a question from elsewhere meanwhile.
      std::thread asks([this] {
        EXPECT_THAT(client_->Followed().status(), IsOk());
        if (!names_.empty()) {
          EXPECT_THAT(client_->StandingOf(names_.back()).status(), IsOk());
        }
      });
      client_->SyncOnce(kSyncMs).IgnoreError();
      asks.join();
    }
  }

  // Brings in what is left, over whole streams.
  void Drain() {
    transport_.MakeReliable();
    ASSERT_THAT(client_->SyncOnce(kSyncMs), IsOk());
    ASSERT_EQ(client_->Pending()->events(), 0u);
  }

  // Syncs until what is told is as new as the rows, and compares.
  void Settle() {
    const std::unique_ptr<RowReader> rows = province_->Rows();
    const Position end = province_->engine().rows_position();
    for (int tries = 0;; ++tries) {
      ASSERT_LT(tries, 1'000) << "it never hears of the newest rows";
      ASSERT_THAT(client_->SyncOnce(kSyncMs), IsOk());
      const auto held = client_->Followed();
      ASSERT_THAT(held.status(), IsOk());
      if (held->has_value() && (*held)->position >= end) break;
    }
    Compare(*rows, **client_->Followed());
  }

 private:
  void Compare(const RowReader& rows, const client::FollowedTeam& held) {
    const auto team =
        GetRow<v1::TeamRow>(rows, Table::kTeam, keys::Team(TeamId(team_)));
    ASSERT_TRUE(held.team.has_value());
    EXPECT_EQ(held.team->SerializeAsString(), team->SerializeAsString());
    std::map<std::int32_t, std::string> months;
    ScanRows<v1::TeamMonth>(
        rows, Table::kTeamMonth, keys::Key().U64(team_).Take(),
        [&](absl::string_view key, const v1::TeamMonth& row, Position) {
          const Month month = keys::KeyView(key).Skip(8).YearMonth();
          if (month >= held.first_month) {
            months[month.yyyymm] = row.SerializeAsString();
          }
          return true;
        });
    ASSERT_EQ(held.months.size(), months.size());
    for (const v1::WatchedMonth& one : held.months) {
      EXPECT_EQ(one.row().SerializeAsString(), months[one.month()]);
    }
    for (const v1::DeterminationRow& one : held.determinations) {
      const auto row = GetRow<v1::Determination>(
          rows, Table::kDetermination,
          keys::Determination(one.policy_id(), Month(one.month()),
                              v1::BENEFICIARY_KIND_TEAM, team_));
      ASSERT_TRUE(row.has_value());
      EXPECT_EQ(one.determination().SerializeAsString(),
                row->SerializeAsString());
    }
    EXPECT_FALSE(held.determinations.empty());
    std::map<std::uint64_t, std::string> tasks;
    ScanRows<v1::TaskRow>(
        rows, Table::kTask, keys::Key().U64(team_).Take(),
        [&](absl::string_view key, const v1::TaskRow& row, Position) {
          tasks[keys::KeyView(key).Skip(8).U64()] = row.SerializeAsString();
          return true;
        });
    ASSERT_EQ(held.tasks.size(), tasks.size());
    for (const v1::WatchedTask& one : held.tasks) {
      EXPECT_EQ(one.row().SerializeAsString(), tasks[one.task_id()]);
    }
    CompareStandings(rows);
  }

  void CompareStandings(const RowReader& rows) {
    const AuthorId author = client_->State().author;
    std::map<std::uint64_t, std::string> exceptions;
    for (const v1::EventStanding& one :
         StandingsOf(rows, author, Sequence(1), Sequence(names_.size()))) {
      exceptions[one.sequence()] = one.SerializeAsString();
    }
    for (const client::EventName& name : names_) {
      ASSERT_EQ(name.author, author) << "nothing forks here";
      const auto standing = client_->StandingOf(name);
      ASSERT_THAT(standing.status(), IsOk());
      ASSERT_TRUE(standing->has_value()) << name.sequence.value;
      const auto exception = exceptions.find(name.sequence.value);
      if (exception == exceptions.end()) {
        EXPECT_EQ((*standing)->standing(), v1::STANDING_COUNTED);
      } else {
        EXPECT_EQ((*standing)->SerializeAsString(), exception->second);
      }
    }
  }

  Province* const province_;
  const std::uint64_t team_;
  const std::string path_;
  std::mt19937_64 random_;
  SimClock clock_;
  EngineTransport transport_;
  std::unique_ptr<client::Client> client_;
  std::vector<client::EventName> names_;
};

TEST(FollowedSimulation, AQuietPhoneHoldsTheServersRowsWhateverBroke) {
  Province province(
      absl::StrCat(::testing::TempDir(), "thon_followed_", ::getpid()));
  province.SetUp();
  province.AdvanceTo("2023-06-20T08:00:00+07:00");
  std::vector<std::unique_ptr<FollowingPhone>> phones;
  for (const std::uint64_t team : {1u, 1u, 1u, 2u}) {
    phones.push_back(std::make_unique<FollowingPhone>(
        &province, team, static_cast<int>(phones.size())));
    ASSERT_NO_FATAL_FAILURE(phones.back()->Enrol());
  }
  std::vector<AuthorId> authors;  // Open() replaces clients.
  for (const auto& phone : phones) {
    authors.push_back(phone->client().State().author);
  }
  std::vector<std::thread> threads;
  for (const auto& phone : phones) {
    threads.emplace_back([&phone] { phone->Live(); });
  }
  std::mt19937_64 random = SeededRandom(99);
  for (std::uint64_t i = 0; i < 30; ++i) {
    v1::Event event;
    if (i % 3 == 0) {
      event.set_team_id(1 + random() % 2);
      event.mutable_plan_assigned()->set_task_id(1 + random() % 6);
      event.mutable_plan_assigned()->set_due_date(
          ParseIsoDate("2023-06-30")->days);
    } else {
      v1::HeldDecided* const held = event.mutable_held_decided();
      const AuthorId author = authors[random() % authors.size()];
      held->set_author(std::string(author.view()));
      held->set_first_sequence(1);
      held->set_last_sequence(1 + random() % 20);
      held->set_counted(random() % 2 == 0);
      held->set_period_month(202306);
      held->set_reason("đã kiểm tra");
    }
    // One about events that are not there yet decides nothing.
    (void)province.Submit(event).status();
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& phone : phones) ASSERT_NO_FATAL_FAILURE(phone->Drain());
  for (const auto& phone : phones) {
    ASSERT_NO_FATAL_FAILURE(phone->Settle());
  }
  phones.clear();  // Their streams before the engine.
}

}  // namespace
}  // namespace thon::testing
