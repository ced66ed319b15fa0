// Goal: determinations follow every fact they rest on, at the entry that brings
// it, and the explanation gives the very row the fold wrote. Method: commands
// in a made log, folded; rows as of positions; every row explained again.
#include "server/projections/eligibility.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <tuple>
#include <vector>

#include "server/policy/explain.h"
#include "server/projections/row_keys.h"
#include "tests/unit/projections/map_maker.h"

namespace thon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kNotCovered = v1::DETERMINATION_STATE_NOT_COVERED;
constexpr auto kHeld = v1::DETERMINATION_STATE_HELD;
constexpr auto kUnfunded = v1::DETERMINATION_STATE_COVERED_UNFUNDED;
constexpr auto kProvisional = v1::DETERMINATION_STATE_PROVISIONAL;
constexpr char kYenBaiId[] = "YB-2023";
constexpr char kListId[] = "894/QĐ-UBND";
// A second village of Vĩnh Kiên, and one of Thác Bà and of Phố Lu.
constexpr std::uint64_t kVillage2 = 500002;
constexpr std::uint64_t kThacBaVillage = 500003;
constexpr std::uint64_t kPhoLuVillage = 500004;

std::string YenBaiText() {
  std::ifstream file(
      absl::StrCat(THON_SOURCE_DIR, "/deploy/policies/yen-bai-2023.yaml"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Replaced(std::string text, absl::string_view from,
                     absl::string_view to) {
  const std::size_t at = text.find(std::string(from));
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), std::string(to));
}

class EligibilityTest : public ::testing::Test {
 protected:
  v1::CommandOutcome Publish(const std::string& text, int version = 1,
                             absl::string_view id = kYenBaiId) {
    const Hash hash = made_.log.AppendDocument(text);
    v1::Event event = made_.New();
    v1::PolicyPublished* published = event.mutable_policy_published();
    published->set_policy_id(std::string(id));
    published->set_version(version);
    published->set_text_hash(std::string(hash.view()));
    published->set_issuer_unit_id(kYenBai);
    return made_.log.Submit(event);
  }

  static v1::RegistrationRow Listed(std::uint64_t commune,
                                    bool removed = false) {
    v1::RegistrationRow row;
    row.set_unit_id(commune);
    row.set_target(v1::REGISTRATION_TARGET_STANDARD);
    row.set_removed(removed);
    return row;
  }

  Hash ListDocument(const std::vector<v1::RegistrationRow>& rows) {
    v1::RegistrationList list;
    for (const v1::RegistrationRow& row : rows) *list.add_rows() = row;
    return made_.log.AppendDocument(list.SerializeAsString());
  }

  v1::CommandOutcome Approve(const std::vector<v1::RegistrationRow>& rows,
                             absl::string_view date = "2023-06-01") {
    const Hash hash = ListDocument(rows);
    v1::Event event = made_.New();
    v1::RegistrationListApproved* list =
        event.mutable_registration_list_approved();
    list->set_list_id(kListId);
    list->set_year(2023);
    list->set_effective_date(Day(date));
    list->set_retroactive(true);
    list->set_rows_hash(std::string(hash.view()));
    return made_.log.Submit(event);
  }

  v1::CommandOutcome Amend(const std::vector<v1::RegistrationRow>& rows,
                           absl::string_view date, bool retroactive) {
    const Hash hash = ListDocument(rows);
    v1::Event event = made_.New();
    v1::RegistrationListAmended* list =
        event.mutable_registration_list_amended();
    list->set_list_id(kListId);
    list->set_effective_date(Day(date));
    list->set_retroactive(retroactive);
    list->set_rows_hash(std::string(hash.view()));
    return made_.log.Submit(event);
  }

  v1::CommandOutcome Fund(const std::vector<std::uint64_t>& teams,
                          std::int64_t ceiling_vnd, bool retroactive = true,
                          int first_month = 202306) {
    v1::FundedTeams set;
    for (const std::uint64_t team : teams) set.add_team_ids(team);
    const Hash hash = made_.log.AppendDocument(set.SerializeAsString());
    v1::Event event = made_.New();
    v1::FundingApproved* funding = event.mutable_funding_approved();
    funding->set_policy_id(kYenBaiId);
    funding->set_first_month(first_month);
    funding->set_last_month(202312);
    funding->set_ceiling_vnd(ceiling_vnd);
    funding->set_teams_hash(std::string(hash.view()));
    funding->set_team_count(static_cast<std::int64_t>(teams.size()));
    funding->set_retroactive(retroactive);
    return made_.log.Submit(event);
  }

  v1::Event Organisation(std::uint64_t id, std::uint64_t unit) {
    v1::Event event = made_.New();
    v1::OrganisationRegistered* registered =
        event.mutable_organisation_registered();
    registered->set_organisation_id(id);
    registered->set_name(absl::StrCat("Sở ", id));
    registered->set_kind(v1::ORGANISATION_KIND_DEPARTMENT);
    registered->set_unit_id(unit);
    registered->set_registered_date(Day("2023-01-05"));
    return event;
  }

  // Map, teams 7 (Vĩnh Kiên, listed) and 8 (Thác Bà), policy and list; it is
  // 1 June 2023.
  void Begin() {
    ASSERT_NO_FATAL_FAILURE(made_.Settle());
    for (const v1::Event& event :
         {made_.Village(kThacBaVillage, kThacBa), made_.Team(8, kThacBaVillage),
          made_.Village(kVillage2, kVinhKien)}) {
      ASSERT_TRUE(made_.log.Submit(event).effective());
    }
    ASSERT_TRUE(Publish(YenBaiText()).effective());
    Go("2023-06-01");
    ASSERT_TRUE(Approve({Listed(kVinhKien)}).effective());
  }

  void Go(absl::string_view date) {
    made_.log.SetTime(At(absl::StrCat(date, "T09:00:00+07:00")));
  }

  // The last position before the day after `date` was opened.
  Position EndOf(absl::string_view date) {
    Position end;
    for (const auto& entry : made_.log.entries()) {
      for (const v1::Event& event : entry->batch.events()) {
        if (event.has_day_opened() &&
            event.day_opened().local_date() > Day(date)) {
          return end;
        }
      }
      end =
          Position(entry->trailer.first_position.value +
                   static_cast<std::uint64_t>(entry->batch.events_size()) - 1);
    }
    return end;
  }

  static v1::Determination Read(
      const RowReader& rows, std::uint64_t id, int month,
      v1::BeneficiaryKind kind = v1::BENEFICIARY_KIND_TEAM) {
    return GetRow<v1::Determination>(
               rows, Table::kDetermination,
               keys::Determination(kYenBaiId, Month(month), kind, id))
        .value_or(v1::Determination());
  }
  v1::Determination Row(std::uint64_t id, int month) {
    return Read(made_.log.rows(), id, month);
  }
  v1::DeterminationState State(std::uint64_t id, int month) {
    return Row(id, month).state();
  }
  std::int64_t Amount(std::uint64_t id, int month) {
    return Row(id, month).amount_vnd();
  }
  v1::ReasonCode Reason(std::uint64_t id, int month) {
    const v1::Determination row = Row(id, month);
    return row.reasons_size() == 0 ? v1::REASON_CODE_UNSPECIFIED
                                   : row.reasons(0);
  }

  std::int64_t Total() {
    std::int64_t total = 0;
    ScanRows<v1::Determination>(
        made_.log.rows(), Table::kDetermination, "",
        [&total](absl::string_view, const v1::Determination& row, Position) {
          total += row.amount_vnd();
          return true;
        });
    return total;
  }

  // Every row is what the engine says of the rows as they are, and a fold that
  // starts over comes to the same history.
  void ExpectConsistent() {
    int explained = 0;
    ScanRows<v1::Determination>(
        made_.log.rows(), Table::kDetermination, "",
        [&](absl::string_view key, const v1::Determination& row, Position) {
          keys::KeyView view(key);
          const std::string policy(view.Text());
          const Month month = view.YearMonth();
          const auto kind = static_cast<v1::BeneficiaryKind>(view.U8());
          const std::uint64_t id = view.U64();
          const auto again =
              ExplainDetermination(policy, kind, id, month, made_.log.rows());
          EXPECT_TRUE(again.ok()) << again.status();
          if (!again.ok()) return false;
          EXPECT_EQ(again->row.ShortDebugString(), row.ShortDebugString())
              << policy << " " << id << " " << month.Iso();
          EXPECT_GT(again->derivation.steps_size(), 0);
          ++explained;
          return true;
        });
    EXPECT_GT(explained, 0);
  }

  MadeLog made_;
};

TEST_F(EligibilityTest, AMonthIsDeterminedFromTheDayItOpens) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  EXPECT_EQ(State(7, 202306), kUnfunded);
  EXPECT_EQ(Reason(7, 202306), v1::REASON_CODE_NO_FUNDING_DECISION);
  EXPECT_EQ(Reason(8, 202306), v1::REASON_CODE_COMMUNE_NOT_REGISTERED);
  EXPECT_EQ(State(7, 202307), v1::DETERMINATION_STATE_UNSPECIFIED);
  Go("2023-06-30");
  EXPECT_EQ(State(7, 202307), v1::DETERMINATION_STATE_UNSPECIFIED);
  Go("2023-07-01");
  EXPECT_EQ(State(7, 202307), kUnfunded);
  Go("2024-02-01");
  EXPECT_EQ(State(7, 202312), kUnfunded);
  EXPECT_EQ(State(7, 202401), v1::DETERMINATION_STATE_UNSPECIFIED);
  ExpectConsistent();
}

TEST_F(EligibilityTest, ALateFundingDecisionReachesBackAndThePastStaysKnown) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // T16
  Go("2023-10-12");
  ASSERT_TRUE(Fund({7}, 3'500'000).effective());
  Go("2023-10-14");
  const auto before = made_.log.rows().At(EndOf("2023-09-30"));
  const auto day_before = made_.log.rows().At(EndOf("2023-10-11"));
  const auto after = made_.log.rows().At(EndOf("2023-10-13"));
  for (int month = 202306; month <= 202309; ++month) {
    EXPECT_EQ(Read(*before, 7, month).state(), kUnfunded);
    EXPECT_EQ(Read(*before, 7, month).amount_vnd(), 0);
  }
  EXPECT_EQ(Read(*before, 7, 202310).state(),
            v1::DETERMINATION_STATE_UNSPECIFIED);
  for (int month = 202306; month <= 202310; ++month) {
    EXPECT_EQ(Read(*day_before, 7, month).state(), kUnfunded);
    EXPECT_EQ(Read(*after, 7, month).state(), kProvisional);
    EXPECT_EQ(Read(*after, 7, month).amount_vnd(), 500'000);
  }
  EXPECT_THAT(Row(7, 202307).reasons(),
              ElementsAre(v1::REASON_CODE_COVERED,
                          v1::REASON_CODE_MISSING_MONTHLY_UPDATE,
                          v1::REASON_CODE_FUNDING_RETROACTIVE));
  EXPECT_THAT(Row(7, 202310).reasons(), ElementsAre(v1::REASON_CODE_COVERED));
  EXPECT_EQ(Read(*after, 7, 202311).state(),
            v1::DETERMINATION_STATE_UNSPECIFIED);
  ExpectConsistent();
}

TEST_F(EligibilityTest, ADecisionThatDoesNotReachBackLeavesEarlierMonths) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  Go("2023-10-12");
  ASSERT_TRUE(Fund({7}, 3'500'000, false).effective());
  EXPECT_EQ(State(7, 202309), kUnfunded);
  EXPECT_EQ(Amount(7, 202310), 500'000);
  ExpectConsistent();
}

TEST_F(EligibilityTest, AFundingDecisionBeforeItsPolicyIsTold) {
  ASSERT_NO_FATAL_FAILURE(made_.Settle());
  EXPECT_FALSE(Fund({7}, 3'500'000).effective());
  EXPECT_FALSE(made_.log.rows().Get(Table::kDetermination, "").has_value());
}

TEST_F(EligibilityTest, ATeamFoundedLaterIsCoveredAndNotInTheFundedSet) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // T13
  Go("2023-08-21");
  ASSERT_TRUE(
      made_.log.Submit(made_.Team(9, kVillage2, "2023-08-20")).effective());
  EXPECT_EQ(Reason(9, 202307), v1::REASON_CODE_TEAM_DID_NOT_EXIST);
  EXPECT_EQ(State(9, 202308), kUnfunded);
  Go("2023-10-12");
  ASSERT_TRUE(Fund({7}, 3'500'000).effective());
  EXPECT_EQ(State(9, 202308), kUnfunded);
  EXPECT_EQ(Reason(9, 202308), v1::REASON_CODE_NOT_IN_FUNDED_SET);
  EXPECT_EQ(Amount(7, 202308), 500'000);
  // An amending decision of its own adds it.
  ASSERT_TRUE(Fund({9}, 2'500'000).effective());
  EXPECT_EQ(Amount(9, 202308), 500'000);
  ExpectConsistent();
}

class AmendmentTest : public EligibilityTest,
                      public ::testing::WithParamInterface<bool> {};

TEST_P(AmendmentTest, TakesACommuneOffTheListAsFarBackAsItSays) {
  const bool retroactive = GetParam();
  ASSERT_NO_FATAL_FAILURE(Begin());  // T14
  Go("2023-10-05");
  ASSERT_TRUE(Fund({7}, 3'500'000).effective());
  ASSERT_TRUE(
      Amend({Listed(kVinhKien, true)}, "2023-09-01", retroactive).effective());
  Go("2023-11-02");
  EXPECT_EQ(Amount(7, 202308), 500'000);
  EXPECT_EQ(Amount(7, 202309), retroactive ? 0 : 500'000);
  EXPECT_EQ(Amount(7, 202310), retroactive ? 0 : 500'000);
  EXPECT_EQ(Amount(7, 202311), 0);
  EXPECT_EQ(Reason(7, 202311), v1::REASON_CODE_COMMUNE_NOT_REGISTERED);
  ExpectConsistent();
}

INSTANTIATE_TEST_SUITE_P(ReachingBackOrNot, AmendmentTest, ::testing::Bool());

TEST_F(EligibilityTest, ACommuneAddedInAMonthCountsFromTheNext) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // T15
  Go("2023-09-15");
  ASSERT_TRUE(Amend({Listed(kThacBa)}, "2023-09-15", false).effective());
  Go("2023-10-02");
  EXPECT_EQ(Reason(8, 202309), v1::REASON_CODE_COMMUNE_NOT_REGISTERED);
  EXPECT_EQ(State(8, 202310), kUnfunded);
  ExpectConsistent();
}

TEST_F(EligibilityTest, ASuspensionIsHeldWhereItIsPartial) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // T20
  Go("2023-10-12");
  ASSERT_TRUE(Fund({7}, 3'500'000).effective());
  v1::Event event = made_.New();
  event.mutable_team_suspended()->set_team_id(7);
  event.mutable_team_suspended()->set_from_date(Day("2023-08-10"));
  event.mutable_team_suspended()->set_to_date(Day("2023-09-20"));
  event.mutable_team_suspended()->set_reason("kiểm tra");
  ASSERT_TRUE(made_.log.Submit(event).effective());
  EXPECT_EQ(Amount(7, 202307), 500'000);
  EXPECT_EQ(State(7, 202308), kHeld);
  EXPECT_EQ(State(7, 202309), kHeld);
  EXPECT_EQ(Reason(7, 202309), v1::REASON_CODE_PARTLY_SUSPENDED);
  EXPECT_EQ(Amount(7, 202310), 500'000);
  ExpectConsistent();
}

TEST_F(EligibilityTest, AMergedTeamIsPaidUpToTheMonthBefore) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // T11
  ASSERT_TRUE(made_.log.Submit(made_.Team(9, kVillage2)).effective());
  Go("2023-08-15");
  ASSERT_TRUE(Fund({7, 9}, 7'000'000).effective());
  v1::Event event = made_.New();
  event.mutable_team_merged()->add_source_team_ids(7);
  event.mutable_team_merged()->add_source_team_ids(9);
  event.mutable_team_merged()->add_target_team_ids(7);
  event.mutable_team_merged()->set_effective_date(Day("2023-08-15"));
  ASSERT_TRUE(made_.log.Submit(event).effective());
  EXPECT_EQ(Amount(7, 202308), 500'000);
  EXPECT_EQ(Amount(9, 202307), 500'000);
  EXPECT_EQ(Amount(9, 202308), 0);
  EXPECT_EQ(Reason(9, 202308), v1::REASON_CODE_TEAM_DID_NOT_EXIST);
  ExpectConsistent();
}

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

TEST_F(EligibilityTest, AnOrganisationAndACommuneTeamAreNamedAndNotCovered) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  ASSERT_TRUE(made_.log.Submit(Organisation(70, kYenBai)).effective());
  ASSERT_TRUE(made_.log.Submit(Organisation(71, kBaoThang)).effective());
  v1::Event commune_team = made_.Team(10, kVinhKien);
  commune_team.mutable_team_founded()->set_level(v1::UNIT_LEVEL_COMMUNE);
  ASSERT_TRUE(made_.log.Submit(commune_team).effective());
  Go("2023-07-01");
  for (const int month : {202306, 202307}) {
    const v1::Determination row =
        Read(made_.log.rows(), 70, month, v1::BENEFICIARY_KIND_ORGANISATION);
    EXPECT_EQ(row.state(), kNotCovered);
    EXPECT_THAT(row.reasons(), ElementsAre(v1::REASON_CODE_NOT_A_TEAM));
    EXPECT_THAT(Row(10, month).reasons(),
                ElementsAre(v1::REASON_CODE_LEVEL_NOT_COVERED));
  }
  EXPECT_EQ(
      Read(made_.log.rows(), 71, 202306, v1::BENEFICIARY_KIND_ORGANISATION)
          .state(),
      v1::DETERMINATION_STATE_UNSPECIFIED);
  ExpectConsistent();
}

TEST_F(EligibilityTest, ATeamOfAnotherProvinceHasNoRowAndAnExplanation) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  ASSERT_TRUE(
      made_.log.Submit(made_.Village(kPhoLuVillage, kPhoLu)).effective());
  ASSERT_TRUE(made_.log.Submit(made_.Team(11, kPhoLuVillage)).effective());
  EXPECT_EQ(State(11, 202306), v1::DETERMINATION_STATE_UNSPECIFIED);
  const auto explained =
      ExplainDetermination(kYenBaiId, v1::BENEFICIARY_KIND_TEAM, 11,
                           Month(202306), made_.log.rows());
  ASSERT_TRUE(explained.ok());
  EXPECT_EQ(explained->row.reasons(0), v1::REASON_CODE_OUTSIDE_TERRITORY);
}

TEST_F(EligibilityTest, AVersionHoldsFromItsOwnDayWheneverItIsPublished) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  Go("2023-12-20");
  ASSERT_TRUE(Fund({7}, 100'000'000).effective());
  std::string text = Replaced(YenBaiText(), "version: 1\n",
                              "version: 2\neffective_from: 2023-09-01\n");
  text = Replaced(text, "vnd: 500000", "vnd: 600000");
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
  EXPECT_EQ(Reason(7, 202310), v1::REASON_CODE_OUTSIDE_PERIOD);
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
  EXPECT_FALSE(Publish(Replaced(YenBaiText(), "vnd: 500000", "vnd: 500000.5"))
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
  std::string text = Replaced(YenBaiText(), "vnd: 500000", "vnd: 700000");
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

TEST_F(EligibilityTest, AnUnknownPolicyPaysNothingAndIsNoError) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  const auto none = ExplainDetermination("HA-2023", v1::BENEFICIARY_KIND_TEAM,
                                         7, Month(202306), made_.log.rows());
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->row.state(), kNotCovered);
  EXPECT_THAT(none->row.reasons(), ElementsAre(v1::REASON_CODE_NO_POLICY));
  EXPECT_EQ(none->row.amount_vnd(), 0);
  EXPECT_EQ(ExplainDetermination(kYenBaiId, v1::BENEFICIARY_KIND_TEAM, 999,
                                 Month(202306), made_.log.rows())
                .status()
                .code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ExplainDetermination(kYenBaiId, v1::BENEFICIARY_KIND_TEAM, 7,
                                 Month(202313), made_.log.rows())
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(EligibilityTest, AMonthThatHasNotBegunIsExplainedAsSuch) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  const auto later = ExplainDetermination(kYenBaiId, v1::BENEFICIARY_KIND_TEAM,
                                          7, Month(202307), made_.log.rows());
  ASSERT_TRUE(later.ok());
  EXPECT_EQ(later->row.state(), v1::DETERMINATION_STATE_UNSPECIFIED);
  EXPECT_THAT(later->derivation.text_en(), HasSubstr("has not begun"));
}

TEST_F(EligibilityTest, AFoldThatStopsAnywhereGoesOnToTheSameRows) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  made_.log.Restart();
  Go("2023-08-02");
  made_.log.Restart();
  Go("2023-10-12");
  ASSERT_TRUE(Fund({7}, 1'700'000).effective());
  made_.log.Restart();
  Go("2023-11-07");
  MemoryRows again;
  Fold fold;
  FoldAgain(made_.log, fold, again);
  EXPECT_EQ(again.Dump(), made_.log.rows().Dump());
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
