// What the fleet lives is a function of its seed, and is what the demo
// promises.
//
// Method: the demo's numbers of phones, every day of every plan.

#include "tools/fleet/plan.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace thon::fleet {
namespace {

constexpr std::size_t kTeams = 1356;
constexpr std::size_t kOrganisations = 18;

std::vector<Holder> DemoHolders() {
  std::vector<Holder> holders;
  for (std::size_t i = 1; i <= kTeams; ++i) {
    Holder holder;
    holder.team_id = i;
    holder.member_id = 20'000 + i;
    holder.village_id = 10'000 + i;
    holder.code = absl::StrCat("T", i);
    holders.push_back(holder);
  }
  for (std::size_t i = 1; i <= kOrganisations; ++i) {
    Holder holder;
    holder.organisation_id = i;
    holder.code = absl::StrCat("O", i);
    holders.push_back(holder);
  }
  return holders;
}

PlanOptions DemoOptions(std::uint64_t seed) {
  PlanOptions options;
  options.seed = seed;
  options.from = Date::Of(2023, 6, 1);
  options.to = Date::Of(2023, 12, 31);
  return options;
}

// What a phone's days come to.
struct Life {
  int enrolments = 0;
  int syncs = 0;
  std::size_t events = 0;
  int longest_absence = 0;
  std::set<std::int32_t> months_updated;
  std::string bytes;  // Of everything it records, in order.
};

Life LifeOf(const Plan& plan, std::size_t phone) {
  Life life;
  Date last_sync;
  for (Date day = plan.first_day(); day <= plan.last_day(); day = day.Next()) {
    const std::vector<Task> tasks = plan.TasksOf(phone, day);
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const Task& task = tasks[i];
      EXPECT_TRUE(i == 0 || tasks[i - 1].at <= task.at);
      EXPECT_EQ(TimeZone::VietNam().DateOf(task.at), day);
      if (task.kind == Task::Kind::kEnrol) ++life.enrolments;
      if (task.kind == Task::Kind::kSync) {
        ++life.syncs;
        if (last_sync != Date()) {
          life.longest_absence =
              std::max(life.longest_absence, day.days - last_sync.days);
        }
        last_sync = day;
      }
      EXPECT_NE(task.events.empty(), task.kind == Task::Kind::kRecord);
      for (const v1::Event& event : task.events) {
        ++life.events;
        life.bytes += event.SerializeAsString();
        if (event.has_monthly_update_submitted()) {
          life.months_updated.insert(
              event.monthly_update_submitted().period_month());
        }
      }
    }
  }
  return life;
}

TEST(PlanTest, TheDemosFleetIsLargeEnough) {
  const Plan plan(DemoOptions(1), DemoHolders());
  std::size_t events = 0;
  int longest_absence = 0;
  for (std::size_t phone = 0; phone < plan.phone_count(); ++phone) {
    const Life life = LifeOf(plan, phone);
    const bool clone = plan.OriginalOf(phone) != phone;
    EXPECT_EQ(life.enrolments, clone ? 0 : 1);
    EXPECT_GE(life.syncs, 1);
    events += life.events;
    longest_absence = std::max(longest_absence, life.longest_absence);
  }
  EXPECT_GE(plan.phone_count(), kTeams + kOrganisations + 1);
  EXPECT_GE(events, 200'000u);
  EXPECT_GE(longest_absence, 49);
}

TEST(PlanTest, OrganisationsSubmitEveryMonth) {
  const Plan plan(DemoOptions(1), DemoHolders());
  for (std::size_t i = kTeams; i < kTeams + kOrganisations; ++i) {
    EXPECT_EQ(LifeOf(plan, i).months_updated,
              (std::set<std::int32_t>{202306, 202307, 202308, 202309, 202310,
                                      202311, 202312}));
  }
}

TEST(PlanTest, TheSeedDecidesEverything) {
  const Plan one(DemoOptions(7), DemoHolders());
  const Plan same(DemoOptions(7), DemoHolders());
  const Plan other(DemoOptions(8), DemoHolders());
  ASSERT_EQ(one.phone_count(), same.phone_count());
  for (std::size_t phone = 0; phone < one.phone_count(); phone += 97) {
    EXPECT_EQ(LifeOf(one, phone).bytes, LifeOf(same, phone).bytes);
    EXPECT_NE(LifeOf(one, phone).bytes, LifeOf(other, phone).bytes);
  }
}

TEST(PlanTest, ACloneBeginsTheDayAfterItWasCopied) {
  const Plan plan(DemoOptions(1), DemoHolders());
  std::map<std::size_t, Date> copied;
  for (std::size_t phone = 0; phone < kTeams + kOrganisations; ++phone) {
    for (Date day = plan.first_day(); day <= plan.last_day();
         day = day.Next()) {
      for (const Task& task : plan.TasksOf(phone, day)) {
        if (task.kind != Task::Kind::kClone) continue;
        EXPECT_EQ(plan.OriginalOf(task.clone), phone);
        copied[task.clone] = day;
      }
    }
  }
  EXPECT_EQ(copied.size(), plan.clone_count());
  for (const auto& [clone, day] : copied) {
    for (Date d = plan.first_day(); d <= day; d = d.Next()) {
      EXPECT_TRUE(plan.TasksOf(clone, d).empty());
    }
    EXPECT_GT(LifeOf(plan, clone).events, 0u);
  }
}

TEST(PlanTest, ACodesFileThatMakesNoSenseIsRefusedByLine) {
  const std::string path = ::testing::TempDir() + "/thon_fleet_codes.csv";
  const auto read = [&](const std::string& text) {
    std::ofstream(path) << text;
    return ReadCodes(path);
  };
  const auto good =
      read("team_id,member_id,organisation_id,code\n1,2,,AB\n,,3,CD\n");
  ASSERT_TRUE(good.ok()) << good.status();
  ASSERT_EQ(good->size(), 2u);
  EXPECT_EQ((*good)[0].member_id, 2u);
  EXPECT_EQ((*good)[1].organisation_id, 3u);
  EXPECT_EQ((*good)[1].code, "CD");

  for (const char* bad :
       {"team_id,code\n1,A\nx,B\n", "team_id,code\n1,A\n2\n",
        "team_id,code\n1,A\n,B\n", "team_id,code\n1,A\n2,\n"}) {
    const auto refused = read(bad);
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_NE(refused.status().message().find(":3:"), absl::string_view::npos)
        << refused.status();
  }
  EXPECT_FALSE(read("team_id,code\n").ok());
  EXPECT_FALSE(ReadCodes("/does/not/exist").ok());
}

}  // namespace
}  // namespace thon::fleet
