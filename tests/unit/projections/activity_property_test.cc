// For TRUSTED events, what a team did does not depend on how its phones were
// heard: not on how each chain was cut into batches, on how the phones' batches
// were mixed, nor on when an office's acts came between them.
//
// Method: four phones of two teams record a random month each: sessions that
// another phone reports too, visits to few households, claims, absurd counts,
// unknown members, wrong wall clocks, corrections. The chains are recorded in
// the clean order, one phone after the other in whole batches, and in random
// orders and cuts; the officers' acts come at random moments. All give the same
// days, months, households, tasks and standings. Rerun with THON_SEED.

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/seed.h"
#include "tests/unit/projections/random_activity.h"

namespace thon {
namespace {

constexpr std::uint64_t kOtherTeam = 8;
constexpr int kPhones = 4;

using Chain = std::vector<v1::Event>;

std::uint64_t TeamOf(int phone) { return phone < 2 ? kTeam : kOtherTeam; }

v1::Event RandomEvent(std::mt19937_64& random, int phone, std::size_t number) {
  const std::uint64_t team = TeamOf(phone);
  // Days of June at few times of day: phones meet.
  const Instant when(At("2023-06-01T08:00:00+07:00").ms +
                     static_cast<std::int64_t>(random() % 12) * 86'400'000 +
                     static_cast<std::int64_t>(random() % 40) * 240'000);
  const std::uint64_t members[] = {kMember, kOtherMember, 73};
  v1::Event event = Reported(when, team, members[random() % 3]);
  FillRandomActivity(random, &event);
  switch (random() % 10) {
    case 0:
      event.mutable_monthly_update_submitted()->set_period_month(202306);
      break;
    case 1:
      if (number > 1) {
        v1::CorrectionIssued* issued = event.mutable_correction_issued();
        issued->set_target_sequence(1 + random() % (number - 1));
        issued->set_kind(v1::CORRECTION_KIND_VOID);
        if (random() % 2 == 0) {
          issued->set_kind(v1::CORRECTION_KIND_AMEND);
          FillRandomActivity(random, issued->mutable_amended());
        }
      }
      break;
    default:
      break;
  }
  if (random() % 8 == 0) {
    event.set_claimed_date(TimeZone::VietNam().DateOf(when).days -
                           static_cast<int>(random() % 10));
  }
  if (random() % 8 == 0) event.set_wall_time_ms(0);
  return event;
}

class OrderTest : public ::testing::Test {
 protected:
  // One log: the phones' chains and the office's acts in some order.
  struct Run {
    Run() {
      log.log.Submit(log.Village(kVillage + 1, kThacBa));
      log.log.Submit(log.Team(kOtherTeam, kVillage + 1));
      log.log.Submit(log.Member(kMember, kOtherTeam));
      log.log.Submit(log.Member(kOtherMember, kOtherTeam));
      for (int phone = 0; phone < kPhones; ++phone) {
        phones.push_back(log.log.EnrolPhone(absl::StrCat("p", phone), kOperator,
                                            TeamId(TeamOf(phone)),
                                            MemberId(kMember)));
      }
      log.log.SetTime(At("2023-06-20T08:00:00+07:00"));
    }
    ActivityLog log;
    std::vector<AuthorId> phones;
  };

  static void Act(int act, Run* run) {
    v1::Event event;
    switch (act) {
      case 0:
        event = run->log.Member(73, kTeam, "2023-06-04");
        break;
      case 1:
        event = run->log.New();
        event.mutable_team_suspended()->set_team_id(kTeam);
        event.mutable_team_suspended()->set_from_date(Day("2023-06-06"));
        event.mutable_team_suspended()->set_to_date(Day("2023-06-07"));
        break;
      case 2:
        event = run->log.New();
        event.set_unit_id(kVinhKien);  // A task of its one team.
        event.mutable_plan_assigned()->set_task_id(1);
        event.mutable_plan_assigned()->set_due_date(Day("2023-06-09"));
        break;
      case 3:
        event = run->log.New();
        event.set_team_id(kTeam);
        event.mutable_plan_assigned()->set_task_id(2);
        event.mutable_plan_assigned()->set_due_date(Day("2023-07-09"));
        break;
      default:
        event = run->log.New();
        event.mutable_team_dissolved()->set_team_id(kOtherTeam);
        event.mutable_team_dissolved()->set_dissolved_date(Day("2023-06-10"));
    }
    ASSERT_TRUE(run->log.log.Submit(event).effective()) << act;
  }
  static constexpr int kActs = 5;

  static std::map<std::string, std::string> Outcome(const Run& run) {
    std::map<std::string, std::string> outcome;
    for (const Table table :
         {Table::kActivityDay, Table::kTeamMonth, Table::kHousehold,
          Table::kOverride, Table::kTask}) {
      run.log.log.rows().Scan(
          table, "", "", [&](absl::string_view key, const RowVersion& row) {
            std::string value = row.value;
            if (table == Table::kOverride) {
              v1::EventOverride decided;
              decided.ParseFromString(value);
              decided.clear_correction_position();
              value = decided.SerializeAsString();
            } else if (table == Table::kTask) {
              v1::TaskRow task;
              task.ParseFromString(value);
              if (task.assigned_position() != 0) task.set_assigned_position(1);
              value = task.SerializeAsString();
            }
            outcome[absl::StrCat(static_cast<int>(table), " ", key)] = value;
            return true;
          });
    }
    for (const AuthorId& phone : run.phones) {
      for (v1::EventStanding& standing :
           StandingsOf(run.log.log.rows(), phone, Sequence(1),
                       run.log.log.next_sequence(phone))) {
        standing.clear_position();
        outcome[absl::StrCat("standing ", phone.Hex(), " ",
                             standing.sequence())] = standing.DebugString();
      }
    }
    return outcome;
  }

  std::map<std::string, std::string> Clean() {
    Run run;
    for (int act = 0; act < kActs; ++act) Act(act, &run);
    for (int phone = 0; phone < kPhones; ++phone) {
      run.log.Send(run.phones[phone], chains_[phone]);
    }
    return Outcome(run);
  }

  std::map<std::string, std::string> Mixed(std::mt19937_64& random) {
    Run run;
    std::vector<std::size_t> sent(kPhones, 0);
    std::vector<int> acts = {0, 1, 2, 3, 4};
    while (true) {
      std::vector<int> pending;
      for (int phone = 0; phone < kPhones; ++phone) {
        if (sent[phone] < chains_[phone].size()) pending.push_back(phone);
      }
      if (pending.empty() && acts.empty()) break;
      if (!acts.empty() && (pending.empty() || random() % 12 == 0)) {
        const std::size_t i = random() % acts.size();
        Act(acts[i], &run);
        acts.erase(acts.begin() + static_cast<std::ptrdiff_t>(i));
        continue;
      }
      const int phone = pending[random() % pending.size()];
      const std::size_t count = std::min<std::size_t>(
          chains_[phone].size() - sent[phone], 1 + random() % 9);
      const auto begin =
          chains_[phone].begin() + static_cast<std::ptrdiff_t>(sent[phone]);
      run.log.Send(run.phones[phone],
                   {begin, begin + static_cast<std::ptrdiff_t>(count)});
      sent[phone] += count;
    }
    return Outcome(run);
  }

  std::vector<Chain> chains_;
};

TEST_F(OrderTest, AnyOrderAndAnyCutGiveTheSameOutcome) {
  std::mt19937_64 random = SeededRandom();
  for (int round = 0; round < 12; ++round) {
    chains_.assign(kPhones, {});
    for (int phone = 0; phone < kPhones; ++phone) {
      for (std::size_t i = 0; i < 40; ++i) {
        chains_[phone].push_back(RandomEvent(random, phone, i + 1));
      }
    }
    const std::map<std::string, std::string> clean = Clean();
    ASSERT_GT(clean.size(), 50u);
    for (int order = 0; order < 4; ++order) {
      const std::map<std::string, std::string> mixed = Mixed(random);
      for (const auto& [key, value] : clean) {
        const auto it = mixed.find(key);
        ASSERT_TRUE(it != mixed.end()) << key << "\n" << value;
        ASSERT_EQ(it->second, value) << key;
      }
      ASSERT_EQ(mixed.size(), clean.size());
    }
  }
}

}  // namespace
}  // namespace thon
