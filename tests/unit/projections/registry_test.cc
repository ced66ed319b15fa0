// Teams, members, organisations and authors over time.
//
// Method: commands are recorded in a made log, which is folded; then the
// accessors of registry.h are asked about days. What plainly cannot be has an
// outcome that says so, and changes nothing.

#include "server/projections/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/core/limits.h"
#include "server/projections/command_check.h"
#include "server/projections/row_keys.h"
#include "server/projections/scratch_rows.h"
#include "tests/unit/projections/map_maker.h"

namespace thon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Date On(absl::string_view iso) { return Date(Day(iso)); }

class RegistryTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(made_.Settle()); }

  v1::TeamRow Team(std::uint64_t id) {
    return GetTeam(made_.log.rows(), TeamId(id)).value_or(v1::TeamRow());
  }
  v1::AuthorRow AuthorRow(const AuthorId& id) {
    return GetAuthor(made_.log.rows(), id).value_or(v1::AuthorRow());
  }
  // Records it and expects that it has no effect on teams.
  void ExpectUnmet(const v1::Event& event, absl::string_view told) {
    const std::string before = Team(7).SerializeAsString();
    const v1::CommandOutcome outcome = made_.log.Submit(event);
    EXPECT_EQ(outcome.failure(), v1::COMMAND_FAILURE_PRECONDITION)
        << outcome.ShortDebugString();
    EXPECT_THAT(outcome.detail(), HasSubstr(std::string(told)));
    EXPECT_EQ(Team(7).SerializeAsString(), before);
  }

  MadeLog made_;
};

TEST_F(RegistryTest, ATeamExistsFromItsFoundingOn) {
  EXPECT_FALSE(ExistsOn(Team(7), On("2023-01-04")));
  EXPECT_TRUE(ExistsOn(Team(7), On("2023-01-05")));
  EXPECT_EQ(UnitOn(Team(7), On("2023-06-01")), UnitId(kVillage));
  EXPECT_THAT(TeamsOn(made_.log.rows(), UnitId(kVillage), On("2023-06-01")),
              ElementsAre(TeamId(7)));
}

TEST_F(RegistryTest, ATeamCannotBeFoundedTwice) {
  ExpectUnmet(made_.Team(7), "team 7 exists already");
}

TEST_F(RegistryTest, ATeamStandsOnAUnitOfItsLevel) {
  ExpectUnmet(made_.Team(8, kVinhKien), "is not of the team's level");
  ExpectUnmet(made_.Team(8, 999), "unit 999 does not exist");
  v1::Event commune_team = made_.Team(8, kVinhKien);
  commune_team.mutable_team_founded()->set_level(v1::UNIT_LEVEL_COMMUNE);
  EXPECT_TRUE(made_.log.Submit(commune_team).effective());
}

TEST_F(RegistryTest, ATeamMayBeOlderThanTheMap) {
  EXPECT_TRUE(
      made_.log.Submit(made_.Team(8, kVillage, "2021-11-20")).effective());
  EXPECT_TRUE(ExistsOn(Team(8), On("2021-11-20")));
}

TEST_F(RegistryTest, AMalformedFoundingFoundsNothing) {
  v1::Event nameless = made_.Team(8);
  nameless.mutable_team_founded()->clear_name();
  v1::Event padded = made_.Team(8);
  padded.mutable_team_founded()->set_name(" Tổ 8");
  v1::Event huge_id = made_.Team(kSurrogateIdEnd);
  v1::Event dateless = made_.Team(8);
  dateless.mutable_team_founded()->clear_founded_date();
  v1::Event far = made_.Team(8);
  far.mutable_team_founded()->set_founded_date(2'000'000'000);
  v1::Event long_name = made_.Team(8);
  long_name.mutable_team_founded()->set_name(std::string(1025, 'a'));
  for (const v1::Event& event :
       {nameless, padded, huge_id, dateless, far, long_name}) {
    EXPECT_EQ(made_.log.Submit(event).failure(), v1::COMMAND_FAILURE_MALFORMED);
  }
  EXPECT_FALSE(GetTeam(made_.log.rows(), TeamId(8)).has_value());
}

TEST_F(RegistryTest, ARenamedAndMovedTeamKeepsItsOldUnitOnOldDays) {
  ASSERT_TRUE(made_.log.Submit(made_.Village(500002, kThacBa)).effective());
  v1::Event rename = made_.New();
  rename.mutable_team_renamed()->set_team_id(7);
  rename.mutable_team_renamed()->set_name("Tổ mới");
  rename.mutable_team_renamed()->set_effective_date(Day("2023-03-01"));
  v1::Event move = made_.New();
  move.mutable_team_moved()->set_team_id(7);
  move.mutable_team_moved()->set_unit_id(500002);
  move.mutable_team_moved()->set_effective_date(Day("2023-04-01"));
  ASSERT_TRUE(made_.log.Submit(rename).effective());
  ASSERT_TRUE(made_.log.Submit(move).effective());
  EXPECT_EQ(Team(7).name(), "Tổ mới");
  EXPECT_EQ(UnitOn(Team(7), On("2023-03-31")), UnitId(kVillage));
  EXPECT_EQ(UnitOn(Team(7), On("2023-04-01")), UnitId(500002));
  EXPECT_THAT(TeamsOn(made_.log.rows(), UnitId(kVillage), On("2023-04-01")),
              IsEmpty());
}

TEST_F(RegistryTest, AMergedTeamEndsUnlessItGoesOn) {
  ASSERT_TRUE(made_.log.Submit(made_.Team(8)).effective());
  v1::Event merge = made_.New();
  merge.mutable_team_merged()->add_source_team_ids(7);
  merge.mutable_team_merged()->add_source_team_ids(8);
  merge.mutable_team_merged()->add_target_team_ids(7);
  merge.mutable_team_merged()->set_effective_date(Day("2023-08-15"));
  ASSERT_TRUE(made_.log.Submit(merge).effective());
  EXPECT_TRUE(ExistsOn(Team(7), On("2023-08-31")));
  EXPECT_TRUE(ExistsOn(Team(8), On("2023-08-14")));
  EXPECT_FALSE(ExistsOn(Team(8), On("2023-08-15")));
  EXPECT_THAT(Team(8).successor_team_ids(), ElementsAre(7));
}

TEST_F(RegistryTest, ATeamIsNeitherMergedIntoNorSplitIntoItselfAlone) {
  ASSERT_TRUE(made_.log.Submit(made_.Team(8)).effective());
  v1::Event merge = made_.New();
  for (const std::uint64_t id : {7, 8}) {
    merge.mutable_team_merged()->add_source_team_ids(id);
    merge.mutable_team_merged()->add_target_team_ids(id);
  }
  merge.mutable_team_merged()->set_effective_date(Day("2023-08-15"));
  EXPECT_EQ(made_.log.Submit(merge).failure(), v1::COMMAND_FAILURE_MALFORMED);
  v1::Event split = made_.New();
  split.mutable_team_split()->set_source_team_id(7);
  split.mutable_team_split()->add_target_team_ids(7);
  split.mutable_team_split()->set_lead_team_id(7);
  split.mutable_team_split()->set_effective_date(Day("2023-08-15"));
  EXPECT_EQ(made_.log.Submit(split).failure(), v1::COMMAND_FAILURE_MALFORMED);
  split.mutable_act()->set_idempotency_key("goes on beside another");
  split.mutable_team_split()->add_target_team_ids(8);
  EXPECT_TRUE(made_.log.Submit(split).effective());
}

TEST_F(RegistryTest, ASplitTeamNamesItsLeadFirst) {
  ASSERT_TRUE(made_.log.Submit(made_.Team(8)).effective());
  ASSERT_TRUE(made_.log.Submit(made_.Team(9)).effective());
  v1::Event split = made_.New();
  split.mutable_team_split()->set_source_team_id(7);
  split.mutable_team_split()->add_target_team_ids(8);
  split.mutable_team_split()->add_target_team_ids(9);
  split.mutable_team_split()->set_lead_team_id(9);
  split.mutable_team_split()->set_effective_date(Day("2023-09-10"));
  v1::Event no_lead = split;
  no_lead.mutable_act()->set_idempotency_key("no lead");
  no_lead.mutable_team_split()->set_lead_team_id(7);
  EXPECT_EQ(made_.log.Submit(no_lead).failure(), v1::COMMAND_FAILURE_MALFORMED);
  ASSERT_TRUE(made_.log.Submit(split).effective());
  EXPECT_EQ(Team(7).ended_date(), Day("2023-09-10"));
  EXPECT_THAT(Team(7).successor_team_ids(), ElementsAre(9, 8));
}

TEST_F(RegistryTest, ASuspensionEndsWhenTheTeamIsResumed) {
  v1::Event suspend = made_.New();
  suspend.mutable_team_suspended()->set_team_id(7);
  suspend.mutable_team_suspended()->set_from_date(Day("2023-08-10"));
  ASSERT_TRUE(made_.log.Submit(suspend).effective());
  EXPECT_FALSE(SuspendedOn(Team(7), On("2023-08-09")));
  EXPECT_TRUE(SuspendedOn(Team(7), On("2024-08-09")));

  v1::Event again = made_.New();
  again.mutable_team_suspended()->set_team_id(7);
  again.mutable_team_suspended()->set_from_date(Day("2023-09-01"));
  ExpectUnmet(again, "is suspended from 2023-08-10 on already");

  v1::Event resume = made_.New();
  resume.mutable_team_resumed()->set_team_id(7);
  resume.mutable_team_resumed()->set_resumed_date(Day("2023-09-21"));
  ASSERT_TRUE(made_.log.Submit(resume).effective());
  EXPECT_TRUE(SuspendedOn(Team(7), On("2023-09-20")));
  EXPECT_FALSE(SuspendedOn(Team(7), On("2023-09-21")));

  resume.mutable_act()->set_idempotency_key("resume again");
  ExpectUnmet(resume, "is not suspended on that day");
}

TEST_F(RegistryTest, ADissolvedTeamIsGoneFromThatDayOn) {
  v1::Event dissolve = made_.New();
  dissolve.mutable_team_dissolved()->set_team_id(7);
  dissolve.mutable_team_dissolved()->set_dissolved_date(Day("2023-10-01"));
  ASSERT_TRUE(made_.log.Submit(dissolve).effective());
  EXPECT_TRUE(ExistsOn(Team(7), On("2023-09-30")));
  EXPECT_FALSE(ExistsOn(Team(7), On("2023-10-01")));
  dissolve.mutable_act()->set_idempotency_key("again");
  ExpectUnmet(dissolve, "does not exist any more from 2023-10-01");
  ExpectUnmet(made_.Member(1, 7, "2023-10-02"), "does not exist any more");
}

TEST_F(RegistryTest, AMemberBelongsToATeamUntilTheyLeave) {
  ASSERT_TRUE(made_.log.Submit(made_.Member(70, 7, "2023-02-01")).effective());
  ASSERT_TRUE(made_.log.Submit(made_.Member(69, 7, "2023-02-01")).effective());
  EXPECT_EQ(MemberOn(Team(7), MemberId(70), On("2023-01-31")), nullptr);
  ASSERT_NE(MemberOn(Team(7), MemberId(70), On("2023-02-01")), nullptr);
  ExpectUnmet(made_.Member(70, 7, "2023-03-01"), "is in team 7 already");
  ExpectUnmet(made_.Member(71, 7, "2023-01-01"), "exists only from 2023-01-05");
  ExpectUnmet(made_.Member(71, 77), "team 77 does not exist");

  v1::Event leave = made_.New();
  leave.mutable_member_left()->set_team_id(7);
  leave.mutable_member_left()->set_member_id(70);
  leave.mutable_member_left()->set_left_date(Day("2023-09-12"));
  ASSERT_TRUE(made_.log.Submit(leave).effective());
  EXPECT_NE(MemberOn(Team(7), MemberId(70), On("2023-09-11")), nullptr);
  EXPECT_EQ(MemberOn(Team(7), MemberId(70), On("2023-09-12")), nullptr);
  EXPECT_TRUE(EverMember(Team(7), MemberId(70)));
  leave.mutable_act()->set_idempotency_key("again");
  ExpectUnmet(leave, "is not in team 7 on that day");

  ASSERT_TRUE(made_.log.Submit(made_.Member(70, 7, "2023-10-01")).effective());
  EXPECT_NE(MemberOn(Team(7), MemberId(70), On("2023-10-01")), nullptr);
  ASSERT_EQ(Team(7).members_size(), 3);
  EXPECT_EQ(Team(7).members(0).member_id(), 69u);  // By day, then id.
}

TEST_F(RegistryTest, AnOrganisationIsRegisteredOnce) {
  v1::Event event = made_.New();
  v1::OrganisationRegistered* registered =
      event.mutable_organisation_registered();
  registered->set_organisation_id(3);
  registered->set_name("Sở Thông tin và Truyền thông");
  registered->set_kind(v1::ORGANISATION_KIND_DEPARTMENT);
  registered->set_unit_id(kYenBai);
  registered->set_registered_date(Day("2023-01-01"));
  ASSERT_TRUE(made_.log.Submit(event).effective());
  EXPECT_EQ(GetOrganisation(made_.log.rows(), OrganisationId(3))->unit_id(),
            kYenBai);
  event.mutable_act()->set_idempotency_key("again");
  ExpectUnmet(event, "organisation 3 exists already");
  event.mutable_act()->set_idempotency_key("kindless");
  registered->clear_kind();
  EXPECT_EQ(made_.log.Submit(event).failure(), v1::COMMAND_FAILURE_MALFORMED);
}

TEST_F(RegistryTest, APhoneThatUsesItsCodeIsConfirmedAndNumbered) {
  ASSERT_TRUE(made_.log.Submit(made_.Member(70, 7)).effective());
  const AuthorId phone =
      made_.log.EnrolPhone("phone", kOperator, TeamId(7), MemberId(70));
  const v1::AuthorRow row = AuthorRow(phone);
  EXPECT_TRUE(row.confirmed());
  EXPECT_EQ(row.kind(), v1::AUTHOR_KIND_PHONE);
  EXPECT_EQ(row.team_id(), 7u);
  EXPECT_EQ(row.member_id(), 70u);
  EXPECT_EQ(row.number(), 2u);  // The server is the first.
  EXPECT_EQ(AuthorOfNumber(made_.log.rows(), 2), phone);
  EXPECT_THAT(AuthorsOf(made_.log.rows(), TeamId(7)), ElementsAre(phone));
}

// Enrols "name" with the code of "phone" and returns its row.
v1::AuthorRow EnrolWith(MadeLog& made, absl::string_view name,
                        std::uint64_t team, std::uint64_t member,
                        absl::string_view code) {
  v1::Event enrol;
  v1::AuthorEnrolled* enrolled = enrol.mutable_author_enrolled();
  enrolled->set_public_key(
      std::string(LogBuilder::KeyOf(name).public_key().view()));
  enrolled->set_kind(v1::AUTHOR_KIND_PHONE);
  enrolled->set_team_id(team);
  enrolled->set_member_id(member);
  if (!code.empty()) {
    enrolled->set_code_hash(std::string(Sha256Of(code).view()));
  }
  made.log.Append(made.log.server(), {enrol});
  return GetAuthor(made.log.rows(), made.log.Author(name))
      .value_or(v1::AuthorRow());
}

TEST_F(RegistryTest, ACodeUsedTwiceLeavesTheSecondPhoneUnconfirmed) {
  ASSERT_TRUE(made_.log.Submit(made_.Member(70, 7)).effective());
  const AuthorId first =
      made_.log.EnrolPhone("phone", kOperator, TeamId(7), MemberId(70));
  const v1::AuthorRow second =
      EnrolWith(made_, "second", 7, 70, "code of phone");
  EXPECT_EQ(second.number(), 3u);
  EXPECT_FALSE(second.confirmed());
  EXPECT_TRUE(AuthorRow(first).confirmed());
}

TEST_F(RegistryTest, AnUnknownCodeOrAnotherMembersCodeConfirmsNobody) {
  ASSERT_TRUE(made_.log.Submit(made_.Member(70, 7)).effective());
  v1::Event issue = made_.New();
  issue.mutable_enrolment_code_issued()->set_code_hash(
      std::string(Sha256Of("code").view()));
  issue.mutable_enrolment_code_issued()->set_team_id(7);
  issue.mutable_enrolment_code_issued()->set_member_id(70);
  issue.mutable_enrolment_code_issued()->set_last_date(Day("2023-01-02"));
  ASSERT_TRUE(made_.log.Submit(issue).effective());
  EXPECT_FALSE(EnrolWith(made_, "a", 7, 70, "no such code").confirmed());
  EXPECT_FALSE(EnrolWith(made_, "b", 7, 70, "").confirmed());
  EXPECT_FALSE(EnrolWith(made_, "c", 7, 71, "code").confirmed());
}

TEST_F(RegistryTest, ACodeEndsWithItsLastDay) {
  ASSERT_TRUE(made_.log.Submit(made_.Member(70, 7)).effective());
  v1::Event issue = made_.New();
  issue.mutable_enrolment_code_issued()->set_code_hash(
      std::string(Sha256Of("code").view()));
  issue.mutable_enrolment_code_issued()->set_team_id(7);
  issue.mutable_enrolment_code_issued()->set_member_id(70);
  issue.mutable_enrolment_code_issued()->set_last_date(Day("2023-01-02"));
  ASSERT_TRUE(made_.log.Submit(issue).effective());
  made_.log.SetTime(At("2023-01-03T00:00:00+07:00"));
  EXPECT_FALSE(EnrolWith(made_, "late", 7, 70, "code").confirmed());
  issue.mutable_act()->set_idempotency_key("past");
  issue.mutable_enrolment_code_issued()->set_code_hash(
      std::string(Sha256Of("other").view()));
  ExpectUnmet(issue, "out of date already");
}

TEST_F(RegistryTest, ASuccessorWaitsUntilAnOfficerConfirmsIt) {
  ASSERT_TRUE(made_.log.Submit(made_.Member(70, 7)).effective());
  const AuthorId old =
      made_.log.EnrolPhone("old", kOperator, TeamId(7), MemberId(70));
  v1::Event enrol;
  v1::AuthorEnrolled* enrolled = enrol.mutable_author_enrolled();
  enrolled->set_public_key(
      std::string(LogBuilder::KeyOf("new").public_key().view()));
  enrolled->set_kind(v1::AUTHOR_KIND_PHONE);
  enrolled->set_team_id(7);
  enrolled->set_member_id(70);
  enrolled->set_predecessor(std::string(old.view()));
  made_.log.Append(made_.log.server(), {enrol});
  const AuthorId successor = made_.log.Author("new");
  EXPECT_FALSE(AuthorRow(successor).confirmed());
  EXPECT_EQ(AuthorRow(successor).predecessor(), old.view());

  v1::Event confirm = made_.New();
  confirm.mutable_successor_confirmed()->set_author(
      std::string(successor.view()));
  const v1::CommandOutcome outcome = made_.log.Submit(confirm);
  ASSERT_TRUE(outcome.effective());
  EXPECT_TRUE(AuthorRow(successor).confirmed());
  EXPECT_EQ(AuthorRow(successor).confirmed_position(), outcome.position());
  confirm.mutable_act()->set_idempotency_key("again");
  ExpectUnmet(confirm, "confirmed already");
}

TEST_F(RegistryTest, ARevokedAuthorSaysSinceWhen) {
  ASSERT_TRUE(made_.log.Submit(made_.Member(70, 7)).effective());
  const AuthorId phone =
      made_.log.EnrolPhone("phone", kOperator, TeamId(7), MemberId(70));
  v1::Event revoke = made_.New();
  revoke.mutable_author_revoked()->set_author(std::string(phone.view()));
  const v1::CommandOutcome outcome = made_.log.Submit(revoke);
  ASSERT_TRUE(outcome.effective());
  EXPECT_EQ(AuthorRow(phone).revoked_position(), outcome.position());
  v1::Event server = made_.New();
  server.mutable_author_revoked()->set_author(
      std::string(made_.log.server().view()));
  ExpectUnmet(server, "cannot be revoked");
}

TEST_F(RegistryTest, EnrollingAKeyAgainChangesNothing) {
  ASSERT_TRUE(made_.log.Submit(made_.Member(70, 7)).effective());
  const AuthorId phone =
      made_.log.EnrolPhone("phone", kOperator, TeamId(7), MemberId(70));
  const std::string before = AuthorRow(phone).SerializeAsString();
  EnrolWith(made_, "phone", 8, 71, "");
  EXPECT_EQ(AuthorRow(phone).SerializeAsString(), before);
}

TEST_F(RegistryTest, APhoneCannotActAsTheServer) {
  ASSERT_TRUE(made_.log.Submit(made_.Member(70, 7)).effective());
  const AuthorId phone =
      made_.log.EnrolPhone("phone", kOperator, TeamId(7), MemberId(70));
  const std::string before = Team(7).SerializeAsString();
  v1::Event rename = made_.New();
  rename.mutable_team_renamed()->set_team_id(7);
  rename.mutable_team_renamed()->set_name("Của tôi");
  rename.mutable_team_renamed()->set_effective_date(Day("2023-02-01"));
  v1::Event enrol;
  enrol.mutable_author_enrolled()->set_public_key(
      std::string(LogBuilder::KeyOf("friend").public_key().view()));
  enrol.mutable_author_enrolled()->set_kind(v1::AUTHOR_KIND_PHONE);
  v1::Event epoch;
  epoch.mutable_epoch_opened()->set_server_author_key(
      std::string(LogBuilder::KeyOf("phone").public_key().view()));
  made_.log.Append(phone, {epoch, rename, enrol, made_.Member(99, 7)});
  made_.log.Append(phone, {rename});
  EXPECT_EQ(Team(7).SerializeAsString(), before);
  EXPECT_FALSE(
      GetAuthor(made_.log.rows(), made_.log.Author("friend")).has_value());
  EXPECT_EQ(AuthorRow(phone).kind(), v1::AUTHOR_KIND_PHONE);
}

TEST_F(RegistryTest, ACorrectedFoundingMovesTheTeamsFirstDay) {
  const v1::CommandOutcome founded = made_.log.Submit(made_.Team(8));
  const std::uint64_t sequence =
      made_.log.next_sequence(made_.log.server()).value - 1;
  v1::Event correct = made_.New();
  v1::CorrectionIssued* correction = correct.mutable_correction_issued();
  correction->set_target_author(std::string(made_.log.server().view()));
  correction->set_target_sequence(sequence);
  correction->set_kind(v1::CORRECTION_KIND_AMEND);
  *correction->mutable_amended()->mutable_team_founded() =
      made_.Team(8, kVillage, "2022-12-01").team_founded();
  v1::Event wrong_target = correct;
  wrong_target.mutable_act()->set_idempotency_key("wrong target");
  wrong_target.mutable_correction_issued()->set_target_sequence(1);
  ExpectUnmet(wrong_target, "is not the event that founded team 8");
  ASSERT_TRUE(made_.log.Submit(correct).effective());
  EXPECT_EQ(Team(8).founded_date(), Day("2022-12-01"));
  EXPECT_EQ(UnitOn(Team(8), On("2022-12-01")), UnitId(kVillage));
  EXPECT_EQ(Team(8).founded_position(), founded.position());
}

TEST_F(RegistryTest, APhonesEventIsNoWayToFoundATeamAgain) {
  ASSERT_TRUE(made_.log.Submit(made_.Member(70, 7)).effective());
  const AuthorId phone =
      made_.log.EnrolPhone("phone", kOperator, TeamId(7), MemberId(70));
  v1::Event report;
  report.set_team_id(7);
  report.set_member_id(70);
  report.mutable_training_attended()->set_hours(1);
  made_.log.Append(phone, {report});
  ASSERT_TRUE(made_.log.Submit(made_.Village(500003, kPhoLu)).effective());
  ASSERT_TRUE(made_.log.Submit(made_.Team(8, 500003)).effective());
  ASSERT_TRUE(
      made_.log
          .Submit(made_.Grant(1, 20, v1::ROLE_OFFICER, kVinhKien, "2023-01-01"))
          .effective());
  // The officer of the phone's commune reaches for another commune's team.
  v1::Event correct = made_.New(20);
  v1::CorrectionIssued* correction = correct.mutable_correction_issued();
  correction->set_target_author(std::string(phone.view()));
  correction->set_target_sequence(1);
  correction->set_kind(v1::CORRECTION_KIND_AMEND);
  *correction->mutable_amended()->mutable_team_founded() =
      made_.Team(8, kVillage).team_founded();
  const std::string before = Team(8).SerializeAsString();
  EXPECT_EQ(made_.log.Submit(correct).failure(), v1::COMMAND_FAILURE_MALFORMED);
  EXPECT_EQ(Team(8).SerializeAsString(), before);

  // Nor does it, should such a command ever take effect.
  ScratchRows rows(&made_.log.rows(), made_.log.last_position());
  ApplyToRegistry({&correct, made_.log.last_position(), true, true},
                  On("2023-01-05"), rows);
  EXPECT_EQ(GetTeam(rows, TeamId(8))->SerializeAsString(), before);
}

TEST_F(RegistryTest, OnlyWhatIsThereAndOfOnesOwnUnitsIsCorrected) {
  ASSERT_TRUE(made_.log.Submit(made_.Member(70, 7)).effective());
  const AuthorId phone =
      made_.log.EnrolPhone("phone", kOperator, TeamId(7), MemberId(70));
  ASSERT_TRUE(made_.log.Submit(made_.Village(500003, kPhoLu)).effective());
  ASSERT_TRUE(made_.log.Submit(made_.Team(8, 500003)).effective());
  v1::Event own;
  own.set_team_id(7);
  own.set_member_id(70);
  own.mutable_training_attended()->set_hours(1);
  v1::Event elsewhere = own;
  elsewhere.set_team_id(8);
  made_.log.Append(phone, {own, elsewhere});
  ASSERT_TRUE(
      made_.log
          .Submit(made_.Grant(1, 20, v1::ROLE_OFFICER, kVinhKien, "2023-01-01"))
          .effective());
  const auto away = [&](std::uint64_t sequence) {
    v1::Event event = made_.New(20);
    v1::CorrectionIssued* correction = event.mutable_correction_issued();
    correction->set_target_author(std::string(phone.view()));
    correction->set_target_sequence(sequence);
    correction->set_kind(v1::CORRECTION_KIND_VOID);
    return event;
  };
  EXPECT_TRUE(made_.log.Submit(away(1)).effective());
  EXPECT_EQ(made_.log.Submit(away(2)).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
  ExpectUnmet(away(3), "the author has recorded no event 3");
}

TEST_F(RegistryTest, ATeamsMembersMovesAndSuspensionsAreBounded) {
  v1::TeamRow full = Team(7);
  for (int i = 0; i < limits::kTeamMembersMax; ++i) {
    full.add_members()->set_member_id(1000 + static_cast<std::uint64_t>(i));
  }
  while (full.units_size() < limits::kTeamChangesMax) {
    *full.add_units() = full.units(0);
  }
  const std::int32_t day = Day("2030-01-01");
  for (int i = 0; i < limits::kTeamChangesMax; ++i) {
    v1::DateRange* range = full.add_suspensions();
    range->set_from_date(day + i);
    range->set_to_date(day + i);
  }
  ScratchRows rows(&made_.log.rows(), made_.log.last_position());
  PutRow(rows, Table::kTeam, keys::Team(TeamId(7)), full);
  v1::Event move = made_.New();
  move.mutable_team_moved()->set_team_id(7);
  move.mutable_team_moved()->set_unit_id(kVillage);
  move.mutable_team_moved()->set_effective_date(Day("2023-02-01"));
  v1::Event suspend = made_.New();
  suspend.mutable_team_suspended()->set_team_id(7);
  suspend.mutable_team_suspended()->set_from_date(Day("2023-02-01"));
  suspend.mutable_team_suspended()->set_to_date(Day("2023-02-02"));
  for (const v1::Event& event : {made_.Member(70, 7), move, suspend}) {
    EXPECT_TRUE(CheckCommand(event, On("2023-01-05"), made_.log.rows(), nullptr)
                    .effective());
    EXPECT_EQ(CheckCommand(event, On("2023-01-05"), rows, nullptr).failure(),
              v1::COMMAND_FAILURE_PRECONDITION);
  }
}

}  // namespace
}  // namespace thon
