// A month computed from its days: without options it is the row, byte for byte,
// so whatever was ever taken out of a row was exactly what had been put in;
// with everything held counted it is the row that comes about when an officer
// decides so; without what came late it is the row as it was before the
// deadline.
//
// Method: three phones of a team record at random: sessions that others report
// too, clocks that were reset, claims too far back, corrections; anchors come
// late, the team is suspended for days, officers decide what is held. After
// each step every month's row is compared with the one computed from scratch.
// Rerun with THON_SEED.

#include "server/projections/activity_month.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/seed.h"
#include "tests/unit/projections/random_activity.h"

namespace thon {
namespace {

constexpr Holder kHolder{false, kTeam};
constexpr int kPhones = 3;
constexpr std::int64_t kDayMs = 86'400'000;

class MonthTest : public ::testing::Test, public ActivityLog {
 protected:
  v1::TeamMonth Computed(int month, const MonthOptions& options = {}) {
    return ComputeMonth(log.rows(), kHolder, Month(month), options);
  }
  static MonthOptions WithHeld() {
    MonthOptions options;
    options.with_held = true;
    return options;
  }
};

TEST_F(MonthTest, WhatMayHaveHappenedInTwoMonthsCouldCountInEither) {
  log.SetTime(At("2023-07-02T09:00:00+07:00"));
  v1::Event install = AfterFlatBattery();
  install.mutable_app_install_assisted()->set_app("VNeID");
  install.mutable_app_install_assisted()->set_count(4);
  install.mutable_app_install_assisted()->set_basis(v1::COUNT_BASIS_PERSON);
  const Sequence first =
      Send(phone, {Outreach("2023-06-25T08:00:00+07:00"), install});
  ASSERT_EQ(ReasonOf(phone, first.Next()), v1::STANDING_REASON_TWO_MONTHS);
  for (const int month : {202306, 202307}) {
    EXPECT_EQ(MonthOf(month).installs(), 0) << month;
    const v1::TeamMonth held = Computed(month, WithHeld());
    EXPECT_EQ(held.installs(), 4) << month;
    EXPECT_EQ(held.held(), 0) << month;
    ASSERT_EQ(held.installs_by_app_size(), 1) << month;
  }
  // By the day that an officer's word would put it on.
  EXPECT_EQ(Computed(202306, WithHeld()).active_day_bits(),
            (1u << 24) | (1u << 29));
  EXPECT_EQ(Computed(202307, WithHeld()).active_day_bits(), 1u << 1);
}

TEST_F(MonthTest, WhatCameLateIsLeftOut) {
  log.SetTime(At("2023-07-05T23:59:59+07:00"));
  Send(phone, {Outreach("2023-06-10T08:00:00+07:00", 5)});
  log.SetTime(At("2023-07-06T00:00:00+07:00"));
  Send(phone, {Outreach("2023-06-11T08:00:00+07:00", 7)});
  MonthOptions options;
  options.late_deadline = Date(Day("2023-07-06"));
  std::int64_t left_out = -1;
  const v1::TeamMonth month =
      ComputeMonth(log.rows(), kHolder, Month(202306), options, &left_out);
  EXPECT_EQ(month.activities(), 1);
  EXPECT_EQ(month.people_reached(), 5);
  EXPECT_EQ(left_out, 1);
  EXPECT_EQ(MonthOf(202306).activities(), 2) << "the row keeps everything";
  options.late_deadline = Date(Day("2023-07-07"));
  ComputeMonth(log.rows(), kHolder, Month(202306), options, &left_out);
  EXPECT_EQ(left_out, 0);
}

TEST_F(MonthTest, AGroupWithoutItsLateReportCountsWhatIsLeft) {
  const AuthorId other =
      log.EnrolPhone("other", kOperator, TeamId(kTeam), MemberId(kOtherMember));
  log.SetTime(At("2023-07-01T09:00:00+07:00"));
  Send(phone, {Outreach("2023-06-10T08:05:00+07:00", 5)});
  log.SetTime(At("2023-07-09T09:00:00+07:00"));
  Send(other, {Outreach("2023-06-10T08:00:00+07:00", 9, kOtherMember)});
  EXPECT_EQ(MonthOf(202306).people_reached(), 9);
  MonthOptions options;
  options.late_deadline = Date(Day("2023-07-06"));
  const v1::TeamMonth month = Computed(202306, options);
  EXPECT_EQ(month.activities(), 1);
  EXPECT_EQ(month.people_reached(), 5);
  ASSERT_EQ(month.members_size(), 1);
  EXPECT_EQ(month.members(0).member_id(), kMember);
}

TEST_F(MonthTest, OnlyTheDaysAskedForCount) {  // HG-02
  log.SetTime(At("2023-06-30T09:00:00+07:00"));
  Send(phone, {Outreach("2023-06-22T23:59:59+07:00"),
               Outreach("2023-06-23T00:00:00+07:00")});
  MonthOptions options;
  options.first_day = Date(Day("2023-06-23"));
  EXPECT_EQ(Computed(202306, options).activities(), 1);
  options.first_day.reset();
  options.last_day = Date(Day("2023-06-21"));
  EXPECT_EQ(Computed(202306, options).activities(), 0);
}

TEST_F(MonthTest, HouseholdsAreDistinctOverMonths) {
  log.SetTime(At("2023-08-20T09:00:00+07:00"));
  Send(phone, {Visit(At("2023-06-10T08:00:00+07:00"), "a"),
               Visit(At("2023-07-10T08:00:00+07:00"), "a"),
               Visit(At("2023-07-11T08:00:00+07:00"), "b"),
               Visit(At("2023-08-11T08:00:00+07:00"), "c")});
  const std::vector<Month> months = {Month(202306), Month(202307)};
  EXPECT_EQ(DistinctHouseholds(log.rows(), kHolder, months), 2);
  EXPECT_EQ(DistinctHouseholds(log.rows(), kHolder, months, WithHeld()), 2);
  MonthOptions options;
  options.first_day = Date(Day("2023-07-11"));
  EXPECT_EQ(DistinctHouseholds(log.rows(), kHolder, months, options), 1);
}

TEST_F(MonthTest, ATaskIsDoneByWhatCountsUnderTheOptions) {
  ASSERT_TRUE(Assign(5, "2023-06-20").effective());
  ASSERT_TRUE(Assign(6, "2023-06-21").effective());
  v1::Event done = Reported(At("2023-06-19T08:00:00+07:00"));
  done.mutable_task_completed()->set_task_id(5);
  v1::Event held = Reported(At("2023-06-20T08:00:00+07:00"));
  held.mutable_task_completed()->set_task_id(6);
  held.set_claimed_date(Day("2023-06-01"));  // Too far back.
  log.SetTime(At("2023-07-08T09:00:00+07:00"));
  Send(phone, {done, held});
  EXPECT_EQ(MonthOf(202306).tasks_due(), 2);
  EXPECT_EQ(MonthOf(202306).tasks_done(), 1);
  EXPECT_EQ(Computed(202306, WithHeld()).tasks_done(), 2);
  MonthOptions late;
  late.late_deadline = Date(Day("2023-07-06"));
  EXPECT_EQ(Computed(202306, late).tasks_due(), 2);
  EXPECT_EQ(Computed(202306, late).tasks_done(), 0);
  MonthOptions days;
  days.last_day = Date(Day("2023-06-20"));
  EXPECT_EQ(Computed(202306, days).tasks_due(), 1);
}

// A team over three months, step by step at random.
class RandomTeam : public ActivityLog {
 public:
  explicit RandomTeam(std::mt19937_64& random) : random_(random) {
    phones_.push_back(phone);
    for (int i = 1; i < kPhones; ++i) {
      phones_.push_back(log.EnrolPhone(absl::StrCat("p", i), kOperator,
                                       TeamId(kTeam), MemberId(kMember)));
    }
    log.SetTime(At("2023-06-01T08:00:00+07:00"));
  }

  void Step() {
    log.SetTime(Instant(log.now().ms +
                        static_cast<std::int64_t>(random_() % (3 * kDayMs))));
    switch (random_() % 12) {
      case 0:
        Suspend();
        return;
      case 1:
        Assign(random_() % 4 + 1, DateAround(20).Iso());
        return;
      case 2: {
        v1::Event inspect = New();
        inspect.mutable_inspection_recorded()->set_team_id(kTeam);
        inspect.mutable_inspection_recorded()->set_score(
            static_cast<int>(random_() % 101));
        log.Submit(inspect);
        return;
      }
      case 3: {
        const AuthorId& author = phones_[random_() % kPhones];
        Decide(author, Sequence(1), log.next_sequence(author),
               random_() % 2 == 0,
               random_() % 2 == 0 ? 0 : Month::Of(DateAround(40)).yyyymm);
        return;
      }
      default:
        SendSome(phones_[random_() % kPhones]);
    }
  }

  const std::vector<AuthorId>& phones() const { return phones_; }

 private:
  Date DateAround(int days) {
    return Date(TimeZone::VietNam().DateOf(log.now()).days - days / 2 +
                static_cast<int>(random_() % static_cast<unsigned>(days)));
  }

  void Suspend() {
    v1::Event event = New();
    event.mutable_team_suspended()->set_team_id(kTeam);
    const Date from = DateAround(20);
    event.mutable_team_suspended()->set_from_date(from.days);
    event.mutable_team_suspended()->set_to_date(from.days + 1);
    log.Submit(event);
  }

  v1::Event RandomEvent(const AuthorId& author) {
    const Instant when(log.now().ms -
                       static_cast<std::int64_t>(random_() % (9 * kDayMs)) /
                           240'000 * 240'000);
    v1::Event event =
        Reported(when, kTeam, random_() % 2 == 0 ? kMember : kOtherMember);
    FillRandomActivity(random_, &event);
    const std::uint64_t next = log.next_sequence(author).value;
    if (random_() % 8 == 0 && next > 1) {
      v1::CorrectionIssued* issued = event.mutable_correction_issued();
      issued->set_target_sequence(1 + random_() % (next - 1));
      issued->set_kind(v1::CORRECTION_KIND_VOID);
      if (random_() % 2 == 0) {
        issued->set_kind(v1::CORRECTION_KIND_AMEND);
        FillRandomActivity(random_, issued->mutable_amended());
      }
    }
    if (random_() % 6 == 0) {
      event.set_claimed_date(TimeZone::VietNam().DateOf(when).days -
                             static_cast<int>(random_() % 14));
    }
    return event;
  }

  // Sometimes in a boot that nobody was heard in; its anchor may come later.
  void SendSome(const AuthorId& author) {
    std::vector<v1::Event> events;
    const bool lost = random_() % 3 == 0;
    for (std::size_t i = 1 + random_() % 6; i > 0; --i) {
      events.push_back(RandomEvent(author));
      if (lost) {
        events.back().set_boot(kBoot + 1);
        events.back().set_wall_time_ms(0);
      }
    }
    std::optional<v1::Anchor> anchor;
    if (!lost || random_() % 3 == 0) {
      anchor = RightAnchor();
      if (lost) anchor->set_boot(kBoot + 1);
    }
    log.Append(author, std::move(events), anchor);
  }

  std::mt19937_64& random_;
  std::vector<AuthorId> phones_;
};

std::set<Month> MonthsOfTeam(const RowReader& rows) {
  std::set<Month> months;
  rows.Scan(Table::kTeamMonth, keys::Team(TeamId(kTeam)), "",
            [&](absl::string_view key, const RowVersion&) {
              months.insert(keys::KeyView(key).Skip(8).YearMonth());
              return true;
            });
  rows.Scan(Table::kActivityDay, keys::Team(TeamId(kTeam)), "",
            [&](absl::string_view key, const RowVersion&) {
              months.insert(Month::Of(keys::KeyView(key).Skip(8).Day()));
              return true;
            });
  return months;
}

// Each task's row against the days and the months.
void CheckTasks(const RowReader& rows, const std::set<Month>& months) {
  std::map<std::uint64_t, std::int64_t> done;
  ScanRows<v1::ActivityDay>(
      rows, Table::kActivityDay, keys::Team(TeamId(kTeam)),
      [&](absl::string_view, const v1::ActivityDay& day, Position) {
        for (const v1::ActivityFact& fact : day.facts()) {
          if (fact.task_id() != 0) ++done[fact.task_id()];
        }
        return true;
      });
  std::map<Month, std::pair<std::int64_t, std::int64_t>> sums;
  ScanRows<v1::TaskRow>(
      rows, Table::kTask, keys::Team(TeamId(kTeam)),
      [&](absl::string_view key, const v1::TaskRow& task, Position) {
        const std::uint64_t id = keys::KeyView(key).Skip(8).U64();
        EXPECT_EQ(task.completions(), done[id]) << "task " << id;
        if (task.assigned_position() != 0) {
          auto& sum = sums[Month::Of(Date(task.due_date()))];
          ++sum.first;
          if (task.completions() > 0) ++sum.second;
        }
        return true;
      });
  for (const Month month : months) {
    const v1::TeamMonth row = GetMonth(rows, kHolder, month);
    EXPECT_EQ(row.tasks_due(), sums[month].first) << month.yyyymm;
    EXPECT_EQ(row.tasks_done(), sums[month].second) << month.yyyymm;
  }
}

TEST(MonthPropertyTest, AMonthsRowIsWhatItsDaysAddUpTo) {
  std::mt19937_64 random = SeededRandom();
  std::int64_t seen_held = 0;
  for (int round = 0; round < 8; ++round) {
    RandomTeam team(random);
    for (int step = 0; step < 50; ++step) {
      team.Step();
      const RowReader& rows = team.log.rows();
      const std::set<Month> months = MonthsOfTeam(rows);
      for (const Month month : months) {
        const v1::TeamMonth row = GetMonth(rows, kHolder, month);
        const v1::TeamMonth computed = ComputeMonth(rows, kHolder, month, {});
        ASSERT_EQ(row.SerializeAsString(), computed.SerializeAsString())
            << month.yyyymm << " after step " << step << "\nrow:\n"
            << row.DebugString() << "computed:\n"
            << computed.DebugString();
        seen_held += row.held();
      }
      CheckTasks(rows, months);
      ASSERT_FALSE(::testing::Test::HasFailure()) << "after step " << step;
    }
  }
  EXPECT_GT(seen_held, 50) << "nothing was held: the test tests little";
}

// Whether the held event could count in the month.
bool CouldCountIn(const v1::EventStanding& standing, Month month) {
  if (standing.local_date() == 0) return false;
  const Month last = Month::Of(Date(standing.local_date()));
  if (standing.reason() != v1::STANDING_REASON_TWO_MONTHS) return last == month;
  const Month first =
      Month::Of(TimeZone::VietNam().DateOf(Instant(standing.earliest_ms())));
  return first <= month && month <= last;
}

TEST(MonthPropertyTest, WithHeldIsTheRowOnceAllIsDecidedToCount) {
  std::mt19937_64 random = SeededRandom();
  int decided = 0;
  for (int round = 0; round < 12; ++round) {
    RandomTeam team(random);
    for (int step = 0; step < 40; ++step) team.Step();
    const std::set<Month> months = MonthsOfTeam(team.log.rows());
    auto at = months.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random() % months.size()));
    const Month month = *at;
    MonthOptions options;
    options.with_held = true;
    const v1::TeamMonth before =
        ComputeMonth(team.log.rows(), kHolder, month, options);
    for (const AuthorId& author : team.phones()) {
      for (const v1::EventStanding& standing :
           StandingsOf(team.log.rows(), author, Sequence(1),
                       team.log.next_sequence(author))) {
        // Those of other months too: a task is done on whatever day.
        if (standing.standing() != v1::STANDING_HELD ||
            standing.local_date() == 0) {
          continue;
        }
        ++decided;
        const Sequence sequence(standing.sequence());
        // One that spans months is decided into this one, or into its last.
        Month into;
        if (standing.reason() == v1::STANDING_REASON_TWO_MONTHS) {
          into = CouldCountIn(standing, month)
                     ? month
                     : Month::Of(Date(standing.local_date()));
        }
        ASSERT_TRUE(team.Decide(author, sequence, sequence, true, into.yyyymm)
                        .effective());
      }
    }
    const v1::TeamMonth after = GetMonth(team.log.rows(), kHolder, month);
    ASSERT_EQ(before.SerializeAsString(), after.SerializeAsString())
        << month.yyyymm << "\ncomputed before:\n"
        << before.DebugString() << "row after:\n"
        << after.DebugString();
  }
  EXPECT_GT(decided, 10) << "nothing was held: the test tests little";
}

TEST(MonthPropertyTest, WithoutWhatCameLateItIsTheRowBeforeTheDeadline) {
  std::mt19937_64 random = SeededRandom();
  std::int64_t late = 0;
  for (int round = 0; round < 12; ++round) {
    ActivityLog team;
    const AuthorId other = team.log.EnrolPhone(
        "other", kOperator, TeamId(kTeam), MemberId(kMember));
    const Date deadline(Day("2023-07-06"));
    v1::TeamMonth row;
    for (int day = 0; day < 20; ++day) {
      team.log.SetTime(
          Instant(At("2023-06-26T08:00:00+07:00").ms + day * kDayMs));
      if (TimeZone::VietNam().DateOf(team.log.now()) == deadline) {
        row = team.MonthOf(202306);
      }
      for (const AuthorId& author : {team.phone, other}) {
        std::vector<v1::Event> events;
        for (std::size_t i = 1 + random() % 4; i > 0; --i) {
          events.push_back(Reported(
              Instant(At("2023-06-20T08:00:00+07:00").ms +
                      static_cast<std::int64_t>(random() % 5) * kDayMs +
                      static_cast<std::int64_t>(random() % 8) * 240'000)));
          FillRandomActivity(random, &events.back());
        }
        team.Send(author, std::move(events));
      }
    }
    MonthOptions options;
    options.late_deadline = deadline;
    std::int64_t left_out = 0;
    const v1::TeamMonth computed = ComputeMonth(
        team.log.rows(), kHolder, Month(202306), options, &left_out);
    ASSERT_EQ(computed.SerializeAsString(), row.SerializeAsString())
        << computed.DebugString() << "before the deadline:\n"
        << row.DebugString();
    late += left_out;
  }
  EXPECT_GT(late, 20);
}

}  // namespace
}  // namespace thon
