// Commands about money: lists, funding and policies rest on documents and on
// the map, and only those may record them whom they concern.
//
// Method: the commands are recorded in a made log by officers of different
// places; outcomes are compared with what the officer must be told.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/core/limits.h"
#include "server/core/text.h"
#include "server/projections/command_check.h"
#include "server/projections/documents.h"
#include "server/projections/grants.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "tests/unit/projections/acts_fixture.h"

namespace thon {
namespace {

// Money: what rests on documents and on the map.

TEST_F(ActsTest, AListNamesCommunesOfTheMapOnce) {
  v1::RegistrationList list;
  list.add_rows()->set_unit_id(kVinhKien);
  list.mutable_rows(0)->set_target(v1::REGISTRATION_TARGET_STANDARD);
  const auto submit = [&] {
    const Hash hash = made_.log.AppendDocument(list.SerializeAsString());
    v1::Event event = made_.New();
    v1::RegistrationListApproved* approved =
        event.mutable_registration_list_approved();
    approved->set_list_id("894/QĐ-UBND");
    approved->set_year(2023);
    approved->set_effective_date(Day("2023-06-01"));
    approved->set_rows_hash(std::string(hash.view()));
    return made_.log.Submit(event);
  };
  *list.add_rows() = list.rows(0);
  EXPECT_THAT(submit(), LostBy(v1::COMMAND_FAILURE_PRECONDITION,
                               "row 2: unit 4771 is listed twice"));
  list.mutable_rows(1)->set_unit_id(kYenBinh);
  EXPECT_THAT(submit(), LostBy(v1::COMMAND_FAILURE_PRECONDITION,
                               "row 2: unit 141 is not a commune"));
  list.mutable_rows()->RemoveLast();
  EXPECT_TRUE(submit().effective());
}

class ListRightsTest : public ActsTest {
 protected:
  static constexpr std::uint64_t kCommuneOfficer = 20;
  static constexpr std::uint64_t kProvinceOfficer = 21;
  static constexpr std::uint64_t kOtherProvinceOfficer = 22;

  void SetUp() override {
    ActsTest::SetUp();
    for (const auto& [officer, unit] :
         {std::make_pair(kCommuneOfficer, kVinhKien),
          std::make_pair(kProvinceOfficer, kYenBai),
          std::make_pair(kOtherProvinceOfficer, kLaoCai)}) {
      ASSERT_TRUE(made_.log
                      .Submit(made_.Grant(officer, officer, v1::ROLE_OFFICER,
                                          unit, "2023-01-01"))
                      .effective());
    }
  }
  std::string Listing(std::uint64_t commune) {
    v1::RegistrationList list;
    list.add_rows()->set_unit_id(commune);
    list.mutable_rows(0)->set_target(v1::REGISTRATION_TARGET_STANDARD);
    return std::string(
        made_.log.AppendDocument(list.SerializeAsString()).view());
  }
  v1::CommandOutcome Approve(std::uint64_t commune, std::uint64_t officer) {
    v1::Event event = made_.New(officer);
    v1::RegistrationListApproved* list =
        event.mutable_registration_list_approved();
    list->set_list_id("894/QĐ-UBND");
    list->set_year(2023);
    list->set_effective_date(Day("2023-06-01"));
    list->set_rows_hash(Listing(commune));
    return made_.log.Submit(event);
  }
  v1::CommandOutcome Amend(std::uint64_t commune, std::uint64_t officer) {
    v1::Event event = made_.New(officer);
    v1::RegistrationListAmended* list =
        event.mutable_registration_list_amended();
    list->set_list_id("894/QĐ-UBND");
    list->set_effective_date(Day("2023-07-01"));
    list->set_rows_hash(Listing(commune));
    return made_.log.Submit(event);
  }
};

TEST_F(ListRightsTest, ACommunesOfficerCannotListTheirCommune) {
  EXPECT_EQ(Approve(kVinhKien, kCommuneOfficer).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
  EXPECT_TRUE(Approve(kThacBa, kProvinceOfficer).effective());
  EXPECT_EQ(Amend(kVinhKien, kCommuneOfficer).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
  EXPECT_TRUE(Amend(kVinhKien, kProvinceOfficer).effective());
}

TEST_F(ListRightsTest, AListIsAmendedOnlyByWhoMayActInItsProvinces) {
  ASSERT_TRUE(Approve(kThacBa, kProvinceOfficer).effective());
  EXPECT_EQ(Amend(kPhoLu, kOtherProvinceOfficer).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
  EXPECT_EQ(Amend(kPhoLu, kProvinceOfficer).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
  EXPECT_TRUE(Amend(kPhoLu, kOperator).effective());
}

TEST_F(ActsTest, TextsInListsOfACommandAreBounded) {
  v1::Event verification = made_.New();
  v1::VerificationDecided* decided =
      verification.mutable_verification_decided();
  decided->set_policy_id("YB-2023");
  decided->set_period_month(202306);
  decided->set_team_id(7);
  decided->add_reason_codes(std::string(1024, 'a'));
  EXPECT_EQ(made_.log.Submit(verification).failure(),
            v1::COMMAND_FAILURE_PRECONDITION);  // No such policy.
  verification.mutable_act()->set_idempotency_key("long code");
  decided->add_reason_codes(std::string(1025, 'a'));
  EXPECT_EQ(made_.log.Submit(verification).failure(),
            v1::COMMAND_FAILURE_MALFORMED);

  v1::Event evaluation = made_.New();
  v1::QuarterEvaluated* evaluated = evaluation.mutable_quarter_evaluated();
  evaluated->set_quarter(20232);
  evaluated->set_team_id(7);
  evaluated->add_scores()->set_name(std::string(64, 'a'));
  EXPECT_TRUE(made_.log.Submit(evaluation).effective());
  evaluation.mutable_act()->set_idempotency_key("long name");
  evaluated->add_scores()->set_name(std::string(65, 'a'));
  EXPECT_EQ(made_.log.Submit(evaluation).failure(),
            v1::COMMAND_FAILURE_MALFORMED);

  v1::Event reopening = made_.New();
  reopening.mutable_period_reopened()->set_first_month(202306);
  reopening.mutable_period_reopened()->set_last_month(202306);
  reopening.mutable_period_reopened()->set_reason(std::string(1025, 'a'));
  EXPECT_EQ(made_.log.Submit(reopening).failure(),
            v1::COMMAND_FAILURE_MALFORMED);
}

TEST_F(ActsTest, FundingNeedsAPublishedPolicy) {
  v1::FundedTeams teams;
  teams.add_team_ids(7);
  const Hash hash = made_.log.AppendDocument(teams.SerializeAsString());
  v1::Event event = made_.New();
  v1::FundingApproved* funding = event.mutable_funding_approved();
  funding->set_policy_id("YB-2023");
  funding->set_first_month(202306);
  funding->set_last_month(202312);
  funding->set_ceiling_vnd(2'698'500'000);
  funding->set_team_count(1);
  funding->set_teams_hash(std::string(hash.view()));
  EXPECT_THAT(made_.log.Submit(event),
              LostBy(v1::COMMAND_FAILURE_PRECONDITION,
                     "policy YB-2023 is not published"));
  event.mutable_act()->set_idempotency_key("months");
  funding->set_last_month(202305);
  EXPECT_EQ(made_.log.Submit(event).failure(), v1::COMMAND_FAILURE_MALFORMED);
  event.mutable_act()->set_idempotency_key("ceiling");
  funding->set_last_month(202312);
  funding->set_ceiling_vnd(-1);
  EXPECT_EQ(made_.log.Submit(event).failure(), v1::COMMAND_FAILURE_MALFORMED);
}

class BadPolicyTest : public ActsTest,
                      public ::testing::WithParamInterface<const char*> {};

TEST_P(BadPolicyTest, IsNotPublishedAndItsOutcomeCanBeRead) {
  const Hash hash = made_.log.AppendDocument(GetParam());
  v1::Event event = made_.New();
  v1::PolicyPublished* policy = event.mutable_policy_published();
  policy->set_policy_id("YB-2023");
  policy->set_version(1);
  policy->set_issuer_unit_id(kYenBai);
  policy->set_text_hash(std::string(hash.view()));
  EXPECT_EQ(made_.log.Submit(event).failure(),
            v1::COMMAND_FAILURE_PRECONDITION);
}

INSTANTIATE_TEST_SUITE_P(All, BadPolicyTest,
                         ::testing::Values("id: [unfinished", "", "\xC3\x28: 1",
                                           "id: \xFF\xFE"));

TEST_F(ActsTest, AVeryLongReasonIsCutBetweenCharacters) {
  v1::Event event = made_.New();
  std::string id;
  for (int i = 0; i < 340; ++i) id += "Đ";
  event.mutable_registration_list_amended()->set_list_id(id +
                                                         id.substr(0, 340));
  event.mutable_registration_list_amended()->set_effective_date(
      Day("2023-06-01"));
  event.mutable_registration_list_amended()->set_rows_hash(
      std::string(made_.log.AppendDocument("").view()));
  const v1::CommandOutcome outcome = made_.log.Submit(event);
  EXPECT_EQ(outcome.failure(), v1::COMMAND_FAILURE_PRECONDITION);
  EXPECT_LE(outcome.detail().size(), 1024u);
  EXPECT_TRUE(IsNfc(outcome.detail()));
}

}  // namespace
}  // namespace thon
