// Goal: ceilings, caps, versions and thresholds come to the right đồng, and
// Yên Bái's 771 teams to 2,698,500,000. Method: as in eligibility_test.cc.
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/unit/projections/eligibility_fixture.h"

namespace thon {
namespace {

TEST_F(EligibilityTest, NothingIsPaidAboveTheCeilingByMonthThenTeam) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  ASSERT_TRUE(made_.log.Submit(made_.Team(9, kVillage2)).effective());
  Go("2023-08-12");
  // 1,700,000 is three team-months and a rest that fits none.
  ASSERT_TRUE(Fund({7, 9}, 1'700'000).effective());
  EXPECT_EQ(Amount(7, 202306), 500'000);
  EXPECT_EQ(Amount(9, 202306), 500'000);
  EXPECT_EQ(Amount(7, 202307), 500'000);
  EXPECT_EQ(Reason(9, 202307), v1::REASON_CODE_FUNDING_CEILING_REACHED);
  EXPECT_EQ(State(9, 202307), kUnfunded);
  EXPECT_EQ(Total(), 1'500'000);
  ExpectConsistent();
  // What becomes free goes to the next in order.
  v1::Event event = made_.New();
  event.mutable_team_suspended()->set_team_id(7);
  event.mutable_team_suspended()->set_from_date(Day("2023-06-01"));
  event.mutable_team_suspended()->set_to_date(Day("2023-06-30"));
  ASSERT_TRUE(made_.log.Submit(event).effective());
  EXPECT_EQ(Reason(7, 202306), v1::REASON_CODE_TEAM_SUSPENDED);
  EXPECT_EQ(Amount(9, 202307), 500'000);
  EXPECT_EQ(Total(), 1'500'000);
  Go("2023-12-31");
  EXPECT_EQ(Total(), 1'500'000);
  ExpectConsistent();
}

TEST_F(EligibilityTest, AVersionHoldsFromItsOwnDayWheneverItIsPublished) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  Go("2023-12-20");
  ASSERT_TRUE(Fund({7}, 100'000'000).effective());
  std::string text = Replaced(YenBaiText(), "version: 1\n",
                              "version: 2\neffective_from: 2023-09-01\n");
  text = Replaced(text, kAmountText, "vnd: 600000");
  text = text.substr(0, text.find("# Tự kiểm tra"));
  ASSERT_TRUE(Publish(text, 2).effective());
  EXPECT_EQ(Amount(7, 202308), 500'000);
  EXPECT_EQ(Row(7, 202308).policy_version(), 1);
  EXPECT_EQ(Amount(7, 202309), 600'000);
  EXPECT_EQ(Row(7, 202309).policy_version(), 2);
  EXPECT_EQ(Total(), 3 * 500'000 + 4 * 600'000);
  ExpectConsistent();
}

TEST_F(EligibilityTest, ASupersededPolicyPaysUpToItsEnd) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  Go("2023-12-20");
  ASSERT_TRUE(Fund({7}, 3'500'000).effective());
  v1::Event event = made_.New();
  event.mutable_policy_superseded()->set_policy_id(kYenBaiId);
  event.mutable_policy_superseded()->set_end_date(Day("2023-10-01"));
  ASSERT_TRUE(made_.log.Submit(event).effective());
  EXPECT_EQ(Amount(7, 202309), 500'000);
  EXPECT_EQ(Reason(7, 202310), v1::REASON_CODE_POLICY_ENDED);
  EXPECT_EQ(Total(), 2'000'000);
  ExpectConsistent();
}

TEST_F(EligibilityTest, APolicyPublishedLateGivesTheSameMoney) {
  ASSERT_NO_FATAL_FAILURE(made_.Settle());
  Go("2023-11-20");
  ASSERT_TRUE(Approve({Listed(kVinhKien)}).effective());
  ASSERT_TRUE(Publish(YenBaiText()).effective());
  EXPECT_EQ(State(7, 202306), kUnfunded);
  ASSERT_TRUE(Fund({7}, 3'500'000).effective());
  EXPECT_EQ(Total(), 6 * 500'000);
  ExpectConsistent();
}

TEST_F(EligibilityTest, ATextThatIsNoPolicyHasNoEffect) {
  ASSERT_NO_FATAL_FAILURE(made_.Settle());
  Go("2023-06-10");
  EXPECT_FALSE(Publish(Replaced(YenBaiText(), kAmountText, "vnd: 500000.5"))
                   .effective());
  EXPECT_FALSE(Publish(YenBaiText(), 2).effective());
  EXPECT_EQ(State(7, 202306), v1::DETERMINATION_STATE_UNSPECIFIED);
}

TEST_F(EligibilityTest, AThresholdFollowsTheMonthsActivity) {
  ASSERT_NO_FATAL_FAILURE(made_.Settle());
  ASSERT_TRUE(made_.log.Submit(made_.Member(21, 7)).effective());
  const AuthorId phone =
      made_.log.EnrolPhone("phone", kOperator, TeamId(7), MemberId(21));
  ASSERT_TRUE(Publish(YenBaiText() +
                      "conditions: {metric: M02, at_least: 2, source: S}\n")
                  .effective());
  Go("2023-06-01");
  ASSERT_TRUE(Approve({Listed(kVinhKien)}).effective());
  ASSERT_TRUE(Fund({7}, 3'500'000).effective());
  Go("2023-06-05");
  EXPECT_EQ(State(7, 202306), v1::DETERMINATION_STATE_REJECTED);
  EXPECT_EQ(Reason(7, 202306), v1::REASON_CODE_CONDITION_NOT_MET);
  // Where the phone heard the server's time, a minute before it recorded.
  for (const int hour : {1, 3}) {
    const Instant now(made_.log.now().ms + hour * 3'600'000);
    made_.log.SetTime(now);
    v1::Event event;
    event.set_team_id(7);
    event.set_member_id(21);
    event.set_wall_time_ms(now.ms - 60'000);
    event.set_monotonic_ms(hour * 3'600'000);
    event.set_boot(5);
    event.mutable_outreach_session()->set_topic(static_cast<v1::Topic>(1));
    event.mutable_outreach_session()->set_attendees(12);
    v1::Anchor anchor;
    anchor.set_server_time_ms(now.ms);
    anchor.set_monotonic_ms(hour * 3'600'000 + 60'000);
    anchor.set_boot(5);
    made_.log.Append(phone, {event}, anchor);
  }
  EXPECT_EQ(State(7, 202306), kProvisional) << Row(7, 202306).DebugString();
  ASSERT_EQ(Row(7, 202306).metrics_size(), 1);
  EXPECT_EQ(Row(7, 202306).metrics(0).numerator(), 2);
  const auto explained =
      ExplainDetermination(kYenBaiId, v1::BENEFICIARY_KIND_TEAM, 7,
                           Month(202306), made_.log.rows(), &made_.log);
  ASSERT_TRUE(explained.ok());
  int with_positions = 0;
  for (const v1::Derivation& step : explained->derivation.steps()) {
    if (step.rule() == "conditions") with_positions = step.positions_size();
  }
  EXPECT_EQ(with_positions, 2);
  ExpectConsistent();
}

TEST_F(EligibilityTest, AYearCapRunsThroughTheYearsMonths) {
  ASSERT_NO_FATAL_FAILURE(made_.Settle());  // T28
  std::string text = Replaced(YenBaiText(), kAmountText, "vnd: 700000");
  text = text.substr(0, text.find("# Tự kiểm tra"));
  ASSERT_TRUE(
      Publish(text + "caps: {year_vnd: 3000000, source: S}\n").effective());
  Go("2023-06-01");
  ASSERT_TRUE(Approve({Listed(kVinhKien)}).effective());
  ASSERT_TRUE(Fund({7}, 100'000'000).effective());
  Go("2023-12-01");
  EXPECT_EQ(Amount(7, 202309), 700'000);
  EXPECT_EQ(Amount(7, 202310), 200'000);
  EXPECT_EQ(Amount(7, 202311), 0);
  EXPECT_EQ(Total(), 3'000'000);
  // What an earlier month loses, a later one may have.
  v1::Event event = made_.New();
  event.mutable_team_suspended()->set_team_id(7);
  event.mutable_team_suspended()->set_from_date(Day("2023-06-01"));
  event.mutable_team_suspended()->set_to_date(Day("2023-06-30"));
  ASSERT_TRUE(made_.log.Submit(event).effective());
  EXPECT_EQ(Amount(7, 202310), 700'000);
  EXPECT_EQ(Amount(7, 202311), 200'000);
  EXPECT_EQ(Total(), 3'000'000);
  ExpectConsistent();
}

// The province of 2023 with all its teams, in three communes.
class ProvinceTest : public EligibilityTest {
 protected:
  static constexpr int kSupported = 771;
  static constexpr int kOthers = 585;
  static constexpr int kOrganisations = 18;
  static constexpr std::uint64_t kFirstVillage = 600000;

  void Settle() {
    ASSERT_TRUE(made_.Import(MapOf2023(), "2023-01-01").effective());
    v1::FactList facts;
    for (int i = 1; i <= kSupported + kOthers; ++i) {
      const std::uint64_t village = kFirstVillage + static_cast<unsigned>(i);
      *facts.add_facts() = made_.Village(
          village, i <= kSupported ? kVinhKien : kThacBa, "2023-01-01");
      *facts.add_facts() = made_.Team(static_cast<unsigned>(i), village);
    }
    for (int i = 1; i <= kOrganisations; ++i) {
      *facts.add_facts() = Organisation(static_cast<unsigned>(i), kYenBai);
    }
    for (v1::Event& fact : *facts.mutable_facts()) fact.clear_act();
    const v1::CommandOutcome outcome = made_.ImportFacts(facts);
    ASSERT_TRUE(outcome.effective()) << outcome.DebugString();
  }

  // Count and sum by (month, kind, state, reason).
  using Key = std::tuple<int, int, v1::DeterminationState, v1::ReasonCode>;
  std::map<Key, std::pair<int, std::int64_t>> Sums(const RowReader& rows) {
    std::map<Key, std::pair<int, std::int64_t>> sums;
    ScanRows<v1::Determination>(
        rows, Table::kDetermination, "",
        [&sums](absl::string_view key, const v1::Determination& row, Position) {
          keys::KeyView view(key);
          view.Text();
          const int month = view.YearMonth().yyyymm;
          auto& [count, vnd] =
              sums[{month, view.U8(), row.state(), row.reasons(0)}];
          ++count;
          vnd += row.amount_vnd();
          return true;
        });
    return sums;
  }
};

TEST_F(ProvinceTest, YenBaiPays771TeamsSevenMonthsToTheDong) {
  ASSERT_NO_FATAL_FAILURE(Settle());
  ASSERT_TRUE(Publish(YenBaiText()).effective());
  Go("2023-06-01");
  ASSERT_TRUE(Approve({Listed(kVinhKien)}).effective());
  Go("2023-10-12");
  std::vector<std::uint64_t> funded;
  for (int i = 1; i <= kSupported; ++i) {
    funded.push_back(static_cast<unsigned>(i));
  }
  ASSERT_TRUE(Fund(funded, 2'698'500'000).effective());
  Go("2024-01-02");

  using Sum = std::pair<int, std::int64_t>;
  const auto check = [this](absl::string_view date, int last_month,
                            v1::DeterminationState state, v1::ReasonCode reason,
                            std::int64_t month_vnd) {
    const auto sums = Sums(*made_.log.rows().At(EndOf(date)));
    std::map<Key, Sum> expected;
    for (int month = 202306; month <= last_month; ++month) {
      expected[{month, 1, state, reason}] = {kSupported, month_vnd};
      expected[{month, 1, kNotCovered,
                v1::REASON_CODE_COMMUNE_NOT_REGISTERED}] = {kOthers, 0};
      expected[{month, 2, kNotCovered, v1::REASON_CODE_NOT_A_TEAM}] = {
          kOrganisations, 0};
    }
    EXPECT_EQ(sums, expected) << date;
  };
  check("2023-09-30", 202309, kUnfunded, v1::REASON_CODE_NO_FUNDING_DECISION,
        0);
  check("2023-10-11", 202310, kUnfunded, v1::REASON_CODE_NO_FUNDING_DECISION,
        0);
  check("2023-10-13", 202310, kProvisional, v1::REASON_CODE_COVERED,
        385'500'000);
  check("2024-01-02", 202312, kProvisional, v1::REASON_CODE_COVERED,
        385'500'000);
  EXPECT_EQ(Total(), 2'698'500'000);
}

}  // namespace
}  // namespace thon
