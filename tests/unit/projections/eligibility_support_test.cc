// Goal: top-ups, mobilisations, other support, decisions of held months and
// rules of transition take effect where they may, are refused with the place
// and the figure where not, and nobody is paid twice. Method: commands in a
// made log, folded; every row is explained again from the rows at the end.
#include <algorithm>
#include <vector>

#include "server/policy/policy_yaml.h"
#include "server/projections/command_check.h"
#include "server/projections/simulate.h"
#include "tests/support/seed.h"
#include "tests/unit/projections/support_fixture.h"

namespace thon {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kPrecondition = v1::COMMAND_FAILURE_PRECONDITION;
constexpr auto kMalformed = v1::COMMAND_FAILURE_MALFORMED;

TEST_F(SupportTest, ATopUpKeepsTheCeilingForBothToTheDong) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // T33
  ASSERT_TRUE(PublishSmall("A", PerMonth(300'000) +
                                    "top_up: {total_max_percent: 200, source: "
                                    "S}\n")
                  .effective());
  EXPECT_THAT(made_.log.Submit(TopUp("A", 300'001)),
              LostBy(kPrecondition, "300.001"));
  EXPECT_THAT(made_.log.Submit(TopUp("A", 300'001)),
              LostBy(kPrecondition, "top_up.total_max_percent"));
  const v1::CommandOutcome accepted = made_.log.Submit(TopUp("A", 300'000));
  ASSERT_TRUE(accepted.effective()) << accepted.detail();
  EXPECT_EQ(Of("A", 7).amount_vnd(), 600'000);
  EXPECT_EQ(Of("A", 7).top_up_vnd(), 300'000);
  EXPECT_THAT(Of("A", 7).reasons(), Contains(v1::REASON_CODE_TOPPED_UP));
  EXPECT_EQ(Of("A", 8).amount_vnd(), 300'000);  // Another commune.
  ExpectComplete({"A"}, {7, 8}, 202306);
}

TEST_F(SupportTest, ATopUpNeedsAPolicyThatAllowsItAndACommuneOfItsTerritory) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  EXPECT_THAT(made_.log.Submit(TopUp("A", 1)),
              LostBy(kPrecondition, "not published"));
  ASSERT_TRUE(PublishSmall("A", PerMonth(300'000)).effective());
  EXPECT_THAT(made_.log.Submit(TopUp("A", 1)),
              LostBy(kPrecondition, "allows no top-up"));
  ASSERT_TRUE(
      PublishSmall("B", PerMonth(300'000) +
                            "top_up: {total_max_vnd: 600000, source: S}\n")
          .effective());
  EXPECT_THAT(made_.log.Submit(TopUp("B", 1, kVillage)),
              LostBy(kPrecondition, "not a commune"));
  EXPECT_THAT(made_.log.Submit(TopUp("B", 1, kPhoLu)),
              LostBy(kPrecondition, "territory"));
  v1::Event months = TopUp("B", 1);
  months.mutable_top_up_approved()->set_first_month(202313);
  EXPECT_EQ(made_.log.Submit(months).failure(), kMalformed);
  v1::Event later = TopUp("B", 1);
  later.mutable_top_up_approved()->set_first_month(202401);
  later.mutable_top_up_approved()->set_last_month(202412);
  EXPECT_THAT(made_.log.Submit(later),
              LostBy(kPrecondition, "none of these months"));
}

constexpr char kPerDay[] =
    "amount:\n"
    "  - {per: person_day, vnd: 150000, source: S}\n"
    "  - {per: person_night, vnd: 200000, up_to: true, source: S}\n";

TEST_F(SupportTest, MobilisationsPayByPersonDayAndNightUntilTheyAreVoid) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  ASSERT_TRUE(PublishSmall("A", kPerDay).effective());
  EXPECT_EQ(Of("A", 7).amount_vnd(), 0);
  EXPECT_THAT(Of("A", 7).reasons(), Contains(v1::REASON_CODE_NO_UNITS));
  const auto submit = [this](const v1::Event& event) {
    return made_.log.Submit(event);
  };
  v1::CommandOutcome outcome = submit(Mobilisation("A", 1, 4, 0));
  ASSERT_TRUE(outcome.effective()) << outcome.detail();
  EXPECT_EQ(Of("A", 7).amount_vnd(), 600'000);
  ASSERT_TRUE(
      submit(Mobilisation("A", 2, 3, 120'000, "2023-06-30", v1::SHIFT_NIGHT))
          .effective());
  EXPECT_EQ(Of("A", 7).amount_vnd(), 600'000 + 360'000);
  EXPECT_EQ(Of("A", 8).amount_vnd(), 0);
  EXPECT_THAT(submit(Mobilisation("A", 1, 4, 0)),
              LostBy(kPrecondition, "recorded already"));
  EXPECT_THAT(submit(Mobilisation("A", 3, 4, 1)),
              LostBy(kPrecondition, "rate_vnd must be 0"));
  EXPECT_THAT(submit(Mobilisation("A", 3, 4, 0, "2023-06-11", v1::SHIFT_NIGHT)),
              LostBy(kPrecondition, "rate_vnd is missing"));
  EXPECT_THAT(
      submit(Mobilisation("A", 3, 4, 200'001, "2023-06-11", v1::SHIFT_NIGHT)),
      LostBy(kPrecondition, "200.001"));
  EXPECT_THAT(submit(Mobilisation("A", 3, 4, 0, "2024-01-01")),
              LostBy(kPrecondition, "period"));
  EXPECT_EQ(submit(Mobilisation("A", 3, 0, 0)).failure(), kMalformed);
  EXPECT_EQ(submit(Mobilisation("A", 3, 100'001, 0)).failure(), kMalformed);
  v1::Event voided = made_.New();
  voided.mutable_mobilisation_voided()->set_mobilisation_id(1);
  EXPECT_EQ(submit(voided).failure(), kMalformed);  // Without a reason.
  voided = made_.New();
  voided.mutable_mobilisation_voided()->set_mobilisation_id(1);
  voided.mutable_mobilisation_voided()->set_reason("ghi nhầm");
  ASSERT_TRUE(submit(voided).effective());
  EXPECT_EQ(Of("A", 7).amount_vnd(), 360'000);
  voided.mutable_act()->set_idempotency_key("again");
  EXPECT_THAT(submit(voided), LostBy(kPrecondition, "void since"));
  ExpectComplete({"A"}, {7, 8}, 202306);
}

TEST_F(SupportTest, SupportFromOutsideIsLookedAtUntilItIsTakenBack) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  ASSERT_TRUE(PublishSmall("A", PerMonth(500'000) +
                                    "double_support: {rule: forbid, source: "
                                    "S}\n")
                  .effective());
  EXPECT_EQ(Of("A", 7).amount_vnd(), 500'000);
  EXPECT_THAT(made_.log.Submit(Outside(7, 202306, 202306, "", true)),
              LostBy(kPrecondition, "no support"));
  ASSERT_TRUE(
      made_.log.Submit(Outside(7, 202305, 202306, "Viettel")).effective());
  EXPECT_EQ(Of("A", 7).state(), kRejected);
  EXPECT_THAT(Of("A", 7).reasons(), Contains(v1::REASON_CODE_DOUBLE_SUPPORT));
  EXPECT_EQ(Of("A", 7, 202304).amount_vnd(), 500'000);
  ASSERT_TRUE(made_.log.Submit(Outside(7, 202306, 202306, "Viettel", true))
                  .effective());
  EXPECT_EQ(Of("A", 7).amount_vnd(), 500'000);
  EXPECT_EQ(Of("A", 7, 202305).state(), kRejected);
  EXPECT_EQ(made_.log.Submit(Outside(7, 202306, 202306, "")).failure(),
            kMalformed);
  ExpectComplete({"A"}, {7, 8}, 202306);
}

TEST_F(SupportTest, OfPoliciesThatForbidEachOtherTheOlderPays) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  const std::string forbid = "double_support: {rule: forbid, source: S}\n";
  // The older has the later name, so the order is not that of names.
  ASSERT_TRUE(PublishSmall("Z", PerMonth(500'000) + forbid).effective());
  ASSERT_TRUE(PublishSmall("A", PerMonth(700'000) + forbid).effective());
  EXPECT_EQ(Of("Z", 7).amount_vnd(), 500'000);
  EXPECT_EQ(Of("A", 7).state(), kRejected);
  EXPECT_EQ(Of("A", 7).other_policy_id(), "Z");
  // Where the older does not pay, the younger does.
  ASSERT_TRUE(
      made_.log.Submit(Suspend(7, "2023-06-10", "2023-06-12")).effective());
  EXPECT_EQ(Of("Z", 7).state(), kHeld);
  EXPECT_EQ(Of("A", 7).state(), kHeld);
  ASSERT_TRUE(made_.log.Submit(DecideMonth("Z", 7, 202306, false)).effective());
  ASSERT_TRUE(made_.log.Submit(DecideMonth("A", 7, 202306, true)).effective());
  EXPECT_EQ(Of("Z", 7).state(), kRejected);
  EXPECT_EQ(Of("A", 7).amount_vnd(), 700'000);
  // A change of the older's reaches the younger at the same entry.
  ASSERT_TRUE(made_.log.Submit(DecideMonth("Z", 7, 202306, true)).effective());
  EXPECT_EQ(Of("Z", 7).amount_vnd(), 500'000);
  EXPECT_EQ(Of("A", 7).state(), kRejected);
  ExpectComplete({"A", "Z"}, {7, 8}, 202306);
  // One that does not forbid comes before both.
  ASSERT_TRUE(PublishSmall("M", PerMonth(100'000)).effective());
  EXPECT_EQ(Of("M", 7, 202301).amount_vnd(), 100'000);
  EXPECT_EQ(Of("Z", 7, 202301).state(), kRejected);
  EXPECT_EQ(Of("Z", 7, 202301).other_policy_id(), "M");
  ExpectComplete({"A", "M", "Z"}, {7, 8}, 202306);
}

TEST_F(SupportTest, AVersionThatForbidsGoesBehindTheOlderThatDoes) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  const std::string forbid = "double_support: {rule: forbid, source: S}\n";
  ASSERT_TRUE(PublishSmall("Z", PerMonth(500'000) + forbid).effective());
  ASSERT_TRUE(PublishSmall("A", PerMonth(700'000)).effective());
  EXPECT_EQ(Of("Z", 7).state(), kRejected);
  std::string text = SmallPolicy("A", PerMonth(700'000) + forbid);
  text = Replaced(text, "version: 1\n",
                  "version: 2\neffective_from: 2023-05-01\n");
  ASSERT_TRUE(Publish(text, 2, "A").effective());
  EXPECT_EQ(Of("Z", 7, 202304).state(), kRejected);
  EXPECT_EQ(Of("A", 7, 202304).amount_vnd(), 700'000);
  EXPECT_EQ(Of("Z", 7, 202305).amount_vnd(), 500'000);
  EXPECT_EQ(Of("A", 7, 202305).state(), kRejected);
  ExpectComplete({"A", "Z"}, {7, 8}, 202306);
}

TEST_F(SupportTest, AHeldMonthIsDecidedOnceByWhoMayActThere) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // T20
  ASSERT_TRUE(PublishSmall("A", PerMonth(500'000)).effective());
  EXPECT_THAT(made_.log.Submit(DecideMonth("A", 7, 202306, true)),
              LostBy(kPrecondition, "not held"));
  ASSERT_TRUE(
      made_.log.Submit(Suspend(7, "2023-06-10", "2023-06-12")).effective());
  const Position seen = made_.log.last_position();
  ASSERT_EQ(Of("A", 7).state(), kHeld);
  ASSERT_TRUE(
      made_.log
          .Submit(made_.Grant(20, 20, v1::ROLE_OFFICER, kThacBa, "2023-01-01"))
          .effective());
  EXPECT_EQ(made_.log.Submit(DecideMonth("A", 7, 202306, true, 20)).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
  v1::Event silent = DecideMonth("A", 7, 202306, true);
  silent.mutable_held_decided()->clear_reason();
  EXPECT_EQ(made_.log.Submit(silent).failure(), kMalformed);
  ASSERT_TRUE(
      made_.log.Submit(DecideMonth("A", 7, 202306, true, kOperator, seen))
          .effective());
  EXPECT_EQ(Of("A", 7).amount_vnd(), 500'000);
  EXPECT_THAT(Of("A", 7).reasons(), Contains(v1::REASON_CODE_DECIDED_FOR));
  EXPECT_NE(Of("A", 7).decision_position(), 0u);
  EXPECT_EQ(
      made_.log.Submit(DecideMonth("A", 7, 202306, false, kOperator, seen))
          .failure(),
      v1::COMMAND_FAILURE_STALE);
  EXPECT_THAT(made_.log.Submit(DecideMonth("A", 7, 202306, true)),
              LostBy(kPrecondition, "decided so"));
  ASSERT_TRUE(made_.log.Submit(DecideMonth("A", 7, 202306, false)).effective());
  EXPECT_EQ(Of("A", 7).state(), kRejected);
  EXPECT_THAT(Of("A", 7).reasons(), Contains(v1::REASON_CODE_DECIDED_AGAINST));
  ExpectComplete({"A"}, {7, 8}, 202306);
}

TEST_F(SupportTest, AnOldActKeepsItsTerritoryByARuleOfTransition) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // T25
  ASSERT_TRUE(
      made_.log.Submit(made_.Village(kPhoLuVillage, kPhoLu)).effective());
  ASSERT_TRUE(made_.log.Submit(made_.Team(11, kPhoLuVillage)).effective());
  ASSERT_TRUE(PublishSmall("A", PerMonth(500'000)).effective());
  constexpr std::uint64_t kNewLaoCai = 1500;
  v1::UnitList list;
  AddUnit(&list, kNewLaoCai, v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_TINH, "15",
          "Tỉnh Lào Cai", 0);
  const v1::UnitList old_map = MapOf2023();
  for (const v1::UnitRecord& unit : old_map.units()) {
    if (unit.level() == v1::UNIT_LEVEL_PROVINCE) continue;
    *list.add_units() = unit;
    if (unit.level() == v1::UNIT_LEVEL_DISTRICT) {
      list.mutable_units(list.units_size() - 1)->set_parent_unit_id(kNewLaoCai);
    }
  }
  ASSERT_TRUE(made_.Import(list, "2023-08-01").effective());
  Go("2023-10-02");
  EXPECT_EQ(Of("A", 7, 202307).amount_vnd(), 500'000);
  EXPECT_EQ(Of("A", 7, 202308).state(), kHeld);
  const auto rule = [this](std::uint64_t from_unit, absl::string_view from,
                           absl::string_view to) {
    v1::Event event = made_.New();
    v1::TransitionRule* transition = event.mutable_transition_rule();
    transition->set_policy_id("A");
    transition->set_old_unit_id(from_unit);
    transition->set_new_unit_id(kNewLaoCai);
    transition->set_from_date(Day(from));
    if (!to.empty()) transition->set_to_date(Day(to));
    return made_.log.Submit(event);
  };
  EXPECT_THAT(rule(kLaoCai, "2023-08-01", ""),
              LostBy(kPrecondition, "did not issue"));
  ASSERT_TRUE(rule(kYenBai, "2023-08-01", "").effective());
  EXPECT_EQ(Of("A", 7, 202308).amount_vnd(), 500'000);
  EXPECT_EQ(Of("A", 7, 202310).amount_vnd(), 500'000);
  for (const int month : {202307, 202308, 202310}) {
    EXPECT_EQ(Of("A", 11, month).state(), v1::DETERMINATION_STATE_UNSPECIFIED);
  }
  // A newer rule speaks for the older.
  ASSERT_TRUE(rule(kYenBai, "2023-08-01", "2023-09-30").effective());
  EXPECT_EQ(Of("A", 7, 202309).amount_vnd(), 500'000);
  EXPECT_EQ(Of("A", 7, 202310).state(), kHeld);
  ExpectComplete({"A"}, {7, 8, 11}, 202310);
}

TEST_F(SupportTest, AMembersMonthFollowsTheRoster) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  ASSERT_TRUE(
      PublishSmall("A",
                   "amount: {per: member_month, vnd: 60000, members_on: "
                   "last_day_of_month, source: S}\n")
          .effective());
  EXPECT_EQ(Of("A", 7).amount_vnd(), 0);
  for (const std::uint64_t member : {71, 72, 73}) {
    ASSERT_TRUE(made_.log.Submit(made_.Member(member, 7)).effective());
  }
  EXPECT_EQ(Of("A", 7).amount_vnd(), 180'000);
  EXPECT_EQ(Of("A", 7, 202301).amount_vnd(), 180'000);
  v1::Event left = made_.New();
  left.mutable_member_left()->set_team_id(7);
  left.mutable_member_left()->set_member_id(72);
  left.mutable_member_left()->set_left_date(Day("2023-05-10"));
  ASSERT_TRUE(made_.log.Submit(left).effective());
  EXPECT_EQ(Of("A", 7, 202304).amount_vnd(), 180'000);
  EXPECT_EQ(Of("A", 7, 202305).amount_vnd(), 120'000);
  ExpectComplete({"A"}, {7, 8}, 202306);
}

TEST_F(SupportTest, OneTeamAVillageWhereAPolicySaysSo) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // HG-04
  const v1::CommandOutcome warned =
      made_.log.Submit(made_.Team(9, kVillage, "2023-05-01"));
  EXPECT_TRUE(warned.effective());
  EXPECT_THAT(warned.detail(), HasSubstr("two teams of one unit"));
  std::string text = SmallPolicy("A", PerMonth(500'000));
  text = Replaced(text, "tổ dân phố], source",
                  "tổ dân phố], one_team_per_unit: true, source");
  ASSERT_TRUE(Publish(text, 1, "A").effective());
  const v1::Event second = made_.Team(10, kVillage, "2023-05-01");
  std::vector<bool> there;
  CheckCommands({&second, 1}, On("2023-06-01"), made_.log.rows(), &made_.log,
                &there);
  EXPECT_THAT(there, ElementsAre(true));
  EXPECT_THAT(made_.log.Submit(second),
              LostBy(kPrecondition, "one_team_per_unit"));
  // Before the policy's period it says nothing.
  EXPECT_TRUE(made_.log.Submit(made_.Team(12, kThacBaVillage, "2022-12-01"))
                  .failure() != kMalformed);
  v1::Event commune_team = made_.Team(13, kVinhKien);
  commune_team.mutable_team_founded()->set_level(v1::UNIT_LEVEL_COMMUNE);
  EXPECT_TRUE(made_.log.Submit(commune_team).effective());
}

TEST_F(SupportTest, AVersionCannotBeginBeforeItsIssuer) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  v1::UnitList list = MapOf2023();
  AddUnit(&list, 1500, v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_TINH, "16",
          "Tỉnh Mới", 0);
  ASSERT_TRUE(made_.Import(list, "2023-05-01").effective());
  EXPECT_THAT(Publish(SmallPolicy("A", PerMonth(1)), 1, "A", 1500),
              LostBy(kPrecondition, "exists only from 2023-05-01"));
  // The map does not reach back: nothing speaks against an older act.
  const v1::CommandOutcome older =
      Publish(Replaced(SmallPolicy("B", PerMonth(1)), "from: 2023-01-01",
                       "from: 2022-06-01"),
              1, "B");
  EXPECT_TRUE(older.effective()) << older.detail();
}

TEST_F(SupportTest, ADraftIsTriedOverWhatIsRecordedAndPaysNothing) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // DN-01
  const std::string draft = SmallPolicy("A", PerMonth(1'500'000), "DRAFT");
  ASSERT_TRUE(Publish(draft, 1, "A").effective());
  EXPECT_EQ(Of("A", 7).amount_vnd(), 0);
  EXPECT_THAT(Of("A", 7).reasons(), Contains(v1::REASON_CODE_POLICY_DRAFT));
  const std::string before = made_.log.rows().Dump();
  SimulationRequest request;
  request.policy = ParsePolicy(draft, "A").policy;
  request.issuer = UnitId(kYenBai);
  request.first = Month(202305);
  request.last = Month(202308);  // Two of them have not begun.
  const auto simulation = Simulate(request, made_.log.rows());
  ASSERT_TRUE(simulation.ok()) << simulation.status();
  EXPECT_EQ(simulation->total_vnd, 4 * 2 * 1'500'000);
  ASSERT_EQ(simulation->sums.size(), 4u);
  EXPECT_EQ(simulation->sums[0].count(), 2);
  EXPECT_EQ(made_.log.rows().Dump(), before);
  // Funding is asked for unless it is assumed.
  request.policy.funding_required = true;
  EXPECT_EQ(Simulate(request, made_.log.rows())->total_vnd, 0);
  request.assume_funded = true;
  EXPECT_EQ(Simulate(request, made_.log.rows())->total_vnd, 12'000'000);
  request.last = Month(202506);
  EXPECT_EQ(Simulate(request, made_.log.rows()).status().code(),
            absl::StatusCode::kInvalidArgument);
  request.policy.has_period = false;
  request.first = request.last = Month();
  EXPECT_EQ(Simulate(request, made_.log.rows()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(SupportTest, HistoriesOfManyActsEndInRowsThatFollowFromTheFacts) {
  const std::vector<std::string> policies = {"A", "M", "P", "Y", "Z"};
  for (int round = 0; round < 6; ++round) {
    SCOPED_TRACE(round);
    std::mt19937_64 random = SeededRandom(static_cast<unsigned>(round));
    made_ = MadeLog();
    ASSERT_NO_FATAL_FAILURE(Begin());
    const std::string forbid = "double_support: {rule: forbid, source: S}\n";
    const std::string top_up = "top_up: {total_max_vnd: 900000, source: S}\n";
    const std::string texts[] = {
        SmallPolicy("A", PerMonth(400'000) + forbid + top_up),
        SmallPolicy("M", PerMonth(300'000) + top_up +
                             "conditions: {metric: M04, "
                             "at_least: 1, source: S}\n"),
        SmallPolicy("P", kPerDay + forbid),
        SmallPolicy("Y", PerMonth(700'000) + forbid +
                             "caps: {year_vnd: 3000000, source: S}\n"),
        SmallPolicy("Z", PerMonth(200'000) +
                             "double_support: {rule: forbid, with: [M], "
                             "source: S}\n")};
    std::vector<std::size_t> unpublished = {0, 1, 2, 3, 4};
    std::uint64_t next = 100;
    std::vector<std::string> published;
    for (int step = 0; step < 45; ++step) {
      const std::uint64_t team = 7 + random() % 2;
      const int month = 202301 + static_cast<int>(random() % 9);
      const std::string& any = policies[random() % policies.size()];
      switch (random() % 9) {
        case 0:
        case 1:
          if (unpublished.empty()) break;
          std::swap(unpublished[random() % unpublished.size()],
                    unpublished.back());
          published.push_back(policies[unpublished.back()]);
          ASSERT_TRUE(Publish(texts[unpublished.back()], 1, published.back())
                          .effective());
          unpublished.pop_back();
          break;
        case 2:
          made_.log.Submit(
              Suspend(team, absl::StrCat("2023-0", 1 + random() % 8, "-10"),
                      absl::StrCat("2023-0", 9, "-", 10 + random() % 20)));
          break;
        case 3:
          made_.log.Submit(
              Outside(team, month, month, "ngoài", random() % 3 == 0));
          break;
        case 4:
          made_.log.Submit(TopUp(any, static_cast<int>(random() % 300'000),
                                 team == 7 ? kVinhKien : kThacBa,
                                 random() % 2 == 0));
          break;
        case 5:
          made_.log.Submit(
              Mobilisation("P", ++next, 1 + static_cast<int>(random() % 5), 0,
                           absl::StrCat("2023-0", 1 + random() % 9, "-15"),
                           v1::SHIFT_DAY, team));
          break;
        case 6:
          made_.log.Submit(DecideMonth(any, team, month, random() % 2 == 0));
          break;
        case 7:
          if (random() % 4 != 0) break;  // It makes all months anew.
          made_.log.Submit(made_.Member(++next, team));
          break;
        default:
          Go(Date(TimeZone::VietNam().DateOf(made_.log.now()).days + 6).Iso());
          break;
      }
      if (random() % 10 == 0) made_.log.Restart();
      // What a later act makes anew must be right before it, too.
      if (!published.empty() && random() % 5 == 0) ExpectConsistent();
      if (HasFailure()) return;
    }
    if (published.empty()) continue;
    const int now =
        Month::Of(TimeZone::VietNam().DateOf(made_.log.now())).yyyymm;
    ExpectComplete(published, {7, 8}, std::min(now, 202312));
    MemoryRows again;
    Fold fold;
    FoldAgain(made_.log, fold, again);
    EXPECT_EQ(again.Dump(), made_.log.rows().Dump());
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace thon
